//! What every verb works with: the database, the vault, and the name under which this service is known.

use crate::keys::envelope::MasterKey;
use crate::keys::random;
use crate::keys::vault::{Vault, VaultLimits};
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Actor, Audited, Event};
use crate::model::time::Timestamp;
use crate::outbound::Outbound;
use crate::store::{self, Store};

pub struct Service {
    pub store: Store,
    pub vault: Vault,
    pub outbound: Outbound,
    /// The issuer of tokens and the base of every URL handed out, without a slash at its end.
    pub public_url: String,
}

const ISSUER: &str = "issuer";
const INSTANCE_KEY: &str = "instance_key";
const MASTER_KEY_CHECK: &str = "master_key_check";

/// Whether a database holds an instance of countersign.
pub fn is_initialised(store: &Store, now: Timestamp) -> Result<bool> {
    Ok(!store.is_blank()? && store.read(now, |tx| Ok(store::settings::find(tx, ISSUER)?.is_some()))?)
}

/// Makes a migrated database an instance: its public URL, its key under the master key, the master key's check value.
pub fn initialise(store: &Store, master: &MasterKey, public_url: &str, actor: Actor) -> Result<()> {
    let wrapped = Vault::new_instance(master)?;
    let check = master.check_value()?;
    let url = public_url.trim_end_matches('/').to_owned();
    store.write(actor, move |tx| {
        if store::settings::find(tx, ISSUER)?.is_some() {
            return Err(Error::new(
                Code::AlreadyExists,
                "This database is initialised already; nothing was changed.",
            ));
        }
        store::settings::insert(tx, ISSUER, url.as_bytes())?;
        store::settings::insert(tx, INSTANCE_KEY, &wrapped)?;
        store::settings::insert(tx, MASTER_KEY_CHECK, &check)?;
        Ok(Audited::new((), Event::done("instance.initialise", "instance").with("publicUrl", url.clone())))
    })
}

impl Service {
    /// Opens an initialised database; a master key that is not this database's is refused before anything else.
    pub fn open(
        store: Store,
        master: MasterKey,
        public_url: Option<String>,
        limits: VaultLimits,
        outbound: Outbound,
        now: Timestamp,
    ) -> Result<Self> {
        let (stored_url, wrapped, check) = store.read(now, |tx| {
            let mut setting = |name| store::settings::find(tx, name)?.ok_or_else(not_initialised);
            Ok((setting(ISSUER)?, setting(INSTANCE_KEY)?, setting(MASTER_KEY_CHECK)?))
        })?;
        master.verify_check_value(&check)?;
        let vault = Vault::open(master, &wrapped, limits)?;
        let stored_url = String::from_utf8(stored_url).map_err(Error::internal)?;
        let public_url = public_url.map_or(stored_url, |url| url.trim_end_matches('/').to_owned());
        Ok(Self { store, vault, outbound, public_url })
    }
}

pub fn not_initialised() -> Error {
    Error::new(
        Code::NotFound,
        "The database is not initialised: run `countersign init` with the same flags first.",
    )
}

/// Ten random octets, for the identifiers of [`crate::model::id`].
pub fn id_octets() -> Result<[u8; 10]> {
    random::bytes()
}
