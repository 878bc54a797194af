//! A refresh token for an access token and its successor (RFC 6749, 6), by the client that it was given to.

use crate::model::client::GrantType;
use crate::model::error::{Code, Result};
use crate::model::secret::SecretText;
use crate::oauth::client_authentication::{Presented, on_behalf};
use crate::oauth::grants::refusal::remember;
use crate::oauth::token::IssuedToken;
use crate::oauth::{OAuth, Request, refresh};

/// Authenticates the client and renews what the refresh token is for.
pub fn refresh_token(
    oauth: &OAuth,
    request: &Request,
    presented: &Presented,
    token: &SecretText,
    scope: Option<&str>,
) -> Result<IssuedToken> {
    on_behalf(oauth, presented, request.at, |client| {
        let renewed = client
            .may_use(GrantType::RefreshToken)
            .and_then(|()| refresh::exchange(oauth, client, request, token, scope));
        renewed.map_err(|error| match error.code() {
            Code::UnauthorizedClient | Code::InvalidGrant | Code::InvalidScope => {
                remember(oauth, client, request, GrantType::RefreshToken, scope, error)
            }
            _ => error,
        })
    })
}
