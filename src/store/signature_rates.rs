//! How many signatures a credential that asks nothing of its signer was authorised for in the current minute.

use diesel::prelude::*;

use crate::model::error::{Code, Error, Result};
use crate::model::id::CredentialId;
use crate::model::time::Timestamp;
use crate::store::Tx;
use crate::store::dialect::each;
use crate::store::schema::signature_rates as rates;

const MINUTE: i64 = 60;

/// Takes so many signatures off what is left of the minute, which begins with the first that are taken; refused with
/// the seconds after which the next minute begins.
pub fn take(tx: &mut Tx, credential: &CredentialId, signatures: u32, per_minute: u32) -> Result<()> {
    let minute_ago = tx.now.plus_seconds(-MINUTE).micros();
    let signatures = i64::from(signatures);
    let begun = each!(tx.connection, c => diesel::insert_into(rates::table)
        .values((
            rates::credential.eq(credential.as_str()),
            rates::started_at.eq(tx.now.micros()),
            rates::signatures.eq(signatures),
        ))
        .on_conflict_do_nothing()
        .execute(c))?;
    if begun == 1 {
        return Ok(());
    }
    let row = rates::table.find(credential.as_str());
    let left = i64::from(per_minute).saturating_sub(signatures);
    let continued =
        diesel::update(row.filter(rates::started_at.gt(minute_ago)).filter(rates::signatures.le(left)))
            .set(rates::signatures.eq(rates::signatures + signatures))
            .execute(tx.connection)?;
    if continued == 1 {
        return Ok(());
    }
    let begun = diesel::update(row.filter(rates::started_at.le(minute_ago)))
        .set((rates::started_at.eq(tx.now.micros()), rates::signatures.eq(signatures)))
        .execute(tx.connection)?;
    if begun == 1 {
        return Ok(());
    }
    let started_at: i64 = row.select(rates::started_at).get_result(tx.connection)?;
    let next = Timestamp::from_micros(started_at).plus_seconds(MINUTE);
    Err(Error::new(
        Code::RateLimited,
        format!("The credential's configuration allows {per_minute} signatures a minute; they are used up."),
    )
    .retry_after(tx.now.seconds_until(next).max(1)))
}
