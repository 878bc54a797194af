//! Signatures that were made asynchronously and wait until their caller collects them.

use crate::model::id::{ClientId, CredentialId, SignResponseId};
use crate::model::name::{SeatName, TenantName};
use crate::model::time::Timestamp;
use crate::model::token::Caller;
use crate::model::webhook::WebhookUrl;

#[derive(Clone, Debug)]
pub struct SignResponse {
    pub id: SignResponseId,
    /// HKDF(responseID, "id"): finds the record, opens nothing.
    pub response_id: Vec<u8>,
    pub credential: CredentialId,
    pub tenant: TenantName,
    /// The seat of the token that signed; none when the token named none.
    pub seat: Option<SeatName>,
    pub client: ClientId,
    /// The signatures, under the responseID.
    pub sealed: Vec<u8>,
    pub expires_at: Timestamp,
    pub created_at: Timestamp,
}

/// What a caller wants of the waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    pub validity: ResponseValidity,
    /// Who is told that the signatures are there (CSC's response_uri).
    pub notified: Option<WebhookUrl>,
}

/// How long signatures wait, in milliseconds (CSC's validity_period).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseValidity(u32);

impl SignResponse {
    /// Whether it was made for this caller: the same client for the same tenant and seat.
    pub fn is_for(&self, caller: &Caller) -> bool {
        Some(&self.client) == caller.client()
            && Some(&self.tenant) == caller.tenant()
            && self.seat.as_ref() == caller.seat()
    }
}

impl ResponseValidity {
    /// A second.
    pub const SHORTEST: Self = Self(1000);
    /// A day.
    pub const LONGEST: Self = Self(24 * 3600 * 1000);

    /// `None` outside the bounds.
    pub fn from_millis(millis: i64) -> Option<Self> {
        let millis = u32::try_from(millis).ok()?;
        (Self::SHORTEST.0..=Self::LONGEST.0).contains(&millis).then_some(Self(millis))
    }

    /// The end of a validity that begins at `start`.
    pub fn from(self, start: Timestamp) -> Timestamp {
        Timestamp::from_micros(start.micros().saturating_add(i64::from(self.0) * 1000))
    }
}

impl Default for ResponseValidity {
    /// An hour.
    fn default() -> Self {
        Self(3600 * 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_validity_has_bounds() {
        for (millis, fits) in [
            (i64::MIN, false),
            (-1, false),
            (0, false),
            (999, false),
            (1000, true),
            (86_400_000, true),
            (86_400_001, false),
            (i64::MAX, false),
        ] {
            assert_eq!(ResponseValidity::from_millis(millis).is_some(), fits, "{millis}");
        }
        let start = Timestamp::from_seconds(7);
        let end = ResponseValidity::from_millis(1500).unwrap().from(start);
        assert_eq!(end, Timestamp::from_micros(8_500_000));
        assert_eq!(ResponseValidity::default().from(start), start.plus_seconds(3600));
    }
}
