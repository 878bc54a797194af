//! What the instance knows about itself.

use diesel::prelude::*;

use crate::model::error::Result;
use crate::store::Tx;
use crate::store::schema::settings;

pub fn find(tx: &mut Tx, name: &str) -> Result<Option<Vec<u8>>> {
    let found = settings::table.find(name).select(settings::value).get_result(tx.connection).optional()?;
    Ok(found)
}

/// A setting is made once, at `init`.
pub fn insert(tx: &mut Tx, name: &str, value: &[u8]) -> Result<()> {
    diesel::insert_into(settings::table)
        .values((settings::name.eq(name), settings::value.eq(value)))
        .execute(tx.connection)?;
    Ok(())
}
