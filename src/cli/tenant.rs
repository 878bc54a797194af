//! `countersign tenant`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Outcome;
use super::operator::{Operator, OperatorOptions, every_page};
use crate::config::Logs;
use crate::identity::tenants::{self, NewTenant, TenantChange};
use crate::model::name::TenantName;
use crate::model::patch::Patch;
use crate::model::tenant::{SubjectRule, Tenant, TenantStatus};

/// Create, list, suspend and resume tenants
#[derive(Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct TenantCommand {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  countersign tenant create acme --display-name 'Acme Ltd' --data ./data
  countersign tenant list --json --data ./data
  countersign tenant suspend acme --data ./data        its tokens end at once, and it signs nothing";

#[derive(Subcommand)]
enum Command {
    /// Make a tenant
    Create {
        /// 1 to 63 characters from a-z, 0-9 and -
        name: String,
        /// What people are shown
        #[arg(long)]
        display_name: Option<String>,
        #[command(flatten)]
        options: OperatorOptions,
    },
    /// List the tenants
    List {
        #[command(flatten)]
        options: OperatorOptions,
    },
    /// Show one tenant
    Show {
        /// The tenant's name
        name: String,
        #[command(flatten)]
        options: OperatorOptions,
    },
    /// End a tenant's tokens and let it sign nothing
    Suspend {
        /// The tenant's name
        name: String,
        #[command(flatten)]
        options: OperatorOptions,
    },
    /// Let a suspended tenant work again
    Resume {
        /// The tenant's name
        name: String,
        #[command(flatten)]
        options: OperatorOptions,
    },
}

impl TenantCommand {
    pub fn run(self, logs: Logs) -> Outcome {
        match self.command {
            Command::Create { name, display_name, options } => {
                let operator = options.open(logs)?;
                let new = NewTenant {
                    name: TenantName::parse(&name)?,
                    display_name,
                    otp_issuer: None,
                    subject_rule: None,
                };
                let tenant = tenants::create(&operator.service, &operator.call, new)?;
                operator.print(&record(&tenant))
            }
            Command::List { options } => {
                let operator = options.open(logs)?;
                let all = every_page(|page| tenants::list(&operator.service, &operator.call, page))?;
                let records: Vec<Value> = all.iter().map(record).collect();
                operator.print_all(&records, &["name", "displayName", "status", "createdAt"])
            }
            Command::Show { name, options } => {
                let operator = options.open(logs)?;
                let tenant = tenants::show(&operator.service, &operator.call, &TenantName::parse(&name)?)?;
                operator.print(&record(&tenant))
            }
            Command::Suspend { name, options } => {
                set_status(&options.open(logs)?, &name, TenantStatus::Suspended)
            }
            Command::Resume { name, options } => {
                set_status(&options.open(logs)?, &name, TenantStatus::Active)
            }
        }
    }
}

fn set_status(operator: &Operator, name: &str, status: TenantStatus) -> Outcome {
    let change = TenantChange { status: Patch::Set(status), ..TenantChange::default() };
    let tenant =
        tenants::change(&operator.service, &operator.call, &TenantName::parse(name)?, change)?.tenant;
    operator.print(&record(&tenant))
}

fn record(tenant: &Tenant) -> Value {
    json!({
        "name": tenant.name,
        "displayName": tenant.display_name,
        "otpIssuer": tenant.otp_issuer,
        "caSetsSubject": tenant.subject_rule == SubjectRule::CaSets,
        "status": tenant.status.as_str(),
        "createdAt": tenant.created_at,
    })
}
