//! Time-stamps for those who sign: a TSA is asked, its token checked, and that it was issued is remembered before it is
//! handed over.

use std::num::NonZeroUsize;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::credential::permit;
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::token::Call;
use crate::outbound::Url;
use crate::outbound::http::{Answer, Client, Failure, Limits};
use crate::pki::timestamp::{ImprintAlgorithm, Nonce, Policy, QUERY, REPLY, Rejection, Request, Token};
use crate::service::Service;

/// A time-stamping authority, and what it is asked for.
pub struct Tsa {
    client: Client,
    url: Url,
    policy: Option<Policy>,
    sha1: Sha1,
}

/// Whether digests that are known to be weak may be stamped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sha1 {
    Allowed,
    Refused,
}

pub struct StampRequest {
    pub algorithm: ImprintAlgorithm,
    /// The digest, of the algorithm's length.
    pub hash: Vec<u8>,
    pub nonce: Option<Nonce>,
    /// The caller's own, kept for billing.
    pub client_data: Option<String>,
}

/// A token has a few KiB, with its certificates.
const LONGEST_ANSWER: u64 = 64 * 1024;
/// Seconds after which a TSA that failed is worth another try.
const PAUSE: u64 = 5;

impl Tsa {
    /// `time` is for each call, `calls` how many there may be at once.
    pub fn new(url: Url, policy: Option<Policy>, sha1: Sha1, time: Duration, calls: NonZeroUsize) -> Self {
        let client = Client::new(Limits { time, answer: LONGEST_ANSWER, calls });
        Self { client, url, policy, sha1 }
    }

    /// Whether digests of this algorithm are stamped here.
    pub fn takes(&self, algorithm: ImprintAlgorithm) -> bool {
        algorithm != ImprintAlgorithm::Sha1 || self.sha1 == Sha1::Allowed
    }
}

/// Gets a token for a digest. Those may who may use credentials.
///
/// Fails with [`Code::TimestampUnavailable`] when the TSA gives none that is good, [`Code::Busy`] when too many wait for
/// it already, [`Code::InvalidRequest`] at `/hashAlgo` when it does not stamp such digests.
pub fn issue(service: &Service, tsa: &Tsa, call: &Call, asked: StampRequest) -> Result<Token> {
    service.store.read(call.at, |tx| permit::admit(tx, call).map(drop))?;
    let request = Request {
        algorithm: asked.algorithm,
        hash: asked.hash,
        nonce: asked.nonce,
        policy: tsa.policy.clone(),
    };
    let answer = ask(tsa, &request)?;
    let token = request.accept(&answer, call.at).map_err(rejected)?;
    record(service, call, &request, &token, asked.client_data)?;
    Ok(token)
}

/// The TSA's answer to a query, whatever it says.
fn ask(tsa: &Tsa, request: &Request) -> Result<Vec<u8>> {
    let headers = [("Content-Type", QUERY), ("Accept", REPLY)];
    match tsa.client.post(&tsa.url, &headers, &request.der()) {
        Ok(Answer { status: 200, body, .. }) => Ok(body),
        Ok(Answer { status, .. }) => Err(unavailable(format!("{} answered {status}", tsa.url))),
        Err(Failure::Busy) => Err(Error::new(
            Code::Busy,
            "As many time-stamps are under way as there may be. Nothing was done.",
        )
        .retry_after(1)),
        Err(failure) => Err(unavailable(format!("{}: {failure}", tsa.url))),
    }
}

fn rejected(rejection: Rejection) -> Error {
    match rejection {
        Rejection::Algorithm(cause) => {
            Error::field("/hashAlgo", "the time-stamping authority does not stamp such digests")
                .caused_by(cause)
        }
        Rejection::Unusable(cause) => unavailable(cause),
    }
}

/// The cause speaks of the operator's network, which is nobody else's business.
fn unavailable(cause: String) -> Error {
    tracing::warn!(cause, "no time-stamp");
    Error::new(Code::TimestampUnavailable, "The time-stamping authority gave no token. Try again later.")
        .caused_by(cause)
        .retry_after(PAUSE)
}

/// The token stands while this is written, or nothing is handed over.
fn record(
    service: &Service,
    call: &Call,
    request: &Request,
    token: &Token,
    client_data: Option<String>,
) -> Result<()> {
    let mut event = Event::done("timestamp.issue", format!("timestamp:{}", token.serial_number))
        .with("hashAlgo", request.algorithm.oid())
        .with("hash", STANDARD.encode(&request.hash))
        .with("generatedAt", token.generated_at.to_string());
    if let Some(data) = client_data {
        event = event.with("clientData", data);
    }
    let call = call.clone();
    service.store.write(call.actor(), move |tx| {
        let caller = permit::admit(tx, &call)?;
        let event = match caller.tenant() {
            Some(tenant) => event.clone().of(tenant),
            None => event.clone(),
        };
        Ok(Audited::new((), event))
    })
}
