//! What is told of a credential's key and certificate, alike in both versions.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use utoipa::ToSchema;

use super::fault;
use super::fields::Fields;
use super::parameters::{AUTH_INFO, CERT_INFO, CERTIFICATES, CLIENT_DATA, CREDENTIAL_ID, LANG};
use crate::model::credential::{CredentialStatus, StoredChain, StoredKey};
use crate::model::error::{Error, Result};
use crate::model::id::CredentialId;
use crate::pki::certificate::{self, CertificateFacts};

/// Which parts a caller asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    pub certificates: Certificates,
    /// The certificate's names, number and dates.
    pub certificate_facts: bool,
    /// What the signer is asked for.
    pub factors: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificates {
    None,
    Single,
    Chain,
}

/// What credentials/info is asked.
pub fn info_asked(fields: &Fields) -> Result<(CredentialId, Parts)> {
    let id = fields.required_text(CREDENTIAL_ID)?;
    let parts = Parts::asked(fields)?;
    fields.optional_text(LANG)?;
    fields.optional_text(CLIENT_DATA)?;
    Ok((CredentialId::parse(id)?, parts))
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
#[schema(as = CscKey)]
pub struct Key {
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
pub struct Cert {
    /// `valid`, `expired`, `revoked` or `suspended`.
    #[schema(example = "valid")]
    status: &'static str,
    /// DER, base64-encoded; the end entity's first.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificates: Option<Vec<String>>,
    #[serde(flatten)]
    facts: Option<CertFacts>,
}

/// In v1 only with `certInfo`.
#[derive(Serialize, ToSchema)]
#[schema(as = CscCertFacts)]
#[serde(rename_all = "camelCase")]
pub struct CertFacts {
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

impl Key {
    pub fn of(key: &StoredKey, status: CredentialStatus) -> Self {
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
    /// With the facts of the end entity's certificate, where they are to be told.
    pub fn of(
        chain: &StoredChain,
        status: CredentialStatus,
        parts: Parts,
        facts: Option<CertificateFacts>,
    ) -> Result<Self> {
        let certificates = match parts.certificates {
            Certificates::None => None,
            Certificates::Single => Some(vec![STANDARD.encode(end_entity(chain)?)]),
            Certificates::Chain => Some(chain.certificates.iter().map(|der| STANDARD.encode(der)).collect()),
        };
        Ok(Self { status: certificate_status(status), certificates, facts: facts.map(CertFacts::from) })
    }
}

/// What the end entity's certificate says.
pub fn facts(chain: &StoredChain) -> Result<CertificateFacts> {
    certificate::facts(end_entity(chain)?)
}

fn end_entity(chain: &StoredChain) -> Result<&[u8]> {
    let first = chain.certificates.first().map(Vec::as_slice);
    first.ok_or_else(|| Error::internal("a chain without certificates"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::error::Code;

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

    #[test]
    fn an_info_needs_a_credential() {
        let said = refusal(r#"{"certificates":"chain"}"#).1;
        assert_eq!(said, "Missing (or invalid type) string parameter credentialID");
        assert_eq!(refusal(r#"{"credentialID":"é"}"#).0, Code::NotFound);
        assert_eq!(refusal(r#"{"credentialID":"é","lang":1}"#).1, "Invalid parameter lang");
    }

    fn refusal(body: &str) -> (Code, String) {
        let error = info_asked(&Fields::parse(body.as_bytes()).unwrap()).unwrap_err();
        (error.code(), error.detail().to_owned())
    }
}
