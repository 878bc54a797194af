//! Getting something to the signer: by mail, or by the tenant's own gateway. Outside of any transaction, since it waits
//! for others; how often is counted before, inside one.

use serde_json::json;

use crate::credential::letters::{Letter, letter};
pub(super) use crate::credential::letters::{Lifetime, Message};
use crate::model::error::{Code, Error, Result};
use crate::model::factor::{Channel, FactorType, SentMaterial};
use crate::model::language::Language;
use crate::model::secret::SecretText;
use crate::model::tenant::Tenant;
use crate::model::time::Timestamp;
use crate::outbound::mail::MailAddress;
use crate::outbound::{gateway, http, mail};
use crate::service::{Service, id_octets};

/// How often something may be sent to one factor: so many within so many seconds.
const RATES: [(usize, i64); 2] = [(3, 60), (10, 3600)];

/// Counts one sending to a factor whose row this transaction holds; the caller writes it. Beyond the rate it is refused,
/// with the seconds after which there is room again.
pub(super) fn take_turn(material: &mut SentMaterial, now: Timestamp) -> Result<()> {
    let longest = RATES.iter().map(|(_, seconds)| *seconds).max().unwrap_or_default();
    material.sent_at.retain(|at| *at > now.plus_seconds(-longest).micros());
    let wait = RATES.iter().filter_map(|(most, seconds)| {
        let since = now.plus_seconds(-seconds).micros();
        let recent: Vec<i64> = material.sent_at.iter().copied().filter(|at| *at > since).collect();
        // Room is made by the oldest of the last `most`.
        let oldest = recent.len().checked_sub(*most).and_then(|at| recent.get(at))?;
        Some(now.seconds_until(Timestamp::from_micros(*oldest).plus_seconds(*seconds)).max(1))
    });
    if let Some(wait) = wait.max() {
        return Err(Error::new(
            Code::RateLimited,
            format!("As much as may be was sent to this address just now; there is room again in {wait} s."),
        )
        .retry_after(wait));
    }
    material.sent_at.push(now.micros());
    Ok(())
}

/// Refused where nothing can be sent this way.
pub(super) fn require(service: &Service, tenant: &Tenant, kind: FactorType) -> Result<()> {
    let lacks = match kind.channel() {
        Some(Channel::Email) if service.outbound.mailer.is_none() => "this server has no mail server",
        Some(Channel::Gateway) if tenant.gateway.is_none() => "the tenant has no gateway",
        _ => return Ok(()),
    };
    let detail = format!("Factors of type {} cannot be had: {lacks}.", kind.as_str());
    Err(Error::new(Code::DeliveryNotConfigured, detail))
}

/// The address as it is kept; None for what is none of this channel.
pub(super) fn address(channel: Channel, text: &str) -> Option<String> {
    match channel {
        Channel::Email => MailAddress::parse(text).map(|address| address.as_str().to_owned()),
        Channel::Gateway => is_telephone_number(text).then(|| text.to_owned()),
    }
}

/// E.164, with its plus sign.
fn is_telephone_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
}

/// To whom, and in whose name.
pub(super) struct Envelope<'a> {
    pub tenant: &'a Tenant,
    pub channel: Channel,
    /// As [`address`] gave it.
    pub address: &'a str,
    pub language: Language,
    pub at: Timestamp,
}

/// Blocks until the next server on the way has taken the message; `delivery_failed` or `busy` when it has not.
pub(super) fn send(service: &Service, envelope: &Envelope, message: &Message) -> Result<()> {
    let letter = letter(message, &envelope.tenant.display_name, envelope.channel, envelope.language);
    let sent = match envelope.channel {
        Channel::Email => mail(service, envelope, &letter),
        Channel::Gateway => post(service, envelope, message, &letter),
    };
    // Servers may repeat in a refusal what they were sent.
    let secret = message.secret().expose();
    sent.map_err(|failure| match failure {
        Undelivered::Busy => Error::new(
            Code::Busy,
            "As many messages as may be are being sent; nothing was sent. Try again in a moment.",
        )
        .retry_after(1),
        Undelivered::Broken(cause) => Error::new(
            Code::DeliveryFailed,
            "The message could not be delivered; it cost no attempt. Try again later.",
        )
        .retry_after(RETRY_AFTER)
        .caused_by(cause.replace(secret, "***")),
        Undelivered::Ours(error) => error,
    })
}

/// Seconds.
const RETRY_AFTER: u64 = 30;

enum Undelivered {
    Busy,
    /// Why, for the log.
    Broken(String),
    Ours(Error),
}

fn mail(service: &Service, envelope: &Envelope, letter: &Letter) -> Result<(), Undelivered> {
    let broken = |cause: &str| Undelivered::Broken(cause.to_owned());
    let mailer = service.outbound.mailer.as_ref().ok_or_else(|| broken("this node has no mail server"))?;
    let to = MailAddress::parse(envelope.address).ok_or_else(|| broken("the address is none"))?;
    let id = message_id().map_err(Undelivered::Ours)?;
    let letter = mail::Letter { id: &id, to: &to, subject: &letter.subject, text: &letter.text };
    mailer.send(&letter).map_err(|failure| match failure {
        mail::Failure::Busy => Undelivered::Busy,
        mail::Failure::Broken(cause) => Undelivered::Broken(cause),
    })
}

fn post(
    service: &Service,
    envelope: &Envelope,
    message: &Message,
    letter: &Letter,
) -> Result<(), Undelivered> {
    let broken = |cause: &str| Undelivered::Broken(cause.to_owned());
    let Envelope { tenant, address, language, at, .. } = envelope;
    let known = tenant.gateway.as_ref().ok_or_else(|| broken("the tenant has no gateway"))?;
    let to = service.outbound.gateways.admit(&known.url).ok_or_else(|| {
        broken("the host of the tenant's gateway is not allowed on this node (--webhook-host)")
    })?;
    let secret = service.vault.gateway_secret(tenant).map_err(Undelivered::Ours)?;
    let mut body = json!({
        "to": address,
        "text": letter.text.expose(),
        "lang": language.tag(),
        "tenant": tenant.name.as_str(),
        "expiresIn": message.lifetime().0,
    });
    let (kind, name) = match message {
        Message::Code { .. } => ("otp", "code"),
        Message::Approval { .. } => ("approval", "link"),
        Message::Confirmation { .. } => ("confirmation", "link"),
    };
    if let Some(fields) = body.as_object_mut() {
        fields.insert("type".to_owned(), kind.into());
        fields.insert(name.to_owned(), message.secret().expose().into());
    }
    let call = gateway::Call {
        to: &to,
        secret: &secret,
        id: &message_id().map_err(Undelivered::Ours)?,
        at: *at,
        body: &SecretText::new(body.to_string()),
    };
    service.outbound.gateways.send(&call).map_err(|failure| match failure {
        http::Failure::Busy => Undelivered::Busy,
        failure => Undelivered::Broken(format!("{}: {failure}", to.authority())),
    })
}

fn message_id() -> Result<String> {
    Ok(id_octets()?.iter().fold("msg_".to_owned(), |id, octet| id + &format!("{octet:02x}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_go_out_in_a_minute_and_ten_in_an_hour() {
        let start = Timestamp::from_seconds(1_000_000);
        let mut material = SentMaterial { address: "j@acme.example".into(), sent_at: Vec::new(), code: None };
        let mut at = |seconds: i64| {
            take_turn(&mut material, start.plus_seconds(seconds)).map_err(|error| {
                assert_eq!(error.code(), Code::RateLimited);
                error.retry_after_seconds().unwrap()
            })
        };
        for seconds in [0, 1, 2] {
            at(seconds).unwrap();
        }
        assert_eq!(at(2), Err(58));
        assert_eq!(at(59), Err(1));
        at(60).unwrap();
        assert_eq!(at(60), Err(1));
        for seconds in [200, 300, 400, 500, 600, 700] {
            at(seconds).unwrap();
        }
        assert_eq!(at(800), Err(2800));
        at(3600).unwrap();
        assert_eq!(at(3600), Err(1));
    }

    #[test]
    fn telephone_numbers_are_e_164() {
        for number in ["+34600123456", "+4915112345678", "+1234567"] {
            assert_eq!(address(Channel::Gateway, number).as_deref(), Some(number));
        }
        for odd in [
            "",
            "+",
            "600123456",
            "+0600123456",
            "+34 600 123 456",
            "+123456",
            "+1234567890123456",
            "+34600123456\n",
            "+٣٤٦٠٠١٢٣٤٥٦",
        ] {
            assert_eq!(address(Channel::Gateway, odd), None, "{odd:?}");
        }
    }
}
