//! What credentials/info tells of a credential.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use utoipa::ToSchema;

use super::{AUTH_INFO, CERT_INFO, CERTIFICATES};
use crate::credential::show::Usable;
use crate::http::csc::fields::Fields;
use crate::http::csc::{fault, language};
use crate::model::configuration::{Configuration, ConfigurationType, OtpRules, PinRules};
use crate::model::credential::{CredentialStatus, StoredChain, StoredKey};
use crate::model::error::{Error, Result};
use crate::model::factor::FactorType;
use crate::pki::certificate::{self, CertificateFacts};

/// Which parts a caller asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    certificates: Certificates,
    /// The certificate's names, number and dates.
    certificate_facts: bool,
    /// What the signer is asked for.
    factors: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Certificates {
    None,
    Single,
    Chain,
}

impl Parts {
    pub fn asked(fields: &Fields) -> Result<Self> {
        let certificates = match fields.optional_text(CERTIFICATES)? {
            Some("none") => Certificates::None,
            Some("single") | None => Certificates::Single,
            Some("chain") => Certificates::Chain,
            Some(_) => return Err(fault::invalid(CERTIFICATES.name())),
        };
        Ok(Self {
            certificates,
            certificate_facts: fields.flag(CERT_INFO)?,
            factors: fields.flag(AUTH_INFO)?,
        })
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = CscCredentialInfo)]
#[serde(rename_all = "camelCase")]
pub struct CredentialInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    key: Key,
    cert: Cert,
    /// `explicit`, `implicit` or `oauth2code`.
    #[schema(example = "explicit")]
    auth_mode: &'static str,
    /// `1`, or `2`: a SAD is tied to the hashes that were authorised.
    #[serde(rename = "SCAL")]
    #[schema(example = "2")]
    scal: &'static str,
    #[serde(rename = "PIN", skip_serializing_if = "Option::is_none")]
    pin: Option<Pin>,
    #[serde(rename = "OTP", skip_serializing_if = "Option::is_none")]
    otp: Option<Otp>,
    /// Signatures per authorisation.
    multisign: u32,
    lang: &'static str,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CscKey)]
struct Key {
    /// `enabled` or `disabled`.
    #[schema(example = "enabled")]
    status: &'static str,
    /// The OIDs that signAlgo may be.
    #[schema(example = json!(["1.2.840.10045.4.3.2"]))]
    algo: &'static [&'static str],
    /// Bits.
    #[schema(example = 256)]
    len: u32,
    /// The curve's OID, of EC keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "1.2.840.10045.3.1.7")]
    curve: Option<&'static str>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CscCert)]
#[serde(rename_all = "camelCase")]
struct Cert {
    /// `valid`, `expired`, `revoked` or `suspended`.
    #[schema(example = "valid")]
    status: &'static str,
    /// DER, base64-encoded; the end entity's first.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificates: Option<Vec<String>>,
    #[serde(flatten)]
    facts: Option<CertFacts>,
}

/// Only with `certInfo`.
#[derive(Serialize, ToSchema)]
#[schema(as = CscCertFacts)]
#[serde(rename_all = "camelCase")]
struct CertFacts {
    /// RFC 4514.
    #[serde(rename = "issuerDN")]
    issuer_dn: String,
    /// Hexadecimal.
    serial_number: String,
    /// RFC 4514.
    #[serde(rename = "subjectDN")]
    subject_dn: String,
    /// GeneralizedTime.
    #[schema(example = "20260101000000Z")]
    valid_from: String,
    #[schema(example = "20280101000000Z")]
    valid_to: String,
}

/// Only with `authInfo`, and of credentials whose `authMode` is `explicit`.
#[derive(Serialize, ToSchema)]
#[schema(as = CscPin)]
struct Pin {
    /// `true` or `false`, as text.
    #[schema(example = "true")]
    presence: &'static str,
    #[serde(flatten)]
    entry: Option<PinEntry>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CscPinEntry)]
struct PinEntry {
    /// `N` (digits) or `A`.
    format: &'static str,
    label: &'static str,
    description: String,
}

/// Only with `authInfo`, and of credentials whose `authMode` is `explicit`.
#[derive(Serialize, ToSchema)]
#[schema(as = CscOtp)]
struct Otp {
    /// `true` or `false`, as text.
    #[schema(example = "true")]
    presence: &'static str,
    #[serde(flatten)]
    entry: Option<OtpEntry>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CscOtpEntry)]
struct OtpEntry {
    /// `offline`: the signer's authenticator makes it.
    #[serde(rename = "type")]
    kind: &'static str,
    /// `N`: digits.
    format: &'static str,
    label: &'static str,
    description: String,
    #[serde(rename = "ID")]
    id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
}

impl CredentialInfo {
    pub fn of(usable: Usable, parts: Parts) -> Result<Self> {
        let Usable { credential, status, key, chain, configuration } = usable;
        let shows_factors = parts.factors && configuration.kind == ConfigurationType::Explicit;
        let asks = |kind| credential.required_factors.contains(&kind);
        let pin = shows_factors.then(|| Pin::of(asks(FactorType::Pin).then_some(&configuration.pin)));
        let otp = shows_factors.then(|| Otp::of(asks(FactorType::Otp).then_some(&configuration.otp)));
        Ok(Self {
            key: Key::of(&key, status),
            cert: Cert::of(&chain, status, parts)?,
            auth_mode: auth_mode(&configuration),
            scal: configuration.scal.as_str(),
            pin,
            otp,
            multisign: credential.multi_signature,
            lang: language::OURS,
            description: credential.description,
        })
    }
}

fn auth_mode(configuration: &Configuration) -> &'static str {
    match configuration.kind {
        ConfigurationType::Explicit => "explicit",
        ConfigurationType::Implicit => "implicit",
        ConfigurationType::Oauth2 => "oauth2code",
    }
}

impl Key {
    fn of(key: &StoredKey, status: CredentialStatus) -> Self {
        Self {
            status: key_status(status),
            algo: key.algorithm.signature_oids(),
            len: key.algorithm.bits(),
            curve: key.algorithm.curve_oid(),
        }
    }
}

fn key_status(status: CredentialStatus) -> &'static str {
    if status == CredentialStatus::Revoked { "disabled" } else { "enabled" }
}

impl Cert {
    fn of(chain: &StoredChain, status: CredentialStatus, parts: Parts) -> Result<Self> {
        let end_entity =
            chain.certificates.first().ok_or_else(|| Error::internal("a chain without certificates"))?;
        let certificates = match parts.certificates {
            Certificates::None => None,
            Certificates::Single => Some(vec![STANDARD.encode(end_entity)]),
            Certificates::Chain => Some(chain.certificates.iter().map(|der| STANDARD.encode(der)).collect()),
        };
        let facts = parts.certificate_facts.then(|| certificate::facts(end_entity).map(CertFacts::from));
        Ok(Self { status: certificate_status(status), certificates, facts: facts.transpose()? })
    }
}

fn certificate_status(status: CredentialStatus) -> &'static str {
    match status {
        CredentialStatus::Suspended => "suspended",
        CredentialStatus::Expired => "expired",
        CredentialStatus::Revoked | CredentialStatus::Destroyed => "revoked",
        // Credentials without a certificate are not shown.
        CredentialStatus::Active
        | CredentialStatus::Created
        | CredentialStatus::Protected
        | CredentialStatus::AwaitingCertificate => "valid",
    }
}

impl From<CertificateFacts> for CertFacts {
    fn from(facts: CertificateFacts) -> Self {
        Self {
            issuer_dn: facts.issuer,
            serial_number: facts.serial_number,
            subject_dn: facts.subject,
            valid_from: facts.not_before.generalized_time(),
            valid_to: facts.not_after.generalized_time(),
        }
    }
}

/// CSC writes this one as text.
fn presence(is_asked_for: bool) -> &'static str {
    if is_asked_for { "true" } else { "false" }
}

impl Pin {
    fn of(rules: Option<&PinRules>) -> Self {
        let entry = rules.map(|rules| PinEntry {
            format: rules.format.as_str(),
            label: "PIN",
            description: format!(
                "The PIN of this credential, {} to {} characters",
                rules.min_length, rules.max_length
            ),
        });
        Self { presence: presence(entry.is_some()), entry }
    }
}

impl Otp {
    fn of(rules: Option<&OtpRules>) -> Self {
        let entry = rules.map(|rules| OtpEntry {
            kind: "offline",
            format: "N",
            label: "One-time password",
            description: format!("The {} digits that the authenticator shows", rules.digits),
            id: "TOTP",
            provider: rules.issuer.clone(),
        });
        Self { presence: presence(entry.is_some()), entry }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(body: &str) -> Result<Parts> {
        Parts::asked(&Fields::parse(body.as_bytes()).unwrap())
    }

    #[test]
    fn the_end_entity_s_certificate_is_told_unless_more_or_less_is_asked_for() {
        let parts =
            |certificates, certificate_facts, factors| Parts { certificates, certificate_facts, factors };
        assert_eq!(asked("{}").unwrap(), parts(Certificates::Single, false, false));
        assert_eq!(
            asked(r#"{"certificates":"chain","certInfo":true,"auth_info":true}"#).unwrap(),
            parts(Certificates::Chain, true, true)
        );
        assert_eq!(asked(r#"{"certificates":"none"}"#).unwrap(), parts(Certificates::None, false, false));
        for (body, said) in [
            (r#"{"certificates":"all"}"#, "Invalid parameter certificates"),
            (r#"{"certificates":1}"#, "Invalid parameter certificates"),
            (r#"{"certInfo":"true"}"#, "Invalid parameter certInfo"),
        ] {
            assert_eq!(asked(body).unwrap_err().detail(), said);
        }
    }

    #[test]
    fn a_factor_that_is_not_asked_for_is_there_with_presence_false() {
        assert_eq!(serde_json::to_value(Otp::of(None)).unwrap(), json!({"presence": "false"}));
        assert_eq!(
            serde_json::to_value(Pin::of(Some(&PinRules::default()))).unwrap(),
            json!({
                "presence": "true",
                "format": "N",
                "label": "PIN",
                "description": "The PIN of this credential, 6 to 12 characters",
            })
        );
        let otp = serde_json::to_value(Otp::of(Some(&OtpRules::default()))).unwrap();
        assert_eq!((&otp["type"], &otp["presence"]), (&json!("offline"), &json!("true")));
    }

    #[test]
    fn statuses_are_csc_s() {
        for (status, cert, key) in [
            (CredentialStatus::Active, "valid", "enabled"),
            (CredentialStatus::Suspended, "suspended", "enabled"),
            (CredentialStatus::Expired, "expired", "enabled"),
            (CredentialStatus::Revoked, "revoked", "disabled"),
        ] {
            assert_eq!((certificate_status(status), key_status(status)), (cert, key));
        }
    }
}
