//! The schema's history, embedded in the program.

use diesel_migrations::MigrationHarness;

use crate::model::error::{Error, Result};
use crate::store::connection::AnyConnection;
use crate::store::dialect;

/// Applies what is pending, inside the transaction that the caller opened.
pub(super) fn apply(connection: &mut AnyConnection) -> Result<Vec<String>> {
    let source = dialect::migrations(connection);
    let applied = connection.run_pending_migrations(source).map_err(Error::internal)?;
    Ok(applied.iter().map(ToString::to_string).collect())
}

pub(super) fn pending(connection: &mut AnyConnection) -> Result<Vec<String>> {
    let source = dialect::migrations(connection);
    let pending = connection.pending_migrations(source).map_err(Error::internal)?;
    Ok(pending.iter().map(|migration| migration.name().to_string()).collect())
}

pub(super) fn none_applied(connection: &mut AnyConnection) -> Result<bool> {
    Ok(connection.applied_migrations().map_err(Error::internal)?.is_empty())
}
