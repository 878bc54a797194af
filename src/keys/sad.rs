//! SAD-bound keys. A SAD is 256 random bits that only its holder has; its row keeps an id that opens nothing, and the DEK
//! wrapped under a key that needs the SAD *and* the tenant key. Whatever else stands between factors and signature (a
//! pending handle, an authorization code, a credential-scope token) is a SAD in this sense; so is a responseID, under
//! which finished signatures wait.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::keys::envelope::{Dek, Key256, Place, TenantKey};
use crate::keys::{mac, random};
use crate::model::error::{Code, Error, Result};
use crate::model::secret::{SecretBytes, SecretText};

/// Signature activation data.
#[derive(Clone)]
pub struct Sad(SecretBytes);

/// Octets of a SAD.
const LENGTH: usize = 32;

impl Sad {
    pub fn generate() -> Result<Self> {
        random::secret::<LENGTH>().map(Self)
    }

    /// Reads a SAD that somebody presents: base64url of exactly 32 octets, without padding. Anything else is a SAD that
    /// this server never gave ([`Code::SadInvalid`]).
    pub fn parse(text: &SecretText) -> Result<Self> {
        match URL_SAFE_NO_PAD.decode(text.expose()).map(Zeroizing::new) {
            Ok(octets) if octets.len() == LENGTH => Ok(Self(SecretBytes::new(octets.as_slice()))),
            _ => Err(Error::new(Code::SadInvalid, "The SAD is not one that this server gave.")),
        }
    }

    /// The SAD as its holder gets it.
    pub fn text(&self) -> SecretText {
        SecretText::new(URL_SAFE_NO_PAD.encode(self.0.expose()))
    }

    /// What finds the SAD's record. It opens nothing.
    pub fn id(&self) -> Result<[u8; 32]> {
        let id = mac::hkdf_sha256(self.0.expose(), &[], b"id")?;
        id.expose().try_into().map_err(|_| Error::internal("HKDF gave another length"))
    }

    /// Wraps a DEK so that it takes this SAD and the tenant key to open it. `place` names the SAD's own row.
    pub fn wrap(&self, tenant: &TenantKey, place: Place<'_>, dek: &Dek) -> Result<Vec<u8>> {
        self.seal(tenant, place, dek.octets())
    }

    /// Opens what [`Sad::wrap`] made; [`Code::SadInvalid`] when it does not open.
    pub fn unwrap(&self, tenant: &TenantKey, place: Place<'_>, blob: &[u8]) -> Result<Dek> {
        let octets = self.open(tenant, place, blob)?;
        let octets =
            octets.ok_or_else(|| Error::new(Code::SadInvalid, "The SAD is spent or was replaced."))?;
        Dek::new(octets)
    }

    /// Seals something else that waits for whoever presents this value. `place` names the value's own row.
    pub fn seal(&self, tenant: &TenantKey, place: Place<'_>, waiting: &[u8]) -> Result<Vec<u8>> {
        self.wrapping_key(tenant, place)?.wrap(place, waiting)
    }

    /// Opens what [`Sad::seal`] made; `None` when it does not open.
    pub fn open(&self, tenant: &TenantKey, place: Place<'_>, blob: &[u8]) -> Result<Option<SecretBytes>> {
        self.wrapping_key(tenant, place)?.try_open(place, blob)
    }

    fn wrapping_key(&self, tenant: &TenantKey, place: Place<'_>) -> Result<Key256> {
        let salt = tenant.hmac("sad", place.row.as_bytes())?;
        Key256::new(mac::hkdf_sha256(self.0.expose(), salt.expose(), b"wrap")?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: Place<'_> = Place { table: "authorizations", row: "a1", column: "dek", version: 1 };

    #[test]
    fn a_sad_comes_back_from_its_text() {
        let sad = Sad::generate().unwrap();
        let text = sad.text();
        assert_eq!(text.expose().len(), 43);
        assert_eq!(Sad::parse(&text).unwrap().id().unwrap(), sad.id().unwrap());
        assert_ne!(Sad::generate().unwrap().id().unwrap(), sad.id().unwrap());
    }

    #[test]
    fn what_is_not_exactly_a_sad_is_refused() {
        let sad = Sad::generate().unwrap();
        let text = sad.text().expose().to_owned();
        let longer = URL_SAFE_NO_PAD.encode([1; 33]);
        for bad in
            ["", "abc", &text[..42], &format!("{text}="), &format!(" {text}"), &longer, &"?".repeat(43)]
        {
            let error = Sad::parse(&SecretText::new(bad)).err().unwrap();
            assert_eq!(error.code(), Code::SadInvalid, "{bad}");
        }
    }

    #[test]
    fn only_the_sad_with_the_tenant_key_in_its_own_row_opens_the_dek() {
        let (tenant, sad, dek) =
            (TenantKey::generate().unwrap(), Sad::generate().unwrap(), Dek::generate().unwrap());
        let blob = sad.wrap(&tenant, ROW, &dek).unwrap();
        assert_eq!(sad.unwrap(&tenant, ROW, &blob).unwrap().octets(), dek.octets());

        let refused = |sad: &Sad, tenant: &TenantKey, place: Place<'_>| {
            sad.unwrap(tenant, place, &blob).err().map(|e| e.code()) == Some(Code::SadInvalid)
        };
        assert!(refused(&Sad::generate().unwrap(), &tenant, ROW));
        assert!(refused(&sad, &TenantKey::generate().unwrap(), ROW));
        assert!(refused(&sad, &tenant, Place { row: "a2", ..ROW }));
        assert!(refused(&sad, &tenant, Place { version: 2, ..ROW }));
    }

    #[test]
    fn the_id_of_a_sad_opens_nothing() {
        let (tenant, sad) = (TenantKey::generate().unwrap(), Sad::generate().unwrap());
        let blob = sad.wrap(&tenant, ROW, &Dek::generate().unwrap()).unwrap();
        let id = Sad(SecretBytes::new(sad.id().unwrap()));
        assert!(id.unwrap(&tenant, ROW, &blob).is_err());
        let as_key = Key256::new(SecretBytes::new(sad.id().unwrap())).unwrap();
        assert!(as_key.try_open(ROW, &blob).unwrap().is_none());
    }

    #[test]
    fn a_spent_row_opens_no_more() {
        let (tenant, sad) = (TenantKey::generate().unwrap(), Sad::generate().unwrap());
        assert!(sad.unwrap(&tenant, ROW, &[]).is_err());
    }
}
