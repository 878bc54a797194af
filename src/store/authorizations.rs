//! The records behind SADs. Every change is conditional on the version that was read, so nothing is spent twice.

use diesel::prelude::*;

use crate::model::algorithm::Digest;
use crate::model::authorization::{Authorization, AuthorizedHashes};
use crate::model::error::{Error, Result};
use crate::model::id::{AuthorizationId, ClientId, CredentialId, UserId};
use crate::model::name::{SeatName, TenantName};
use crate::model::permission::TenantReach;
use crate::model::time::Timestamp;
use crate::store::connection::Access;
use crate::store::dialect::first_for_update;
use crate::store::schema::{authorizations, users};
use crate::store::tokens::TokenFilter;
use crate::store::{Tx, failure};

pub fn insert(tx: &mut Tx, authorization: &Authorization) -> Result<()> {
    diesel::insert_into(authorizations::table)
        .values(Row::try_from(authorization)?)
        .execute(tx.connection)?;
    Ok(())
}

/// Found by what is derived from the SAD; the SAD itself is nowhere. In a write transaction the record is this
/// transaction's until it ends: of many callers with one SAD each waits for its turn instead of losing it.
pub fn by_sad_id(tx: &mut Tx, sad_id: &[u8]) -> Result<Option<Authorization>> {
    by(tx, sad_id, Holder::Sad)
}

/// The same of an authorization that waits for the signer's approval, by what is derived from its handle.
pub fn by_handle_id(tx: &mut Tx, handle_id: &[u8]) -> Result<Option<Authorization>> {
    by(tx, handle_id, Holder::Handle)
}

/// As [`by_sad_id`] when nothing is to be spent: in a write transaction too the record is nobody's.
pub fn seen(tx: &mut Tx, sad_id: &[u8]) -> Result<Option<Authorization>> {
    let row: Option<Row> = authorizations::table
        .filter(authorizations::sad_id.eq(sad_id))
        .filter(authorizations::pending.eq(false))
        .get_result(tx.connection)
        .optional()?;
    row.map(Authorization::try_from).transpose()
}

/// Whatever became of it; held like [`by_sad_id`]'s.
pub fn find(tx: &mut Tx, id: &AuthorizationId) -> Result<Option<Authorization>> {
    let query = authorizations::table.filter(authorizations::id.eq(id.as_str()));
    let row: QueryResult<Row> = match tx.access {
        Access::Read => query.get_result(tx.connection),
        Access::Write => first_for_update!(tx.connection, query),
    };
    row.optional()?.map(Authorization::try_from).transpose()
}

/// What `sad_id` is derived from. One is never taken for the other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holder {
    Sad,
    Handle,
}

fn by(tx: &mut Tx, id: &[u8], holder: Holder) -> Result<Option<Authorization>> {
    let query = authorizations::table
        .filter(authorizations::sad_id.eq(id))
        .filter(authorizations::pending.eq(holder == Holder::Handle));
    let row: QueryResult<Row> = match tx.access {
        Access::Read => query.get_result(tx.connection),
        Access::Write => first_for_update!(tx.connection, query),
    };
    row.optional()?.map(Authorization::try_from).transpose()
}

/// Writes what spending changes of an authorization that was read as `authorization.version` under `sad_id` and has
/// not expired since: one statement, and it either spends or does not. What is indexed stays untouched.
pub fn spend(tx: &mut Tx, authorization: &Authorization, sad_id: &[u8]) -> Result<()> {
    let row = Row::try_from(authorization)?;
    let changed = diesel::update(unchanged(authorization, sad_id, tx.now))
        .set((
            authorizations::remaining.eq(row.remaining),
            authorizations::hashes.eq(row.hashes),
            authorizations::wrapped_data_key.eq(row.wrapped_data_key),
            authorizations::version.eq(authorization.version + 1),
        ))
        .execute(tx.connection)?;
    if changed == 1 { Ok(()) } else { Err(Error::conflict()) }
}

/// Writes an authorization that was extended: another SAD, other hashes, another end; as conditional as [`spend`].
pub fn extend(tx: &mut Tx, authorization: &Authorization, sad_id: &[u8]) -> Result<()> {
    let row = Row::try_from(authorization)?;
    let changed = diesel::update(unchanged(authorization, sad_id, tx.now))
        .set((
            authorizations::sad_id.eq(row.sad_id),
            authorizations::digest.eq(row.digest),
            authorizations::hashes.eq(row.hashes),
            authorizations::wrapped_data_key.eq(row.wrapped_data_key),
            authorizations::expires_at.eq(row.expires_at),
            authorizations::version.eq(authorization.version + 1),
        ))
        .execute(tx.connection)?;
    if changed == 1 { Ok(()) } else { Err(Error::conflict()) }
}

/// Writes a pending authorization that was given its SAD; as conditional as [`spend`], on the handle's id.
pub fn give(tx: &mut Tx, authorization: &Authorization, handle_id: &[u8]) -> Result<()> {
    let row = Row::try_from(authorization)?;
    let changed =
        diesel::update(unchanged(authorization, handle_id, tx.now).filter(authorizations::pending.eq(true)))
            .set((
                authorizations::pending.eq(false),
                authorizations::sad_id.eq(row.sad_id),
                authorizations::wrapped_data_key.eq(row.wrapped_data_key),
                authorizations::expires_at.eq(row.expires_at),
                authorizations::ends_at.eq(row.ends_at),
                authorizations::version.eq(authorization.version + 1),
            ))
            .execute(tx.connection)?;
    if changed == 1 { Ok(()) } else { Err(Error::conflict()) }
}

#[diesel::dsl::auto_type(no_type_alias)]
fn unchanged<'a>(authorization: &'a Authorization, sad_id: &'a [u8], now: Timestamp) -> _ {
    let id: &'a str = authorization.id.as_str();
    let version: i64 = authorization.version;
    let now: i64 = now.micros();
    authorizations::table
        .filter(authorizations::id.eq(id))
        .filter(authorizations::version.eq(version))
        .filter(authorizations::sad_id.eq(sad_id))
        .filter(authorizations::expires_at.gt(now))
}

/// Ends an authorization that was read in this transaction, and wipes what its SAD or handle would open.
pub fn end(tx: &mut Tx, authorization: &Authorization) -> Result<()> {
    let wiped: &[u8] = &[];
    let changed = diesel::update(unchanged(authorization, &authorization.sad_id, tx.now))
        .set((
            authorizations::remaining.eq(0),
            authorizations::wrapped_data_key.eq(wiped),
            authorizations::version.eq(authorization.version + 1),
        ))
        .execute(tx.connection)?;
    if changed == 1 { Ok(()) } else { Err(Error::conflict()) }
}

/// Ends every open authorization of a credential and wipes what its SADs would open; how many.
pub fn end_all(tx: &mut Tx, credential: &CredentialId) -> Result<usize> {
    let open = authorizations::table
        .filter(authorizations::credential.eq(credential.as_str()))
        .filter(authorizations::remaining.gt(0))
        .select(authorizations::id);
    let ids: Vec<String> = open.load(tx.connection)?;
    end_those(tx, &ids)
}

/// Ends every credential-scope token, and code of one, that matches and whose tenant `reach` covers; how many.
pub(super) fn end_tokens(tx: &mut Tx, filter: &TokenFilter, reach: &TenantReach) -> Result<usize> {
    let now = tx.now.micros();
    let mut given = authorizations::table
        .filter(authorizations::user_id.is_not_null())
        .filter(authorizations::remaining.gt(0))
        .filter(authorizations::expires_at.gt(now))
        .select(authorizations::id)
        .into_boxed();
    if let TenantReach::Only(_) = reach {
        given = given.filter(authorizations::tenant.eq_any(reach.names()));
    }
    if let Some(client) = &filter.client {
        given = given.filter(authorizations::client.eq(client.to_string()));
    }
    if let Some(tenant) = &filter.tenant {
        given = given.filter(authorizations::tenant.eq(tenant.to_string()));
    }
    if let Some(seat) = &filter.seat {
        given = given.filter(authorizations::seat.eq(seat.to_string()));
    }
    if let Some(user) = &filter.user {
        let named = users::table.filter(users::name.eq(user.clone())).select(users::id.nullable());
        given = given.filter(authorizations::user_id.eq_any(named));
    }
    let ids: Vec<String> = given.load(tx.connection)?;
    end_those(tx, &ids)
}

fn end_those(tx: &mut Tx, ids: &[String]) -> Result<usize> {
    let (now, wiped): (i64, &[u8]) = (tx.now.micros(), &[]);
    let mut ended = 0;
    for ids in ids.chunks(500) {
        let open = authorizations::table
            .filter(authorizations::id.eq_any(ids))
            .filter(authorizations::remaining.gt(0));
        ended += diesel::update(open)
            .set((
                authorizations::remaining.eq(0),
                authorizations::wrapped_data_key.eq(wiped),
                authorizations::expires_at.eq(now),
                authorizations::version.eq(authorizations::version + 1),
            ))
            .execute(tx.connection)?;
    }
    Ok(ended)
}

/// An authorization that the signer is asked about and that still waits for it, and is this transaction's until it ends.
pub fn pending(tx: &mut Tx, id: &AuthorizationId) -> Result<Option<Authorization>> {
    let query = authorizations::table
        .find(id.as_str())
        .filter(authorizations::pending.eq(true))
        .filter(authorizations::remaining.gt(0))
        .filter(authorizations::expires_at.gt(tx.now.micros()));
    let row: QueryResult<Row> = match tx.access {
        Access::Read => query.get_result(tx.connection),
        Access::Write => first_for_update!(tx.connection, query),
    };
    row.optional()?.map(Authorization::try_from).transpose()
}

/// Wipes what expired SADs would open, at most `limit` records at a time; how many.
pub fn wipe_expired(tx: &mut Tx, limit: u16) -> Result<usize> {
    let wiped: &[u8] = &[];
    let ids: Vec<String> = authorizations::table
        .filter(authorizations::expires_at.le(tx.now.micros()))
        .filter(authorizations::wrapped_data_key.ne(wiped))
        .select(authorizations::id)
        .limit(i64::from(limit))
        .load(tx.connection)?;
    let changed = diesel::update(authorizations::table.filter(authorizations::id.eq_any(ids)))
        .set((
            authorizations::remaining.eq(0),
            authorizations::wrapped_data_key.eq(wiped),
            authorizations::version.eq(authorizations::version + 1),
        ))
        .execute(tx.connection)?;
    Ok(changed)
}

/// Forgets authorizations that ended before `before`, at most `limit` at a time; how many.
pub fn forget_ended(tx: &mut Tx, before: Timestamp, limit: u16) -> Result<usize> {
    let ids: Vec<String> = authorizations::table
        .filter(authorizations::expires_at.lt(before.micros()))
        .select(authorizations::id)
        .limit(i64::from(limit))
        .load(tx.connection)?;
    Ok(diesel::delete(authorizations::table.filter(authorizations::id.eq_any(ids))).execute(tx.connection)?)
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = authorizations)]
struct Row {
    id: String,
    sad_id: Vec<u8>,
    credential: String,
    tenant: String,
    seat: Option<String>,
    client: String,
    remaining: i32,
    digest: Option<String>,
    hashes: Option<Vec<u8>>,
    wrapped_data_key: Vec<u8>,
    expires_at: i64,
    ends_at: i64,
    created_at: i64,
    version: i64,
    pending: bool,
    user_id: Option<String>,
}

impl TryFrom<&Authorization> for Row {
    type Error = Error;

    fn try_from(a: &Authorization) -> Result<Self> {
        let (digest, hashes) = match &a.hashes {
            AuthorizedHashes::Any => (None, None),
            AuthorizedHashes::Exactly { digest, left } => {
                (digest.map(|d| d.oid().to_owned()), Some(pack(left)?))
            }
        };
        Ok(Self {
            id: a.id.to_string(),
            sad_id: a.sad_id.clone(),
            credential: a.credential.to_string(),
            tenant: a.tenant.to_string(),
            seat: a.seat.as_ref().map(ToString::to_string),
            client: a.client.to_string(),
            remaining: i32::try_from(a.remaining).map_err(Error::internal)?,
            digest,
            hashes,
            wrapped_data_key: a.wrapped_data_key.clone(),
            expires_at: a.expires_at.micros(),
            ends_at: a.ends_at.micros(),
            created_at: a.created_at.micros(),
            version: a.version,
            pending: a.pending,
            user_id: a.user.as_ref().map(ToString::to_string),
        })
    }
}

impl TryFrom<Row> for Authorization {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let corrupt = || failure::corrupt("authorization");
        let hashes = match row.hashes {
            None => AuthorizedHashes::Any,
            Some(packed) => AuthorizedHashes::Exactly {
                digest: row.digest.as_deref().and_then(Digest::from_oid),
                left: unpack(&packed).ok_or_else(corrupt)?,
            },
        };
        Ok(Self {
            id: AuthorizationId::stored(row.id),
            sad_id: row.sad_id,
            pending: row.pending,
            credential: CredentialId::stored(row.credential),
            tenant: TenantName::stored(row.tenant),
            seat: row.seat.map(SeatName::stored),
            client: ClientId::stored(row.client),
            user: row.user_id.map(UserId::stored),
            remaining: u32::try_from(row.remaining).map_err(|_| corrupt())?,
            hashes,
            wrapped_data_key: row.wrapped_data_key,
            expires_at: Timestamp::from_micros(row.expires_at),
            ends_at: Timestamp::from_micros(row.ends_at),
            created_at: Timestamp::from_micros(row.created_at),
            version: row.version,
        })
    }
}

/// Each hash behind an octet that says its length: a thousand hashes are one small value.
fn pack(hashes: &[Vec<u8>]) -> Result<Vec<u8>> {
    let mut packed = Vec::with_capacity(hashes.iter().map(|hash| hash.len() + 1).sum());
    for hash in hashes {
        packed.push(u8::try_from(hash.len()).map_err(Error::internal)?);
        packed.extend_from_slice(hash);
    }
    Ok(packed)
}

fn unpack(mut packed: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut hashes = Vec::new();
    while let Some((length, rest)) = packed.split_first() {
        let (hash, after) = rest.split_at_checked(usize::from(*length))?;
        hashes.push(hash.to_vec());
        packed = after;
    }
    Some(hashes)
}
