//! Who stamps times (RFC 3161). Without such a service there is no signatures/timestamp.

use std::num::NonZeroU64;

pub use crate::outbound::Url;
pub use crate::pki::timestamp::Policy;

#[derive(Clone, Debug)]
pub struct Tsa {
    /// `--tsa-url`, `COUNTERSIGN_TSA_URL`; default none. Shown without user, password, path and query.
    pub url: Url,
    /// `--tsa-timeout`, `COUNTERSIGN_TSA_TIMEOUT`, in seconds; default 10. How long a token may take.
    pub timeout: NonZeroU64,
    /// `--tsa-policy`, `COUNTERSIGN_TSA_POLICY`; default none, which leaves it to the TSA. Tokens under another policy
    /// are refused.
    pub policy: Option<Policy>,
    /// `--tsa-allow-sha1`, `COUNTERSIGN_TSA_ALLOW_SHA1`; default false. Whether SHA-1 digests are stamped.
    pub allow_sha1: bool,
}

impl Tsa {
    pub const TIMEOUT: NonZeroU64 = NonZeroU64::new(10).unwrap();

    /// All else by default.
    pub fn at(url: Url) -> Self {
        Self { url, timeout: Self::TIMEOUT, policy: None, allow_sha1: false }
    }
}
