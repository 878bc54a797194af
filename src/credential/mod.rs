//! The verbs of a credential, in the order in which it lives them.

pub mod certificate;
pub mod configurations;
pub mod confirm_otp;

pub mod approval_factors;
pub mod create;
pub mod key_pair;
pub mod second_factors;
pub mod sent_factors;

pub mod enrol;
pub mod enrolment_link;

pub mod show;

pub mod approve;
pub mod authorize;
pub mod redeem;

pub mod oauth2code;

pub mod extend;
pub mod revoke_sad;
pub mod send_otp;
pub mod sign;

pub mod collect;

pub mod destroy;

mod approval;
mod attempt;
mod deliver;
mod demand;
mod letters;
mod one_time;
pub mod permit;
pub mod pin_rules;
mod places;
pub mod sign_algorithm;

use crate::model::credential::AddedFactor;
use crate::model::credential::{Credential, CredentialStatus, NextStep};
use crate::model::factor::{Factor, FactorType};
use crate::model::time::Timestamp;

/// Where a credential stands: what every answer of the pipeline carries.
#[derive(Clone, Debug)]
pub struct Progress {
    pub credential: Credential,
    pub status: CredentialStatus,
    pub next_step: Option<NextStep>,
    pub added: Vec<AddedFactor>,
}

impl Progress {
    fn of(credential: Credential, factors: &[Factor], now: Timestamp) -> Self {
        let added = added(&credential, factors);
        let next_step = credential.next_step(&added);
        Self { status: credential.status_at(now), next_step, added, credential }
    }

    pub fn required(&self) -> &[FactorType] {
        &self.credential.required_factors
    }
}

fn added(credential: &Credential, factors: &[Factor]) -> Vec<AddedFactor> {
    factors
        .iter()
        .filter(|factor| credential.required_factors.contains(&factor.kind))
        .map(|factor| AddedFactor { kind: factor.kind, confirmed: factor.confirmed })
        .collect()
}

fn target(id: &crate::model::id::CredentialId) -> String {
    format!("credential:{id}")
}
