//! `countersign user`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::operator::{Operator, OperatorOptions, every_page, read_secret};
use super::{Failure, Outcome};
use crate::config::Logs;
use crate::identity::passwords;
use crate::identity::users::create::{self, NewUser};
use crate::identity::users::settings::UserSettings;
use crate::identity::users::show::{self, UserFilter};
use crate::identity::users::{change, delete, otp, password};
use crate::model::id::UserId;
use crate::model::name::{SeatName, TenantName, UserName};
use crate::model::patch::Patch;
use crate::model::secret::SecretText;
use crate::model::user::{OtpStanding, User, UserStatus};

/// Make, list, disable and delete users: people who sign in
#[derive(Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct UserCommand {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  countersign user create jdoe --tenant acme --seat jdoe@acme --generate-password --data ./data
  printf %s \"$PASSWORD\" | countersign user password jdoe --tenant acme --password-stdin --data ./data
  countersign user list --tenant acme --data ./data
  countersign user disable jdoe --tenant acme --data ./data    their tokens end at once";

#[derive(Subcommand)]
enum Command {
    /// Make a user; prints the password, this once, when it was generated
    Create(Box<Create>),
    /// List users, by time of creation
    List {
        /// Those of this tenant
        #[arg(long, value_name = "NAME")]
        tenant: Option<String>,
        /// Those with this e-mail address
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
        /// Those in this state: active or disabled
        #[arg(long)]
        status: Option<String>,
        #[command(flatten)]
        options: OperatorOptions,
    },
    /// Show one user; nothing of the password
    Show {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        options: OperatorOptions,
    },
    /// End a user's tokens and let them sign in no more
    Disable {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        options: OperatorOptions,
    },
    /// Let a disabled user sign in again
    Enable {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        options: OperatorOptions,
    },
    /// Set a user's password; their tokens end
    Password {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        password: NewPassword,
        #[command(flatten)]
        options: OperatorOptions,
    },
    /// Take a lost authenticator away: the password is enough from then on
    RemoveOtp {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        options: OperatorOptions,
    },
    /// End a user's tokens for good; the name is not given again
    Delete {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        options: OperatorOptions,
    },
}

#[derive(Args)]
struct Create {
    /// 1 to 128 characters from A-Z, a-z, 0-9 and . _ @ + -; lower-cased
    name: String,
    /// The tenant that the user belongs to [default: the only tenant there is]
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// The user's first name
    #[arg(long, value_name = "NAME")]
    first_name: Option<String>,
    /// The user's last name
    #[arg(long, value_name = "NAME")]
    last_name: Option<String>,
    /// Good for signing in, too
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// A group, which applications' rolePermissions may give permissions to; repeatable
    #[arg(long, value_name = "NAME")]
    group: Vec<String>,
    /// A role, which applications' rolePermissions may give permissions to; repeatable
    #[arg(long, value_name = "NAME")]
    role: Vec<String>,
    /// A seat of the tenant that is the user's; made if it is not there; repeatable
    #[arg(long, value_name = "SEAT")]
    seat: Vec<String>,
    #[command(flatten)]
    password: FirstPassword,
    #[command(flatten)]
    options: OperatorOptions,
}

#[derive(Args)]
struct Who {
    /// The user's name, or id
    user: String,
    /// The tenant that the user belongs to; needed where the name is a user's of several
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
}

/// Where a password comes from; never from the command line, which every process on the machine may read.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct NewPassword {
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// Make a password and print it, this once
    #[arg(long)]
    generate_password: bool,
}

/// The same, for a user who may come to sign in later.
#[derive(Args)]
#[group(multiple = false)]
struct FirstPassword {
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// Make a password and print it, this once
    #[arg(long)]
    generate_password: bool,
}

impl UserCommand {
    pub fn run(self, logs: Logs) -> Outcome {
        match self.command {
            Command::Create(create) => create.run(logs),
            Command::List { tenant, email, status, options } => {
                let filter = UserFilter {
                    tenant: tenant.as_deref().map(TenantName::parse).transpose()?,
                    email,
                    status: status.as_deref().map(settable).transpose()?,
                    ..UserFilter::default()
                };
                let operator = options.open(logs)?;
                let all = every_page(|page| show::list(&operator.service, &operator.call, &filter, page))?;
                let records: Vec<Value> = all.iter().map(record).collect();
                operator.print_all(&records, &["id", "name", "tenant", "displayName", "roles", "status"])
            }
            Command::Show { who, options } => {
                let operator = options.open(logs)?;
                let user = who.find(&operator)?;
                operator.print(&record(&user))
            }
            Command::Disable { who, options } => set_status(options, logs, &who, UserStatus::Disabled),
            Command::Enable { who, options } => set_status(options, logs, &who, UserStatus::Active),
            Command::Password { who, password, options } => {
                let (new, shown) = chosen(password.password_stdin)?;
                let operator = options.open(logs)?;
                let user = who.find(&operator)?;
                password::set(&operator.service, &operator.call, &user.id, &new)?;
                operator.print(&with_password(record(&who.find(&operator)?), shown))
            }
            Command::RemoveOtp { who, options } => {
                let operator = options.open(logs)?;
                let user = who.find(&operator)?;
                otp::remove(&operator.service, &operator.call, &user.id)?;
                operator.print(&record(&who.find(&operator)?))
            }
            Command::Delete { who, options } => {
                let operator = options.open(logs)?;
                let user = who.find(&operator)?;
                delete::delete(&operator.service, &operator.call, &user.id)?;
                let deleted = UserStatus::Deleted.as_str();
                operator.print(
                    &json!({ "id": user.id, "name": user.name, "tenant": user.tenant, "status": deleted }),
                )
            }
        }
    }
}

impl Create {
    fn run(self, logs: Logs) -> Outcome {
        let FirstPassword { password_stdin, generate_password } = self.password;
        let (password, shown) = match password_stdin || generate_password {
            true => chosen(password_stdin).map(|(new, shown)| (Some(new), shown))?,
            false => (None, None),
        };
        let new = NewUser {
            name: UserName::parse(&self.name)?,
            tenant: self.tenant.as_deref().map(TenantName::parse).transpose()?,
            password,
            settings: UserSettings {
                first_name: given(self.first_name),
                last_name: given(self.last_name),
                email: given(self.email),
                groups: Patch::Set(self.group),
                roles: Patch::Set(self.role),
                seats: Patch::Set(
                    self.seat.iter().map(|seat| SeatName::parse(seat)).collect::<Result<_, _>>()?,
                ),
                status: Patch::Keep,
            },
        };
        let operator = self.options.open(logs)?;
        let made = create::create(&operator.service, &operator.call, new)?;
        operator.print(&with_password(record(&made), shown))
    }
}

impl Who {
    /// By name first: an id is a name that nobody would choose.
    fn find(&self, operator: &Operator) -> Result<User, Failure> {
        let (service, call) = (&operator.service, &operator.call);
        let filter = UserFilter {
            tenant: self.tenant.as_deref().map(TenantName::parse).transpose()?,
            name: UserName::parse(&self.user).ok(),
            ..UserFilter::default()
        };
        let mut named = match filter.name {
            Some(_) => every_page(|page| show::list(service, call, &filter, page))?,
            None => Vec::new(),
        };
        match (named.pop(), named.is_empty()) {
            (Some(user), true) => Ok(user),
            (Some(_), false) => Err(Failure::Usage(format!(
                "Several tenants have a user {:?}: say which one with --tenant.",
                self.user
            ))),
            (None, _) => Ok(show::show(service, call, &UserId::parse(&self.user)?)?),
        }
    }
}

/// A password, and again when it is to be shown.
fn chosen(from_stdin: bool) -> Result<(SecretText, Option<SecretText>), Failure> {
    if from_stdin {
        return Ok((read_secret()?, None));
    }
    let made = passwords::generate()?;
    Ok((made.clone(), Some(made)))
}

fn with_password(mut shown: Value, password: Option<SecretText>) -> Value {
    if let (Some(password), Some(members)) = (password, shown.as_object_mut()) {
        members.insert("password".to_owned(), password.expose().into());
    }
    shown
}

fn given(text: Option<String>) -> Patch<String> {
    text.map_or(Patch::Keep, Patch::Set)
}

fn settable(text: &str) -> Result<UserStatus, Failure> {
    let settable = UserStatus::parse(text).filter(|status| *status != UserStatus::Deleted);
    settable.ok_or_else(|| Failure::Usage(format!("There is no status {text:?}: active or disabled.")))
}

fn set_status(options: OperatorOptions, logs: Logs, who: &Who, status: UserStatus) -> Outcome {
    let operator = options.open(logs)?;
    let settings = UserSettings { status: Patch::Set(status), ..UserSettings::default() };
    let user = who.find(&operator)?;
    let changed = change::change(&operator.service, &operator.call, &user.id, settings)?;
    operator.print(&record(&changed))
}

fn record(user: &User) -> Value {
    json!({
        "id": user.id,
        "name": user.name,
        "tenant": user.tenant,
        "displayName": user.display_name(),
        "email": user.email,
        "roles": user.roles,
        "groups": user.groups,
        "seats": user.seats,
        "status": user.status.as_str(),
        "hasPassword": user.password.is_some(),
        "otp": user.otp == OtpStanding::Confirmed,
        "createdAt": user.created_at,
    })
}
