//! `/api/v1/audit-events`.

use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::audit::events;
use crate::http::access::Bearer;
use crate::http::blocking;
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::http::reply::{Found, Listing};
use crate::model::error::{Error, Result};
use crate::model::event::StoredEvent;
use crate::model::name::TenantName;
use crate::model::time::Timestamp;
use crate::store::events::EventFilter;
use crate::store::page::Page;

/// Something that happened.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditEvent)]
pub struct EventBody {
    id: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// `client:<id>`, `operator` or `housekeeping`.
    actor: String,
    /// `<noun>.<verb>`, such as `credential.sign`.
    action: String,
    /// `<noun>:<id>`.
    target: String,
    tenant: Option<String>,
    /// done or refused.
    outcome: String,
    request_id: Option<String>,
    #[schema(value_type = Object)]
    details: serde_json::Value,
}

/// Which events are meant.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventQuery {
    tenant: Option<String>,
    actor: Option<String>,
    action: Option<String>,
    target: Option<String>,
    /// From this time on, RFC 3339.
    from: Option<String>,
    /// Before this time, RFC 3339.
    to: Option<String>,
    /// 1 to 200, default 50.
    limit: Option<u16>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// List audit events, oldest first
#[utoipa::path(get, path = "/api/v1/audit-events", tag = "administration", params(EventQuery),
    security(("bearer" = [])), responses((status = 200, body = Listing<EventBody>)))]
pub async fn list(
    app: Data<App>,
    bearer: Bearer,
    query: Query<EventQuery>,
) -> Result<Found<Listing<EventBody>>, Problem> {
    let Query(query) = query;
    let filter = EventFilter {
        tenant: query.tenant.as_deref().map(TenantName::parse).transpose()?,
        actor: query.actor,
        action: query.action,
        target: query.target,
        from: time("/from", query.from)?,
        to: time("/to", query.to)?,
    };
    let page = Page::new(query.limit, query.cursor)?;
    let call = bearer.call;
    let found =
        blocking::run(&app, move |app| events::list(&app.service.store, &call, &filter, &page)).await?;
    Ok(Found(Listing::of(found, EventBody::from)))
}

fn time(pointer: &str, text: Option<String>) -> Result<Option<Timestamp>> {
    text.map(|text| Timestamp::parse(&text).ok_or_else(|| Error::field(pointer, "an RFC 3339 time")))
        .transpose()
}

impl From<StoredEvent> for EventBody {
    fn from(event: StoredEvent) -> Self {
        Self {
            id: event.sequence.to_string(),
            at: event.at,
            actor: event.actor,
            action: event.action,
            target: event.target,
            tenant: event.tenant.map(|tenant| tenant.to_string()),
            outcome: event.outcome,
            request_id: event.request_id,
            details: event.details,
        }
    }
}
