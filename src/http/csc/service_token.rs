//! auth/login and auth/revoke, which both versions have alike.

use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use utoipa::ToSchema;

use super::fault::{self, Fault};
use super::fields::{Fields, owned};
use super::parameters::{CLIENT_DATA, REFRESH_TOKEN, REMEMBER_ME, TOKEN, TOKEN_TYPE_HINT};
use super::posted::Posted;
use super::version::Version;
use crate::app::App;
use crate::http::blocking;
use crate::http::client_address::ClientAddress;
use crate::http::oauth::{granted, request};
use crate::model::client::GrantType;
use crate::model::error::{Code, Error, Result};
use crate::model::secret::SecretText;
use crate::model::token::Call;
use crate::oauth::client_authentication::Presented;
use crate::oauth::login::{self, Remember};
use crate::oauth::revoke::revoke_by_bearer;

#[derive(ToSchema)]
#[schema(as = CscLoginRequest)]
pub struct LoginBody {
    /// From an earlier login that asked to be remembered, in the place of HTTP Basic. It is good once: the answer holds
    /// the next one.
    pub refresh_token: Option<String>,
    /// Whether a refresh token is wanted too.
    #[schema(rename = "rememberMe")]
    pub remember_me: Option<bool>,
    #[schema(rename = "clientData")]
    pub client_data: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CscLogin)]
pub struct Login<'a> {
    access_token: &'a str,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds.
    #[schema(example = 3600)]
    expires_in: u32,
    /// For those who asked to be remembered.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
}

#[derive(ToSchema)]
#[schema(as = CscRevokeRequest)]
pub struct RevokeBody {
    /// An access token, a refresh token or a SAD.
    pub token: String,
    /// `access_token` or `refresh_token`; a wrong one changes nothing.
    pub token_type_hint: Option<String>,
    #[schema(rename = "clientData")]
    pub client_data: Option<String>,
}

pub async fn login<V: Version>(
    app: Data<App>,
    http: HttpRequest,
    body: Posted<V>,
) -> Result<HttpResponse, Fault<V>> {
    let fields = body.fields()?;
    let login = login_asked(&http, &fields)?;
    let grant = match login {
        Asked::Secret(..) => GrantType::ClientCredentials,
        Asked::RefreshToken(_) => GrantType::RefreshToken,
    };
    let request = request(&app, fields.optional_text(CLIENT_DATA)?);
    let issued = blocking::run(&app, move |app| match login {
        Asked::Secret(presented, remember) => login::by_secret(&app.oauth, &request, &presented, remember),
        Asked::RefreshToken(token) => login::by_refresh_token(&app.oauth, &request, &token),
    })
    .await?;
    app.metrics.token_issued(grant.as_str());
    Ok(granted(&Login {
        access_token: issued.access_token.expose(),
        token_type: "Bearer",
        expires_in: issued.expires_in,
        refresh_token: issued.refresh_token.as_ref().map(SecretText::expose),
    }))
}

pub async fn revoke<V: Version>(
    app: Data<App>,
    call: Call,
    body: Posted<V>,
) -> Result<HttpResponse, Fault<V>> {
    let fields = body.fields()?;
    let token = revoke_asked(&fields)?;
    let client_data = owned(fields.optional_text(CLIENT_DATA)?);
    blocking::run(&app, move |app| revoke_by_bearer(&app.oauth, &call, &token, client_data)).await?;
    Ok(HttpResponse::NoContent().finish())
}

enum Asked {
    Secret(Presented, Remember),
    RefreshToken(SecretText),
}

/// Who shows a secret is asked for nothing else: a refresh token beside it is not needed, and left alone.
fn login_asked(http: &HttpRequest, fields: &Fields) -> Result<Asked> {
    let refresh_token = fields.optional_text(REFRESH_TOKEN).map_err(|_| fault::refresh_token_no_text())?;
    let remember = if fields.flag(REMEMBER_ME)? { Remember::Me } else { Remember::Nothing };
    match refresh_token {
        Some(token) if !http.headers().contains_key(AUTHORIZATION) => {
            Ok(Asked::RefreshToken(SecretText::new(token)))
        }
        _ => Ok(Asked::Secret(presented(http)?, remember)),
    }
}

/// The id and secret of an `Authorization: Basic` header.
fn presented(http: &HttpRequest) -> Result<Presented> {
    let mut lines = http.headers().get_all(AUTHORIZATION).map(|line| line.to_str().unwrap_or_default());
    let line = match (lines.next(), lines.next()) {
        (Some(line), None) if is_basic(line) => line,
        _ => return Err(not_basic()),
    };
    let ClientAddress(address) = ClientAddress::of(http)?;
    Presented::basic(line, address).map_err(|_| fault::malformed_username_password())
}

/// Whatever is in the Base64.
fn is_basic(line: &str) -> bool {
    line.split_once(' ').is_some_and(|(scheme, encoded)| {
        let encoded = encoded.trim();
        scheme.eq_ignore_ascii_case("basic") && !encoded.is_empty() && STANDARD.decode(encoded).is_ok()
    })
}

fn not_basic() -> Error {
    let detail = "Send an id and a secret by HTTP Basic, or a refresh token.";
    Error::new(Code::AuthenticationRequired, detail)
}

fn revoke_asked(fields: &Fields) -> Result<SecretText> {
    let token = fields.required_text(TOKEN)?;
    match fields.optional_text(TOKEN_TYPE_HINT)? {
        None | Some("access_token" | "refresh_token") => {}
        Some(_) => return Err(fault::invalid(TOKEN_TYPE_HINT.name())),
    }
    Ok(SecretText::new(token))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn asked(header: Option<&str>, body: &str) -> Result<&'static str, (Code, String)> {
        let mut request = TestRequest::default().peer_addr(([127, 0, 0, 1], 1).into());
        if let Some(header) = header {
            request = request.insert_header((AUTHORIZATION, header));
        }
        match login_asked(&request.to_http_request(), &Fields::parse(body.as_bytes()).unwrap()) {
            Ok(Asked::Secret(_, Remember::Me)) => Ok("remembered"),
            Ok(Asked::Secret(_, Remember::Nothing)) => Ok("secret"),
            Ok(Asked::RefreshToken(_)) => Ok("refresh token"),
            Err(error) => Err((error.code(), error.detail().to_owned())),
        }
    }

    #[test]
    fn a_login_is_by_secret_or_by_refresh_token() {
        // a:b
        let basic = Some("Basic YTpi");
        assert_eq!(asked(basic, ""), Ok("secret"));
        assert_eq!(asked(basic, r#"{"rememberMe":false,"refresh_token":null}"#), Ok("secret"));
        assert_eq!(asked(basic, r#"{"rememberMe":true,"refresh_token":"rt_x"}"#), Ok("remembered"));
        assert_eq!(asked(None, r#"{"refresh_token":"rt_x"}"#), Ok("refresh token"));
    }

    #[test]
    fn what_is_no_login_is_refused_by_its_first_fault() {
        let no_basic = |header, body| {
            assert_eq!(asked(header, body).unwrap_err().0, Code::AuthenticationRequired, "{header:?}");
        };
        for header in [None, Some(""), Some("Bearer x"), Some("Basic"), Some("Basic "), Some("Basic ?")] {
            no_basic(header, "{}");
        }
        // ab, without a colon
        let (_, said) = asked(Some("Basic YWI="), "").unwrap_err();
        assert_eq!(said, "Malformed username-password");
        let (_, said) = asked(None, r#"{"refresh_token":7}"#).unwrap_err();
        assert_eq!(said, "Invalid string parameter: refresh_token");
        let (_, said) = asked(Some("Basic YTpi"), r#"{"rememberMe":"yes"}"#).unwrap_err();
        assert_eq!(said, "Invalid parameter rememberMe");
    }

    #[test]
    fn a_revocation_names_a_token_and_perhaps_its_type() {
        let refusal = |body: &str| {
            revoke_asked(&Fields::parse(body.as_bytes()).unwrap()).err().map(|e| e.detail().to_owned())
        };
        for body in [r#"{"token":"x"}"#, r#"{"token":"x","token_type_hint":"refresh_token"}"#] {
            assert_eq!(refusal(body), None, "{body}");
        }
        for (body, said) in [
            ("{}", "Missing (or invalid type) string parameter token"),
            (r#"{"token":7}"#, "Missing (or invalid type) string parameter token"),
            (r#"{"token":"x","token_type_hint":"SAD"}"#, "Invalid parameter token_type_hint"),
            (r#"{"token":"x","token_type_hint":7}"#, "Invalid parameter token_type_hint"),
        ] {
            assert_eq!(refusal(body).as_deref(), Some(said), "{body}");
        }
    }
}
