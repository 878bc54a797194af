//! extendTransaction: a new SAD for what is left, and (SCAL 2) for the next hashes; the old SAD is dead afterwards.

use crate::credential::{authorize, permit, places, sign, target};
use crate::keys::sad::Sad;
use crate::model::algorithm::Digest;
use crate::model::authorization::{Authorization, AuthorizedHashes};
use crate::model::configuration::{Configuration, Scal};
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::id::CredentialId;
use crate::model::secret::SecretText;
use crate::model::tenant::Tenant;
use crate::model::token::Call;
use crate::service::Service;
use crate::store::{Tx, authorizations, configurations};

pub struct ExtendRequest {
    pub credential: CredentialId,
    pub sad: SecretText,
    /// Replace those that were authorised; needed with SCAL 2.
    pub hashes: Option<Vec<Vec<u8>>>,
    /// The digest algorithm of the hashes, where the protocol says it.
    pub digest: Option<Digest>,
    pub client_data: Option<String>,
}

pub fn extend(service: &Service, call: &Call, request: ExtendRequest) -> Result<authorize::Authorized> {
    let old = sign::presented(service, call, &request.sad)?;
    let old_id = old.id()?;
    let context = service.store.read(call.at, |tx| Context::look(tx, call, &request, &old_id))?;
    let tenant_key = service.vault.tenant_key(&context.tenant)?;
    let place = places::authorized_data_key(&context.authorization.id);
    let dek = old.unwrap(&tenant_key, place, &context.authorization.wrapped_data_key)?;
    let new = Sad::generate()?;
    let new_id = new.id()?;
    let wrapped = new.wrap(&tenant_key, place, &dek)?;
    let credential = request.credential.clone();

    let expires_at = {
        let call = call.clone();
        service.store.write(call.actor(), move |tx| {
            let Context { mut authorization, configuration, .. } =
                Context::look(tx, &call, &request, &old_id)?;
            let replaced = std::mem::replace(&mut authorization.hashes, AuthorizedHashes::Any);
            let mut event = Event::done("credential.extend", target(&authorization.credential))
                .of(&authorization.tenant)
                .with("authorization", authorization.id.as_str())
                .with("remaining", authorization.remaining);
            if let AuthorizedHashes::Exactly { left, .. } = &replaced {
                event = event.with("replacedHashes", sign::base64_all(left));
            }
            authorization.hashes = match &request.hashes {
                Some(hashes) => {
                    event = event.with("hashes", sign::base64_all(hashes));
                    AuthorizedHashes::Exactly { digest: request.digest, left: hashes.clone() }
                }
                None => replaced,
            };
            if let Some(data) = &request.client_data {
                event = event.with("clientData", data.as_str());
            }
            let validity = i64::from(configuration.sad_validity);
            authorization.expires_at = call.at.plus_seconds(validity).min(authorization.ends_at);
            authorization.sad_id = new_id.to_vec();
            authorization.wrapped_data_key.clone_from(&wrapped);
            authorizations::extend(tx, &authorization, &old_id)?;
            Ok(Audited::new(authorization.expires_at, event))
        })?
    };
    if let Some(key) = service.vault.opened.find(&old_id, call.at) {
        service.vault.opened.remove(&old_id);
        service.vault.opened.insert(new_id, credential, key, expires_at);
    }
    let expires_in = u32::try_from(call.at.seconds_until(expires_at)).unwrap_or(u32::MAX);
    Ok(authorize::Authorized { sad: new.text(), expires_in })
}

struct Context {
    authorization: Authorization,
    configuration: Configuration,
    tenant: Tenant,
}

impl Context {
    fn look(tx: &mut Tx, call: &Call, request: &ExtendRequest, sad_id: &[u8]) -> Result<Self> {
        let caller = permit::admit(tx, call)?;
        let (credential, tenant) = authorize::usable(tx, &caller, &request.credential)?;
        let authorization = sign::standing(tx, &caller, &credential, sad_id)?;
        let configuration = configurations::known(tx, &credential.configuration)?;
        match &request.hashes {
            None if configuration.scal == Scal::Two => {
                return Err(Error::new(Code::HashesRequired, "With SCAL 2 the next hashes have to be sent."));
            }
            Some(hashes) if hashes.len() > authorization.remaining as usize => {
                return Err(Error::new(
                    Code::TooManySignatures,
                    format!("{} hashes, but {} signatures are left.", hashes.len(), authorization.remaining),
                ));
            }
            _ => {}
        }
        Ok(Self { authorization, configuration, tenant })
    }
}
