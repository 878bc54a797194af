//! What is next for a person who was sent here: to sign in, to consent, or back to the application at once.

use crate::identity::sign_in::{Seen, unless_changed_meanwhile};
use crate::model::authorization_request::{Asked, AuthorizationRequest, ResponseType};
use crate::model::client::GrantType;
use crate::model::error::{Code, Result};
use crate::model::permission::Permissions;
use crate::model::scope::RequestedScope;
use crate::model::session::Session;
use crate::model::time::Timestamp;
use crate::model::user::User;
use crate::oauth::OAuth;
use crate::oauth::authorization::answer::{Answer, Refusal};
use crate::oauth::authorization::sign::{self, Beforehand, Signing};
use crate::oauth::authorization::{Visit, Waiting, decide, waiting};
use crate::oauth::known_clients::KnownClient;
use crate::oauth::token::Granted;
use crate::oauth::user_access;
use crate::store::consents;

/// What the browser shows, or where it goes.
pub enum Next {
    SignIn { page: Page, step: Step },
    Consent { page: Page, question: Box<Question> },
    Signatures { page: Page, signing: Box<Signing> },
    Answer(Answer),
}

/// What every page of a request says.
pub struct Page {
    /// The application, as its users know it.
    pub application: String,
    /// Where the browser will go from here: pages let it.
    pub redirect_uri: String,
}

/// A sign-in is a password, and a code where the user has an authenticator.
pub enum Step {
    /// With the name that the application expects, if it says.
    Password {
        name: Option<String>,
        /// The only one who may sign in.
        expected: Option<String>,
    },
    Code,
}

/// What a person is asked to allow.
pub struct Question {
    /// Who is signed in.
    pub user: User,
    /// What the application will see and do.
    pub scope: RequestedScope,
    pub permissions: Permissions,
    pub seat: Option<String>,
    /// Whether it keeps what it gets beyond one access token.
    pub lasting: bool,
}

/// Looks; what needs nobody's decision is given at once.
pub fn next(oauth: &OAuth, visit: &Visit) -> Result<Next> {
    unless_changed_meanwhile(|| look(oauth, visit))
}

fn look(oauth: &OAuth, visit: &Visit) -> Result<Next> {
    let waiting = waiting(oauth, visit)?;
    let asked = &waiting.request.asked;
    let Some((session, user)) = who(&waiting, visit.at) else {
        if asked.prompt.none {
            return refuse(oauth, visit, &waiting, Refusal::new("login_required", "Nobody is signed in."));
        }
        return Ok(to_sign_in(&waiting));
    };
    if let Some(signatures) = &asked.signatures {
        let beforehand = sign::look_ahead(oauth, visit, &waiting.request, signatures, session)?;
        return match beforehand {
            Beforehand::Refused(refusal) => refuse(oauth, visit, &waiting, refusal),
            _ if asked.prompt.none => {
                let description = "Signatures are not authorised without the signer.";
                refuse(oauth, visit, &waiting, Refusal::new("interaction_required", description))
            }
            Beforehand::SignIn => Ok(to_sign_in(&waiting)),
            Beforehand::Asks(signing) => Ok(Next::Signatures { page: page(&waiting), signing }),
        };
    }
    let granted = match granted(asked, user) {
        Ok(granted) => granted,
        Err(error) if error.code() == Code::InvalidScope => {
            return refuse(oauth, visit, &waiting, error.into());
        }
        Err(error) => return Err(error),
    };
    if is_allowed(oauth, visit, &waiting, session, user, &granted)? {
        return decide::give(oauth, visit, &waiting.request, &waiting.client, session, granted)
            .map(Next::Answer);
    }
    if asked.prompt.none {
        let description = "The person has not allowed this yet.";
        return refuse(oauth, visit, &waiting, Refusal::new("consent_required", description));
    }
    let question = Question {
        user: user.clone(),
        scope: asked.scope.clone(),
        permissions: user_access::permissions(&waiting.client.record, user, granted.seat.as_ref()),
        seat: granted.seat.as_ref().map(ToString::to_string),
        lasting: asked.response == ResponseType::Code
            && waiting.client.record.grant_types.contains(&GrantType::RefreshToken),
    };
    Ok(Next::Consent { page: page(&waiting), question: Box::new(question) })
}

fn to_sign_in(waiting: &Waiting) -> Next {
    let step = match &waiting.request.passed {
        Some(_) => Step::Code,
        None => {
            let Asked { account, login_hint, .. } = &waiting.request.asked;
            Step::Password { name: login_hint.clone(), expected: account.clone() }
        }
    };
    Next::SignIn { page: page(waiting), step }
}

/// Whoever is signed in, as far as that is enough for the request.
pub(super) fn who(waiting: &Waiting, now: Timestamp) -> Option<(&Session, &User)> {
    let Waiting { request, client, signed_in } = waiting;
    let (session, user) = signed_in.as_ref()?;
    let asked = &request.asked;
    let anew = request.is_signed_in_for(session);
    let old =
        asked.max_age.is_some_and(|most| session.signed_in_at.plus_seconds(i64::from(most)) < now && !anew);
    let elsewhere = asked.scope.tenant.as_ref().is_some_and(|tenant| *tenant != user.tenant);
    let expected = asked.account.as_deref().is_none_or(|account| user.is_called(account));
    let enough =
        client.acts_for(&user.tenant) && !elsewhere && expected && !old && (anew || !asked.prompt.login);
    enough.then_some((session, user))
}

/// What the application gets for this person.
pub(super) fn granted(asked: &Asked, user: &User) -> Result<Granted> {
    user_access::granted(asked.response.grant(), user.clone(), &asked.scope)
}

/// Whether the person allowed all of it before. Nobody can tell a client without a secret from others that pose as it,
/// so such a one asks each time (RFC 8252, 8.6).
fn is_allowed(
    oauth: &OAuth,
    visit: &Visit,
    waiting: &Waiting,
    session: &Session,
    user: &User,
    granted: &Granted,
) -> Result<bool> {
    let Waiting { request: AuthorizationRequest { asked, .. }, client, .. } = waiting;
    if asked.prompt.consent || !client.record.is_confidential() {
        return Ok(false);
    }
    let id = &client.record.id;
    let before = oauth.service.store.read(visit.at, |tx| consents::find(tx, &user.id, id))?;
    let before = before.unwrap_or_default();
    let has = |part: &str| before.split(' ').any(|had| had == part);
    Ok(Seen::of(user).version == session.user_version
        && !before.is_empty()
        && granted.scope.split(' ').all(has))
}

pub(super) fn page(waiting: &Waiting) -> Page {
    Page {
        application: application(&waiting.client),
        redirect_uri: waiting.request.asked.redirect_uri.clone(),
    }
}

fn application(client: &KnownClient) -> String {
    client.record.display_name.clone().unwrap_or_else(|| client.record.id.to_string())
}

fn refuse(oauth: &OAuth, visit: &Visit, waiting: &Waiting, refusal: Refusal) -> Result<Next> {
    decide::refuse(oauth, visit, &waiting.request, &refusal).map(Next::Answer)
}
