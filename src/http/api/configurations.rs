//! `/api/v1/authorization-configurations`.

use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::credential::configurations::{
    self, DEFAULT_LOCKOUT_SECONDS, DEFAULT_MAX_ATTEMPTS, DEFAULT_SAD_VALIDITY, NewConfiguration,
};
use crate::http::access::Bearer;
use crate::http::blocking;
use crate::http::body::Body;
use crate::http::idempotency::{Answer, Once};
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::http::reply::{Created, Found, Listing};
use crate::model::configuration::{
    Configuration, ConfigurationType, FactorErrors, OtpAlgorithm, OtpRules, PinFormat, PinRules, Scal,
};
use crate::model::error::{Error, Result};
use crate::model::factor::FactorType;
use crate::model::id::ConfigurationId;
use crate::model::name::TenantName;
use crate::model::time::Timestamp;
use crate::store::page::Page;

/// What a credential will demand of its signer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = NewAuthorizationConfiguration)]
pub struct NewConfigurationBody {
    #[schema(example = "pin-and-otp")]
    name: String,
    /// May be left out when the token reaches only one.
    #[schema(value_type = Option<String>, example = "acme")]
    tenant: Option<String>,
    /// `explicit`; `implicit`: nothing is asked of the signer, for seals and automated signing; or `oauth2`, under which
    /// no credentials can be made yet. Only administrators make implicit ones.
    #[serde(rename = "type")]
    #[schema(example = "explicit")]
    kind: String,
    /// PIN; OTP (an authenticator's), EMAIL_OTP or SMS_OTP; and EMAIL_LINK or PUSH, by which the signer approves each use
    /// apart from the application, in CSC v2 only. An explicit configuration needs at least one.
    #[serde(default)]
    #[schema(example = json!(["PIN", "OTP"]))]
    second_factors: Vec<String>,
    pin: Option<PinBody>,
    otp: Option<OtpBody>,
    /// Failures that lock a factor.
    #[schema(default = 5)]
    max_attempts: Option<u32>,
    /// Seconds of the first lock; each further one is twice as long.
    #[schema(default = 900)]
    lockout_seconds: Option<u32>,
    /// Seconds that a SAD lives.
    #[schema(default = 300)]
    sad_validity: Option<u32>,
    /// 1 or 2.
    #[schema(default = "2")]
    scal: Option<String>,
    /// Whether a refusal leaves open which of the factors was wrong.
    #[serde(default)]
    #[schema(default = false)]
    uniform_factor_errors: bool,
    /// What each credential may be authorised for in a minute, 1 to 1000000; of implicit configurations only.
    #[schema(default = 1000)]
    signatures_per_minute: Option<u32>,
}

/// How a PIN has to be.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = PinRules)]
pub struct PinBody {
    /// 6 to 12.
    #[schema(default = 6)]
    min_length: Option<u8>,
    /// At most 64.
    #[schema(default = 12)]
    max_length: Option<u8>,
    /// N (digits) or A (letters too).
    #[schema(default = "N")]
    format: Option<String>,
}

/// TOTP's parameters (RFC 6238).
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = OtpRules)]
pub struct OtpBody {
    /// 6 to 8.
    #[schema(default = 6)]
    digits: Option<u8>,
    /// Seconds per step, 10 to 300.
    #[schema(default = 30)]
    period: Option<u16>,
    /// SHA1, SHA256 or SHA512.
    #[schema(default = "SHA1")]
    algorithm: Option<String>,
    /// What authenticators show; the tenant's when left out.
    issuer: Option<String>,
}

/// An authorization configuration.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuthorizationConfiguration)]
pub struct ConfigurationBody {
    id: String,
    name: String,
    tenant: String,
    #[serde(rename = "type")]
    kind: &'static str,
    second_factors: Vec<&'static str>,
    pin: PinBody,
    otp: OtpBody,
    max_attempts: u32,
    lockout_seconds: u32,
    sad_validity: u32,
    scal: &'static str,
    uniform_factor_errors: bool,
    /// Of implicit configurations.
    signatures_per_minute: Option<u32>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// Create an authorization configuration
#[utoipa::path(post, path = "/api/v1/authorization-configurations", tag = "administration",
    request_body = NewConfigurationBody, params(("Idempotency-Key" = Option<String>, Header)), security(("bearer" = [])), responses((status = 201, body = ConfigurationBody)))]
pub async fn create(
    app: Data<App>,
    bearer: Bearer,
    once: Once,
    body: Body<NewConfigurationBody>,
) -> Result<Answer, Problem> {
    let raw = body.raw.clone();
    let new = body.into_inner().parse()?;
    once.answer(&app, bearer.call, raw, &[], move |app, call| {
        let made = configurations::create(&app.service, call, new)?;
        let path = format!("/api/v1/authorization-configurations/{}", made.id);
        Ok(Created::at(path, ConfigurationBody::from(made)))
    })
    .await
}

/// Show an authorization configuration
#[utoipa::path(get, path = "/api/v1/authorization-configurations/{id}", tag = "administration",
    params(("id" = String, Path, description = "The configuration's id")), security(("bearer" = [])),
    responses((status = 200, body = ConfigurationBody)))]
pub async fn show(
    app: Data<App>,
    bearer: Bearer,
    id: Path<String>,
) -> Result<Found<ConfigurationBody>, Problem> {
    let id = ConfigurationId::parse(&id)?;
    let call = bearer.call;
    let found = blocking::run(&app, move |app| configurations::show(&app.service, &call, &id)).await?;
    Ok(Found(ConfigurationBody::from(found)))
}

/// Which part of the list is wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// 1 to 200, default 50.
    limit: Option<u16>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

impl PageQuery {
    pub fn page(self) -> Result<Page> {
        Page::new(self.limit, self.cursor)
    }
}

/// List authorization configurations
#[utoipa::path(get, path = "/api/v1/authorization-configurations", tag = "administration", params(PageQuery),
    security(("bearer" = [])), responses((status = 200, body = Listing<ConfigurationBody>)))]
pub async fn list(
    app: Data<App>,
    bearer: Bearer,
    query: Query<PageQuery>,
) -> Result<Found<Listing<ConfigurationBody>>, Problem> {
    let Query(query) = query;
    let page = query.page()?;
    let call = bearer.call;
    let found = blocking::run(&app, move |app| configurations::list(&app.service, &call, &page)).await?;
    Ok(Found(Listing::of(found, ConfigurationBody::from)))
}

impl NewConfigurationBody {
    fn parse(self) -> Result<NewConfiguration> {
        let second_factors = self.second_factors.iter().enumerate().map(|(at, name)| {
            FactorType::parse(name).ok_or_else(|| {
                Error::field(
                    format!("/secondFactors/{at}"),
                    "PIN, OTP, EMAIL_OTP, SMS_OTP, EMAIL_LINK or PUSH",
                )
            })
        });
        Ok(NewConfiguration {
            name: self.name,
            tenant: self.tenant.as_deref().map(TenantName::parse).transpose()?,
            kind: ConfigurationType::parse(&self.kind)
                .ok_or_else(|| Error::field("/type", "explicit, implicit or oauth2"))?,
            second_factors: second_factors.collect::<Result<_>>()?,
            pin: self.pin.map_or_else(|| Ok(PinRules::default()), PinBody::parse)?,
            otp: self.otp.map_or_else(|| Ok(OtpRules::default()), OtpBody::parse)?,
            max_attempts: self.max_attempts.unwrap_or(DEFAULT_MAX_ATTEMPTS),
            lockout_seconds: self.lockout_seconds.unwrap_or(DEFAULT_LOCKOUT_SECONDS),
            sad_validity: self.sad_validity.unwrap_or(DEFAULT_SAD_VALIDITY),
            scal: match &self.scal {
                None => Scal::Two,
                Some(scal) => Scal::parse(scal).ok_or_else(|| Error::field("/scal", "\"1\" or \"2\""))?,
            },
            factor_errors: match self.uniform_factor_errors {
                true => FactorErrors::Uniform,
                false => FactorErrors::Distinct,
            },
            signatures_per_minute: self.signatures_per_minute,
        })
    }
}

impl PinBody {
    fn parse(self) -> Result<PinRules> {
        let default = PinRules::default();
        let format = match self.format.as_deref() {
            None => default.format,
            Some("N") => PinFormat::Numeric,
            Some("A") => PinFormat::Alphanumeric,
            Some(_) => return Err(Error::field("/pin/format", "N or A")),
        };
        let min_length = self.min_length.unwrap_or(default.min_length);
        Ok(PinRules {
            min_length,
            max_length: self.max_length.unwrap_or(default.max_length.max(min_length)),
            format,
        })
    }
}

impl OtpBody {
    fn parse(self) -> Result<OtpRules> {
        let default = OtpRules::default();
        let algorithm = match self.algorithm.as_deref() {
            None => default.algorithm,
            Some("SHA1") => OtpAlgorithm::Sha1,
            Some("SHA256") => OtpAlgorithm::Sha256,
            Some("SHA512") => OtpAlgorithm::Sha512,
            Some(_) => return Err(Error::field("/otp/algorithm", "SHA1, SHA256 or SHA512")),
        };
        Ok(OtpRules {
            digits: self.digits.unwrap_or(default.digits),
            period: self.period.unwrap_or(default.period),
            algorithm,
            issuer: self.issuer,
        })
    }
}

impl From<Configuration> for ConfigurationBody {
    fn from(configuration: Configuration) -> Self {
        let Configuration { pin, otp, .. } = configuration;
        Self {
            id: configuration.id.to_string(),
            name: configuration.name,
            tenant: configuration.tenant.to_string(),
            kind: configuration.kind.as_str(),
            second_factors: configuration.second_factors.iter().map(|kind| kind.as_str()).collect(),
            pin: PinBody {
                min_length: Some(pin.min_length),
                max_length: Some(pin.max_length),
                format: Some(pin.format.as_str().to_owned()),
            },
            otp: OtpBody {
                digits: Some(otp.digits),
                period: Some(otp.period),
                algorithm: Some(otp.algorithm.as_str().to_owned()),
                issuer: otp.issuer,
            },
            max_attempts: configuration.max_attempts,
            lockout_seconds: configuration.lockout_seconds,
            sad_validity: configuration.sad_validity,
            scal: configuration.scal.as_str(),
            uniform_factor_errors: configuration.factor_errors == FactorErrors::Uniform,
            signatures_per_minute: configuration.signatures_per_minute,
            created_at: configuration.created_at,
        }
    }
}
