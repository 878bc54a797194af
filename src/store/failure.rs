//! What a database error means to those above, who do not know diesel.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::model::error::{Code, Error};

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        match &error {
            DieselError::NotFound => Error::not_found(),
            DieselError::DatabaseError(kind, _) => match kind {
                DatabaseErrorKind::UniqueViolation => {
                    Error::new(Code::AlreadyExists, "It exists already.").caused_by(error)
                }
                DatabaseErrorKind::SerializationFailure => Error::conflict().caused_by(error),
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
                    unavailable(error)
                }
                _ => Error::internal(error),
            },
            DieselError::BrokenTransactionManager => unavailable(error),
            _ => Error::internal(error),
        }
    }
}

/// Nothing was done, and trying again makes sense.
pub(super) fn unavailable(cause: impl std::fmt::Display) -> Error {
    Error::new(Code::StorageUnavailable, "The database cannot be reached; nothing was done.")
        .retry_after(2)
        .caused_by(cause)
}

/// The connection was lost while a COMMIT was under way.
pub(super) fn outcome_unknown(cause: impl std::fmt::Display) -> Error {
    Error::new(
        Code::OutcomeUnknown,
        "The connection to the database was lost during the commit; whether the change took place is not known.",
    )
    .retry_after(2)
    .caused_by(cause)
}

/// A row that does not read as what it should be.
pub(super) fn corrupt(what: &str) -> Error {
    Error::internal(format!("a stored {what} does not read as one"))
}
