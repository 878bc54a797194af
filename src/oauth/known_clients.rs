//! Clients as this node read them last. The database is asked at every use whether the record is still the one that was
//! read, in the transaction that acts on it: so a changed or disabled client is noticed at once, on every node.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::identity::recent::Recent;
use crate::model::client::{Client, ClientSecret, ClientStatus, GrantType};
use crate::model::error::{Code, Error, Result};
use crate::model::id::ClientId;
use crate::model::name::TenantName;
use crate::model::permission::Permissions;
use crate::model::time::Timestamp;
use crate::store::{Store, Tx, clients, tenants};

/// An active client, with all that its tokens depend on.
pub struct KnownClient {
    pub record: Client,
    /// What a token of this client carries.
    pub permissions: Permissions,
    /// Those of its tenants that are suspended.
    pub suspended: BTreeSet<TenantName>,
    /// The newest first.
    secrets: Vec<ClientSecret>,
}

/// Which state of a client was acted on.
#[derive(Clone)]
pub struct Seen {
    client: ClientId,
    version: i64,
}

pub(super) struct KnownClients(Recent<ClientId, Arc<KnownClient>>);

impl KnownClient {
    /// Whether its record lists a grant.
    pub(super) fn may_use(&self, grant: GrantType) -> Result<()> {
        if self.record.grant_types.contains(&grant) {
            return Ok(());
        }
        let detail = format!("The client's authorizedGrantTypes do not list {}.", grant.as_str());
        Err(Error::new(Code::UnauthorizedClient, detail))
    }

    /// Whether anybody of the tenant gets anything by it now.
    pub(super) fn acts_for(&self, tenant: &TenantName) -> bool {
        self.record.tenants.includes(tenant) && !self.suspended.contains(tenant)
    }

    /// The secrets that authenticate it now: none of a client that authenticates otherwise.
    pub(super) fn good_secrets(&self, now: Timestamp) -> impl Iterator<Item = &ClientSecret> {
        let all = if self.record.authentication.is_by_secret() { self.secrets.as_slice() } else { &[] };
        all.iter().filter(move |secret| secret.ends_at.is_none_or(|end| end > now))
    }

    /// Whether a secret that was good then is good now.
    pub(super) fn has_secret_since(&self, then: Timestamp, now: Timestamp) -> bool {
        self.good_secrets(now).any(|secret| secret.created_at <= then)
    }

    pub fn seen(&self) -> Seen {
        Seen { client: self.record.id.clone(), version: self.record.version }
    }
}

impl Seen {
    /// A conflict when the client changed since; in a write transaction it cannot until that ends.
    pub fn stands(&self, tx: &mut Tx) -> Result<()> {
        if clients::version(tx, &self.client)? == Some(self.version) {
            Ok(())
        } else {
            Err(Error::conflict())
        }
    }
}

impl KnownClients {
    pub(super) fn new(capacity: NonZeroUsize) -> Self {
        Self(Recent::new(capacity))
    }

    pub(super) fn recall(&self, id: &ClientId) -> Option<Arc<KnownClient>> {
        self.0.find(id)
    }

    /// Reads an active client and remembers it; `None` for any other.
    pub(super) fn read(
        &self,
        store: &Store,
        id: &ClientId,
        now: Timestamp,
    ) -> Result<Option<Arc<KnownClient>>> {
        let found = store.read(now, |tx| {
            let record = clients::find(tx, id)?.filter(|client| client.status == ClientStatus::Active);
            let Some(record) = record else { return Ok(None) };
            let secrets = clients::secrets(tx, id)?;
            let suspended = tenants::suspended(tx, &record.tenants)?;
            let permissions = record.effective_permissions();
            Ok(Some(Arc::new(KnownClient { record, permissions, suspended, secrets })))
        })?;
        match &found {
            Some(client) => self.0.remember(id.clone(), Arc::clone(client)),
            None => self.0.forget(id),
        }
        Ok(found)
    }

    pub(super) fn forget(&self, id: &ClientId) {
        self.0.forget(id);
    }
}
