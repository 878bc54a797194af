//! Tenants' own gateways: a signed POST for each message that is to be passed on, as the Standard Webhooks
//! specification (version 1) has it, so that any of its libraries can check it.

use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Url;
use super::http::{Client, Failure, Limits};
use crate::model::secret::{SecretBytes, SecretText};
use crate::model::time::Timestamp;
use crate::model::webhook::{WebhookHosts, WebhookUrl};

/// Calls gateways on hosts that the operator allows.
pub struct Gateways {
    hosts: WebhookHosts,
    at_once: NonZeroUsize,
    /// Made with the first call: most nodes make none.
    client: OnceLock<Client>,
}

/// One message to one gateway.
pub struct Call<'a> {
    pub to: &'a WebhookUrl,
    pub secret: &'a SecretBytes,
    /// The same for every try at the same message.
    pub id: &'a str,
    pub at: Timestamp,
    /// JSON. It may hold a code.
    pub body: &'a SecretText,
}

const TIME: Duration = Duration::from_secs(10);
/// Octets.
const LONGEST_ANSWER: u64 = 64 * 1024;

impl Gateways {
    /// Of which so many may be called at once.
    pub fn on(hosts: WebhookHosts, at_once: NonZeroUsize) -> Self {
        Self { hosts, at_once, client: OnceLock::new() }
    }

    /// The URL of a gateway, if its host is allowed.
    pub fn admit(&self, url: &str) -> Option<WebhookUrl> {
        self.hosts.admit(url)
    }

    /// Blocks until the gateway has taken the message (any 2xx), or has not.
    pub fn send(&self, call: &Call) -> Result<(), Failure> {
        let client = self
            .client
            .get_or_init(|| Client::new(Limits { time: TIME, answer: LONGEST_ANSWER, calls: self.at_once }));
        let broken = |cause: &str| Failure::Broken(cause.to_owned());
        let url: Url = call.to.as_str().parse().map_err(|_| broken("the URL cannot be called"))?;
        let timestamp = call.at.seconds().to_string();
        let body = call.body.expose().as_bytes();
        let headers = [
            ("Content-Type", "application/json"),
            ("webhook-id", call.id),
            ("webhook-timestamp", &timestamp),
            ("webhook-signature", &signature(call.secret, call.id, &timestamp, body)),
        ];
        match client.post(&url, &headers, body)?.status {
            200..300 => Ok(()),
            status => Err(Failure::Broken(format!("answered with status {status}"))),
        }
    }
}

/// A gateway's secret as its owner is shown it.
pub fn shown(secret: &SecretBytes) -> SecretText {
    SecretText::new(format!("whsec_{}", STANDARD.encode(secret.expose())))
}

fn signature(secret: &SecretBytes, id: &str, timestamp: &str, body: &[u8]) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret.expose()));
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        context.update(part);
    }
    format!("v1,{}", STANDARD.encode(context.sign()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own libraries.
    #[test]
    fn the_signature_is_the_specification_s() {
        let secret = SecretBytes::new(STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        let signed =
            signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", br#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(shown(&secret).expose(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    }
}
