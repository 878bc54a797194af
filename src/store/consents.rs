//! What people allowed applications.

use diesel::prelude::*;

use crate::model::error::Result;
use crate::model::id::{ClientId, UserId};
use crate::store::Tx;
use crate::store::dialect::each;
use crate::store::schema::consents;

/// The scope that was allowed last.
pub fn find(tx: &mut Tx, user: &UserId, client: &ClientId) -> Result<Option<String>> {
    let scope = consents::table
        .find((user.as_str(), client.as_str()))
        .select(consents::scope)
        .get_result(tx.connection)
        .optional()?;
    Ok(scope)
}

pub fn put(tx: &mut Tx, user: &UserId, client: &ClientId, scope: &str) -> Result<()> {
    let now = tx.now.micros();
    each!(tx.connection, c => diesel::insert_into(consents::table)
        .values((
            consents::user_id.eq(user.as_str()),
            consents::client.eq(client.as_str()),
            consents::scope.eq(scope),
            consents::given_at.eq(now),
        ))
        .on_conflict((consents::user_id, consents::client))
        .do_update()
        .set((consents::scope.eq(scope), consents::given_at.eq(now)))
        .execute(c))?;
    Ok(())
}

/// How many.
pub fn forget_those_of_user(tx: &mut Tx, user: &UserId) -> Result<usize> {
    Ok(diesel::delete(consents::table.filter(consents::user_id.eq(user.as_str()))).execute(tx.connection)?)
}

/// What was allowed an application that changed is asked again.
pub fn forget_those_of_client(tx: &mut Tx, client: &ClientId) -> Result<usize> {
    Ok(diesel::delete(consents::table.filter(consents::client.eq(client.as_str()))).execute(tx.connection)?)
}
