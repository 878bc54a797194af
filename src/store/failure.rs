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
                // PostgreSQL's deadlocks are among these, and diesel does not tell which they are.
                DatabaseErrorKind::Unknown => Error::internal(error).retry_after(1),
                _ => Error::internal(error),
            },
            DieselError::BrokenTransactionManager => unavailable(error),
            _ => Error::internal(error),
        }
    }
}

/// Whether a transaction that failed for the `failures`th time starts over; all of it was rolled back.
pub(super) fn starts_over(error: &Error, failures: usize) -> bool {
    match error.code() {
        Code::Conflict => failures < CONFLICTS,
        Code::InternalError => error.retry_after_seconds().is_some() && failures < UNNAMED,
        _ => false,
    }
}

/// How often a write starts over when others change its rows at the same time.
const CONFLICTS: usize = 12;
/// How often it does when the database does not say what was wrong: mostly it would be wrong again.
const UNNAMED: usize = 4;

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
