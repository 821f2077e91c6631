//! A pseudo-terminal with the real binary in it, and what stands on its screen. Every wait has an end.

use std::{
    io::{Read, Write},
    num::NonZeroU16,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// A minute of looking.
const LOOKS: u32 = 3_000;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a terminal has at least one cell")
}

pub struct Screen {
    parser: Arc<Mutex<vt100::Parser>>,
    raw: Arc<Mutex<Vec<u8>>>,
    /// Nobody reads what comes out.
    deaf: Arc<AtomicBool>,
    keys: Box<dyn Write + Send>,
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
}

impl Screen {
    pub fn open(arguments: &[&str], environment: &[(&str, &str)], columns: u16, rows: u16) -> Self {
        Self::open_in(None, arguments, environment, columns, rows)
    }

    /// The same, started in that folder.
    pub fn open_in(
        folder: Option<&std::path::Path>,
        arguments: &[&str],
        environment: &[(&str, &str)],
        columns: u16,
        rows: u16,
    ) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_mothball"));
        command.args(arguments);
        if let Some(folder) = folder {
            command.cwd(folder);
        }
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        // A dark terminal that shows Unicode and 256 colours, unless the test says otherwise.
        command.env("COLORFGBG", "15;0");
        command.env("LC_ALL", "C.UTF-8");
        command.env_remove("COLORTERM");
        command.env_remove("VTE_VERSION");
        command.env_remove("MOTHBALL_CONFIG");
        for (name, value) in environment {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).expect("the program starts");
        drop(pair.slave);
        let parser = Arc::new(Mutex::new(vt100::Parser::new(cells(rows), cells(columns), 0)));
        let raw = Arc::new(Mutex::new(Vec::new()));
        let mut output = pair.master.try_clone_reader().expect("a reader");
        let deaf = Arc::new(AtomicBool::new(false));
        let (theirs, bytes, closed) = (Arc::clone(&parser), Arc::clone(&raw), Arc::clone(&deaf));
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(count) = output.read(&mut buffer) {
                while closed.load(Ordering::SeqCst) {
                    std::thread::sleep(BETWEEN_LOOKS);
                }
                if count == 0 {
                    break;
                }
                bytes.lock().unwrap().extend_from_slice(&buffer[..count]);
                theirs.lock().unwrap().process(&buffer[..count]);
            }
        });
        let keys = pair.master.take_writer().expect("a writer");
        Self { parser, raw, deaf, keys, master: pair.master, child }
    }

    pub fn text(&self) -> String {
        self.parser.lock().unwrap().screen().contents()
    }

    /// Looks at the cells.
    pub fn with<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        look(self.parser.lock().unwrap().screen())
    }

    /// Whether any cell is as asked.
    pub fn any_cell(&self, wanted: impl Fn(&vt100::Cell) -> bool) -> bool {
        self.with(|screen| {
            let (rows, columns) = screen.size();
            (0..rows.get())
                .any(|row| (0..columns.get()).any(|column| screen.cell(row, column).is_some_and(&wanted)))
        })
    }

    /// Every byte that came out so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.raw.lock().unwrap().clone()
    }

    /// From now on nobody reads what comes out, so that writing blocks once the terminal's buffer is full; or all again.
    pub fn stop_reading(&self, stop: bool) {
        self.deaf.store(stop, Ordering::SeqCst);
    }

    pub fn is_alternate(&self) -> bool {
        self.parser.lock().unwrap().screen().alternate_screen()
    }

    pub fn is_cursor_hidden(&self) -> bool {
        self.parser.lock().unwrap().screen().hide_cursor()
    }

    pub fn send(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("keys can be typed");
        self.keys.flush().expect("keys can be typed");
        // One key after another, as a hand would.
        std::thread::sleep(Duration::from_millis(40));
    }

    pub fn type_each(&mut self, text: &str) {
        for key in text.chars() {
            self.send(&key.to_string());
        }
    }

    pub fn wait_for(&self, wanted: &str) -> String {
        self.wait_until(wanted, |text| text.contains(wanted))
    }

    pub fn wait_until(&self, what: &str, seen: impl Fn(&str) -> bool) -> String {
        for _ in 0..LOOKS {
            let text = self.text();
            if seen(&text) {
                return text;
            }
            std::thread::sleep(BETWEEN_LOOKS);
        }
        panic!("waited for \"{what}\" in vain:\n{}", self.text());
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).expect("the terminal can be resized");
        self.parser.lock().unwrap().screen_mut().set_size(cells(rows), cells(columns));
    }

    pub fn process(&self) -> u32 {
        self.child.process_id().expect("it runs")
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(self.process().cast_signed()).expect("a process id");
        rustix::process::kill_process(pid, signal).expect("it can be signalled");
    }

    /// Waits for the end; tells the exit code.
    pub fn ended(&mut self) -> u32 {
        for _ in 0..LOOKS {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                // What it wrote last may still be on its way.
                std::thread::sleep(Duration::from_millis(100));
                return status.exit_code();
            }
            std::thread::sleep(BETWEEN_LOOKS);
        }
        panic!("it does not end:\n{}", self.text());
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
    }
}
