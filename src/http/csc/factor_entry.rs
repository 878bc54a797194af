//! How a client asks the signer for a factor, alike in both versions.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::configuration::{OtpRules, PinRules};
use crate::model::factor::{Channel, FactorType};

#[derive(Serialize, ToSchema)]
#[schema(as = CscFactorEntry)]
pub struct Entry {
    /// `N` (digits) or `A`; approvals have no value.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "N")]
    format: Option<&'static str>,
    label: &'static str,
    description: String,
}

impl Entry {
    pub fn pin(rules: &PinRules) -> Self {
        let description =
            format!("The PIN of this credential, {} to {} characters", rules.min_length, rules.max_length);
        Self { format: Some(rules.format.as_str()), label: "PIN", description }
    }

    /// A code that the signer's authenticator makes.
    pub fn totp(rules: &OtpRules) -> Self {
        Self {
            format: Some("N"),
            label: "One-time password",
            description: format!("The {} digits that the authenticator shows", rules.digits),
        }
    }

    /// A code that is sent to the signer.
    pub fn sent(factor: FactorType, to: Option<&str>) -> Self {
        let way = match factor.channel() {
            Some(Channel::Gateway) => "as a text message",
            Some(Channel::Email) | None => "by e-mail",
        };
        let to = to.map(|address| format!(" to {address}")).unwrap_or_default();
        let description = format!("The code that was sent {way}{to}");
        Self { format: Some("N"), label: "One-time password", description }
    }

    /// What the signer approves apart from the client.
    pub fn approval(factor: FactorType) -> Self {
        let description = match factor.channel() {
            Some(Channel::Gateway) => "The signer approves in an app",
            Some(Channel::Email) | None => "The signer approves by the link in an e-mail",
        };
        Self { format: None, label: "Approval", description: description.to_owned() }
    }
}
