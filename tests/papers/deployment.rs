//! The page on running it for a team, and the files that it names: every command and every piece of settings is understood
//! by the program, every unit by systemd.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use clap::CommandFactory;
use mothball::{command::args::Cli, settings::Settings};

const PAGE: &str = include_str!("../../docs/deployment.md");
const PROFILE: &str = r#"
[profiles.main]
psa = "connectwise"
base_url = "https://api-na.myconnectwise.net"
company_id = "acmemsp"
public_key = "public"
private_key = { env = "CW_PRIVATE_KEY" }
client_id = "00000000-0000-0000-0000-000000000000"

[profiles.main.offboarded]
inactive = true
"#;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/deploy")
}

fn file(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The pieces of the page that are written in this language.
fn blocks(language: &str) -> Vec<&'static str> {
    let begin = format!("```{language}\n");
    PAGE.split(begin.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// The program's command in a line of a shell, a unit or a crontab, if there is one.
fn command(line: &str) -> Option<Vec<String>> {
    let line =
        line.strip_prefix("ExecStart=").or_else(|| line.strip_prefix("ExecStartPre=-")).unwrap_or(line);
    // Words of a shell, as far as these lines need: double quotes.
    let mut words: Vec<String> = Vec::new();
    for (n, part) in line.split('"').enumerate() {
        if n % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    let is_program = |word: &String| word == "mothball" || word.ends_with("/bin/mothball");
    // In a crontab five fields and a user stand before it.
    let is_crontab = words.get(6).is_some_and(is_program);
    let at = if is_crontab { 6 } else { words.iter().position(is_program)? };
    let begins = match &words[..at] {
        [] => true,
        [sudo, user, _, variables @ ..] if sudo == "sudo" && user == "-u" => {
            variables.iter().all(|word| word.contains('='))
        }
        _ => is_crontab,
    };
    begins.then(|| words[at..].to_vec())
}

fn joined(text: &str) -> String {
    text.replace("\\\n", " ")
}

#[test]
fn every_command_is_one_that_the_program_understands() {
    let mut texts: Vec<String> = blocks("sh").into_iter().map(joined).collect();
    texts.extend(["mothball.service", "mothball-run.service", "mothball.cron"].map(file));
    let mut tried = 0;
    for line in texts.iter().flat_map(|text| text.lines()).filter(|line| !line.starts_with('#')) {
        let Some(words) = command(line) else { continue };
        if let Err(error) = Cli::command().try_get_matches_from(&words) {
            panic!("{line}\n{error}");
        }
        tried += 1;
    }
    assert!(tried >= 12, "{tried}");
}

#[test]
fn every_piece_of_settings_is_understood() {
    let mut tried = 0;
    for block in blocks("toml") {
        let whole =
            if block.contains("[profiles.main]") { block.to_owned() } else { format!("{PROFILE}{block}") };
        if let Err(error) = Settings::parse(&whole, Path::new("/etc/mothball/config.toml")) {
            panic!("{block}\n{error}");
        }
        tried += 1;
    }
    assert!(tried >= 6, "{tried}");
}

#[test]
fn every_piece_of_shell_is_one() {
    for block in blocks("sh") {
        let mut shell = Command::new("sh").arg("-n").stdin(std::process::Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut shell.stdin.take().unwrap(), block.as_bytes()).unwrap();
        assert!(shell.wait().unwrap().success(), "{block}");
    }
}

#[test]
fn every_file_that_the_page_names_is_there_and_every_one_there_is_named() {
    for entry in std::fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(PAGE.contains(&name), "{name} is not on the page");
    }
    for rest in PAGE.split("](../").skip(1) {
        let path = rest.split(')').next().unwrap();
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists(), "{path} is not there");
    }
    for anchor in PAGE.split("](#").skip(1).map(|rest| rest.split(')').next().unwrap()) {
        let is_it = |line: &str| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            title.replace(' ', "-").replace(|c: char| !c.is_alphanumeric() && c != '-', "") == anchor
        };
        assert!(PAGE.lines().filter(|line| line.starts_with('#')).any(is_it), "#{anchor} leads nowhere");
    }
}

#[test]
fn whatever_the_image_is_built_from_is_in_the_source() {
    let text = file("Containerfile");
    let copied =
        text.lines().filter_map(|line| line.strip_prefix("COPY ")).filter(|line| !line.starts_with("--from"));
    let mut tried = 0;
    for source in copied.flat_map(|line| line.split_whitespace().rev().skip(1).collect::<Vec<_>>()) {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(source).exists(), "{source} is not there");
        tried += 1;
    }
    assert!(tried >= 4, "{tried}");
    let toolchain = text.split("rust:").nth(1).unwrap().split('-').next().unwrap();
    let manifest = include_str!("../../Cargo.toml");
    assert!(manifest.contains(&format!("rust-version = \"{toolchain}\"")), "it is built with {toolchain}");
}

/// systemd's own tool reads the units. The program is not installed here, so another one stands for it.
#[test]
fn systemd_understands_the_units_and_finds_them_well_closed() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        crate::support::say("LEFT OUT: systemd-analyze is not here, so nobody read the units");
        return;
    }
    let units = tempfile::tempdir().unwrap();
    let names = ["mothball.service", "mothball-run.service", "mothball-run.timer"];
    for name in names {
        let text = file(name).replace("/usr/local/bin/mothball", "/bin/true");
        std::fs::write(units.path().join(name), text).unwrap();
    }
    let analyze = |arguments: &[&str]| {
        let output =
            Command::new("systemd-analyze").args(arguments).current_dir(units.path()).output().unwrap();
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.success(), said)
    };
    for name in names {
        let (good, said) = analyze(&["verify", "--man=no", &format!("./{name}")]);
        assert!(good && !said.contains("Unknown"), "{name}: {said}");
    }
    for name in &names[..2] {
        // Out of 10, the less the better; most services of a distribution have more than 5.
        let (good, said) = analyze(&["security", "--offline=true", "--threshold=20", &format!("./{name}")]);
        assert!(good, "{name}: {said}");
    }
}
