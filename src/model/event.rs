//! Audit events: what happened, to what, by whom. Committed with the change that they tell of.

use serde_json::{Map, Value};

use crate::model::id::{ClientId, UserId};
use crate::model::name::TenantName;
use crate::model::time::Timestamp;

/// An event before the store completes it with its actor and time. Details hold no secret.
#[derive(Clone, Debug)]
pub struct Event {
    /// `<noun>.<verb>`, such as `credential.create`.
    pub action: &'static str,
    /// The record it is about, as `<noun>:<id>`.
    pub target: String,
    pub tenant: Option<TenantName>,
    pub outcome: Outcome,
    pub details: Map<String, Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    Refused,
}

impl Outcome {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

impl Event {
    pub fn done(action: &'static str, target: impl Into<String>) -> Self {
        Self { action, target: target.into(), tenant: None, outcome: Outcome::Done, details: Map::new() }
    }

    /// A refusal that matters enough to be remembered.
    pub fn refused(action: &'static str, target: impl Into<String>) -> Self {
        Self { outcome: Outcome::Refused, ..Self::done(action, target) }
    }

    pub fn of(mut self, tenant: &TenantName) -> Self {
        self.tenant = Some(tenant.clone());
        self
    }

    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }
}

/// Who acts, when, and under which request: what completes an event.
#[derive(Clone, Debug)]
pub struct Actor {
    pub name: String,
    pub request_id: Option<String>,
    pub at: Timestamp,
}

/// How events name a client, and the user whom it acts for: `client:portal`, `client:portal user:<id>`.
pub fn actor_name(client: &ClientId, user: Option<&UserId>) -> String {
    match user {
        Some(user) => format!("client:{client} user:{user}"),
        None => format!("client:{client}"),
    }
}

/// A value together with the event that tells how it came to be: what a write returns, so that none forgets it.
pub struct Audited<T> {
    pub value: T,
    pub event: Event,
}

impl<T> Audited<T> {
    pub fn new(value: T, event: Event) -> Self {
        Self { value, event }
    }
}

/// An event as it is read back.
#[derive(Clone, Debug)]
pub struct StoredEvent {
    pub sequence: i64,
    pub at: Timestamp,
    pub actor: String,
    pub action: String,
    pub target: String,
    pub tenant: Option<TenantName>,
    pub outcome: String,
    pub request_id: Option<String>,
    pub details: Value,
}
