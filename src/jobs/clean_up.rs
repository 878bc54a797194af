//! Wipes what expired SADs would open, forgets signatures that nobody may collect any more and what ended long ago, a
//! few hundred rows at a time so that nobody waits for it.

use crate::model::error::Result;
use crate::model::time::Timestamp;
use crate::service::Service;
use crate::store::{
    Tx, approvals, authorization_codes, authorization_requests, authorizations, enrolment_links, idempotency,
    refresh_tokens, sessions, sign_responses, tokens, used_assertions,
};

/// Rows per transaction.
const BITE: u16 = 500;
/// Transactions per round, so that a backlog is worked off without a stall.
const BITES: usize = 40;
/// Ended tokens and authorizations are kept for a day: introspection and the audit speak of them.
const KEPT_SECONDS: i64 = 24 * 3600;

pub fn run(service: &Service, now: Timestamp) -> Result<()> {
    let before = now.plus_seconds(-KEPT_SECONDS);
    until_done(service, now, |tx| authorizations::wipe_expired(tx, BITE))?;
    until_done(service, now, move |tx| approvals::forget_expired(tx, before, BITE))?;
    until_done(service, now, move |tx| enrolment_links::forget_expired(tx, before, BITE))?;
    until_done(service, now, move |tx| authorizations::forget_ended(tx, before, BITE))?;
    until_done(service, now, move |tx| tokens::forget_ended(tx, before, BITE))?;
    until_done(service, now, move |tx| refresh_tokens::forget_expired(tx, before, BITE))?;
    until_done(service, now, move |tx| refresh_tokens::forget_ended(tx, before, BITE))?;
    until_done(service, now, move |tx| authorization_codes::forget_expired(tx, before, BITE))?;
    until_done(service, now, |tx| authorization_requests::forget_expired(tx, BITE))?;
    until_done(service, now, |tx| sessions::forget_expired(tx, BITE))?;
    until_done(service, now, |tx| sign_responses::forget_expired(tx, BITE))?;
    until_done(service, now, |tx| used_assertions::forget_expired(tx, BITE))?;
    until_done(service, now, |tx| idempotency::forget_expired(tx, BITE))
}

fn until_done(
    service: &Service,
    now: Timestamp,
    bite: impl Fn(&mut Tx) -> Result<usize> + Copy + Send + 'static,
) -> Result<()> {
    for _ in 0..BITES {
        if service.store.bookkeep(now, bite)? < usize::from(BITE) {
            break;
        }
    }
    Ok(())
}
