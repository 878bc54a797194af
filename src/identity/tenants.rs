//! Tenants: organisations that share the service and see nothing of each other.

use crate::identity::display_name;
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::id::ConfigurationId;
use crate::model::name::TenantName;
use crate::model::patch::Patch;
use crate::model::permission::{Permission, TenantReach};
use crate::model::secret::SecretText;
use crate::model::tenant::{Gateway, SubjectRule, Tenant, TenantStatus};
use crate::model::token::{Call, Caller};
use crate::outbound::gateway;
use crate::service::Service;
use crate::store::page::{Listed, Page};
use crate::store::{Tx, clients, configurations, tenants, tokens};

#[derive(Clone, Debug)]
pub struct NewTenant {
    pub name: TenantName,
    /// The name when left out.
    pub display_name: Option<String>,
    pub otp_issuer: Option<String>,
    pub subject_rule: Option<SubjectRule>,
}

#[derive(Clone, Debug, Default)]
pub struct TenantChange {
    pub display_name: Patch<String>,
    pub otp_issuer: Patch<String>,
    pub subject_rule: Patch<SubjectRule>,
    pub status: Patch<TenantStatus>,
    pub csc_configurations: Patch<Vec<ConfigurationId>>,
    /// Its URL; its secret is made here, anew each time.
    pub gateway: Patch<String>,
}

/// A tenant as it is after a change.
#[derive(Clone)]
pub struct ChangedTenant {
    pub tenant: Tenant,
    /// When the change set a gateway: shown this once.
    pub gateway_secret: Option<SecretText>,
}

/// More than any tenant tells apart.
const MAX_CSC_CONFIGURATIONS: usize = 50;

/// For callers that reach all tenants.
pub fn create(service: &Service, call: &Call, new: NewTenant) -> Result<Tenant> {
    let tenant = Tenant {
        display_name: new.display_name.unwrap_or_else(|| new.name.to_string()),
        otp_issuer: new.otp_issuer,
        subject_rule: new.subject_rule.unwrap_or(SubjectRule::CaSets),
        status: TenantStatus::Active,
        csc_configurations: Vec::new(),
        wrapped_key: service.vault.new_tenant_key(new.name.as_str())?,
        gateway: None,
        created_at: call.at,
        name: new.name,
    };
    check(&tenant)?;
    let principal = call.principal.clone();
    service.store.write(call.actor(), move |tx| {
        let caller = tx.admit(&principal, Permission::TenantsWrite)?;
        reaches_all(&caller)?;
        if tenants::find(tx, &tenant.name)?.is_some() {
            return Err(Error::new(
                Code::AlreadyExists,
                format!("There is a tenant {} already.", tenant.name),
            ));
        }
        tenants::insert(tx, &tenant)?;
        let event = Event::done("tenant.create", target(&tenant.name))
            .of(&tenant.name)
            .with("displayName", tenant.display_name.as_str());
        Ok(Audited::new(tenant.clone(), event))
    })
}

pub fn list(service: &Service, call: &Call, page: &Page) -> Result<Listed<Tenant>> {
    service.store.read(call.at, |tx| {
        let caller = tx.admit(&call.principal, Permission::TenantsRead)?;
        tenants::list(tx, caller.reach(), page)
    })
}

pub fn show(service: &Service, call: &Call, name: &TenantName) -> Result<Tenant> {
    service.store.read(call.at, |tx| {
        let caller = tx.admit(&call.principal, Permission::TenantsRead)?;
        caller.reaches(name)?;
        tenants::known(tx, name)
    })
}

/// For callers that reach all tenants. Suspending a tenant revokes its tokens; those that reach all tenants stay.
pub fn change(
    service: &Service,
    call: &Call,
    name: &TenantName,
    change: TenantChange,
) -> Result<ChangedTenant> {
    let (gateway, gateway_secret) = new_gateway(service, call, name, change.gateway.clone())?;
    let (principal, name) = (call.principal.clone(), name.clone());
    let tenant = service.store.write(call.actor(), move |tx| {
        let caller = tx.admit_to_revoke(&principal, Permission::TenantsWrite)?;
        reaches_all(&caller)?;
        let before = tenants::known(tx, &name)?;
        let mut after = apply(change.clone(), before.clone());
        after.gateway = Patch::optional(gateway.clone()).apply(after.gateway, || None);
        check(&after)?;
        check_configurations(tx, &after)?;
        tenants::update(tx, &after)?;
        let mut event = Event::done("tenant.change", target(&name)).of(&name);
        if after.status != before.status {
            // Whoever is issuing a token for this tenant now either finds the client touched, or its token is revoked.
            clients::touch_those_of(tx, &name)?;
            event = event.with("status", after.status.as_str());
            if after.status == TenantStatus::Suspended {
                event = event.with("tokensRevoked", tokens::revoke_those_of(tx, &name)?);
            }
        }
        let changed: Vec<&str> = [
            ("displayName", after.display_name != before.display_name),
            ("otpIssuer", after.otp_issuer != before.otp_issuer),
            ("caSetsSubject", after.subject_rule != before.subject_rule),
            ("status", after.status != before.status),
            ("gateway", after.gateway != before.gateway),
            ("cscCreation", after.csc_configurations != before.csc_configurations),
        ]
        .into_iter()
        .filter_map(|(field, changed)| changed.then_some(field))
        .collect();
        Ok(Audited::new(after, event.with("changed", changed)))
    })?;
    Ok(ChangedTenant { tenant, gateway_secret })
}

/// A gateway to be set, with a new secret, and that secret as its owner is shown it.
fn new_gateway(
    service: &Service,
    call: &Call,
    name: &TenantName,
    url: Patch<String>,
) -> Result<(Patch<Gateway>, Option<SecretText>)> {
    let Patch::Set(url) = url else { return Ok((url.try_map(|_| Err(Error::not_found()))?, None)) };
    let tenant = service.store.read(call.at, |tx| {
        reaches_all(&tx.admit(&call.principal, Permission::TenantsWrite)?)?;
        tenants::known(tx, name)
    })?;
    let admitted = service.outbound.gateways.admit(&url).ok_or_else(|| {
        Error::field(
            "/gateway/url",
            "an https URL, without user and fragment, on a host that the operator allows (--webhook-host)",
        )
    })?;
    let (secret, wrapped_secret) = service.vault.new_gateway_secret(&tenant)?;
    let gateway = Gateway { url: admitted.as_str().to_owned(), wrapped_secret };
    Ok((Patch::Set(gateway), Some(gateway::shown(&secret))))
}

fn apply(change: TenantChange, before: Tenant) -> Tenant {
    let name = before.name.clone();
    Tenant {
        display_name: change.display_name.apply(before.display_name, || name.to_string()),
        otp_issuer: Patch::optional(change.otp_issuer).apply(before.otp_issuer, || None),
        subject_rule: change.subject_rule.apply(before.subject_rule, || SubjectRule::CaSets),
        status: change.status.apply(before.status, || TenantStatus::Active),
        csc_configurations: change.csc_configurations.apply(before.csc_configurations, Vec::new),
        ..before
    }
}

fn check(tenant: &Tenant) -> Result<()> {
    display_name(&tenant.display_name)?;
    // The colon parts issuer from account in an otpauth URI.
    let fits = |issuer: &String| {
        (1..=64).contains(&issuer.chars().count()) && !issuer.chars().any(|c| c.is_control() || c == ':')
    };
    if tenant.otp_issuer.as_ref().is_none_or(fits) {
        return Ok(());
    }
    Err(Error::field("/otpIssuer", "1 to 64 characters without a colon or control characters"))
}

/// Each is the tenant's own, and there once.
fn check_configurations(tx: &mut Tx, tenant: &Tenant) -> Result<()> {
    let ids = &tenant.csc_configurations;
    if ids.len() > MAX_CSC_CONFIGURATIONS {
        return Err(unfit_configurations(format!("at most {MAX_CSC_CONFIGURATIONS}")));
    }
    for (at, id) in ids.iter().enumerate() {
        let found = configurations::find(tx, id)?.filter(|found| found.tenant == tenant.name);
        if found.is_none() || ids.iter().skip(at + 1).any(|other| other == id) {
            return Err(unfit_configurations(
                "ids of authorization configurations of this tenant, each once",
            ));
        }
    }
    Ok(())
}

fn unfit_configurations(expected: impl Into<String>) -> Error {
    Error::field("/cscCreation/configurations", expected)
}

/// Tenants as such are run by those who run them all.
fn reaches_all(caller: &Caller) -> Result<()> {
    if *caller.reach() == TenantReach::All {
        return Ok(());
    }
    Err(Error::new(
        Code::InsufficientPermission,
        "Tenants are made and changed with a token that may act for all tenants ([\"*\"]).",
    ))
}

pub(super) fn target(name: &TenantName) -> String {
    format!("tenant:{name}")
}
