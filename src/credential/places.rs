//! Where wrapped secrets of a credential lie: what binds a ciphertext to its row and column.

use crate::keys::envelope::Place;
use crate::model::id::{AuthorizationId, FactorId, KeyId, SignResponseId};

pub(super) fn sealing_key(factor: &FactorId) -> Place<'_> {
    Place { table: "factors", row: factor.as_str(), column: "sealing_key", version: 1 }
}

pub(super) fn otp_secret(factor: &FactorId) -> Place<'_> {
    Place { table: "factors", row: factor.as_str(), column: "otp_secret", version: 1 }
}

pub(super) fn sent_code(factor: &FactorId) -> Place<'_> {
    Place { table: "factors", row: factor.as_str(), column: "sent_code", version: 1 }
}

pub(super) fn pkcs8(key: &KeyId) -> Place<'_> {
    Place { table: "keys", row: key.as_str(), column: "wrapped_pkcs8", version: 1 }
}

pub(super) fn data_key(key: &KeyId) -> Place<'_> {
    Place { table: "keys", row: key.as_str(), column: "wrapped_data_key", version: 1 }
}

pub(super) fn authorized_data_key(authorization: &AuthorizationId) -> Place<'_> {
    Place { table: "authorizations", row: authorization.as_str(), column: "wrapped_data_key", version: 1 }
}

pub(super) fn waiting_signatures(response: &SignResponseId) -> Place<'_> {
    Place { table: "sign_responses", row: response.as_str(), column: "sealed", version: 1 }
}
