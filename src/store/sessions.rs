//! Who is signed in. A session whose user changed since is none.

use diesel::prelude::*;

use crate::model::error::Result;
use crate::model::id::UserId;
use crate::model::session::Session;
use crate::model::time::Timestamp;
use crate::store::Tx;
use crate::store::connection::Access;
use crate::store::dialect::first_for_share;
use crate::store::schema::{sessions, users};

pub fn insert(tx: &mut Tx, session: &Session) -> Result<()> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(&session.id),
            sessions::user_id.eq(session.user.as_str()),
            sessions::user_version.eq(session.user_version),
            sessions::signed_in_at.eq(session.signed_in_at.micros()),
            sessions::expires_at.eq(session.expires_at.micros()),
        ))
        .execute(tx.connection)?;
    Ok(())
}

/// A session that has not ended. In a write transaction it does not end, nor does its user change, until that ends.
pub fn find(tx: &mut Tx, id: &[u8]) -> Result<Option<Session>> {
    if let Access::Write = tx.access {
        // Users before their sessions, as whoever changes a user takes them.
        let user: Option<String> =
            sessions::table.find(id).select(sessions::user_id).get_result(tx.connection).optional()?;
        let Some(user) = user else { return Ok(None) };
        crate::store::users::version(tx, &UserId::stored(user))?;
    }
    let query = sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .filter(sessions::id.eq(id))
        .filter(sessions::expires_at.gt(tx.now.micros()))
        .filter(users::version.eq(sessions::user_version))
        .select(sessions::all_columns);
    let row: QueryResult<(Vec<u8>, String, i64, i64, i64)> = match tx.access {
        Access::Read => query.get_result(tx.connection),
        Access::Write => first_for_share!(tx.connection, query),
    };
    Ok(row.optional()?.map(|(id, user, user_version, signed_in_at, expires_at)| Session {
        id,
        user: UserId::stored(user),
        user_version,
        signed_in_at: Timestamp::from_micros(signed_in_at),
        expires_at: Timestamp::from_micros(expires_at),
    }))
}

/// False when there was none.
pub fn end(tx: &mut Tx, id: &[u8]) -> Result<bool> {
    Ok(diesel::delete(sessions::table.find(id)).execute(tx.connection)? == 1)
}

/// How many.
pub fn end_those_of_user(tx: &mut Tx, user: &UserId) -> Result<usize> {
    let theirs = sessions::table.filter(sessions::user_id.eq(user.as_str()));
    Ok(diesel::delete(theirs).execute(tx.connection)?)
}

/// Forgets what has expired, at most `limit` at a time; how many.
pub fn forget_expired(tx: &mut Tx, limit: u16) -> Result<usize> {
    let ids: Vec<Vec<u8>> = sessions::table
        .filter(sessions::expires_at.le(tx.now.micros()))
        .select(sessions::id)
        .limit(i64::from(limit))
        .load(tx.connection)?;
    Ok(diesel::delete(sessions::table.filter(sessions::id.eq_any(ids))).execute(tx.connection)?)
}
