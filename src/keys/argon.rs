//! Argon2id (RFC 9106) for what people choose: PINs, passwords, client secrets. Every run costs a core and 19 MiB for some
//! tens of milliseconds, so runs are few at a time, wait in a short line, and are refused beyond it.

use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use argon2::password_hash::phc::{Decimal, Ident, Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::{Zeroize, Zeroizing};

use crate::keys::{mac, random};
use crate::model::error::{Code, Error, Result};
use crate::model::secret::SecretBytes;

/// What a run costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Degree of parallelism in the result's definition; a run uses one thread all the same.
    pub lanes: u32,
}

impl Parameters {
    /// For PINs: what stands between six digits and whoever holds database and master key.
    pub const PIN: Self = Self { memory_kib: 19_456, passes: 4, lanes: 1 };
    /// For passwords and client secrets that somebody chose.
    pub const PASSWORD: Self = Self { memory_kib: 19_456, passes: 2, lanes: 1 };

    /// More than this is damage, not a parameter.
    const MOST_MEMORY_KIB: u32 = 1 << 20;

    fn checked(self) -> Result<Params> {
        let odd = |why: &str| Error::internal(format!("Argon2id parameters {self:?}: {why}"));
        if self.memory_kib > Self::MOST_MEMORY_KIB {
            return Err(odd("too much memory"));
        }
        Params::new(self.memory_kib, self.passes, self.lanes, Some(OUTPUT)).map_err(|e| odd(&e.to_string()))
    }
}

/// The runs of one process.
pub struct Argon {
    limits: Limits,
    state: Mutex<State>,
    left: Condvar,
}

/// How many at a time.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Runs at once: no more than there are cores.
    pub running: NonZeroUsize,
    /// Callers that may wait for their turn.
    pub waiting: usize,
}

#[derive(Default)]
struct State {
    running: usize,
    waiting: usize,
    /// Memory of earlier runs, wiped: fresh pages from the kernel cost as much as the hash itself.
    idle: Vec<Vec<Block>>,
}

/// Octets that a run gives.
const OUTPUT: usize = 32;
const SALT: usize = 16;

impl Argon {
    pub fn new(limits: Limits) -> Self {
        Self { limits, state: Mutex::default(), left: Condvar::new() }
    }

    /// 32 octets out of a secret and a salt.
    ///
    /// Blocks the caller for its turn and the run. [`Code::Busy`] when the line is full.
    pub fn derive(&self, secret: &[u8], salt: &[u8], parameters: Parameters) -> Result<SecretBytes> {
        let params = parameters.checked()?;
        let mut run = self.admit(params.block_count())?;
        let mut out = Zeroizing::new(vec![0; OUTPUT]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(secret, salt, &mut out, &mut run.memory)
            .map_err(|e| Error::internal(format!("Argon2id: {e}")))?;
        Ok(SecretBytes::new(std::mem::take(&mut *out)))
    }

    /// Hashes a secret for storage, under a fresh salt, as a PHC string.
    pub fn hash(&self, secret: &[u8], parameters: Parameters) -> Result<String> {
        let salt = random::bytes::<SALT>()?;
        let hash = self.derive(secret, &salt, parameters)?;
        let phc = || -> argon2::password_hash::phc::Result<PasswordHash> {
            let mut params = ParamsString::new();
            params.add_decimal("m", parameters.memory_kib)?;
            params.add_decimal("t", parameters.passes)?;
            params.add_decimal("p", parameters.lanes)?;
            Ok(PasswordHash {
                algorithm: Ident::new(ARGON2ID)?,
                version: Some(VERSION),
                params,
                salt: Some(Salt::new(&salt)?),
                hash: Some(Output::new(hash.expose())?),
            })
        };
        phc().map(|phc| phc.to_string()).map_err(|e| Error::internal(format!("PHC string: {e}")))
    }

    /// Whether a PHC string is this secret's. The time taken tells nothing about how much of it was right.
    pub fn verify(&self, phc: &str, secret: &[u8]) -> Result<bool> {
        let unreadable = || Error::internal("a stored PHC string is not Argon2id's, version 19");
        let stored = PasswordHash::new(phc).map_err(|_| unreadable())?;
        if stored.algorithm.as_str() != ARGON2ID || stored.version != Some(VERSION) {
            return Err(unreadable());
        }
        let number = |name: &str| stored.params.get_decimal(name).ok_or_else(unreadable);
        let parameters = Parameters { memory_kib: number("m")?, passes: number("t")?, lanes: number("p")? };
        let salt = stored.salt.as_ref().ok_or_else(unreadable)?;
        let expected = stored.hash.as_ref().ok_or_else(unreadable)?;
        let hash = self.derive(secret, salt, parameters)?;
        Ok(mac::equal(hash.expose(), expected.as_bytes()))
    }

    /// As long as [`Argon::verify`] of a present client's secret: for clients that are not there.
    pub fn verify_nobody(&self, secret: &[u8]) -> Result<()> {
        self.derive(secret, &[0; SALT], Parameters::PASSWORD).map(drop)
    }

    /// A turn, when one is free or the line has room.
    fn admit(&self, blocks: usize) -> Result<Run<'_>> {
        let running = self.limits.running.get();
        let mut state = self.state();
        // Whoever comes later does not overtake those who wait.
        if state.running >= running || state.waiting > 0 {
            if state.waiting >= self.limits.waiting {
                return Err(Error::new(
                    Code::Busy,
                    "As many PINs and secrets are being checked as this server takes on.",
                )
                .retry_after(1));
            }
            state.waiting += 1;
            state = self
                .left
                .wait_while(state, |state| state.running >= running)
                .unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        state.running += 1;
        let idle = state.idle.pop();
        // Two turns may have ended while only one waiter was there to be woken.
        if state.running < running && state.waiting > 0 {
            self.left.notify_one();
        }
        drop(state);
        let mut memory = idle.unwrap_or_default();
        if memory.len() < blocks {
            memory.resize(blocks, Block::new());
        }
        Ok(Run { argon: self, memory })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const ARGON2ID: &str = "argon2id";
const VERSION: Decimal = 19;

/// One turn and its memory, given back when it ends, however it ends.
struct Run<'a> {
    argon: &'a Argon,
    memory: Vec<Block>,
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        // The last blocks give the result without the passes; wiping 19 MiB takes a few milliseconds.
        self.memory.iter_mut().for_each(Zeroize::zeroize);
        let mut state = self.argon.state();
        state.running -= 1;
        state.idle.push(std::mem::take(&mut self.memory));
        drop(state);
        self.argon.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Parameters = Parameters { memory_kib: 64, passes: 1, lanes: 1 };

    fn argon(running: usize, waiting: usize) -> Argon {
        Argon::new(Limits { running: NonZeroUsize::new(running).unwrap(), waiting })
    }

    /// RFC 9106 has a vector with a key and associated data only; this one is the reference implementation's
    /// (`test(version, 2, 16, 1, "password", "somesalt")` for Argon2id).
    #[test]
    fn derives_what_the_reference_implementation_does() {
        let parameters = Parameters { memory_kib: 65_536, passes: 2, lanes: 1 };
        let hash = argon(1, 0).derive(b"password", b"somesalt", parameters).unwrap();
        let hex: String = hash.expose().iter().map(|octet| format!("{octet:02x}")).collect();
        assert_eq!(hex, "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7");
    }

    #[test]
    fn a_hash_verifies_its_secret_only() {
        let argon = argon(1, 0);
        let phc = argon.hash("acme_password".as_bytes(), QUICK).unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{phc}");
        assert!(argon.verify(&phc, b"acme_password").unwrap());
        assert!(!argon.verify(&phc, b"acme_passwor").unwrap());
        assert!(argon.verify("$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$AAAA", b"x").is_err());
        assert!(argon.verify("acme_password", b"acme_password").is_err());
    }

    #[test]
    fn no_secret_is_cut_off() {
        let argon = argon(1, 0);
        let long = [b'a'; 100];
        let phc = argon.hash(&long, QUICK).unwrap();
        assert!(!argon.verify(&phc, &long[..99]).unwrap());
    }

    #[test]
    fn beyond_the_line_it_is_busy_and_a_turn_given_back_serves_the_next() {
        let argon = argon(1, 0);
        let turn = argon.admit(8).unwrap();
        let error = argon.derive(b"1", b"somesalt", QUICK).err().unwrap();
        assert_eq!((error.code(), error.retry_after_seconds()), (Code::Busy, Some(1)));
        drop(turn);
        argon.derive(b"1", b"somesalt", QUICK).unwrap();
    }

    #[test]
    fn whoever_waits_gets_a_turn_and_memory_is_wiped_and_used_again() {
        let argon = argon(2, 6);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| argon.derive(b"1", b"somesalt", QUICK).map(drop).unwrap());
            }
        });
        let state = argon.state();
        assert_eq!((state.running, state.waiting), (0, 0));
        assert!((1..=2).contains(&state.idle.len()));
        assert!(state.idle.iter().flatten().all(|block| block.as_ref().iter().all(|word| *word == 0)));
    }

    #[test]
    fn parameters_out_of_a_damaged_row_are_refused() {
        let wild = Parameters { memory_kib: u32::MAX, passes: 1, lanes: 1 };
        assert!(argon(1, 0).derive(b"1", b"somesalt", wild).is_err());
        let none = Parameters { memory_kib: 0, passes: 0, lanes: 0 };
        assert!(argon(1, 0).derive(b"1", b"somesalt", none).is_err());
    }
}
