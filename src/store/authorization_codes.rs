//! Authorization codes. A code is spent by one conditional update.

use diesel::prelude::*;

use crate::model::authorization_code::AuthorizationCode;
use crate::model::error::{Error, Result};
use crate::model::id::{AuthorizationId, ClientId, FamilyId, UserId};
use crate::model::time::Timestamp;
use crate::store::connection::Access;
use crate::store::dialect::first_for_update;
use crate::store::schema::authorization_codes;
use crate::store::{Tx, failure};

pub fn insert(tx: &mut Tx, code: &AuthorizationCode) -> Result<()> {
    diesel::insert_into(authorization_codes::table).values(Row::try_from(code)?).execute(tx.connection)?;
    Ok(())
}

/// Used, expired or good. In a write transaction it is this transaction's until that ends: of parallel callers with one
/// code each waits for its turn.
pub fn find(tx: &mut Tx, hash: &[u8]) -> Result<Option<AuthorizationCode>> {
    let query = authorization_codes::table.filter(authorization_codes::hash.eq(hash));
    let row: QueryResult<Row> = match tx.access {
        Access::Read => query.get_result(tx.connection),
        Access::Write => first_for_update!(tx.connection, query),
    };
    row.optional()?.map(AuthorizationCode::try_from).transpose()
}

/// Spends a code that was never used and has not expired, and keeps what it gave.
pub fn spend(tx: &mut Tx, hash: &[u8], family: Option<&FamilyId>) -> Result<()> {
    let now = tx.now.micros();
    let unused = authorization_codes::table
        .find(hash)
        .filter(authorization_codes::used_at.is_null())
        .filter(authorization_codes::expires_at.gt(now));
    let changed = diesel::update(unused)
        .set((
            authorization_codes::used_at.eq(Some(now)),
            authorization_codes::family.eq(family.map(FamilyId::as_str)),
        ))
        .execute(tx.connection)?;
    if changed == 1 { Ok(()) } else { Err(Error::conflict()) }
}

/// How many.
pub fn forget_those_of_user(tx: &mut Tx, user: &UserId) -> Result<usize> {
    let theirs = authorization_codes::table.filter(authorization_codes::user_id.eq(user.as_str()));
    Ok(diesel::delete(theirs).execute(tx.connection)?)
}

/// Those that were not used yet; how many. The others are kept, so that whoever uses one again is noticed.
pub fn forget_unused_of_client(tx: &mut Tx, client: &ClientId) -> Result<usize> {
    let unused = authorization_codes::table
        .filter(authorization_codes::client.eq(client.as_str()))
        .filter(authorization_codes::used_at.is_null());
    Ok(diesel::delete(unused).execute(tx.connection)?)
}

/// Forgets what expired before `before`, at most `limit` at a time; how many.
pub fn forget_expired(tx: &mut Tx, before: Timestamp, limit: u16) -> Result<usize> {
    let hashes: Vec<Vec<u8>> = authorization_codes::table
        .filter(authorization_codes::expires_at.lt(before.micros()))
        .select(authorization_codes::hash)
        .limit(i64::from(limit))
        .load(tx.connection)?;
    let gone = authorization_codes::table.filter(authorization_codes::hash.eq_any(hashes));
    Ok(diesel::delete(gone).execute(tx.connection)?)
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = authorization_codes)]
struct Row {
    hash: Vec<u8>,
    client: String,
    user_id: String,
    user_version: i64,
    given: String,
    authorization_id: Option<String>,
    family: Option<String>,
    expires_at: i64,
    used_at: Option<i64>,
}

impl TryFrom<&AuthorizationCode> for Row {
    type Error = Error;

    fn try_from(c: &AuthorizationCode) -> Result<Self> {
        Ok(Self {
            hash: c.hash.clone(),
            client: c.client.to_string(),
            user_id: c.user.to_string(),
            user_version: c.user_version,
            given: serde_json::to_string(&c.given).map_err(Error::internal)?,
            authorization_id: c.authorization.as_ref().map(ToString::to_string),
            family: c.family.as_ref().map(ToString::to_string),
            expires_at: c.expires_at.micros(),
            used_at: c.used_at.map(Timestamp::micros),
        })
    }
}

impl TryFrom<Row> for AuthorizationCode {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            hash: row.hash,
            client: ClientId::stored(row.client),
            user: UserId::stored(row.user_id),
            user_version: row.user_version,
            given: serde_json::from_str(&row.given).map_err(|_| failure::corrupt("authorization code"))?,
            authorization: row.authorization_id.map(AuthorizationId::stored),
            family: row.family.map(FamilyId::stored),
            expires_at: Timestamp::from_micros(row.expires_at),
            used_at: row.used_at.map(Timestamp::from_micros),
        })
    }
}
