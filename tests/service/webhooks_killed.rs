//! What was acknowledged is done: the real binary is killed right after its 2xx, and another life finishes the work.
//! `MOTHBALL_KILLED_WEBHOOKS=200` makes it that many lives.

use std::{collections::BTreeSet, process::Stdio, time::Duration};

use mothball::{
    simulator::{Layout, Options},
    system::environment,
};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::{
    engine::offboarded,
    support::{
        program::Program,
        say,
        webhooks::{SECRET, genuine},
    },
};

async fn start(program: &Program) -> (Child, String) {
    let mut command = Command::from(program.command(&["serve", "--listen", "127.0.0.1:0"]));
    command.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    command.env("MOTHBALL_TEST_WEBHOOK", SECRET);
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).await.unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
    (child, ready["listening"].as_str().unwrap().to_owned())
}

async fn killed_after_its_2xx_the_work_is_done_by_the_next_life(psa: &'static str) {
    let lives: usize =
        environment::variable("MOTHBALL_KILLED_WEBHOOKS").and_then(|text| text.parse().ok()).unwrap_or(4);
    let layout = Layout::Uniform { offboarded: lives, each: 1 };
    let options = Options { psa: psa.to_owned(), layout, ..Options::default() };
    let program = Program::new(crate::support::vendor::without_windows(options)).await;
    let (user, key) =
        if psa == "halopsa" { ("user_name = \"mothball\"\n", "password") } else { ("", "secret") };
    let most = crate::support::vendor::room(psa).pace.most;
    let table = format!(
        "[profiles.main.webhook]\n{user}{key} = {{ env = \"MOTHBALL_TEST_WEBHOOK\" }}\n
         [profiles.main.pace]\nrequests = {}\nwindow_seconds = {}\n",
        most.requests, most.window_seconds
    );
    program.write_settings(&table);
    let clients = offboarded(&program.simulator);
    assert_eq!(clients.len(), lives);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for id in &clients {
        let (mut child, url) = start(&program).await;
        let valid = genuine(&program.simulator, "main", id).await;
        let address = format!("{url}/v1/webhooks/main?{}", valid.query);
        let answer = client.post(address).headers(valid.headers()).body(valid.body).send().await.unwrap();
        assert_eq!(answer.status(), 204);
        child.kill().await.unwrap();
    }
    let (mut child, _) = start(&program).await;
    let active = || -> BTreeSet<String> {
        let truth = program.simulator.truth();
        let theirs = truth
            .configurations
            .into_values()
            .filter(|row| clients.contains(&row.company) && row.is_active());
        theirs.map(|row| row.company).collect()
    };
    // Many of them take more calls than a PSA allows in a while.
    let mut rest = Duration::from_mins(5).max(Duration::from_secs(30 * lives as u64));
    while !active().is_empty() {
        let pause = Duration::from_millis(50);
        rest = rest.checked_sub(pause).unwrap_or_else(|| panic!("not done: {:?}", active()));
        tokio::time::sleep(pause).await;
    }
    // What is under way is read back, and ends in good order.
    let pid = child.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    child.wait().await.unwrap();
    say(&format!("{psa}: {lives} webhooks acknowledged and killed: all were done afterwards"));
    program.check().await;
}

crate::support::vendor::on_every_psa!(killed_after_its_2xx_the_work_is_done_by_the_next_life);
