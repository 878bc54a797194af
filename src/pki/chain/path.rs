//! Building the paths from the end entity up to a root (checks 6 and 7), by name and signature. Key identifiers are hints
//! that nothing here needs.

use std::cmp::Reverse;

use super::{Pool, Request};
use crate::model::error::{Code, Error, Result};
use crate::pki::key::PublicKey;

/// The longest path, end entity and root included.
const MAX_PATH: usize = 8;
/// Certificates that sign each other in circles have no end of paths; this many steps are taken.
const MAX_STEPS: usize = 10_000;
/// How many of the paths are then checked, at most.
const MAX_PATHS: usize = 8;

/// Positions in the pool, end entity first.
pub type Path = Vec<usize>;

/// All paths to a self-signed certificate: those to a pinned root first, then the shorter, then those that last longer.
pub fn find(pool: &mut Pool, end_entity: usize, request: &Request) -> Result<Vec<Path>> {
    let mut climb =
        Climb { pool, complete: Vec::new(), dead_ends: Vec::new(), is_cut_short: false, steps: 0 };
    climb.from(&mut vec![end_entity])?;
    let Climb { mut complete, dead_ends, is_cut_short, .. } = climb;
    if complete.is_empty() {
        return Err(refusal(pool, dead_ends, is_cut_short)?);
    }
    complete.sort_by_cached_key(|path| {
        let certificates = || path.iter().filter_map(|at| pool.certificates.get(*at));
        let is_pinned = certificates().next_back().is_some_and(|root| request.pins(root));
        let ends: Vec<_> = certificates().map(|certificate| Reverse(certificate.facts.not_after)).collect();
        // The positions are by fingerprint: a last resort that does not depend on the upload's order.
        (!is_pinned, path.len(), ends, path.clone())
    });
    complete.truncate(MAX_PATHS);
    Ok(complete)
}

struct Climb<'a> {
    pool: &'a mut Pool,
    complete: Vec<Path>,
    dead_ends: Vec<DeadEnd>,
    /// A path went on beyond the limit.
    is_cut_short: bool,
    steps: usize,
}

/// Where a path stops.
struct DeadEnd {
    length: usize,
    kind: DeadEndKind,
    /// The certificate whose issuer is wanted.
    at: usize,
}

/// The first is the most telling one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum DeadEndKind {
    ExplicitCurve,
    NotSigned,
    NoIssuer,
}

impl Climb<'_> {
    fn from(&mut self, path: &mut Path) -> Result<()> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Err(Error::new(
                Code::MalformedPkcs7,
                format!(
                    "The certificates sign each other in more ways than the limit of {MAX_STEPS} steps allows to follow. Send the chain's certificates only."
                ),
            ));
        }
        let Some(&last) = path.last() else {
            return Ok(());
        };
        if self.pool.is_self_signed(last)? {
            self.complete.push(path.clone());
            return Ok(());
        }
        let mut kind = DeadEndKind::NoIssuer;
        let mut goes_on = false;
        for issuer in 0..self.pool.certificates.len() {
            if !self.pool.certificate(last)?.names_as_issuer(self.pool.certificate(issuer)?) {
                continue;
            }
            if matches!(self.pool.certificate(issuer)?.key, PublicKey::ExplicitEc { .. }) {
                kind = kind.min(DeadEndKind::ExplicitCurve);
            } else if !self.pool.is_signed(last, issuer)? {
                kind = kind.min(DeadEndKind::NotSigned);
            } else if path.contains(&issuer) {
                // A circle leads nowhere.
            } else if path.len() == MAX_PATH {
                self.is_cut_short = true;
            } else {
                goes_on = true;
                path.push(issuer);
                self.from(path)?;
                path.pop();
            }
        }
        if !goes_on {
            self.dead_ends.push(DeadEnd { length: path.len(), kind, at: last });
        }
        Ok(())
    }
}

/// Of several dead ends, the one that came farthest speaks.
fn refusal(pool: &mut Pool, mut dead_ends: Vec<DeadEnd>, is_cut_short: bool) -> Result<Error> {
    if is_cut_short {
        return Ok(Error::new(
            Code::MalformedPkcs7,
            format!(
                "The chain has more certificates than the limit of {MAX_PATH}, end entity and root included."
            ),
        ));
    }
    dead_ends.sort_by_key(|end| (Reverse(end.length), end.kind, end.at));
    let Some(end) = dead_ends.first() else {
        return Ok(Error::internal("no path and no dead end"));
    };
    let has_root = has_self_signed_ca(pool)?;
    let facts = &pool.certificate(end.at)?.facts;
    let (subject, issuer) = (&facts.subject, &facts.issuer);
    Ok(match end.kind {
        DeadEndKind::ExplicitCurve => Error::new(
            Code::ExplicitEcParameters,
            format!(
                "The certificate of \"{issuer}\", the issuer of \"{subject}\", writes its curve out instead of naming it. Such keys are not used here."
            ),
        ),
        DeadEndKind::NotSigned => Error::new(
            Code::InvalidSignature,
            format!(
                "The certificate of \"{subject}\" names \"{issuer}\" as its issuer, but no certificate of that name in the upload signed it. Send the one that did."
            ),
        ),
        DeadEndKind::NoIssuer if has_root => Error::new(
            Code::IntermediateMissing,
            format!("The issuer of \"{subject}\" is missing: add the certificate of \"{issuer}\"."),
        ),
        DeadEndKind::NoIssuer => Error::new(
            Code::RootMissing,
            format!(
                "The chain ends at \"{subject}\" without a root: add the certificate of \"{issuer}\" and, if that is not the root, those above it."
            ),
        ),
    })
}

fn has_self_signed_ca(pool: &mut Pool) -> Result<bool> {
    for at in 0..pool.certificates.len() {
        if pool.certificate(at)?.is_ca && pool.is_self_signed(at)? {
            return Ok(true);
        }
    }
    Ok(false)
}
