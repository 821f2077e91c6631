//! A running `mothball serve`: the real binary, spoken to over HTTP.

use std::{path::Path, process::Stdio, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, Command},
};

use crate::support::program::Program;

pub struct Served {
    child: Child,
    pub url: String,
    token: String,
    pub client: reqwest::Client,
}

impl Served {
    pub async fn start(program: &Program, token: &str, more: &[&str]) -> Self {
        Self::start_in(&program.data_dir(), program, token, more).await
    }

    /// With a data directory of its own, as on another computer.
    pub async fn start_in(data_dir: &Path, program: &Program, token: &str, more: &[&str]) -> Self {
        let mut arguments = vec!["serve", "--listen", "127.0.0.1:0"];
        arguments.extend(more);
        let mut command = Command::from(program.command_in(data_dir, &arguments));
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).await.unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let url = ready["listening"].as_str().unwrap().to_owned();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { child, url, token: token.to_owned(), client }
    }

    pub fn process(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    pub async fn post(&self, path: &str, key: &str, body: &Value) -> Value {
        let request = self.client.post(format!("{}{path}", self.url)).bearer_auth(&self.token).json(body);
        let response = request.header("idempotency-key", key).send().await.unwrap();
        assert_eq!(response.status(), 202);
        response.json().await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Value {
        let request = self.client.get(format!("{}{path}", self.url)).bearer_auth(&self.token);
        request.send().await.unwrap().json().await.unwrap()
    }

    /// The run when it has ended.
    pub async fn once_over(&self, run: &str) -> Value {
        let over = tokio::time::timeout(Duration::from_mins(5), self.until_over(run));
        over.await.unwrap_or_else(|_| panic!("run {run} does not end"))
    }

    async fn until_over(&self, run: &str) -> Value {
        let mut run = run.to_owned();
        loop {
            let shown = self.get(&format!("/v1/runs/{run}")).await;
            // One that was cut off before its plan stood is done by another.
            if let Some(newer) = shown["superseded_by"].as_str() {
                newer.clone_into(&mut run);
                continue;
            }
            if !matches!(
                shown["state"].as_str().unwrap(),
                "queued"
                    | "preparing"
                    | "planned"
                    | "approved"
                    | "applying"
                    | "paused"
                    | "verifying"
                    | "interrupted"
            ) {
                return shown;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to end, and returns its exit code and what it said.
    pub async fn terminate(mut self) -> (i32, String) {
        let pid = self.child.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).await.unwrap();
        (self.child.wait().await.unwrap().code().unwrap_or(-1), said)
    }
}

pub async fn new_token(program: &Program) -> String {
    let made = program.run(&["tokens", "make", "ci", "--scope", "read,trigger"]).await;
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert!(made.stderr.contains("may read, trigger"), "{}", made.stderr);
    made.stdout.trim().to_owned()
}
