//! `countersign client`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::operator::{OperatorOptions, every_page, read_secret};
use super::{Failure, Outcome};
use crate::config::Logs;
use crate::model::client::{AuthenticationMethod, Client, ClientStatus, GrantType, Pkce};
use crate::model::id::ClientId;
use crate::model::patch::Patch;
use crate::model::permission::{Permission, Role, TenantReach};
use crate::oauth::clients::change::ClientChange;
use crate::oauth::clients::create::{self, NewClient};
use crate::oauth::clients::settings::ClientSettings;
use crate::oauth::clients::{change, delete, show};

/// Register, list, disable and delete clients (applications)
#[derive(Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct ClientCommand {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  countersign client create acme-app --tenant acme --data ./data
  countersign client create acme-ca --tenant acme --role ca_operator --data ./data
  printf %s \"$SECRET\" | countersign client create old-app --tenant acme --secret-stdin --data ./data
  countersign client create acme-batch --tenant acme --auth-method private_key_jwt --jwks keys.json --data ./data
  countersign client disable acme-app --data ./data    its tokens end at once";

#[derive(Subcommand)]
enum Command {
    /// Register a client; prints its secret, this once, when the server made it
    Create(Box<Create>),
    /// List the clients
    List {
        #[command(flatten)]
        options: OperatorOptions,
    },
    /// Show one client; never its secret
    Show {
        /// The client's id
        client_id: String,
        #[command(flatten)]
        options: OperatorOptions,
    },
    /// End a client's tokens and give it no more
    Disable {
        /// The client's id
        client_id: String,
        #[command(flatten)]
        options: OperatorOptions,
    },
    /// Let a disabled client work again
    Enable {
        /// The client's id
        client_id: String,
        #[command(flatten)]
        options: OperatorOptions,
    },
    /// End a client's tokens for good; its id is not given again
    Delete {
        /// The client's id
        client_id: String,
        #[command(flatten)]
        options: OperatorOptions,
    },
}

#[derive(Args)]
struct Create {
    /// 1 to 64 characters from A-Z, a-z, 0-9, _ and -
    client_id: String,
    /// A tenant that it may act for; repeatable, `*` for all [default: the only tenant there is]
    #[arg(long, value_name = "NAME")]
    tenant: Vec<String>,
    /// application, ca_operator, administrator or auditor; repeatable [default: application]
    #[arg(long, value_name = "ROLE")]
    role: Vec<String>,
    /// A permission beside those of its roles, such as credentials:use-any-seat; repeatable
    #[arg(long, value_name = "PERMISSION")]
    permission: Vec<String>,
    /// client_secret_basic, client_secret_post, private_key_jwt (wants --jwks) or none (a public client)
    /// [default: client_secret_basic]
    #[arg(long, value_name = "METHOD")]
    auth_method: Option<String>,
    /// A file with its public keys, a JWK Set
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
    /// client_credentials, authorization_code, refresh_token, password or implicit; repeatable
    /// [default: client_credentials]
    #[arg(long, value_name = "GRANT")]
    grant: Vec<String>,
    /// Where the authorization endpoint may send the browser back to; repeatable
    #[arg(long, value_name = "URI")]
    redirect_uri: Vec<String>,
    /// required or optional: whether authorization_code wants a code challenge [default: required]
    #[arg(long, value_name = "PKCE")]
    pkce: Option<String>,
    /// Seconds that its access tokens live
    #[arg(long, value_name = "SECONDS")]
    access_token_validity: Option<i64>,
    /// Read the secret from standard input instead of making one
    #[arg(long)]
    secret_stdin: bool,
    /// Read what its account tokens are signed with from standard input, from the line after a secret's
    #[arg(long)]
    account_token_key_stdin: bool,
    #[command(flatten)]
    options: OperatorOptions,
}

impl ClientCommand {
    pub fn run(self, logs: Logs) -> Outcome {
        match self.command {
            Command::Create(create) => create.run(logs),
            Command::List { options } => {
                let operator = options.open(logs)?;
                let all = every_page(|page| show::list(&operator.service, &operator.call, page))?;
                let records: Vec<Value> = all.iter().map(record).collect();
                operator.print_all(&records, &["clientId", "tenants", "roles", "status", "createdAt"])
            }
            Command::Show { client_id, options } => {
                let operator = options.open(logs)?;
                let client = show::show(&operator.service, &operator.call, &ClientId::parse(&client_id)?)?;
                operator.print(&record(&client))
            }
            Command::Disable { client_id, options } => {
                set_status(options, logs, &client_id, ClientStatus::Disabled)
            }
            Command::Enable { client_id, options } => {
                set_status(options, logs, &client_id, ClientStatus::Active)
            }
            Command::Delete { client_id, options } => {
                let operator = options.open(logs)?;
                delete::delete(&operator.service, &operator.call, &ClientId::parse(&client_id)?)?;
                operator.print(&json!({ "clientId": client_id, "status": ClientStatus::Deleted.as_str() }))
            }
        }
    }
}

impl Create {
    fn run(self, logs: Logs) -> Outcome {
        let secret = if self.secret_stdin { Some(read_secret()?) } else { None };
        let account_token_key =
            if self.account_token_key_stdin { Patch::Set(read_secret()?) } else { Patch::Keep };
        let settings = ClientSettings {
            account_token_key,
            tenants: given(self.tenant, |names| Ok(TenantReach::parse(&names)?))?,
            roles: given(self.role, |names| names.iter().map(|name| named(name, "role")).collect())?,
            permissions: given(self.permission, |names| {
                names.iter().map(|name| named(name, "permission")).collect()
            })?,
            authentication: given_one(self.auth_method.as_deref(), "authentication method")?,
            jwks: self.jwks.map_or(Ok(Patch::Keep), |file| read_jwks(&file).map(Patch::Set))?,
            grant_types: given(self.grant, |names| names.iter().map(|name| named(name, "grant")).collect())?,
            redirect_uris: given(self.redirect_uri, Ok)?,
            pkce: given_one(self.pkce.as_deref(), "pkce")?,
            access_token_validity: self.access_token_validity.map_or(Patch::Keep, Patch::Set),
            ..ClientSettings::default()
        };
        let operator = self.options.open(logs)?;
        let new = NewClient { id: ClientId::parse(&self.client_id)?, secret, settings };
        let made = create::create(&operator.service, &operator.call, new)?;
        let mut shown = record(&made.client);
        if let (Some(secret), Some(members)) = (&made.secret, shown.as_object_mut()) {
            members.insert("clientSecret".to_owned(), secret.expose().into());
        }
        operator.print(&shown)
    }
}

fn given<T>(
    names: Vec<String>,
    parse: impl FnOnce(Vec<String>) -> Result<T, Failure>,
) -> Result<Patch<T>, Failure> {
    if names.is_empty() { Ok(Patch::Keep) } else { parse(names).map(Patch::Set) }
}

fn given_one<T: serde::de::DeserializeOwned>(name: Option<&str>, what: &str) -> Result<Patch<T>, Failure> {
    name.map_or(Ok(Patch::Keep), |name| named(name, what).map(Patch::Set))
}

fn read_jwks(file: &Path) -> Result<Value, Failure> {
    let shown = file.display();
    let text = std::fs::read(file)
        .map_err(|error| Failure::Usage(format!("The keys cannot be read from {shown}: {error}.")))?;
    serde_json::from_slice(&text).map_err(|error| Failure::Usage(format!("{shown} is not JSON: {error}.")))
}

/// A role, a permission or the like by its name on the wire.
fn named<T: serde::de::DeserializeOwned>(name: &str, what: &str) -> Result<T, Failure> {
    serde_json::from_value(name.into()).map_err(|_| {
        let known: Vec<&str> = match what {
            "role" => [Role::Application, Role::CaOperator, Role::Administrator, Role::Auditor]
                .map(Role::as_str)
                .to_vec(),
            "authentication method" => AuthenticationMethod::ALL.map(AuthenticationMethod::as_str).to_vec(),
            "grant" => GrantType::ALL.map(GrantType::as_str).to_vec(),
            "pkce" => [Pkce::Required, Pkce::Optional].map(Pkce::as_str).to_vec(),
            _ => Permission::ALL.iter().map(|permission| permission.as_str()).collect(),
        };
        Failure::Usage(format!("There is no {what} {name:?}. Those known: {}.", known.join(", ")))
    })
}

fn set_status(options: OperatorOptions, logs: Logs, id: &str, status: ClientStatus) -> Outcome {
    let operator = options.open(logs)?;
    let settings = ClientSettings { status: Patch::Set(status), ..ClientSettings::default() };
    let asked = ClientChange { settings, ..ClientChange::default() };
    let client = change::change(&operator.service, &operator.call, &ClientId::parse(id)?, asked)?;
    operator.print(&record(&client))
}

fn record(client: &Client) -> Value {
    json!({
        "clientId": client.id,
        "displayName": client.display_name,
        "status": client.status.as_str(),
        "tenants": client.tenants,
        "roles": client.roles,
        "permissions": client.permissions,
        "tokenEndpointAuthMethod": client.authentication,
        "pkce": client.pkce,
        "authorizedGrantTypes": client.grant_types,
        "redirectUris": client.redirect_uris,
        "accessTokenValidity": client.access_token_validity,
        "defaultScope": client.default_scope,
        "hasAccountTokenKey": client.wrapped_account_token_key.is_some(),
        "createdAt": client.created_at,
    })
}
