//! The top of the key hierarchy in memory: what a node opened at its start and works with until it ends.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, PoisonError, RwLock};

use crate::keys::argon::Argon;
use crate::keys::envelope::{InstanceKey, MasterKey, Place, TenantKey};
use crate::keys::mac::Pepper;
use crate::keys::opened::OpenedKeys;
use crate::keys::pool::{PoolSizes, RsaPool};
use crate::keys::random;
use crate::model::client::Client;
use crate::model::error::{Error, Result};
use crate::model::id::ClientId;
use crate::model::secret::{SecretBytes, SecretText};
use crate::model::tenant::Tenant;

pub struct Vault {
    master: MasterKey,
    instance: InstanceKey,
    pepper: Pepper,
    /// Opened once per node; a tenant's key never changes in place.
    tenants: RwLock<HashMap<Vec<u8>, Arc<TenantKey>>>,
    pub argon: Argon,
    pub rsa_pool: RsaPool,
    /// Parsed keys of open authorizations, found by the SAD alone.
    pub opened: OpenedKeys,
}

/// What a node spends on speed.
pub struct VaultLimits {
    pub argon: Argon,
    pub rsa_pool: PoolSizes,
    pub opened_keys: NonZeroUsize,
}

const INSTANCE_PLACE: Place<'static> =
    Place { table: "settings", row: "instance_key", column: "value", version: 1 };

impl Vault {
    /// The wrapped key of a new instance.
    pub fn new_instance(master: &MasterKey) -> Result<Vec<u8>> {
        master.wrap_instance_key(INSTANCE_PLACE, &InstanceKey::generate()?)
    }

    pub fn open(master: MasterKey, wrapped_instance: &[u8], limits: VaultLimits) -> Result<Self> {
        let instance = master.open_instance_key(INSTANCE_PLACE, wrapped_instance)?;
        let pepper = instance.pepper()?;
        Ok(Self {
            master,
            instance,
            pepper,
            tenants: RwLock::default(),
            argon: limits.argon,
            rsa_pool: RsaPool::start(limits.rsa_pool)?,
            opened: OpenedKeys::new(limits.opened_keys),
        })
    }

    /// A new tenant's key, wrapped.
    pub fn new_tenant_key(&self, tenant: &str) -> Result<Vec<u8>> {
        self.master.wrap_tenant_key(tenant_place(tenant), &TenantKey::generate()?)
    }

    pub fn tenant_key(&self, tenant: &Tenant) -> Result<Arc<TenantKey>> {
        let known =
            self.tenants.read().unwrap_or_else(PoisonError::into_inner).get(&tenant.wrapped_key).cloned();
        if let Some(key) = known {
            return Ok(key);
        }
        let key =
            Arc::new(self.master.open_tenant_key(tenant_place(tenant.name.as_str()), &tenant.wrapped_key)?);
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        tenants.insert(tenant.wrapped_key.clone(), Arc::clone(&key));
        Ok(key)
    }

    /// A new secret for the gateway of a tenant, and as it is stored.
    pub fn new_gateway_secret(&self, tenant: &Tenant) -> Result<(SecretBytes, Vec<u8>)> {
        let secret = random::secret::<32>()?;
        let wrapped = self.tenant_key(tenant)?.wrap(gateway_place(tenant), &secret)?;
        Ok((secret, wrapped))
    }

    pub fn gateway_secret(&self, tenant: &Tenant) -> Result<SecretBytes> {
        let gateway = tenant.gateway.as_ref().ok_or_else(|| Error::internal("a tenant without a gateway"))?;
        self.tenant_key(tenant)?.open(gateway_place(tenant), &gateway.wrapped_secret)
    }

    /// A client's account token key, as it is stored.
    pub fn wrap_account_token_key(&self, client: &ClientId, key: &SecretText) -> Result<Vec<u8>> {
        self.instance.wrap(account_token_place(client), &SecretBytes::new(key.expose().as_bytes()))
    }

    /// The octets of the text that was given as the client's account token key.
    pub fn account_token_key(&self, client: &Client) -> Result<Option<SecretBytes>> {
        let wrapped = client.wrapped_account_token_key.as_deref();
        wrapped.map(|wrapped| self.instance.open(account_token_place(&client.id), wrapped)).transpose()
    }

    /// What wraps the keys that sign access tokens.
    pub fn instance(&self) -> &InstanceKey {
        &self.instance
    }

    /// Whether the keys in memory still open what they wrap.
    pub fn check(&self) -> Result<()> {
        const PLACE: Place<'static> = Place { table: "none", row: "check", column: "none", version: 1 };
        let sample = SecretBytes::new([0; 32]);
        let opened = self.instance.open(PLACE, &self.instance.wrap(PLACE, &sample)?)?;
        if opened.expose() == sample.expose() {
            return Ok(());
        }
        Err(Error::internal("the instance key does not open what it wrapped"))
    }

    /// For hashing secrets that have 256 bits of their own.
    pub fn pepper(&self) -> &Pepper {
        &self.pepper
    }
}

fn tenant_place(tenant: &str) -> Place<'_> {
    Place { table: "tenants", row: tenant, column: "wrapped_key", version: 1 }
}

/// A client may act for several tenants, so that none of their keys is its own.
fn account_token_place(client: &ClientId) -> Place<'_> {
    Place { table: "clients", row: client.as_str(), column: "account_token_key", version: 1 }
}

fn gateway_place(tenant: &Tenant) -> Place<'_> {
    Place { table: "tenants", row: tenant.name.as_str(), column: "gateway_secret", version: 1 }
}
