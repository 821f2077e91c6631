//! The form: one row per field of the PSA, two for a secret: what it is, and where it shall be kept.

use std::collections::BTreeMap;

use tui_input::Input;

use super::{
    super::{key::Key, line_input},
    desk::{At, Draft, Field, SecretWay, Start, Vendor},
    secret_input::SecretInput,
};

/// Where a secret is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Keeping {
    #[default]
    File,
    Keyring,
    Command,
    Env,
}

impl Keeping {
    /// The choice in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::File => "a file for you alone",
            Self::Keyring => "this desktop's keyring",
            Self::Command => "a command that prints it",
            Self::Env => "an environment variable",
        }
    }

    /// What that means.
    pub fn help(self) -> &'static str {
        match self {
            Self::File => {
                "A file of mode 0600 beside the settings file: works everywhere, also for scheduled runs."
            }
            Self::Keyring => {
                "The keyring of the person who is signed in. Servers and scheduled runs mostly cannot reach one."
            }
            Self::Command => {
                "A password manager, such as: pass show connectwise. Its first line is the secret; it is run whenever the secret is needed, without a shell."
            }
            Self::Env => {
                "A variable that is set wherever mothball runs. It must be set here and now, too, to test it."
            }
        }
    }

    /// The ways that this build has.
    pub fn all(keyring: bool) -> &'static [Self] {
        if keyring {
            &[Self::File, Self::Keyring, Self::Command, Self::Env]
        } else {
            &[Self::File, Self::Command, Self::Env]
        }
    }

    /// Whether the secret itself is typed in here.
    pub fn is_ours(self) -> bool {
        matches!(self, Self::File | Self::Keyring)
    }
}

/// What is typed for one secret. Every way keeps its own text, so that trying another one loses nothing.
#[derive(Debug, Default)]
pub struct SecretField {
    pub keeping: Keeping,
    pub secret: SecretInput,
    pub command: Input,
    pub variable: Input,
}

/// One row of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    Profile,
    Text(usize),
    Secret(usize),
    Keeping(usize),
    Go,
}

#[derive(Debug)]
pub struct Form {
    pub vendor: Vendor,
    pub keyring: bool,
    pub profile: Input,
    /// By field.
    pub texts: BTreeMap<usize, Input>,
    pub secrets: BTreeMap<usize, SecretField>,
    pub focus: usize,
    /// What is wrong with which row.
    pub fault: Option<(Row, String)>,
}

impl Form {
    pub fn new(vendor: Vendor, start: &Start) -> Self {
        let (mut texts, mut secrets) = (BTreeMap::new(), BTreeMap::new());
        for (at, field) in vendor.fields.iter().enumerate() {
            if field.secret {
                let variable = Input::new(field.example.to_owned());
                secrets.insert(at, SecretField { variable, ..SecretField::default() });
            } else {
                texts.insert(at, Input::default());
            }
        }
        let profile = Input::new(start.profile.clone());
        Self { vendor, keyring: start.keyring, profile, texts, secrets, focus: 1, fault: None }
    }

    pub fn rows(&self) -> Vec<Row> {
        let mut rows = vec![Row::Profile];
        for (at, field) in self.vendor.fields.iter().enumerate() {
            if field.secret {
                rows.extend([Row::Secret(at), Row::Keeping(at)]);
            } else {
                rows.push(Row::Text(at));
            }
        }
        rows.push(Row::Go);
        rows
    }

    pub fn row(&self) -> Row {
        self.rows().get(self.focus).copied().unwrap_or(Row::Go)
    }

    /// Moves the focus, around the ends.
    pub fn step(&mut self, by: isize) {
        let len = self.rows().len();
        self.focus = (self.focus + len).saturating_add_signed(by) % len;
    }

    pub fn focus_on(&mut self, row: Row) {
        if let Some(at) = self.rows().iter().position(|other| *other == row) {
            self.focus = at;
        }
    }

    /// The row of a field that something was said about.
    pub fn row_at(&self, at: At) -> Row {
        let At::Key(key) = at else { return Row::Profile };
        match self.vendor.fields.iter().position(|field| field.key == key) {
            Some(at) if self.vendor.fields[at].secret => Row::Secret(at),
            Some(at) => Row::Text(at),
            None => Row::Go,
        }
    }

    pub fn field(&self, at: usize) -> &Field {
        &self.vendor.fields[at]
    }

    /// Whether anything was typed that would be lost.
    pub fn is_touched(&self) -> bool {
        self.texts.values().any(|input| !input.value().is_empty())
            || self
                .secrets
                .values()
                .any(|field| !field.secret.is_empty() || !field.command.value().is_empty())
    }

    /// The line of text that has the focus, if it is one that is seen.
    fn line(&mut self) -> Option<&mut Input> {
        match self.row() {
            Row::Profile => Some(&mut self.profile),
            Row::Text(at) => self.texts.get_mut(&at),
            Row::Secret(at) => self.secrets.get_mut(&at).and_then(|field| match field.keeping {
                Keeping::Command => Some(&mut field.command),
                Keeping::Env => Some(&mut field.variable),
                Keeping::File | Keeping::Keyring => None,
            }),
            Row::Keeping(_) | Row::Go => None,
        }
    }

    fn hidden(&mut self) -> Option<&mut SecretInput> {
        let Row::Secret(at) = self.row() else { return None };
        self.secrets.get_mut(&at).filter(|field| field.keeping.is_ours()).map(|field| &mut field.secret)
    }

    /// Gives the key to the row that has the focus; says whether it took it.
    pub fn press(&mut self, key: Key) -> bool {
        if let Some(secret) = self.hidden() {
            return secret.press(key);
        }
        match self.line() {
            Some(input) => line_input::edit(input, key) || line_input::is_horizontal(key),
            None => false,
        }
    }

    pub fn paste(&mut self, text: &str) {
        if let Some(secret) = self.hidden() {
            secret.paste(text);
        } else if let Some(input) = self.line() {
            // People copy with blanks and line ends around it.
            line_input::paste(input, text.trim());
        }
    }

    /// The next way to keep the secret of this row.
    pub fn cycle(&mut self, at: usize, by: isize) {
        let all = Keeping::all(self.keyring);
        if let Some(field) = self.secrets.get_mut(&at) {
            let here = all.iter().position(|keeping| *keeping == field.keeping).unwrap_or(0);
            field.keeping = all[(here + all.len()).saturating_add_signed(by) % all.len()];
        }
    }

    /// All that was typed, or the first row that lacks something.
    pub fn draft(&self) -> Result<Draft, (Row, String)> {
        let profile = self.profile.value().trim().to_owned();
        if profile.is_empty() {
            return Err((Row::Profile, "Give the profile a name, such as main.".to_owned()));
        }
        let mut draft =
            Draft { profile, vendor: self.vendor.key, values: BTreeMap::new(), secrets: BTreeMap::new() };
        for (at, field) in self.vendor.fields.iter().enumerate() {
            if let Some(input) = self.texts.get(&at) {
                let value = input.value().trim();
                if !value.is_empty() {
                    draft.values.insert(field.key, value.to_owned());
                } else if field.required {
                    return Err((Row::Text(at), "This is needed.".to_owned()));
                }
            } else if let Some(secret) = self.secrets.get(&at) {
                let way = secret.way().map_err(|what| (Row::Secret(at), what.to_owned()))?;
                draft.secrets.insert(field.key, way);
            }
        }
        Ok(draft)
    }
}

impl SecretField {
    /// The way to it as it stands, or what is missing.
    pub fn way(&self) -> Result<SecretWay, &'static str> {
        let text = |input: &Input, lack| match input.value().trim() {
            "" => Err(lack),
            text => Ok(text.to_owned()),
        };
        match self.keeping {
            Keeping::File | Keeping::Keyring if self.secret.is_empty() => {
                Err("This is needed: type or paste it. It is not shown.")
            }
            Keeping::File => Ok(SecretWay::File(self.secret.secret())),
            Keeping::Keyring => Ok(SecretWay::Keyring(self.secret.secret())),
            Keeping::Command => {
                text(&self.command, "Write the command that prints it, such as: pass show connectwise")
                    .map(SecretWay::Command)
            }
            Keeping::Env => text(&self.variable, "Write the name of the variable.").map(SecretWay::Env),
        }
    }
}
