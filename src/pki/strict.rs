//! Certificates, parsed strictly: x509-parser and OpenSSL both have to accept one, and it has to be what RFC 5280 says.

use std::collections::HashSet;
use std::fmt::Write;

use openssl::x509::X509;
use x509_parser::asn1_rs::{Any, FromDer, Oid};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{KeyUsage, ParsedExtension, X509Extension};
use x509_parser::signature_algorithm::RsaSsaPssParams;
use x509_parser::time::ASN1Time;
use x509_parser::x509::{AlgorithmIdentifier, AttributeTypeAndValue, X509Version};

use crate::model::algorithm::OID_RSA_PSS;
use crate::model::time::Timestamp;
use crate::pki::ber;
use crate::pki::certificate::CertificateFacts;
use crate::pki::key::PublicKey;
use crate::pki::name;

/// RFC 3739.
const QC_STATEMENTS: &str = "1.3.6.1.5.5.7.1.3";

/// A certificate with everything that the checks of a chain ask for.
pub struct Certificate {
    pub facts: CertificateFacts,
    pub x509: X509,
    pub key: PublicKey,
    /// basicConstraints cA.
    pub is_ca: bool,
    /// basicConstraints pathLenConstraint.
    pub path_length: Option<u32>,
    pub key_usage: Option<KeyUsage>,
    pub has_name_constraints: bool,
    /// The digest of its signature, when that is a broken one.
    pub weak_digest: Option<&'static str>,
}

impl Certificate {
    /// Parses DER, or says why it is no certificate to be used.
    pub fn parse(der: &[u8]) -> Result<Self, String> {
        let (rest, parsed) = X509Certificate::from_der(der)
            .map_err(|error| format!("it is no DER of a certificate ({error})"))?;
        if !rest.is_empty() {
            return Err(format!("{} octets follow its end", rest.len()));
        }
        let x509 = X509::from_der(der).map_err(|_| "it is no DER of a certificate".to_owned())?;
        // OpenSSL reads BER too; whatever it would have written otherwise was not DER.
        if x509.to_der().ok().as_deref() != Some(der) {
            return Err("it is BER, where DER is required".to_owned());
        }
        check_profile(&parsed)?;
        let basic = parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::BasicConstraints(basic) => Some(basic),
            _ => None,
        });
        let key_usage = parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::KeyUsage(usage) => Some(*usage),
            _ => None,
        });
        let has_name_constraints = parsed
            .extensions()
            .iter()
            .any(|extension| matches!(extension.parsed_extension(), ParsedExtension::NameConstraints(_)));
        Ok(Self {
            facts: facts(&parsed)?,
            key: PublicKey::parse(parsed.public_key().raw).ok_or("its public key cannot be read")?,
            is_ca: basic.is_some_and(|basic| basic.ca),
            path_length: basic.and_then(|basic| basic.path_len_constraint),
            key_usage,
            has_name_constraints,
            weak_digest: weak_digest(&parsed.signature_algorithm),
            x509,
        })
    }

    /// Its subject is its issuer, which is not yet to say that it signed itself.
    pub fn is_self_issued(&self) -> bool {
        self.names_as_issuer(self)
    }

    /// Whether its issuer's name is `issuer`'s subject, after the normalisation that RFC 5280 section 7.1 asks for.
    pub fn names_as_issuer(&self, issuer: &Self) -> bool {
        self.x509.issuer_name().try_cmp(issuer.x509.subject_name()).is_ok_and(|order| order.is_eq())
    }

    /// Whether `issuer`'s key verifies its signature. A key that cannot verify it at all did not make it.
    pub fn is_signed_by(&self, issuer: &Self) -> bool {
        issuer.x509.public_key().and_then(|key| self.x509.verify(&key)).unwrap_or(false)
    }
}

/// What RFC 5280 section 4.1 demands and parsers let pass.
fn check_profile(parsed: &X509Certificate<'_>) -> Result<(), String> {
    if parsed.version() != X509Version::V3 {
        return Err(format!(
            "it is of version {}, where 3 is required",
            parsed.version().0.saturating_add(1)
        ));
    }
    if parsed.signature != parsed.signature_algorithm {
        return Err("the signature algorithm inside it is not the one outside".to_owned());
    }
    let serial = parsed.raw_serial();
    let magnitude = serial.strip_prefix(&[0]).unwrap_or(serial);
    if serial.first().is_none_or(|octet| octet & 0x80 != 0) || magnitude.iter().all(|octet| *octet == 0) {
        return Err("its serial number is not positive".to_owned());
    }
    if magnitude.len() > 20 {
        return Err(format!("its serial number has {} octets, where 20 are the most", magnitude.len()));
    }
    let mut seen = HashSet::new();
    for extension in parsed.extensions() {
        let oid = extension.oid.to_id_string();
        if !seen.insert(oid.clone()) {
            return Err(format!("its extension {oid} is there twice"));
        }
        if extension.critical && !is_known(&oid) {
            return Err(format!("its critical extension {oid} is not known here"));
        }
        if extension.parsed_extension().error().is_some() && (extension.critical || decides(extension)) {
            return Err(format!("its extension {oid} cannot be read"));
        }
    }
    Ok(())
}

/// The extensions of RFC 5280 section 4.2. Policies are not processed: no policy is demanded of anybody here.
fn is_known(oid: &str) -> bool {
    let certificate_extension = oid.strip_prefix("2.5.29.").and_then(|arc| arc.parse::<u8>().ok());
    matches!(certificate_extension, Some(9 | 14 | 15 | 17 | 18 | 19 | 30..=33 | 35..=37 | 46 | 54))
        // authorityInfoAccess, subjectInfoAccess
        || matches!(oid, "1.3.6.1.5.5.7.1.1" | QC_STATEMENTS | "1.3.6.1.5.5.7.1.11")
}

/// Extensions on which a check depends, so that one which cannot be read must not pass for one that is not there.
fn decides(extension: &X509Extension<'_>) -> bool {
    matches!(
        extension.oid.to_id_string().as_str(),
        "2.5.29.15" | "2.5.29.17" | "2.5.29.19" | "2.5.29.30" | "2.5.29.37"
    )
}

fn facts(parsed: &X509Certificate<'_>) -> Result<CertificateFacts, String> {
    let serial = parsed.raw_serial();
    let serial = serial.strip_prefix(&[0]).unwrap_or(serial);
    Ok(CertificateFacts {
        der: parsed.as_raw().to_vec(),
        subject: name::rfc4514(parsed.subject().as_raw()),
        issuer: name::rfc4514(parsed.issuer().as_raw()),
        serial_number: hex(serial),
        not_before: timestamp(parsed.validity().not_before),
        not_after: timestamp(parsed.validity().not_after),
        fingerprint_sha256: hex(&openssl::sha::sha256(parsed.as_raw())),
        organization: most_specific(parsed.subject().iter_organization()),
        common_name: most_specific(parsed.subject().iter_common_name()),
        policies: policies(parsed),
        qc_statements: qc_statements(parsed).unwrap_or_default(),
    })
}

fn policies(parsed: &X509Certificate<'_>) -> Vec<String> {
    let policies = parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::CertificatePolicies(policies) => Some(policies),
        _ => None,
    });
    policies.into_iter().flatten().map(|policy| policy.policy_id.to_id_string()).collect()
}

/// What each statement is; what more it says is left unread.
fn qc_statements(parsed: &X509Certificate<'_>) -> Option<Vec<String>> {
    let mut extensions = parsed.extensions().iter();
    let extension = extensions.find(|extension| extension.oid.to_id_string() == QC_STATEMENTS)?;
    let statements = ber::read(extension.value).and_then(|list| list.children()).ok()?;
    let oids = statements.iter().filter_map(|statement| {
        let parts = statement.children().ok()?;
        let (_, oid) = Oid::from_der(parts.first()?.raw).ok()?;
        Some(oid.to_id_string())
    });
    Some(oids.collect())
}

fn timestamp(time: ASN1Time) -> Timestamp {
    Timestamp::from_seconds(time.timestamp())
}

/// Names go from the general to the particular: of several values the last one counts.
fn most_specific<'a>(values: impl Iterator<Item = &'a AttributeTypeAndValue<'a>>) -> Option<String> {
    values.last().and_then(name::attribute_text)
}

/// Lower-case hexadecimal.
pub fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}

/// The digest behind a signature algorithm when it is MD2, MD4, MD5 or SHA-1.
fn weak_digest(algorithm: &AlgorithmIdentifier<'_>) -> Option<&'static str> {
    const SHA1: &str = "SHA-1";
    match algorithm.algorithm.to_id_string().as_str() {
        "1.2.840.113549.1.1.2" => Some("MD2"),
        "1.2.840.113549.1.1.3" | "1.3.14.3.2.2" => Some("MD4"),
        "1.2.840.113549.1.1.4" | "1.3.14.3.2.3" => Some("MD5"),
        "1.2.840.113549.1.1.5"
        | "1.2.840.10045.4.1"
        | "1.2.840.10040.4.3"
        | "1.3.14.3.2.27"
        | "1.3.14.3.2.29" => Some(SHA1),
        OID_RSA_PSS => {
            let digest = algorithm.parameters.as_ref().and_then(pss_digest);
            match digest.as_deref() {
                // Parameters that leave the digest out mean SHA-1 (RFC 4055 section 3.1).
                None | Some("1.3.14.3.2.26") => Some(SHA1),
                Some("1.2.840.113549.2.5") => Some("MD5"),
                Some(_) => None,
            }
        }
        _ => None,
    }
}

fn pss_digest(parameters: &Any<'_>) -> Option<String> {
    let parameters = RsaSsaPssParams::try_from(parameters).ok()?;
    Some(parameters.hash_algorithm_oid().to_id_string())
}
