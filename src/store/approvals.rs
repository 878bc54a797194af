//! What signers were asked by a link. A decision is one conditional update: the first one stands.

use diesel::prelude::*;

use crate::model::approval::{Approval, Decision, Purpose};
use crate::model::error::{Error, Result};
use crate::model::id::{AuthorizationId, CredentialId, FactorId};
use crate::model::time::Timestamp;
use crate::store::schema::approvals;
use crate::store::{Tx, failure};

pub fn insert(tx: &mut Tx, approval: &Approval) -> Result<()> {
    diesel::insert_into(approvals::table).values(Row::try_from(approval)?).execute(tx.connection)?;
    Ok(())
}

/// Found by what is derived from the link's token, until it expires; the token itself is nowhere.
pub fn find(tx: &mut Tx, id: &[u8]) -> Result<Option<Approval>> {
    let row: Option<Row> = approvals::table
        .find(id)
        .filter(approvals::expires_at.gt(tx.now.micros()))
        .get_result(tx.connection)
        .optional()?;
    row.map(Approval::try_from).transpose()
}

/// The approval that an authorization waits for, expired or not.
pub fn of_authorization(tx: &mut Tx, id: &AuthorizationId) -> Result<Option<Approval>> {
    let row: Option<Row> = approvals::table
        .filter(approvals::authorization_id.eq(id.as_str()))
        .get_result(tx.connection)
        .optional()?;
    row.map(Approval::try_from).transpose()
}

/// Decides what nobody decided yet; false when somebody did, or when it has expired.
pub fn decide(tx: &mut Tx, id: &[u8], decision: Decision) -> Result<bool> {
    let undecided = approvals::table
        .find(id)
        .filter(approvals::decision.is_null())
        .filter(approvals::expires_at.gt(tx.now.micros()));
    let decided = diesel::update(undecided)
        .set((approvals::decision.eq(decision.as_str()), approvals::decided_at.eq(tx.now.micros())))
        .execute(tx.connection)?;
    Ok(decided == 1)
}

/// Takes back the questions whether a factor's address is its signer's: another one was asked.
pub fn withdraw(tx: &mut Tx, factor: &FactorId) -> Result<()> {
    let asked = approvals::table
        .filter(approvals::factor.eq(factor.as_str()))
        .filter(approvals::authorization_id.is_null());
    diesel::delete(asked).execute(tx.connection)?;
    Ok(())
}

/// Forgets what expired before `before`, at most `limit` at a time; how many.
pub fn forget_expired(tx: &mut Tx, before: Timestamp, limit: u16) -> Result<usize> {
    let ids: Vec<Vec<u8>> = approvals::table
        .filter(approvals::expires_at.lt(before.micros()))
        .select(approvals::id)
        .limit(i64::from(limit))
        .load(tx.connection)?;
    Ok(diesel::delete(approvals::table.filter(approvals::id.eq_any(ids))).execute(tx.connection)?)
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = approvals)]
struct Row {
    id: Vec<u8>,
    credential: String,
    factor: String,
    authorization_id: Option<String>,
    shown: String,
    decision: Option<String>,
    created_at: i64,
    expires_at: i64,
    decided_at: Option<i64>,
}

impl TryFrom<&Approval> for Row {
    type Error = Error;

    fn try_from(a: &Approval) -> Result<Self> {
        Ok(Self {
            id: a.id.clone(),
            credential: a.credential.to_string(),
            factor: a.factor.to_string(),
            authorization_id: match &a.purpose {
                Purpose::Authorize(id) => Some(id.to_string()),
                Purpose::ConfirmFactor => None,
            },
            shown: serde_json::to_string(&a.asked).map_err(Error::internal)?,
            decision: a.decision.map(|decision| decision.as_str().to_owned()),
            created_at: a.created_at.micros(),
            expires_at: a.expires_at.micros(),
            decided_at: a.decided_at.map(Timestamp::micros),
        })
    }
}

impl TryFrom<Row> for Approval {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let corrupt = || failure::corrupt("approval");
        Ok(Self {
            id: row.id,
            credential: CredentialId::stored(row.credential),
            factor: FactorId::stored(row.factor),
            purpose: match row.authorization_id {
                Some(id) => Purpose::Authorize(AuthorizationId::stored(id)),
                None => Purpose::ConfirmFactor,
            },
            asked: serde_json::from_str(&row.shown).map_err(|_| corrupt())?,
            decision: row
                .decision
                .map(|decision| Decision::parse(&decision).ok_or_else(corrupt))
                .transpose()?,
            created_at: Timestamp::from_micros(row.created_at),
            expires_at: Timestamp::from_micros(row.expires_at),
            decided_at: row.decided_at.map(Timestamp::from_micros),
        })
    }
}
