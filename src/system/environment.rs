//! The environment variables of the process.

use std::path::PathBuf;

/// The variable's text, if it is set, not empty and valid Unicode.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// The variable as a path, if it is set and not empty.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub fn path(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|text| !text.is_empty()).map(PathBuf::from)
}

/// Whether colour is unwanted: `NO_COLOR` set to anything but nothing (no-color.org).
pub fn no_color() -> bool {
    path("NO_COLOR").is_some()
}

/// Whether the terminal is known to make links of what is marked as such (OSC 8). One that is not known is not tried:
/// what it does not understand it may print.
pub fn hyperlinks() -> bool {
    knows_hyperlinks(&|name| variable(name))
}

fn knows_hyperlinks(variable: &dyn Fn(&str) -> Option<String>) -> bool {
    let term = variable("TERM").unwrap_or_default();
    let multiplexed = variable("TMUX").is_some() || variable("STY").is_some();
    let begins = |names: &[&str]| names.iter().any(|name| term.starts_with(name));
    if term.is_empty() || multiplexed || begins(&["dumb", "linux", "screen", "tmux", "vt", "ansi"]) {
        return false;
    }
    let program = variable("TERM_PROGRAM").unwrap_or_default();
    let vte = variable("VTE_VERSION").and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
    ["iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "Tabby", "rio"].contains(&program.as_str())
        || begins(&["xterm-kitty", "xterm-ghostty", "alacritty", "foot", "wezterm", "contour", "rio"])
        || vte >= 5000
        || ["WT_SESSION", "KONSOLE_VERSION", "DOMTERM"].iter().any(|name| variable(name).is_some())
}

/// Whether somebody sits at another computer than this one.
pub fn is_remote() -> bool {
    ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"].iter().any(|name| variable(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::knows_hyperlinks;

    #[test]
    fn only_terminals_that_are_known_for_it_get_links() {
        let with = |set: &[(&str, &str)]| {
            knows_hyperlinks(&|name| {
                set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(with(&[("TERM", "xterm-kitty")]));
        assert!(with(&[("TERM", "xterm-256color"), ("VTE_VERSION", "7600")]));
        assert!(with(&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "WezTerm")]));
        assert!(with(&[("TERM", "xterm-256color"), ("WT_SESSION", "1")]));
        assert!(!with(&[("TERM", "xterm-256color")]));
        assert!(!with(&[("TERM", "dumb"), ("VTE_VERSION", "7600")]));
        assert!(!with(&[("TERM", "screen-256color"), ("TERM_PROGRAM", "WezTerm")]));
        assert!(!with(&[("TERM", "xterm-kitty"), ("TMUX", "/tmp/x,1,0")]));
        assert!(!with(&[]));
    }
}
