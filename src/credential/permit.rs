//! Who may *use* credentials: a token with a tenant, and a seat unless its client may act for any.

use crate::model::error::{Code, Error, Result};
use crate::model::permission::Permission;
use crate::model::token::{Call, Caller};
use crate::store::Tx;

pub fn admit(tx: &mut Tx, call: &Call) -> Result<Caller> {
    let caller = tx.admit(&call.principal, Permission::CredentialsUse)?;
    if caller.is_operator() {
        return Ok(caller);
    }
    if caller.tenant().is_none() {
        return Err(Error::new(
            Code::InsufficientScope,
            "To use credentials the token's scope has to name a tenant (tenant:<name>).",
        ));
    }
    if caller.seat().is_none() && !caller.has(Permission::CredentialsUseAnySeat) {
        return Err(Error::new(
            Code::InsufficientScope,
            "To use credentials the token's scope has to name a seat (seat:<value>); this client may not act for any seat.",
        ));
    }
    Ok(caller)
}
