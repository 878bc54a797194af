//! The only place that tells the two databases apart.

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;

use crate::store::connection::{Access, AnyConnection};

/// Runs the same typed query on whichever database is behind the connection, for what diesel's multi-connection
/// cannot express (ON CONFLICT, row locks).
macro_rules! each {
    ($connection:expr, $inner:ident => $query:expr) => {
        match $connection {
            $crate::store::connection::AnyConnection::Postgres($inner) => $query,
            $crate::store::connection::AnyConnection::Sqlite($inner) => $query,
        }
    };
}

/// Loads one row and keeps it from changing until the transaction ends. SQLite has one writer, which is lock enough.
macro_rules! first_for_share {
    ($connection:expr, $query:expr) => {
        match $connection {
            $crate::store::connection::AnyConnection::Postgres(inner) => $query.for_share().get_result(inner),
            $crate::store::connection::AnyConnection::Sqlite(inner) => $query.get_result(inner),
        }
    };
}

/// Loads one row that this transaction is about to change; others wait for it.
macro_rules! first_for_update {
    ($connection:expr, $query:expr) => {
        match $connection {
            $crate::store::connection::AnyConnection::Postgres(inner) => {
                $query.for_update().get_result(inner)
            }
            $crate::store::connection::AnyConnection::Sqlite(inner) => $query.get_result(inner),
        }
    };
}

pub(super) use {each, first_for_share, first_for_update};

/// Opens a transaction. A SQLite writer takes its lock at once: a lock taken later may be refused half-way.
pub(super) fn begin(connection: &mut AnyConnection, access: Access) -> QueryResult<()> {
    match (connection, access) {
        (AnyConnection::Sqlite(c), Access::Write) => {
            AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE")
        }
        (AnyConnection::Sqlite(c), Access::Read) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN"),
        (AnyConnection::Postgres(c), Access::Write) => {
            AnsiTransactionManager::begin_transaction_sql(c, "BEGIN ISOLATION LEVEL READ COMMITTED")
        }
        (AnyConnection::Postgres(c), Access::Read) => AnsiTransactionManager::begin_transaction_sql(
            c,
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        ),
    }
}

pub(super) fn commit(connection: &mut AnyConnection) -> QueryResult<()> {
    each!(connection, c => AnsiTransactionManager::commit_transaction(c))
}

/// Best effort: a connection that cannot roll back is broken, and the pool drops it.
pub(super) fn roll_back(connection: &mut AnyConnection) {
    let outcome = each!(connection, c => AnsiTransactionManager::rollback_transaction(c));
    if let Err(error) = outcome {
        tracing::warn!(%error, "a transaction could not be rolled back");
    }
}

/// A savepoint inside an open transaction.
pub(super) fn begin_nested(connection: &mut AnyConnection) -> QueryResult<()> {
    each!(connection, c => AnsiTransactionManager::begin_transaction(c))
}

/// Whether the transaction is still there: SQLite takes it away when the disk is full or fails.
pub(super) fn in_transaction(connection: &mut AnyConnection) -> bool {
    let depth =
        each!(connection, c => AnsiTransactionManager::transaction_manager_status_mut(c).transaction_depth());
    matches!(depth, Ok(Some(_)))
}

/// One node at a time past this point, until the transaction ends. SQLite's writer lock says so already.
pub(super) fn lock_migrations(connection: &mut AnyConnection) -> QueryResult<()> {
    lock(connection, "SELECT pg_advisory_xact_lock(7235419063)")
}

/// The same among changes that revoke tokens.
pub(super) fn lock_revocations(connection: &mut AnyConnection) -> QueryResult<()> {
    lock(connection, "SELECT pg_advisory_xact_lock(7235419064)")
}

fn lock(connection: &mut AnyConnection, statement: &str) -> QueryResult<()> {
    match connection {
        AnyConnection::Postgres(c) => c.batch_execute(statement),
        AnyConnection::Sqlite(_) => Ok(()),
    }
}

/// The folder of `migrations/` that fits.
pub(super) fn migrations(connection: &AnyConnection) -> diesel_migrations::EmbeddedMigrations {
    use diesel_migrations::{EmbeddedMigrations, embed_migrations};
    const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
    const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
    match connection {
        AnyConnection::Postgres(_) => POSTGRES,
        AnyConnection::Sqlite(_) => SQLITE,
    }
}
