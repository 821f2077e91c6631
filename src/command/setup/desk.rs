//! The Desk behind the setup screen: the settings' own reader, the adapter's own checks, the store's memory of refused
//! sign-ins.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::{
    keep::{self, There},
    profile::{self, refuse},
};
use crate::{
    command::{args::Global, context::data_dir, print::Failure, stores},
    domain::Timestamp,
    engine::{StoredSignIn, census},
    psa::{
        Psa, PsaError,
        port::{self, CheckVerdict, SignInMemory},
        registry::{FieldKind, ROOMS},
    },
    settings::{self, Settings},
    store::Store,
    system::{
        Clock,
        keyring::{self, Keyring},
    },
    tui::{
        desk::Trouble,
        setup::desk::{
            At, Census, Check, Choice, Draft, Field, Preview, Refusal, Saved, SetupDesk, Start, Tested,
            Vendor, Verdict,
        },
    },
};

/// A PSA that stays away is not waited for: most likely the address is wrong, and a person sits here.
const PATIENCE: Duration = Duration::from_secs(20);

/// What to do about a sign-in that was refused moments ago.
const RESTS: &str = "Correct the credentials and test again: others are tried at once. If they are right and it was mended in the PSA instead, the same may be tried now, once.";

pub struct RealSetupDesk {
    start: Start,
    store: Arc<dyn Store>,
    keyring: Arc<dyn Keyring>,
    clock: Clock,
    /// What the last test was made with; all clients are read through it.
    psa: Mutex<Option<Arc<dyn Psa>>>,
}

impl RealSetupDesk {
    /// `first`: nobody asked for the setup, so the demo is offered, too.
    pub async fn open(global: &Global, first: bool) -> Result<Self, Failure> {
        let path = settings::location::settings_file(global.config.as_deref())
            .map_err(|error| Failure::usage(error.to_string(), ""))?;
        let there = There::read(&path)
            .map_err(|refusal| Failure::usage(refusal.trouble.message, refusal.trouble.advice))?;
        let taken = match &there {
            There::Nothing => BTreeSet::new(),
            There::Text(text) => profiles(text),
        };
        if let Some(name) = global.profile.as_ref().filter(|name| taken.contains(*name)) {
            return Err(Failure::usage(
                format!("there is a profile \"{name}\" in {} already", path.display()),
                "It is left as it is: change it by hand, or give the new one another name.",
            ));
        }
        let profile = global.profile.clone().unwrap_or_else(|| free_name(&taken));
        Ok(Self {
            start: Start {
                exists: there != There::Nothing,
                path,
                first,
                vendors: vendors(),
                profile,
                keyring: keyring::is_built_in(),
            },
            store: store(global).await?,
            keyring: keyring::own(),
            clock: Clock::system(),
            psa: Mutex::default(),
        })
    }

    /// The profile as the settings' own reader gets it, opened with what was typed.
    async fn connect(&self, draft: &Draft) -> Result<(Arc<dyn Psa>, Arc<StoredSignIn>), Refusal> {
        let there = There::read(&self.start.path)?;
        let kept = keep::places(draft, &self.start.path, self.keyring.as_ref()).await?;
        let preview = keep::preview(draft, &profile::some_choice(), &kept, &self.start.path, &there)?;
        let settings = Settings::parse(&preview.text, &self.start.path)
            .map_err(|error| profile::refused_by_settings(&error, draft))?;
        let read = settings.profiles.get(&draft.profile);
        let read = read.ok_or_else(|| refuse(Some(At::Profile), "The profile cannot be read back.", ""))?;
        let mut connection = read
            .connection_given(profile::typed(draft), self.clock.clone(), Some(PATIENCE))
            .await
            .map_err(|error| profile::refused_by_settings(&error, draft))?;
        for secret in connection.secrets.values() {
            crate::telemetry::keep_secret(secret);
        }
        let sign_in =
            Arc::new(StoredSignIn::new(Arc::clone(&self.store), &connection.sign_in(), self.clock.clone()));
        connection.memory = Some(Arc::clone(&sign_in) as Arc<dyn SignInMemory>);
        let psa = (read.room.open)(connection).map_err(|error| troubled(&error))?;
        Ok((psa, sign_in))
    }
}

/// Where refused sign-ins are remembered: in the team's store, if settings that can be read name one.
async fn store(global: &Global) -> Result<Arc<dyn Store>, Failure> {
    let which = match stores::which(global).await {
        Ok(which) => which,
        Err(_) => stores::Which::Folder(data_dir(global)?),
    };
    Ok(which.open().await?)
}

#[async_trait]
impl SetupDesk for RealSetupDesk {
    fn start(&self) -> Start {
        self.start.clone()
    }

    async fn test(&self, draft: Draft, again: bool) -> Result<Tested, Refusal> {
        let (psa, sign_in) = self.connect(&draft).await?;
        if again {
            sign_in.forget().await.map_err(|error| {
                refuse(None, &format!("{error}."), "The refused sign-in cannot be forgotten.")
            })?;
        }
        if let Some(rest) = sign_in.resting().await {
            let check = Check {
                name: "sign-in".to_owned(),
                verdict: Verdict::Failed,
                text: rest.to_string(),
                advice: Some(RESTS.to_owned()),
                at: draft.secrets.keys().next().copied().map(At::Key),
            };
            return Ok(Tested { checks: vec![check], resting: true });
        }
        let checks = psa.check().await;
        *self.psa.lock().await = Some(psa);
        Ok(Tested { checks: checks.into_iter().map(told).collect(), resting: false })
    }

    async fn census(&self, _draft: Draft) -> Result<Census, Refusal> {
        let psa = self.psa.lock().await.clone();
        let psa = psa.ok_or_else(|| refuse(None, "Nothing was tested yet.", "Go back and test it."))?;
        let taken = census::take(psa.as_ref()).await.map_err(|error| troubled(&error))?;
        Ok(Census {
            clients: taken.clients,
            statuses: taken.statuses,
            tags: taken.tags,
            no_contracts: taken.no_contracts,
            statuses_to_set: taken.statuses_to_set,
            today: Timestamp::new(self.clock.now()).day(),
        })
    }

    async fn preview(&self, draft: Draft, choice: Choice) -> Result<Preview, Refusal> {
        let there = There::read(&self.start.path)?;
        let kept = keep::places(&draft, &self.start.path, self.keyring.as_ref()).await?;
        keep::preview(&draft, &choice, &kept, &self.start.path, &there)
    }

    async fn save(&self, draft: Draft, choice: Choice, preview: Preview) -> Result<Saved, Refusal> {
        let path = &self.start.path;
        let kept = keep::places(&draft, path, self.keyring.as_ref()).await?;
        let now = keep::preview(&draft, &choice, &kept, path, &There::read(path)?)?;
        if now != preview {
            return Err(refuse(
                None,
                "What would be written is not what was shown: something changed the folder or the keyring meanwhile.",
                "Go back and look at it again; nothing was saved.",
            ));
        }
        keep::save(&kept, &preview, path, self.keyring.as_ref()).await
    }
}

fn vendors() -> Vec<Vendor> {
    let field = |field: &crate::psa::registry::Field| Field {
        key: field.key,
        secret: field.kind == FieldKind::Secret,
        required: field.required,
        help: field.help,
        example: field.example,
    };
    ROOMS
        .iter()
        .map(|room| Vendor {
            key: room.key,
            nouns: room.nouns,
            statuses: room.criteria.statuses,
            tags: room.criteria.tags,
            fields: room.fields.iter().map(field).collect(),
        })
        .collect()
}

/// The names of the profiles of a file, as far as it can be read.
fn profiles(text: &str) -> BTreeSet<String> {
    let table: toml::Table = text.parse().unwrap_or_default();
    let profiles = table.get("profiles").and_then(|all| all.as_table());
    profiles.into_iter().flat_map(|all| all.keys().cloned()).collect()
}

fn free_name(taken: &BTreeSet<String>) -> String {
    let mut names = (1..).map(|n| if n == 1 { "main".to_owned() } else { format!("main-{n}") });
    names.find(|name| !taken.contains(name)).unwrap_or_default()
}

fn told(check: port::Check) -> Check {
    let at = check.field.map(At::Key);
    Check {
        verdict: match check.verdict {
            CheckVerdict::Passed => Verdict::Passed,
            CheckVerdict::Warned => Verdict::Warned,
            CheckVerdict::Failed => Verdict::Failed,
            CheckVerdict::Unknown => Verdict::Unknown,
        },
        name: check.name,
        text: check.text,
        advice: check.advice,
        at,
    }
}

fn troubled(error: &PsaError) -> Refusal {
    Refusal { trouble: Trouble { message: error.to_string(), advice: error.advice().to_owned() }, at: None }
}
