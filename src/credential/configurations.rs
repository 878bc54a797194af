//! Authorization configurations: what the credentials under them demand of their signers. They never change; a
//! configuration in use keeps what it demands, and another demand is another configuration.

use crate::credential::deliver;
use crate::model::configuration::{Configuration, ConfigurationType, FactorErrors, OtpRules, PinRules, Scal};
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::factor::FactorType;
use crate::model::id::ConfigurationId;
use crate::model::name::TenantName;
use crate::model::permission::Permission;
use crate::model::token::Call;
use crate::service::{Service, id_octets};
use crate::store::page::{Listed, Page};
use crate::store::{configurations, tenants};

#[derive(Clone, Debug)]
pub struct NewConfiguration {
    pub name: String,
    /// May be left out when the token reaches only one.
    pub tenant: Option<TenantName>,
    pub kind: ConfigurationType,
    pub second_factors: Vec<FactorType>,
    pub pin: PinRules,
    pub otp: OtpRules,
    pub max_attempts: u32,
    /// Seconds.
    pub lockout_seconds: u32,
    /// Seconds.
    pub sad_validity: u32,
    pub scal: Scal,
    pub factor_errors: FactorErrors,
    /// Of implicit configurations only.
    pub signatures_per_minute: Option<u32>,
}

pub const DEFAULT_MAX_ATTEMPTS: u32 = 5;
pub const DEFAULT_LOCKOUT_SECONDS: u32 = 900;
pub const DEFAULT_SAD_VALIDITY: u32 = 300;
/// As many as one authorisation may be for.
pub const DEFAULT_SIGNATURES_PER_MINUTE: u32 = 1000;

pub fn create(service: &Service, call: &Call, new: NewConfiguration) -> Result<Configuration> {
    check(&new)?;
    check_channels(service, call, &new)?;
    let id = ConfigurationId::new(call.at, id_octets()?);
    let call = call.clone();
    service.store.write(call.actor(), move |tx| {
        let caller = tx.admit(&call.principal, Permission::ConfigurationsWrite)?;
        let tenant = tenants::meant(tx, &caller, new.tenant.as_ref())?;
        if new.kind == ConfigurationType::Implicit && !caller.is_administrator() {
            return Err(Error::new(
                Code::InsufficientPermission,
                "Only an administrator makes a configuration that asks nothing of the signer.",
            ));
        }
        let configuration = build(id.clone(), tenant, new.clone(), &call);
        configurations::insert(tx, &configuration).map_err(|error| match error.code() {
            Code::AlreadyExists => Error::new(
                Code::AlreadyExists,
                format!("The tenant has an authorization configuration named {:?} already.", new.name),
            ),
            _ => error,
        })?;
        let factors: Vec<&str> = configuration.second_factors.iter().map(|factor| factor.as_str()).collect();
        let event = Event::done("configuration.create", format!("configuration:{}", configuration.id))
            .of(&configuration.tenant)
            .with("name", configuration.name.as_str())
            .with("type", configuration.kind.as_str())
            .with("secondFactors", factors);
        Ok(Audited::new(configuration, event))
    })
}

pub fn list(service: &Service, call: &Call, page: &Page) -> Result<Listed<Configuration>> {
    service.store.read(call.at, |tx| {
        let caller = tx.admit(&call.principal, Permission::ConfigurationsRead)?;
        configurations::list(tx, caller.reach(), page)
    })
}

pub fn show(service: &Service, call: &Call, id: &ConfigurationId) -> Result<Configuration> {
    service.store.read(call.at, |tx| {
        let caller = tx.admit(&call.principal, Permission::ConfigurationsRead)?;
        let found = configurations::find(tx, id)?.ok_or_else(Error::not_found)?;
        caller.reaches(&found.tenant)?;
        Ok(found)
    })
}

fn build(id: ConfigurationId, tenant: TenantName, new: NewConfiguration, call: &Call) -> Configuration {
    Configuration {
        id,
        tenant,
        name: new.name,
        kind: new.kind,
        second_factors: new.second_factors,
        pin: new.pin,
        otp: new.otp,
        max_attempts: new.max_attempts,
        lockout_seconds: new.lockout_seconds,
        sad_validity: new.sad_validity,
        scal: new.scal,
        factor_errors: new.factor_errors,
        signatures_per_minute: match new.kind {
            ConfigurationType::Implicit => {
                Some(new.signatures_per_minute.unwrap_or(DEFAULT_SIGNATURES_PER_MINUTE))
            }
            ConfigurationType::Explicit | ConfigurationType::Oauth2 => None,
        },
        created_at: call.at,
    }
}

fn check(new: &NewConfiguration) -> Result<()> {
    let within = |pointer: &str, value: u32, range: std::ops::RangeInclusive<u32>| {
        if range.contains(&value) {
            return Ok(());
        }
        Err(Error::field(pointer, format!("{} to {}", range.start(), range.end())))
    };
    if !(1..=128).contains(&new.name.chars().count()) || new.name.chars().any(char::is_control) {
        return Err(Error::field("/name", "1 to 128 characters without control characters"));
    }
    check_factors(new)?;
    within("/pin/minLength", new.pin.min_length.into(), 6..=12)?;
    within("/pin/maxLength", new.pin.max_length.into(), new.pin.min_length.into()..=64)?;
    within("/otp/digits", new.otp.digits.into(), 6..=8)?;
    within("/otp/period", new.otp.period.into(), 15..=300)?;
    // The colon parts issuer from account in an otpauth URI.
    let odd_issuer = |issuer: &String| {
        !(1..=64).contains(&issuer.chars().count()) || issuer.chars().any(|c| c.is_control() || c == ':')
    };
    if new.otp.issuer.as_ref().is_some_and(odd_issuer) {
        return Err(Error::field("/otp/issuer", "1 to 64 characters without a colon or control characters"));
    }
    within("/maxAttempts", new.max_attempts, 1..=10)?;
    within("/lockoutSeconds", new.lockout_seconds, 1..=86_400)?;
    within("/sadValidity", new.sad_validity, 1..=86_400)?;
    match (new.kind, new.signatures_per_minute) {
        (_, None) => Ok(()),
        (ConfigurationType::Implicit, Some(rate)) => within("/signaturesPerMinute", rate, 1..=1_000_000),
        (_, Some(_)) => Err(Error::field(
            "/signaturesPerMinute",
            "only of implicit configurations: elsewhere the signer's factors are the limit",
        )),
    }
}

/// What is sent needs a way to be sent.
fn check_channels(service: &Service, call: &Call, new: &NewConfiguration) -> Result<()> {
    if new.second_factors.iter().all(|kind| kind.channel().is_none()) {
        return Ok(());
    }
    let tenant = service.store.read(call.at, |tx| {
        let caller = tx.admit(&call.principal, Permission::ConfigurationsWrite)?;
        let tenant = tenants::meant(tx, &caller, new.tenant.as_ref())?;
        tenants::known(tx, &tenant)
    })?;
    for kind in &new.second_factors {
        deliver::require(service, &tenant, *kind).map_err(|refusal| refusal.at("/secondFactors"))?;
    }
    Ok(())
}

fn check_factors(new: &NewConfiguration) -> Result<()> {
    let mut distinct = new.second_factors.clone();
    distinct.sort();
    distinct.dedup();
    if distinct.len() < new.second_factors.len() {
        return Err(Error::field("/secondFactors", "each factor is named once"));
    }
    if distinct.iter().filter(|kind| kind.is_one_time_password()).count() > 1 {
        return Err(Error::field("/secondFactors", "one of OTP, EMAIL_OTP and SMS_OTP"));
    }
    if distinct.iter().filter(|kind| kind.is_approval()).count() > 1 {
        return Err(Error::field("/secondFactors", "one of EMAIL_LINK and PUSH"));
    }
    match (new.kind, new.second_factors.is_empty()) {
        (ConfigurationType::Explicit, true) => Err(Error::new(
            Code::NoSecondFactor,
            "An explicit configuration needs at least one second factor: PIN, a one-time password or both.",
        )
        .at("/secondFactors")),
        (ConfigurationType::Oauth2, _) if distinct.iter().any(|kind| kind.is_approval()) => Err(Error::new(
            Code::NotSupportedYet,
            "An oauth2 configuration asks its signers on a page of this service: for a PIN, for OTP, EMAIL_OTP or SMS_OTP, or for neither; EMAIL_LINK and PUSH are for explicit ones.",
        )
        .at("/secondFactors")),
        (ConfigurationType::Implicit, false) => {
            Err(Error::field("/secondFactors", "an implicit configuration asks nothing of the signer"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explicit(second_factors: &[FactorType]) -> NewConfiguration {
        NewConfiguration {
            name: "pin-and-otp".into(),
            tenant: None,
            kind: ConfigurationType::Explicit,
            second_factors: second_factors.to_vec(),
            pin: PinRules::default(),
            otp: OtpRules::default(),
            max_attempts: DEFAULT_MAX_ATTEMPTS,
            lockout_seconds: DEFAULT_LOCKOUT_SECONDS,
            sad_validity: DEFAULT_SAD_VALIDITY,
            scal: Scal::Two,
            factor_errors: FactorErrors::Distinct,
            signatures_per_minute: None,
        }
    }

    #[test]
    fn the_defaults_fit_and_an_explicit_configuration_needs_a_factor() {
        check(&explicit(&[FactorType::Pin, FactorType::Otp])).unwrap();
        assert_eq!(check(&explicit(&[])).unwrap_err().code(), Code::NoSecondFactor);
        assert!(check(&explicit(&[FactorType::Pin, FactorType::Pin])).is_err());
    }

    #[test]
    fn what_is_asked_in_the_browser_needs_no_factor_and_takes_no_approval() {
        let oauth2 = |factors: &[FactorType]| {
            check(&NewConfiguration { kind: ConfigurationType::Oauth2, ..explicit(factors) })
        };
        oauth2(&[]).unwrap();
        oauth2(&[FactorType::Pin, FactorType::SmsOtp]).unwrap();
        for kind in [FactorType::EmailLink, FactorType::Push] {
            assert_eq!(oauth2(&[FactorType::Pin, kind]).unwrap_err().code(), Code::NotSupportedYet);
        }
        assert!(oauth2(&[FactorType::Otp, FactorType::EmailOtp]).is_err());
    }

    #[test]
    fn what_is_out_of_range_is_named_by_its_field() {
        let mut new = explicit(&[FactorType::Pin]);
        new.pin = PinRules { min_length: 8, max_length: 7, ..PinRules::default() };
        assert_eq!(check(&new).unwrap_err().fields()[0].pointer, "/pin/maxLength");
        new.pin = PinRules::default();
        new.otp.digits = 9;
        assert_eq!(check(&new).unwrap_err().fields()[0].pointer, "/otp/digits");
    }
}
