//! What applications ask people for. A request belongs to one browser, and is decided once.

use diesel::prelude::*;

use crate::model::authorization_request::{AuthorizationRequest, Passed};
use crate::model::error::{Error, Result};
use crate::model::id::{ClientId, UserId};
use crate::model::time::Timestamp;
use crate::store::connection::Access;
use crate::store::dialect::first_for_update;
use crate::store::schema::authorization_requests;
use crate::store::{Tx, failure};

pub fn insert(tx: &mut Tx, request: &AuthorizationRequest) -> Result<()> {
    diesel::insert_into(authorization_requests::table)
        .values(Row::try_from(request)?)
        .execute(tx.connection)?;
    Ok(())
}

/// One that has not expired and was not decided. In a write transaction it is this transaction's until that ends.
pub fn find(tx: &mut Tx, id: &[u8]) -> Result<Option<AuthorizationRequest>> {
    let query = authorization_requests::table
        .filter(authorization_requests::id.eq(id))
        .filter(authorization_requests::expires_at.gt(tx.now.micros()));
    let row: QueryResult<Row> = match tx.access {
        Access::Read => query.get_result(tx.connection),
        Access::Write => first_for_update!(tx.connection, query),
    };
    row.optional()?.map(AuthorizationRequest::try_from).transpose()
}

/// Takes it, so that nobody can any more: false when somebody did before, or when it has expired.
pub fn take(tx: &mut Tx, id: &[u8]) -> Result<bool> {
    let open =
        authorization_requests::table.find(id).filter(authorization_requests::expires_at.gt(tx.now.micros()));
    Ok(diesel::delete(open).execute(tx.connection)? == 1)
}

/// Somebody's password was right; a code has to follow.
pub fn pass(tx: &mut Tx, id: &[u8], passed: &Passed) -> Result<()> {
    let changed = diesel::update(authorization_requests::table.find(id))
        .set((
            authorization_requests::passed_user.eq(passed.user.as_str()),
            authorization_requests::passed_version.eq(passed.version),
        ))
        .execute(tx.connection)?;
    if changed == 1 { Ok(()) } else { Err(Error::not_found()) }
}

/// Somebody signed in for it.
pub fn signed_in(tx: &mut Tx, id: &[u8], at: Timestamp) -> Result<()> {
    let changed = diesel::update(authorization_requests::table.find(id))
        .set((
            authorization_requests::passed_user.eq(None::<String>),
            authorization_requests::passed_version.eq(None::<i64>),
            authorization_requests::signed_in_at.eq(Some(at.micros())),
        ))
        .execute(tx.connection)?;
    if changed == 1 { Ok(()) } else { Err(Error::not_found()) }
}

/// A browser that got another cookie keeps its requests.
pub fn follow(tx: &mut Tx, before: &[u8], browser: &[u8]) -> Result<usize> {
    let theirs = authorization_requests::table.filter(authorization_requests::browser.eq(before));
    Ok(diesel::update(theirs).set(authorization_requests::browser.eq(browser)).execute(tx.connection)?)
}

/// How many: what an application asked that changed is not decided any more.
pub fn forget_those_of_client(tx: &mut Tx, client: &ClientId) -> Result<usize> {
    let theirs = authorization_requests::table.filter(authorization_requests::client.eq(client.as_str()));
    Ok(diesel::delete(theirs).execute(tx.connection)?)
}

/// Forgets what has expired, at most `limit` at a time; how many.
pub fn forget_expired(tx: &mut Tx, limit: u16) -> Result<usize> {
    let ids: Vec<Vec<u8>> = authorization_requests::table
        .filter(authorization_requests::expires_at.le(tx.now.micros()))
        .select(authorization_requests::id)
        .limit(i64::from(limit))
        .load(tx.connection)?;
    let gone = authorization_requests::table.filter(authorization_requests::id.eq_any(ids));
    Ok(diesel::delete(gone).execute(tx.connection)?)
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = authorization_requests)]
struct Row {
    id: Vec<u8>,
    client: String,
    browser: Option<Vec<u8>>,
    asked: String,
    passed_user: Option<String>,
    passed_version: Option<i64>,
    signed_in_at: Option<i64>,
    expires_at: i64,
}

impl TryFrom<&AuthorizationRequest> for Row {
    type Error = Error;

    fn try_from(r: &AuthorizationRequest) -> Result<Self> {
        Ok(Self {
            id: r.id.clone(),
            client: r.client.to_string(),
            browser: r.browser.clone(),
            asked: serde_json::to_string(&r.asked).map_err(Error::internal)?,
            passed_user: r.passed.as_ref().map(|passed| passed.user.to_string()),
            passed_version: r.passed.as_ref().map(|passed| passed.version),
            signed_in_at: r.signed_in_at.map(Timestamp::micros),
            expires_at: r.expires_at.micros(),
        })
    }
}

impl TryFrom<Row> for AuthorizationRequest {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let passed = row.passed_user.zip(row.passed_version);
        Ok(Self {
            id: row.id,
            client: ClientId::stored(row.client),
            browser: row.browser,
            asked: serde_json::from_str(&row.asked).map_err(|_| failure::corrupt("authorization request"))?,
            passed: passed.map(|(user, version)| Passed { user: UserId::stored(user), version }),
            signed_in_at: row.signed_in_at.map(Timestamp::from_micros),
            expires_at: Timestamp::from_micros(row.expires_at),
        })
    }
}
