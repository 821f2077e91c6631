//! The log: private, one line per event, without secrets, also after a panic.

use std::{
    fs,
    sync::{Arc, Mutex},
};

use base64::Engine;
use mothball::{
    system::{Clock, files},
    telemetry::{Level, Line, Options, Telemetry, Verbosity},
};
use secrecy::SecretString;

fn clock() -> Clock {
    Clock::fixed("2026-11-24T01:47:19Z".parse().unwrap())
}

/// Runs `work` with a log in a folder of its own; what the file says, and what was printed.
fn logged(verbosity: i8, work: impl FnOnce(&Telemetry)) -> (String, Vec<Line>) {
    let folder = tempfile::tempdir().unwrap();
    let printed = Arc::new(Mutex::new(Vec::new()));
    let told = printed.clone();
    let (telemetry, dispatch) = Telemetry::prepare(Options {
        structured: false,
        folder: Some(folder.path().join("data")),
        verbosity: Verbosity(verbosity),
        clock: clock(),
        echo: Some(Arc::new(move |line: &Line| told.lock().unwrap().push(line.clone()))),
    })
    .unwrap();
    tracing::dispatcher::with_default(&dispatch, || work(&telemetry));
    let path = telemetry.path().unwrap();
    assert_eq!(files::mode(path).unwrap(), 0o600);
    let printed = printed.lock().unwrap().clone();
    (fs::read_to_string(path).unwrap(), printed)
}

#[test]
fn a_line_has_moment_level_and_text_and_is_one_line() {
    let (log, _) = logged(0, |telemetry| {
        tracing::info!(target: "mothball::http", status = 200, "GET /company\r\n\u{1b}[31mred");
        assert_eq!(telemetry.ring().last(5).len(), 1);
        assert_eq!(telemetry.ring().last(5)[0].level, Level::Info);
    });
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.starts_with("2026-11-24T01:47:19Z INFO  mothball::http: GET /company"), "{log}");
    assert!(log.contains("status=200") && !log.contains('\u{1b}'), "{log}");
}

#[test]
fn no_form_of_a_known_secret_is_written_however_much_is_told() {
    let secret = "Zz9+/canary \"key\"";
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("acme+pub:{secret}"));
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let json = serde_json::json!({ "key": secret }).to_string();
    let (log, printed) = logged(3, |telemetry| {
        telemetry.redactor().learn(&SecretString::from(secret));
        tracing::error!("plain {secret}");
        tracing::warn!(value = secret, debug = ?secret, "fields");
        tracing::debug!(target: "mothball::http", "json {json}");
        tracing::trace!(target: "mothball::http", "form {form}");
        tracing::info!(target: "hyper", "header {pair}");
        let span = tracing::error_span!("run", key = secret);
        span.in_scope(|| tracing::error!("in a span"));
        assert_eq!(telemetry.ring().last(100).len(), 6);
    });
    for written in std::iter::once(log.as_str()).chain(printed.iter().map(|line| line.text.as_str())) {
        assert!(!written.contains("canary") && !written.contains(&pair[20..32]), "{written}");
    }
    assert!(log.matches("«redacted»").count() >= 7, "{log}");
}

#[test]
fn verbosity_decides_what_is_told_and_printed() {
    let tell = |_: &Telemetry| {
        tracing::error!(target: "mothball::a", "e");
        tracing::warn!(target: "mothball::a", "w");
        tracing::info!(target: "mothball::a", "i");
        tracing::debug!(target: "mothball::a", "d");
        tracing::trace!(target: "mothball::a", "t");
        tracing::info!(target: "sqlx", "foreign");
    };
    for (verbosity, written, printed) in [(-1, 2, 1), (0, 3, 2), (1, 4, 3), (2, 6, 5)] {
        let (log, lines) = logged(verbosity, tell);
        assert_eq!((log.lines().count(), lines.len()), (written, printed), "{verbosity}: {log}");
    }
    let (log, lines) = logged(0, |telemetry| {
        telemetry.speak(false);
        tracing::error!("behind the screen");
        telemetry.speak(true);
        tracing::error!("without one");
    });
    assert_eq!((log.lines().count(), lines.len()), (2, 1));
    assert_eq!(Verbosity::of(2, 1), Verbosity(1));
}

#[test]
fn an_unwritable_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let options = Options {
        folder: Some(file),
        verbosity: Verbosity::default(),
        clock: clock(),
        echo: None,
        structured: false,
    };
    let error = Telemetry::prepare(options).unwrap_err().to_string();
    assert!(error.contains("file/mothball.log") && error.contains("--data-dir"), "{error}");
}

#[test]
fn a_panic_is_logged_without_secrets() {
    // The hook belongs to the whole process, so this is this program again.
    let folder = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "telemetry::panics", "--include-ignored", "--nocapture"])
        .env("MOTHBALL_DATA_DIR", folder.path())
        .output()
        .unwrap();
    assert!(!output.status.success());
    let log = fs::read_to_string(folder.path().join("mothball.log")).unwrap();
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed);
    for text in [&*log, &*printed] {
        assert!(text.contains("panic in thread") && text.contains("«redacted» was wrong"), "{text}");
        assert!(!text.contains("canary-in-a-panic"), "{text}");
    }
    assert!(printed.contains("please report it"));
}

#[test]
#[ignore = "run by another test in a process of its own"]
fn panics() {
    let Some(folder) = mothball::system::environment::path("MOTHBALL_DATA_DIR") else { return };
    let options = Options {
        folder: Some(folder),
        verbosity: Verbosity::default(),
        clock: clock(),
        echo: None,
        structured: false,
    };
    let telemetry = Telemetry::start(options).unwrap();
    telemetry.redactor().learn(&SecretString::from("canary-in-a-panic"));
    telemetry.watch_panics(|text| {
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), "{text}");
    });
    panic!("{} was wrong", ["canary", "in", "a", "panic"].join("-"));
}
