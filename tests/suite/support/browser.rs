//! Signers who authorise in the browser, by the verbs that its pages call.

use countersign::credential::authorize::AuthorizeRequest;
use countersign::credential::oauth2code::authorize::authorize_for_code;
use countersign::credential::oauth2code::choose::choose;
use countersign::credential::oauth2code::{redeem, unanswered};
use countersign::keys::sad::Sad;
use countersign::model::authorization_request::{CredentialTokenType, Document, SignaturesAsked};
use countersign::model::error::Result;
use countersign::model::event::{Actor, Audited};
use countersign::model::id::{AuthorizationId, ClientId, CredentialId};
use countersign::model::secret::SecretText;
use countersign::model::session::Session;
use countersign::model::token::{Call, Principal};
use countersign::service::Service;
use countersign::store::{Tx, sessions, users};

use super::people::Person;
use super::scene::{Credential, PIN, Scene};

/// Somebody who is signed in, for an application.
pub struct Browser<'a> {
    scene: &'a Scene,
    session: Vec<u8>,
    client: ClientId,
}

/// A code, and what waits for it.
pub struct Code {
    pub octets: Sad,
    pub authorization: AuthorizationId,
}

impl<'a> Browser<'a> {
    pub fn new(scene: &'a Scene, person: &Person, client: &str) -> Browser<'a> {
        let session = format!("session of {} {}", person.name, scene.clock.now()).into_bytes();
        let (id, user, now) = (session.clone(), person.id.clone(), scene.clock.now());
        let store = &scene.first().app.service.store;
        let inserted = store.bookkeep(now, move |tx| {
            let version = users::find(tx, &user)?.expect("a user").version;
            let session = Session {
                id: id.clone(),
                user: user.clone(),
                user_version: version,
                signed_in_at: now,
                expires_at: now.plus_seconds(8 * 3600),
            };
            sessions::insert(tx, &session)
        });
        inserted.unwrap();
        Browser { scene, session, client: ClientId::stored(client.to_owned()) }
    }

    pub fn service(&self) -> &Service {
        &self.scene.first().app.service
    }

    /// The signer's call, on the credential that is meant.
    pub fn call(&self, asked: &SignaturesAsked) -> Result<Call> {
        let at = self.scene.clock.now();
        let signer = choose(self.service(), at, &self.session, &self.client, asked)?;
        Ok(Call { principal: Principal::Signer(signer.into()), request_id: None, at })
    }

    /// What the signer answers, with right factors.
    pub fn answer(&self, credential: &Credential, asked: &SignaturesAsked) -> AuthorizeRequest {
        let mut request = unanswered(CredentialId::stored(credential.id.clone()), asked, None);
        if credential.demands("PIN") {
            request.pin = Some(SecretText::new(PIN));
        }
        if credential.demands("OTP") {
            request.otp = Some(SecretText::new(self.scene.otp_code(credential)));
        }
        request
    }

    /// A code for these hashes.
    pub fn authorize(&self, credential: &Credential, signatures: u32, hashes: &[Vec<u8>]) -> Result<Code> {
        let asked = asked(credential, signatures, hashes);
        let request = self.answer(credential, &asked);
        self.submit(&asked, request, |_, _| Ok(()))
    }

    pub fn submit(
        &self,
        asked: &SignaturesAsked,
        request: AuthorizeRequest,
        beside: impl Fn(&mut Tx, &AuthorizationId) -> Result<()> + Send + 'static,
    ) -> Result<Code> {
        let octets = Sad::generate().unwrap();
        let call = self.call(asked)?;
        let authorization = authorize_for_code(self.service(), &call, request, &octets, beside)?;
        Ok(Code { octets, authorization })
    }

    /// The token that a code gives.
    pub fn redeem(&self, code: &Code) -> Result<String> {
        self.redeem_as(self.client.as_str(), code)
    }

    pub fn redeem_as(&self, client: &str, code: &Code) -> Result<String> {
        let at = self.scene.clock.now();
        let client = ClientId::stored(client.to_owned());
        let prepared = redeem::prepare(self.service(), at, &client, &code.octets, &code.authorization)?;
        let given = prepared.clone();
        self.service().store.write(actor(self.scene), move |tx| {
            let event = given.commit(tx)?;
            Ok(Audited::new((), event))
        })?;
        Ok(prepared.release(self.service()).sad.expose().to_owned())
    }

    /// A token, at once.
    #[track_caller]
    pub fn token(&self, credential: &Credential, signatures: u32, hashes: &[Vec<u8>]) -> String {
        let code = self.authorize(credential, signatures, hashes).unwrap();
        self.redeem(&code).unwrap()
    }
}

pub fn actor(scene: &Scene) -> Actor {
    Actor { name: "test".to_owned(), request_id: None, at: scene.clock.now() }
}

pub fn asked(credential: &Credential, signatures: u32, hashes: &[Vec<u8>]) -> SignaturesAsked {
    let documents = hashes.iter().map(|hash| Document { hash: hash.clone(), label: None }).collect();
    SignaturesAsked {
        credential: Some(CredentialId::stored(credential.id.clone())),
        qualifier: None,
        num_signatures: signatures,
        documents: (!hashes.is_empty()).then_some(documents),
        digest: None,
        description: Some("Contract".to_owned()),
        token_type: CredentialTokenType::Bearer,
        details_type: None,
    }
}
