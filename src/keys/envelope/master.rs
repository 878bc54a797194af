//! The master key: the one secret that the database does not hold.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::aead::{Key256, Place};
use super::levels::{InstanceKey, TenantKey};
use crate::keys::mac;
use crate::model::error::{Code, Error, Result};
use crate::model::secret::{SecretBytes, SecretText};

/// The top of the hierarchy, out of a file of mode 0600 or the environment. It wraps tenant keys and the instance key.
#[derive(Clone)]
pub struct MasterKey(Key256);

impl MasterKey {
    pub fn generate() -> Result<Self> {
        Key256::generate().map(Self)
    }

    /// Reads the key from its file, which nobody but its owner may read.
    pub fn from_file(path: &Path) -> Result<Self> {
        let refused = |why: String| {
            Error::new(Code::InternalError, format!("The master key file {} {why}.", path.display()))
        };
        let file = File::open(path).map_err(|cause| {
            refused(format!(
                "cannot be read: {cause}. It is the one that `countersign init` made: name it by --master-key-file"
            ))
        })?;
        // The mode of what was opened, not of what the path names by now.
        let metadata = file.metadata().map_err(|cause| refused(format!("cannot be read: {cause}")))?;
        let mode = metadata.mode() & 0o7777;
        if !metadata.is_file() {
            return Err(refused("is not a regular file".to_owned()));
        }
        if mode != 0o600 {
            let mend = format!("chmod 600 {}", path.display());
            return Err(refused(format!("has mode {mode:04o}, and has to have 0600: run `{mend}`")));
        }
        let mut text = Zeroizing::new(String::with_capacity(256));
        file.take(256)
            .read_to_string(&mut text)
            .map_err(|cause| refused(format!("cannot be read: {cause}")))?;
        Self::from_text(&SecretText::new(text.as_str()))
            .map_err(|_| refused("does not hold 256 bits as base64 or hex".to_owned()))
    }

    /// Writes the key to a file that is not there yet, and returns when it is on disk.
    pub fn write_new(&self, path: &Path) -> Result<()> {
        let written = || -> std::io::Result<()> {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
            let mut text = Zeroizing::new(String::with_capacity(44));
            URL_SAFE_NO_PAD.encode_string(self.0.octets().expose(), &mut text);
            text.push('\n');
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            // The name is durable only when its directory is.
            match path.parent() {
                Some(directory) if directory != Path::new("") => File::open(directory)?.sync_all(),
                _ => File::open(".")?.sync_all(),
            }
        };
        written().map_err(|cause| {
            Error::new(
                Code::InternalError,
                format!("The master key file {} cannot be written: {cause}.", path.display()),
            )
        })
    }

    /// 32 octets as base64, base64url (padded or not) or 64 hexadecimal digits; white space around them is ignored.
    pub fn from_text(text: &SecretText) -> Result<Self> {
        let text = text.expose().trim();
        let octets = if text.len() == 64 { from_hex(text) } else { from_base64(text) };
        match octets {
            Some(octets) if octets.len() == 32 => Key256::new(SecretBytes::new(octets.as_slice())).map(Self),
            _ => Err(Error::new(
                Code::InternalError,
                "The master key is not 256 bits as base64 or hexadecimal digits; `openssl rand -base64 32` makes one.",
            )),
        }
    }

    /// What the database keeps to know the key again. It tells nothing about the key.
    pub fn check_value(&self) -> Result<[u8; 32]> {
        Ok(mac::hmac_sha256(&self.0.subkey("master check value")?, "check", b""))
    }

    /// Refuses a key that is not the one with which the database was made.
    pub fn verify_check_value(&self, stored: &[u8]) -> Result<()> {
        if mac::equal(&self.check_value()?, stored) {
            return Ok(());
        }
        Err(Error::new(
            Code::InternalError,
            "This is not the master key of this database. Give the one that `countersign init` made, \
             by --master-key-file or COUNTERSIGN_MASTER_KEY; every node needs the same one.",
        ))
    }

    pub fn wrap_tenant_key(&self, place: Place<'_>, key: &TenantKey) -> Result<Vec<u8>> {
        self.0.wrap(place, key.0.octets().expose())
    }

    pub fn open_tenant_key(&self, place: Place<'_>, blob: &[u8]) -> Result<TenantKey> {
        Key256::new(self.0.open(place, blob)?).map(TenantKey)
    }

    pub fn wrap_instance_key(&self, place: Place<'_>, key: &InstanceKey) -> Result<Vec<u8>> {
        self.0.wrap(place, key.0.octets().expose())
    }

    pub fn open_instance_key(&self, place: Place<'_>, blob: &[u8]) -> Result<InstanceKey> {
        Key256::new(self.0.open(place, blob)?).map(InstanceKey)
    }
}

fn from_base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let alphabet = if text.contains(['-', '_']) { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(alphabet, config).decode(text).ok().map(Zeroizing::new)
}

fn from_hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digit = |octet: u8| char::from(octet).to_digit(16);
    let mut octets = Zeroizing::new(Vec::with_capacity(32));
    let (pairs, _) = text.as_bytes().as_chunks::<2>();
    for &[high, low] in pairs {
        octets.push(u8::try_from(digit(high)? * 16 + digit(low)?).ok()?);
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const HOME: Place<'_> = Place { table: "tenants", row: "acme", column: "key", version: 1 };

    struct Directory(std::path::PathBuf);

    impl Directory {
        fn new() -> Self {
            let name = random_name();
            let path = std::env::temp_dir().join(name);
            std::fs::create_dir(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn random_name() -> String {
        format!("countersign-{:032x}", u128::from_be_bytes(crate::keys::random::bytes().unwrap()))
    }

    #[test]
    fn a_key_comes_back_from_its_file_and_is_known_by_its_check_value() {
        let directory = Directory::new();
        let path = directory.0.join("master.key");
        let key = MasterKey::generate().unwrap();
        key.write_new(&path).unwrap();
        let read = MasterKey::from_file(&path).unwrap();
        read.verify_check_value(&key.check_value().unwrap()).unwrap();
        assert!(MasterKey::generate().unwrap().verify_check_value(&key.check_value().unwrap()).is_err());

        let tenant = TenantKey::generate().unwrap();
        let blob = key.wrap_tenant_key(HOME, &tenant).unwrap();
        let opened = read.open_tenant_key(HOME, &blob).unwrap();
        assert_eq!(opened.0.octets().expose(), tenant.0.octets().expose());
        assert!(read.open_tenant_key(Place { row: "other", ..HOME }, &blob).is_err());
    }

    #[test]
    fn a_file_that_others_may_read_is_refused_with_the_remedy() {
        let directory = Directory::new();
        let path = directory.0.join("master.key");
        MasterKey::generate().unwrap().write_new(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let error = MasterKey::from_file(&path).err().unwrap();
        assert!(error.detail().contains("0640") && error.detail().contains("chmod 600"), "{error}");
    }

    #[test]
    fn a_key_file_is_never_overwritten() {
        let directory = Directory::new();
        let path = directory.0.join("master.key");
        let first = MasterKey::generate().unwrap();
        first.write_new(&path).unwrap();
        assert!(MasterKey::generate().unwrap().write_new(&path).is_err());
        MasterKey::from_file(&path).unwrap().verify_check_value(&first.check_value().unwrap()).unwrap();
    }

    #[test]
    fn text_is_base64_or_hex_of_256_bits() {
        let check = |text: &str| MasterKey::from_text(&SecretText::new(text)).unwrap().check_value().unwrap();
        let hex = "fb".repeat(32);
        for same in [
            "+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s=",
            "-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s",
            &format!(" {}\n", hex.to_uppercase()),
        ] {
            assert_eq!(check(same), check(&hex), "{same}");
        }
        for bad in ["", "abc", &"fb".repeat(31), &"zz".repeat(32), &"fb".repeat(33)] {
            assert!(MasterKey::from_text(&SecretText::new(bad)).is_err(), "{bad}");
        }
    }
}
