//! Diesel lives here and nowhere else. Two doors lead in: [`Store::read`] and [`Store::write`]; what has no story
//! to tell goes through the narrow [`Store::bookkeep`].
//!
//! One row by its key is asked for by `get_result`. `first` would add a LIMIT, whose number is bound, and SQLite plans a
//! statement anew each time its LIMIT is bound: that was half of a signature's time.

mod connection;
mod dialect;
mod failure;
mod group_commit;
mod migrations;
mod schema;

pub mod admission;
pub mod page;

pub mod approvals;
pub mod authorization_codes;
pub mod authorization_requests;
pub mod authorizations;
pub mod chains;
pub mod clients;
pub mod configurations;
pub mod consents;
pub mod credentials;
pub mod enrolment_links;
pub mod events;
pub mod factors;
pub mod idempotency;
pub mod keys;
pub mod leases;
pub mod refresh_tokens;
pub mod seats;
pub mod sessions;
pub mod settings;
pub mod sign_responses;
pub mod signature_rates;
pub mod tenants;
pub mod throttles;
pub mod token_keys;
pub mod tokens;
pub mod used_assertions;
pub mod users;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::model::error::{Error, Result};
use crate::model::event::{Actor, Audited};
use crate::model::time::Timestamp;
pub use crate::store::connection::DatabaseUrl;
use crate::store::connection::{Access, AnyConnection, Manager};
use crate::store::group_commit::Writer;

/// The database. Cloning shares it.
#[derive(Clone)]
pub struct Store {
    readers: r2d2::Pool<Manager>,
    writers: Writers,
}

#[derive(Clone)]
enum Writers {
    /// One thread that commits many writes together.
    Grouped(Writer),
    /// As many as the pool has connections.
    Pooled(r2d2::Pool<Manager>),
}

/// An open transaction, as the aggregates' functions take it.
pub struct Tx<'a> {
    connection: &'a mut AnyConnection,
    access: Access,
    now: Timestamp,
}

impl Tx<'_> {
    /// The time at which this transaction was asked for.
    pub fn now(&self) -> Timestamp {
        self.now
    }
}

/// How long a caller waits for a connection.
const CHECKOUT: Duration = Duration::from_secs(5);

impl Store {
    /// Connects, with at most `connections` at once. Does not create or change anything: see [`Store::migrate`].
    pub fn open(url: &DatabaseUrl, connections: u32) -> Result<Self> {
        let pool = |access| {
            r2d2::Pool::builder()
                .max_size(connections.max(1))
                .min_idle(Some(1))
                .test_on_check_out(false)
                .connection_timeout(CHECKOUT)
                .build(Manager { url: url.clone(), access })
                .map_err(failure::unavailable)
        };
        match url {
            DatabaseUrl::Sqlite(_) => {
                let writers = Writers::Grouped(Writer::start(url)?);
                Ok(Self { readers: pool(Access::Read)?, writers })
            }
            DatabaseUrl::Postgres(_) => {
                let pool = pool(Access::Write)?;
                Ok(Self { readers: pool.clone(), writers: Writers::Pooled(pool) })
            }
        }
    }

    /// Brings the schema up to date; safe when several nodes start at once. Answers the names of what was applied.
    pub fn migrate(&self) -> Result<Vec<String>> {
        self.alone(migrations::apply)
    }

    /// Migrations that this program knows and the database does not have yet.
    pub fn pending_migrations(&self) -> Result<Vec<String>> {
        self.alone(migrations::pending)
    }

    /// Whether nobody ever migrated this database.
    pub fn is_blank(&self) -> Result<bool> {
        self.alone(migrations::none_applied)
    }

    /// One node at a time.
    fn alone<T: Send + 'static>(&self, work: fn(&mut AnyConnection) -> Result<T>) -> Result<T> {
        match &self.writers {
            Writers::Grouped(writer) => writer.run(work),
            Writers::Pooled(pool) => {
                let mut connection = pool.get().map_err(failure::unavailable)?;
                dialect::begin(&mut connection, Access::Write)?;
                let done = dialect::lock_migrations(&mut connection)
                    .map_err(Error::from)
                    .and_then(|()| work(&mut connection));
                settle(&mut connection, done)
            }
        }
    }

    /// Looks at one consistent state and changes nothing.
    pub fn read<T>(&self, now: Timestamp, look: impl FnOnce(&mut Tx) -> Result<T>) -> Result<T> {
        let mut connection = self.readers.get().map_err(failure::unavailable)?;
        dialect::begin(&mut connection, Access::Read).map_err(failure::unavailable)?;
        let mut tx = Tx { connection: &mut connection, access: Access::Read, now };
        let found = catch_unwind(AssertUnwindSafe(|| look(&mut tx)))
            .unwrap_or_else(|_| Err(Error::internal("a read panicked")));
        dialect::roll_back(&mut connection);
        found
    }

    /// Changes something and tells of it: the event is committed with the change, and the value leaves only after.
    /// The closure may run several times, so it does nothing but use the transaction: no cryptography, no waiting.
    pub fn write<T, F>(&self, actor: Actor, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx) -> Result<Audited<T>> + Send + 'static,
    {
        self.transact(actor.at, move |tx| {
            let Audited { value, event } = change(tx)?;
            events::append(tx, &actor, &event)?;
            Ok(value)
        })
    }

    /// Routine bookkeeping that no audit asks for: attempts taken and given back, idempotency keys, leases, clean-up.
    pub fn bookkeep<T, F>(&self, now: Timestamp, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx) -> Result<T> + Send + 'static,
    {
        self.transact(now, change)
    }

    /// Whether the database answers.
    pub fn ping(&self, now: Timestamp) -> Result<()> {
        self.read(now, |tx| settings::find(tx, "issuer").map(|_| ()))
    }

    /// Connections open and connections in use, for the metrics.
    pub fn connections(&self) -> (u32, u32) {
        let state = self.readers.state();
        (state.connections, state.connections.saturating_sub(state.idle_connections))
    }

    fn transact<T, F>(&self, now: Timestamp, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx) -> Result<T> + Send + 'static,
    {
        match &self.writers {
            // One writer: nothing it reads changes under it, so a conflict is final.
            Writers::Grouped(writer) => {
                writer.run(move |connection| change(&mut Tx { connection, access: Access::Write, now }))
            }
            Writers::Pooled(pool) => {
                let mut failures = 0;
                loop {
                    let outcome = on_one_connection(pool, now, &change);
                    failures += 1;
                    match &outcome {
                        Err(error) if failure::starts_over(error, failures) => {}
                        _ => return outcome,
                    }
                }
            }
        }
    }
}

fn on_one_connection<T>(
    pool: &r2d2::Pool<Manager>,
    now: Timestamp,
    change: &impl Fn(&mut Tx) -> Result<T>,
) -> Result<T> {
    let mut connection = pool.get().map_err(failure::unavailable)?;
    dialect::begin(&mut connection, Access::Write).map_err(failure::unavailable)?;
    let mut tx = Tx { connection: &mut connection, access: Access::Write, now };
    let outcome = catch_unwind(AssertUnwindSafe(|| change(&mut tx)))
        .unwrap_or_else(|_| Err(Error::internal("a write panicked; it was rolled back")));
    settle(&mut connection, outcome)
}

/// Commits what succeeded and rolls back what did not.
fn settle<T>(connection: &mut AnyConnection, outcome: Result<T>) -> Result<T> {
    match outcome {
        Ok(value) => match dialect::commit(connection) {
            Ok(()) => Ok(value),
            Err(error @ diesel::result::Error::DatabaseError(kind, _))
                if !matches!(
                    kind,
                    diesel::result::DatabaseErrorKind::ClosedConnection
                        | diesel::result::DatabaseErrorKind::UnableToSendCommand
                        | diesel::result::DatabaseErrorKind::Unknown
                ) =>
            {
                dialect::roll_back(connection);
                Err(error.into())
            }
            Err(error) => Err(failure::outcome_unknown(error)),
        },
        Err(error) => {
            dialect::roll_back(connection);
            Err(error)
        }
    }
}
