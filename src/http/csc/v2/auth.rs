//! What a credential asks of its signer, as v2 tells it: auth objects, and how they go together.

use serde::Serialize;
use utoipa::ToSchema;

use crate::http::csc::auth_data::{OTP_ID, PIN_ID};
use crate::http::csc::factor_entry::Entry;
use crate::model::configuration::{Configuration, ConfigurationType};
use crate::model::credential::Credential;
use crate::model::factor::FactorType;

/// What the signer knows, or reads from a device.
const PASSWORD: &str = "Password";
/// What getChallenge has to send to the signer first.
const CHALLENGE_RESPONSE: &str = "ChallengeResponse";
/// What the signer answers apart from the client, who waits.
const CHALLENGE_RESPONSE_OOB: &str = "ChallengeResponseOOB";

#[derive(Serialize, ToSchema)]
#[schema(as = Csc2Auth)]
pub struct Auth {
    /// `explicit` or `oauth2code`. An explicit one without objects asks nothing of the signer.
    #[schema(example = "explicit")]
    mode: &'static str,
    /// The ids of the objects that have to be in authData.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "PIN AND OTP")]
    expression: Option<String>,
    objects: Vec<AuthObject>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Csc2AuthObject)]
struct AuthObject {
    #[serde(rename = "type")]
    /// `Password`; `ChallengeResponse`: getChallenge comes first; or `ChallengeResponseOOB`: authorize gives a handle, and
    /// authorizeCheck waits.
    #[schema(example = "Password")]
    kind: &'static str,
    #[schema(example = "PIN")]
    id: &'static str,
    #[serde(flatten)]
    entry: Entry,
    /// What makes the value: `totp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    generator: Option<&'static str>,
}

impl Auth {
    pub fn of(credential: &Credential, configuration: &Configuration, sent_to: Option<&str>) -> Self {
        let objects: Vec<AuthObject> = match configuration.kind {
            ConfigurationType::Explicit => credential
                .required_factors
                .iter()
                .map(|kind| AuthObject::of(*kind, configuration, sent_to))
                .collect(),
            ConfigurationType::Implicit | ConfigurationType::Oauth2 => Vec::new(),
        };
        let ids: Vec<&str> = objects.iter().map(|object| object.id).collect();
        Self {
            mode: match configuration.kind {
                ConfigurationType::Explicit | ConfigurationType::Implicit => "explicit",
                ConfigurationType::Oauth2 => "oauth2code",
            },
            expression: (!ids.is_empty()).then(|| ids.join(" AND ")),
            objects,
        }
    }
}

impl AuthObject {
    fn of(factor: FactorType, configuration: &Configuration, sent_to: Option<&str>) -> Self {
        match factor {
            FactorType::Pin => {
                Self { kind: PASSWORD, id: PIN_ID, entry: Entry::pin(&configuration.pin), generator: None }
            }
            FactorType::Otp => Self {
                kind: PASSWORD,
                id: OTP_ID,
                entry: Entry::totp(&configuration.otp),
                generator: Some("totp"),
            },
            FactorType::EmailOtp | FactorType::SmsOtp => Self {
                kind: CHALLENGE_RESPONSE,
                id: OTP_ID,
                entry: Entry::sent(factor, sent_to),
                generator: None,
            },
            FactorType::EmailLink | FactorType::Push => Self {
                kind: CHALLENGE_RESPONSE_OOB,
                id: factor.csc_name(),
                entry: Entry::approval(factor),
                generator: None,
            },
        }
    }
}
