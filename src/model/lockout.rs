//! What a lock is: attempts are taken before their check and settled after it.
//!
//! A run of failures locks a factor for a while, then for twice as long, and blocks it at the tenth; a hundred
//! failures in thirty days block it too. Guessing in parallel gains nothing: attempts under way count.

use serde::{Deserialize, Serialize};

use crate::model::error::{Code, Error, Result};
use crate::model::time::Timestamp;

/// An attempt that was never settled counts as a failure after this many seconds.
const ATTEMPT_SECONDS: i64 = 60;
/// The failure of a run, counted from the first lock, that blocks for good.
const BLOCKING_FAILURE: u32 = 10;
const LONG_WINDOW_SECONDS: i64 = 30 * 24 * 3600;
const LONG_WINDOW_FAILURES: usize = 100;

/// When a factor locks, and for how long at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockoutRules {
    /// Failures in a run.
    pub max_attempts: u32,
    /// Seconds.
    pub lockout_seconds: u32,
}

/// The record of a factor's failures. Times are microseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lockout {
    /// Failures of the run that a whole successful authorisation ends.
    failures: u32,
    under_way: Vec<UnderWay>,
    locked_until: Option<i64>,
    blocked: bool,
    /// Failures within the long window, oldest first.
    recent: Vec<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct UnderWay {
    id: u64,
    at: i64,
}

/// An attempt that was taken: to be settled by [`Lockout::fail`], [`Lockout::give_back`] or [`Lockout::succeed`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt(u64);

/// What a refusal to take an attempt, or a failure, leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockState {
    Open,
    /// Ends by itself after so many seconds.
    Locked(u64),
    /// Ends only when an administrator unlocks it.
    Blocked,
}

impl Lockout {
    /// Takes an attempt before its check; `id` is random, to tell attempts apart.
    pub fn take(&mut self, id: u64, rules: LockoutRules, now: Timestamp) -> Result<Attempt> {
        self.settle_stale(rules, now);
        self.check(now)?;
        // Between locks a run has room for one attempt at a time; before the first, for what is left of it.
        let room = rules.max_attempts.saturating_sub(self.failures).max(1);
        if self.under_way.len() >= room as usize {
            return Err(Error::new(
                Code::Busy,
                "Other attempts at this factor are under way; wait until they are settled.",
            )
            .retry_after(1));
        }
        self.under_way.push(UnderWay { id, at: now.micros() });
        Ok(Attempt(id))
    }

    /// Refused while it is locked or blocked.
    pub fn check(&self, now: Timestamp) -> Result<()> {
        match self.state(now) {
            LockState::Open => Ok(()),
            LockState::Locked(seconds) => Err(Error::new(
                Code::FactorLocked,
                format!("The factor is locked after too many failures; it opens in {seconds} s."),
            )
            .retry_after(seconds)),
            LockState::Blocked => Err(Error::new(
                Code::CredentialLocked,
                "A factor of the credential is blocked after too many failures; an administrator has to unlock it.",
            )),
        }
    }

    /// The value was wrong.
    pub fn fail(&mut self, attempt: Attempt, rules: LockoutRules, now: Timestamp) -> LockState {
        if self.remove(attempt) {
            self.count_failure(rules, now);
        }
        self.state(now)
    }

    /// The value was right, or could not be checked: the attempt is as if never taken, and the run as it was.
    /// False when the attempt was settled as stale meanwhile.
    pub fn give_back(&mut self, attempt: Attempt) -> bool {
        self.remove(attempt)
    }

    /// The whole authorisation succeeded: the run ends. False when the attempt was settled as stale meanwhile.
    pub fn succeed(&mut self, attempt: Attempt) -> bool {
        let still_ours = self.remove(attempt);
        if still_ours {
            self.failures = 0;
            self.locked_until = None;
        }
        still_ours
    }

    /// An authorisation succeeded whose check had given its attempt back already: the run ends, but no lock does that it
    /// brought meanwhile.
    pub fn end_run(&mut self, now: Timestamp) {
        if self.state(now) == LockState::Open {
            self.failures = 0;
            self.locked_until = None;
        }
    }

    /// An administrator resets the run (never the PIN).
    pub fn unlock(&mut self) {
        *self = Self::default();
    }

    pub fn state(&self, now: Timestamp) -> LockState {
        if self.blocked {
            return LockState::Blocked;
        }
        match self.locked_until.map(|until| now.seconds_until(Timestamp::from_micros(until))) {
            Some(seconds) if seconds > 0 => LockState::Locked(seconds),
            _ => LockState::Open,
        }
    }

    fn remove(&mut self, attempt: Attempt) -> bool {
        let before = self.under_way.len();
        self.under_way.retain(|other| other.id != attempt.0);
        self.under_way.len() < before
    }

    fn settle_stale(&mut self, rules: LockoutRules, now: Timestamp) {
        let oldest = now.plus_seconds(-ATTEMPT_SECONDS).micros();
        let before = self.under_way.len();
        self.under_way.retain(|attempt| attempt.at >= oldest);
        for _ in self.under_way.len()..before {
            self.count_failure(rules, now);
        }
    }

    fn count_failure(&mut self, rules: LockoutRules, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        let window_start = now.plus_seconds(-LONG_WINDOW_SECONDS).micros();
        self.recent.retain(|at| *at >= window_start);
        self.recent.push(now.micros());
        let Some(beyond) = self.failures.checked_sub(rules.max_attempts) else {
            self.blocked |= self.recent.len() >= LONG_WINDOW_FAILURES;
            return;
        };
        self.blocked |= self.failures >= BLOCKING_FAILURE.max(rules.max_attempts + 1)
            || self.recent.len() >= LONG_WINDOW_FAILURES;
        let seconds = i64::from(rules.lockout_seconds).saturating_mul(1 << beyond.min(30));
        self.locked_until = Some(now.plus_seconds(seconds).micros());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: LockoutRules = LockoutRules { max_attempts: 5, lockout_seconds: 900 };

    fn fail_once(lockout: &mut Lockout, id: u64, now: Timestamp) -> LockState {
        let attempt = lockout.take(id, RULES, now).unwrap();
        lockout.fail(attempt, RULES, now)
    }

    #[test]
    fn the_fifth_failure_locks_each_further_one_doubles_and_the_tenth_blocks() {
        let mut lockout = Lockout::default();
        let mut now = Timestamp::from_seconds(0);
        for id in 0..4 {
            assert_eq!(fail_once(&mut lockout, id, now), LockState::Open);
        }
        for (id, seconds) in (4..9).zip([900, 1800, 3600, 7200, 14400]) {
            assert_eq!(fail_once(&mut lockout, id, now), LockState::Locked(seconds));
            let refused = lockout.take(99, RULES, now).unwrap_err();
            assert_eq!((refused.code(), refused.retry_after_seconds()), (Code::FactorLocked, Some(seconds)));
            now = now.plus_seconds(seconds as i64);
        }
        assert_eq!(fail_once(&mut lockout, 9, now), LockState::Blocked);
        assert_eq!(lockout.take(10, RULES, now).unwrap_err().code(), Code::CredentialLocked);
        lockout.unlock();
        assert_eq!(lockout.state(now), LockState::Open);
    }

    #[test]
    fn the_end_of_a_run_is_not_the_end_of_a_lock() {
        let mut lockout = Lockout::default();
        let now = Timestamp::from_seconds(0);
        fail_once(&mut lockout, 0, now);
        lockout.end_run(now);
        for id in 1..6 {
            fail_once(&mut lockout, id, now);
        }
        lockout.end_run(now);
        assert_eq!(lockout.state(now), LockState::Locked(900));
    }

    #[test]
    fn attempts_under_way_take_room_but_never_lock() {
        let mut lockout = Lockout::default();
        let now = Timestamp::from_seconds(0);
        let attempts: Vec<_> = (0..5).map(|id| lockout.take(id, RULES, now).unwrap()).collect();
        assert_eq!(lockout.take(5, RULES, now).unwrap_err().code(), Code::Busy);
        for attempt in attempts {
            assert!(lockout.give_back(attempt));
        }
        assert_eq!(lockout, Lockout::default());
    }

    #[test]
    fn an_attempt_never_settled_is_a_failure_after_a_minute() {
        let mut lockout = Lockout::default();
        let now = Timestamp::from_seconds(0);
        let stale: Vec<_> = (0..5).map(|id| lockout.take(id, RULES, now).unwrap()).collect();
        assert_eq!(lockout.take(9, RULES, now.plus_seconds(61)).unwrap_err().code(), Code::FactorLocked);
        assert!(stale.into_iter().all(|attempt| !lockout.succeed(attempt)));
    }

    #[test]
    fn a_hundred_failures_in_thirty_days_block_whatever_succeeded_between() {
        let mut lockout = Lockout::default();
        let mut now = Timestamp::from_seconds(0);
        for id in 0..99 {
            assert_eq!(fail_once(&mut lockout, id * 2, now), LockState::Open);
            let attempt = lockout.take(id * 2 + 1, RULES, now).unwrap();
            assert!(lockout.succeed(attempt));
            now = now.plus_seconds(60);
        }
        assert_eq!(fail_once(&mut lockout, 1000, now), LockState::Blocked);
    }
}
