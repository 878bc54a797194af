//! The same handlers at the paths of clients written for the older service, and at CSC's.

pub use super::check_token::check as check_token;
pub use super::revoke::token as csc_revoke;
pub use super::revoke::token as revoke;
pub use super::token::issue as token;
