//! Ready RSA key pairs, so that nobody waits the seconds that RSA takes. They lie in memory only: a key that was once
//! written under the master key alone would be readable from an old backup for ever.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::keys::software::{self, GeneratedKey};
use crate::model::algorithm::KeyAlgorithm;
use crate::model::error::{Error, Result};

/// How many ready keys to keep of each size; none of a size makes such keys when they are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolSizes {
    pub rsa2048: usize,
    pub rsa3072: usize,
    pub rsa4096: usize,
}

impl PoolSizes {
    /// What is wanted of each size, the quickest to make first.
    fn wanted(self) -> [(KeyAlgorithm, usize); 3] {
        [
            (KeyAlgorithm::Rsa2048, self.rsa2048),
            (KeyAlgorithm::Rsa3072, self.rsa3072),
            (KeyAlgorithm::Rsa4096, self.rsa4096),
        ]
    }
}

/// The pool and its one background thread, which ends when the pool is dropped.
pub struct RsaPool(Arc<Shared>);

struct Shared {
    sizes: PoolSizes,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// In the order of [`PoolSizes::wanted`].
    ready: [VecDeque<GeneratedKey>; 3],
    stopped: bool,
}

impl RsaPool {
    /// Starts filling in the background and returns at once.
    pub fn start(sizes: PoolSizes) -> Result<Self> {
        let shared = Arc::new(Shared { sizes, state: Mutex::default(), changed: Condvar::new() });
        if sizes != PoolSizes::default() {
            let filler = Arc::clone(&shared);
            thread::Builder::new()
                .name("rsa-pool".to_owned())
                .spawn(move || filler.fill())
                .map_err(|cause| Error::internal(format!("the RSA pool has no thread: {cause}")))?;
        }
        Ok(Self(shared))
    }

    /// A key pair that nobody else gets: a ready one, or one made now.
    pub fn take(&self, algorithm: KeyAlgorithm) -> Result<GeneratedKey> {
        match self.0.take_ready(algorithm) {
            Some(key) => Ok(key),
            None => software::generate(algorithm),
        }
    }

    /// How many keys are ready, by size: for metrics.
    pub fn ready(&self) -> [(KeyAlgorithm, usize); 3] {
        let state = self.0.state();
        let mut counts = self.0.sizes.wanted();
        for ((_, count), queue) in counts.iter_mut().zip(&state.ready) {
            *count = queue.len();
        }
        counts
    }
}

impl Drop for RsaPool {
    /// The thread is not joined: it may be in the middle of a key, which cannot be interrupted and must not hold up an exit.
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.stopped = true;
        state.ready = Default::default();
        drop(state);
        self.0.changed.notify_all();
    }
}

impl Shared {
    fn take_ready(&self, algorithm: KeyAlgorithm) -> Option<GeneratedKey> {
        let mut state = self.state();
        let wanted = self.sizes.wanted();
        let (_, queue) = wanted.iter().zip(&mut state.ready).find(|((size, _), _)| *size == algorithm)?;
        let key = queue.pop_front();
        drop(state);
        self.changed.notify_all();
        key
    }

    /// Makes keys while any are missing, one at a time, until the pool is dropped.
    fn fill(&self) {
        // On Linux a thread has a niceness of its own. Failing to be nice is no reason to make no keys.
        let _ = rustix::process::nice(19);
        while let Some(algorithm) = self.next_missing() {
            let Ok(key) = software::generate(algorithm) else {
                tracing::error!(algorithm = algorithm.as_str(), "the RSA pool stops: no key could be made");
                return;
            };
            self.put(algorithm, key);
        }
    }

    /// Sleeps until a size falls short; `None` when the pool is gone.
    fn next_missing(&self) -> Option<KeyAlgorithm> {
        let mut state = self.state();
        loop {
            if state.stopped {
                return None;
            }
            let wanted = self.sizes.wanted();
            let short = wanted.iter().zip(&state.ready).find(|((_, count), queue)| queue.len() < *count);
            if let Some(((algorithm, _), _)) = short {
                return Some(*algorithm);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn put(&self, algorithm: KeyAlgorithm, key: GeneratedKey) {
        let mut state = self.state();
        if state.stopped {
            return;
        }
        let wanted = self.sizes.wanted();
        let queue = wanted.iter().zip(&mut state.ready).find(|((size, _), _)| *size == algorithm);
        if let Some((_, queue)) = queue {
            queue.push_back(key);
        }
        drop(state);
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Waits until as many RSA-2048 keys are ready.
    fn wait_for(pool: &RsaPool, count: usize) {
        let state = pool.0.state();
        let (_state, waited) = pool
            .0
            .changed
            .wait_timeout_while(state, Duration::from_secs(60), |state| state.ready[0].len() != count)
            .unwrap();
        assert!(!waited.timed_out());
    }

    #[test]
    fn the_pool_fills_gives_each_key_once_and_fills_again() {
        let pool = RsaPool::start(PoolSizes { rsa2048: 2, ..PoolSizes::default() }).unwrap();
        wait_for(&pool, 2);
        assert_eq!(pool.ready()[0], (KeyAlgorithm::Rsa2048, 2));
        let first = pool.take(KeyAlgorithm::Rsa2048).unwrap();
        let second = pool.take(KeyAlgorithm::Rsa2048).unwrap();
        assert_ne!(first.spki_der, second.spki_der);
        wait_for(&pool, 2);
    }

    #[test]
    fn what_the_pool_does_not_keep_is_made_at_once() {
        let pool = RsaPool::start(PoolSizes::default()).unwrap();
        for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::Ed25519, KeyAlgorithm::Rsa2048] {
            let key = pool.take(algorithm).unwrap();
            software::OpenedKey::open(algorithm, &key.pkcs8).unwrap();
        }
        assert!(pool.ready().iter().all(|(_, count)| *count == 0));
    }

    #[test]
    fn a_dropped_pool_ends_its_thread_and_keeps_no_key() {
        let pool = RsaPool::start(PoolSizes { rsa2048: 1, ..PoolSizes::default() }).unwrap();
        wait_for(&pool, 1);
        let shared = Arc::clone(&pool.0);
        drop(pool);
        assert!(shared.next_missing().is_none());
        assert!(shared.state().ready.iter().all(VecDeque::is_empty));
    }
}
