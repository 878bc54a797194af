//! Signatures that wait to be collected. They are written once, read as often as somebody polls, and forgotten.

use diesel::prelude::*;

use crate::model::error::Result;
use crate::model::id::{ClientId, CredentialId, SignResponseId};
use crate::model::name::{SeatName, TenantName};
use crate::model::sign_response::SignResponse;
use crate::model::time::Timestamp;
use crate::store::Tx;
use crate::store::schema::sign_responses;

pub fn insert(tx: &mut Tx, response: &SignResponse) -> Result<()> {
    diesel::insert_into(sign_responses::table).values(Row::from(response)).execute(tx.connection)?;
    Ok(())
}

/// Found by what is derived from the responseID, until it expires; the responseID itself is nowhere.
pub fn by_response_id(tx: &mut Tx, response_id: &[u8]) -> Result<Option<SignResponse>> {
    let row: Option<Row> = sign_responses::table
        .filter(sign_responses::response_id.eq(response_id))
        .filter(sign_responses::expires_at.gt(tx.now.micros()))
        .get_result(tx.connection)
        .optional()?;
    Ok(row.map(SignResponse::from))
}

/// Forgets what has expired, at most `limit` at a time; how many.
pub fn forget_expired(tx: &mut Tx, limit: u16) -> Result<usize> {
    let ids: Vec<String> = sign_responses::table
        .filter(sign_responses::expires_at.le(tx.now.micros()))
        .select(sign_responses::id)
        .limit(i64::from(limit))
        .load(tx.connection)?;
    Ok(diesel::delete(sign_responses::table.filter(sign_responses::id.eq_any(ids))).execute(tx.connection)?)
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = sign_responses)]
struct Row {
    id: String,
    response_id: Vec<u8>,
    credential: String,
    tenant: String,
    seat: Option<String>,
    client: String,
    sealed: Vec<u8>,
    expires_at: i64,
    created_at: i64,
}

impl From<&SignResponse> for Row {
    fn from(r: &SignResponse) -> Self {
        Self {
            id: r.id.to_string(),
            response_id: r.response_id.clone(),
            credential: r.credential.to_string(),
            tenant: r.tenant.to_string(),
            seat: r.seat.as_ref().map(ToString::to_string),
            client: r.client.to_string(),
            sealed: r.sealed.clone(),
            expires_at: r.expires_at.micros(),
            created_at: r.created_at.micros(),
        }
    }
}

impl From<Row> for SignResponse {
    fn from(row: Row) -> Self {
        Self {
            id: SignResponseId::stored(row.id),
            response_id: row.response_id,
            credential: CredentialId::stored(row.credential),
            tenant: TenantName::stored(row.tenant),
            seat: row.seat.map(SeatName::stored),
            client: ClientId::stored(row.client),
            sealed: row.sealed,
            expires_at: Timestamp::from_micros(row.expires_at),
            created_at: Timestamp::from_micros(row.created_at),
        }
    }
}
