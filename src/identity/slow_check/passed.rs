//! Secrets that passed the slow check already: the first check of a chosen secret takes tens of milliseconds, the ten
//! thousandth microseconds.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::identity::recent::Recent;
use crate::keys::{mac, random};
use crate::model::error::Result;
use crate::model::secret::{SecretBytes, SecretText};

pub(super) struct Passed {
    /// Of this process only: what is remembered here is worth nothing elsewhere.
    key: SecretBytes,
    passed: Recent<[u8; 32], ()>,
    under_way: Mutex<HashSet<[u8; 32]>>,
    ended: Condvar,
}

/// Stands for one owner, one stored hash and one presented secret.
#[derive(Clone, Copy)]
pub(super) struct Check([u8; 32]);

/// The only slow check of its kind under way; others of the same kind wait for its end.
pub(super) struct Turn<'a> {
    passed: &'a Passed,
    check: Check,
}

impl Passed {
    pub(super) fn new(capacity: NonZeroUsize) -> Result<Self> {
        Ok(Self {
            key: random::secret::<32>()?,
            passed: Recent::new(capacity),
            under_way: Mutex::default(),
            ended: Condvar::new(),
        })
    }

    pub(super) fn check(&self, owner: &str, stored: &str, presented: &SecretText) -> Check {
        let mut message = Vec::with_capacity(256);
        for part in [owner, stored, presented.expose()] {
            message.extend((part.len() as u64).to_be_bytes());
            message.extend(part.as_bytes());
        }
        let message = SecretBytes::new(message);
        Check(mac::hmac_sha256(&self.key, "checked secret", message.expose()))
    }

    pub(super) fn has(&self, check: Check) -> bool {
        self.passed.find(&check.0).is_some()
    }

    pub(super) fn remember(&self, check: Check) {
        self.passed.remember(check.0, ());
    }

    /// Waits until no other check of this kind is under way: a client that begins with a hundred requests at once has
    /// its secret checked once, not a hundred times.
    pub(super) fn turn(&self, check: Check) -> Turn<'_> {
        let under_way = self.under_way();
        let mut under_way = self
            .ended
            .wait_while(under_way, |under_way| under_way.contains(&check.0))
            .unwrap_or_else(PoisonError::into_inner);
        under_way.insert(check.0);
        Turn { passed: self, check }
    }

    fn under_way(&self) -> MutexGuard<'_, HashSet<[u8; 32]>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.passed.under_way().remove(&self.check.0);
        self.passed.ended.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_of_one_owner_one_hash_and_one_secret() {
        let passed = Passed::new(NonZeroUsize::MIN).unwrap();
        let check = |owner: &str, stored: &str, presented: &str| {
            passed.check(owner, stored, &SecretText::new(presented))
        };
        passed.remember(check("acme", "hash", "secret"));
        assert!(passed.has(check("acme", "hash", "secret")));
        for other in
            [check("acm", "ehash", "secret"), check("acme", "new", "secret"), check("acme", "hash", "Secret")]
        {
            assert!(!passed.has(other));
        }
    }
}
