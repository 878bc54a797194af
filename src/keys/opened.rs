//! Parsed private keys, kept from authorise on until their authorization ends, and found only by the SAD that the caller
//! presents. Every use still passes the conditional update in the database: this saves parsing, it permits nothing.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::keys::software::OpenedKey;
use crate::model::id::CredentialId;
use crate::model::time::Timestamp;

/// The id of a SAD ([`crate::keys::sad::Sad::id`]).
pub type SadId = [u8; 32];

/// The opened keys of one node: bounded, the oldest leave first.
pub struct OpenedKeys {
    capacity: NonZeroUsize,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    by_sad: HashMap<SadId, Entry>,
    /// Insertion number to id, so that the oldest is the first.
    by_age: BTreeMap<u64, SadId>,
    inserted: u64,
}

struct Entry {
    key: Arc<OpenedKey>,
    credential: CredentialId,
    expires_at: Timestamp,
    number: u64,
}

impl OpenedKeys {
    pub fn new(capacity: NonZeroUsize) -> Self {
        Self { capacity, entries: Mutex::default() }
    }

    /// Keeps a key until `expires_at`, in place of whatever this SAD had before.
    pub fn insert(&self, id: SadId, credential: CredentialId, key: Arc<OpenedKey>, expires_at: Timestamp) {
        let mut entries = self.entries();
        entries.remove(&id);
        while entries.by_sad.len() >= self.capacity.get() {
            let Some((_, oldest)) = entries.by_age.pop_first() else { break };
            entries.by_sad.remove(&oldest);
        }
        entries.inserted += 1;
        let number = entries.inserted;
        entries.by_age.insert(number, id);
        entries.by_sad.insert(id, Entry { key, credential, expires_at, number });
    }

    /// The key that this SAD opened, unless the SAD has expired, which drops it.
    pub fn find(&self, id: &SadId, now: Timestamp) -> Option<Arc<OpenedKey>> {
        let mut entries = self.entries();
        if entries.by_sad.get(id)?.expires_at <= now {
            entries.remove(id);
            return None;
        }
        entries.by_sad.get(id).map(|entry| Arc::clone(&entry.key))
    }

    /// Forgets the key of a SAD that is spent or replaced.
    pub fn remove(&self, id: &SadId) {
        self.entries().remove(id);
    }

    /// Forgets every key of a credential that is suspended, revoked or destroyed.
    pub fn remove_credential(&self, credential: &CredentialId) {
        self.entries().retain(|entry| entry.credential != *credential);
    }

    /// Forgets every key whose authorization has expired: for a job, so that none stays for want of a caller.
    pub fn remove_expired(&self, now: Timestamp) {
        self.entries().retain(|entry| entry.expires_at > now);
    }

    pub fn len(&self) -> usize {
        self.entries().by_sad.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn remove(&mut self, id: &SadId) {
        if let Some(entry) = self.by_sad.remove(id) {
            self.by_age.remove(&entry.number);
        }
    }

    fn retain(&mut self, stays: impl Fn(&Entry) -> bool) {
        let by_age = &mut self.by_age;
        self.by_sad.retain(|_, entry| {
            let stays = stays(entry);
            if !stays {
                by_age.remove(&entry.number);
            }
            stays
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::software;
    use crate::model::algorithm::KeyAlgorithm;

    fn key() -> Arc<OpenedKey> {
        let generated = software::generate(KeyAlgorithm::Ed25519).unwrap();
        Arc::new(OpenedKey::open(KeyAlgorithm::Ed25519, &generated.pkcs8).unwrap())
    }

    fn keys(capacity: usize) -> OpenedKeys {
        OpenedKeys::new(NonZeroUsize::new(capacity).unwrap())
    }

    fn credential(name: &str) -> CredentialId {
        CredentialId::stored(name.to_owned())
    }

    const NOW: Timestamp = Timestamp::from_seconds(100);
    const LATER: Timestamp = Timestamp::from_seconds(200);

    #[test]
    fn a_key_is_found_by_its_sad_until_it_expires_or_is_removed() {
        let keys = keys(4);
        keys.insert([1; 32], credential("c1"), key(), LATER);
        assert!(keys.find(&[1; 32], NOW).is_some());
        assert!(keys.find(&[2; 32], NOW).is_none());
        keys.remove(&[1; 32]);
        assert!(keys.find(&[1; 32], NOW).is_none());

        keys.insert([1; 32], credential("c1"), key(), LATER);
        assert!(keys.find(&[1; 32], LATER).is_none());
        assert!(keys.is_empty());
    }

    #[test]
    fn suspending_a_credential_forgets_all_its_keys_and_no_others() {
        let keys = keys(4);
        for (sad, name) in [(1, "c1"), (2, "c1"), (3, "c2")] {
            keys.insert([sad; 32], credential(name), key(), LATER);
        }
        keys.remove_credential(&credential("c1"));
        assert!(keys.find(&[1; 32], NOW).is_none() && keys.find(&[2; 32], NOW).is_none());
        assert!(keys.find(&[3; 32], NOW).is_some());
    }

    #[test]
    fn the_oldest_makes_room() {
        let keys = keys(2);
        for sad in 1..=3 {
            keys.insert([sad; 32], credential("c1"), key(), LATER);
        }
        assert!(keys.find(&[1; 32], NOW).is_none());
        assert!(keys.find(&[2; 32], NOW).is_some() && keys.find(&[3; 32], NOW).is_some());
        keys.insert([3; 32], credential("c1"), key(), LATER);
        assert!(keys.find(&[2; 32], NOW).is_some(), "a key inserted anew takes its own place");
    }

    #[test]
    fn expired_keys_go_without_being_asked_for() {
        let keys = keys(2);
        keys.insert([1; 32], credential("c1"), key(), LATER);
        keys.insert([2; 32], credential("c1"), key(), NOW);
        keys.remove_expired(NOW);
        assert_eq!(keys.len(), 1);
        assert_eq!(keys.entries().by_age.len(), 1);
    }
}
