//! What a node remembers so as not to work it out again: bounded, the least recently used forgotten first. Nothing here
//! says whether something still holds; that is asked of the database at every use.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Two generations: what is used moves into the young one; when that is full, the old one is dropped.
pub struct Recent<K, V> {
    generation: NonZeroUsize,
    state: Mutex<Generations<K, V>>,
}

struct Generations<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Eq + Hash, V: Clone> Recent<K, V> {
    /// Remembers at least the `capacity` / 2 values used last, and never more than `capacity`.
    pub fn new(capacity: NonZeroUsize) -> Self {
        let generation = NonZeroUsize::new(capacity.get() / 2).unwrap_or(NonZeroUsize::MIN);
        Self { generation, state: Mutex::new(Generations { young: HashMap::new(), old: HashMap::new() }) }
    }

    pub fn find<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let mut state = self.state();
        if let Some(value) = state.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = state.old.remove_entry(key)?;
        self.keep(&mut state, key, value.clone());
        Some(value)
    }

    pub fn remember(&self, key: K, value: V) {
        let mut state = self.state();
        state.old.remove(&key);
        self.keep(&mut state, key, value);
    }

    pub fn forget<Q: Eq + Hash + ?Sized>(&self, key: &Q)
    where
        K: Borrow<Q>,
    {
        let mut state = self.state();
        state.young.remove(key);
        state.old.remove(key);
    }

    fn keep(&self, state: &mut Generations<K, V>, key: K, value: V) {
        if state.young.len() >= self.generation.get() && !state.young.contains_key(&key) {
            state.old = std::mem::take(&mut state.young);
        }
        state.young.insert(key, value);
    }

    fn state(&self) -> MutexGuard<'_, Generations<K, V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_rest_is_bounded() {
        let recent = Recent::new(NonZeroUsize::new(4).unwrap());
        for key in 0..100 {
            recent.remember(key, key);
            assert_eq!(recent.find(&0), Some(0), "after {key}");
        }
        let left = (0..100).filter(|key| recent.find(key).is_some()).count();
        assert!(left <= 4, "{left}");
    }

    #[test]
    fn what_is_forgotten_is_gone_from_both_generations() {
        let recent = Recent::new(NonZeroUsize::new(2).unwrap());
        recent.remember("a", 1);
        recent.remember("b", 2);
        recent.forget("a");
        recent.forget("b");
        assert_eq!((recent.find("a"), recent.find("b")), (None, None));
    }
}
