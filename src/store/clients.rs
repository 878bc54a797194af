//! Clients and their secrets.

use diesel::prelude::*;

use crate::model::client::{AuthenticationMethod, Client, ClientSecret, ClientStatus, Pkce, SecretVerifier};
use crate::model::error::{Error, Result};
use crate::model::id::{ClientId, SecretId};
use crate::model::name::TenantName;
use crate::model::permission::TenantReach;
use crate::model::time::Timestamp;
use crate::store::connection::Access;
use crate::store::dialect::first_for_share;
use crate::store::page::{Listed, Page};
use crate::store::schema::{client_secrets, clients};
use crate::store::{Tx, failure};

pub fn insert(tx: &mut Tx, client: &Client) -> Result<()> {
    diesel::insert_into(clients::table).values(Row::try_from(client)?).execute(tx.connection)?;
    Ok(())
}

/// The record, whatever its status.
pub fn find(tx: &mut Tx, id: &ClientId) -> Result<Option<Client>> {
    let row: Option<Row> = clients::table.find(id.as_str()).get_result(tx.connection).optional()?;
    row.map(Client::try_from).transpose()
}

/// The version of a client's record. In a write transaction nobody changes the record until that ends.
pub fn version(tx: &mut Tx, id: &ClientId) -> Result<Option<i64>> {
    let query = clients::table.filter(clients::id.eq(id.as_str())).select(clients::version);
    let found: QueryResult<i64> = match tx.access {
        Access::Read => query.get_result(tx.connection),
        Access::Write => first_for_share!(tx.connection, query),
    };
    Ok(found.optional()?)
}

/// All but the deleted, by id, whose tenants `reach` covers.
pub fn list(tx: &mut Tx, reach: &TenantReach, page: &Page) -> Result<Listed<Client>> {
    let load = |after: &str| {
        let rows: Vec<Row> = clients::table
            .filter(clients::id.gt(after))
            .filter(clients::status.ne(ClientStatus::Deleted.as_str()))
            .order(clients::id)
            .limit(page.fetch())
            .load(tx.connection)?;
        rows.into_iter().map(Client::try_from).collect()
    };
    // A client may act for several tenants.
    page.sift(load, |client| reach.covers(&client.tenants), |client| client.id.to_string())
}

/// The applications that may act for a tenant and grant something to its users' roles and groups.
pub fn granting_in(tx: &mut Tx, tenant: &TenantName) -> Result<Vec<Client>> {
    let rows: Vec<Row> = clients::table
        .filter(clients::status.ne(ClientStatus::Deleted.as_str()))
        .filter(clients::role_permissions.ne("{}"))
        .load(tx.connection)?;
    let all: Vec<Client> = rows.into_iter().map(Client::try_from).collect::<Result<_>>()?;
    Ok(all.into_iter().filter(|client| client.tenants.includes(tenant)).collect())
}

/// Writes a record that was read at `client.version`; a conflict when it, or its secrets, changed since.
pub fn update(tx: &mut Tx, client: &Client) -> Result<()> {
    let mut row = Row::try_from(client)?;
    row.version = client.version.saturating_add(1);
    let unchanged = clients::table.find(client.id.as_str()).filter(clients::version.eq(client.version));
    let changed = diesel::update(unchanged).set(row).execute(tx.connection)?;
    if changed == 1 { Ok(()) } else { Err(Error::conflict()) }
}

/// Moves the version of every client that may act for a tenant: what they knew of it holds no longer.
pub fn touch_those_of(tx: &mut Tx, tenant: &TenantName) -> Result<()> {
    let all = serde_json::to_string(&TenantReach::All).map_err(Error::internal)?;
    // A tenant's name holds no character that LIKE or JSON would read as another.
    let named = format!("%\"{tenant}\"%");
    diesel::update(clients::table.filter(clients::tenants.eq(all).or(clients::tenants.like(named))))
        .set(clients::version.eq(clients::version + 1))
        .execute(tx.connection)?;
    Ok(())
}

pub fn insert_secret(tx: &mut Tx, secret: &ClientSecret) -> Result<()> {
    diesel::insert_into(client_secrets::table).values(SecretRow::from(secret)).execute(tx.connection)?;
    Ok(())
}

/// The secrets that work now, the newest first.
pub fn secrets(tx: &mut Tx, id: &ClientId) -> Result<Vec<ClientSecret>> {
    let now = tx.now.micros();
    let rows: Vec<SecretRow> = client_secrets::table
        .filter(client_secrets::client.eq(id.as_str()))
        .filter(client_secrets::ends_at.is_null().or(client_secrets::ends_at.gt(now)))
        .order(client_secrets::id.desc())
        .load(tx.connection)?;
    rows.into_iter().map(ClientSecret::try_from).collect()
}

/// Has every secret that works now end at `at`, unless it ends sooner.
pub fn end_secrets(tx: &mut Tx, id: &ClientId, at: Timestamp) -> Result<()> {
    diesel::update(
        client_secrets::table
            .filter(client_secrets::client.eq(id.as_str()))
            .filter(client_secrets::ends_at.is_null().or(client_secrets::ends_at.gt(at.micros()))),
    )
    .set(client_secrets::ends_at.eq(Some(at.micros())))
    .execute(tx.connection)?;
    Ok(())
}

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = clients, treat_none_as_null = true)]
struct Row {
    id: String,
    display_name: Option<String>,
    status: String,
    grant_types: String,
    roles: String,
    tenants: String,
    permissions: String,
    access_token_validity: i32,
    refresh_token_validity: Option<i32>,
    redirect_uris: String,
    role_permissions: String,
    default_scope: Option<String>,
    jwks: Option<String>,
    created_at: i64,
    version: i64,
    authentication: String,
    pkce: String,
    account_token_key: Option<Vec<u8>>,
}

impl TryFrom<&Client> for Row {
    type Error = Error;

    fn try_from(client: &Client) -> Result<Self> {
        Ok(Self {
            id: client.id.to_string(),
            display_name: client.display_name.clone(),
            status: client.status.as_str().to_owned(),
            grant_types: json(&client.grant_types)?,
            roles: json(&client.roles)?,
            tenants: json(&client.tenants)?,
            permissions: json(&client.permissions)?,
            access_token_validity: i32::try_from(client.access_token_validity).map_err(Error::internal)?,
            refresh_token_validity: client.refresh_token_validity.and_then(|s| i32::try_from(s).ok()),
            redirect_uris: json(&client.redirect_uris)?,
            role_permissions: json(&client.role_permissions)?,
            default_scope: client.default_scope.clone(),
            jwks: client.jwks.as_ref().map(json).transpose()?,
            created_at: client.created_at.micros(),
            version: client.version,
            authentication: client.authentication.as_str().to_owned(),
            pkce: client.pkce.as_str().to_owned(),
            account_token_key: client.wrapped_account_token_key.clone(),
        })
    }
}

impl TryFrom<Row> for Client {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: ClientId::stored(row.id),
            display_name: row.display_name,
            status: ClientStatus::parse(&row.status).ok_or_else(|| failure::corrupt("client"))?,
            grant_types: parse(&row.grant_types)?,
            roles: parse(&row.roles)?,
            tenants: parse(&row.tenants)?,
            permissions: parse(&row.permissions)?,
            access_token_validity: u32::try_from(row.access_token_validity).map_err(Error::internal)?,
            refresh_token_validity: row.refresh_token_validity.and_then(|s| u32::try_from(s).ok()),
            redirect_uris: parse(&row.redirect_uris)?,
            role_permissions: parse(&row.role_permissions)?,
            default_scope: row.default_scope,
            jwks: row.jwks.as_deref().map(parse).transpose()?,
            created_at: Timestamp::from_micros(row.created_at),
            version: row.version,
            authentication: AuthenticationMethod::parse(&row.authentication)
                .ok_or_else(|| failure::corrupt("client"))?,
            pkce: Pkce::parse(&row.pkce).ok_or_else(|| failure::corrupt("client"))?,
            wrapped_account_token_key: row.account_token_key,
        })
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = client_secrets)]
struct SecretRow {
    id: String,
    client: String,
    kind: String,
    verifier: Vec<u8>,
    created_at: i64,
    ends_at: Option<i64>,
}

const MAC: &str = "mac";
const ARGON2ID: &str = "argon2id";

impl From<&ClientSecret> for SecretRow {
    fn from(secret: &ClientSecret) -> Self {
        let (kind, verifier) = match &secret.verifier {
            SecretVerifier::Mac(mac) => (MAC, mac.clone()),
            SecretVerifier::Argon2id(phc) => (ARGON2ID, phc.clone().into_bytes()),
        };
        Self {
            id: secret.id.to_string(),
            client: secret.client.to_string(),
            kind: kind.to_owned(),
            verifier,
            created_at: secret.created_at.micros(),
            ends_at: secret.ends_at.map(Timestamp::micros),
        }
    }
}

impl TryFrom<SecretRow> for ClientSecret {
    type Error = Error;

    fn try_from(row: SecretRow) -> Result<Self> {
        let verifier = match row.kind.as_str() {
            MAC => SecretVerifier::Mac(row.verifier),
            ARGON2ID => String::from_utf8(row.verifier)
                .map(SecretVerifier::Argon2id)
                .map_err(|_| failure::corrupt("client secret"))?,
            _ => return Err(failure::corrupt("client secret")),
        };
        Ok(Self {
            id: SecretId::stored(row.id),
            client: ClientId::stored(row.client),
            verifier,
            created_at: Timestamp::from_micros(row.created_at),
            ends_at: row.ends_at.map(Timestamp::from_micros),
        })
    }
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}

fn parse<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| failure::corrupt("client"))
}
