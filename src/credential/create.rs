//! Step 2 of enrolment (the token was step 1): a credential, under an authorization configuration.

use crate::credential::{Progress, target};
use crate::model::configuration::Configuration;
use crate::model::credential::{Credential, CredentialStatus};
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::id::{ClientId, ConfigurationId, CredentialId};
use crate::model::name::{SeatName, TenantName};
use crate::model::permission::Permission;
use crate::model::tenant::Seat;
use crate::model::token::{Call, Caller};
use crate::pki::name::Subject;
use crate::service::{Service, id_octets};
use crate::store::{Tx, configurations, credentials, seats, tenants};

#[derive(Clone, Debug)]
pub struct NewCredential {
    pub configuration: Choice,
    /// Signatures per authorisation; 1 when left out.
    pub multi_signature: Option<u32>,
    /// May be left out when the token's scope names it.
    pub seat: Option<SeatName>,
    /// May be left out when the token reaches only one.
    pub tenant: Option<TenantName>,
    /// At most 255 characters.
    pub description: Option<String>,
    /// What the certificate request says unless key generation is given another subject.
    pub subject: Option<Subject>,
    /// The caller's own, kept for billing.
    pub client_data: Option<String>,
}

/// Which authorization configuration a credential is to be under.
#[derive(Clone, Debug)]
pub enum Choice {
    This(ConfigurationId),
    /// One of those that the tenant lets CSC clients use, by id or by name: the only one when none is named. The seat
    /// is then the token's.
    ForCsc(Option<String>),
}

/// No credential takes more hashes at once than this.
const MAX_MULTI_SIGNATURE: u32 = 1000;
const MAX_DESCRIPTION: usize = 255;

pub fn create(service: &Service, call: &Call, new: NewCredential) -> Result<Progress> {
    let multi_signature = new.multi_signature.unwrap_or(1);
    if !(1..=MAX_MULTI_SIGNATURE).contains(&multi_signature) {
        return Err(Error::new(
            Code::InvalidMultiSignature,
            format!("multiSignature is 1 to {MAX_MULTI_SIGNATURE}, not {multi_signature}."),
        )
        .at("/multiSignature"));
    }
    if new.description.as_ref().is_some_and(|text| text.chars().count() > MAX_DESCRIPTION) {
        return Err(Error::field("/description", format!("at most {MAX_DESCRIPTION} characters")));
    }
    let id = CredentialId::new(call.at, id_octets()?);
    let call = call.clone();
    service.store.write(call.actor(), move |tx| {
        let caller = tx.admit(&call.principal, Permission::CredentialsProvision)?;
        let tenant = tenants::meant(tx, &caller, new.tenant.as_ref())?;
        let configuration = match &new.configuration {
            Choice::This(id) => configurations::find(tx, id)?
                .filter(|configuration| configuration.tenant == tenant)
                .ok_or_else(Error::not_found)?,
            Choice::ForCsc(policy) => chosen_for_csc(tx, &caller, &tenant, policy.as_deref())?,
        };
        let seat = seat_of(&caller, new.seat.as_ref())?;
        check_rate(&configuration, multi_signature)?;
        seats::ensure(
            tx,
            &Seat {
                tenant: tenant.clone(),
                name: seat.clone(),
                display_name: None,
                email: None,
                created_at: call.at,
            },
        )?;
        let mut credential = Credential {
            id: id.clone(),
            tenant,
            seat,
            configuration: configuration.id,
            client: caller.client().cloned().unwrap_or_else(|| ClientId::stored("operator".into())),
            description: new.description.clone(),
            multi_signature,
            status: CredentialStatus::Created,
            required_factors: configuration.second_factors,
            default_subject: new.subject.as_ref().map(Subject::to_string),
            key: None,
            chain: None,
            expires_at: None,
            created_at: call.at,
            version: 0,
        };
        // One that asks nothing of its signer is as protected as it will be.
        credential.protect(&[]);
        credentials::insert(tx, &credential)?;
        let mut event = Event::done("credential.create", target(&credential.id))
            .of(&credential.tenant)
            .with("seat", credential.seat.as_str())
            .with("configuration", credential.configuration.as_str())
            .with("multiSignature", multi_signature);
        if let Some(data) = &new.client_data {
            event = event.with("clientData", data.as_str());
        }
        Ok(Audited::new(Progress::of(credential, &[], call.at), event))
    })
}

/// The configuration that a CSC client means, of those that its tenant lets it use.
fn chosen_for_csc(
    tx: &mut Tx,
    caller: &Caller,
    tenant: &TenantName,
    policy: Option<&str>,
) -> Result<Configuration> {
    if caller.seat().is_none() {
        return Err(Error::new(
            Code::InsufficientScope,
            "To create a credential the token's scope has to name its seat (seat:<value>).",
        ));
    }
    let allowed = tenants::known(tx, tenant)?.csc_configurations;
    if allowed.is_empty() {
        return Err(Error::new(
            Code::InsufficientPermission,
            "The tenant lets CSC clients create no credentials (cscCreation).",
        ));
    }
    let mut fitting = Vec::new();
    for id in &allowed {
        let found = configurations::find(tx, id)?.filter(|found| found.tenant == *tenant);
        let is_meant = |found: &Configuration| {
            policy.is_none_or(|policy| policy == found.id.as_str() || policy == found.name)
        };
        fitting.extend(found.filter(is_meant));
    }
    match <[Configuration; 1]>::try_from(fitting) {
        Ok([configuration]) => Ok(configuration),
        Err(_) => Err(Error::field(
            "/certificatePolicy",
            "name one of the configurations that the tenant lets CSC clients use",
        )),
    }
}

fn check_rate(configuration: &Configuration, multi_signature: u32) -> Result<()> {
    match configuration.signatures_per_minute {
        Some(rate) if rate < multi_signature => Err(Error::new(
            Code::InvalidMultiSignature,
            format!("multiSignature is at most the {rate} signatures a minute of the configuration."),
        )
        .at("/multiSignature")),
        _ => Ok(()),
    }
}

fn seat_of(caller: &Caller, asked: Option<&SeatName>) -> Result<SeatName> {
    match (caller.seat(), asked) {
        (Some(own), Some(asked)) if own != asked => Err(Error::new(
            Code::InsufficientScope,
            format!("The token's scope names the seat {own}, not {asked}."),
        )),
        (Some(seat), _) | (None, Some(seat)) => Ok(seat.clone()),
        (None, None) => Err(Error::field(
            "/seat",
            "name the seat, or ask for a token whose scope names it (seat:<value>)",
        )),
    }
}
