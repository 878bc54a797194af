//! The slow check of a client's secret is counted before it is made: guessing gets slower and slower, and nobody is
//! shut out for good.

use crate::keys::mac::Pepper;
use crate::model::error::{Code, Error, Result};
use crate::model::id::ClientId;
use crate::model::time::Timestamp;
use crate::service::Service;
use crate::store::clients;

/// Failures in a row that cost nothing.
const FREE_FAILURES: u32 = 5;
/// The longest delay, in seconds.
const LONGEST_DELAY: i64 = 32;
/// Rows that ids which no client has share between them.
const BUCKETS: u16 = 4096;

/// Whose checks are counted together.
#[derive(Clone)]
pub(super) struct Counted(String);

impl Counted {
    pub(super) fn client(id: &ClientId) -> Self {
        Self(id.to_string())
    }

    /// An id that no client has is counted and delayed like any other, so that this does not tell the two apart.
    pub(super) fn nobody(pepper: &Pepper, presented: &str) -> Self {
        let [high, low, ..] = pepper.hash("unknown client", presented.as_bytes());
        // No client's id holds a question mark.
        Self(format!("?{}", u16::from_be_bytes([high, low]) % BUCKETS))
    }
}

/// Counts one check, or says how long to wait before the next.
pub(super) fn count(service: &Service, who: &Counted, now: Timestamp) -> Result<()> {
    let who = who.clone();
    service.store.bookkeep(now, move |tx| {
        let (failures, open_at) = clients::throttle(tx, &who.0)?;
        let wait = now.seconds_until(open_at);
        if wait > 0 {
            return Err(Error::new(
                Code::RateLimited,
                format!("Too many failed attempts at this client's secret; try again in {wait} s."),
            )
            .retry_after(wait));
        }
        clients::count_attempt(
            tx,
            &who.0,
            failures,
            now.plus_seconds(delay_after(failures.saturating_add(1))),
        )
    })
}

/// What came of a counted check, which costs nothing when it could not be made.
pub(super) fn settle<T>(service: &Service, who: &Counted, now: Timestamp, checked: Result<T>) -> Result<T> {
    if checked.is_err() {
        let who = who.clone();
        service.store.bookkeep(now, move |tx| clients::uncount_attempt(tx, &who.0))?;
    }
    checked
}

/// A right secret ends the run.
pub(super) fn clear(service: &Service, who: &Counted, now: Timestamp) -> Result<()> {
    let who = who.clone();
    service.store.bookkeep(now, move |tx| clients::clear_throttle(tx, &who.0))
}

/// Seconds until the next check, after so many failures in a row.
fn delay_after(failures: u32) -> i64 {
    match failures.checked_sub(FREE_FAILURES) {
        None | Some(0) => 0,
        Some(beyond) => LONGEST_DELAY.min(1 << (beyond - 1).min(30)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_are_free_and_delays_grow_to_a_limit() {
        let delays: Vec<i64> = (1..=13).map(delay_after).collect();
        assert_eq!(delays, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 32, 32]);
    }
}
