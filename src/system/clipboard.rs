//! The clipboard of this computer's desktop, through the program that the desktop has for it.

use std::{
    io::{self, Write},
    path::Path,
    process::{Command, Stdio},
};

use super::environment;

/// A program that keeps text for others to paste.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    pub name: &'static str,
    /// Gives it the text and waits until it has it.
    pub take: fn(&str) -> io::Result<()>,
}

/// The program of this desktop, if somebody sits at it and has one.
pub fn program() -> Option<Program> {
    if environment::is_remote() {
        return None;
    }
    let wayland = environment::variable("WAYLAND_DISPLAY").is_some();
    let x11 = environment::variable("DISPLAY").is_some();
    let known = [
        (wayland, Program { name: "wl-copy", take: |text| feed("wl-copy", &[], text) }),
        (x11, Program { name: "xclip", take: |text| feed("xclip", &["-selection", "clipboard"], text) }),
        (x11, Program { name: "xsel", take: |text| feed("xsel", &["--clipboard", "--input"], text) }),
        (cfg!(target_os = "macos"), Program { name: "pbcopy", take: |text| feed("pbcopy", &[], text) }),
    ];
    known.into_iter().find(|(fits, program)| *fits && is_there(program.name)).map(|(_, program)| program)
}

fn is_there(name: &str) -> bool {
    let folders = environment::path("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| is_program(&folder.join(name)))
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// Writes the text to the program's input and waits for its end. What it prints is not for this screen.
fn feed(name: &str, arguments: &[&str], text: &str) -> io::Result<()> {
    let mut child = Command::new(name)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(text.as_bytes())?;
    }
    let ended = child.wait()?;
    if ended.success() { Ok(()) } else { Err(io::Error::other(format!("it ended with {ended}"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_gets_all_of_the_text_and_its_failure_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("copied");
        let script = format!("cat > {}", path.display());
        feed("sh", &["-c", &script], "two\nlines").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two\nlines");
        let failed = feed("sh", &["-c", "cat > /dev/null; exit 3"], "text").unwrap_err();
        assert!(failed.to_string().contains('3'), "{failed}");
        assert!(feed("no-such-program-anywhere", &[], "text").is_err());
    }
}
