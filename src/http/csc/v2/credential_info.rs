//! What credentials/list and credentials/info tell of a credential.

use serde::Serialize;
use utoipa::ToSchema;

use super::auth::Auth;
use crate::credential::show::Usable;
use crate::http::csc::certified::{self, Cert, Key, Parts};
use crate::http::csc::language;
use crate::model::error::Result;
use crate::model::id::CredentialId;

#[derive(Serialize, ToSchema)]
#[schema(as = Csc2CredentialInfo)]
pub struct CredentialInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    key: Key,
    cert: QualifiedCert,
    auth: Auth,
    /// `1`, or `2`: a SAD is tied to the hashes that were authorised.
    #[serde(rename = "SCAL")]
    #[schema(example = "2")]
    scal: &'static str,
    /// The same again, as some clients spell it.
    #[serde(rename = "scal")]
    #[schema(example = "2")]
    scal_again: &'static str,
    /// Signatures per authorisation.
    multisign: u32,
    lang: &'static str,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Csc2ListedCredential)]
pub struct ListedCredential {
    #[serde(rename = "credentialID")]
    #[schema(value_type = String)]
    id: CredentialId,
    #[serde(flatten)]
    info: CredentialInfo,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Csc2Cert)]
struct QualifiedCert {
    #[serde(flatten)]
    cert: Cert,
    /// The OIDs of the certificate's qualified-certificate statements (RFC 3739).
    #[serde(rename = "qcStatements")]
    qc_statements: Vec<String>,
    /// The OIDs of the certificate's policies.
    policy: Vec<String>,
}

impl CredentialInfo {
    pub fn of(usable: Usable, parts: Parts) -> Result<Self> {
        let Usable { credential, status, key, chain, configuration, sent_to } = usable;
        let auth = Auth::of(&credential, &configuration, sent_to.as_deref());
        let scal = configuration.scal.as_str();
        let mut facts = certified::facts(&chain)?;
        Ok(Self {
            key: Key::of(&key, status),
            cert: QualifiedCert {
                qc_statements: std::mem::take(&mut facts.qc_statements),
                policy: std::mem::take(&mut facts.policies),
                // Names and dates are told whether they are asked for or not: clients parse them unseen.
                cert: Cert::of(&chain, status, parts, Some(facts))?,
            },
            auth,
            scal,
            scal_again: scal,
            multisign: credential.multi_signature,
            lang: language::OURS,
            description: credential.description,
        })
    }
}

impl ListedCredential {
    pub fn of(usable: Usable, parts: Parts) -> Result<Self> {
        let id = usable.credential.id.clone();
        Ok(Self { id, info: CredentialInfo::of(usable, parts)? })
    }
}
