//! The check of what people chose, passwords and client secrets, by Argon2id: after the memory of it, and after it was
//! counted, for the address and for whose secret it is. A right secret is slow once; guessing gets slower and slower; and
//! a delay never holds a secret that passed on this node before.

mod passed;
pub mod throttle;

use std::net::IpAddr;
use std::num::NonZeroUsize;

use crate::identity::slow_check::passed::Passed;
pub use crate::identity::slow_check::throttle::Owner;
use crate::identity::strangers::{Allowance, Strangers};
use crate::model::error::Result;
use crate::model::secret::SecretText;
use crate::model::time::Timestamp;
use crate::service::Service;

/// What one node knows of checks that were made.
pub struct SlowChecks {
    passed: Passed,
    strangers: Strangers,
}

/// One request's attempt, however many hashes and spellings of its secret it takes: were each counted, the first would
/// close the door on the second.
pub struct Attempt<'a> {
    pub checks: &'a SlowChecks,
    pub service: &'a Service,
    pub owner: Owner,
    pub address: IpAddr,
    pub now: Timestamp,
    counted: Counted,
}

enum Counted {
    NotYet,
    Yes,
}

/// Checks that an address may have made in vain. Whoever has a server-made secret, or one that passed on this node before,
/// is never held up by what others do from their address.
const FAILURES: Allowance = Allowance { at_once: 30, served_after: 2 };

impl SlowChecks {
    /// `capacity`: checks that passed and are remembered; about 100 bytes each.
    pub fn new(capacity: NonZeroUsize) -> Result<Self> {
        Ok(Self { passed: Passed::new(capacity)?, strangers: Strangers::new(FAILURES) })
    }

    /// Whether this very secret passed against this very hash before.
    pub fn passed(&self, owner: &Owner, phc: &str, secret: &SecretText) -> bool {
        self.passed.has(self.passed.check(owner.key(), phc, secret))
    }

    pub fn attempt<'a>(
        &'a self,
        service: &'a Service,
        owner: Owner,
        address: IpAddr,
        now: Timestamp,
    ) -> Attempt<'a> {
        Attempt { checks: self, service, owner, address, now, counted: Counted::NotYet }
    }
}

impl Attempt<'_> {
    /// Whether one of the stored PHC strings is the secret's. Where there is none it takes as long as where there is one.
    ///
    /// [`crate::model::error::Code::RateLimited`] and [`crate::model::error::Code::Busy`] where nothing was checked.
    pub fn passes(&mut self, stored: &[&str], secret: &SecretText) -> Result<bool> {
        let argon = &self.service.vault.argon;
        if stored.is_empty() {
            self.count()?;
            let checked = argon.verify_nobody(secret.expose().as_bytes());
            return throttle::settle(self.service, &self.owner, self.now, checked).map(|()| false);
        }
        for phc in stored {
            let passed = &self.checks.passed;
            let check = passed.check(self.owner.key(), phc, secret);
            let _turn = passed.turn(check);
            if passed.has(check) {
                return Ok(true);
            }
            self.count()?;
            let checked = argon.verify(phc, secret.expose().as_bytes());
            if throttle::settle(self.service, &self.owner, self.now, checked)? {
                passed.remember(check);
                throttle::clear(self.service, &self.owner, self.now)?;
                self.checks.strangers.give_back(self.address);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// For the address, then for the owner.
    fn count(&mut self) -> Result<()> {
        if let Counted::NotYet = self.counted {
            self.checks.strangers.count(self.address, self.now)?;
            throttle::count(self.service, &self.owner, self.now)?;
            self.counted = Counted::Yes;
        }
        Ok(())
    }
}
