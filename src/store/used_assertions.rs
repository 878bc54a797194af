//! Assertions that a client has authenticated with: none is good twice.

use diesel::prelude::*;

use crate::model::error::Result;
use crate::model::id::ClientId;
use crate::model::time::Timestamp;
use crate::store::Tx;
use crate::store::dialect::each;
use crate::store::schema::used_assertions;

/// Whether an assertion was used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    First,
    Again,
}

/// Uses an assertion, by the hash of its `jti`; it is remembered until the time given.
pub fn claim(tx: &mut Tx, client: &ClientId, jti: &[u8], until: Timestamp) -> Result<Use> {
    let row = Row { client: client.to_string(), jti: jti.to_vec(), expires_at: until.micros() };
    let claimed = each!(tx.connection, c => diesel::insert_into(used_assertions::table)
        .values(&row).on_conflict_do_nothing().execute(c))?;
    Ok(if claimed == 1 { Use::First } else { Use::Again })
}

/// Forgets those that have expired, at most `limit` at a time; how many.
pub fn forget_expired(tx: &mut Tx, limit: u16) -> Result<usize> {
    let expired = used_assertions::expires_at.le(tx.now.micros());
    let hashes: Vec<Vec<u8>> = used_assertions::table
        .filter(expired)
        .select(used_assertions::jti)
        .limit(i64::from(limit))
        .load(tx.connection)?;
    let these = used_assertions::table.filter(expired).filter(used_assertions::jti.eq_any(hashes));
    Ok(diesel::delete(these).execute(tx.connection)?)
}

#[derive(Insertable)]
#[diesel(table_name = used_assertions)]
struct Row {
    client: String,
    jti: Vec<u8>,
    expires_at: i64,
}
