//! The records of access tokens: what makes a token stop at once, on every node. Whatever ends access tokens by what
//! they are for ends the refresh tokens for it too, and first: they could still give others.

use diesel::prelude::*;

use crate::model::error::{Error, Result};
use crate::model::id::{ClientId, FamilyId, TokenId};
use crate::model::name::{SeatName, TenantName, UserName};
use crate::model::permission::TenantReach;
use crate::model::time::Timestamp;
use crate::model::token::TokenRecord;
use crate::store::page::{Listed, Page};
use crate::store::schema::tokens;
use crate::store::{Tx, authorizations, failure, refresh_tokens};

pub fn insert(tx: &mut Tx, token: &TokenRecord) -> Result<()> {
    diesel::insert_into(tokens::table).values(Row::try_from(token)?).execute(tx.connection)?;
    Ok(())
}

pub fn find(tx: &mut Tx, id: &TokenId) -> Result<Option<TokenRecord>> {
    let row: Option<Row> = tokens::table.find(id.as_str()).get_result(tx.connection).optional()?;
    row.map(TokenRecord::try_from).transpose()
}

/// Which tokens are meant; what is left out does not matter.
#[derive(Clone, Debug, Default)]
pub struct TokenFilter {
    pub client: Option<ClientId>,
    pub tenant: Option<TenantName>,
    pub seat: Option<SeatName>,
    pub user: Option<String>,
    pub standing: Standing,
}

/// Whether a token still works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    #[default]
    Any,
    /// Neither expired nor revoked.
    Active,
    /// Expired or revoked.
    Ended,
}

/// By id, which is by time of issue. `reach` leaves out what the caller's tenants do not cover.
pub fn list(
    tx: &mut Tx,
    filter: &TokenFilter,
    reach: &TenantReach,
    page: &Page,
) -> Result<Listed<TokenRecord>> {
    let now = tx.now;
    let load = |after: &str| {
        let rows: Vec<Row> = matching(filter, now)
            .filter(tokens::id.gt(after.to_owned()))
            .order(tokens::id)
            .limit(page.fetch())
            .load(tx.connection)?;
        rows.into_iter().map(TokenRecord::try_from).collect()
    };
    // A token may reach several tenants.
    page.sift(load, |token| reach.covers(&token.reach), |token| token.id.to_string())
}

/// Revokes one token; whether it stood until now.
pub fn revoke(tx: &mut Tx, id: &TokenId) -> Result<bool> {
    let changed = diesel::update(tokens::table.find(id.as_str()).filter(tokens::revoked_at.is_null()))
        .set(tokens::revoked_at.eq(Some(tx.now.micros())))
        .execute(tx.connection)?;
    Ok(changed == 1)
}

/// Revokes the active tokens of a family; how many.
pub(super) fn revoke_family(tx: &mut Tx, family: &FamilyId) -> Result<usize> {
    let now = tx.now.micros();
    let active = tokens::table
        .filter(tokens::family.eq(Some(family.as_str())))
        .filter(tokens::revoked_at.is_null())
        .filter(tokens::expires_at.gt(now));
    Ok(diesel::update(active).set(tokens::revoked_at.eq(Some(now))).execute(tx.connection)?)
}

/// Revokes every active token that matches and that `reach` covers, service and credential scope alike; how many, a
/// family's refresh tokens being one.
pub fn revoke_matching(tx: &mut Tx, filter: &TokenFilter, reach: &TenantReach) -> Result<usize> {
    let mut revoked = authorizations::end_tokens(tx, filter, reach)?;
    revoked += refresh_tokens::revoke_matching(tx, filter, reach)?;
    let now = tx.now;
    let active = TokenFilter { standing: Standing::Active, ..filter.clone() };
    let candidates: Vec<(String, String)> =
        matching(&active, now).select((tokens::id, tokens::reach)).load(tx.connection)?;
    let mut covered = Vec::with_capacity(candidates.len());
    for (id, token_reach) in candidates {
        let token_reach: TenantReach =
            serde_json::from_str(&token_reach).map_err(|_| failure::corrupt("token"))?;
        if reach.covers(&token_reach) {
            covered.push(id);
        }
    }
    for ids in covered.chunks(500) {
        revoked +=
            diesel::update(tokens::table.filter(tokens::id.eq_any(ids)).filter(tokens::revoked_at.is_null()))
                .set(tokens::revoked_at.eq(Some(now.micros())))
                .execute(tx.connection)?;
    }
    Ok(revoked)
}

/// Revokes the active tokens that act for a tenant; those that reach all tenants stay. How many, a family's refresh
/// tokens being one.
pub fn revoke_those_of(tx: &mut Tx, tenant: &TenantName) -> Result<usize> {
    let of_it = TokenFilter { tenant: Some(tenant.clone()), ..TokenFilter::default() };
    let given = authorizations::end_tokens(tx, &of_it, &TenantReach::All)?;
    let families = refresh_tokens::revoke_those_of(tx, tenant)?;
    let all = serde_json::to_string(&TenantReach::All).map_err(Error::internal)?;
    // A tenant's name holds no character that LIKE or JSON would read as another.
    let named = format!("%\"{tenant}\"%");
    let now = tx.now.micros();
    let concerned = tokens::table
        .filter(tokens::revoked_at.is_null())
        .filter(tokens::expires_at.gt(now))
        .filter(tokens::reach.ne(all))
        .filter(tokens::reach.like(named));
    let revoked = diesel::update(concerned).set(tokens::revoked_at.eq(Some(now))).execute(tx.connection)?;
    Ok(given + families + revoked)
}

/// Revokes the active tokens of a user, whose name is one of its tenant's only. How many.
pub fn revoke_those_of_user(tx: &mut Tx, tenant: &TenantName, user: &UserName) -> Result<usize> {
    let theirs =
        TokenFilter { tenant: Some(tenant.clone()), user: Some(user.to_string()), ..TokenFilter::default() };
    revoke_matching(tx, &theirs, &TenantReach::All)
}

/// Forgets tokens that ended before `before`, at most `limit` of them at a time; how many.
pub fn forget_ended(tx: &mut Tx, before: Timestamp, limit: u16) -> Result<usize> {
    let ids: Vec<String> = tokens::table
        .filter(tokens::expires_at.lt(before.micros()))
        .select(tokens::id)
        .limit(i64::from(limit))
        .load(tx.connection)?;
    Ok(diesel::delete(tokens::table.filter(tokens::id.eq_any(ids))).execute(tx.connection)?)
}

type Boxed<'a> = tokens::BoxedQuery<'a, crate::store::connection::MultiBackend>;

fn matching(filter: &TokenFilter, now: Timestamp) -> Boxed<'static> {
    let mut query = tokens::table.into_boxed();
    if let Some(client) = &filter.client {
        query = query.filter(tokens::client.eq(client.to_string()));
    }
    if let Some(tenant) = &filter.tenant {
        // Named by the scope, or the only one that the token reaches.
        let only = format!("[\"{tenant}\"]");
        query = query.filter(tokens::tenant.eq(tenant.to_string()).or(tokens::reach.eq(only)));
    }
    if let Some(seat) = &filter.seat {
        query = query.filter(tokens::seat.eq(seat.to_string()));
    }
    if let Some(user) = &filter.user {
        query = query.filter(tokens::user_name.eq(user.clone()));
    }
    let now = now.micros();
    match filter.standing {
        Standing::Any => query,
        Standing::Active => query.filter(tokens::revoked_at.is_null()).filter(tokens::expires_at.gt(now)),
        Standing::Ended => query.filter(tokens::revoked_at.is_not_null().or(tokens::expires_at.le(now))),
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = tokens)]
struct Row {
    id: String,
    client: String,
    user_name: Option<String>,
    tenant: Option<String>,
    seat: Option<String>,
    scope: String,
    permissions: String,
    reach: String,
    family: Option<String>,
    issued_at: i64,
    expires_at: i64,
    revoked_at: Option<i64>,
}

impl TryFrom<&TokenRecord> for Row {
    type Error = Error;

    fn try_from(token: &TokenRecord) -> Result<Self> {
        Ok(Self {
            id: token.id.to_string(),
            client: token.client.to_string(),
            user_name: token.user.as_ref().map(ToString::to_string),
            tenant: token.tenant.as_ref().map(ToString::to_string),
            seat: token.seat.as_ref().map(ToString::to_string),
            scope: token.scope.clone(),
            permissions: serde_json::to_string(&token.permissions).map_err(Error::internal)?,
            reach: serde_json::to_string(&token.reach).map_err(Error::internal)?,
            family: token.family.as_ref().map(ToString::to_string),
            issued_at: token.issued_at.micros(),
            expires_at: token.expires_at.micros(),
            revoked_at: token.revoked_at.map(Timestamp::micros),
        })
    }
}

impl TryFrom<Row> for TokenRecord {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: TokenId::stored(row.id),
            client: ClientId::stored(row.client),
            user: row.user_name.map(UserName::stored),
            tenant: row.tenant.map(TenantName::stored),
            seat: row.seat.map(SeatName::stored),
            scope: row.scope,
            permissions: serde_json::from_str(&row.permissions).map_err(|_| failure::corrupt("token"))?,
            reach: serde_json::from_str(&row.reach).map_err(|_| failure::corrupt("token"))?,
            family: row.family.map(FamilyId::stored),
            issued_at: Timestamp::from_micros(row.issued_at),
            expires_at: Timestamp::from_micros(row.expires_at),
            revoked_at: row.revoked_at.map(Timestamp::from_micros),
        })
    }
}
