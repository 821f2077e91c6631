//! Lines that a person types, seen or unseen, without a screen.

use std::io::{self, stdin};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::zeroize::Zeroizing;

/// What a terminal gives as one line at most.
const LONGEST: usize = 4096;

/// While it lives, what is typed is not shown. However it ends, the terminal shows it again.
pub struct Unseen {
    before: Termios,
}

impl Unseen {
    pub fn begin() -> io::Result<Self> {
        let before = tcgetattr(stdin())?;
        let mut without = before.clone();
        without.local_modes.remove(LocalModes::ECHO);
        // The line end is shown, so that the next question begins on a line of its own.
        without.local_modes.insert(LocalModes::ECHONL);
        // What was typed ahead was meant for something that shows it.
        tcsetattr(stdin(), OptionalActions::Flush, &without)?;
        Ok(Self { before })
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        // There is nobody to tell, and nothing else to try.
        let _ = tcsetattr(stdin(), OptionalActions::Now, &self.before);
    }
}

/// The next line; `None` at the end of the input. It blocks, and reads from the terminal itself: no buffer keeps what was
/// typed.
pub fn read_line() -> io::Result<Option<Zeroizing<String>>> {
    let mut line = Zeroizing::new(vec![0; LONGEST]);
    let mut filled = 0;
    while filled < LONGEST {
        // A terminal gives a whole line at once, and never more than one.
        let got = match rustix::io::read(stdin(), &mut line[filled..]) {
            Err(rustix::io::Errno::INTR) => continue,
            other => other?,
        };
        filled += got;
        if got == 0 || line[..filled].ends_with(b"\n") {
            break;
        }
    }
    if filled == 0 {
        return Ok(None);
    }
    let text = std::str::from_utf8(&line[..filled]);
    let text = text.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))?;
    Ok(Some(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned())))
}
