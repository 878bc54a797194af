//! The link by which a signer sets up a credential's PIN and OTP without its application.

use crate::model::id::{ClientId, CredentialId, FactorId};
use crate::model::time::Timestamp;

#[derive(Clone, Debug)]
pub struct EnrolmentLink {
    /// HKDF(token of the link, "id"): finds the record.
    pub id: Vec<u8>,
    pub credential: CredentialId,
    /// The application that asked for it.
    pub client: ClientId,
    /// A MAC of the cookie of the browser that used it first: from then on it works there only.
    pub browser: Option<Vec<u8>>,
    /// The OTP that was made through it. The secret of any other may be known to the application.
    pub otp: Option<FactorId>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// When nothing was left to do.
    pub finished_at: Option<Timestamp>,
}
