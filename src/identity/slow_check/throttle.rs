//! The check of a secret that somebody chose is counted before it is made: guessing gets slower and slower, and nobody is
//! shut out for good.

use crate::keys::mac::Pepper;
use crate::model::error::{Code, Error, Result};
use crate::model::id::{ClientId, UserId};
use crate::model::time::Timestamp;
use crate::service::Service;
use crate::store::{Tx, throttles};

/// Failures in a row that cost nothing.
const FREE_FAILURES: u32 = 5;
/// The longest delay, in seconds.
const LONGEST_DELAY: i64 = 32;
/// The longest delay between one-time passwords, in seconds: some hundred guesses a day at one of a million.
const LONGEST_DELAY_OF_CODES: i64 = 900;
/// Rows that names which nobody has share between them.
const BUCKETS: u16 = 4096;

/// Whose secret is checked. Failures are counted for each owner.
#[derive(Clone)]
pub struct Owner {
    /// No client's id holds a colon or a question mark.
    key: String,
    longest_delay: i64,
}

impl Owner {
    pub fn client(id: &ClientId) -> Self {
        Self::called(id.to_string())
    }

    pub fn user(id: &UserId) -> Self {
        Self::called(format!("user:{id}"))
    }

    /// The authenticator of a user whose password was right: nobody else is held up, so delays grow longer.
    pub fn authenticator_of(id: &UserId) -> Self {
        Self { longest_delay: LONGEST_DELAY_OF_CODES, ..Self::called(format!("otp:{id}")) }
    }

    /// An id that no client has is counted and delayed like any other, so that this does not tell the two apart.
    pub fn unknown_client(pepper: &Pepper, presented: &str) -> Self {
        Self::called(format!("?{}", bucket(pepper, "unknown client", presented)))
    }

    /// The same for what no user is called.
    pub fn unknown_user(pepper: &Pepper, presented: &str) -> Self {
        Self::called(format!("?user:{}", bucket(pepper, "unknown user", presented)))
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    fn called(key: String) -> Self {
        Self { key, longest_delay: LONGEST_DELAY }
    }

    /// Seconds until the next check, after so many failures in a row.
    fn delay_after(&self, failures: u32) -> i64 {
        match failures.checked_sub(FREE_FAILURES) {
            None | Some(0) => 0,
            Some(beyond) => self.longest_delay.min(1 << (beyond - 1).min(30)),
        }
    }
}

fn bucket(pepper: &Pepper, purpose: &str, presented: &str) -> u16 {
    let [high, low, ..] = pepper.hash(purpose, presented.as_bytes());
    u16::from_be_bytes([high, low]) % BUCKETS
}

/// Counts one check, or says how long to wait before the next.
pub fn count(service: &Service, owner: &Owner, now: Timestamp) -> Result<()> {
    let owner = owner.clone();
    service.store.bookkeep(now, move |tx| {
        let (failures, open_at) = throttles::find(tx, owner.key())?;
        let wait = now.seconds_until(open_at);
        if wait > 0 {
            return Err(Error::new(
                Code::RateLimited,
                format!("Too many failed attempts; try again in {wait} s."),
            )
            .retry_after(wait));
        }
        throttles::count(
            tx,
            owner.key(),
            failures,
            now.plus_seconds(owner.delay_after(failures.saturating_add(1))),
        )
    })
}

/// What came of a counted check, which costs nothing when it could not be made.
pub fn settle<T>(service: &Service, owner: &Owner, now: Timestamp, checked: Result<T>) -> Result<T> {
    if checked.is_err() {
        let owner = owner.clone();
        service.store.bookkeep(now, move |tx| throttles::uncount(tx, owner.key()))?;
    }
    checked
}

/// Forgets the run of failures, with what else the transaction does.
pub fn forget(tx: &mut Tx, owner: &Owner) -> Result<()> {
    throttles::clear(tx, owner.key())
}

/// A right secret ends the run.
pub fn clear(service: &Service, owner: &Owner, now: Timestamp) -> Result<()> {
    let owner = owner.clone();
    service.store.bookkeep(now, move |tx| throttles::clear(tx, owner.key()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_are_free_and_delays_grow_to_a_limit() {
        let delays =
            |owner: &Owner| -> Vec<i64> { (1..=17).map(|failures| owner.delay_after(failures)).collect() };
        let client = delays(&Owner::client(&ClientId::parse("acme").unwrap()));
        assert_eq!(client, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 32, 32, 32, 32, 32, 32]);
        let codes = delays(&Owner::authenticator_of(&UserId::stored("1".into())));
        assert_eq!(codes, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
    }
}
