//! What `mothball serve` does without being asked: schedules begin runs, and people are told about them. Two servers share
//! the store in each test: one of them does it.

use std::{process::Stdio, sync::Arc, time::Duration};

use mothball::{
    domain::Timestamp,
    simulator::{Layout, Options},
    system::Clock,
};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
    process::{Child, Command},
    sync::Mutex,
};

use crate::support::{postgres, program::Program};

/// Whoever is told: answers with the next of these, then with 200, and keeps what came.
struct Told {
    url: String,
    bodies: Arc<Mutex<Vec<Value>>>,
    /// How often somebody called, whatever the answer.
    calls: Arc<Mutex<usize>>,
}

impl Told {
    async fn answering(first: Vec<u16>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?sig=canary-of-an-address", listener.local_addr().unwrap());
        let (bodies, calls): (Arc<Mutex<Vec<Value>>>, Arc<Mutex<usize>>) = Default::default();
        let (kept, counted) = (Arc::clone(&bodies), Arc::clone(&calls));
        tokio::spawn(async move {
            let mut answers = first.into_iter();
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut heard = Vec::new();
                let body = loop {
                    let mut part = [0; 4096];
                    let read = stream.read(&mut part).await.unwrap();
                    heard.extend_from_slice(&part[..read]);
                    let text = String::from_utf8_lossy(&heard);
                    if let Some((_, body)) = text.split_once("\r\n\r\n")
                        && let Ok(body) = serde_json::from_str::<Value>(body)
                    {
                        assert!(text.starts_with("POST /hook?sig=canary-of-an-address "), "{text}");
                        break body;
                    }
                };
                *counted.lock().await += 1;
                let status = answers.next().unwrap_or(200);
                if status == 200 {
                    kept.lock().await.push(body);
                }
                let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self { url, bodies, calls }
    }

    async fn wait_for(&self, many: usize) -> Vec<Value> {
        for _ in 0..3_000 {
            let bodies = self.bodies.lock().await;
            if bodies.len() >= many {
                return bodies.clone();
            }
            drop(bodies);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("nobody was told: {:?}", self.bodies.lock().await);
    }
}

async fn start(program: &Program, told: &Told) -> Child {
    let mut command = Command::from(program.command(&["serve", "--listen", "127.0.0.1:0"]));
    command.env("MOTHBALL_TEST_NOTIFY", &told.url);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).await.unwrap();
    assert!(line.contains("listening"), "{line}");
    child
}

async fn end(mut server: Child) {
    let pid = server.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let mut said = String::new();
    server.stderr.take().unwrap().read_to_string(&mut said).await.unwrap();
    assert_eq!(server.wait().await.unwrap().code(), Some(0), "{said}");
    assert!(!said.contains("canary"), "{said}");
}

const SETTINGS: &str = r#"
[[schedules]]
name = "hourly"
cron = "0 * * * *"
all = true
require_approval = true
reason = "By itself"
missed = "run_once"
jitter_seconds = 0

[[notifications]]
name = "operations"
url = { env = "MOTHBALL_TEST_NOTIFY" }
events = ["waiting"]
"#;

async fn program() -> Program {
    let layout = Layout::Uniform { offboarded: 2, each: 4 };
    scheduled(Program::new(Options { layout, ..Options::default() }).await).await
}

async fn scheduled(program: Program) -> Program {
    program.write_settings(SETTINGS);
    // As if a server had looked after it until two hours ago: what came due since was missed.
    let store = program.store().await;
    let then = Timestamp::new(Clock::system().now()).plus_seconds(-2 * 3_600);
    store.mark_schedule("hourly", then, None).await.unwrap();
    store.close().await;
    program
}

async fn runs(program: &Program) -> Vec<Value> {
    let listed = program.run(&["runs", "list", "--json"]).await;
    serde_json::from_str(&listed.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_servers_one_begins_the_scheduled_run_and_tells_that_it_waits() {
    begun_and_told_once(program().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_servers_of_a_team_one_begins_the_scheduled_run_and_tells_that_it_waits() {
    let Some(database) = postgres::database().await else { return };
    let layout = Layout::Uniform { offboarded: 2, each: 4 };
    let program = Program::of_a_team(Options { layout, ..Options::default() }, database).await;
    begun_and_told_once(scheduled(program).await).await;
}

async fn begun_and_told_once(program: Program) {
    let told = Told::answering(Vec::new()).await;
    let servers = [start(&program, &told).await, start(&program, &told).await];
    let bodies = told.wait_for(1).await;
    for server in servers {
        end(server).await;
    }
    let runs = runs(&program).await;
    assert_eq!(runs.len(), 1, "one of the two began it: {runs:#?}");
    assert_eq!(runs[0]["phase"], "awaiting_approval");
    assert_eq!(*told.calls.lock().await, 1, "told once");
    let notice = &bodies[0];
    assert_eq!((&notice["event"], &notice["run_id"]), (&"waiting".into(), &runs[0]["run"]));
    assert_eq!((&notice["started_by"], &notice["clients"]), (&"schedule hourly".into(), &2.into()));
    assert_eq!(notice["changes"], 8, "{notice}");
    for company in program.simulator.truth().companies.values() {
        assert!(!notice.to_string().contains(&company.name), "no client is named: {notice}");
    }
    let listed = program.run(&["schedules", "list", "--json"]).await;
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!(
        (&listed[0]["last"]["run"], &listed[0]["last"]["state"]),
        (&runs[0]["run"], &"awaiting_approval".into())
    );
    assert!(program.written().is_empty(), "what it parked waits for a person");
    // In the morning.
    let approved = program.run(&["runs", "approve", runs[0]["run"].as_str().unwrap()]).await;
    assert_eq!(approved.code, 0, "{}", approved.stderr);
    assert_eq!(program.written().len(), 8);
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_told_is_told_after_a_restart() {
    let program = program().await;
    // The first try finds somebody who is broken, and then the server is killed.
    let told = Told::answering(vec![503]).await;
    let mut server = start(&program, &told).await;
    for _ in 0..3_000 {
        if *told.calls.lock().await > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.kill().await.unwrap();
    assert_eq!(runs(&program).await.len(), 1);
    let again = start(&program, &told).await;
    let bodies = told.wait_for(1).await;
    end(again).await;
    assert_eq!(bodies[0]["event"], "waiting");
    assert_eq!(runs(&program).await.len(), 1, "nothing was begun anew");
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_cannot_be_had_or_used_is_told_before_anything_is_begun() {
    let program = program().await;
    let ended = program.run(&["serve", "--listen", "127.0.0.1:0"]).await;
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("notifications.url: the environment variable MOTHBALL_TEST_NOTIFY"),
        "{}",
        ended.stderr
    );
    let mut command = program.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("MOTHBALL_TEST_NOTIFY", "http://hooks.example.com/canary");
    let ended = program.end(command).await;
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("plain http://") && !ended.stderr.contains("canary"), "{}", ended.stderr);
    program.check().await;
}
