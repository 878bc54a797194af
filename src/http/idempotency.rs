//! A request that creates something and carries an `Idempotency-Key` is done once: sent again, it gets the same answer.
//!
//! Of the key only an HMAC is stored, and the answer is encrypted under a key derived from it: an answer may hold a
//! secret that is shown once, and whoever reads the database must not be shown it again.

use std::future::Future;
use std::pin::Pin;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, LOCATION};
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder, dev};
use serde::Serialize;
use serde_json::Value;

use super::blocking;
use super::idempotency_key::IdempotencyKey;
use super::problem::Problem;
use super::reply::Created;
use crate::app::App;
use crate::keys::envelope::{Place, PresentedKey};
use crate::keys::mac;
use crate::model::error::{Code, Error, Result};
use crate::model::name::{SeatName, TenantName};
use crate::model::secret::{SecretBytes, SecretText};
use crate::model::token::{Call, Principal};
use crate::store::idempotency;

/// A request that creates something: its `Idempotency-Key`, if it has one, and its route.
pub struct Once {
    key: Option<SecretText>,
    route: String,
}

/// What the first request with a key was answered, and every later one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    status: u16,
    location: Option<String>,
    body: Vec<u8>,
}

/// Answers are kept so long, in seconds.
const KEPT_FOR: i64 = 24 * 3600;
/// A request that was never answered, such as one of a node that died, lets go of its key after so long, in seconds.
const UNDER_WAY_FOR: i64 = 120;

impl FromRequest for Once {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let key = IdempotencyKey::from_request(request, payload);
        let route = format!("{} {}", request.method(), request.path());
        Box::pin(async move { Ok(Self { key: key.await?.0, route }) })
    }
}

impl Once {
    /// Does `work`, unless it was done under this key before. `secrets` are the members of the JSON body `raw` that
    /// must leave no trace: a fast hash of a PIN would undo its Argon2id.
    pub async fn answer<T, F>(
        self,
        app: &Data<App>,
        call: Call,
        raw: Bytes,
        secrets: &'static [&'static str],
        work: F,
    ) -> Result<Answer, Problem>
    where
        T: Serialize,
        F: FnOnce(&App, &Call) -> Result<Created<T>> + Send + 'static,
    {
        blocking::run(app, move |app| match self.key {
            None => Answer::of(work(app, &call)?),
            Some(key) => {
                let claim = Claim::new(app, &call, &self.route, key, &without(&raw, secrets));
                match claim.take(app, &call)? {
                    Some(answer) => Ok(answer),
                    None => claim.settle(app, &call, work(app, &call).and_then(Answer::of)),
                }
            }
        })
        .await
    }
}

/// One key of one client on one route.
struct Claim {
    key: SecretText,
    id: [u8; 32],
    fingerprint: [u8; 32],
}

impl Claim {
    fn new(app: &App, call: &Call, route: &str, key: SecretText, body: &[u8]) -> Self {
        let pepper = app.service.vault.pepper();
        let client = call.principal.actor();
        let mut message = Vec::with_capacity(256);
        for part in [client.as_str(), route, key.expose()] {
            message.extend((part.len() as u64).to_be_bytes());
            message.extend(part.as_bytes());
        }
        let message = SecretBytes::new(message);
        // What the body leaves out, the token's scope says: the same body under another seat asks for something else.
        let scope = match &call.principal {
            Principal::Token(token) => {
                [token.tenant.as_ref().map(TenantName::as_str), token.seat.as_ref().map(SeatName::as_str)]
            }
            Principal::Signer(signer) => [Some(signer.tenant.as_str()), Some(signer.seat.as_str())],
            Principal::Operator => [None, None],
        };
        let [tenant, seat] = scope.map(Option::unwrap_or_default);
        Self {
            id: pepper.hash("idempotency key", message.expose()),
            // Names hold no line breaks.
            fingerprint: pepper
                .hash("idempotency body", &[tenant.as_bytes(), b"\n", seat.as_bytes(), b"\n", body].concat()),
            key,
        }
    }

    /// Claims the key; the answer, when it was claimed and answered before. Only a token that still stands is answered.
    fn take(&self, app: &App, call: &Call) -> Result<Option<Answer>> {
        let (id, fingerprint, principal) = (self.id, self.fingerprint, call.principal.clone());
        let until = call.at.plus_seconds(UNDER_WAY_FOR);
        let remembered = app.service.store.bookkeep(call.at, move |tx| {
            tx.admit_any(&principal)?;
            idempotency::claim(tx, &id, &fingerprint, until)
        })?;
        let Some(remembered) = remembered else { return Ok(None) };
        if !mac::equal(&remembered.fingerprint, &self.fingerprint) {
            let detail = "This Idempotency-Key came with another body before; use a fresh one.";
            return Err(Error::new(Code::IdempotencyKeyReused, detail));
        }
        match remembered.answer {
            Some((status, wrapped)) => self.open(app, status, &wrapped).map(Some),
            None => Err(Error::new(
                Code::IdempotencyInProgress,
                "The first request with this Idempotency-Key is still running; nothing was done by this one.",
            )
            .retry_after(1)),
        }
    }

    /// Keeps an answer, or lets go of the key when there is none.
    fn settle(&self, app: &App, call: &Call, outcome: Result<Answer>) -> Result<Answer> {
        let id = self.id;
        let now = app.clock.now();
        match outcome {
            Ok(answer) => {
                let (status, until) = (answer.status, call.at.plus_seconds(KEPT_FOR));
                let wrapped = self.wrapping_key(app)?.wrap(self.place(&self.row()), &answer.encode())?;
                let kept = app
                    .service
                    .store
                    .bookkeep(now, move |tx| idempotency::keep(tx, &id, status, &wrapped, until));
                // What was asked is done; that it can not be asked for again is no reason to say otherwise.
                if let Err(error) = kept {
                    tracing::error!(%error, cause = error.cause(), "an idempotent answer could not be kept");
                }
                Ok(answer)
            }
            // It may be done: the key is kept until its time is up, so that nobody does it twice by trying again.
            Err(unknown) if unknown.code() == Code::OutcomeUnknown => Err(unknown),
            Err(refusal) => {
                // It lets go of itself before long.
                if let Err(error) = app.service.store.bookkeep(now, move |tx| idempotency::release(tx, &id)) {
                    tracing::warn!(%error, cause = error.cause(), "an idempotency key could not be released");
                }
                Err(refusal)
            }
        }
    }

    fn open(&self, app: &App, status: u16, wrapped: &[u8]) -> Result<Answer> {
        let octets = self.wrapping_key(app)?.open(self.place(&self.row()), wrapped)?;
        Answer::decode(status, octets.expose())
            .ok_or_else(|| Error::internal("a kept answer does not read as one"))
    }

    fn wrapping_key(&self, app: &App) -> Result<PresentedKey> {
        PresentedKey::derive(app.service.vault.instance(), "idempotency", &self.key)
    }

    fn row(&self) -> String {
        self.id.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    fn place<'a>(&self, row: &'a str) -> Place<'a> {
        Place { table: "idempotency", row, column: "answer", version: 1 }
    }
}

impl Answer {
    fn of<T: Serialize>(created: Created<T>) -> Result<Self> {
        let (location, value) = created.into_parts();
        let body = serde_json::to_vec(&value).map_err(Error::internal)?;
        Ok(Self { status: StatusCode::CREATED.as_u16(), location, body })
    }

    /// The location on a line of its own, then the body.
    fn encode(&self) -> SecretBytes {
        let location = self.location.as_deref().unwrap_or_default();
        SecretBytes::new([location.as_bytes(), b"\n", &self.body].concat())
    }

    fn decode(status: u16, octets: &[u8]) -> Option<Self> {
        let end = octets.iter().position(|octet| *octet == b'\n')?;
        let (location, body) = octets.split_at_checked(end)?;
        let location = String::from_utf8(location.to_vec()).ok().filter(|location| !location.is_empty());
        Some(Self { status, location, body: body.get(1..)?.to_vec() })
    }
}

impl Responder for Answer {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::CREATED);
        let mut answer = HttpResponse::build(status);
        if let Some(location) = self.location {
            answer.insert_header((LOCATION, location));
        }
        answer.content_type(ContentType::json()).body(self.body)
    }
}

/// A JSON body without some of its members; any other body as it is.
fn without(raw: &[u8], secrets: &[&str]) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_slice::<Value>(raw) else {
        return raw.to_vec();
    };
    if let Some(members) = value.as_object_mut() {
        members.retain(|name, _| !secrets.contains(&name.as_str()));
    }
    value.sort_all_objects();
    serde_json::to_vec(&value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_order_and_white_space_leave_no_trace() {
        let body = without(br#"{"b": {"y": 1, "x": 2}, "clientSecret": "s", "a": 1}"#, &["clientSecret"]);
        assert_eq!(body, br#"{"a":1,"b":{"x":2,"y":1}}"#);
        assert_eq!(without(b"-----BEGIN", &["x"]), b"-----BEGIN");
    }

    #[test]
    fn an_answer_is_read_back_as_it_was() {
        for location in [None, Some("/api/v1/x".to_owned())] {
            let answer = Answer { status: 201, location, body: b"{\"a\":\"\\n\"}\n".to_vec() };
            assert_eq!(Answer::decode(201, answer.encode().expose()), Some(answer));
        }
    }
}
