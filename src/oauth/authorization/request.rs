//! The parameters of an authorization request, checked against the client's record: RFC 6749 4.1.1, PKCE (RFC 7636),
//! OpenID Connect Core 3.1.2.1 and CSC's own. Which browser sends them does not matter yet.

use std::collections::BTreeMap;

use crate::model::authorization_request::{Asked, Prompt, ResponseType};
use crate::model::client::{GrantType, Pkce};
use crate::model::error::{Code, Error};
use crate::model::language::Language;
use crate::model::scope::RequestedScope;
use crate::model::time::Timestamp;
use crate::oauth::OAuth;
use crate::oauth::authorization::account::{self, Unspent};
use crate::oauth::authorization::answer::{Answer, Refusal};
use crate::oauth::authorization::signatures;
use crate::oauth::known_clients::KnownClient;

/// Each there once, and none without a value.
pub type Parameters = BTreeMap<String, String>;

/// Who is told that a request is no good.
pub enum Fault {
    /// The person: nobody knows whether there is an application to tell, or the application has no ear for it.
    Person(Error),
    /// The application: by way of the browser, or at once where it pushed the request.
    Application { answer: Box<Answer>, refusal: Refusal },
}

/// Octets of `state`, and of whatever else is only handed back.
const LONGEST: usize = 2048;
/// Characters of CSC's `description`.
const LONGEST_DESCRIPTION: usize = 500;

/// What is asked, and the account token that is spent with it; or who is to be told why not.
pub fn asked(
    oauth: &OAuth,
    client: &KnownClient,
    parameters: &Parameters,
    at: Timestamp,
) -> Result<(Asked, Option<Unspent>), Fault> {
    let issuer = &oauth.service.public_url;
    let sent = parameters.get("redirect_uri").map(String::as_str);
    let redirect_uri = client.record.redirect(sent).map_err(Fault::Person)?;
    let response = parameters.get("response_type").map(String::as_str);
    // What is too long for an address is not sent back in one.
    let state = parameters.get("state").filter(|state| state.len() <= LONGEST).cloned();
    let tell = |refusal: Refusal| {
        let response = if response == Some("token") { ResponseType::Token } else { ResponseType::Code };
        let answer = Answer::begin(redirect_uri.clone(), response, state.clone(), issuer).refused(&refusal);
        Fault::Application { answer: Box::new(answer), refusal }
    };
    let read = || {
        let mut asked = Reading { client, parameters }.read(redirect_uri.clone(), sent.is_some())?;
        let Some(jwt) = parameters.get("account_token") else { return Ok((asked, None)) };
        let (account, unspent) = account::expected(oauth, client, asked.scope.tenant.as_ref(), jwt, at)?;
        asked.account = Some(account);
        Ok((asked, Some(unspent)))
    };
    read().map_err(tell)
}

struct Reading<'a> {
    client: &'a KnownClient,
    parameters: &'a Parameters,
}

impl Reading<'_> {
    fn read(&self, redirect_uri: String, names_redirect_uri: bool) -> Result<Asked, Refusal> {
        let response = self.response_type()?;
        self.none_that_is_not_supported()?;
        for name in ["state", "nonce", "login_hint", "clientData"] {
            if self.get(name).is_some_and(|value| value.len() > LONGEST) {
                return Err(Refusal::invalid_request(format!("{name} is longer than {LONGEST} octets")));
            }
        }
        let code_challenge = self.code_challenge(response)?;
        let details = signatures::details(self.get("authorization_details"))?;
        let mut scope = RequestedScope::parse(self.get("scope").unwrap_or_default())?;
        scope.credential |= details.is_some();
        let signatures = match (scope.credential, response) {
            (true, ResponseType::Token) => {
                let description = "The scope credential is for response_type=code.";
                return Err(Refusal::new("invalid_scope", description));
            }
            (true, ResponseType::Code) => {
                Some(signatures::asked(self.parameters, details, self.description()?)?)
            }
            (false, _) => None,
        };
        let (prompt, max_age) = (self.prompt()?, self.max_age()?);
        Ok(Asked {
            response,
            redirect_uri,
            names_redirect_uri,
            state: self.owned("state"),
            scope,
            code_challenge,
            nonce: self.owned("nonce"),
            // OpenID Connect Core, 3.1.2.1: max_age=0 is prompt=login.
            prompt: Prompt { login: prompt.login || max_age == Some(0), ..prompt },
            max_age,
            login_hint: self.owned("login_hint"),
            account: None,
            language: self.language(),
            client_data: self.owned("clientData"),
            signatures,
        })
    }

    fn response_type(&self) -> Result<ResponseType, Refusal> {
        let (response, grant) = match self.get("response_type") {
            Some("code") => (ResponseType::Code, GrantType::AuthorizationCode),
            Some("token") => (ResponseType::Token, GrantType::Implicit),
            None => return Err(Refusal::invalid_request("Missing parameter response_type")),
            Some(_) => {
                let description = "response_type is code, or token where the client may use that";
                return Err(Refusal::new("unsupported_response_type", description));
            }
        };
        if !self.client.record.grant_types.contains(&grant) {
            let description = format!("The client's authorizedGrantTypes do not list {}.", grant.as_str());
            return Err(Refusal::new("unauthorized_client", description));
        }
        match (response, self.get("response_mode")) {
            (_, None) | (ResponseType::Code, Some("query")) | (ResponseType::Token, Some("fragment")) => {
                Ok(response)
            }
            _ => Err(Refusal::invalid_request("response_mode is query for code and fragment for token")),
        }
    }

    fn none_that_is_not_supported(&self) -> Result<(), Refusal> {
        if self.get("request").is_some() {
            let description =
                "Requests as JWTs (RFC 9101) are not taken; push the request (RFC 9126) instead.";
            return Err(Refusal::new("request_not_supported", description));
        }
        Ok(())
    }

    /// RFC 7636, 4.3; `plain` shows the verifier to whoever sees the request, so it is not taken.
    fn code_challenge(&self, response: ResponseType) -> Result<Option<String>, Refusal> {
        let (challenge, method) = (self.get("code_challenge"), self.get("code_challenge_method"));
        match (challenge, method, response) {
            (_, _, ResponseType::Token) => Ok(None),
            (Some(challenge), Some("S256"), _) if is_sha256(challenge) => Ok(Some(challenge.to_owned())),
            (Some(_), Some("S256"), _) => {
                Err(Refusal::invalid_request("code_challenge is not a SHA-256 hash in base64url"))
            }
            (Some(_), _, _) => Err(Refusal::invalid_request("code_challenge_method has to be S256")),
            (None, Some(_), _) => Err(Refusal::invalid_request("Missing parameter code_challenge")),
            (None, None, _) if self.client.record.pkce == Pkce::Required => {
                let description = "Missing parameter code_challenge: PKCE (RFC 7636) with S256 is compulsory";
                Err(Refusal::invalid_request(description))
            }
            (None, None, _) => Ok(None),
        }
    }

    fn prompt(&self) -> Result<Prompt, Refusal> {
        let mut prompt = Prompt::default();
        for word in self.get("prompt").unwrap_or_default().split(' ').filter(|word| !word.is_empty()) {
            match word {
                "none" => prompt.none = true,
                // Whoever is to choose an account signs in with it.
                "login" | "select_account" => prompt.login = true,
                "consent" => prompt.consent = true,
                _ => {
                    let description = "prompt is none, or some of login, consent and select_account";
                    return Err(Refusal::invalid_request(description));
                }
            }
        }
        if prompt.none && (prompt.login || prompt.consent) {
            return Err(Refusal::invalid_request("prompt=none goes with nothing else"));
        }
        Ok(prompt)
    }

    fn max_age(&self) -> Result<Option<u32>, Refusal> {
        let odd = || Refusal::invalid_request("max_age is a number of seconds");
        self.get("max_age").map(|text| text.parse().map_err(|_| odd())).transpose()
    }

    /// The first of `ui_locales` that is spoken here, or CSC's `lang`.
    fn language(&self) -> Option<Language> {
        let wanted = self.get("ui_locales").or(self.get("lang"))?;
        wanted.split(' ').find_map(Language::known)
    }

    fn description(&self) -> Result<Option<String>, Refusal> {
        let description = self.owned("description");
        if description.as_ref().is_some_and(|text| text.chars().count() > LONGEST_DESCRIPTION) {
            let most = format!("description has at most {LONGEST_DESCRIPTION} characters");
            return Err(Refusal::invalid_request(most));
        }
        Ok(description)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    fn owned(&self, name: &str) -> Option<String> {
        self.parameters.get(name).cloned()
    }
}

/// 32 octets in base64url.
fn is_sha256(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Of a request of which it is not known whose it is, nobody but the person is told.
pub(super) fn unknown_client() -> Error {
    Error::new(Code::InvalidClient, "client_id names no application that may send people here.")
}
