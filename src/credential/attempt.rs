//! Attempts at factors, around their checks: taken before in one transaction, settled after in another.

use crate::keys::random;
use crate::model::configuration::Configuration;
use crate::model::error::{Code, Error, Result};
use crate::model::factor::{Factor, FactorType};
use crate::model::id::CredentialId;
use crate::model::lockout::{Attempt, LockoutRules};
use crate::model::time::Timestamp;
use crate::model::token::Call;
use crate::service::Service;
use crate::store::{Tx, factors};

/// Tells an attempt apart from all others.
pub(super) fn new_attempt_id() -> Result<u64> {
    Ok(u64::from_be_bytes(random::bytes()?))
}

pub(super) fn rules(configuration: &Configuration) -> LockoutRules {
    LockoutRules { max_attempts: configuration.max_attempts, lockout_seconds: configuration.lockout_seconds }
}

pub(super) fn find(factors: &[Factor], kind: FactorType) -> Option<&Factor> {
    factors.iter().find(|factor| factor.kind == kind)
}

pub(super) fn find_one_time_password(factors: &[Factor]) -> Option<&Factor> {
    factors.iter().find(|factor| factor.kind.is_one_time_password())
}

/// Takes an attempt at a factor that this transaction holds.
pub(super) fn take(tx: &mut Tx, factor: &Factor, id: u64, rules: LockoutRules) -> Result<Attempt> {
    let mut factor = factor.clone();
    let attempt =
        factor.lockout.take(id, rules, tx.now()).map_err(|refusal| refusal.about(factor.kind.csc_name()))?;
    factors::update(tx, &factor)?;
    Ok(attempt)
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Wrong,
    /// Nothing was learnt, or the rest of the authorisation failed: the run of failures stays as it was.
    GivenBack,
    /// The value was right, and the rest of the authorisation is to come: the run of failures stays as it was.
    RightSoFar,
    /// The whole authorisation succeeded.
    Right,
}

/// Settles an attempt at a factor that the caller then writes. False when it had been given up as a failure
/// meanwhile, so that it cannot be right any more.
pub(super) fn settle(
    factor: &mut Factor,
    attempt: Attempt,
    verdict: Verdict,
    rules: LockoutRules,
    now: Timestamp,
) -> bool {
    match verdict {
        Verdict::Wrong => {
            factor.lockout.fail(attempt, rules, now);
            true
        }
        Verdict::GivenBack => {
            factor.lockout.give_back(attempt);
            true
        }
        Verdict::RightSoFar => factor.lockout.give_back(attempt),
        Verdict::Right => factor.lockout.succeed(attempt),
    }
}

/// Gives attempts back when nothing was settled: an error on our side costs no attempt. One that cannot be given back
/// either counts as a failure before long.
pub(super) fn give_back(
    service: &Service,
    call: &Call,
    id: &CredentialId,
    attempts: Vec<(FactorType, Attempt)>,
) {
    let id = id.clone();
    let given_back = service.store.bookkeep(call.at, move |tx| {
        for mut factor in factors::of(tx, &id)? {
            for (kind, attempt) in &attempts {
                if factor.kind == *kind {
                    factor.lockout.give_back(*attempt);
                    factors::update(tx, &factor)?;
                }
            }
        }
        Ok(())
    });
    if let Err(error) = given_back {
        tracing::warn!(%error, cause = error.cause(), "an attempt could not be given back");
    }
}

/// Takes the factor of a kind out of those that were loaded.
pub(super) fn pick(factors: &mut Vec<Factor>, kind: FactorType) -> Result<Factor> {
    let at = factors.iter().position(|factor| factor.kind == kind);
    at.map(|at| factors.swap_remove(at)).ok_or_else(|| Error::internal("a factor vanished during its check"))
}

/// An attempt that took longer than it may last: it counts as a failure.
pub(super) fn stale() -> Error {
    Error::new(
        Code::Busy,
        "The check took longer than an attempt may last, and counts as a failure; try again.",
    )
    .retry_after(1)
}
