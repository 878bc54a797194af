//! The same handlers at the paths of clients written for the older service, and at CSC's: some append them to the
//! service's base.

pub use super::authorize::get as authorize;
pub use super::authorize::get as csc_v1_authorize;
pub use super::authorize::get as csc_v2_authorize;
pub use super::authorize::post as csc_v1_post_authorize;
pub use super::authorize::post as csc_v2_post_authorize;
pub use super::authorize::post as post_authorize;
pub use super::check_token::check as check_token;
pub use super::pushed_authorize::push_request as csc_v1_push_request;
pub use super::pushed_authorize::push_request as csc_v2_push_request;
pub use super::revoke::token as csc_revoke;
pub use super::revoke::token as csc_v1_revoke;
pub use super::revoke::token as csc_v2_revoke;
pub use super::revoke::token as revoke;
pub use super::token::issue as csc_v1_token;
pub use super::token::issue as csc_v2_token;
pub use super::token::issue as token;
