//! Users, what they may call themselves at sign-in, and their authenticators.

use diesel::prelude::*;

use crate::model::error::{Error, Result};
use crate::model::factor::OtpMaterial;
use crate::model::id::{FactorId, UserId};
use crate::model::name::{SeatName, TenantName, UserName};
use crate::model::permission::TenantReach;
use crate::model::time::Timestamp;
use crate::model::user::{OtpStanding, PasswordVerifier, User, UserOtp, UserStatus, identifier};
use crate::store::connection::Access;
use crate::store::dialect::first_for_share;
use crate::store::page::{Listed, Page};
use crate::store::schema::{user_identifiers, user_otps, users};
use crate::store::{Tx, failure};

/// Which users are meant; what is left out does not matter. The deleted are never among them.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    pub tenant: Option<TenantName>,
    pub name: Option<UserName>,
    /// In any case.
    pub email: Option<String>,
    pub status: Option<UserStatus>,
}

pub fn insert(tx: &mut Tx, user: &User) -> Result<()> {
    diesel::insert_into(users::table).values(Row::try_from(user)?).execute(tx.connection)?;
    identify(tx, user)
}

/// The record, whatever its status.
pub fn find(tx: &mut Tx, id: &UserId) -> Result<Option<User>> {
    let found: Option<(Row, Option<bool>)> = users::table
        .left_join(user_otps::table.on(user_otps::user_id.eq(users::id)))
        .filter(users::id.eq(id.as_str()))
        .select((users::all_columns, user_otps::confirmed.nullable()))
        .get_result(tx.connection)
        .optional()?;
    found.map(user).transpose()
}

/// The users of the tenants within reach whose name or e-mail address this is. The e-mail addresses of the deleted are
/// nobody's; their names are theirs still.
pub fn identified(tx: &mut Tx, reach: &TenantReach, typed: &str) -> Result<Vec<User>> {
    // PostgreSQL takes no such text, and nobody is called so.
    if typed.contains('\0') {
        return Ok(Vec::new());
    }
    let mut query = user_identifiers::table
        .filter(user_identifiers::identifier.eq(identifier(typed)))
        .select(user_identifiers::user_id)
        .into_boxed();
    if let TenantReach::Only(_) = reach {
        query = query.filter(user_identifiers::tenant.eq_any(reach.names()));
    }
    // More than two are no more ambiguous than two.
    let ids: Vec<String> = query.limit(2).load(tx.connection)?;
    ids.into_iter().filter_map(|id| find(tx, &UserId::stored(id)).transpose()).collect()
}

/// Whose name or e-mail address this is in a tenant.
pub fn identifier_holder(tx: &mut Tx, tenant: &TenantName, typed: &str) -> Result<Option<UserId>> {
    let id: Option<String> = user_identifiers::table
        .find((tenant.as_str(), identifier(typed)))
        .select(user_identifiers::user_id)
        .get_result(tx.connection)
        .optional()?;
    Ok(id.map(UserId::stored))
}

/// The users of this name, of one tenant or of all within reach.
pub fn named(
    tx: &mut Tx,
    reach: &TenantReach,
    tenant: Option<&TenantName>,
    name: &str,
) -> Result<Vec<UserId>> {
    let mut query = users::table.filter(users::name.eq(name.to_owned())).select(users::id).into_boxed();
    if let TenantReach::Only(_) = reach {
        query = query.filter(users::tenant.eq_any(reach.names()));
    }
    if let Some(tenant) = tenant {
        query = query.filter(users::tenant.eq(tenant.to_string()));
    }
    let ids: Vec<String> = query.load(tx.connection)?;
    Ok(ids.into_iter().map(UserId::stored).collect())
}

/// The version of a user's record. In a write transaction nobody changes the record until that ends.
pub fn version(tx: &mut Tx, id: &UserId) -> Result<Option<i64>> {
    let query = users::table.filter(users::id.eq(id.as_str())).select(users::version);
    let found: QueryResult<i64> = match tx.access {
        Access::Read => query.get_result(tx.connection),
        Access::Write => first_for_share!(tx.connection, query),
    };
    Ok(found.optional()?)
}

/// By id, which is by time of creation; those of the tenants within reach.
pub fn list(tx: &mut Tx, filter: &UserFilter, reach: &TenantReach, page: &Page) -> Result<Listed<User>> {
    let mut query = users::table
        .left_join(user_otps::table.on(user_otps::user_id.eq(users::id)))
        .select((users::all_columns, user_otps::confirmed.nullable()))
        .filter(users::id.gt(page.after()))
        .filter(users::status.ne(UserStatus::Deleted.as_str()))
        .into_boxed();
    if let TenantReach::Only(_) = reach {
        query = query.filter(users::tenant.eq_any(reach.names()));
    }
    if let Some(tenant) = &filter.tenant {
        query = query.filter(users::tenant.eq(tenant.to_string()));
    }
    if let Some(name) = &filter.name {
        query = query.filter(users::name.eq(name.to_string()));
    }
    if let Some(email) = &filter.email {
        let holders = user_identifiers::table
            .filter(user_identifiers::identifier.eq(identifier(email)))
            .filter(user_identifiers::is_email.eq(true))
            .select(user_identifiers::user_id);
        query = query.filter(users::id.eq_any(holders));
    }
    if let Some(status) = filter.status {
        query = query.filter(users::status.eq(status.as_str()));
    }
    let rows: Vec<(Row, Option<bool>)> = query.order(users::id).limit(page.fetch()).load(tx.connection)?;
    page.cut(rows, |(row, _)| row.id.clone()).try_map(user)
}

/// Writes a record that was read at `user.version`, all but its authenticator; a conflict when it changed since.
pub fn update(tx: &mut Tx, user: &User) -> Result<()> {
    let mut row = Row::try_from(user)?;
    row.version = user.version.saturating_add(1);
    let unchanged = users::table.find(user.id.as_str()).filter(users::version.eq(user.version));
    let changed = diesel::update(unchanged).set(row).execute(tx.connection)?;
    if changed == 1 { Ok(()) } else { Err(Error::conflict()) }
}

/// Brings what the user may be called into line with the record, once [`update`] wrote that.
pub fn identify_anew(tx: &mut Tx, user: &User) -> Result<()> {
    let theirs = user_identifiers::table.filter(user_identifiers::user_id.eq(user.id.as_str()));
    diesel::delete(theirs).execute(tx.connection)?;
    identify(tx, user)
}

fn identify(tx: &mut Tx, user: &User) -> Result<()> {
    let email = user.email.as_deref().map(identifier);
    let name = user.name.as_str();
    let is_both = email.as_deref() == Some(name);
    let more = email.as_deref().filter(|_| !is_both).map(|email| (email, true));
    for (identifier, is_email) in std::iter::once((name, is_both)).chain(more) {
        diesel::insert_into(user_identifiers::table)
            .values((
                user_identifiers::tenant.eq(user.tenant.as_str()),
                user_identifiers::identifier.eq(identifier),
                user_identifiers::user_id.eq(user.id.as_str()),
                user_identifiers::is_email.eq(is_email),
            ))
            .execute(tx.connection)?;
    }
    Ok(())
}

pub fn otp(tx: &mut Tx, user: &UserId) -> Result<Option<UserOtp>> {
    let row: Option<OtpRow> = user_otps::table.find(user.as_str()).get_result(tx.connection).optional()?;
    row.map(UserOtp::try_from).transpose()
}

/// Puts an authenticator in the place of the one that is there, if any.
pub fn replace_otp(tx: &mut Tx, otp: &UserOtp) -> Result<()> {
    remove_otp(tx, &otp.user)?;
    diesel::insert_into(user_otps::table).values(OtpRow::try_from(otp)?).execute(tx.connection)?;
    Ok(())
}

/// Overwrites the secret and takes the authenticator away; whether there was one.
pub fn remove_otp(tx: &mut Tx, user: &UserId) -> Result<bool> {
    let row = user_otps::table.find(user.as_str());
    diesel::update(row).set(user_otps::wrapped_secret.eq(Vec::<u8>::new())).execute(tx.connection)?;
    Ok(diesel::delete(row).execute(tx.connection)? == 1)
}

/// Spends a step of an unconfirmed authenticator, which is confirmed by it; false when it is spent already, or when the
/// authenticator is another one or confirmed.
pub fn confirm_otp(tx: &mut Tx, id: &FactorId, step: i64) -> Result<bool> {
    let fresh = user_otps::table
        .filter(user_otps::id.eq(id.as_str()))
        .filter(user_otps::confirmed.eq(false))
        .filter(user_otps::last_step.is_null().or(user_otps::last_step.lt(step)));
    let spent = diesel::update(fresh)
        .set((user_otps::last_step.eq(Some(step)), user_otps::confirmed.eq(true)))
        .execute(tx.connection)?;
    Ok(spent == 1)
}

/// Spends a step of a confirmed authenticator; false when it, or a later one, is spent already.
pub fn spend_otp_step(tx: &mut Tx, id: &FactorId, step: i64) -> Result<bool> {
    let fresh = user_otps::table
        .filter(user_otps::id.eq(id.as_str()))
        .filter(user_otps::confirmed.eq(true))
        .filter(user_otps::last_step.is_null().or(user_otps::last_step.lt(step)));
    Ok(diesel::update(fresh).set(user_otps::last_step.eq(Some(step))).execute(tx.connection)? == 1)
}

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = users, treat_none_as_null = true)]
struct Row {
    id: String,
    tenant: String,
    name: String,
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
    groups: String,
    roles: String,
    seats: String,
    status: String,
    password: Option<String>,
    created_at: i64,
    version: i64,
}

impl TryFrom<&User> for Row {
    type Error = Error;

    fn try_from(user: &User) -> Result<Self> {
        Ok(Self {
            id: user.id.to_string(),
            tenant: user.tenant.to_string(),
            name: user.name.to_string(),
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
            email: user.email.clone(),
            groups: json(&user.groups)?,
            roles: json(&user.roles)?,
            seats: json(&user.seats)?,
            status: user.status.as_str().to_owned(),
            password: user.password.as_ref().map(|verifier| verifier.as_phc().to_owned()),
            created_at: user.created_at.micros(),
            version: user.version,
        })
    }
}

fn user((row, confirmed): (Row, Option<bool>)) -> Result<User> {
    let seats: Vec<String> = parse(&row.seats)?;
    Ok(User {
        id: UserId::stored(row.id),
        tenant: TenantName::stored(row.tenant),
        name: UserName::stored(row.name),
        first_name: row.first_name,
        last_name: row.last_name,
        email: row.email,
        groups: parse(&row.groups)?,
        roles: parse(&row.roles)?,
        seats: seats.into_iter().map(SeatName::stored).collect(),
        status: UserStatus::parse(&row.status).ok_or_else(|| failure::corrupt("user"))?,
        password: row.password.map(PasswordVerifier::new),
        otp: match confirmed {
            None => OtpStanding::None,
            Some(false) => OtpStanding::Unconfirmed,
            Some(true) => OtpStanding::Confirmed,
        },
        created_at: Timestamp::from_micros(row.created_at),
        version: row.version,
    })
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = user_otps)]
struct OtpRow {
    user_id: String,
    id: String,
    wrapped_secret: Vec<u8>,
    rules: String,
    last_step: Option<i64>,
    confirmed: bool,
}

impl TryFrom<&UserOtp> for OtpRow {
    type Error = Error;

    fn try_from(otp: &UserOtp) -> Result<Self> {
        Ok(Self {
            user_id: otp.user.to_string(),
            id: otp.id.to_string(),
            wrapped_secret: otp.material.wrapped_secret.clone(),
            rules: json(&otp.material.rules)?,
            last_step: otp.material.last_step,
            confirmed: otp.confirmed,
        })
    }
}

impl TryFrom<OtpRow> for UserOtp {
    type Error = Error;

    fn try_from(row: OtpRow) -> Result<Self> {
        Ok(Self {
            id: FactorId::stored(row.id),
            user: UserId::stored(row.user_id),
            material: OtpMaterial {
                wrapped_secret: row.wrapped_secret,
                rules: parse(&row.rules)?,
                last_step: row.last_step,
            },
            confirmed: row.confirmed,
        })
    }
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}

fn parse<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| failure::corrupt("user"))
}
