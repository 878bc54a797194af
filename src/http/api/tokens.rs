//! `/api/v1/tokens`: access tokens as administrators see and end them.

use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::http::access::Bearer;
use crate::http::blocking;
use crate::http::body::Body;
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::http::reply::{Done, Found, Listing};
use crate::model::error::Result;
use crate::model::id::{ClientId, TokenId};
use crate::model::name::{SeatName, TenantName};
use crate::model::time::Timestamp;
use crate::model::token::TokenRecord;
use crate::oauth::tokens::{self, Standing, TokenFilter};
use crate::store::page::Page;

/// Which tokens are meant.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct TokenQuery {
    client_id: Option<String>,
    tenant: Option<String>,
    seat: Option<String>,
    user: Option<String>,
    /// true: neither expired nor revoked; false: one of the two.
    active: Option<bool>,
    /// 1 to 200, default 50.
    limit: Option<u16>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// Which tokens to revoke: those that fit everything that is named. At least one field.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TokenRevocation {
    #[schema(example = "acme")]
    client_id: Option<String>,
    tenant: Option<String>,
    seat: Option<String>,
    user: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct Revoked {
    /// How many tokens were good until now.
    revoked: usize,
}

/// What is known of an access token; never the token itself.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AccessToken)]
pub struct TokenBody {
    /// The token's `jti`.
    token_id: String,
    client_id: String,
    tenant: Option<String>,
    seat: Option<String>,
    user: Option<String>,
    scope: String,
    permissions: Vec<&'static str>,
    #[schema(value_type = String, format = DateTime)]
    issued_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
}

/// List access tokens, oldest first
#[utoipa::path(get, path = "/api/v1/tokens", tag = "administration", params(TokenQuery), security(("bearer" = [])),
    responses((status = 200, body = Listing<TokenBody>)))]
pub async fn list(
    app: Data<App>,
    bearer: Bearer,
    query: Query<TokenQuery>,
) -> Result<Found<Listing<TokenBody>>, Problem> {
    let Query(query) = query;
    let standing = match query.active {
        None => Standing::Any,
        Some(true) => Standing::Active,
        Some(false) => Standing::Ended,
    };
    let filter = filter(query.client_id, query.tenant, query.seat, query.user, standing)?;
    let page = Page::new(query.limit, query.cursor)?;
    let found =
        blocking::run(&app, move |app| tokens::list(&app.service, &bearer.call, &filter, &page)).await?;
    Ok(Found(Listing::of(found, TokenBody::from)))
}

/// Revoke an access token
///
/// Revoking it again changes nothing.
#[utoipa::path(delete, path = "/api/v1/tokens/{tokenId}", tag = "administration",
    params(("tokenId" = String, Path, description = "The token's `jti`")), security(("bearer" = [])),
    responses((status = 204)))]
pub async fn revoke(app: Data<App>, bearer: Bearer, id: Path<String>) -> Result<Done, Problem> {
    let id = TokenId::parse(&id)?;
    blocking::run(&app, move |app| tokens::revoke(&app.service, &bearer.call, &id)).await?;
    Ok(Done)
}

/// Revoke access tokens by client, tenant, seat or user
#[utoipa::path(post, path = "/api/v1/tokens/revoke", tag = "administration", request_body = TokenRevocation,
    security(("bearer" = [])), responses((status = 200, body = Revoked)))]
pub async fn revoke_matching(
    app: Data<App>,
    bearer: Bearer,
    body: Body<TokenRevocation>,
) -> Result<Found<Revoked>, Problem> {
    let body = body.into_inner();
    let filter = filter(body.client_id, body.tenant, body.seat, body.user, Standing::Active)?;
    let revoked =
        blocking::run(&app, move |app| tokens::revoke_matching(&app.service, &bearer.call, filter)).await?;
    Ok(Found(Revoked { revoked }))
}

fn filter(
    client: Option<String>,
    tenant: Option<String>,
    seat: Option<String>,
    user: Option<String>,
    standing: Standing,
) -> Result<TokenFilter> {
    Ok(TokenFilter {
        client: client.as_deref().map(ClientId::parse).transpose()?,
        tenant: tenant.as_deref().map(TenantName::parse).transpose()?,
        seat: seat.as_deref().map(SeatName::parse).transpose()?,
        user,
        standing,
    })
}

impl From<TokenRecord> for TokenBody {
    fn from(token: TokenRecord) -> Self {
        Self {
            token_id: token.id.to_string(),
            client_id: token.client.to_string(),
            tenant: token.tenant.map(|tenant| tenant.to_string()),
            seat: token.seat.map(|seat| seat.to_string()),
            user: token.user.map(|name| name.to_string()),
            scope: token.scope,
            permissions: token.permissions.iter().map(|permission| permission.as_str()).collect(),
            issued_at: token.issued_at,
            expires_at: token.expires_at,
            revoked_at: token.revoked_at,
        }
    }
}
