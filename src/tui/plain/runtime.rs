//! Runs the review in lines: lines in, effects out, lines out. Reading and printing have threads of their
//! own: whoever does not read what is printed holds up nothing else.

use std::{
    io::{self, BufRead, Read},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};

use super::{
    super::{
        desk::Desk,
        effect::Effect,
        message::Message,
        options::{Leave, StopSignal, TuiError},
        runtime::{effects::Effects, stopped},
    },
    session::Session,
};

/// Answers that wait to be taken in.
const QUEUE: usize = 1024;

/// Lines that are read ahead; more wait in the terminal or the pipe.
const AHEAD: usize = 64;

/// No line that a person types is longer; the rest of a longer one is not kept.
const LONGEST: u64 = 64 * 1024;

/// A line that came sooner after a question was pasted or typed ahead: nobody reads that fast.
const TOO_SOON: Duration = Duration::from_millis(400);

/// While something goes on: progress.
const BEAT: Duration = Duration::from_secs(1);

/// How long the last lines may take to be printed.
const FAREWELL: Duration = Duration::from_secs(2);

/// Prints one line; an error says that nobody takes them any more.
pub type Print = Box<dyn FnMut(&str) -> io::Result<()> + Send>;

/// Where lines come from and go to.
pub struct Options {
    /// A person sits at the terminal that lines are read from.
    pub attended: bool,
    pub input: Box<dyn Read + Send>,
    pub print: Print,
    /// Turns to `Some` when the program is asked to end.
    pub stop: watch::Receiver<Option<StopSignal>>,
}

/// Reviews in lines until it is left.
pub async fn run(desk: Arc<dyn Desk>, options: Options) -> Result<Leave, TuiError> {
    let Options { attended, input, print, stop } = options;
    let (send, receive) = mpsc::channel(QUEUE);
    let printer = Printer::start(print)?;
    let mut review = Review {
        session: Session::new(desk.setting(), desk.now(), attended),
        effects: Effects::new(Arc::clone(&desk), send),
        desk,
        receive,
        lines: read(input)?,
        printer,
        stop,
        asked: 0,
        asked_at: Instant::now(),
    };
    let left = review.go().await;
    review.effects.abandon();
    review.printer.finish(FAREWELL).await;
    left
}

struct Typed {
    text: String,
    at: Instant,
}

struct Review {
    desk: Arc<dyn Desk>,
    session: Session,
    effects: Effects,
    receive: mpsc::Receiver<Message>,
    lines: mpsc::Receiver<Typed>,
    printer: Printer,
    stop: watch::Receiver<Option<StopSignal>>,
    /// How many questions were asked, and when the last one was.
    asked: u64,
    asked_at: Instant,
}

enum Woken {
    Message(Message),
    Line(Option<Typed>),
    Stop(StopSignal),
    Beat,
}

impl Review {
    async fn go(&mut self) -> Result<Leave, TuiError> {
        let first = self.session.begin();
        let mut ended = false;
        let mut left = self.carry_out(first);
        loop {
            if let Some(leave) = left? {
                return Ok(leave);
            }
            let woken = self.wait(ended).await;
            self.session.now = self.desk.now();
            let effects = match woken {
                Woken::Message(message) => self.session.hear(message),
                Woken::Line(Some(line)) => {
                    let early = self.session.attended && line.at < self.asked_at + TOO_SOON;
                    self.session.line(&line.text, early)
                }
                Woken::Line(None) => {
                    ended = true;
                    self.session.end_of_input()
                }
                Woken::Stop(signal) => self.session.hear(Message::Stop(signal)),
                Woken::Beat => {
                    self.session.beat();
                    Vec::new()
                }
            };
            left = self.carry_out(effects);
        }
    }

    /// Waits for the next thing that happens. A pipe's next line waits until the one before is answered.
    async fn wait(&mut self, ended: bool) -> Woken {
        let listens = !ended && (self.session.attended || !self.session.is_busy());
        tokio::select! {
            biased;
            signal = stopped(&mut self.stop) => Woken::Stop(signal),
            () = self.printer.broken() => Woken::Stop(StopSignal::Hangup),
            Some(message) = self.receive.recv() => Woken::Message(message),
            line = self.lines.recv(), if listens => Woken::Line(line),
            () = tokio::time::sleep(BEAT), if self.session.is_busy() => Woken::Beat,
        }
    }

    fn carry_out(&mut self, effects: Vec<Effect>) -> Result<Option<Leave>, TuiError> {
        for line in self.session.take_output() {
            self.printer.print(line);
        }
        if std::mem::replace(&mut self.asked, self.session.questions) != self.session.questions {
            self.asked_at = Instant::now();
        }
        for effect in effects {
            match effect {
                Effect::Leave(leave) => return Ok(Some(leave)),
                other => self.effects.carry_out(other),
            }
        }
        if self.session.nobody_to_confirm {
            return Err(TuiError::NobodyToConfirm);
        }
        Ok(None)
    }
}

/// Reads lines on a thread of its own, which may wait for the next one for ever: it holds up no end.
fn read(input: Box<dyn Read + Send>) -> io::Result<mpsc::Receiver<Typed>> {
    let (send, lines) = mpsc::channel(AHEAD);
    std::thread::Builder::new().name("lines".to_owned()).spawn(move || {
        let mut input = io::BufReader::new(input);
        while let Ok(Some(text)) = next_line(&mut input) {
            if send.blocking_send(Typed { text, at: Instant::now() }).is_err() {
                return;
            }
        }
    })?;
    Ok(lines)
}

/// The next line, as far as it is kept; `None` at the end.
fn next_line(input: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    if input.take(LONGEST).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    if bytes.last() != Some(&b'\n') && bytes.len() as u64 == LONGEST {
        input.skip_until(b'\n')?;
    }
    Ok(Some(String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned()))
}

/// Prints on a thread of its own.
struct Printer {
    lines: Option<std::sync::mpsc::Sender<String>>,
    /// Says that all was printed, or that nothing can be printed any more.
    done: oneshot::Receiver<io::Result<()>>,
    broken: bool,
}

impl Printer {
    fn start(mut print: Print) -> io::Result<Self> {
        let (lines, theirs) = std::sync::mpsc::channel::<String>();
        let (tell, done) = oneshot::channel();
        std::thread::Builder::new().name("printer".to_owned()).spawn(move || {
            let printed = theirs.iter().try_for_each(|line| print(&line));
            // Nobody asks any more once the program has ended.
            let _ = tell.send(printed);
        })?;
        Ok(Self { lines: Some(lines), done, broken: false })
    }

    fn print(&self, line: String) {
        if let Some(lines) = &self.lines {
            // A printer that is gone was noticed, or will be.
            let _ = lines.send(line);
        }
    }

    /// Until nothing can be printed any more; told once.
    async fn broken(&mut self) {
        if self.broken {
            std::future::pending::<()>().await;
        }
        let _ = (&mut self.done).await;
        self.broken = true;
    }

    async fn finish(mut self, limit: Duration) {
        self.lines = None;
        if !self.broken {
            let _ = tokio::time::timeout(limit, &mut self.done).await;
        }
    }
}
