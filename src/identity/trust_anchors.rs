//! The roots that a tenant pins: from the first one on, only chains that end in one of them are taken.

use crate::identity::tenants::target;
use crate::model::error::Result;
use crate::model::event::{Audited, Event};
use crate::model::name::TenantName;
use crate::model::permission::Permission;
use crate::model::tenant::TrustAnchor;
use crate::model::token::Call;
use crate::pki::certificate;
use crate::service::Service;
use crate::store::page::{Listed, Page};
use crate::store::tenants;

/// Pins a CA certificate, PEM or DER; pinning it again changes nothing.
pub fn pin(service: &Service, call: &Call, tenant: &TenantName, upload: &[u8]) -> Result<TrustAnchor> {
    let principal = call.principal.clone();
    // Decided before the upload is looked at: nobody parses for strangers.
    service.store.read(call.at, |tx| {
        let caller = tx.admit(&principal, Permission::TenantsWrite)?;
        caller.reaches(tenant)?;
        tenants::known(tx, tenant)
    })?;
    let facts = certificate::trust_anchor(upload)?;
    let anchor = TrustAnchor {
        tenant: tenant.clone(),
        fingerprint: facts.fingerprint_sha256,
        subject: facts.subject,
        der: facts.der,
        created_at: call.at,
    };
    service.store.write(call.actor(), move |tx| {
        let caller = tx.admit(&principal, Permission::TenantsWrite)?;
        caller.reaches(&anchor.tenant)?;
        tenants::known(tx, &anchor.tenant)?;
        tenants::pin(tx, &anchor)?;
        let event = Event::done("trust_anchor.pin", target(&anchor.tenant))
            .of(&anchor.tenant)
            .with("fingerprintSha256", anchor.fingerprint.as_str())
            .with("subject", anchor.subject.as_str());
        Ok(Audited::new(anchor.clone(), event))
    })
}

/// All of a tenant's, by fingerprint.
pub fn list(service: &Service, call: &Call, tenant: &TenantName, page: &Page) -> Result<Listed<TrustAnchor>> {
    service.store.read(call.at, |tx| {
        let caller = tx.admit(&call.principal, Permission::TenantsRead)?;
        caller.reaches(tenant)?;
        tenants::known(tx, tenant)?;
        tenants::anchors_page(tx, tenant, page)
    })
}

/// `fingerprint`: SHA-256, lower-case hexadecimal.
pub fn show(service: &Service, call: &Call, tenant: &TenantName, fingerprint: &str) -> Result<TrustAnchor> {
    service.store.read(call.at, |tx| {
        let caller = tx.admit(&call.principal, Permission::TenantsRead)?;
        caller.reaches(tenant)?;
        tenants::anchor(tx, tenant, fingerprint)
    })
}

/// `fingerprint`: SHA-256, lower-case hexadecimal.
pub fn unpin(service: &Service, call: &Call, tenant: &TenantName, fingerprint: &str) -> Result<()> {
    let (principal, tenant, fingerprint) = (call.principal.clone(), tenant.clone(), fingerprint.to_owned());
    service.store.write(call.actor(), move |tx| {
        let caller = tx.admit(&principal, Permission::TenantsWrite)?;
        caller.reaches(&tenant)?;
        tenants::known(tx, &tenant)?;
        tenants::unpin(tx, &tenant, &fingerprint)?;
        let event = Event::done("trust_anchor.unpin", target(&tenant))
            .of(&tenant)
            .with("fingerprintSha256", fingerprint.as_str());
        Ok(Audited::new((), event))
    })
}
