//! A client acts for itself (RFC 6749, 4.4): the grant that applications use.

use std::collections::BTreeSet;

use crate::model::client::GrantType;
use crate::model::error::{Code, Error, Result};
use crate::model::name::{SeatName, TenantName};
use crate::model::permission::TenantReach;
use crate::model::refresh_token::FamilyOrigin;
use crate::model::scope::RequestedScope;
use crate::oauth::client_authentication::{Presented, on_behalf};
use crate::oauth::grants::refusal::remember;
use crate::oauth::known_clients::KnownClient;
use crate::oauth::token::{self, Granted, IssuedToken};
use crate::oauth::{OAuth, Request, invalid_client};
use crate::store::tenants;

/// Authenticates the client and gives it a token for what it asked.
pub fn client_credentials(
    oauth: &OAuth,
    request: &Request,
    presented: &Presented,
    scope: Option<&str>,
) -> Result<IssuedToken> {
    // RFC 6749, 4.4.3: no refresh token; the client can ask again at any time.
    give(oauth, request, presented, scope, None)
}

/// What [`client_credentials`] gives, with a refresh token where another protocol has one.
pub(in crate::oauth) fn give(
    oauth: &OAuth,
    request: &Request,
    presented: &Presented,
    scope: Option<&str>,
    refresh: Option<FamilyOrigin>,
) -> Result<IssuedToken> {
    on_behalf(oauth, presented, request.at, |client| match decide(oauth, client, request, scope) {
        Ok(granted) => token::issue(oauth, client, request, Granted { refresh, ..granted }),
        Err(refusal) => Err(remember(oauth, client, request, GrantType::ClientCredentials, scope, refusal)),
    })
}

fn decide(oauth: &OAuth, client: &KnownClient, request: &Request, scope: Option<&str>) -> Result<Granted> {
    client.may_use(GrantType::ClientCredentials)?;
    let mut asked = RequestedScope::parse(scope.unwrap_or_default())?;
    if let (true, Some(default)) = (asked.names_nobody(), &client.record.default_scope) {
        let service = asked.service;
        asked = RequestedScope::parse(default)?;
        asked.service |= service;
    }
    if asked.credential {
        return Err(Error::new(Code::InvalidScope, "The scope credential is not for client_credentials."));
    }
    let tenant = tenant_of(&asked, &client.record.tenants)?;
    let reach = match &tenant {
        Some(tenant) => TenantReach::one(known(oauth, client, request, tenant)?),
        None => unsuspended(client)?,
    };
    Ok(Granted {
        grant: GrantType::ClientCredentials,
        user: None,
        scope: asked.clone().of_nobody().granted(asked.seat.as_ref(), tenant.as_ref()),
        seat: asked.seat,
        tenant,
        reach,
        refresh: None,
    })
}

/// The tenant that a scope names or implies; none for a scope without a seat.
fn tenant_of(asked: &RequestedScope, reach: &TenantReach) -> Result<Option<TenantName>> {
    match (&asked.tenant, &asked.seat) {
        (Some(tenant), _) if reach.includes(tenant) => Ok(Some(tenant.clone())),
        (Some(_), _) => Err(no_such_tenant()),
        (None, None) => Ok(None),
        (None, Some(seat)) => {
            let implied =
                reach.sole().cloned().or_else(|| after_at(seat).filter(|name| reach.includes(name)));
            implied.map(Some).ok_or_else(|| {
                Error::new(
                    Code::InvalidScope,
                    "The scope names a seat but no tenant, and the client may act for several.",
                )
            })
        }
    }
}

/// `acme` of `jdoe@acme`.
fn after_at(seat: &SeatName) -> Option<TenantName> {
    let (_, name) = seat.as_str().rsplit_once('@')?;
    TenantName::parse(name).ok()
}

/// A tenant within reach that is there and not suspended.
fn known(oauth: &OAuth, client: &KnownClient, request: &Request, tenant: &TenantName) -> Result<TenantName> {
    if client.suspended.contains(tenant) {
        return Err(invalid_client("the tenant is suspended"));
    }
    // A client's record names tenants that are there; only "*" says nothing about it.
    if client.record.tenants == TenantReach::All {
        let found = oauth.service.store.read(request.at, |tx| tenants::find(tx, tenant))?;
        found.ok_or_else(no_such_tenant)?;
    }
    Ok(tenant.clone())
}

/// What the client may act for now.
fn unsuspended(client: &KnownClient) -> Result<TenantReach> {
    let TenantReach::Only(names) = &client.record.tenants else {
        return Ok(TenantReach::All);
    };
    let left: BTreeSet<TenantName> = names.difference(&client.suspended).cloned().collect();
    if left.is_empty() {
        return Err(invalid_client("all tenants of the client are suspended"));
    }
    Ok(TenantReach::Only(left))
}

/// The same words for a tenant that is not there and for one that the client may not act for.
fn no_such_tenant() -> Error {
    Error::new(Code::InvalidScope, "The client may not act for the tenant that the scope names.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(names: &[&str]) -> TenantReach {
        TenantReach::parse(&names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
    }

    fn implied(scope: &str, tenants: &[&str]) -> Result<Option<String>, Code> {
        let tenant = tenant_of(&RequestedScope::parse(scope).unwrap(), &reach(tenants));
        tenant.map(|tenant| tenant.map(|name| name.to_string())).map_err(|error| error.code())
    }

    #[test]
    fn a_seat_implies_the_only_tenant_else_the_one_after_its_last_at() {
        assert_eq!(implied("seat:jdoe@beta", &["acme"]), Ok(Some("acme".into())));
        assert_eq!(implied("seat:j@x@beta", &["acme", "beta"]), Ok(Some("beta".into())));
        assert_eq!(implied("seat:jdoe@beta", &["*"]), Ok(Some("beta".into())));
        assert_eq!(implied("seat:jdoe@other", &["acme", "beta"]), Err(Code::InvalidScope));
        assert_eq!(implied("seat:jdoe", &["acme", "beta"]), Err(Code::InvalidScope));
        assert_eq!(implied("", &["acme"]), Ok(None));
        assert_eq!(implied("tenant:other", &["acme"]), Err(Code::InvalidScope));
    }
}
