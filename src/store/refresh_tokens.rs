//! Families of tokens and their refresh tokens. A family's row is held by whoever renews it or ends it: so nothing is
//! renewed that has ended, and nothing that was renewed meanwhile outlives the end.

use diesel::prelude::*;

use crate::model::error::{Error, Result};
use crate::model::id::{ClientId, FamilyId};
use crate::model::name::{SeatName, TenantName, UserName};
use crate::model::permission::TenantReach;
use crate::model::refresh_token::{FamilyOrigin, RefreshToken, TokenFamily};
use crate::model::time::Timestamp;
use crate::store::connection::{Access, MultiBackend};
use crate::store::dialect::first_for_update;
use crate::store::schema::{refresh_tokens, token_families};
use crate::store::tokens::TokenFilter;
use crate::store::{Tx, failure, tokens};

/// A new family, with its first refresh token.
pub fn begin(tx: &mut Tx, family: &TokenFamily, first: &RefreshToken) -> Result<()> {
    begin_without(tx, family)?;
    insert(tx, first)
}

/// A new family that cannot be renewed; what it holds ends together.
pub fn begin_without(tx: &mut Tx, family: &TokenFamily) -> Result<()> {
    diesel::insert_into(token_families::table).values(FamilyRow::try_from(family)?).execute(tx.connection)?;
    Ok(())
}

/// A refresh token by its hash, with its family. In a write transaction both are this transaction's until it ends: of
/// parallel callers with one token each waits for its turn.
pub fn find(tx: &mut Tx, hash: &[u8]) -> Result<Option<(RefreshToken, TokenFamily)>> {
    let query = refresh_tokens::table.filter(refresh_tokens::hash.eq(hash));
    let row: QueryResult<Row> = match tx.access {
        Access::Read => query.get_result(tx.connection),
        Access::Write => first_for_update!(tx.connection, query),
    };
    let Some(row) = row.optional()? else { return Ok(None) };
    let query = token_families::table.filter(token_families::id.eq(row.family.as_str()));
    let family: FamilyRow = match tx.access {
        Access::Read => query.get_result(tx.connection)?,
        Access::Write => first_for_update!(tx.connection, query)?,
    };
    Ok(Some((row.into(), family.try_into()?)))
}

/// Spends a refresh token that was never used and puts its successor in its place.
pub fn rotate(tx: &mut Tx, spent: &RefreshToken, successor: &RefreshToken) -> Result<()> {
    let unused = refresh_tokens::table
        .filter(refresh_tokens::hash.eq(&spent.hash))
        .filter(refresh_tokens::used_at.is_null());
    let changed = diesel::update(unused)
        .set(refresh_tokens::used_at.eq(Some(tx.now.micros())))
        .execute(tx.connection)?;
    if changed != 1 {
        return Err(Error::conflict());
    }
    insert(tx, successor)?;
    let standing = token_families::table
        .filter(token_families::id.eq(spent.family.as_str()))
        .filter(token_families::revoked_at.is_null());
    let changed = diesel::update(standing)
        .set(token_families::expires_at.eq(successor.expires_at.micros()))
        .execute(tx.connection)?;
    if changed == 1 { Ok(()) } else { Err(Error::conflict()) }
}

/// Ends a family: its refresh tokens and its access tokens. How many access tokens stood until now.
pub fn revoke(tx: &mut Tx, id: &FamilyId) -> Result<usize> {
    let standing = token_families::table
        .filter(token_families::id.eq(id.as_str()))
        .filter(token_families::revoked_at.is_null());
    diesel::update(standing)
        .set(token_families::revoked_at.eq(Some(tx.now.micros())))
        .execute(tx.connection)?;
    tokens::revoke_family(tx, id)
}

/// Ends the refresh tokens of every family that stands, matches and that `reach` covers; how many families. Their access
/// tokens are the caller's to end, afterwards: until then they may still become more.
pub(super) fn revoke_matching(tx: &mut Tx, filter: &TokenFilter, reach: &TenantReach) -> Result<usize> {
    let candidates: Vec<(String, String)> =
        matching(filter, tx.now).select((token_families::id, token_families::reach)).load(tx.connection)?;
    let mut covered = Vec::with_capacity(candidates.len());
    for (id, family_reach) in candidates {
        if reach.covers(&stored_reach(&family_reach)?) {
            covered.push(id);
        }
    }
    let now = tx.now.micros();
    let mut revoked = 0;
    for ids in covered.chunks(500) {
        let standing = token_families::table
            .filter(token_families::id.eq_any(ids))
            .filter(token_families::revoked_at.is_null());
        revoked +=
            diesel::update(standing).set(token_families::revoked_at.eq(Some(now))).execute(tx.connection)?;
    }
    Ok(revoked)
}

/// The same for the families that act for a tenant; those that reach all tenants stay.
pub(super) fn revoke_those_of(tx: &mut Tx, tenant: &TenantName) -> Result<usize> {
    let all = serde_json::to_string(&TenantReach::All).map_err(Error::internal)?;
    // A tenant's name holds no character that LIKE or JSON would read as another.
    let named = format!("%\"{tenant}\"%");
    let now = tx.now.micros();
    let concerned = token_families::table
        .filter(token_families::revoked_at.is_null())
        .filter(token_families::expires_at.gt(now))
        .filter(token_families::reach.ne(all))
        .filter(token_families::reach.like(named));
    Ok(diesel::update(concerned).set(token_families::revoked_at.eq(Some(now))).execute(tx.connection)?)
}

/// Forgets refresh tokens that expired before `before`, at most `limit` of them at a time; how many.
pub fn forget_expired(tx: &mut Tx, before: Timestamp, limit: u16) -> Result<usize> {
    let hashes: Vec<Vec<u8>> = refresh_tokens::table
        .filter(refresh_tokens::expires_at.lt(before.micros()))
        .select(refresh_tokens::hash)
        .limit(i64::from(limit))
        .load(tx.connection)?;
    Ok(diesel::delete(refresh_tokens::table.filter(refresh_tokens::hash.eq_any(hashes)))
        .execute(tx.connection)?)
}

/// Forgets families that ended before `before`, and what is left of their refresh tokens with them.
pub fn forget_ended(tx: &mut Tx, before: Timestamp, limit: u16) -> Result<usize> {
    let before = before.micros();
    let ended = token_families::expires_at.lt(before).or(token_families::revoked_at.lt(before));
    let ids: Vec<String> = token_families::table
        .filter(ended.assume_not_null())
        .select(token_families::id)
        .limit(i64::from(limit))
        .load(tx.connection)?;
    Ok(diesel::delete(token_families::table.filter(token_families::id.eq_any(ids))).execute(tx.connection)?)
}

fn insert(tx: &mut Tx, token: &RefreshToken) -> Result<()> {
    diesel::insert_into(refresh_tokens::table).values(Row::from(token)).execute(tx.connection)?;
    Ok(())
}

/// The families that stand and match, whatever the filter says of standing.
fn matching(filter: &TokenFilter, now: Timestamp) -> token_families::BoxedQuery<'static, MultiBackend> {
    let mut query = token_families::table
        .filter(token_families::revoked_at.is_null())
        .filter(token_families::expires_at.gt(now.micros()))
        .into_boxed();
    if let Some(client) = &filter.client {
        query = query.filter(token_families::client.eq(client.to_string()));
    }
    if let Some(tenant) = &filter.tenant {
        // Named by the scope, or the only one that the family reaches.
        let only = format!("[\"{tenant}\"]");
        query =
            query.filter(token_families::tenant.eq(tenant.to_string()).or(token_families::reach.eq(only)));
    }
    if let Some(seat) = &filter.seat {
        query = query.filter(token_families::seat.eq(seat.to_string()));
    }
    if let Some(user) = &filter.user {
        query = query.filter(token_families::user_name.eq(user.clone()));
    }
    query
}

fn stored_reach(text: &str) -> Result<TenantReach> {
    serde_json::from_str(text).map_err(|_| failure::corrupt("token family"))
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = refresh_tokens)]
struct Row {
    hash: Vec<u8>,
    family: String,
    issued_at: i64,
    expires_at: i64,
    used_at: Option<i64>,
}

impl From<&RefreshToken> for Row {
    fn from(token: &RefreshToken) -> Self {
        Self {
            hash: token.hash.clone(),
            family: token.family.to_string(),
            issued_at: token.issued_at.micros(),
            expires_at: token.expires_at.micros(),
            used_at: token.used_at.map(Timestamp::micros),
        }
    }
}

impl From<Row> for RefreshToken {
    fn from(row: Row) -> Self {
        Self {
            hash: row.hash,
            family: FamilyId::stored(row.family),
            issued_at: Timestamp::from_micros(row.issued_at),
            expires_at: Timestamp::from_micros(row.expires_at),
            used_at: row.used_at.map(Timestamp::from_micros),
        }
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = token_families)]
struct FamilyRow {
    id: String,
    origin: String,
    client: String,
    user_name: Option<String>,
    tenant: Option<String>,
    seat: Option<String>,
    scope: String,
    reach: String,
    issued_at: i64,
    expires_at: i64,
    revoked_at: Option<i64>,
    signed_in_at: Option<i64>,
}

impl TryFrom<&TokenFamily> for FamilyRow {
    type Error = Error;

    fn try_from(family: &TokenFamily) -> Result<Self> {
        Ok(Self {
            id: family.id.to_string(),
            origin: family.origin.as_str().to_owned(),
            client: family.client.to_string(),
            user_name: family.user.as_ref().map(ToString::to_string),
            tenant: family.tenant.as_ref().map(ToString::to_string),
            seat: family.seat.as_ref().map(ToString::to_string),
            scope: family.scope.clone(),
            reach: serde_json::to_string(&family.reach).map_err(Error::internal)?,
            issued_at: family.issued_at.micros(),
            expires_at: family.expires_at.micros(),
            revoked_at: family.revoked_at.map(Timestamp::micros),
            signed_in_at: family.signed_in_at.map(Timestamp::micros),
        })
    }
}

impl TryFrom<FamilyRow> for TokenFamily {
    type Error = Error;

    fn try_from(row: FamilyRow) -> Result<Self> {
        Ok(Self {
            id: FamilyId::stored(row.id),
            origin: FamilyOrigin::parse(&row.origin).ok_or_else(|| failure::corrupt("token family"))?,
            client: ClientId::stored(row.client),
            user: row.user_name.map(UserName::stored),
            tenant: row.tenant.map(TenantName::stored),
            seat: row.seat.map(SeatName::stored),
            scope: row.scope,
            reach: stored_reach(&row.reach)?,
            issued_at: Timestamp::from_micros(row.issued_at),
            expires_at: Timestamp::from_micros(row.expires_at),
            revoked_at: row.revoked_at.map(Timestamp::from_micros),
            signed_in_at: row.signed_in_at.map(Timestamp::from_micros),
        })
    }
}
