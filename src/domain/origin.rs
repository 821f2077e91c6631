//! What set a run going: a person at a terminal, or one of the server's triggers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What set a run going. Records of earlier builds name none: those were all started by persons.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Origin {
    /// The screen or the command line.
    #[default]
    Person,
    /// A line of `[[schedules]]`.
    Schedule { name: String },
    /// What a PSA told.
    Webhook { event: String },
    /// A call of the API, under the name of its token.
    Api { token: String },
}

impl Origin {
    pub fn is_person(&self) -> bool {
        *self == Self::Person
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Person => f.write_str("a person"),
            Self::Schedule { name } => write!(f, "schedule {name}"),
            Self::Webhook { event } => write!(f, "webhook {event}"),
            Self::Api { token } => write!(f, "API ({token})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_down_keeps_its_form() {
        for (origin, json) in [
            (Origin::Person, r#"{"kind":"person"}"#),
            (Origin::Schedule { name: "nightly".into() }, r#"{"kind":"schedule","name":"nightly"}"#),
            (Origin::Webhook { event: "e1".into() }, r#"{"kind":"webhook","event":"e1"}"#),
            (Origin::Api { token: "jane".into() }, r#"{"kind":"api","token":"jane"}"#),
        ] {
            assert_eq!(serde_json::to_string(&origin).unwrap(), json);
            assert_eq!(serde_json::from_str::<Origin>(json).unwrap(), origin);
        }
    }
}
