//! Identifiers. They are text, because the three vendors do not agree on anything better.

use std::cmp::Ordering;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Label, Text};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident of $text:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(#[schemars(with = "String")] $text);

        impl $name {
            pub fn new(id: impl Into<$text>) -> Self {
                Self(id.into())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.into())
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id.into())
            }
        }

        impl From<i64> for $name {
            fn from(id: i64) -> Self {
                Self(id.to_string().into())
            }
        }

        /// Numbers in the order of their value, before everything else in the order of its text.
        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                by_number_then_text(&self.0, &other.0)
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }
    };
}

id!(
    /// A client (ConnectWise and Autotask say company), as the PSA numbers it.
    ClientId of Label
);
id!(
    /// A configuration (Autotask says configuration item, HaloPSA asset), as the PSA numbers it.
    ConfigId of Text
);
id!(
    /// One pass from discovery to report.
    RunId of Text
);

fn by_number_then_text(a: &str, b: &str) -> Ordering {
    match (a.parse::<u64>(), b.parse::<u64>()) {
        (Ok(x), Ok(y)) => x.cmp(&y).then_with(|| a.cmp(b)),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sort_by_value() {
        let mut ids: Vec<ConfigId> = ["10", "9", "x", "100"].map(ConfigId::from).to_vec();
        ids.sort();
        assert_eq!(ids, ["9", "10", "100", "x"].map(ConfigId::from));
    }
}
