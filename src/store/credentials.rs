//! Credentials. Every change is conditional on the version that was read.

use std::collections::BTreeSet;

use diesel::prelude::*;

use crate::model::credential::{Credential, CredentialStatus};
use crate::model::error::{Error, Result};
use crate::model::id::{ChainId, ClientId, ConfigurationId, CredentialId, KeyId};
use crate::model::name::{SeatName, TenantName};
use crate::model::permission::TenantReach;
use crate::model::time::Timestamp;
use crate::model::token::Caller;
use crate::store::connection::Access;
use crate::store::dialect::{first_for_share, first_for_update};
use crate::store::page::{Listed, Page};
use crate::store::schema::credentials;
use crate::store::{Tx, failure};

pub fn insert(tx: &mut Tx, credential: &Credential) -> Result<()> {
    diesel::insert_into(credentials::table).values(Row::try_from(credential)?).execute(tx.connection)?;
    Ok(())
}

/// The credential, for a caller that may see it; one of another tenant or seat is not found. In a write transaction
/// the row is this transaction's until it ends.
pub fn visible(tx: &mut Tx, caller: &Caller, id: &CredentialId) -> Result<Credential> {
    find(tx, id)?.filter(|credential| is_seen(caller, credential)).ok_or_else(Error::not_found)
}

/// A credential that a record speaks of, whoever asks; held like [`visible`]'s.
pub fn known(tx: &mut Tx, id: &CredentialId) -> Result<Credential> {
    find(tx, id)?.ok_or_else(|| failure::corrupt("credential"))
}

/// The credential, whoever asks: whether they may know of it is for the caller to see. Held like [`visible`]'s.
pub fn find(tx: &mut Tx, id: &CredentialId) -> Result<Option<Credential>> {
    let query = credentials::table.find(id.as_str());
    let row: QueryResult<Row> = match tx.access {
        Access::Read => query.get_result(tx.connection),
        Access::Write => first_for_update!(tx.connection, query),
    };
    row.optional()?.map(Credential::try_from).transpose()
}

/// Those of some seats that can be signed with, by id, at most a hundred.
pub fn active_of_seats(
    tx: &mut Tx,
    tenant: &TenantName,
    seats: &BTreeSet<SeatName>,
) -> Result<Vec<Credential>> {
    let now = tx.now.micros();
    let rows: Vec<Row> = credentials::table
        .filter(credentials::tenant.eq(tenant.to_string()))
        .filter(credentials::seat.eq_any(seats.iter().map(ToString::to_string)))
        .filter(credentials::status.eq(CredentialStatus::Active.as_str()))
        .filter(credentials::expires_at.is_null().or(credentials::expires_at.ge(now)))
        .order(credentials::id)
        .limit(100)
        .load(tx.connection)?;
    rows.into_iter().map(Credential::try_from).collect()
}

/// What [`visible`] finds, kept from changing until the transaction ends, but not from being held by others too.
pub fn held(tx: &mut Tx, caller: &Caller, id: &CredentialId) -> Result<Credential> {
    let query = credentials::table.find(id.as_str());
    let row: QueryResult<Row> = first_for_share!(tx.connection, query);
    let credential = row.optional()?.map(Credential::try_from).transpose()?;
    credential.filter(|credential| is_seen(caller, credential)).ok_or_else(Error::not_found)
}

fn is_seen(caller: &Caller, credential: &Credential) -> bool {
    caller.sole_credential().is_none_or(|sole| *sole == credential.id)
        && caller.sees(&credential.tenant, &credential.seat)
}

/// Which credentials are meant; what is left out does not matter.
#[derive(Clone, Debug, Default)]
pub struct CredentialFilter {
    pub tenant: Option<TenantName>,
    pub seat: Option<SeatName>,
    /// Any of these; all when empty. `Expired` is what `Active` becomes when its certificate ends.
    pub statuses: Vec<CredentialStatus>,
}

/// Those that the caller sees, by id, which is by time.
pub fn list(
    tx: &mut Tx,
    caller: &Caller,
    filter: &CredentialFilter,
    page: &Page,
) -> Result<Listed<Credential>> {
    let now = tx.now.micros();
    let mut query = credentials::table.filter(credentials::id.gt(page.after())).into_boxed();
    if let TenantReach::Only(_) = caller.reach() {
        query = match caller.reach().sole() {
            Some(tenant) => query.filter(credentials::tenant.eq(tenant.to_string())),
            None => query.filter(credentials::tenant.eq_any(caller.reach().names())),
        };
    }
    for seat in caller.seat().into_iter().chain(&filter.seat) {
        query = query.filter(credentials::seat.eq(seat.to_string()));
    }
    if let Some(tenant) = &filter.tenant {
        query = query.filter(credentials::tenant.eq(tenant.to_string()));
    }
    if !filter.statuses.is_empty() {
        let ended = credentials::expires_at.lt(now).assume_not_null();
        let asked = |status| filter.statuses.contains(&status);
        let stored: Vec<&str> = filter.statuses.iter().map(|status| status.as_str()).collect();
        let active = CredentialStatus::Active.as_str();
        query = match (asked(CredentialStatus::Active), asked(CredentialStatus::Expired)) {
            (true, false) => query.filter(credentials::status.eq_any(stored)).filter(
                credentials::status
                    .ne(active)
                    .or(credentials::expires_at.is_null())
                    .or(diesel::dsl::not(ended)),
            ),
            (false, true) => {
                query.filter(credentials::status.eq_any(stored).or(credentials::status.eq(active).and(ended)))
            }
            _ => query.filter(credentials::status.eq_any(stored)),
        };
    }
    let rows: Vec<Row> = query.order(credentials::id).limit(page.fetch()).load(tx.connection)?;
    page.cut(rows, |row| row.id.clone()).try_map(Credential::try_from)
}

/// Writes a credential that was read as `credential.version`; anything else in between is a conflict.
pub fn update(tx: &mut Tx, credential: &Credential) -> Result<()> {
    let row = Row::try_from(credential)?;
    let changed = diesel::update(
        credentials::table.find(credential.id.as_str()).filter(credentials::version.eq(credential.version)),
    )
    .set((
        credentials::description.eq(row.description),
        credentials::status.eq(row.status),
        credentials::current_key.eq(row.current_key),
        credentials::current_chain.eq(row.current_chain),
        credentials::expires_at.eq(row.expires_at),
        credentials::version.eq(credential.version + 1),
    ))
    .execute(tx.connection)?;
    if changed == 1 { Ok(()) } else { Err(Error::conflict()) }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = credentials)]
struct Row {
    id: String,
    tenant: String,
    seat: String,
    configuration: String,
    client: String,
    description: Option<String>,
    multi_signature: i32,
    status: String,
    required_factors: String,
    current_key: Option<String>,
    current_chain: Option<String>,
    expires_at: Option<i64>,
    created_at: i64,
    version: i64,
    default_subject: Option<String>,
}

impl TryFrom<&Credential> for Row {
    type Error = Error;

    fn try_from(c: &Credential) -> Result<Self> {
        Ok(Self {
            id: c.id.to_string(),
            tenant: c.tenant.to_string(),
            seat: c.seat.to_string(),
            configuration: c.configuration.to_string(),
            client: c.client.to_string(),
            description: c.description.clone(),
            multi_signature: i32::try_from(c.multi_signature).map_err(Error::internal)?,
            status: c.status.as_str().to_owned(),
            required_factors: serde_json::to_string(&c.required_factors).map_err(Error::internal)?,
            current_key: c.key.as_ref().map(ToString::to_string),
            current_chain: c.chain.as_ref().map(ToString::to_string),
            expires_at: c.expires_at.map(Timestamp::micros),
            created_at: c.created_at.micros(),
            version: c.version,
            default_subject: c.default_subject.clone(),
        })
    }
}

impl TryFrom<Row> for Credential {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let corrupt = || failure::corrupt("credential");
        Ok(Self {
            id: CredentialId::stored(row.id),
            tenant: TenantName::stored(row.tenant),
            seat: SeatName::stored(row.seat),
            configuration: ConfigurationId::stored(row.configuration),
            client: ClientId::stored(row.client),
            description: row.description,
            multi_signature: u32::try_from(row.multi_signature).map_err(|_| corrupt())?,
            status: CredentialStatus::parse(&row.status).ok_or_else(corrupt)?,
            required_factors: serde_json::from_str(&row.required_factors).map_err(|_| corrupt())?,
            key: row.current_key.map(KeyId::stored),
            chain: row.current_chain.map(ChainId::stored),
            expires_at: row.expires_at.map(Timestamp::from_micros),
            created_at: Timestamp::from_micros(row.created_at),
            version: row.version,
            default_subject: row.default_subject,
        })
    }
}
