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

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;

    use super::*;
    use crate::store::schema::authorizations;

    #[test]
    fn every_step_back_can_be_taken_and_none_makes_a_handle_a_sad() {
        let sqlite = SqliteConnection::establish(":memory:").unwrap();
        // Two authorizations; their credential is left out.
        let authorization = |id: &str, pending: bool| {
            format!(
                "INSERT INTO authorizations (id, sad_id, credential, tenant, client, remaining, wrapped_data_key,
                 expires_at, ends_at, created_at, version, pending)
                 VALUES ('{id}', x'{id}', 'c', 't', 'x', 1, x'00', 1, 1, 1, 0, {pending});"
            )
        };
        let mut connection = AnyConnection::Sqlite(sqlite);
        let applied = apply(&mut connection).unwrap();
        connection.batch_execute("PRAGMA foreign_keys = OFF").unwrap();
        connection.batch_execute(&(authorization("01", false) + &authorization("02", true))).unwrap();
        for step in applied.iter().skip(1).rev() {
            let source = dialect::migrations(&connection);
            let reverted = connection.revert_last_migration(source).unwrap();
            assert_eq!(reverted.to_string(), *step);
        }
        let left = authorizations::table.select(authorizations::id).load::<String>(&mut connection);
        assert_eq!(left.unwrap(), ["01"]);
    }
}
