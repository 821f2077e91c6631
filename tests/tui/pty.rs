//! The screen in a real pseudo-terminal: this test binary starts itself as the child.

use std::{
    io::{self, Read, Write},
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use mothball::{
    system::{process, signals},
    tui::{
        Leave, Options, StopSignal, TuiError,
        model::Look,
        runtime::{
            self,
            terminal::{Display, RealTerminal},
        },
        theme::Theme,
        view::Picture,
    },
};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tokio::sync::watch;

use super::world::{ScriptedDesk, Where, World, shared};

/// What the child ends with; libtest's own codes are others.
const QUIT: i32 = 40;
const STOPPED: i32 = 41;
const PANICKED: i32 = 42;

/// Where a part of the program panics, once a key was pressed.
#[derive(Clone, Copy, PartialEq)]
enum Breaks {
    Nowhere,
    Task,
    /// In the loop itself, between a key and what it does.
    Update,
    /// In the thread that draws.
    Draw,
}

/// A terminal whose drawing breaks when the desk does.
struct Breaking {
    inner: RealTerminal,
    desk: Arc<ScriptedDesk>,
}

impl Display for Breaking {
    fn size(&mut self) -> io::Result<(u16, u16)> {
        self.inner.size()
    }

    fn enter(&mut self) -> io::Result<()> {
        self.inner.enter()
    }

    fn leave(&mut self) -> io::Result<()> {
        self.inner.leave()
    }

    fn show(&mut self, before: Option<&Picture>, now: &Picture) -> io::Result<()> {
        assert!(!self.desk.drawing_breaks.load(Ordering::SeqCst), "planted panic");
        self.inner.show(before, now)
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        self.inner.copy(text)
    }
}

fn child(endless: bool, breaks: Breaks, no_color: bool) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let result = runtime.block_on(async {
        let (send, stop) = watch::channel(None);
        let mut stops = signals::Stops::listen().unwrap();
        tokio::spawn(async move {
            let signal = match stops.next().await {
                signals::Stop::Hangup => StopSignal::Hangup,
                signals::Stop::Interrupt => StopSignal::Interrupt,
                signals::Stop::Terminate => StopSignal::Terminate,
            };
            let _ = send.send(Some(signal));
        });
        if breaks == Breaks::Task {
            tokio::spawn(async {
                tokio::time::sleep(Duration::from_millis(700)).await;
                panic!("planted panic");
            });
        }
        let mut desk = ScriptedDesk::new(World::small());
        desk.endless = endless;
        desk.breaks = match breaks {
            Breaks::Update => Some(Where::Clock),
            Breaks::Draw => Some(Where::Drawing),
            Breaks::Nowhere | Breaks::Task => None,
        };
        let desk = shared(desk);
        let theme = if no_color { Theme::Mono } else { Theme::Dark };
        let options = Options { look: Look::new(theme, false), ..Options::new(process::suspend, stop) };
        let display = Breaking { inner: RealTerminal::new(true, false), desk: Arc::clone(&desk) };
        let keys = || -> runtime::Events { Box::pin(crossterm::event::EventStream::new()) };
        Box::pin(runtime::run_on(desk, options, display, Box::new(keys))).await
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    let code = match result {
        Ok(Leave::Quit(_)) => QUIT,
        Ok(Leave::Stopped(..)) => STOPPED,
        Err(TuiError::Panicked) => PANICKED,
        Err(error) => panic!("{error}"),
    };
    #[expect(clippy::disallowed_methods, reason = "the child tells its parent how it ended")]
    std::process::exit(code);
}

#[test]
#[ignore = "the child of the tests below"]
fn plain() {
    child(false, Breaks::Nowhere, false);
}

#[test]
#[ignore = "the child of the tests below"]
fn endless() {
    child(true, Breaks::Nowhere, false);
}

#[test]
#[ignore = "the child of the tests below"]
fn panicking() {
    child(false, Breaks::Task, false);
}

#[test]
#[ignore = "the child of the tests below"]
fn breaking_in_update() {
    child(false, Breaks::Update, false);
}

#[test]
#[ignore = "the child of the tests below"]
fn breaking_in_draw() {
    child(false, Breaks::Draw, false);
}

#[test]
#[ignore = "the child of the tests below"]
fn colourless() {
    child(false, Breaks::Nowhere, true);
}

struct Terminal {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    screen: Arc<Mutex<vt100::Parser>>,
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

impl Terminal {
    fn start(which: &str, rows: u16, cols: u16) -> Self {
        let pty = native_pty_system()
            .openpty(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 })
            .expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args([&format!("tui::pty::{which}"), "--exact", "--ignored", "--nocapture", "-q"]);
        command.env("TERM", "xterm-256color");
        command.env("RUST_BACKTRACE", "0");
        if which == "colourless" {
            command.env("NO_COLOR", "1");
        } else {
            command.env_remove("NO_COLOR");
        }
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let size = |n: u16| n.try_into().unwrap();
        let screen = Arc::new(Mutex::new(vt100::Parser::new(size(rows), size(cols), 0)));
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let mut reader = pty.master.try_clone_reader().unwrap();
        let (theirs, log) = (Arc::clone(&screen), Arc::clone(&bytes));
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                log.lock().unwrap().extend_from_slice(&buffer[..n]);
                theirs.lock().unwrap().process(&buffer[..n]);
            }
        });
        let writer = pty.master.take_writer().unwrap();
        Self { master: pty.master, writer, child, screen, bytes }
    }

    fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    fn is_ours(&self) -> bool {
        self.screen.lock().unwrap().screen().alternate_screen()
    }

    fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        for _ in 0..1000 {
            if holds(self) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{what}\n{}", self.text());
    }

    fn wait_for(&self, words: &str) {
        self.until(words, |terminal| terminal.text().contains(words));
    }

    fn keys(&mut self, bytes: &str) {
        self.writer.write_all(bytes.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    fn signal(&self, name: &str) {
        let pid = self.child.process_id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// Waits for the end, and checks that the terminal is as it was.
    fn ended(&mut self, code: i32) {
        let mut status = None;
        for _ in 0..1500 {
            status = self.child.try_wait().unwrap();
            if status.is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let status = status.unwrap_or_else(|| panic!("it does not end\n{}", self.text()));
        assert_eq!(status.exit_code() as i32, code, "{}", self.text());
        self.until("the terminal is given back", |terminal| !terminal.is_ours());
        let parser = self.screen.lock().unwrap();
        let screen = parser.screen();
        assert!(!screen.hide_cursor() && !screen.bracketed_paste());
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    }
}

#[test]
fn keys_reach_a_real_terminal_and_it_is_given_back() {
    let mut terminal = Terminal::start("plain", 24, 80);
    terminal.wait_for("complete, read");
    assert!(terminal.is_ours());
    terminal.keys("\tj ");
    terminal.wait_for("1 ticked");
    terminal.keys("\r");
    terminal.wait_for("will be set inactive");
    terminal.keys("x");
    terminal.wait_for("type the company's id or name");
    // A paste is told apart from typing, and does nothing here.
    terminal.keys("\u{1b}[200~7\r\r\u{1b}[201~");
    terminal.wait_for("Pasting does not work here");
    terminal.keys("7\r");
    terminal.wait_for("enter once more");
    terminal.keys("\r");
    terminal.wait_for("every change read back");
    terminal.keys("q");
    terminal.ended(QUIT);
}

#[test]
fn a_resize_together_with_a_key_loses_neither() {
    let mut terminal = Terminal::start("plain", 24, 80);
    terminal.wait_for("complete, read");
    for round in 0..10u16 {
        let (rows, cols) = (20 + round, 90 + round);
        terminal
            .screen
            .lock()
            .unwrap()
            .screen_mut()
            .set_size(rows.try_into().unwrap(), cols.try_into().unwrap());
        terminal.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
        terminal.keys("?");
        terminal.wait_for("Keys that work in Review now");
        terminal.keys("?");
        terminal.until("help closes", |terminal| !terminal.text().contains("Keys that work"));
    }
    terminal.keys("q");
    terminal.ended(QUIT);
}

#[test]
fn without_colour_the_cursor_row_is_reversed_and_nothing_is_coloured() {
    let mut terminal = Terminal::start("colourless", 24, 80);
    terminal.wait_for("complete, read");
    terminal.keys("\tj");
    terminal.until("the cursor row is reversed", |terminal| {
        let parser = terminal.screen.lock().unwrap();
        parser.screen().cell(4, 40).is_some_and(vt100::Cell::inverse)
    });
    {
        let parser = terminal.screen.lock().unwrap();
        for row in 0..24 {
            for column in 0..80 {
                let cell = parser.screen().cell(row, column).unwrap();
                assert_eq!((cell.fgcolor(), cell.bgcolor()), (vt100::Color::Default, vt100::Color::Default));
            }
        }
    }
    terminal.keys("q");
    terminal.ended(QUIT);
}

#[test]
fn tiny_terminals_work_too() {
    let mut terminal = Terminal::start("plain", 3, 10);
    terminal.wait_for("Need");
    terminal.keys("q");
    terminal.ended(QUIT);
}

#[test]
fn a_signal_cancels_the_run_and_gives_the_terminal_back() {
    for signal in ["-TERM", "-HUP", "-INT"] {
        let mut terminal = Terminal::start("endless", 24, 80);
        terminal.wait_for("complete, read");
        terminal.keys("\tj \r");
        terminal.wait_for("will be set inactive");
        terminal.keys("x7\r");
        terminal.wait_for("enter once more");
        terminal.keys("\r");
        terminal.wait_for("Starting");
        terminal.signal(signal);
        terminal.ended(STOPPED);
    }
}

#[test]
fn a_panic_anywhere_gives_the_terminal_back_before_its_message() {
    // A panic of the loop itself is libtest's to report; the program's main ends with the same code.
    for (which, code) in
        [("panicking", PANICKED), ("breaking_in_update", 101), ("breaking_in_draw", PANICKED)]
    {
        let mut terminal = Terminal::start(which, 24, 80);
        terminal.wait_for("complete, read");
        terminal.keys("j");
        terminal.ended(code);
        terminal.wait_for("planted panic");
        let bytes = terminal.bytes.lock().unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let left = text.rfind("\u{1b}[?1049l").unwrap_or_else(|| panic!("{which}: the screen is left"));
        assert!(left < text.find("planted panic").unwrap(), "{which}");
    }
}

#[test]
fn ctrl_z_comes_back_with_the_whole_screen() {
    let mut terminal = Terminal::start("plain", 24, 80);
    terminal.wait_for("complete, read");
    let entered = |terminal: &Terminal| {
        String::from_utf8_lossy(&terminal.bytes.lock().unwrap()).matches("\u{1b}[?1049h").count()
    };
    assert_eq!(entered(&terminal), 1);
    terminal.keys("\u{1a}");
    // Without a shell above it nothing stops here; a stopped one is woken.
    std::thread::sleep(Duration::from_millis(300));
    terminal.signal("-CONT");
    terminal.until("it comes back", |terminal| entered(terminal) == 2);
    terminal.wait_for("Acme Dental");
    terminal.keys("?");
    terminal.wait_for("Keys that work");
    terminal.keys("?q");
    terminal.ended(QUIT);
}
