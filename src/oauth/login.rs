//! CSC's auth/login: a service token for whoever shows an id and a secret, and again for the refresh token that was given
//! with it. That is a client, and the token is what client_credentials gives for its default scope. A user's password is
//! not looked at: what a user may do is what an application's record grants, and here no application says who it is.

use crate::model::error::{Code, Result};
use crate::model::refresh_token::FamilyOrigin;
use crate::model::secret::SecretText;
use crate::oauth::client_authentication::{Presented, on_behalf_of};
use crate::oauth::grants::client_credentials;
use crate::oauth::token::IssuedToken;
use crate::oauth::{OAuth, Request, refresh};

/// Whether the caller wants to come back without its secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remember {
    Me,
    Nothing,
}

/// The id is a client's.
pub fn by_secret(
    oauth: &OAuth,
    request: &Request,
    presented: &Presented,
    remember: Remember,
) -> Result<IssuedToken> {
    let refresh = match remember {
        Remember::Me => Some(FamilyOrigin::Login),
        Remember::Nothing => None,
    };
    client_credentials::give(oauth, request, presented, None, refresh)
}

/// Renews what auth/login gave; of nothing else, since nobody authenticates here (csc.md 2.2). So it lasts no longer than
/// the secrets that were good when it was given: whoever learnt a secret is rid of with it.
pub fn by_refresh_token(oauth: &OAuth, request: &Request, token: &SecretText) -> Result<IssuedToken> {
    let family = refresh::family_of(oauth, token, request.at)?
        .filter(|family| family.origin == FamilyOrigin::Login)
        .ok_or_else(|| refresh::no_good("no refresh token of auth/login"))?;
    let renewed = on_behalf_of(oauth, &family.client, request.at, |client| {
        if !client.has_secret_since(family.issued_at, request.at) {
            return Err(refresh::no_good("the secrets of that time have ended"));
        }
        refresh::exchange(oauth, client, request, token, None)
    });
    renewed.map_err(|error| match error.code() {
        // Its client is not active any more.
        Code::InvalidClient => refresh::no_good("the client of the refresh token is not active"),
        _ => error,
    })
}
