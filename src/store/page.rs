//! Lists come in pages: at most `limit` items after the one that the cursor names.

use crate::model::error::{Error, Result};

/// Which part of a list is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    limit: u16,
    after: Option<String>,
}

/// A part of a list, and where the next one starts.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

impl Page {
    pub const DEFAULT_LIMIT: u16 = 50;
    pub const MAX_LIMIT: u16 = 200;

    /// `limit` is 1..=200.
    pub fn new(limit: Option<u16>, cursor: Option<String>) -> Result<Self> {
        let limit = limit.unwrap_or(Self::DEFAULT_LIMIT);
        if !(1..=Self::MAX_LIMIT).contains(&limit) {
            return Err(Error::field("/limit", "1 to 200"));
        }
        if cursor.as_ref().is_some_and(|cursor| !is_key(cursor)) {
            return Err(Error::field("/cursor", "not a cursor that this service gave"));
        }
        Ok(Self { limit, after: cursor })
    }

    /// The server's own limit where the caller's is too large or odd (CSC `maxResults`).
    pub fn at_most(wanted: Option<u64>, cursor: Option<String>) -> Self {
        let limit = wanted.filter(|n| *n >= 1).and_then(|n| u16::try_from(n).ok()).unwrap_or(Self::MAX_LIMIT);
        Self { limit: limit.min(Self::MAX_LIMIT), after: cursor.filter(|cursor| is_key(cursor)) }
    }

    /// The key after which the page starts; before all keys when there is none.
    pub(super) fn after(&self) -> String {
        self.after.clone().unwrap_or_default()
    }

    /// One row more than wanted tells whether there is a next page.
    pub(super) fn fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// A page of what passes, where no index knows what does: `load` gives [`Page::fetch`] items after a key, in the order
    /// of their keys, and is asked again until there are enough.
    pub(super) fn sift<T>(
        &self,
        mut load: impl FnMut(&str) -> Result<Vec<T>>,
        passes: impl Fn(&T) -> bool,
        key: impl Fn(&T) -> String,
    ) -> Result<Listed<T>> {
        let wanted = usize::from(self.limit) + 1;
        let mut after = self.after();
        let mut kept = Vec::new();
        loop {
            let loaded = load(&after)?;
            let is_last = loaded.len() < wanted;
            if let Some(last) = loaded.last() {
                after = key(last);
            }
            kept.extend(loaded.into_iter().filter(&passes));
            if is_last || kept.len() >= wanted {
                return Ok(self.cut(kept, key));
            }
        }
    }

    pub(super) fn cut<T>(&self, mut items: Vec<T>, key: impl Fn(&T) -> String) -> Listed<T> {
        let limit = usize::from(self.limit);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(key) } else { None };
        Listed { items, next }
    }
}

/// Whether a row may have this key. PostgreSQL, for one, compares no text that holds a NUL.
fn is_key(cursor: &str) -> bool {
    cursor.len() <= 256 && cursor.bytes().all(|byte| byte.is_ascii_graphic())
}

impl<T> Listed<T> {
    pub fn try_map<U>(self, convert: impl Fn(T) -> Result<U>) -> Result<Listed<U>> {
        Ok(Listed { items: self.items.into_iter().map(convert).collect::<Result<_>>()?, next: self.next })
    }
}
