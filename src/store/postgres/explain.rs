//! What PostgreSQL's errors mean: to the writer, which may try again, and to a person.

use std::path::PathBuf;

use sqlx::Error;

use super::address::Address;
use crate::store::StoreError;

/// PostgreSQL's own word for what happened; these words never change.
fn code(error: &Error) -> Option<String> {
    match error {
        Error::Database(database) => database.code().map(std::borrow::Cow::into_owned),
        _ => None,
    }
}

/// Whether there is no connection any more, or none could be made for now: the database went away, is being started or
/// stopped, or takes no more connections.
pub fn is_lost(error: &Error) -> bool {
    match error {
        Error::Io(_) | Error::Protocol(_) | Error::PoolTimedOut | Error::WorkerCrashed => true,
        error => code(error).is_some_and(|code| {
            code.starts_with("08")
                || ["57P01", "57P02", "57P03", "57P05", "25P03", "53300"].contains(&code.as_str())
        }),
    }
}

/// Whether the same transaction may go well the next time: it met another one, and one of the two had to yield.
pub fn met_another(error: &Error) -> bool {
    code(error).is_some_and(|code| ["40001", "40P01", "55P03"].contains(&code.as_str()))
}

pub fn explain(error: &Error, address: &Address) -> StoreError {
    let place = address.to_string();
    let path = PathBuf::from(&place);
    let reason = words(error);
    if is_lost(error) {
        return StoreError::Away { place, reason };
    }
    match (code(error).as_deref(), error) {
        (_, Error::PoolClosed) => StoreError::Closed,
        (_, Error::Tls(_) | Error::Configuration(_)) => StoreError::Unsafe { place, reason },
        (Some("28000" | "28P01"), _) => StoreError::SignInRefused { place, reason },
        (Some("3D000" | "3F000" | "42501"), _) => StoreError::NoRights { place, reason },
        (Some("25006"), _) => StoreError::ReadOnly { place },
        (Some("53100"), _) => StoreError::DiskFull { path },
        (Some("58030"), _) => StoreError::DiskFailed { path, reason },
        (Some("40001" | "40P01" | "55P03" | "57014"), _) => StoreError::Busy { path },
        (Some("XX001" | "XX002"), _) | (_, Error::ColumnDecode { .. } | Error::Decode(_)) => {
            StoreError::Corrupt { path, what: reason }
        }
        _ => StoreError::Other { message: reason },
    }
}

/// What the database itself says, on one line.
fn words(error: &Error) -> String {
    let text = match error {
        Error::Database(database) => database.message().to_owned(),
        Error::Io(io) => io.to_string(),
        Error::Tls(error) | Error::Configuration(error) | Error::Decode(error) => error.to_string(),
        Error::PoolTimedOut => "it takes no connection".to_owned(),
        other => other.to_string(),
    };
    crate::domain::text::one_line(&text, 300)
}
