//! Leases: of all nodes one at a time does a clock-driven job.

use diesel::prelude::*;

use crate::model::error::Result;
use crate::model::time::Timestamp;
use crate::store::Tx;
use crate::store::dialect::each;
use crate::store::schema::leases;

/// Takes the lease of a job, or renews it; false while another holder has it.
pub fn take(tx: &mut Tx, job: &str, holder: &str, until: Timestamp) -> Result<bool> {
    let now = tx.now.micros();
    let made = each!(tx.connection, c => diesel::insert_into(leases::table)
        .values((leases::job.eq(job), leases::holder.eq(holder), leases::until.eq(until.micros())))
        .on_conflict_do_nothing()
        .execute(c))?;
    if made == 1 {
        return Ok(true);
    }
    let taken =
        diesel::update(leases::table.find(job).filter(leases::holder.eq(holder).or(leases::until.le(now))))
            .set((leases::holder.eq(holder), leases::until.eq(until.micros())))
            .execute(tx.connection)?;
    Ok(taken == 1)
}
