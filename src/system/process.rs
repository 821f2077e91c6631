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
    /// nothing can be told, and about the boot neither where one of the two could not see it.
    pub fn has_ended(&self, observer: &Self) -> bool {
        let boots_are_known = !self.boot.is_empty() && !observer.boot.is_empty();
        let earlier_boot = boots_are_known && self.boot != observer.boot;
        self.host == observer.host && (earlier_boot || !is_alive(self.pid))
    }
}

/// Whether a process has this number now. One of another user counts, too.
fn is_alive(pid: u32) -> bool {
    let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) else {
        return false;
    };
    !matches!(rustix::process::test_kill_process(pid), Err(rustix::io::Errno::SRCH))
}

/// Which numbering of processes ours belongs to: two containers on one computer may have the same number.
pub fn space() -> String {
    std::fs::read_link("/proc/self/ns/pid").map(|link| link.display().to_string()).unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_cannot_see_the_boot_does_not_take_the_living_for_ended() {
        let own = Identity::own();
        let blind = Identity { boot: String::new(), ..own.clone() };
        let earlier = Identity { boot: "an earlier one".to_owned(), ..own.clone() };
        assert!(!own.has_ended(&own) && !own.has_ended(&blind) && !blind.has_ended(&own));
        assert!(earlier.has_ended(&own));
        assert!(!Identity { host: "elsewhere".to_owned(), ..earlier }.has_ended(&own));
    }
}
