//! The first start and `mothball setup`, with the real binary on a terminal, against each simulated PSA.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use mothball::{psa::registry::FieldKind, settings::Settings, simulator::Options};
use rustix::process::Signal;

use crate::support::{
    canary,
    program::{Ended, Program},
    screen::Screen,
    vendor,
};

const PSAS: [&str; 3] = ["connectwise", "autotask", "halopsa"];

/// A simulated PSA, and a folder of its own for the settings: secrets may lie there, and nowhere else.
struct Setup {
    program: Program,
    home: tempfile::TempDir,
}

impl Setup {
    async fn new(psa: &str) -> Self {
        let options = Options { psa: psa.to_owned(), clients: 30, configurations: 120, ..Options::default() };
        Self { program: Program::new(options).await, home: tempfile::tempdir().unwrap() }
    }

    fn config(&self) -> PathBuf {
        self.home.path().join("mothball/config.toml")
    }

    fn open(&self, arguments: &[&str]) -> Screen {
        let (config, data) =
            (self.config().display().to_string(), self.program.data_dir().display().to_string());
        let mut all = vec!["--config", &config, "--data-dir", &data];
        all.extend(arguments);
        Screen::open(&all, &[], 100, 40)
    }

    /// What is typed for a field: the simulator's, or another one in its place.
    fn value(&self, key: &str, instead: &[(&str, &str)]) -> String {
        if let Some((_, other)) = instead.iter().find(|(other, _)| *other == key) {
            return (*other).to_owned();
        }
        if key == "base_url" {
            return self.program.simulator.base_url();
        }
        self.program.simulator.credentials().get(key).cloned().unwrap_or_default()
    }

    /// From the list of PSAs to the test of what was typed. Secrets are pasted.
    fn fill(&self, screen: &mut Screen, instead: &[(&str, &str)]) {
        screen.wait_for("Which PSA do you work with?");
        let psa = self.program.simulator.psa();
        for _ in 0..PSAS.iter().position(|other| *other == psa).unwrap() {
            screen.send("j");
        }
        screen.send("\r");
        screen.wait_for("Test it");
        for field in vendor::room(psa).fields {
            let value = self.value(field.key, instead);
            if field.kind == FieldKind::Secret {
                screen.send(&format!("\u{1b}[200~{value}\u{1b}[201~"));
                screen.send("\t\t");
            } else {
                screen.send(&value);
                screen.send("\t");
            }
        }
        screen.send("\r");
    }

    fn assert_unseen(&self, screen: &Screen) {
        canary::assert_none(&screen.bytes(), &canary::forms(&self.program.simulator), "the terminal");
    }

    /// The same program with the settings that were written, without a terminal.
    async fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mothball"));
        command
            .args(["--config".as_ref(), self.config().as_os_str()])
            .args(["--data-dir".as_ref(), self.program.data_dir().as_os_str()])
            .args(arguments)
            .stdin(std::process::Stdio::null());
        self.program.end(command).await
    }

    /// What was written is for its owner alone, has no secret in it, and is read without a word.
    fn check_written(&self) -> Settings {
        let text = std::fs::read(self.config()).expect("the settings were written");
        canary::assert_none(&text, &canary::forms(&self.program.simulator), "the settings file");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&self.config()), 0o600);
        for entry in std::fs::read_dir(self.config().parent().unwrap()).unwrap() {
            assert_eq!(mode(&entry.unwrap().path()), 0o600);
        }
        let settings = Settings::read(&self.config()).unwrap();
        assert!(settings.warnings.is_empty(), "{:?}", settings.warnings);
        settings
    }
}

async fn from_the_first_start_to_a_list_of_clients(psa: &'static str) {
    let setup = Setup::new(psa).await;
    let mut screen = setup.open(&[]);
    screen.wait_for("Set up my PSA");
    screen.send("\r");
    setup.fill(&mut screen, &[]);
    screen.wait_for("the main job can be done");
    screen.send("\r");
    screen.wait_for("were read");
    assert!(!setup.config().exists(), "nothing is saved before the last step");
    screen.send(" ");
    screen.wait_for("count as offboarded");
    screen.send("\u{1b}[F");
    screen.send("\r");
    screen.wait_for("This is written to");
    screen.send("\r");
    screen.wait_for("Written:");
    screen.send("\r");
    screen.wait_for(", complete, read");
    screen.send("q");
    assert_eq!(screen.ended(), 0, "{}", screen.text());
    assert!(!screen.is_alternate() && !screen.is_cursor_hidden(), "the terminal is given back");
    setup.assert_unseen(&screen);

    let settings = setup.check_written();
    assert_eq!(settings.profile(None).unwrap().room.key, psa);
    let doctor = setup.run(&["doctor"]).await;
    assert_eq!(doctor.code, 0, "{}{}", doctor.stdout, doctor.stderr);
    assert!(doctor.stdout.contains("The main job can be done."), "{}", doctor.stdout);
    assert!(doctor.stdout.contains("inactive: "), "{}", doctor.stdout);
    setup.program.check().await;
}

crate::support::vendor::on_every_psa!(from_the_first_start_to_a_list_of_clients);

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_host_and_a_refused_sign_in_lead_back_to_their_fields_and_are_not_repeated() {
    let setup = Setup::new("connectwise").await;
    let mut screen = setup.open(&["setup"]);
    setup.fill(&mut screen, &[("base_url", "http://127.0.0.1:1"), ("private_key", "not-the-secret")]);
    screen.wait_for("FAILED: address");
    screen.send("\r");
    screen.wait_for("Check base_url");
    screen.send("\u{15}");
    screen.send(&setup.program.simulator.base_url());
    screen.send("\u{1b}[6~");
    screen.send("\r");
    screen.wait_for("FAILED: sign-in");
    assert_eq!(vendor::refused_sign_ins(&setup.program.simulator), 1);
    screen.send("\t\r");
    screen.wait_for("is not tried again before");
    assert_eq!(vendor::refused_sign_ins(&setup.program.simulator), 1, "it was not sent again");
    screen.send("\r");
    screen.wait_for("Test it");
    let secret = setup.program.simulator.credentials()["private_key"].clone();
    screen.send(&format!("\u{1b}[200~{secret}\u{1b}[201~"));
    screen.send("\u{1b}[6~");
    screen.send("\r");
    screen.wait_for("the main job can be done");
    screen.send("\u{3}");
    screen.wait_for("Nothing has been saved");
    screen.send("\u{3}");
    assert_eq!(screen.ended(), 130);
    setup.assert_unseen(&screen);
    assert!(!setup.config().exists(), "nothing was saved");
    setup.program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_is_added_to_a_file_that_keeps_every_byte() {
    let setup = Setup::new("halopsa").await;
    let mine = "# mine, as it is\t\n[profiles.old]\npsa = \"autotask\"\nuser_name = \"x\"\nsecret = { env = \"A\" }\nintegration_code = { env = \"B\" }\n[profiles.old.offboarded]\ninactive = true";
    std::fs::create_dir_all(setup.config().parent().unwrap()).unwrap();
    std::fs::write(setup.config(), mine).unwrap();
    let mut screen = setup.open(&["--profile", "halo", "setup"]);
    setup.fill(&mut screen, &[]);
    screen.wait_for("the main job can be done");
    screen.send("\r");
    screen.wait_for("were read");
    screen.send(" ");
    screen.send("\u{1b}[F");
    screen.send("\r");
    screen.wait_for("This is added to");
    screen.send("\r");
    screen.wait_for("Written:");
    screen.send("q");
    assert_eq!(screen.ended(), 0);
    let text = std::fs::read_to_string(setup.config()).unwrap();
    assert_eq!(text.split_once(mine).unwrap().0, "default_profile = \"old\"\n");
    assert_eq!(setup.check_written().profiles.len(), 2);
    let doctor = setup.run(&["--profile", "halo", "doctor"]).await;
    assert_eq!(doctor.code, 0, "{}{}", doctor.stdout, doctor.stderr);

    let mut again = setup.open(&["--profile", "halo", "setup"]);
    assert_eq!(again.ended(), 2, "a profile of that name is never overwritten");
    assert!(again.text().contains("left as it is"), "{}", again.text());
    assert_eq!(std::fs::read_to_string(setup.config()).unwrap(), text);
    setup.program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn line_by_line_the_same_file_is_written_and_no_secret_is_echoed() {
    let setup = Setup::new("autotask").await;
    let mut screen = setup.open(&["setup", "--plain"]);
    let answer = |screen: &mut Screen, question: &str, answer: &str| {
        screen.wait_until(question, |text| text.trim_end().ends_with(question));
        screen.send(&format!("{answer}\r"));
    };
    answer(&mut screen, "Number:", "2");
    answer(&mut screen, "[main]:", "");
    for field in vendor::room("autotask").fields {
        let value = setup.value(field.key, &[]);
        if field.kind == FieldKind::Secret {
            answer(&mut screen, "Number [1]:", "");
            answer(&mut screen, "(not shown while you type or paste):", &value);
        } else {
            answer(&mut screen, &format!("{}:", field.key), &value);
        }
    }
    answer(&mut screen, "separated by commas:", "1");
    answer(&mut screen, "[yes]:", "");
    answer(&mut screen, "[no]:", "yes");
    assert_eq!(screen.ended(), 0, "{}", screen.text());
    assert!(screen.text().contains("Written:"), "{}", screen.text());
    setup.assert_unseen(&screen);
    let doctor = setup.run(&["doctor"]).await;
    setup.check_written();
    assert_eq!(doctor.code, 0, "{}{}", doctor.stdout, doctor.stderr);
    setup.program.check().await;
}

#[test]
fn the_first_start_leads_to_a_demo_too_and_ends_in_good_order_by_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let (config, data) =
        (folder.path().join("config.toml").display().to_string(), folder.path().display().to_string());
    let open = || Screen::open(&["--config", &config, "--data-dir", &data], &[], 80, 24);
    let mut screen = open();
    screen.wait_for("There are no settings yet");
    screen.send("jj\r");
    screen.wait_for("DEMO");
    screen.wait_for(", complete, read");
    screen.send("q");
    assert_eq!(screen.ended(), 0);
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let mut screen = open();
        screen.wait_for("Set up my PSA");
        screen.signal(signal);
        assert_eq!(screen.ended(), code, "{signal:?}");
        assert!(!screen.is_alternate() && !screen.is_cursor_hidden());
    }
    let mut screen = open();
    screen.wait_for("Set up my PSA");
    screen.send("q");
    assert_eq!(screen.ended(), 0);
    assert!(screen.text().contains("mothball setup"), "{}", screen.text());
    assert!(!Path::new(&config).exists());
}
