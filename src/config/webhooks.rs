//! Whom this server calls on a caller's or a tenant's word.

pub use crate::model::webhook::{WebhookHost, WebhookHosts};

#[derive(Clone, Debug, Default)]
pub struct Webhooks {
    /// `--webhook-host`, `COUNTERSIGN_WEBHOOK_HOST` (comma-separated); default none. The hosts, `HOST` or `HOST:PORT`,
    /// that a URL given by a caller may name: over https, or over http to this machine.
    pub hosts: WebhookHosts,
}
