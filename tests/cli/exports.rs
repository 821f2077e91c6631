//! `mothball runs export` in every form, for whom, and to where.

use std::{fs, path::Path};

use mothball::{
    simulator::{Layout, Options},
    system::files::mode,
};

use super::offboarded;
use crate::support::program::Program;

/// A run over two clients; the program, the run's id, and the clients' ids and names.
async fn two_clients() -> (Program, String, Vec<(String, String)>) {
    let layout = Layout::Uniform { offboarded: 2, each: 3 };
    let program = Program::new(Options { layout, ..Options::default() }).await;
    let clients: Vec<_> = offboarded(&program).into_iter().take(2).map(|one| (one.id, one.name)).collect();
    let ids = [clients[0].0.as_str(), clients[1].0.as_str()];
    let ended = program.run(&["run", "--client-id", ids[0], "--client-id", ids[1]]).await;
    assert!(ended.code <= 1, "{}", ended.stderr);
    let run = ended.report()["run_id"].as_str().unwrap().to_owned();
    (program, run, clients)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_exported_in_every_form_to_a_file_a_directory_or_standard_output() {
    let (program, run, clients) = two_clients().await;
    let plain = program.run(&["runs", "export", &run]).await;
    assert_eq!((plain.code, plain.stderr.as_str()), (0, ""));
    assert_eq!(plain.report()["run_id"], run.as_str(), "without a flag it is the contract's document");
    for (format, begins) in
        [("csv", "\"run_id\","), ("markdown", "# Retired"), ("html", "<!DOCTYPE html>"), ("json", "{")]
    {
        let told = program.run(&["runs", "export", &run, "--format", format]).await;
        assert!(told.code == 0 && told.stdout.starts_with(begins), "{format}: {}", told.stdout);
        assert!(!told.stdout.contains('\u{1b}'));
    }
    let folder = program.folder.path().join("exports");
    fs::create_dir(&folder).unwrap();
    let page = folder.join("report.html");
    let to = page.display().to_string();
    let written = program.run(&["runs", "export", &run, "--output", &to]).await;
    assert_eq!((written.code, written.stdout.as_str()), (0, ""), "the ending says the form");
    assert!(fs::read_to_string(&page).unwrap().starts_with("<!DOCTYPE html>"));
    assert_eq!(mode(&page).unwrap(), 0o600);
    fs::remove_file(&page).unwrap();
    let to = folder.display().to_string();
    let written = program.run(&["runs", "export", &run, "--output", &to, "--format", "csv"]).await;
    assert_eq!(written.code, 0, "{}", written.stderr);
    let mut expected: Vec<String> =
        clients.iter().map(|(id, _)| format!("mothball-{run}-client-{id}.csv")).collect();
    expected.push(format!("mothball-{run}.csv"));
    expected.sort();
    assert_eq!(names(&folder), expected);
    program.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_gets_a_document_about_itself_alone() {
    let (program, run, clients) = two_clients().await;
    let [(first, first_name), (second, second_name)] = &clients[..] else { panic!("two clients") };
    let refused = program.run(&["runs", "export", &run, "--audience", "client"]).await;
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert!(
        refused.stderr.contains("about 2 clients") && refused.stderr.contains("--client-id"),
        "{}",
        refused.stderr
    );
    assert!(
        refused.stderr.contains(first.as_str()) && refused.stderr.contains("--output DIR/"),
        "{}",
        refused.stderr
    );
    let file = program.folder.path().join("x.html").display().to_string();
    let refused = program.run(&["runs", "export", &run, "--audience", "client", "--output", &file]).await;
    assert!(refused.code == 2 && !Path::new(&file).exists(), "{}", refused.stderr);
    for format in ["json", "csv", "markdown", "html"] {
        let told = program
            .run(&["runs", "export", &run, "--audience", "client", "--client-id", first, "--format", format])
            .await;
        assert_eq!(told.code, 0, "{}", told.stderr);
        assert!(!told.stdout.contains(second_name.as_str()), "{}", told.stdout);
    }
    let wrong = program.run(&["runs", "export", &run, "--client-id", "no-such"]).await;
    assert!(wrong.code == 2 && wrong.stderr.contains("is not in this report"), "{}", wrong.stderr);
    let folder = program.folder.path().join("for-clients");
    let to = format!("{}/", folder.display());
    let written = program
        .run(&["runs", "export", &run, "--audience", "client", "--format", "markdown", "--output", &to])
        .await;
    assert_eq!(written.code, 0, "{}", written.stderr);
    let mut expected = vec![
        format!("mothball-{run}-for-client-{first}.md"),
        format!("mothball-{run}-for-client-{second}.md"),
    ];
    expected.sort();
    assert_eq!(names(&folder), expected, "no joint one");
    let one = fs::read_to_string(folder.join(format!("mothball-{run}-for-client-{first}.md"))).unwrap();
    assert!(one.contains("Retired") && !one.contains(second_name.as_str()), "{one}");
    assert!(!first_name.is_empty());
    program.check().await;
}
