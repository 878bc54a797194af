//! The keys that sign access tokens. They lie in the database with times that every node obeys: published before their
//! first use, signing for a while, verifying until the last token that they signed has ended.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;
use serde_json::Value;

use crate::identity::recent::Recent;
use crate::keys::envelope::Place;
use crate::keys::mac;
use crate::keys::token_key::{self, TokenAlgorithm, TokenKey, TokenVerifier};
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Actor, Audited, Event};
use crate::model::time::Timestamp;
use crate::model::token::VerifiedToken;
use crate::oauth::token;
use crate::service::Service;
use crate::store::token_keys::{self, StoredTokenKey};

/// The keys of one node, and the tokens that it has checked already.
pub struct Keyring {
    keys: RwLock<Arc<Vec<RingKey>>>,
    /// When the table was last read, in microseconds.
    read_at: AtomicI64,
    /// By the token's SHA-256: signature and claims only, never whether the token still stands.
    verified: Recent<[u8; 32], Arc<VerifiedToken>>,
}

struct RingKey {
    half: Half,
    public_jwk: Value,
    signs_from: Timestamp,
    signs_until: Timestamp,
    retires_at: Timestamp,
}

/// A key whose time to sign is over is kept for its public half only.
enum Half {
    Signs(Box<TokenKey>),
    Verifies(Box<TokenVerifier>),
}

const DAY: i64 = 24 * 3600;
/// A key signs for so long, in seconds.
const SIGNS_FOR: i64 = 90 * DAY;
/// The next key is made so long before the present one ends, in seconds.
const MADE_AHEAD: i64 = 7 * DAY;
/// No key signs sooner after it was published, in seconds: whoever keeps our keys has read them again by then.
const PUBLISHED_AHEAD: i64 = 3600;
/// The table is read again after so long, in seconds.
const READ_EVERY: i64 = 60;
/// A token with an unknown `kid` has the table read at most so often, in seconds.
const READ_FOR_STRANGERS_EVERY: i64 = 1;

impl Keyring {
    pub fn open(service: &Service, remembered_tokens: NonZeroUsize, now: Timestamp) -> Result<Self> {
        Ok(Self {
            keys: RwLock::new(Arc::new(read(service, now)?)),
            read_at: AtomicI64::new(now.micros()),
            verified: Recent::new(remembered_tokens),
        })
    }

    /// Signs claims as a compact JWS.
    pub fn sign(
        &self,
        service: &Service,
        typ: &str,
        claims: &impl Serialize,
        now: Timestamp,
    ) -> Result<String> {
        self.refresh_if_older(service, READ_EVERY, now)?;
        let keys = self.keys();
        let key = signing(&keys, now).ok_or_else(|| Error::internal("no key signs tokens at this time"))?;
        key.sign(typ, claims)
    }

    /// A token that is ours and has not expired. Whether it was revoked is the database's to say.
    ///
    /// [`Code::ExpiredToken`] for one whose only fault is its age, [`Code::InvalidToken`] for every other.
    pub fn verify(&self, service: &Service, token: &str, now: Timestamp) -> Result<Arc<VerifiedToken>> {
        self.recognise(service, token, now).and_then(|token| unexpired(token, now))
    }

    /// As [`Keyring::verify`], without the database: `None` when the table of keys has to be read for it.
    pub fn verify_at_hand(
        &self,
        service: &Service,
        token: &str,
        now: Timestamp,
    ) -> Option<Result<Arc<VerifiedToken>>> {
        self.recognise_at_hand(service, token, now).map(|found| found.and_then(|token| unexpired(token, now)))
    }

    /// A token that is ours, expired or not.
    pub fn recognise(&self, service: &Service, token: &str, now: Timestamp) -> Result<Arc<VerifiedToken>> {
        if let Some(found) = self.recognise_at_hand(service, token, now) {
            return found;
        }
        self.refresh_if_older(service, READ_FOR_STRANGERS_EVERY, now)?;
        self.recognise_at_hand(service, token, now).unwrap_or_else(|| Err(token::not_recognised()))
    }

    /// What `/oauth2/jwks` publishes: every key that verifies now, or will.
    pub fn published(&self, service: &Service, now: Timestamp) -> Result<Vec<Value>> {
        self.refresh_if_older(service, READ_EVERY, now)?;
        let keys = self.keys();
        let current = keys.iter().filter(|key| key.retires_at > now);
        Ok(current.map(|key| key.public_jwk.clone()).collect())
    }

    /// What may sign a token now, or will: each once.
    pub fn algorithms(&self, service: &Service, now: Timestamp) -> Result<Vec<&'static str>> {
        self.refresh_if_older(service, READ_EVERY, now)?;
        let mut algorithms: Vec<&str> = Vec::new();
        for key in self.keys().iter().filter(|key| key.signs_until > now) {
            let algorithm = key.verifier().algorithm().as_str();
            if !algorithms.contains(&algorithm) {
                algorithms.push(algorithm);
            }
        }
        Ok(algorithms)
    }

    /// `None` when the token names a key that is not known here, and reading the table may help.
    fn recognise_at_hand(
        &self,
        service: &Service,
        token: &str,
        now: Timestamp,
    ) -> Option<Result<Arc<VerifiedToken>>> {
        let digest = mac::sha256(token.as_bytes());
        if let Some(known) = self.verified.find(&digest) {
            return Some(Ok(known));
        }
        let Some(kid) = token_key::unverified_kid(token) else {
            return Some(Err(token::not_recognised()));
        };
        let keys = self.keys();
        let Some(key) = keys.iter().find(|key| key.verifier().kid() == kid && key.retires_at > now) else {
            let may_read = self.is_older(READ_FOR_STRANGERS_EVERY, now);
            return if may_read { None } else { Some(Err(token::not_recognised())) };
        };
        let verified = token::verify(key.verifier(), &service.public_url, token).map(Arc::new);
        if let Ok(verified) = &verified {
            self.verified.remember(digest, Arc::clone(verified));
        }
        Some(verified)
    }

    fn keys(&self) -> Arc<Vec<RingKey>> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_older(&self, seconds: i64, now: Timestamp) -> bool {
        Timestamp::from_micros(self.read_at.load(Ordering::Acquire)).plus_seconds(seconds) <= now
    }

    /// Reads the table when the last time is long enough ago; one thread does, the others go on with what there is.
    fn refresh_if_older(&self, service: &Service, seconds: i64, now: Timestamp) -> Result<()> {
        let before = self.read_at.load(Ordering::Acquire);
        if Timestamp::from_micros(before).plus_seconds(seconds) > now {
            return Ok(());
        }
        let ours =
            self.read_at.compare_exchange(before, now.micros(), Ordering::AcqRel, Ordering::Acquire).is_ok();
        if ours {
            let keys = Arc::new(read(service, now)?);
            *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        }
        Ok(())
    }
}

/// Makes the next key when it is time, or when another algorithm is wanted; the first one signs at once. Answers the
/// `kid` of what was made. To be called regularly, by one node at a time.
pub fn rotate(service: &Service, actor: Actor, algorithm: TokenAlgorithm) -> Result<Option<String>> {
    let now = actor.at;
    let present = service.store.read(now, token_keys::list)?;
    let Some(signs_from) = next_signs_from(&present, algorithm, now) else {
        return Ok(None);
    };
    let pkcs8 = token_key::generate(algorithm)?;
    let key = TokenKey::open(algorithm, &pkcs8)?;
    let kid = key.kid().to_owned();
    let signs_until = signs_from.plus_seconds(SIGNS_FOR);
    let stored = StoredTokenKey {
        kid: kid.clone(),
        algorithm: algorithm.as_str().to_owned(),
        public_jwk: key.public_jwk().to_string(),
        wrapped_private: service.vault.instance().wrap(place(&kid), &pkcs8)?,
        created_at: now,
        signs_from,
        signs_until,
        // The longest token that it may sign.
        retires_at: signs_until.plus_seconds(i64::from(token::LONGEST_VALIDITY)),
    };
    let seen = present.len();
    service.store.write(actor, move |tx| {
        if token_keys::list(tx)?.len() != seen {
            return Err(Error::conflict());
        }
        token_keys::insert(tx, &stored)?;
        let event = Event::done("token_key.create", format!("token_key:{}", stored.kid))
            .with("algorithm", stored.algorithm.as_str())
            .with("signsFrom", stored.signs_from.to_string());
        Ok(Audited::new(Some(stored.kid.clone()), event))
    })
}

/// When a key that is made now would sign first; `None` when none is needed yet.
fn next_signs_from(
    present: &[StoredTokenKey],
    algorithm: TokenAlgorithm,
    now: Timestamp,
) -> Option<Timestamp> {
    let Some(newest) = present.iter().max_by_key(|key| key.signs_from) else {
        return Some(now);
    };
    let published = now.plus_seconds(PUBLISHED_AHEAD);
    if newest.signs_until <= published {
        // Nobody turned the wheel in time. Without a key nothing works at all, so the next one does not wait.
        return Some(newest.signs_until.max(now));
    }
    if newest.algorithm != algorithm.as_str() {
        return Some(published);
    }
    (newest.signs_until <= now.plus_seconds(MADE_AHEAD)).then_some(newest.signs_until)
}

/// The key whose time it is; of several, the one that began last.
fn signing(keys: &[RingKey], now: Timestamp) -> Option<&TokenKey> {
    let current = keys.iter().filter(|key| key.signs_from <= now && now < key.signs_until);
    current
        .filter_map(|key| match &key.half {
            Half::Signs(signer) => Some((key.signs_from, signer)),
            Half::Verifies(_) => None,
        })
        .max_by_key(|(signs_from, _)| *signs_from)
        .map(|(_, signer)| signer.as_ref())
}

impl RingKey {
    fn open(service: &Service, stored: StoredTokenKey, now: Timestamp) -> Result<Self> {
        let odd = || Error::internal("a stored token key does not read as one");
        let public_jwk: Value = serde_json::from_str(&stored.public_jwk).map_err(|_| odd())?;
        let half = if stored.signs_until > now {
            let algorithm = TokenAlgorithm::parse(&stored.algorithm).ok_or_else(odd)?;
            let pkcs8 = service.vault.instance().open(place(&stored.kid), &stored.wrapped_private)?;
            Half::Signs(Box::new(TokenKey::open(algorithm, &pkcs8)?))
        } else {
            Half::Verifies(Box::new(TokenVerifier::from_jwk(&public_jwk)?))
        };
        Ok(Self {
            half,
            public_jwk,
            signs_from: stored.signs_from,
            signs_until: stored.signs_until,
            retires_at: stored.retires_at,
        })
    }

    fn verifier(&self) -> &TokenVerifier {
        match &self.half {
            Half::Signs(key) => key.verifier(),
            Half::Verifies(verifier) => verifier,
        }
    }
}

fn read(service: &Service, now: Timestamp) -> Result<Vec<RingKey>> {
    let stored = service.store.read(now, token_keys::list)?;
    stored.into_iter().map(|key| RingKey::open(service, key, now)).collect()
}

fn unexpired(token: Arc<VerifiedToken>, now: Timestamp) -> Result<Arc<VerifiedToken>> {
    if token.expires_at > now {
        return Ok(token);
    }
    Err(Error::new(Code::ExpiredToken, "The access token has expired."))
}

fn place(kid: &str) -> Place<'_> {
    Place { table: "token_keys", row: kid, column: "wrapped_private", version: 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(signs_from: i64, signs_until: i64) -> StoredTokenKey {
        StoredTokenKey {
            kid: "kid".into(),
            algorithm: "EdDSA".into(),
            public_jwk: "{}".into(),
            wrapped_private: Vec::new(),
            created_at: Timestamp::from_seconds(0),
            signs_from: Timestamp::from_seconds(signs_from),
            signs_until: Timestamp::from_seconds(signs_until),
            retires_at: Timestamp::from_seconds(signs_until),
        }
    }

    fn next(present: &[StoredTokenKey], algorithm: TokenAlgorithm, now: i64) -> Option<i64> {
        next_signs_from(present, algorithm, Timestamp::from_seconds(now)).map(Timestamp::seconds)
    }

    #[test]
    fn the_first_key_signs_at_once_and_the_next_is_published_long_before_its_use() {
        use TokenAlgorithm::EdDsa;
        assert_eq!(next(&[], EdDsa, 5), Some(5));
        let end = 90 * DAY;
        assert_eq!(next(&[key(0, end)], EdDsa, end - 8 * DAY), None);
        assert_eq!(next(&[key(0, end)], EdDsa, end - 6 * DAY), Some(end));
        assert_eq!(next(&[key(0, end), key(end, 2 * end)], EdDsa, end - 6 * DAY), None);
    }

    #[test]
    fn a_new_algorithm_waits_an_hour_and_a_missed_turn_does_not() {
        let end = 90 * DAY;
        assert_eq!(next(&[key(0, end)], TokenAlgorithm::Es256, 10), Some(10 + PUBLISHED_AHEAD));
        assert_eq!(next(&[key(0, end)], TokenAlgorithm::EdDsa, end - 60), Some(end));
        assert_eq!(next(&[key(0, end)], TokenAlgorithm::EdDsa, end + 60), Some(end + 60));
    }
}
