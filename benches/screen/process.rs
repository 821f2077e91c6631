//! What whole processes take: the rows alone, in a child of this benchmark; and the real binary in a pseudo-terminal on
//! a simulated PSA, its memory, and how often it wakes up while nothing happens.

#[path = "../support/effort.rs"]
mod effort;
#[path = "../../tests/support/screen.rs"]
mod screen;

use std::time::Duration;

use mothball::{
    domain::Reason,
    simulator::{Layout, Options, Simulator},
    tui::{
        desk::LoadNews,
        message::Message,
        model::{Look, Model},
        theme::Theme,
        update,
        view::view,
    },
};

use self::effort::{effort, memory};
use super::world::{World, client, now, row, tenant};

/// Set for a child: how many clients and rows it is to hold.
const CHILD: &str = "MOTHBALL_BENCH_ROWS";

const SIZES: [(i64, i64, &str); 3] = [(200, 10_000, "-"), (500, 25_000, "40"), (2_000, 100_000, "96")];
const IDLE: Duration = Duration::from_secs(10);

pub fn is_child() -> bool {
    let Ok(wanted) = std::env::var(CHILD) else { return false };
    let (clients, rows) = wanted.split_once(' ').expect("two numbers");
    hold(clients.parse().expect("a number"), rows.parse().expect("a number"));
    true
}

pub fn measure(is_wanted: impl Fn(&str) -> bool) {
    if is_wanted("memory") {
        println!("\nmemory in MiB{:>44}  {:>9}  {:>9}", "at most", "at rest", "peak");
        for (clients, rows, most) in SIZES {
            let (rest, peak) = in_a_child(clients, rows);
            println!(
                "{:<48} {most:>8}  {rest:>9.1}  {peak:>9.1}",
                format!("{rows} rows in the model, all fields")
            );
        }
    }
    if is_wanted("program") {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
        for (clients, rows, most) in SIZES {
            runtime.block_on(real_program(clients as usize, rows as usize, most));
        }
    }
}

/// Reads so many rows page by page, as the program does, and tells what that took.
fn hold(clients: i64, rows: i64) {
    let size = (120, 40);
    let mut model = Model::new(World::small().setting, now(), size, Look::new(Theme::Dark, false));
    update::start(&mut model);
    let generation = model.review.generation;
    let mut load = |news| {
        update::update(&mut model, Message::Load(generation, news));
    };
    let former = || Reason::Status { name: "Former Client".into() };
    load(LoadNews::Tenant(tenant()));
    load(LoadNews::Clients((1..=clients).map(|id| client(id, &format!("Client {id}"), former())).collect()));
    let kinds = ["Managed Server", "Network Switch", "Managed Workstation"];
    let page = |from: i64| -> Vec<_> {
        (from..rows.min(from + 1000))
            .map(|id| row(100_000 + id, 1 + id % clients, &format!("HOST-{id}"), kinds[id as usize % 3]))
            .collect()
    };
    for from in (0..rows).step_by(1000) {
        load(LoadNews::Rows(page(from)));
    }
    let coverage = World::small().coverage();
    load(LoadNews::Complete { as_of: now(), coverage });
    std::hint::black_box(view(&model));
    let (rest, peak) = memory("self");
    println!("{rest} {peak}");
}

fn in_a_child(clients: i64, rows: i64) -> (f64, f64) {
    let own = std::env::current_exe().expect("this benchmark");
    let output = std::process::Command::new(own)
        .env(CHILD, format!("{clients} {rows}"))
        .output()
        .expect("the child runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    (numbers[0], numbers[1])
}

async fn real_program(clients: usize, rows: usize, most: &str) {
    let layout = Layout::Uniform { offboarded: clients, each: rows / clients };
    let options = Options { psa: "connectwise".to_owned(), layout, ..Options::default() };
    let simulator = Simulator::start(options).await.expect("the simulator starts");
    let folder = tempfile::tempdir().expect("a folder");
    // A secret in plain text would be warned about, where the state of the reading is to be seen.
    let mut given = simulator.credentials();
    let secret = given.remove("private_key").expect("it signs in with a key");
    let credentials: Vec<String> = given.iter().map(|(key, value)| format!("{key} = {value:?}\n")).collect();
    let credentials = credentials.concat();
    let text = format!(
        "default_profile = \"main\"\n[profiles.main]\npsa = \"connectwise\"\nbase_url = \"{}\"\nprivate_key = {{ env = \"MOTHBALL_BENCH_KEY\" }}\n{credentials}\
         [profiles.main.offboarded]\ninactive = true\nstatuses = [\"Former Client\", \"Inactive\"]\n",
        simulator.base_url()
    );
    let settings = folder.path().join("config.toml");
    std::fs::write(&settings, text).expect("the settings can be written");
    let data = folder.path().join("data");
    let seen = tokio::task::spawn_blocking(move || {
        let arguments =
            ["--config", &settings.display().to_string(), "--data-dir", &data.display().to_string()];
        let mut screen = screen::Screen::open(&arguments, &[("MOTHBALL_BENCH_KEY", &secret)], 120, 40);
        screen.wait_for(", complete, read");
        let pid = screen.process();
        std::thread::sleep(Duration::from_secs(2));
        let (rest, peak) = memory(&pid.to_string());
        let (bytes, before) = (screen.bytes().len(), effort(pid));
        std::thread::sleep(IDLE);
        let (written, after) = (screen.bytes().len() - bytes, effort(pid));
        screen.send("q");
        screen.ended();
        (rest, peak, written, after.0 - before.0, after.1 - before.1)
    })
    .await
    .expect("it can be watched");
    let (rest, peak, written, wakes, took) = seen;
    println!("{:<48} {most:>8}  {rest:>9.1}  {peak:>9.1}", format!("the program with {rows} rows read"));
    println!(
        "  idle for {} s: {wakes:.0} wake-ups, {took:.0} ms of processor, {written} bytes drawn",
        IDLE.as_secs()
    );
    drop(folder);
}
