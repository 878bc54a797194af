//! The levels under the master key. Each is a type of its own, so that one cannot stand in for another.

use super::aead::{Key256, Place};
use crate::keys::mac;
use crate::model::error::Result;
use crate::model::secret::{SecretBytes, SecretText};

/// One tenant's key. It wraps the tenant's stored secrets and has a hand in every wrap of a DEK.
#[derive(Clone)]
pub struct TenantKey(pub(super) Key256);

impl TenantKey {
    pub fn generate() -> Result<Self> {
        Key256::generate().map(Self)
    }

    /// Encrypts a stored secret, such as an OTP secret, for one place.
    pub fn wrap(&self, place: Place<'_>, secret: &SecretBytes) -> Result<Vec<u8>> {
        self.0.wrap(place, secret.expose())
    }

    /// Opens what [`TenantKey::wrap`] made for the same place.
    pub fn open(&self, place: Place<'_>, blob: &[u8]) -> Result<SecretBytes> {
        self.0.open(place, blob)
    }

    /// HMAC-SHA-256 under a key of its own that the tenant key gives.
    pub fn hmac(&self, purpose: &str, message: &[u8]) -> Result<SecretBytes> {
        let key = self.0.subkey("tenant hmac")?;
        Ok(SecretBytes::new(mac::hmac_sha256(&key, purpose, message)))
    }
}

/// The instance's own key. It wraps what belongs to no tenant: the JWT signing keys, the checkpoint key.
#[derive(Clone)]
pub struct InstanceKey(pub(super) Key256);

impl InstanceKey {
    pub fn generate() -> Result<Self> {
        Key256::generate().map(Self)
    }

    pub fn wrap(&self, place: Place<'_>, secret: &SecretBytes) -> Result<Vec<u8>> {
        self.0.wrap(place, secret.expose())
    }

    pub fn open(&self, place: Place<'_>, blob: &[u8]) -> Result<SecretBytes> {
        self.0.open(place, blob)
    }

    /// The pepper, the same on every node that has this key.
    pub fn pepper(&self) -> Result<mac::Pepper> {
        self.0.subkey("instance pepper").map(mac::Pepper::new)
    }
}

/// A key that only whoever presents a value again can make: for answers that wait under an Idempotency-Key, of which the
/// database keeps a hash at most.
pub struct PresentedKey(Key256);

impl PresentedKey {
    pub fn derive(instance: &InstanceKey, purpose: &str, presented: &SecretText) -> Result<Self> {
        let salt = mac::hmac_sha256(&instance.0.subkey("presented")?, purpose, b"");
        let key = mac::hkdf_sha256(presented.expose().as_bytes(), &salt, b"presented key")?;
        Key256::new(key).map(Self)
    }

    pub fn wrap(&self, place: Place<'_>, secret: &SecretBytes) -> Result<Vec<u8>> {
        self.0.wrap(place, secret.expose())
    }

    pub fn open(&self, place: Place<'_>, blob: &[u8]) -> Result<SecretBytes> {
        self.0.open(place, blob)
    }
}

/// A credential's data key. It wraps one PKCS#8, and is itself never stored but sealed to the PIN ([`crate::keys::pin`]),
/// wrapped under a SAD ([`crate::keys::sad`]) or, for a credential that has no PIN, under the tenant key.
#[derive(Clone)]
pub struct Dek(Key256);

impl Dek {
    pub fn generate() -> Result<Self> {
        Key256::generate().map(Self)
    }

    pub fn wrap(&self, place: Place<'_>, pkcs8: &SecretBytes) -> Result<Vec<u8>> {
        self.0.wrap(place, pkcs8.expose())
    }

    pub fn open(&self, place: Place<'_>, blob: &[u8]) -> Result<SecretBytes> {
        self.0.open(place, blob)
    }

    /// The DEK of a credential that the service alone holds: OTP-only and implicit ones.
    pub fn wrap_for_service(&self, tenant: &TenantKey, place: Place<'_>) -> Result<Vec<u8>> {
        tenant.0.wrap(place, self.octets())
    }

    pub fn open_for_service(tenant: &TenantKey, place: Place<'_>, blob: &[u8]) -> Result<Self> {
        Self::new(tenant.0.open(place, blob)?)
    }

    pub(in crate::keys) fn new(octets: SecretBytes) -> Result<Self> {
        Key256::new(octets).map(Self)
    }

    pub(in crate::keys) fn octets(&self) -> &[u8] {
        self.0.octets().expose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Place<'_> = Place { table: "keys", row: "k1", column: "dek", version: 1 };

    #[test]
    fn a_tenant_key_opens_nothing_of_another_tenant() {
        let (ours, theirs) = (TenantKey::generate().unwrap(), TenantKey::generate().unwrap());
        let blob = ours.wrap(HOME, &SecretBytes::new(*b"otp secret")).unwrap();
        assert_eq!(ours.open(HOME, &blob).unwrap().expose(), b"otp secret");
        assert!(theirs.open(HOME, &blob).is_err());
        let mac = |key: &TenantKey| key.hmac("row", b"k1").unwrap().expose().to_vec();
        assert_eq!(mac(&ours), mac(&ours));
        assert_ne!(mac(&ours), mac(&theirs));
    }

    #[test]
    fn a_dek_that_the_service_holds_opens_with_the_tenant_key() {
        let tenant = TenantKey::generate().unwrap();
        let dek = Dek::generate().unwrap();
        let blob = dek.wrap_for_service(&tenant, HOME).unwrap();
        let opened = Dek::open_for_service(&tenant, HOME, &blob).unwrap();
        let pkcs8 = dek.wrap(HOME, &SecretBytes::new(*b"pkcs8")).unwrap();
        assert_eq!(opened.open(HOME, &pkcs8).unwrap().expose(), b"pkcs8");
        assert!(Dek::open_for_service(&tenant, Place { row: "k2", ..HOME }, &blob).is_err());
    }

    #[test]
    fn the_pepper_is_the_same_on_every_node() {
        let key = InstanceKey::generate().unwrap();
        assert_eq!(key.pepper().unwrap().hash("x", b"y"), key.clone().pepper().unwrap().hash("x", b"y"));
    }

    #[test]
    fn what_waits_under_a_presented_value_opens_with_that_value_only() {
        let instance = InstanceKey::generate().unwrap();
        let key = |instance: &InstanceKey, purpose: &str, presented: &str| {
            PresentedKey::derive(instance, purpose, &SecretText::new(presented)).unwrap()
        };
        let blob = key(&instance, "answer", "k-1").wrap(HOME, &SecretBytes::new(*b"{}")).unwrap();
        assert_eq!(key(&instance, "answer", "k-1").open(HOME, &blob).unwrap().expose(), b"{}");
        assert!(key(&instance, "answer", "k-2").open(HOME, &blob).is_err());
        assert!(key(&instance, "response", "k-1").open(HOME, &blob).is_err());
        assert!(key(&InstanceKey::generate().unwrap(), "answer", "k-1").open(HOME, &blob).is_err());
    }
}
