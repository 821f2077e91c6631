//! The server that is measured: the real binary, its settings, its data directory, and a simulated PSA behind it.

use std::{path::PathBuf, process::Stdio};

use mothball::simulator::{Layout, Options, Simulator};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

const PASSWORD: &str = "a password that a benchmark has";
const CLIENTS: usize = 200;

pub struct Served {
    child: Child,
    simulator: Simulator,
    client: reqwest::Client,
    pub url: String,
    pub token: String,
    _folder: tempfile::TempDir,
}

fn command(settings: &PathBuf, data: &PathBuf, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mothball"));
    command.arg("--config").arg(settings).arg("--data-dir").arg(data).args(arguments);
    command.stderr(Stdio::null()).kill_on_drop(true);
    command
}

impl Served {
    pub async fn start() -> Self {
        let layout = Layout::Uniform { offboarded: CLIENTS, each: 4 };
        let mut options = Options { psa: "halopsa".to_owned(), layout, ..Options::default() };
        options.switches.halopsa.requests_per_window = 1_000_000;
        let simulator = Simulator::start(options).await.expect("the simulator starts");
        let folder = tempfile::tempdir().expect("a folder");
        let (settings, data) = (folder.path().join("config.toml"), folder.path().join("data"));
        let fields: Vec<String> =
            simulator.credentials().iter().map(|(key, value)| format!("{key} = {value:?}\n")).collect();
        let fields = fields.concat();
        let text = format!(
            "default_profile = \"main\"\n[profiles.main]\npsa = \"halopsa\"\nbase_url = {:?}\n{fields}\
             [profiles.main.offboarded]\ninactive = true\n\
             [profiles.main.webhook]\nuser_name = \"mothball\"\npassword = {PASSWORD:?}\n",
            simulator.base_url()
        );
        std::fs::write(&settings, text).expect("the settings can be written");
        let made = command(&settings, &data, &["tokens", "make", "bench", "--scope", "read,trigger"]);
        let made = { made }.output().await.expect("a token is made");
        let token = String::from_utf8_lossy(&made.stdout).trim().to_owned();
        let mut child = command(&settings, &data, &["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).await.expect("it says where it listens");
        let ready: Value = serde_json::from_str(&line).expect("it is ready");
        let url = ready["listening"].as_str().expect("an address").to_owned();
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { child, simulator, client, url, token, _folder: folder }
    }

    pub fn process(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    pub fn offboarded(&self) -> Vec<String> {
        let clients = self.simulator.truth().companies.into_values();
        clients.filter(|client| client.offboarded.any() && !client.own).map(|client| client.id).collect()
    }

    pub async fn get(&self, path: &str) -> Value {
        let request = self.client.get(format!("{}{path}", self.url)).bearer_auth(&self.token);
        request.send().await.expect("an answer").json().await.expect("JSON")
    }

    /// The `n`th webhook, of a client that nobody knows: the look that follows is over at once.
    pub fn webhook(&self, n: usize) -> RequestBuilder {
        let body = json!({ "id": n.to_string(), "event": "customer updated", "object_id": 1_000_000 + n });
        let request = self.client.post(format!("{}/v1/webhooks/main", self.url));
        request.basic_auth("mothball", Some(PASSWORD)).json(&body)
    }

    /// A dry run for a client.
    pub fn ask(&self, client: &str) -> RequestBuilder {
        let request = self.client.post(format!("{}/v1/runs", self.url)).bearer_auth(&self.token);
        request.json(&json!({ "client_id": client, "dry_run": true }))
    }
}
