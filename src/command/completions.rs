//! `mothball completions` and `mothball man`.

use clap::CommandFactory;
use clap_complete::Shell;

use super::{
    args::Cli,
    print::{self, Failure},
};
use crate::domain::ExitCode;

pub fn completions(shell: Shell) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "mothball", &mut script);
    print::out(&String::from_utf8_lossy(&script));
    ExitCode::Success
}

pub fn man() -> Result<ExitCode, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command())
        .render(&mut page)
        .map_err(|error| Failure::usage(format!("the manual page could not be made: {error}"), ""))?;
    print::out(&String::from_utf8_lossy(&page));
    Ok(ExitCode::Success)
}
