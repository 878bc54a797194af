//! Who is signed in, in which browser. A browser is known by one random cookie, of which a MAC is kept; signing in and
//! out gives it another one, so that a cookie that somebody planted is worth nothing (session fixation).

use std::num::NonZeroU32;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::identity::sign_in::{Seen, SignedIn};
use crate::keys::mac::Pepper;
use crate::keys::random;
use crate::model::error::Result;
use crate::model::event::{Actor, Audited, Event};
use crate::model::secret::SecretText;
use crate::model::session::Session;
use crate::model::time::Timestamp;
use crate::service::Service;
use crate::store::{Tx, authorization_requests, sessions};

/// A browser, by the value of its cookie.
#[derive(Clone)]
pub struct Browser(SecretText);

impl Browser {
    pub fn fresh() -> Result<Self> {
        let octets = random::secret::<LENGTH>()?;
        Ok(Self(SecretText::new(URL_SAFE_NO_PAD.encode(octets.expose()))))
    }

    /// Out of a cookie; what cannot be one of ours is none.
    pub fn parse(value: &str) -> Option<Self> {
        let octets = URL_SAFE_NO_PAD.decode(value).ok()?;
        (octets.len() == LENGTH).then(|| Self(SecretText::new(value)))
    }

    /// For the cookie, and for nothing else.
    pub fn cookie(&self) -> &SecretText {
        &self.0
    }

    pub fn id(&self, pepper: &Pepper) -> [u8; 32] {
        pepper.hash("browser", self.0.expose().as_bytes())
    }
}

/// Octets of a cookie.
const LENGTH: usize = 32;

/// The session of somebody who has just shown who they are, under a new cookie; the open requests of the browser go with
/// it, and who was signed in there before is not any more. In a transaction that goes on to what the sign-in was for.
pub fn begin(tx: &mut Tx, before: &[u8], session: &Session) -> Result<()> {
    Seen { user: session.user.clone(), version: session.user_version }.stands(tx)?;
    sessions::end(tx, before)?;
    authorization_requests::follow(tx, before, &session.id)?;
    sessions::insert(tx, session)
}

/// What [`begin`] is to record; `validity` in seconds.
pub fn session(
    service: &Service,
    signed_in: &SignedIn,
    browser: &Browser,
    validity: NonZeroU32,
    now: Timestamp,
) -> Session {
    Session {
        id: browser.id(service.vault.pepper()).to_vec(),
        user: signed_in.user.id.clone(),
        user_version: signed_in.user.version,
        signed_in_at: now,
        expires_at: now.plus_seconds(i64::from(validity.get())),
    }
}

/// Nobody is signed in any more. False when nobody was.
pub fn sign_out(
    service: &Service,
    browser: &Browser,
    request_id: Option<String>,
    now: Timestamp,
) -> Result<bool> {
    let id = browser.id(service.vault.pepper());
    let Some(session) = service.store.read(now, |tx| sessions::find(tx, &id))? else { return Ok(false) };
    let user = format!("user:{}", session.user);
    let actor = Actor { name: user.clone(), request_id, at: now };
    service.store.write(actor, move |tx| {
        let ended = sessions::end(tx, &id)?;
        Ok(Audited::new(ended, Event::done("user.sign_out", user.clone())))
    })
}
