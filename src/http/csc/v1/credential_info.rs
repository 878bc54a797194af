//! What credentials/info tells of a credential.

use serde::Serialize;
use utoipa::ToSchema;

use crate::credential::show::Usable;
use crate::http::csc::certified::{self, Cert, Key, Parts};
use crate::http::csc::factor_entry::Entry;
use crate::http::csc::language;
use crate::model::configuration::{Configuration, ConfigurationType, OtpRules, PinRules};
use crate::model::error::Result;
use crate::model::factor::FactorType;

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

/// Only with `authInfo`, and of credentials whose `authMode` is `explicit`.
#[derive(Serialize, ToSchema)]
#[schema(as = CscPin)]
struct Pin {
    /// `true` or `false`, as text.
    #[schema(example = "true")]
    presence: &'static str,
    #[serde(flatten)]
    entry: Option<Entry>,
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
    /// `offline`: the signer's authenticator makes it. `online`: credentials/sendOTP comes first.
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    entry: Entry,
    #[serde(rename = "ID")]
    id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
}

impl CredentialInfo {
    pub fn of(usable: Usable, parts: Parts) -> Result<Self> {
        let Usable { credential, status, key, chain, configuration, sent_to } = usable;
        let shows_factors = parts.factors && configuration.kind == ConfigurationType::Explicit;
        let asks = |kind| credential.required_factors.contains(&kind);
        let pin = shows_factors.then(|| Pin::of(asks(FactorType::Pin).then_some(&configuration.pin)));
        let entry =
            configuration.one_time_password().filter(|kind| asks(*kind)).map(|kind| match kind.channel() {
                Some(_) => OtpEntry::sent(kind, sent_to.as_deref(), credential.tenant.as_str()),
                None => OtpEntry::totp(&configuration.otp),
            });
        let otp = shows_factors.then(|| Otp::of(entry));
        let facts = parts.certificate_facts.then(|| certified::facts(&chain)).transpose()?;
        Ok(Self {
            key: Key::of(&key, status),
            cert: Cert::of(&chain, status, parts, facts)?,
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

/// CSC writes this one as text.
fn presence(is_asked_for: bool) -> &'static str {
    if is_asked_for { "true" } else { "false" }
}

impl Pin {
    fn of(rules: Option<&PinRules>) -> Self {
        let entry = rules.map(Entry::pin);
        Self { presence: presence(entry.is_some()), entry }
    }
}

impl Otp {
    fn of(entry: Option<OtpEntry>) -> Self {
        Self { presence: presence(entry.is_some()), entry }
    }
}

impl OtpEntry {
    fn totp(rules: &OtpRules) -> Self {
        Self { kind: "offline", entry: Entry::totp(rules), id: "TOTP", provider: rules.issuer.clone() }
    }

    fn sent(factor: FactorType, to: Option<&str>, tenant: &str) -> Self {
        let id = if factor == FactorType::SmsOtp { "SMS" } else { "EMAIL" };
        Self { kind: "online", entry: Entry::sent(factor, to), id, provider: Some(tenant.to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
        let otp = |entry| serde_json::to_value(Otp::of(Some(entry))).unwrap();
        let offline = otp(OtpEntry::totp(&OtpRules::default()));
        assert_eq!((&offline["type"], &offline["presence"]), (&json!("offline"), &json!("true")));
        assert_eq!(
            otp(OtpEntry::sent(FactorType::EmailOtp, Some("j***@acme.example"), "acme")),
            json!({
                "presence": "true",
                "type": "online",
                "format": "N",
                "label": "One-time password",
                "description": "The code that was sent by e-mail to j***@acme.example",
                "ID": "EMAIL",
                "provider": "acme",
            })
        );
    }
}
