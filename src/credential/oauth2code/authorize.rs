//! Right factors become what waits for a code: a pending authorization, under the code's own octets.

use std::sync::Arc;

use crate::credential::authorize::{self, AuthorizeRequest, Patience, Right, Settlement};
use crate::keys::sad::Sad;
use crate::model::authorization_code::LIFETIME_SECONDS;
use crate::model::error::{Error, Result};
use crate::model::id::{AuthorizationId, UserId};
use crate::model::token::{Call, Principal};
use crate::service::Service;
use crate::store::Tx;

/// As [`authorize::authorize`], by a signer who is signed in, whose call it is. Nothing can be signed until the code is
/// redeemed. What `beside` writes (the code's own record, and that the request is decided) is written with it or not at
/// all; it may run several times.
pub fn authorize_for_code(
    service: &Service,
    call: &Call,
    request: AuthorizeRequest,
    code: &Sad,
    beside: impl Fn(&mut Tx, &AuthorizationId) -> Result<()> + Send + 'static,
) -> Result<AuthorizationId> {
    let user = signed_in(call)?;
    let request = Arc::new(request);
    authorize::decide(service, call, &request, Patience::None, |right| {
        let Right { demand, attempts, proof } = right;
        let mut authorization = authorize::authorization(service, call, &request, &demand, &proof.dek, code)?;
        authorization.pending = true;
        authorization.user = Some(user);
        authorization.expires_at = call.at.plus_seconds(LIFETIME_SECONDS);
        authorization.ends_at = authorization.expires_at;
        let id = authorization.id.clone();
        let settlement = Settlement { attempts, one_time: proof.one_time, authorization, approval: None };
        let beside = {
            let id = id.clone();
            move |tx: &mut Tx| beside(tx, &id)
        };
        let settled = authorize::settle(service, call, &request, settlement, beside)?;
        Ok(settled.map(|()| id))
    })
}

fn signed_in(call: &Call) -> Result<UserId> {
    match &call.principal {
        Principal::Signer(signer) => signer.user.clone(),
        Principal::Token(_) | Principal::Operator => None,
    }
    .ok_or_else(|| Error::internal("only who is signed in authorises in the browser"))
}
