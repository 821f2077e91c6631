//! Who we are to the operating system.

use std::process::ExitCode;

/// The process, told apart from a later one with the same number by the boot it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub host: String,
    pub pid: u32,
    pub boot: String,
}

impl Identity {
    pub fn own() -> Self {
        Self {
            host: whoami::fallible::hostname().unwrap_or_else(|_| "unknown".to_owned()),
            pid: std::process::id(),
            boot: boot_id(),
        }
    }
}

impl Identity {
    /// Whether this process has certainly ended, as seen by `observer`: it ran on the same host, and
    /// either in an earlier boot or under a number that no process has now. About another host
    /// nothing can be told.
    pub fn has_ended(&self, observer: &Self) -> bool {
        self.host == observer.host && (self.boot != observer.boot || !is_alive(self.pid))
    }
}

/// Whether a process has this number now. One of another user counts, too.
fn is_alive(pid: u32) -> bool {
    let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) else {
        return false;
    };
    !matches!(rustix::process::test_kill_process(pid), Err(rustix::io::Errno::SRCH))
}

/// The user who runs the program, as the operating system names them.
pub fn user() -> String {
    whoami::fallible::username().unwrap_or_else(|_| "unknown".to_owned())
}

/// Stops this process as Ctrl-Z would; returns when it is continued.
#[cfg(unix)]
pub fn suspend() -> std::io::Result<()> {
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TSTP)?;
    Ok(())
}

/// The exit status for a code of the contract.
pub fn exit_status(code: u8) -> ExitCode {
    ExitCode::from(code)
}

fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map(|id| id.trim().to_owned())
        .unwrap_or_default()
}
