//! How often the slow check of somebody's secret failed in a row.

use diesel::prelude::*;

use crate::model::error::{Error, Result};
use crate::model::time::Timestamp;
use crate::store::Tx;
use crate::store::dialect::each;
use crate::store::schema::throttles;

/// Failures of the slow check in a row, and when the next check is open. `who` is whoever's secret it is, or names what
/// those share whom nobody knows.
pub fn find(tx: &mut Tx, who: &str) -> Result<(u32, Timestamp)> {
    let found: Option<(i32, i64)> = throttles::table
        .find(who)
        .select((throttles::failures, throttles::open_at))
        .get_result(tx.connection)
        .optional()?;
    let (failures, open_at) = found.unwrap_or_default();
    Ok((u32::try_from(failures).unwrap_or(0), Timestamp::from_micros(open_at)))
}

/// Counts a check before it is made: one conditional step from what [`find`] said.
pub fn count(tx: &mut Tx, who: &str, failures: u32, open_at: Timestamp) -> Result<()> {
    let before = i32::try_from(failures).unwrap_or(i32::MAX);
    let after = before.saturating_add(1);
    let changed = if before == 0 {
        each!(tx.connection, c => diesel::insert_into(throttles::table)
            .values((
                throttles::who.eq(who),
                throttles::failures.eq(after),
                throttles::open_at.eq(open_at.micros()),
            ))
            .on_conflict_do_nothing()
            .execute(c))?
    } else {
        diesel::update(throttles::table.find(who).filter(throttles::failures.eq(before)))
            .set((throttles::failures.eq(after), throttles::open_at.eq(open_at.micros())))
            .execute(tx.connection)?
    };
    if changed == 1 { Ok(()) } else { Err(Error::conflict()) }
}

/// Takes one count back, and the delay with it: the check was not made after all.
pub fn uncount(tx: &mut Tx, who: &str) -> Result<()> {
    let now = tx.now.micros();
    let row = throttles::table.find(who);
    let removed = diesel::delete(row.filter(throttles::failures.le(1))).execute(tx.connection)?;
    if removed == 0 {
        diesel::update(row)
            .set((throttles::failures.eq(throttles::failures - 1), throttles::open_at.eq(now)))
            .execute(tx.connection)?;
    }
    Ok(())
}

/// A right secret ends the run of failures.
pub fn clear(tx: &mut Tx, who: &str) -> Result<()> {
    diesel::delete(throttles::table.find(who)).execute(tx.connection)?;
    Ok(())
}
