//! Who may *use* credentials: a token with a tenant, and a seat unless its client may act for any; and by which way
//! signatures are authorised.

use crate::model::configuration::{Configuration, ConfigurationType};
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

/// The signer authorises in the browser, or the application brings the signer's factors: as the configuration has it, and
/// never the other way.
pub(super) fn require_way(caller: &Caller, configuration: &Configuration) -> Result<()> {
    let in_browser = configuration.kind == ConfigurationType::Oauth2;
    match (caller.is_signed_in(), in_browser) {
        (false, true) => Err(Error::new(
            Code::InvalidRequest,
            "The credential is authorised by OAuth (authMode oauth2code): use oauth2/authorize with scope=credential",
        )),
        (true, false) => Err(Error::new(
            Code::InvalidRequest,
            "The credential is not authorised by OAuth: use credentials/authorize, as its authMode says",
        )),
        _ => Ok(()),
    }
}
