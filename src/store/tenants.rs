//! Tenants and the roots they trust.

use std::collections::BTreeSet;

use diesel::prelude::*;

use crate::model::error::{Error, Result};
use crate::model::id::ConfigurationId;
use crate::model::name::TenantName;
use crate::model::permission::TenantReach;
use crate::model::tenant::{Gateway, SubjectRule, Tenant, TenantStatus, TrustAnchor};
use crate::model::time::Timestamp;
use crate::model::token::Caller;
use crate::store::dialect::each;
use crate::store::page::{Listed, Page};
use crate::store::schema::{tenants, trust_anchors};
use crate::store::{Tx, failure};

pub fn insert(tx: &mut Tx, tenant: &Tenant) -> Result<()> {
    diesel::insert_into(tenants::table).values(Row::try_from(tenant)?).execute(tx.connection)?;
    Ok(())
}

pub fn find(tx: &mut Tx, name: &TenantName) -> Result<Option<Tenant>> {
    let row: Option<Row> = tenants::table.find(name.as_str()).get_result(tx.connection).optional()?;
    row.map(Tenant::try_from).transpose()
}

/// The tenant, or the refusal that one out of reach gets too.
pub fn known(tx: &mut Tx, name: &TenantName) -> Result<Tenant> {
    find(tx, name)?.ok_or_else(Error::not_found)
}

/// The tenant meant by a request that may leave it out: the one asked for, the scope's, the only one in reach.
pub fn meant(tx: &mut Tx, caller: &Caller, asked: Option<&TenantName>) -> Result<TenantName> {
    let tenant = match (asked, caller.tenant(), caller.reach()) {
        (None, None, TenantReach::All) => sole(tx)?.ok_or_else(|| {
            Error::field("/tenant", "the token reaches every tenant: name the one that is meant")
        })?,
        _ => caller.tenant_or_sole(asked)?,
    };
    caller.reaches(&tenant)?;
    known(tx, &tenant).map(|tenant| tenant.name)
}

/// Those within reach, by name.
pub fn list(tx: &mut Tx, reach: &TenantReach, page: &Page) -> Result<Listed<Tenant>> {
    let mut query = tenants::table.filter(tenants::name.gt(page.after())).into_boxed();
    if let TenantReach::Only(_) = reach {
        query = query.filter(tenants::name.eq_any(reach.names()));
    }
    let rows: Vec<Row> = query.order(tenants::name).limit(page.fetch()).load(tx.connection)?;
    page.cut(rows, |row| row.name.clone()).try_map(Tenant::try_from)
}

/// Those within reach that are suspended.
pub fn suspended(tx: &mut Tx, reach: &TenantReach) -> Result<BTreeSet<TenantName>> {
    let mut query = tenants::table
        .select(tenants::name)
        .filter(tenants::status.ne(TenantStatus::Active.as_str()))
        .into_boxed();
    if let TenantReach::Only(_) = reach {
        query = query.filter(tenants::name.eq_any(reach.names()));
    }
    let names: Vec<String> = query.load(tx.connection)?;
    Ok(names.into_iter().map(TenantName::stored).collect())
}

/// The only tenant there is, if there is just one.
pub fn sole(tx: &mut Tx) -> Result<Option<TenantName>> {
    let names: Vec<String> = tenants::table.select(tenants::name).limit(2).load(tx.connection)?;
    Ok(<[String; 1]>::try_from(names).ok().map(|[name]| TenantName::stored(name)))
}

/// Writes what an administrator may change; the name and the key stay.
pub fn update(tx: &mut Tx, tenant: &Tenant) -> Result<()> {
    let changed = diesel::update(tenants::table.find(tenant.name.as_str()))
        .set((
            tenants::display_name.eq(&tenant.display_name),
            tenants::otp_issuer.eq(&tenant.otp_issuer),
            tenants::ca_sets_subject.eq(tenant.subject_rule == SubjectRule::CaSets),
            tenants::csc_configurations.eq(csc_configurations(tenant)?),
            tenants::status.eq(tenant.status.as_str()),
            tenants::gateway_url.eq(tenant.gateway.as_ref().map(|gateway| &gateway.url)),
            tenants::gateway_secret.eq(tenant.gateway.as_ref().map(|gateway| &gateway.wrapped_secret)),
        ))
        .execute(tx.connection)?;
    if changed == 1 { Ok(()) } else { Err(Error::not_found()) }
}

/// Pins a root; pinning it again changes nothing.
pub fn pin(tx: &mut Tx, anchor: &TrustAnchor) -> Result<()> {
    let row = AnchorRow::from(anchor);
    each!(tx.connection, c => diesel::insert_into(trust_anchors::table)
        .values(&row).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

/// The pinned roots, by fingerprint.
pub fn anchors(tx: &mut Tx, tenant: &TenantName) -> Result<Vec<TrustAnchor>> {
    let rows: Vec<AnchorRow> = trust_anchors::table
        .filter(trust_anchors::tenant.eq(tenant.as_str()))
        .order(trust_anchors::fingerprint)
        .load(tx.connection)?;
    Ok(rows.into_iter().map(TrustAnchor::from).collect())
}

pub fn anchors_page(tx: &mut Tx, tenant: &TenantName, page: &Page) -> Result<Listed<TrustAnchor>> {
    let rows: Vec<AnchorRow> = trust_anchors::table
        .filter(trust_anchors::tenant.eq(tenant.as_str()))
        .filter(trust_anchors::fingerprint.gt(page.after()))
        .order(trust_anchors::fingerprint)
        .limit(page.fetch())
        .load(tx.connection)?;
    page.cut(rows, |row| row.fingerprint.clone()).try_map(|row| Ok(TrustAnchor::from(row)))
}

pub fn anchor(tx: &mut Tx, tenant: &TenantName, fingerprint: &str) -> Result<TrustAnchor> {
    let row: Option<AnchorRow> =
        trust_anchors::table.find((tenant.as_str(), fingerprint)).get_result(tx.connection).optional()?;
    row.map(TrustAnchor::from).ok_or_else(Error::not_found)
}

pub fn unpin(tx: &mut Tx, tenant: &TenantName, fingerprint: &str) -> Result<()> {
    let removed =
        diesel::delete(trust_anchors::table.find((tenant.as_str(), fingerprint))).execute(tx.connection)?;
    if removed == 1 { Ok(()) } else { Err(Error::not_found()) }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = tenants)]
struct Row {
    name: String,
    display_name: String,
    otp_issuer: Option<String>,
    ca_sets_subject: bool,
    status: String,
    wrapped_key: Vec<u8>,
    created_at: i64,
    gateway_url: Option<String>,
    gateway_secret: Option<Vec<u8>>,
    csc_configurations: String,
}

impl TryFrom<&Tenant> for Row {
    type Error = Error;

    fn try_from(tenant: &Tenant) -> Result<Self> {
        Ok(Self {
            name: tenant.name.to_string(),
            display_name: tenant.display_name.clone(),
            otp_issuer: tenant.otp_issuer.clone(),
            ca_sets_subject: tenant.subject_rule == SubjectRule::CaSets,
            status: tenant.status.as_str().to_owned(),
            wrapped_key: tenant.wrapped_key.clone(),
            created_at: tenant.created_at.micros(),
            gateway_url: tenant.gateway.as_ref().map(|gateway| gateway.url.clone()),
            gateway_secret: tenant.gateway.as_ref().map(|gateway| gateway.wrapped_secret.clone()),
            csc_configurations: csc_configurations(tenant)?,
        })
    }
}

impl TryFrom<Row> for Tenant {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let csc_configurations: Vec<String> =
            serde_json::from_str(&row.csc_configurations).map_err(|_| failure::corrupt("tenant"))?;
        Ok(Self {
            name: TenantName::stored(row.name),
            display_name: row.display_name,
            otp_issuer: row.otp_issuer,
            subject_rule: if row.ca_sets_subject { SubjectRule::CaSets } else { SubjectRule::AsRequested },
            status: TenantStatus::parse(&row.status).ok_or_else(|| failure::corrupt("tenant"))?,
            csc_configurations: csc_configurations.into_iter().map(ConfigurationId::stored).collect(),
            wrapped_key: row.wrapped_key,
            gateway: row
                .gateway_url
                .zip(row.gateway_secret)
                .map(|(url, wrapped_secret)| Gateway { url, wrapped_secret }),
            created_at: Timestamp::from_micros(row.created_at),
        })
    }
}

fn csc_configurations(tenant: &Tenant) -> Result<String> {
    serde_json::to_string(&tenant.csc_configurations).map_err(Error::internal)
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = trust_anchors)]
struct AnchorRow {
    tenant: String,
    fingerprint: String,
    subject: String,
    der: Vec<u8>,
    created_at: i64,
}

impl From<&TrustAnchor> for AnchorRow {
    fn from(anchor: &TrustAnchor) -> Self {
        Self {
            tenant: anchor.tenant.to_string(),
            fingerprint: anchor.fingerprint.clone(),
            subject: anchor.subject.clone(),
            der: anchor.der.clone(),
            created_at: anchor.created_at.micros(),
        }
    }
}

impl From<AnchorRow> for TrustAnchor {
    fn from(row: AnchorRow) -> Self {
        Self {
            tenant: TenantName::stored(row.tenant),
            fingerprint: row.fingerprint,
            subject: row.subject,
            der: row.der,
            created_at: Timestamp::from_micros(row.created_at),
        }
    }
}
