//! Authorization configurations. They do not change: a configuration in use keeps what it demands.

use diesel::prelude::*;

use crate::model::configuration::{Configuration, ConfigurationType, FactorErrors, Scal};
use crate::model::error::{Error, Result};
use crate::model::id::ConfigurationId;
use crate::model::name::TenantName;
use crate::model::permission::TenantReach;
use crate::model::time::Timestamp;
use crate::store::page::{Listed, Page};
use crate::store::schema::configurations;
use crate::store::{Tx, failure};

pub fn insert(tx: &mut Tx, configuration: &Configuration) -> Result<()> {
    diesel::insert_into(configurations::table)
        .values(Row::try_from(configuration)?)
        .execute(tx.connection)?;
    Ok(())
}

pub fn find(tx: &mut Tx, id: &ConfigurationId) -> Result<Option<Configuration>> {
    let row: Option<Row> = configurations::table.find(id.as_str()).get_result(tx.connection).optional()?;
    row.map(Configuration::try_from).transpose()
}

/// The configuration that a credential names: it is there as long as the credential is.
pub fn known(tx: &mut Tx, id: &ConfigurationId) -> Result<Configuration> {
    find(tx, id)?.ok_or_else(|| Error::internal("a credential without its configuration"))
}

/// Those within reach, by id.
pub fn list(tx: &mut Tx, reach: &TenantReach, page: &Page) -> Result<Listed<Configuration>> {
    let mut query = configurations::table.filter(configurations::id.gt(page.after())).into_boxed();
    if let TenantReach::Only(_) = reach {
        query = query.filter(configurations::tenant.eq_any(reach.names()));
    }
    let rows: Vec<Row> = query.order(configurations::id).limit(page.fetch()).load(tx.connection)?;
    page.cut(rows, |row| row.id.clone()).try_map(Configuration::try_from)
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = configurations)]
struct Row {
    id: String,
    tenant: String,
    name: String,
    kind: String,
    second_factors: String,
    pin: String,
    otp: String,
    max_attempts: i32,
    lockout_seconds: i32,
    sad_validity: i32,
    scal: String,
    created_at: i64,
    uniform_factor_errors: bool,
    signatures_per_minute: Option<i32>,
}

impl TryFrom<&Configuration> for Row {
    type Error = Error;

    fn try_from(c: &Configuration) -> Result<Self> {
        Ok(Self {
            id: c.id.to_string(),
            tenant: c.tenant.to_string(),
            name: c.name.clone(),
            kind: c.kind.as_str().to_owned(),
            second_factors: serde_json::to_string(&c.second_factors).map_err(Error::internal)?,
            pin: serde_json::to_string(&c.pin).map_err(Error::internal)?,
            otp: serde_json::to_string(&c.otp).map_err(Error::internal)?,
            max_attempts: i32::try_from(c.max_attempts).map_err(Error::internal)?,
            lockout_seconds: i32::try_from(c.lockout_seconds).map_err(Error::internal)?,
            sad_validity: i32::try_from(c.sad_validity).map_err(Error::internal)?,
            scal: c.scal.as_str().to_owned(),
            created_at: c.created_at.micros(),
            uniform_factor_errors: c.factor_errors == FactorErrors::Uniform,
            signatures_per_minute: c
                .signatures_per_minute
                .map(i32::try_from)
                .transpose()
                .map_err(Error::internal)?,
        })
    }
}

impl TryFrom<Row> for Configuration {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let corrupt = || failure::corrupt("authorization configuration");
        Ok(Self {
            id: ConfigurationId::stored(row.id),
            tenant: TenantName::stored(row.tenant),
            name: row.name,
            kind: ConfigurationType::parse(&row.kind).ok_or_else(corrupt)?,
            second_factors: serde_json::from_str(&row.second_factors).map_err(|_| corrupt())?,
            pin: serde_json::from_str(&row.pin).map_err(|_| corrupt())?,
            otp: serde_json::from_str(&row.otp).map_err(|_| corrupt())?,
            max_attempts: u32::try_from(row.max_attempts).map_err(|_| corrupt())?,
            lockout_seconds: u32::try_from(row.lockout_seconds).map_err(|_| corrupt())?,
            sad_validity: u32::try_from(row.sad_validity).map_err(|_| corrupt())?,
            scal: Scal::parse(&row.scal).ok_or_else(corrupt)?,
            created_at: Timestamp::from_micros(row.created_at),
            factor_errors: match row.uniform_factor_errors {
                true => FactorErrors::Uniform,
                false => FactorErrors::Distinct,
            },
            signatures_per_minute: row
                .signatures_per_minute
                .map(u32::try_from)
                .transpose()
                .map_err(|_| corrupt())?,
        })
    }
}
