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

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys of two digits, in their order, as a database gives them.
    fn after(all: &[u32], page: &Page, key: &str) -> Result<Vec<u32>> {
        let rest = all.iter().copied().filter(|number| name(number).as_str() > key);
        Ok(rest.take(usize::try_from(page.fetch()).unwrap()).collect())
    }

    fn name(number: &u32) -> String {
        format!("{number:02}")
    }

    #[test]
    fn what_does_not_pass_is_passed_over_until_the_page_is_full() {
        let all: Vec<u32> = (1..=40).collect();
        let passes = |number: &u32| number.is_multiple_of(7);
        let mut pages = Vec::new();
        let mut cursor = None;
        loop {
            let page = Page::new(Some(2), cursor).unwrap();
            let listed = page.sift(|key| after(&all, &page, key), passes, name).unwrap();
            pages.push(listed.items);
            cursor = listed.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(pages, [vec![7, 14], vec![21, 28], vec![35]]);
    }

    #[test]
    fn a_page_of_what_nobody_may_see_is_empty_and_the_last() {
        let page = Page::new(Some(5), None).unwrap();
        let listed = page.sift(|key| after(&[1, 2, 3], &page, key), |_| false, name).unwrap();
        assert_eq!((listed.items, listed.next), (vec![], None));
    }
}
