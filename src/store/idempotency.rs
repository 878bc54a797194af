//! Idempotency keys: the first request with a key is answered once, and again with the same answer.

use diesel::prelude::*;

use crate::model::error::Result;
use crate::model::time::Timestamp;
use crate::store::Tx;
use crate::store::dialect::each;
use crate::store::schema::idempotency;

/// What is remembered of a request with an Idempotency-Key.
#[derive(Clone, Debug)]
pub struct Remembered {
    pub fingerprint: Vec<u8>,
    /// The answer, encrypted; none while the first request runs.
    pub answer: Option<(u16, Vec<u8>)>,
}

/// Claims a key; what is remembered when it was claimed before.
pub fn claim(tx: &mut Tx, id: &[u8], fingerprint: &[u8], until: Timestamp) -> Result<Option<Remembered>> {
    diesel::delete(idempotency::table.find(id).filter(idempotency::expires_at.le(tx.now.micros())))
        .execute(tx.connection)?;
    let row = Row {
        id: id.to_vec(),
        fingerprint: fingerprint.to_vec(),
        status: None,
        answer: None,
        created_at: tx.now.micros(),
        expires_at: until.micros(),
    };
    let claimed = each!(tx.connection, c => diesel::insert_into(idempotency::table)
        .values(&row).on_conflict_do_nothing().execute(c))?;
    if claimed == 1 {
        return Ok(None);
    }
    let row: Row = idempotency::table.find(id).get_result(tx.connection)?;
    let status = row.status.and_then(|status| u16::try_from(status).ok());
    Ok(Some(Remembered { fingerprint: row.fingerprint, answer: status.zip(row.answer) }))
}

/// Keeps the answer of the request that claimed the key, until the time given.
pub fn keep(tx: &mut Tx, id: &[u8], status: u16, answer: &[u8], until: Timestamp) -> Result<()> {
    diesel::update(idempotency::table.find(id))
        .set((
            idempotency::status.eq(Some(i32::from(status))),
            idempotency::answer.eq(Some(answer)),
            idempotency::expires_at.eq(until.micros()),
        ))
        .execute(tx.connection)?;
    Ok(())
}

/// Lets go of a key whose request did not succeed.
pub fn release(tx: &mut Tx, id: &[u8]) -> Result<()> {
    diesel::delete(idempotency::table.find(id)).execute(tx.connection)?;
    Ok(())
}

/// Forgets what has expired, at most `limit` at a time; how many.
pub fn forget_expired(tx: &mut Tx, limit: u16) -> Result<usize> {
    let ids: Vec<Vec<u8>> = idempotency::table
        .filter(idempotency::expires_at.le(tx.now.micros()))
        .select(idempotency::id)
        .limit(i64::from(limit))
        .load(tx.connection)?;
    Ok(diesel::delete(idempotency::table.filter(idempotency::id.eq_any(ids))).execute(tx.connection)?)
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = idempotency)]
struct Row {
    id: Vec<u8>,
    fingerprint: Vec<u8>,
    status: Option<i32>,
    answer: Option<Vec<u8>>,
    created_at: i64,
    expires_at: i64,
}
