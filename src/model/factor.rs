//! Second factors: something the signer knows (PIN), something the signer has (OTP), and the signer's own word (approvals).

use serde::{Deserialize, Serialize};

use crate::model::configuration::OtpRules;
use crate::model::id::{CredentialId, FactorId};
use crate::model::lockout::Lockout;
use crate::model::time::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FactorType {
    Pin,
    /// A time-based one-time password: the signer's authenticator makes it.
    Otp,
    /// A one-time password that is sent by e-mail.
    EmailOtp,
    /// A one-time password that the tenant's gateway sends as a text message.
    SmsOtp,
    /// An e-mail with a link, by which the signer approves.
    EmailLink,
    /// The same link in a push message, which the tenant's gateway sends to its own app.
    Push,
}

/// How something reaches the signer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Email,
    /// The tenant's own gateway, by a webhook.
    Gateway,
}

impl Channel {
    /// The one-time password that comes this way.
    pub const fn factor(self) -> FactorType {
        match self {
            Self::Email => FactorType::EmailOtp,
            Self::Gateway => FactorType::SmsOtp,
        }
    }
}

impl FactorType {
    pub const ALL: [Self; 6] =
        [Self::Pin, Self::Otp, Self::EmailOtp, Self::SmsOtp, Self::EmailLink, Self::Push];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pin => "PIN",
            Self::Otp => "OTP",
            Self::EmailOtp => "EMAIL_OTP",
            Self::SmsOtp => "SMS_OTP",
            Self::EmailLink => "EMAIL_LINK",
            Self::Push => "PUSH",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.as_str() == text)
    }

    /// What CSC calls it, which has one OTP, however it comes.
    pub const fn csc_name(self) -> &'static str {
        match self {
            Self::Pin => "PIN",
            Self::Otp | Self::EmailOtp | Self::SmsOtp => "OTP",
            Self::EmailLink => "EMAIL_LINK",
            Self::Push => "PUSH",
        }
    }

    pub const fn is_one_time_password(self) -> bool {
        matches!(self, Self::Otp | Self::EmailOtp | Self::SmsOtp)
    }

    /// What the signer answers beside the call that asks for it: the caller sends no value, and waits.
    pub const fn is_approval(self) -> bool {
        matches!(self, Self::EmailLink | Self::Push)
    }

    /// How it reaches the signer; none for what the signer knows or has.
    pub const fn channel(self) -> Option<Channel> {
        match self {
            Self::Pin | Self::Otp => None,
            Self::EmailOtp | Self::EmailLink => Some(Channel::Email),
            Self::SmsOtp | Self::Push => Some(Channel::Gateway),
        }
    }
}

/// What a factor keeps to be checked against.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum FactorMaterial {
    /// The sealing key pair that the PIN opens; checking the PIN is opening it.
    Pin(PinMaterial),
    /// A TOTP secret in the tenant's envelope.
    Otp(OtpMaterial),
    /// Where one-time passwords or links are sent, and the password that was sent last.
    Sent(SentMaterial),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PinMaterial {
    /// X25519, in clear: key generation seals the data key to it.
    pub public: Vec<u8>,
    pub wrapped_private: Vec<u8>,
    pub salt: Vec<u8>,
    /// Argon2id: memory in KiB, passes, lanes.
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OtpMaterial {
    pub wrapped_secret: Vec<u8>,
    pub rules: OtpRules,
    /// The last time step that was accepted; it and every earlier one are spent.
    pub last_step: Option<i64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SentMaterial {
    /// An e-mail address or a telephone number, as the channel of the factor's type has it.
    pub address: String,
    /// When codes or links were sent (microseconds), oldest first, as far back as their rate is limited.
    pub sent_at: Vec<i64>,
    /// The last code, until it is used.
    pub code: Option<SentCode>,
}

impl SentMaterial {
    /// The address as whoever calls is shown it: enough for the signer to know it, too little for others to use it.
    pub fn masked_address(&self) -> String {
        let address = self.address.as_str();
        match address.rsplit_once('@') {
            Some((user, domain)) => format!("{}***@{domain}", user.chars().take(1).collect::<String>()),
            None => {
                let last = address.len().saturating_sub(2);
                format!(
                    "{}***{}",
                    address.get(..3).unwrap_or_default(),
                    address.get(last..).unwrap_or_default()
                )
            }
        }
    }
}

/// A code that is on its way to the signer: of the code itself only a MAC under the tenant's key is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentCode {
    pub nonce: Vec<u8>,
    pub mac: Vec<u8>,
    /// Microseconds.
    pub expires_at: i64,
}

#[derive(Clone, Debug)]
pub struct Factor {
    pub id: FactorId,
    pub credential: CredentialId,
    pub kind: FactorType,
    pub confirmed: bool,
    pub material: FactorMaterial,
    pub lockout: Lockout,
    pub created_at: Timestamp,
    /// Counts the changes of this record; every change is conditional on it.
    pub version: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_in_part() {
        for (address, masked) in [
            ("jdoe@acme.example", "j***@acme.example"),
            ("+34600123456", "+34***56"),
            ("+1234567", "+12***67"),
        ] {
            let material = SentMaterial { address: address.to_owned(), sent_at: Vec::new(), code: None };
            assert_eq!(material.masked_address(), masked);
        }
    }
}
