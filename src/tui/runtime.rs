//! Runs the screen: events in, effects out, pictures to the terminal.
//!
//! `terminal` owns the real terminal and gives it back whatever happens, `painter` writes pictures on
//! a thread of its own, `effects` carries out what `update` asks for, `keyboard` reads events and
//! `events` translates them; `answer` tells what the terminal says of itself from what a person types.

mod answer;
pub(super) mod effects;
pub(super) mod events;
pub mod hyperlinks;
pub(super) mod keyboard;
pub(super) mod painter;
pub mod terminal;

use std::{pin::Pin, sync::Arc, time::Duration};

use crossterm::event::Event;
use futures_util::Stream;
use tokio::{sync::mpsc, time::Instant};

use self::{
    answer::{Answer, Taken},
    effects::Effects,
    keyboard::Keyboard,
    painter::Painter,
    terminal::{Display, RealTerminal, Signal},
};
use super::{
    desk::Desk,
    effect::Effect,
    message::Message,
    model::Model,
    options::{Alert, Leave, Options, StopSignal, TuiError},
    update, view,
};

/// What comes from the keyboard and the mouse.
pub type Events = Pin<Box<dyn Stream<Item = std::io::Result<Event>> + Send>>;

/// Opens the events; asked again after the program was put to sleep.
pub type OpenEvents = Box<dyn FnMut() -> Events + Send>;

/// Answers that wait to be taken in. A Desk that tells faster than this is made to wait.
const QUEUE: usize = 1024;

/// How many messages are taken in before the next picture.
const BETWEEN_PICTURES: usize = 512;

/// Pictures that nobody's key asked for come no faster than this.
const PACE: Duration = Duration::from_millis(16);

/// While something moves: spinner, rate, age.
const BEAT: Duration = Duration::from_millis(200);

/// While nothing moves: the age of the data.
const SLOW_BEAT: Duration = Duration::from_mins(1);

/// How long keeping the view may take once the screen is left.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How long the painter may take to give the terminal back.
pub(super) const FAREWELL: Duration = Duration::from_secs(2);

/// Shows the screen on the real terminal until it is left.
pub async fn run(desk: Arc<dyn Desk>, options: Options) -> Result<Leave, TuiError> {
    force_colour(&options);
    let display = RealTerminal::new(options.mouse, options.hyperlinks);
    run_on(desk, options, display, Box::new(|| Box::pin(crossterm::event::EventStream::new()))).await
}

/// The caller knows about `NO_COLOR`, and gives colours although it is set only if they were asked for.
pub(super) fn force_colour(options: &Options) {
    if options.look.styles.has_colour() {
        crossterm::style::force_color_output(true);
    }
}

/// The same on any display, with events from anywhere.
pub async fn run_on<D: Display>(
    desk: Arc<dyn Desk>,
    options: Options,
    mut display: D,
    open: OpenEvents,
) -> Result<Leave, TuiError> {
    let size = display.size().map_err(TuiError::NoTerminal)?;
    let mut model = Model::new(desk.setting(), desk.now(), size, options.look);
    model.on_light = options.on_light;
    model.keymap = options.keymap.clone();
    model.clipboard = options.clipboard.map(|clipboard| clipboard.name);
    let painter = Painter::start(display).await.map_err(TuiError::NoTerminal)?;
    let (send, receive) = mpsc::channel(QUEUE);
    let effects = Effects::new(Arc::clone(&desk), send);
    let mut session = Session {
        desk,
        model,
        painter,
        effects,
        receive,
        open,
        keyboard: None,
        answer: Answer::default(),
        options,
        last_picture: None,
    };
    let leave = session.go().await;
    session.silence().await;
    session.effects.conclude(LAST_WORDS).await;
    session.effects.abandon();
    let farewell = session.painter.finish(FAREWELL).await;
    let leave = leave?;
    if terminal::panicked() {
        return Err(TuiError::Panicked);
    }
    // A terminal that went away cannot be restored, and need not be.
    if let Err(error) = farewell
        && !matches!(leave, Leave::Stopped(StopSignal::Hangup, _))
    {
        tracing::warn!(%error, "the terminal could not be restored");
    }
    Ok(leave)
}

struct Session {
    desk: Arc<dyn Desk>,
    model: Model,
    painter: Painter,
    effects: Effects,
    receive: mpsc::Receiver<Message>,
    open: OpenEvents,
    /// `None` while the program sleeps, and after the terminal went away.
    keyboard: Option<Keyboard>,
    answer: Answer,
    options: Options,
    last_picture: Option<Instant>,
}

/// What woke the loop.
enum Woken {
    Message(Message),
    Event(Option<std::io::Result<Event>>),
    Stop,
    Panic,
    Beat,
    Picture,
}

impl Session {
    async fn go(&mut self) -> Result<Leave, TuiError> {
        // The first picture stands before anything is asked of the Desk.
        self.draw();
        if self.model.on_light.is_some() {
            self.answer.expect();
            self.painter.signal(Signal::AskBackground);
        }
        self.keyboard = Some(Keyboard::open((self.open)()));
        self.model.now = self.desk.now();
        let asked = *self.options.stop.borrow_and_update();
        if let Some(signal) = asked {
            return Ok(Leave::Stopped(signal, self.model.closing()));
        }
        let first = update::start(&mut self.model);
        if let Some(leave) = self.carry_out(first).await? {
            return Ok(leave);
        }
        let mut stale = true;
        loop {
            let woken = self.wait(stale).await;
            let by_hand = matches!(woken, Woken::Event(_));
            if let Some(leave) = self.take(woken).await? {
                return Ok(leave);
            }
            if let Some(leave) = self.drain().await? {
                return Ok(leave);
            }
            stale = true;
            let rested = self.last_picture.is_none_or(|last| last.elapsed() >= PACE);
            if by_hand || rested {
                self.draw();
                stale = false;
            }
        }
    }

    /// Waits for the next thing that happens; for the next picture, if one is due.
    async fn wait(&mut self, stale: bool) -> Woken {
        let beat = if self.model.moves() { BEAT } else { SLOW_BEAT };
        let due = self.last_picture.map_or_else(Instant::now, |last| last + PACE);
        let keyboard = &mut self.keyboard;
        tokio::select! {
            biased;
            _ = stopped(&mut self.options.stop) => Woken::Stop,
            () = terminal::panic_seen() => Woken::Panic,
            Some(message) = self.receive.recv() => Woken::Message(message),
            event = next(keyboard) => Woken::Event(event),
            () = tokio::time::sleep_until(due), if stale => Woken::Picture,
            () = tokio::time::sleep(beat) => Woken::Beat,
        }
    }

    async fn take(&mut self, woken: Woken) -> Result<Option<Leave>, TuiError> {
        let message = match woken {
            Woken::Message(message) => message,
            Woken::Event(Some(Ok(event))) => match self.understand(&event) {
                Some(message) => message,
                None => return Ok(None),
            },
            // The terminal is gone: the same as its hangup.
            Woken::Event(_) => {
                self.silence().await;
                Message::Stop(StopSignal::Hangup)
            }
            Woken::Stop => {
                let signal = *self.options.stop.borrow();
                Message::Stop(signal.unwrap_or(StopSignal::Terminate))
            }
            Woken::Panic => return Err(TuiError::Panicked),
            Woken::Beat => Message::Tick,
            Woken::Picture => return Ok(None),
        };
        self.pass(message).await
    }

    fn understand(&mut self, event: &Event) -> Option<Message> {
        match self.answer.take(event) {
            Taken::Part => None,
            Taken::All(background) => background.map(Message::Background),
            Taken::Other => events::translate(event),
        }
    }

    /// Everything that is there already, before the next picture. Keys do not wait behind news.
    async fn drain(&mut self) -> Result<Option<Leave>, TuiError> {
        for _ in 0..BETWEEN_PICTURES {
            let event = self.keyboard.as_mut().and_then(Keyboard::ready);
            let message = self.receive.try_recv().ok();
            if event.is_none() && message.is_none() {
                break;
            }
            if let Some(event) = event
                && let Some(leave) = self.take(Woken::Event(Some(event))).await?
            {
                return Ok(Some(leave));
            }
            if let Some(message) = message
                && let Some(leave) = self.pass(message).await?
            {
                return Ok(Some(leave));
            }
        }
        Ok(None)
    }

    async fn pass(&mut self, message: Message) -> Result<Option<Leave>, TuiError> {
        self.model.now = self.desk.now();
        let effects = update::update(&mut self.model, message);
        self.carry_out(effects).await
    }

    async fn carry_out(&mut self, effects: Vec<Effect>) -> Result<Option<Leave>, TuiError> {
        for effect in effects {
            match effect {
                Effect::Leave(leave) => return Ok(Some(leave)),
                Effect::Suspend => self.sleep().await?,
                Effect::Redraw => self.painter.redraw(),
                Effect::Copy(text) => match self.options.clipboard.filter(|_| self.model.clipboard.is_some())
                {
                    Some(clipboard) => self.effects.copy(clipboard, text),
                    None => self.painter.copy(text),
                },
                Effect::Alert(text) if self.options.alert == Alert::None => {
                    tracing::debug!(%text, "nobody is called");
                }
                Effect::Alert(text) => self.painter.signal(Signal::Alert(self.options.alert, text)),
                other => self.effects.carry_out(other),
            }
        }
        Ok(None)
    }

    /// Stops until continued.
    async fn sleep(&mut self) -> Result<(), TuiError> {
        self.silence().await;
        let (size, slept) = sleep(&self.painter, self.options.suspend).await?;
        self.keyboard = Some(Keyboard::open((self.open)()));
        self.model.now = self.desk.now();
        update::update(&mut self.model, Message::Resize(size.0, size.1));
        if let Err(error) = slept {
            update::update(&mut self.model, Message::CouldNotSuspend(error.to_string()));
        }
        Ok(())
    }

    async fn silence(&mut self) {
        if let Some(keyboard) = self.keyboard.take() {
            keyboard.close().await;
        }
    }

    fn draw(&mut self) {
        self.painter.show(view::view(&self.model));
        self.last_picture = Some(Instant::now());
    }
}

/// Gives the terminal back, stops until continued, takes it again: how large it is now, and whether the program could be
/// stopped. Nobody may read keys meanwhile: two readers of one terminal steal them from each other.
pub(super) async fn sleep(
    painter: &Painter,
    suspend: fn() -> std::io::Result<()>,
) -> Result<((u16, u16), std::io::Result<()>), TuiError> {
    if let Err(error) = painter.leave(FAREWELL).await {
        tracing::warn!(%error, "the terminal could not be given back");
    }
    let slept = suspend();
    // The signal may take effect a moment after it was sent.
    tokio::time::sleep(Duration::from_millis(20)).await;
    let size = painter.enter(FAREWELL).await.map_err(TuiError::NoTerminal)?;
    Ok((size, slept))
}

/// The next event; never, while there are none to be had.
pub(super) async fn next(keyboard: &mut Option<Keyboard>) -> Option<std::io::Result<Event>> {
    match keyboard {
        Some(keyboard) => keyboard.next().await,
        None => std::future::pending().await,
    }
}

/// The next time that the program is asked to end. A sender that is gone will never ask.
pub(super) async fn stopped(stop: &mut tokio::sync::watch::Receiver<Option<StopSignal>>) -> StopSignal {
    loop {
        if stop.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        if let Some(signal) = *stop.borrow() {
            return signal;
        }
    }
}
