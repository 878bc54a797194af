//! Links by which signers set up their PIN and OTP. A link belongs to the first browser that uses it, by one conditional
//! update.

use diesel::prelude::*;

use crate::model::enrolment_link::EnrolmentLink;
use crate::model::error::Result;
use crate::model::id::{ClientId, CredentialId, FactorId};
use crate::model::time::Timestamp;
use crate::store::Tx;
use crate::store::connection::Access;
use crate::store::dialect::first_for_update;
use crate::store::schema::enrolment_links;

pub fn insert(tx: &mut Tx, link: &EnrolmentLink) -> Result<()> {
    diesel::insert_into(enrolment_links::table).values(Row::from(link)).execute(tx.connection)?;
    Ok(())
}

/// Good, expired or finished. In a write transaction it is this transaction's until that ends.
pub fn find(tx: &mut Tx, id: &[u8]) -> Result<Option<EnrolmentLink>> {
    let query = enrolment_links::table.filter(enrolment_links::id.eq(id));
    let row: QueryResult<Row> = match tx.access {
        Access::Read => query.get_result(tx.connection),
        Access::Write => first_for_update!(tx.connection, query),
    };
    Ok(row.optional()?.map(EnrolmentLink::from))
}

/// Makes it a browser's; false when it is some browser's already, or good no more.
pub fn bind(tx: &mut Tx, id: &[u8], browser: &[u8]) -> Result<bool> {
    let unused = enrolment_links::table
        .find(id)
        .filter(enrolment_links::browser.is_null())
        .filter(enrolment_links::finished_at.is_null())
        .filter(enrolment_links::expires_at.gt(tx.now.micros()));
    let bound =
        diesel::update(unused).set(enrolment_links::browser.eq(Some(browser))).execute(tx.connection)?;
    Ok(bound == 1)
}

/// An OTP was made through it, in place of any before.
pub fn keep_otp(tx: &mut Tx, id: &[u8], otp: &FactorId) -> Result<()> {
    diesel::update(enrolment_links::table.find(id))
        .set(enrolment_links::otp.eq(Some(otp.as_str())))
        .execute(tx.connection)?;
    Ok(())
}

/// Nothing is left to do.
pub fn finish(tx: &mut Tx, id: &[u8]) -> Result<()> {
    diesel::update(enrolment_links::table.find(id).filter(enrolment_links::finished_at.is_null()))
        .set(enrolment_links::finished_at.eq(Some(tx.now.micros())))
        .execute(tx.connection)?;
    Ok(())
}

/// Has every link of a credential that is still good expire now; how many.
pub fn end_those_of(tx: &mut Tx, credential: &CredentialId) -> Result<usize> {
    let now = tx.now.micros();
    let good = enrolment_links::table
        .filter(enrolment_links::credential.eq(credential.as_str()))
        .filter(enrolment_links::finished_at.is_null())
        .filter(enrolment_links::expires_at.gt(now));
    Ok(diesel::update(good).set(enrolment_links::expires_at.eq(now)).execute(tx.connection)?)
}

/// Forgets what expired before `before`, at most `limit` at a time; how many.
pub fn forget_expired(tx: &mut Tx, before: Timestamp, limit: u16) -> Result<usize> {
    let ids: Vec<Vec<u8>> = enrolment_links::table
        .filter(enrolment_links::expires_at.lt(before.micros()))
        .select(enrolment_links::id)
        .limit(i64::from(limit))
        .load(tx.connection)?;
    let gone = enrolment_links::table.filter(enrolment_links::id.eq_any(ids));
    Ok(diesel::delete(gone).execute(tx.connection)?)
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = enrolment_links)]
struct Row {
    id: Vec<u8>,
    credential: String,
    client: String,
    browser: Option<Vec<u8>>,
    otp: Option<String>,
    created_at: i64,
    expires_at: i64,
    finished_at: Option<i64>,
}

impl From<&EnrolmentLink> for Row {
    fn from(link: &EnrolmentLink) -> Self {
        Self {
            id: link.id.clone(),
            credential: link.credential.to_string(),
            client: link.client.to_string(),
            browser: link.browser.clone(),
            otp: link.otp.as_ref().map(ToString::to_string),
            created_at: link.created_at.micros(),
            expires_at: link.expires_at.micros(),
            finished_at: link.finished_at.map(Timestamp::micros),
        }
    }
}

impl From<Row> for EnrolmentLink {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            credential: CredentialId::stored(row.credential),
            client: ClientId::stored(row.client),
            browser: row.browser,
            otp: row.otp.map(FactorId::stored),
            created_at: Timestamp::from_micros(row.created_at),
            expires_at: Timestamp::from_micros(row.expires_at),
            finished_at: row.finished_at.map(Timestamp::from_micros),
        }
    }
}
