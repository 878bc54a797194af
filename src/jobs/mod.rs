//! Clock-driven housekeeping: idempotent, in small bites, and leased, so that of all nodes one at a time does it.

pub mod clean_up;

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::keys::random;
use crate::model::algorithm::TokenAlgorithm;
use crate::model::error::{Error, Result};
use crate::model::event::Actor;
use crate::model::time::{Clock, Timestamp};
use crate::oauth::keyring;
use crate::service::Service;
use crate::store::leases;

/// How often the jobs look whether there is something to do.
const EVERY: Duration = Duration::from_secs(10);
/// How long the holder of the lease may be silent before another node takes over.
const LEASE_SECONDS: i64 = 60;

/// The thread that does the jobs; it ends when this is dropped.
pub struct Jobs {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Stop {
    asked: Mutex<bool>,
    changed: Condvar,
}

impl Jobs {
    pub fn start(service: Arc<Service>, clock: Clock, token_algorithm: TokenAlgorithm) -> Result<Self> {
        let holder = random::token("node")?.expose().to_owned();
        let stop = Arc::new(Stop::default());
        let asked = Arc::clone(&stop);
        let thread = thread::Builder::new()
            .name("jobs".to_owned())
            .spawn(move || {
                while !asked.wait() {
                    if let Err(error) = run_once(&service, &holder, clock.now(), token_algorithm) {
                        tracing::warn!(cause = error.cause(), "housekeeping failed: {}", error.detail());
                    }
                }
            })
            .map_err(Error::internal)?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

/// Does what is due, if this node holds the lease; what is this node's own is done in any case.
pub fn run_once(
    service: &Service,
    holder: &str,
    now: Timestamp,
    token_algorithm: TokenAlgorithm,
) -> Result<()> {
    service.vault.opened.remove_expired(now);
    let holder = holder.to_owned();
    let leased = service.store.bookkeep(now, move |tx| {
        leases::take(tx, "housekeeping", &holder, now.plus_seconds(LEASE_SECONDS))
    })?;
    if leased {
        clean_up::run(service, now)?;
        let actor = Actor { name: "housekeeping".to_owned(), request_id: None, at: now };
        keyring::rotate(service, actor, token_algorithm)?;
    }
    Ok(())
}

impl Stop {
    /// Waits for the next round; true when it is time to end.
    fn wait(&self) -> bool {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let (asked, _) = self
            .changed
            .wait_timeout_while(asked, EVERY, |asked| !*asked)
            .unwrap_or_else(PoisonError::into_inner);
        *asked
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        *self.stop.asked.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.stop.changed.notify_all();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the housekeeping thread panicked");
        }
    }
}
