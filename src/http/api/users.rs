//! `/api/v1/users`: people who sign in.

use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::http::access::Bearer;
use crate::http::blocking;
use crate::http::body::Body;
use crate::http::idempotency::{Answer, Once};
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::http::reply::{Created, Done, Found, Listing};
use crate::identity::users::create::NewUser;
use crate::identity::users::settings::UserSettings;
use crate::identity::users::show::UserFilter;
use crate::identity::users::{change, create, delete, show};
use crate::model::error::{Error, Result};
use crate::model::id::UserId;
use crate::model::name::{SeatName, TenantName, UserName};
use crate::model::patch::Patch;
use crate::model::secret::SecretText;
use crate::model::time::Timestamp;
use crate::model::user::{OtpStanding, User, UserStatus};
use crate::store::page::Page;

/// A request that may set every field of a user's record; some requests have more.
macro_rules! user_request {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $kind:ty,)* }) => {
        #[derive(Deserialize, ToSchema)]
        $(#[$about])*
        #[serde(deny_unknown_fields, rename_all = "camelCase")]
        pub struct $name {
            $($(#[$doc])* $field: $kind,)*
            #[serde(default)]
            #[schema(value_type = Option<String>, example = "John")]
            first_name: Patch<String>,
            #[serde(default)]
            #[schema(value_type = Option<String>, example = "Doe")]
            last_name: Patch<String>,
            /// Of one user of the tenant only, in any case, and nobody else's name. Good for signing in, too.
            #[serde(default)]
            #[schema(value_type = Option<String>, example = "jdoe@acme.example")]
            email: Patch<String>,
            /// Names that an application's `rolePermissions` may give permissions to.
            #[serde(default)]
            #[schema(value_type = Option<Vec<String>>, example = json!(["finance"]))]
            groups: Patch<Vec<String>>,
            /// Names that an application's `rolePermissions` may give permissions to. They are not the roles of
            /// applications: `administrator` means nothing here unless an application says so.
            #[serde(default)]
            #[schema(value_type = Option<Vec<String>>, example = json!(["signer"]))]
            roles: Patch<Vec<String>>,
            /// The seats of the tenant that the user's tokens may name; made where they are not there.
            #[serde(default)]
            #[schema(value_type = Option<Vec<String>>, example = json!(["jdoe@acme"]))]
            seats: Patch<Vec<String>>,
            /// active or disabled.
            #[serde(default)]
            #[schema(value_type = Option<String>, example = "active")]
            status: Patch<String>,
        }

        impl $name {
            fn settings(&mut self) -> Result<UserSettings> {
                use std::mem::take;
                Ok(UserSettings {
                    first_name: take(&mut self.first_name),
                    last_name: take(&mut self.last_name),
                    email: take(&mut self.email),
                    groups: take(&mut self.groups),
                    roles: take(&mut self.roles),
                    seats: take(&mut self.seats).try_map(seats)?,
                    status: take(&mut self.status).try_map(|text| settable(&text))?,
                })
            }
        }
    };
}

user_request! {
    /// A user to make.
    #[schema(as = NewUser)]
    NewUserBody {
        /// 1 to 128 of `[A-Za-z0-9._@+-]`; lower-cased. It stays the user's, and is not given again.
        #[schema(example = "jdoe")]
        name: String,
        /// May be left out when the token reaches only one.
        #[schema(example = "acme")]
        tenant: Option<String>,
        /// 12 to 128 characters of any kind. Without one the user cannot sign in until it is set.
        #[schema(value_type = Option<String>, format = Password)]
        password: Option<SecretText>,
    }
}

user_request! {
    /// What is left out stays, null is the default. A change of status, roles, groups or seats revokes the user's tokens.
    #[schema(as = UserChange)]
    UserChangeBody {}
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User)]
pub struct UserBody {
    id: String,
    name: String,
    tenant: String,
    /// First and last name, else the name.
    display_name: String,
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
    groups: Vec<String>,
    roles: Vec<String>,
    seats: Vec<String>,
    /// active or disabled.
    status: &'static str,
    /// Whether there is a password; it is never shown.
    has_password: bool,
    /// none, unconfirmed or confirmed: a code is asked for at sign-in when it is confirmed.
    #[schema(example = "none")]
    otp: &'static str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// Which users are meant.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct UserQuery {
    tenant: Option<String>,
    name: Option<String>,
    /// In any case.
    email: Option<String>,
    /// active or disabled.
    status: Option<String>,
    /// 1 to 200, default 50.
    limit: Option<u16>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// Create a user
///
/// The permission `users:create` alone makes users without roles and groups, and, beside `seats:create`, with seats that
/// are not there yet; anything else needs `users:write` too. Nobody makes a user who, at some application of the tenant,
/// may more than they do.
#[utoipa::path(post, path = "/api/v1/users", tag = "administration", request_body = NewUserBody,
    params(("Idempotency-Key" = Option<String>, Header)),
    security(("bearer" = [])), responses((status = 201, body = UserBody)))]
pub async fn create(
    app: Data<App>,
    bearer: Bearer,
    once: Once,
    body: Body<NewUserBody>,
) -> Result<Answer, Problem> {
    let raw = body.raw.clone();
    let mut body = body.into_inner();
    let new = NewUser {
        name: UserName::parse(&body.name)?,
        tenant: body.tenant.as_deref().map(TenantName::parse).transpose()?,
        password: body.password.take(),
        settings: body.settings()?,
    };
    once.answer(&app, bearer.call, raw, &["password"], move |app, call| {
        let made = create::create(&app.service, call, new)?;
        Ok(Created::at(format!("/api/v1/users/{}", made.id), UserBody::from(made)))
    })
    .await
}

/// List users
#[utoipa::path(get, path = "/api/v1/users", tag = "administration", params(UserQuery), security(("bearer" = [])),
    responses((status = 200, body = Listing<UserBody>)))]
pub async fn list(
    app: Data<App>,
    bearer: Bearer,
    query: Query<UserQuery>,
) -> Result<Found<Listing<UserBody>>, Problem> {
    let Query(query) = query;
    let filter = UserFilter {
        tenant: query.tenant.as_deref().map(TenantName::parse).transpose()?,
        name: query.name.as_deref().map(UserName::parse).transpose()?,
        email: query.email,
        status: query.status.as_deref().map(settable).transpose()?,
    };
    let page = Page::new(query.limit, query.cursor)?;
    let found =
        blocking::run(&app, move |app| show::list(&app.service, &bearer.call, &filter, &page)).await?;
    Ok(Found(Listing::of(found, UserBody::from)))
}

/// Show a user
#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "administration",
    params(("id" = String, Path, description = "The user's id")), security(("bearer" = [])),
    responses((status = 200, body = UserBody)))]
pub async fn show(app: Data<App>, bearer: Bearer, id: Path<String>) -> Result<Found<UserBody>, Problem> {
    let id = UserId::parse(&id)?;
    let found = blocking::run(&app, move |app| show::show(&app.service, &bearer.call, &id)).await?;
    Ok(Found(UserBody::from(found)))
}

/// Change a user
#[utoipa::path(patch, path = "/api/v1/users/{id}", tag = "administration", request_body = UserChangeBody,
    params(("id" = String, Path, description = "The user's id")), security(("bearer" = [])),
    responses((status = 200, body = UserBody)))]
pub async fn change(
    app: Data<App>,
    bearer: Bearer,
    id: Path<String>,
    body: Body<UserChangeBody>,
) -> Result<Found<UserBody>, Problem> {
    let id = UserId::parse(&id)?;
    let settings = body.into_inner().settings()?;
    let changed =
        blocking::run(&app, move |app| change::change(&app.service, &bearer.call, &id, settings)).await?;
    Ok(Found(UserBody::from(changed)))
}

/// Delete a user
///
/// The user's tokens end, and the password, the authenticator and the e-mail address are forgotten. The record stays for
/// the audit; its name is not given again.
#[utoipa::path(delete, path = "/api/v1/users/{id}", tag = "administration",
    params(("id" = String, Path, description = "The user's id")), security(("bearer" = [])),
    responses((status = 204)))]
pub async fn delete(app: Data<App>, bearer: Bearer, id: Path<String>) -> Result<Done, Problem> {
    let id = UserId::parse(&id)?;
    blocking::run(&app, move |app| delete::delete(&app.service, &bearer.call, &id)).await?;
    Ok(Done)
}

fn seats(names: Vec<String>) -> Result<Vec<SeatName>> {
    let parsed = names.iter().enumerate().map(|(at, name)| {
        SeatName::parse(name).map_err(|error| Error::field(format!("/seats/{at}"), error.detail()))
    });
    parsed.collect()
}

fn settable(text: &str) -> Result<UserStatus> {
    let settable = UserStatus::parse(text).filter(|status| *status != UserStatus::Deleted);
    settable.ok_or_else(|| Error::field("/status", "active or disabled"))
}

impl From<User> for UserBody {
    fn from(user: User) -> Self {
        Self {
            id: user.id.to_string(),
            name: user.name.to_string(),
            tenant: user.tenant.to_string(),
            display_name: user.display_name(),
            groups: user.groups.into_iter().collect(),
            roles: user.roles.into_iter().collect(),
            seats: user.seats.iter().map(ToString::to_string).collect(),
            status: user.status.as_str(),
            has_password: user.password.is_some(),
            otp: match user.otp {
                OtpStanding::None => "none",
                OtpStanding::Unconfirmed => "unconfirmed",
                OtpStanding::Confirmed => "confirmed",
            },
            first_name: user.first_name,
            last_name: user.last_name,
            email: user.email,
            created_at: user.created_at,
        }
    }
}
