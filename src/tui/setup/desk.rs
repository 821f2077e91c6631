//! What the setup screen may ask for. `command/setup` answers with the real thing, tests with a script.

use std::{collections::BTreeMap, path::PathBuf};

use async_trait::async_trait;
use jiff::civil::Date;
use secrecy::SecretString;

use super::super::desk::Trouble;
use crate::domain::{Client, Criteria, tenant::Nouns};

/// Everything that lies behind the setup screen. Nothing is stored before [`SetupDesk::save`].
#[async_trait]
pub trait SetupDesk: Send + Sync + 'static {
    fn start(&self) -> Start;

    /// Reaches the PSA, signs in and looks at the rights. A sign-in that was refused a short while ago is not sent
    /// again, unless a person says `again`.
    async fn test(&self, draft: Draft, again: bool) -> Result<Tested, Refusal>;

    /// All clients, to choose the criteria by.
    async fn census(&self, draft: Draft) -> Result<Census, Refusal>;

    /// The text that would be written. No secret is in it.
    async fn preview(&self, draft: Draft, choice: Choice) -> Result<Preview, Refusal>;

    /// Stores the secrets where they shall be kept and writes the file, if it still is as it was for this preview.
    async fn save(&self, draft: Draft, choice: Choice, preview: Preview) -> Result<Saved, Refusal>;
}

/// What is known before anything was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// Where the settings file is, or will be.
    pub path: PathBuf,
    pub exists: bool,
    /// Nobody asked for the setup: the demo is offered, too.
    pub first: bool,
    pub vendors: Vec<Vendor>,
    /// A name for the profile that is free.
    pub profile: String,
    /// Whether this build can keep a secret in a keyring.
    pub keyring: bool,
}

/// A PSA, as its room declares it.
#[derive(Debug, Clone, PartialEq)]
pub struct Vendor {
    pub key: &'static str,
    pub nouns: Nouns,
    /// What the criterion `statuses` looks at, such as `company statuses`; and `tags`.
    pub statuses: &'static str,
    pub tags: &'static str,
    pub fields: Vec<Field>,
}

/// One key of the profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub key: &'static str,
    pub secret: bool,
    pub required: bool,
    /// Where to find it in the PSA.
    pub help: &'static str,
    pub example: &'static str,
}

/// What was typed. Its secrets are not shown by anything, `Debug` included.
#[derive(Debug, Clone)]
pub struct Draft {
    pub profile: String,
    pub vendor: &'static str,
    pub values: BTreeMap<&'static str, String>,
    pub secrets: BTreeMap<&'static str, SecretWay>,
}

/// Where a secret shall be kept, with the secret itself where it is ours to keep.
#[derive(Debug, Clone)]
pub enum SecretWay {
    File(SecretString),
    Keyring(SecretString),
    /// The name of a variable.
    Env(String),
    /// Program and arguments, as typed.
    Command(String),
}

/// What counts as offboarded, and what is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    pub criteria: Criteria,
    /// Set together with the inactive mark.
    pub status: Option<String>,
}

/// Something that cannot be as it is, and the field to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub trouble: Trouble,
    pub at: Option<At>,
}

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum At {
    Profile,
    /// The key of the profile.
    Key(&'static str),
}

/// What the PSA said to this draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tested {
    pub checks: Vec<Check>,
    /// The sign-in was refused a short while ago and was not sent again: only a person can want that.
    pub resting: bool,
}

impl Tested {
    /// The main job can be done.
    pub fn works(&self) -> bool {
        self.checks.iter().all(|check| check.verdict != Verdict::Failed)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub name: String,
    pub verdict: Verdict,
    pub text: String,
    /// What to do, and where in the PSA.
    pub advice: Option<String>,
    pub at: Option<At>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Passed,
    Warned,
    Failed,
    Unknown,
}

/// All clients, with what the criteria look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Census {
    pub clients: Vec<Client>,
    /// Names that a criterion may have, whether a client bears them or not.
    pub statuses: Vec<String>,
    pub tags: Vec<String>,
    /// Why nothing is known about contracts.
    pub no_contracts: Option<String>,
    pub statuses_to_set: Vec<String>,
    pub today: Date,
}

/// The file as it would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// All of it.
    pub text: String,
    /// What of it is there already, if a profile is added to a file; it stays as it is.
    pub before: Option<String>,
    /// Where each secret will be kept, in words.
    pub secrets: Vec<String>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    pub path: PathBuf,
    /// Where each secret lies, in words, and what is left to do for it.
    pub secrets: Vec<String>,
}
