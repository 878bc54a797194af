//! What a credential demands of its signer, and the check of what was sent: the PIN first, then the one-time password.

use crate::credential::authorize::{AuthorizeRequest, Patience, usable};
use crate::credential::{attempt, one_time, permit, places};
use crate::keys::envelope::{Dek, TenantKey};
use crate::keys::pin;
use crate::model::configuration::{Configuration, FactorErrors, Scal};
use crate::model::credential::{Credential, DataKeyWrap, StoredKey};
use crate::model::error::{Code, Error, Result};
use crate::model::factor::{Factor, FactorMaterial, FactorType};
use crate::model::lockout::Attempt;
use crate::model::secret::SecretText;
use crate::model::tenant::Tenant;
use crate::model::token::Call;
use crate::service::Service;
use crate::store::{Tx, configurations, factors, keys};

pub(super) struct Demand {
    pub credential: Credential,
    pub configuration: Configuration,
    pub tenant: Tenant,
    pub key: StoredKey,
    pub factors: Vec<Factor>,
}

/// What the factors showed.
pub(super) enum Checked {
    Right(Proof),
    Wrong(FactorType),
}

/// What right factors open: the data key, and what of the one-time password is to be spent.
pub(super) struct Proof {
    pub dek: Dek,
    pub one_time: Option<one_time::Proof>,
}

impl Demand {
    /// Everything that can be refused without touching a factor is refused here.
    pub fn look(tx: &mut Tx, call: &Call, request: &AuthorizeRequest) -> Result<Self> {
        let demand = Self::look_ahead(tx, call, request)?;
        demand.check_presence(request)?;
        Ok(demand)
    }

    /// As [`Demand::look`], before the signer has been asked for any factor.
    pub fn look_ahead(tx: &mut Tx, call: &Call, request: &AuthorizeRequest) -> Result<Self> {
        let caller = permit::admit(tx, call)?;
        let (credential, tenant) = usable(tx, &caller, &request.credential)?;
        let configuration = configurations::known(tx, &credential.configuration)?;
        permit::require_way(&caller, &configuration)?;
        check_numbers(request, &credential, &configuration)?;
        credential.require_active(call.at)?;
        let key = keys::current(tx, &credential)?;
        let factors = factors::of(tx, &credential.id)?;
        Ok(Self { credential, configuration, tenant, key, factors })
    }

    fn check_presence(&self, request: &AuthorizeRequest) -> Result<()> {
        let required = &self.credential.required_factors;
        if let Some(kind) = request.approval.filter(|kind| !required.contains(kind)) {
            return Err(Error::field("/authData", format!("the credential asks for no {}", kind.as_str())));
        }
        for kind in required.iter().filter(|kind| !kind.is_approval()) {
            if request.value(*kind).is_none() {
                return Err(Error::new(
                    Code::FactorMissing,
                    format!("The credential requires a {}, which was not sent.", kind.as_str()),
                )
                .about(kind.csc_name()));
            }
        }
        Ok(())
    }

    /// Refuses callers who cannot wait for the signer, where that is needed.
    pub fn check_patience(&self, patience: Patience) -> Result<()> {
        match (patience, self.configuration.approval()) {
            (Patience::None, Some(kind)) => Err(Error::new(
                Code::ApprovalNeeded,
                format!(
                    "The signer has to approve each use of this credential ({}), which this method cannot wait for; use /csc/v2/credentials/authorize",
                    kind.as_str()
                ),
            )),
            _ => Ok(()),
        }
    }

    /// The factor by which the signer is asked to approve; none where nobody is asked.
    pub fn approval(&self) -> Result<Option<&Factor>> {
        self.configuration.approval().map(|kind| self.factor(kind)).transpose()
    }

    /// One attempt at each factor that is sent along; a locked one refuses all.
    pub fn take_attempts(&self, tx: &mut Tx, ids: [u64; 2]) -> Result<Vec<(FactorType, Attempt)>> {
        let rules = attempt::rules(&self.configuration);
        let mut attempts = Vec::with_capacity(ids.len());
        let sent_along = self.credential.required_factors.iter().filter(|kind| !kind.is_approval());
        for (kind, id) in sent_along.zip(ids) {
            attempts.push((*kind, attempt::take(tx, self.factor(*kind)?, id, rules)?));
        }
        Ok(attempts)
    }

    /// The PIN first; after a wrong PIN the one-time password is not looked at.
    pub fn check(&self, service: &Service, call: &Call, request: &AuthorizeRequest) -> Result<Checked> {
        let tenant_key = service.vault.tenant_key(&self.tenant)?;
        let dek = match &request.pin {
            Some(value) if self.credential.required_factors.contains(&FactorType::Pin) => {
                match self.open_with_pin(service, &tenant_key, value)? {
                    Some(dek) => dek,
                    None => return Ok(Checked::Wrong(FactorType::Pin)),
                }
            }
            _ => self.open_without_pin(&tenant_key)?,
        };
        let one_time = match (&request.otp, self.configuration.one_time_password()) {
            (Some(value), Some(kind)) => {
                match one_time::check(&tenant_key, self.factor(kind)?, value, call.at)? {
                    Some(proof) => Some(proof),
                    None => return Ok(Checked::Wrong(kind)),
                }
            }
            _ => None,
        };
        Ok(Checked::Right(Proof { dek, one_time }))
    }

    fn open_with_pin(
        &self,
        service: &Service,
        tenant_key: &TenantKey,
        value: &SecretText,
    ) -> Result<Option<Dek>> {
        let factor = self.factor(FactorType::Pin)?;
        let (FactorMaterial::Pin(material), DataKeyWrap::Sealed(sealed)) =
            (&factor.material, &self.key.data_key)
        else {
            return Err(Error::internal("a PIN that seals nothing"));
        };
        let place = places::sealing_key(&factor.id);
        let opened = pin::open(tenant_key, &service.vault.argon, value, place, material)?;
        opened
            .map(|opened| pin::unseal(tenant_key, &opened, sealed, places::data_key(&self.key.id)))
            .transpose()
    }

    fn open_without_pin(&self, tenant_key: &TenantKey) -> Result<Dek> {
        match &self.key.data_key {
            DataKeyWrap::Tenant(wrapped) => {
                Dek::open_for_service(tenant_key, places::data_key(&self.key.id), wrapped)
            }
            DataKeyWrap::Sealed(_) => Err(Error::internal("a sealed data key without a PIN")),
        }
    }

    pub fn factor(&self, kind: FactorType) -> Result<&Factor> {
        attempt::find(&self.factors, kind).ok_or_else(|| Error::internal("a required factor is not there"))
    }
}

/// The refusal of a wrong factor, as far as the configuration lets it say which.
pub(super) fn wrong_factor(kind: FactorType, configuration: &Configuration) -> Error {
    match (configuration.factor_errors, kind) {
        (FactorErrors::Uniform, _) => {
            Error::new(Code::InvalidFactors, "One of the factors is wrong, or was used already.")
        }
        (FactorErrors::Distinct, FactorType::Pin) => Error::new(Code::InvalidPin, "The PIN is wrong."),
        (FactorErrors::Distinct, _) => {
            Error::new(Code::InvalidOtp, "The one-time password is wrong or was used already.")
        }
    }
}

fn check_numbers(
    request: &AuthorizeRequest,
    credential: &Credential,
    configuration: &Configuration,
) -> Result<()> {
    let wanted = request.num_signatures;
    if wanted < 1 {
        return Err(Error::new(Code::InvalidNumSignatures, "The number of signatures is at least 1."));
    }
    if wanted > credential.multi_signature {
        return Err(Error::new(
            Code::TooManySignatures,
            format!(
                "{wanted} signatures, but the credential's multiSignature is {}.",
                credential.multi_signature
            ),
        ));
    }
    match &request.hashes {
        None if configuration.scal == Scal::Two => Err(Error::new(
            Code::HashesRequired,
            "With SCAL 2 the hashes have to be sent with the authorisation.",
        )),
        Some(hashes) if hashes.len() > wanted as usize => Err(Error::new(
            Code::InvalidNumSignatures,
            format!("{} hashes for {wanted} signatures.", hashes.len()),
        )),
        _ => Ok(()),
    }
}

impl AuthorizeRequest {
    fn value(&self, kind: FactorType) -> Option<&SecretText> {
        match kind {
            FactorType::Pin => self.pin.as_ref(),
            FactorType::Otp | FactorType::EmailOtp | FactorType::SmsOtp => self.otp.as_ref(),
            FactorType::EmailLink | FactorType::Push => None,
        }
    }
}
