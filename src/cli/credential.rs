//! `countersign credential`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::operator::{OperatorOptions, every_page};
use super::{Failure, Outcome};
use crate::config::Logs;
use crate::credential::{Progress, show};
use crate::model::credential::CredentialStatus;
use crate::model::id::CredentialId;
use crate::model::name::{SeatName, TenantName};
use crate::pki::certificate;
use crate::store::credentials::CredentialFilter;

/// List and show credentials
#[derive(Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct CredentialCommand {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  countersign credential list --tenant acme --status awaiting_certificate --data ./data
  countersign credential show 0190d3c2e5c97d2f8a3b6c1e4f5a7b8c --json --data ./data";

#[derive(Subcommand)]
enum Command {
    /// List credentials, by time of creation
    List {
        /// Those of this tenant
        #[arg(long, value_name = "NAME")]
        tenant: Option<String>,
        /// Those of this seat
        #[arg(long, value_name = "SEAT")]
        seat: Option<String>,
        /// Those in this state: created, protected, awaiting_certificate, active, suspended, expired, revoked or destroyed
        #[arg(long)]
        status: Option<String>,
        #[command(flatten)]
        options: OperatorOptions,
    },
    /// Show one credential, its key and its certificate; no secret
    Show {
        /// As `credential list` shows it
        credential_id: String,
        #[command(flatten)]
        options: OperatorOptions,
    },
}

impl CredentialCommand {
    pub fn run(self, logs: Logs) -> Outcome {
        match self.command {
            Command::List { tenant, seat, status, options } => {
                let unknown =
                    |status: &str| Failure::Usage(format!("There is no status {status:?}; see --help."));
                let statuses = status
                    .iter()
                    .map(|status| CredentialStatus::parse(status).ok_or_else(|| unknown(status)))
                    .collect::<Result<_, _>>()?;
                let filter = CredentialFilter {
                    tenant: tenant.as_deref().map(TenantName::parse).transpose()?,
                    seat: seat.as_deref().map(SeatName::parse).transpose()?,
                    statuses,
                };
                let operator = options.open(logs)?;
                let all = every_page(|page| show::list(&operator.service, &operator.call, &filter, page))?;
                let records: Vec<Value> = all.iter().map(record).collect();
                operator.print_all(
                    &records,
                    &["credentialId", "tenant", "seat", "status", "nextStep", "createdAt"],
                )
            }
            Command::Show { credential_id, options } => {
                let operator = options.open(logs)?;
                let id = CredentialId::parse(&credential_id)?;
                let shown = show::show(&operator.service, &operator.call, &id)?;
                let mut all = record(&shown.progress);
                let end_entity = shown.chain.as_ref().and_then(|chain| chain.certificates.first());
                let certificate = end_entity.map(|der| certificate::facts(der)).transpose()?;
                if let Some(members) = all.as_object_mut() {
                    members.insert(
                        "keyAlgorithm".into(),
                        shown.key.as_ref().map(|key| key.algorithm.as_str()).into(),
                    );
                    members.insert(
                        "certificateSubject".into(),
                        certificate.as_ref().map(|c| c.subject.clone()).into(),
                    );
                    members.insert(
                        "certificateIssuer".into(),
                        certificate.as_ref().map(|c| c.issuer.clone()).into(),
                    );
                    members.insert("certificateSerial".into(), certificate.map(|c| c.serial_number).into());
                }
                operator.print(&all)
            }
        }
    }
}

fn record(progress: &Progress) -> Value {
    let credential = &progress.credential;
    json!({
        "credentialId": credential.id,
        "tenant": credential.tenant,
        "seat": credential.seat,
        "status": progress.status.as_str(),
        "nextStep": progress.next_step.map(|step| step.as_str()),
        "requiredSecondFactors": progress.required(),
        "authorizationConfiguration": credential.configuration,
        "multiSignature": credential.multi_signature,
        "description": credential.description,
        "createdAt": credential.created_at,
        "expiresAt": credential.expires_at,
    })
}
