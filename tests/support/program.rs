//! The real binary, with settings that point at a simulated PSA and a folder of its own.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Output,
    sync::Arc,
};

use mothball::{
    psa::registry::FieldKind,
    simulator::{Options, Simulator},
    store::{Audit, sqlite::SqliteStore},
};
use serde_json::Value;
use tempfile::TempDir;

use super::{postgres::Database, vendor};

pub struct Program {
    pub simulator: Simulator,
    pub folder: TempDir,
    /// A team's database in place of the file in the data directory.
    pub team: Option<Database>,
    checked: bool,
}

/// The variable that has the address of the team's database.
const STORE_URL: &str = "MOTHBALL_TEST_STORE_URL";

/// The canaries travel in the environment, as a technician's secrets would: here is where the one of this key is.
pub fn variable(key: &str) -> String {
    format!("MOTHBALL_TEST_{}", key.to_uppercase())
}

impl Program {
    pub async fn new(options: Options) -> Self {
        let simulator =
            Simulator::start(super::canary::planted(options)).await.expect("the simulator starts");
        let folder = tempfile::tempdir().expect("a folder");
        let program = Self { simulator, folder, team: None, checked: false };
        program.write_settings("");
        program
    }

    /// The same with a team's database.
    pub async fn of_a_team(options: Options, database: Database) -> Self {
        let mut program = Self::new(options).await;
        program.team = Some(database);
        program.write_settings("");
        program
    }

    /// The store that the program uses.
    pub async fn store(&self) -> Arc<dyn Audit> {
        match &self.team {
            Some(database) => Arc::new(database.open().await),
            None => Arc::new(SqliteStore::open(&self.data_dir()).await.expect("the store opens")),
        }
    }

    pub fn settings_path(&self) -> PathBuf {
        self.folder.path().join("config.toml")
    }

    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The usual settings, with `more` at their end.
    pub fn write_settings(&self, more: &str) {
        let psa = self.simulator.psa();
        let mut given = self.simulator.credentials();
        given.insert("base_url".to_owned(), self.simulator.base_url());
        let quoted = |text: &str| Value::String(text.to_owned()).to_string();
        let fields: String = vendor::room(psa)
            .fields
            .iter()
            .filter_map(|field| {
                let value = given.get(field.key)?;
                Some(if field.kind == FieldKind::Secret {
                    format!("{} = {{ env = \"{}\" }}\n", field.key, variable(field.key))
                } else {
                    format!("{} = {}\n", field.key, quoted(value))
                })
            })
            .collect();
        let status = vendor::facts(psa).status.map_or(String::new(), |status| {
            format!("[profiles.main.deactivate]\nstatus = {}\n", quoted(status))
        });
        let store = self
            .team
            .as_ref()
            .map_or(String::new(), |_| format!("[store]\nurl = {{ env = \"{STORE_URL}\" }}\n"));
        let text = format!(
            r#"default_profile = "main"
operator = "jane@msp.example"

[profiles.main]
psa = "{psa}"
{fields}
[profiles.main.offboarded]
inactive = true
statuses = ["Former Client"]
tags = ["Offboarded"]
custom_field = {{ name = "Offboarded", value = "Yes" }}
contract_ended_days = 30

{status}
{more}
{store}"#,
        );
        std::fs::write(self.settings_path(), text).expect("the settings can be written");
    }

    /// The secrets, as the settings expect them.
    pub fn secret_environment(&self) -> Vec<(String, String)> {
        let secrets = vendor::secrets(&self.simulator).into_iter();
        let store = self.team.iter().map(|database| (STORE_URL.to_owned(), database.url.clone()));
        secrets.map(|(key, secret)| (variable(key), secret)).chain(store).collect()
    }

    pub fn command(&self, arguments: &[&str]) -> std::process::Command {
        self.command_in(&self.data_dir(), arguments)
    }

    /// The program with another data directory.
    pub fn command_in(&self, data_dir: &Path, arguments: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mothball"));
        command
            .args(["--config".as_ref(), self.settings_path().as_os_str()])
            .args(["--data-dir".as_ref(), data_dir.as_os_str()])
            .args(arguments)
            .envs(self.secret_environment())
            .env_remove("MOTHBALL_CONFIG")
            .env_remove("MOTHBALL_DATA_DIR")
            .stdin(std::process::Stdio::null());
        command
    }

    /// Runs to the end; every byte that comes out is searched for secrets.
    pub async fn run(&self, arguments: &[&str]) -> Ended {
        self.end(self.command(arguments)).await
    }

    /// The same for a command that was made before.
    pub async fn end(&self, command: std::process::Command) -> Ended {
        let mut command = tokio::process::Command::from(command);
        let output = tokio::time::timeout(std::time::Duration::from_mins(2), command.output())
            .await
            .unwrap_or_else(|_| panic!("{command:?} hangs"))
            .expect("the program can be started");
        self.ended(&output)
    }

    pub fn ended(&self, output: &Output) -> Ended {
        let forms = super::canary::forms(&self.simulator);
        super::canary::assert_none(&output.stdout, &forms, "standard output");
        super::canary::assert_none(&output.stderr, &forms, "standard error");
        for written in [&output.stdout, &output.stderr] {
            let text = String::from_utf8_lossy(written);
            assert!(!text.contains(super::postgres::PASSWORD), "the database's password: {text}");
        }
        Ended {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The shared check of every test that uses the simulator.
    pub async fn check(mut self) {
        self.checked = true;
        if self.team.is_some() {
            assert!(!self.data_dir().join("mothball.db").exists(), "a store in the data directory, too");
            super::canary::assert_without(self.folder.path(), super::postgres::PASSWORD);
        }
        if self.team.is_some() || self.data_dir().join("mothball.db").exists() {
            let store = self.store().await;
            super::world::check_writes(&self.simulator, store.as_ref()).await;
            store.close().await;
        } else {
            assert!(self.simulator.writes().is_empty(), "something was written without a journal");
        }
        super::canary::assert_clean(self.folder.path(), &self.simulator);
    }

    /// The end of a test that gave each life of the program a data directory of its own, and made the shared check there.
    pub fn checked_by_life(mut self) {
        self.checked = true;
        assert!(self.simulator.notes().is_empty(), "the simulator noted: {:#?}", self.simulator.notes());
    }

    /// Ids of configurations that were really changed.
    pub fn written(&self) -> BTreeSet<String> {
        self.simulator
            .writes()
            .into_iter()
            .filter(|write| !super::notes::is_note(write))
            .map(|write| write.id)
            .collect()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        assert!(
            !(!self.checked && !std::thread::panicking()),
            "a test that uses the simulator must end with Program::check"
        );
    }
}

#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// The report on standard output: there is nothing else on it, and it keeps its schema and arithmetic.
    pub fn report(&self) -> Value {
        let report: Value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("standard output is no report: {error}: {self:?}"));
        super::schema::assert_valid(&report);
        assert_closes(&report);
        report
    }
}

pub fn assert_closes(report: &Value) {
    let statistics = &report["statistics"];
    let get = |key: &str| statistics[key].as_u64().unwrap_or(0);
    assert_eq!(
        get("configs_found"),
        get("configs_deactivated") + get("configs_restored") + get("configs_skipped") + get("errors"),
        "{statistics}"
    );
    if let Some(configs) = report["configs"].as_array() {
        assert_eq!(configs.len() as u64, get("configs_found"));
        let of_items =
            report["errors"].as_array().unwrap().iter().filter(|error| !error["config_id"].is_null()).count();
        assert_eq!(of_items as u64, get("errors"));
    }
    for client in report["clients"].as_array().into_iter().flatten() {
        assert_closes(client);
    }
}
