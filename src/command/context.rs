//! From settings to a working engine: the parts are built and joined here.

use std::{path::PathBuf, sync::Arc, time::Duration};

use super::{
    args::Global,
    look,
    print::Failure,
    seats::TeamSeats,
    stores::{self, Opened},
    views::Views,
};
use crate::{
    domain::{ExitCode, consent::Person},
    engine::{Engine, Profile, StoredSignIn},
    psa::{
        PsaError,
        port::{Seats, SignInMemory},
    },
    settings::{self, Settings},
    store::{Audit, Store},
    system::{Clock, process::user},
};

/// How long a run without a screen waits for a PSA that stays away.
const PATIENCE: Duration = Duration::from_mins(10);

/// What every command that works on a PSA needs.
#[derive(Clone)]
pub struct Context {
    pub settings: Settings,
    pub engine: Engine,
    /// The engine's store, for those who check it.
    pub audit: Arc<dyn Audit>,
    pub sign_in: Arc<StoredSignIn>,
    pub data_dir: PathBuf,
    pub operator: String,
}

/// Where the store and the log lie, by flag, environment or platform.
pub fn data_dir(global: &Global) -> Result<PathBuf, Failure> {
    settings::location::data_folder(global.data_dir.as_deref())
        .map_err(|error| Failure::usage(error.to_string(), "Name a folder with --data-dir."))
}

/// Reads the settings, or says what is wrong with them. All of them, the keys of the screen included: a file
/// that is wrong in one place may be wrong in another, and nothing is begun with a part of one.
pub fn load_settings(global: &Global) -> Result<Settings, Failure> {
    let settings = Settings::load(global.config.as_deref());
    let checked = settings.and_then(|settings| look::keymap(&settings).map(|_| settings));
    checked.map_err(|error| Failure::usage(error.to_string(), ""))
}

impl Context {
    /// `watched`: a person sees what goes on, so a PSA that stays away is waited for.
    pub async fn open(global: &Global, watched: bool) -> Result<Self, Failure> {
        let settings = load_settings(global)?;
        Self::with_settings(settings, global, watched).await
    }

    pub async fn with_settings(settings: Settings, global: &Global, watched: bool) -> Result<Self, Failure> {
        Self::on_store(settings, global, watched, None).await
    }

    /// `opened`: the store that is open already, where several profiles share it.
    pub async fn on_store(
        settings: Settings,
        global: &Global,
        watched: bool,
        opened: Option<&Opened>,
    ) -> Result<Self, Failure> {
        let clock = Clock::system();
        let profile = settings
            .profile(global.profile.as_deref())
            .map_err(|error| Failure::usage(error.to_string(), ""))?
            .clone();
        let data_dir = data_dir(global)?;
        let mut connection = profile
            .connection(clock.clone(), (!watched).then_some(PATIENCE))
            .await
            .map_err(|error| Failure::usage(error.to_string(), ""))?;
        for secret in connection.secrets.values() {
            crate::telemetry::keep_secret(secret);
        }
        let Opened { store: audit, team } = match opened {
            Some(opened) => opened.clone(),
            None => stores::open(&settings, &data_dir).await?,
        };
        let store = Arc::clone(&audit) as Arc<dyn Store>;
        connection.seats = team.map(|team| {
            Arc::new(TeamSeats::new(team, profile.room.key, &connection.sign_in())) as Arc<dyn Seats>
        });
        let sign_in = StoredSignIn::new(Arc::clone(&store), &connection.sign_in(), clock.clone());
        let sign_in = Arc::new(sign_in);
        connection.memory = Some(Arc::clone(&sign_in) as Arc<dyn SignInMemory>);
        let psa = (profile.room.open)(connection).map_err(|error| psa_failure(&error))?;
        let operator = settings.operator.clone();
        let engine = Engine {
            psa,
            store,
            clock,
            profile: Profile {
                name: profile.name.clone(),
                psa: profile.room.key.to_owned(),
                criteria: profile.criteria.clone(),
                protection: profile.protection.clone(),
                status: profile.wanted_status.clone(),
                safeguards: settings.safeguards.clone(),
                verify_again_after_hours: profile.verify_again_after_hours,
                notes: profile.notes,
                unenforced: settings.unenforced(&profile),
            },
        };
        Ok(Self { settings, engine, audit, sign_in, data_dir, operator })
    }

    /// Who sits here, as far as this computer can tell.
    pub fn person(&self) -> Person {
        Person { operator: self.operator.clone(), user: user() }
    }

    /// How Review was looked at in earlier sessions.
    pub fn views(&self) -> Views {
        Views::in_folder(&self.data_dir)
    }

    /// Where reports are kept that nobody named a place for.
    pub fn report_folder(&self) -> PathBuf {
        self.data_dir.join("reports")
    }
}

pub fn psa_failure(error: &PsaError) -> Failure {
    let code = if error.is_settings() { ExitCode::Usage } else { ExitCode::of(error.code()) };
    Failure { code, message: error.to_string(), advice: error.advice().to_owned() }
}
