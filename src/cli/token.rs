//! `countersign token`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::operator::{OperatorOptions, every_page};
use super::{Failure, Outcome};
use crate::config::Logs;
use crate::model::id::{ClientId, TokenId};
use crate::model::name::{SeatName, TenantName};
use crate::model::token::TokenRecord;
use crate::oauth::tokens::{self, Standing, TokenFilter};

/// List and revoke access tokens
#[derive(Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct TokenCommand {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  countersign token list --active --tenant acme --data ./data
  countersign token revoke 0190d3c2e5c97d2f8a3b6c1e4f5a7b8c --data ./data
  countersign token revoke --client acme-app --data ./data       every active token of the client
A revoked token works nowhere from then on, on any node.";

#[derive(Subcommand)]
enum Command {
    /// List tokens, by time of issue
    List {
        #[command(flatten)]
        which: Which,
        /// Only those that neither expired nor were revoked
        #[arg(long)]
        active: bool,
        #[command(flatten)]
        options: OperatorOptions,
    },
    /// Revoke one token by its id, or every active one that matches
    Revoke {
        /// The token's id (`jti`)
        token_id: Option<String>,
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        options: OperatorOptions,
    },
}

#[derive(Args)]
struct Which {
    /// Those of this client
    #[arg(long, value_name = "CLIENT_ID")]
    client: Option<String>,
    /// Those whose scope names this tenant
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Those whose scope names this seat
    #[arg(long, value_name = "SEAT")]
    seat: Option<String>,
    /// Those of this user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
}

impl TokenCommand {
    pub fn run(self, logs: Logs) -> Outcome {
        match self.command {
            Command::List { which, active, options } => {
                let standing = if active { Standing::Active } else { Standing::Any };
                let filter = TokenFilter { standing, ..which.filter()? };
                let operator = options.open(logs)?;
                let all = every_page(|page| tokens::list(&operator.service, &operator.call, &filter, page))?;
                let records: Vec<Value> = all.iter().map(record).collect();
                operator.print_all(&records, &["tokenId", "clientId", "scope", "expiresAt", "revokedAt"])
            }
            Command::Revoke { token_id: Some(id), which, options } => {
                if which.names_something() {
                    return Err(Failure::Usage(
                        "Give a token's id or --client, --tenant, --seat, --user; not both.".into(),
                    ));
                }
                let operator = options.open(logs)?;
                tokens::revoke(&operator.service, &operator.call, &TokenId::parse(&id)?)?;
                operator.print(&json!({ "tokenId": id, "revoked": 1 }))
            }
            Command::Revoke { token_id: None, which, options } => {
                if !which.names_something() {
                    return Err(Failure::Usage(
                        "Give a token's id, or one or more of --client, --tenant, --seat and --user.".into(),
                    ));
                }
                let filter = which.filter()?;
                let operator = options.open(logs)?;
                let revoked = tokens::revoke_matching(&operator.service, &operator.call, filter)?;
                operator.print(&json!({ "revoked": revoked }))
            }
        }
    }
}

impl Which {
    fn names_something(&self) -> bool {
        [&self.client, &self.tenant, &self.seat, &self.user].into_iter().any(Option::is_some)
    }

    fn filter(self) -> Result<TokenFilter, Failure> {
        Ok(TokenFilter {
            client: self.client.as_deref().map(ClientId::parse).transpose()?,
            tenant: self.tenant.as_deref().map(TenantName::parse).transpose()?,
            seat: self.seat.as_deref().map(SeatName::parse).transpose()?,
            user: self.user,
            standing: Standing::Any,
        })
    }
}

fn record(token: &TokenRecord) -> Value {
    json!({
        "tokenId": token.id,
        "clientId": token.client,
        "tenant": token.tenant,
        "seat": token.seat,
        "user": token.user,
        "scope": token.scope,
        "permissions": token.permissions,
        "issuedAt": token.issued_at,
        "expiresAt": token.expires_at,
        "revokedAt": token.revoked_at,
    })
}
