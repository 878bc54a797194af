//! Who is signed in, in which browser.

use crate::model::id::UserId;
use crate::model::time::Timestamp;

/// Somebody who signed in. It ends with any change of the user's record.
#[derive(Clone, Debug)]
pub struct Session {
    /// A MAC of the browser's cookie, which is nowhere else.
    pub id: Vec<u8>,
    pub user: UserId,
    /// The state of the user who signed in.
    pub user_version: i64,
    pub signed_in_at: Timestamp,
    pub expires_at: Timestamp,
}
