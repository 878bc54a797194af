//! Signatures are authorised (CSC, scope `credential`): by whom the credential is, who types its factors here.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;

use crate::credential::oauth2code::authorize::authorize_for_code;
use crate::credential::oauth2code::choose::choose;
use crate::credential::oauth2code::look::{Demanded, look};
use crate::credential::oauth2code::unanswered;
use crate::credential::send_otp;
use crate::model::algorithm::Digest;
use crate::model::authorization_code::SignaturesGiven;
use crate::model::authorization_request::{AuthorizationRequest, SignaturesAsked};
use crate::model::error::{Code, Error, Result};
use crate::model::id::CredentialId;
use crate::model::language::Language;
use crate::model::secret::SecretText;
use crate::model::session::Session;
use crate::model::time::Timestamp;
use crate::model::token::{Call, Principal};
use crate::oauth::OAuth;
use crate::oauth::authorization::answer::{Answer, Refusal};
use crate::oauth::authorization::decide::new_code;
use crate::oauth::authorization::{Visit, gone, next, signed_out, waiting};
use crate::store::{authorization_codes, authorization_requests};

/// What the signer is asked.
pub struct Signing {
    pub asked: SignaturesAsked,
    pub demanded: Demanded,
    pub expires_at: Timestamp,
}

/// What the signer typed.
pub struct Factors {
    pub pin: Option<SecretText>,
    pub otp: Option<SecretText>,
}

/// What comes before any factor is typed.
pub(super) enum Beforehand {
    Asks(Box<Signing>),
    /// Somebody has to sign in for this very request: the credential demands nothing else, or is not whose session it is.
    SignIn,
    Refused(Refusal),
}

pub(super) fn look_ahead(
    oauth: &OAuth,
    visit: &Visit,
    request: &AuthorizationRequest,
    asked: &SignaturesAsked,
    session: &Session,
) -> Result<Beforehand> {
    let found = signer(oauth, visit, request, asked, session)
        .and_then(|(call, credential)| look(&oauth.service, &call, &unanswered(credential, asked, None)));
    let is_anew = request.is_signed_in_for(session);
    match found {
        Ok(demanded) if demanded.is_nothing() && !is_anew => Ok(Beforehand::SignIn),
        Ok(demanded) => Ok(Beforehand::Asks(Box::new(Signing {
            asked: asked.clone(),
            demanded,
            expires_at: request.expires_at,
        }))),
        Err(error) => match error.code() {
            Code::InvalidToken => Ok(Beforehand::SignIn),
            Code::NotFound if !is_anew => Ok(Beforehand::SignIn),
            Code::NotFound => {
                Ok(Beforehand::Refused(Refusal::invalid_request("Invalid parameter credentialID")))
            }
            Code::InvalidRequest
            | Code::UnauthorizedClient
            | Code::InvalidNumSignatures
            | Code::TooManySignatures
            | Code::HashesRequired
            | Code::InvalidCertificateStatus => Ok(Beforehand::Refused(error.into())),
            _ => Err(error),
        },
    }
}

/// Has the credential's factors checked, and gives a code for a token of scope `credential`.
pub fn sign(oauth: &OAuth, visit: &Visit, factors: Factors) -> Result<Answer> {
    let waiting = waiting(oauth, visit)?;
    let (session, _) = next::who(&waiting, visit.at).ok_or_else(signed_out)?;
    let request = &waiting.request;
    let asked = request.asked.signatures.as_ref().ok_or_else(gone)?;
    let (call, credential) = signer(oauth, visit, request, asked, session)?;
    let mut answered = unanswered(credential.clone(), asked, request.asked.client_data.clone());
    let demanded = look(&oauth.service, &call, &answered)?;
    // A session alone signs nothing.
    if demanded.is_nothing() && !request.is_signed_in_for(session) {
        return Err(signed_out());
    }
    (answered.pin, answered.otp) = (factors.pin, factors.otp);
    let (text, octets, mut code) = new_code(oauth, visit, request, session)?;
    code.given.signatures = Some(SignaturesGiven {
        token_type: asked.token_type,
        names_credential: asked.credential.is_none(),
        details: asked.details_type.as_deref().map(|kind| details(kind, &credential, asked)).transpose()?,
    });
    let id = request.id.clone();
    authorize_for_code(&oauth.service, &call, answered, &octets, move |tx, authorization| {
        if !authorization_requests::take(tx, &id)? {
            return Err(gone());
        }
        let mut code = code.clone();
        code.authorization = Some(authorization.clone());
        authorization_codes::insert(tx, &code)
    })?;
    Ok(Answer::to(&request.asked, &oauth.service.public_url).with("code", text.expose()))
}

/// Sends the signer a code, where the credential demands one that is sent.
pub fn send_code(oauth: &OAuth, visit: &Visit, language: Language) -> Result<()> {
    let waiting = waiting(oauth, visit)?;
    let (session, _) = next::who(&waiting, visit.at).ok_or_else(signed_out)?;
    let asked = waiting.request.asked.signatures.as_ref().ok_or_else(gone)?;
    let (call, credential) = signer(oauth, visit, &waiting.request, asked, session)?;
    send_otp::send(&oauth.service, &call, &credential, language)
}

/// The call of whoever is signed in, on the credential that is meant.
fn signer(
    oauth: &OAuth,
    visit: &Visit,
    request: &AuthorizationRequest,
    asked: &SignaturesAsked,
    session: &Session,
) -> Result<(Call, CredentialId)> {
    let signer = choose(&oauth.service, visit.at, &session.id, &request.client, asked)?;
    let tenant = request.asked.scope.tenant.as_ref();
    let seat = request.asked.scope.seat.as_ref();
    if tenant.is_some_and(|tenant| *tenant != signer.tenant) || seat.is_some_and(|seat| *seat != signer.seat)
    {
        return Err(Error::not_found());
    }
    let credential = signer.credential.clone();
    let principal = Principal::Signer(signer.into());
    Ok((Call { principal, request_id: visit.request_id.clone(), at: visit.at }, credential))
}

/// What the token response repeats (RFC 9396, 7), with the credential.
fn details(kind: &str, credential: &CredentialId, asked: &SignaturesAsked) -> Result<Value> {
    let documents = asked.documents.iter().flatten().map(|document| DocumentDigest {
        hash: STANDARD.encode(&document.hash),
        label: document.label.as_deref(),
        hash_type: "DTBSR",
    });
    let detail = Detail {
        kind,
        credential,
        num_signatures: asked.num_signatures,
        document_digests: documents.collect(),
        hash_algorithm: asked.digest.map(Digest::oid),
    };
    serde_json::to_value([detail]).map_err(Error::internal)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(rename = "credentialID")]
    credential: &'a CredentialId,
    num_signatures: u32,
    document_digests: Vec<DocumentDigest<'a>>,
    #[serde(rename = "hashAlgorithmOID", skip_serializing_if = "Option::is_none")]
    hash_algorithm: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DocumentDigest<'a> {
    hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    hash_type: &'static str,
}
