//! `/api/v1/tenants/{name}/seats`.

use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::configurations::PageQuery;
use super::tenants::named;
use crate::app::App;
use crate::http::access::Bearer;
use crate::http::blocking;
use crate::http::body::Body;
use crate::http::idempotency::{Answer, Once};
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::http::reply::{Created, Found, Listing};
use crate::identity::seats::{self, NewSeat};
use crate::model::error::Error;
use crate::model::name::SeatName;
use crate::model::tenant::Seat;
use crate::model::time::Timestamp;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = NewSeat)]
pub struct NewSeatBody {
    /// 1 to 128 of `[A-Za-z0-9._@+-]`; lower-cased.
    #[schema(example = "jdoe@acme")]
    seat: String,
    /// The default common name in this seat's CSRs.
    #[schema(example = "John Doe")]
    display_name: Option<String>,
    #[schema(example = "jdoe@acme.example")]
    email: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Seat)]
pub struct SeatBody {
    seat: String,
    tenant: String,
    display_name: Option<String>,
    email: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// Create a seat
///
/// A seat is also made by the first credential that is created for it.
#[utoipa::path(post, path = "/api/v1/tenants/{name}/seats", tag = "administration", request_body = NewSeatBody,
    params(("name" = String, Path, description = "The tenant's name"), ("Idempotency-Key" = Option<String>, Header)),
    security(("bearer" = [])), responses((status = 201, body = SeatBody)))]
pub async fn create(
    app: Data<App>,
    bearer: Bearer,
    once: Once,
    name: Path<String>,
    body: Body<NewSeatBody>,
) -> Result<Answer, Problem> {
    let raw = body.raw.clone();
    let body = body.into_inner();
    let new = NewSeat {
        tenant: named(&name)?,
        name: SeatName::parse(&body.seat)?,
        display_name: body.display_name,
        email: body.email,
    };
    once.answer(&app, bearer.call, raw, &[], move |app, call| {
        let made = seats::create(&app.service, call, new)?;
        let path = format!("/api/v1/tenants/{}/seats/{}", made.tenant, made.name);
        Ok(Created::at(path, SeatBody::from(made)))
    })
    .await
}

/// List a tenant's seats
#[utoipa::path(get, path = "/api/v1/tenants/{name}/seats", tag = "administration",
    params(("name" = String, Path, description = "The tenant's name"), PageQuery), security(("bearer" = [])),
    responses((status = 200, body = Listing<SeatBody>)))]
pub async fn list(
    app: Data<App>,
    bearer: Bearer,
    name: Path<String>,
    query: Query<PageQuery>,
) -> Result<Found<Listing<SeatBody>>, Problem> {
    let Query(query) = query;
    let (name, page) = (named(&name)?, query.page()?);
    let found = blocking::run(&app, move |app| seats::list(&app.service, &bearer.call, &name, &page)).await?;
    Ok(Found(Listing::of(found, SeatBody::from)))
}

/// Show a seat
#[utoipa::path(get, path = "/api/v1/tenants/{name}/seats/{seat}", tag = "administration",
    params(
        ("name" = String, Path, description = "The tenant's name"),
        ("seat" = String, Path, description = "The seat's name"),
    ),
    security(("bearer" = [])), responses((status = 200, body = SeatBody)))]
pub async fn show(
    app: Data<App>,
    bearer: Bearer,
    path: Path<(String, String)>,
) -> Result<Found<SeatBody>, Problem> {
    let (name, seat) = path.into_inner();
    let name = named(&name)?;
    let seat = SeatName::parse(&seat).map_err(|_| Error::not_found())?;
    let found = blocking::run(&app, move |app| seats::show(&app.service, &bearer.call, &name, &seat)).await?;
    Ok(Found(SeatBody::from(found)))
}

impl From<Seat> for SeatBody {
    fn from(seat: Seat) -> Self {
        Self {
            seat: seat.name.to_string(),
            tenant: seat.tenant.to_string(),
            display_name: seat.display_name,
            email: seat.email,
            created_at: seat.created_at,
        }
    }
}
