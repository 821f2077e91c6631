//! `mothball completions` and `mothball man`.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use super::{
    args::Cli,
    print::{self, Failure},
};
use crate::domain::{
    ExitCode,
    text::{count, nearest},
};

pub fn completions(shell: Shell) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "mothball", &mut script);
    print::out(&String::from_utf8_lossy(&script));
    ExitCode::Success
}

/// The page of one command on standard output, or all pages into a folder.
pub fn man(path: &[String], folder: Option<&Path>) -> Result<ExitCode, Failure> {
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    if let Some(folder) = folder {
        return write_all(&program, folder);
    }
    let mut command = &program;
    for word in path {
        command = command.find_subcommand(word).ok_or_else(|| {
            let known = nearest(word, command.get_subcommands().map(clap::Command::get_name));
            let advice = match known {
                Some(near) => format!("Did you mean {near}? `mothball --help` lists the commands."),
                None => "`mothball --help` lists the commands.".to_owned(),
            };
            Failure::usage(format!("there is no command {}", path.join(" ")), advice)
        })?;
    }
    print::out(&String::from_utf8_lossy(&page(command)?));
    Ok(ExitCode::Success)
}

fn page(command: &clap::Command) -> Result<Vec<u8>, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone())
        .render(&mut page)
        .map_err(|error| Failure::usage(format!("the manual page could not be made: {error}"), ""))?;
    Ok(page)
}

fn write_all(program: &clap::Command, folder: &Path) -> Result<ExitCode, Failure> {
    let failed = |error: std::io::Error| {
        Failure::usage(
            format!("nothing can be written in {}: {error}", folder.display()),
            "Name another folder.",
        )
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut open = vec![program];
    let mut written = 0;
    while let Some(command) = open.pop() {
        // The names by which the pages refer to each other: mothball-runs-undo.1.
        let name = command.get_display_name().unwrap_or_else(|| command.get_name());
        std::fs::write(folder.join(format!("{name}.1")), page(command)?).map_err(failed)?;
        written += 1;
        open.extend(command.get_subcommands());
    }
    print::tell(&format!("{} written into {}", count(written, "page", "pages"), folder.display()));
    Ok(ExitCode::Success)
}
