//! The keys that sign access tokens, with the times that every node obeys.

use diesel::prelude::*;

use crate::model::error::Result;
use crate::model::time::Timestamp;
use crate::store::Tx;
use crate::store::schema::token_keys;

#[derive(Clone, Debug)]
pub struct StoredTokenKey {
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// EdDSA, ES256 or RS256.
    pub algorithm: String,
    /// JSON (RFC 7517).
    pub public_jwk: String,
    /// Under the instance's key.
    pub wrapped_private: Vec<u8>,
    pub created_at: Timestamp,
    /// Published from its making, signs from here ...
    pub signs_from: Timestamp,
    /// ... to here ...
    pub signs_until: Timestamp,
    /// ... and verifies until the last token it signed has ended.
    pub retires_at: Timestamp,
}

pub fn insert(tx: &mut Tx, key: &StoredTokenKey) -> Result<()> {
    diesel::insert_into(token_keys::table).values(Row::from(key)).execute(tx.connection)?;
    Ok(())
}

/// Every key that still verifies, the earliest to sign first.
pub fn list(tx: &mut Tx) -> Result<Vec<StoredTokenKey>> {
    let rows: Vec<Row> = token_keys::table
        .filter(token_keys::retires_at.gt(tx.now.micros()))
        .order((token_keys::signs_from, token_keys::kid))
        .load(tx.connection)?;
    Ok(rows.into_iter().map(StoredTokenKey::from).collect())
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = token_keys)]
struct Row {
    kid: String,
    algorithm: String,
    public_jwk: String,
    wrapped_private: Vec<u8>,
    created_at: i64,
    signs_from: i64,
    signs_until: i64,
    retires_at: i64,
}

impl From<&StoredTokenKey> for Row {
    fn from(key: &StoredTokenKey) -> Self {
        Self {
            kid: key.kid.clone(),
            algorithm: key.algorithm.clone(),
            public_jwk: key.public_jwk.clone(),
            wrapped_private: key.wrapped_private.clone(),
            created_at: key.created_at.micros(),
            signs_from: key.signs_from.micros(),
            signs_until: key.signs_until.micros(),
            retires_at: key.retires_at.micros(),
        }
    }
}

impl From<Row> for StoredTokenKey {
    fn from(row: Row) -> Self {
        Self {
            kid: row.kid,
            algorithm: row.algorithm,
            public_jwk: row.public_jwk,
            wrapped_private: row.wrapped_private,
            created_at: Timestamp::from_micros(row.created_at),
            signs_from: Timestamp::from_micros(row.signs_from),
            signs_until: Timestamp::from_micros(row.signs_until),
            retires_at: Timestamp::from_micros(row.retires_at),
        }
    }
}
