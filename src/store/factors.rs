//! Second factors. Every change is conditional on the version that was read.

use diesel::prelude::*;

use crate::model::error::{Error, Result};
use crate::model::factor::{Factor, FactorType};
use crate::model::id::{CredentialId, FactorId};
use crate::model::time::Timestamp;
use crate::store::connection::Access;
use crate::store::schema::factors;
use crate::store::{Tx, failure};

pub fn insert(tx: &mut Tx, factor: &Factor) -> Result<()> {
    diesel::insert_into(factors::table).values(Row::try_from(factor)?).execute(tx.connection)?;
    Ok(())
}

/// The factors of a credential. In a write transaction the rows are this transaction's until it ends, taken in the
/// order of their ids so that two writers never wait for each other crosswise.
pub fn of(tx: &mut Tx, credential: &CredentialId) -> Result<Vec<Factor>> {
    use crate::store::connection::AnyConnection;
    let query = factors::table.filter(factors::credential.eq(credential.as_str())).order(factors::id);
    let rows: Vec<Row> = match (&mut *tx.connection, tx.access) {
        (AnyConnection::Postgres(c), Access::Write) => query.for_update().load(c)?,
        (connection, _) => query.load(connection)?,
    };
    rows.into_iter().map(Factor::try_from).collect()
}

/// Writes a factor that was read as `factor.version`; anything else in between is a conflict.
pub fn update(tx: &mut Tx, factor: &Factor) -> Result<()> {
    let row = Row::try_from(factor)?;
    let changed =
        diesel::update(factors::table.find(factor.id.as_str()).filter(factors::version.eq(factor.version)))
            .set((
                factors::confirmed.eq(row.confirmed),
                factors::material.eq(row.material),
                factors::lockout.eq(row.lockout),
                factors::version.eq(factor.version + 1),
            ))
            .execute(tx.connection)?;
    if changed == 1 { Ok(()) } else { Err(Error::conflict()) }
}

/// Takes a factor away, such as an OTP that was never confirmed and is added anew.
pub fn remove(tx: &mut Tx, factor: &Factor) -> Result<()> {
    let removed =
        diesel::delete(factors::table.find(factor.id.as_str()).filter(factors::version.eq(factor.version)))
            .execute(tx.connection)?;
    if removed == 1 { Ok(()) } else { Err(Error::conflict()) }
}

/// Overwrites what a credential's factors were checked against, and takes them away.
pub fn destroy(tx: &mut Tx, credential: &CredentialId) -> Result<()> {
    let all = factors::table.filter(factors::credential.eq(credential.as_str()));
    diesel::update(all).set(factors::material.eq("")).execute(tx.connection)?;
    diesel::delete(all).execute(tx.connection)?;
    Ok(())
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = factors)]
struct Row {
    id: String,
    credential: String,
    kind: String,
    confirmed: bool,
    material: String,
    lockout: String,
    created_at: i64,
    version: i64,
}

impl TryFrom<&Factor> for Row {
    type Error = Error;

    fn try_from(factor: &Factor) -> Result<Self> {
        Ok(Self {
            id: factor.id.to_string(),
            credential: factor.credential.to_string(),
            kind: factor.kind.as_str().to_owned(),
            confirmed: factor.confirmed,
            material: serde_json::to_string(&factor.material).map_err(Error::internal)?,
            lockout: serde_json::to_string(&factor.lockout).map_err(Error::internal)?,
            created_at: factor.created_at.micros(),
            version: factor.version,
        })
    }
}

impl TryFrom<Row> for Factor {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let corrupt = || failure::corrupt("second factor");
        Ok(Self {
            id: FactorId::stored(row.id),
            credential: CredentialId::stored(row.credential),
            kind: FactorType::parse(&row.kind).ok_or_else(corrupt)?,
            confirmed: row.confirmed,
            material: serde_json::from_str(&row.material).map_err(|_| corrupt())?,
            lockout: serde_json::from_str(&row.lockout).map_err(|_| corrupt())?,
            created_at: Timestamp::from_micros(row.created_at),
            version: row.version,
        })
    }
}
