//! CRLs in the upload (check 14). They are never fetched: what an upload brings is looked at, nothing more.

use openssl::x509::X509Crl;
use x509_parser::asn1_rs::FromDer;
use x509_parser::extensions::ParsedExtension;
use x509_parser::revocation_list::CertificateRevocationList;

use super::{CLOCK_SKEW, Pool};
use crate::model::error::{Code, Error, Result};
use crate::model::time::Timestamp;
use crate::pki::name;
use crate::pki::strict::{Certificate, hex};

/// A CRL, as far as it is needed here.
pub struct Crl {
    /// The issuer, as RFC 4514 writes it; empty when it cannot be read.
    pub issuer: String,
    /// Absent for one that cannot be used.
    usable: Option<Usable>,
}

struct Usable {
    x509: X509Crl,
    this_update: i64,
    next_update: Option<i64>,
    /// Serial numbers, as certificates' facts write them.
    revoked: Vec<String>,
}

/// Reads the CRLs; one that cannot be read speaks of nothing and refuses nothing.
pub fn read(crls: &[Vec<u8>]) -> Vec<Crl> {
    crls.iter().map(|der| parse(der).unwrap_or(Crl { issuer: String::new(), usable: None })).collect()
}

fn parse(der: &[u8]) -> Option<Crl> {
    let (rest, parsed) = CertificateRevocationList::from_der(der).ok()?;
    let x509 = X509Crl::from_der(der).ok()?;
    if !rest.is_empty() {
        return None;
    }
    let serial = |serial: &[u8]| hex(serial.strip_prefix(&[0]).unwrap_or(serial));
    let revoked = parsed
        .iter_revoked_certificates()
        // A delta CRL takes a certificate off hold that way (RFC 5280 section 5.3.1).
        .filter(|entry| entry.reason_code().is_none_or(|(_, reason)| reason.0 != REMOVE_FROM_CRL))
        .map(|entry| serial(entry.raw_serial()))
        .collect();
    let usable = Usable {
        x509,
        this_update: parsed.last_update().timestamp(),
        next_update: parsed.next_update().map(|time| time.timestamp()),
        revoked,
    };
    let issuer = name::rfc4514(parsed.issuer().as_raw());
    Some(Crl { issuer, usable: (!is_indirect(&parsed)).then_some(usable) })
}

const REMOVE_FROM_CRL: u8 = 8;

/// The entries of an indirect CRL may speak of other issuers' certificates (RFC 5280 section 5.2.5).
fn is_indirect(crl: &CertificateRevocationList<'_>) -> bool {
    crl.extensions().iter().any(|extension| match extension.parsed_extension() {
        ParsedExtension::IssuingDistributionPoint(point) => point.indirect_crl,
        ParsedExtension::ParseError { .. } => extension.critical,
        _ => false,
    })
}

/// No certificate of the path is listed by a fresh CRL that its issuer signed.
pub fn check(pool: &mut Pool, path: &[usize], crls: &[Crl], now: Timestamp) -> Result<()> {
    for pair in path.windows(2) {
        let [subject, issuer] = pair else { continue };
        for crl in crls {
            if speaks_of(pool.certificate(*subject)?, crl, now) {
                pool.count_signature_check()?;
                check_listed(pool.certificate(*subject)?, pool.certificate(*issuer)?, crl)?;
            }
        }
    }
    Ok(())
}

/// Whether a CRL lists a certificate, the signature aside: only then is it worth a verification.
fn speaks_of(subject: &Certificate, crl: &Crl, now: Timestamp) -> bool {
    let Some(usable) = &crl.usable else {
        return false;
    };
    let is_of_issuer =
        usable.x509.issuer_name().try_cmp(subject.x509.issuer_name()).is_ok_and(|order| order.is_eq());
    is_of_issuer && usable.is_fresh(now) && usable.revoked.contains(&subject.facts.serial_number)
}

impl Usable {
    fn is_fresh(&self, now: Timestamp) -> bool {
        let now = now.seconds();
        self.this_update <= now + CLOCK_SKEW && self.next_update.is_none_or(|end| now - CLOCK_SKEW <= end)
    }
}

fn check_listed(subject: &Certificate, issuer: &Certificate, crl: &Crl) -> Result<()> {
    let may_sign = issuer.key_usage.is_none_or(|usage| usage.crl_sign());
    let is_signed = crl.usable.as_ref().is_some_and(|usable| {
        issuer.x509.public_key().and_then(|key| usable.x509.verify(&key)).unwrap_or(false)
    });
    if !(may_sign && is_signed) {
        return Ok(());
    }
    Err(Error::new(
        Code::CertificateRevoked,
        format!(
            "A CRL of \"{}\" in the upload lists the certificate of \"{}\", serial number {}.",
            issuer.facts.subject, subject.facts.subject, subject.facts.serial_number
        ),
    ))
}

impl Crl {
    /// Why it is not part of the chain.
    pub fn reason(&self, now: Timestamp) -> String {
        match &self.usable {
            None if self.issuer.is_empty() => "a CRL that cannot be read",
            None => "an indirect CRL: not used",
            Some(usable) if !usable.is_fresh(now) => "a CRL that is not fresh: not used",
            Some(_) => "a CRL: nothing of the chain is revoked by it",
        }
        .to_owned()
    }
}
