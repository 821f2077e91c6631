//! Runs the setup screen: events in, effects out, pictures to the terminal. The terminal itself, its painter and its keys
//! are those of the main screen.

use std::{future::Future, sync::Arc, time::Duration};

use crossterm::event::Event;
use secrecy::zeroize::Zeroizing;
use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
};

use super::{
    super::{
        message,
        options::{Options, StopSignal, TuiError},
        runtime::{
            FAREWELL, OpenEvents, events, force_colour,
            keyboard::Keyboard,
            next,
            painter::Painter,
            sleep, stopped,
            terminal::{self, Display, RealTerminal},
        },
    },
    Leave,
    desk::SetupDesk,
    model::{Effect, Message, Setup},
    update::update,
    view::view,
};

/// Answers that wait to be taken in.
const QUEUE: usize = 16;

/// While something is asked: the spinner.
const BEAT: Duration = Duration::from_millis(200);

/// Shows the setup on the real terminal until it is left. The mouse stays with the terminal, so that people can select
/// and paste as they are used to.
pub async fn run(desk: Arc<dyn SetupDesk>, options: Options) -> Result<Leave, TuiError> {
    let display = RealTerminal::new(false, false);
    force_colour(&options);
    run_on(desk, options, display, Box::new(|| Box::pin(crossterm::event::EventStream::new()))).await
}

/// The same on any display, with events from anywhere.
pub async fn run_on<D: Display>(
    desk: Arc<dyn SetupDesk>,
    options: Options,
    mut display: D,
    open: OpenEvents,
) -> Result<Leave, TuiError> {
    let size = display.size().map_err(TuiError::NoTerminal)?;
    let model = Setup::new(desk.start(), size, options.look, options.keymap.clone());
    let painter = Painter::start(display).await.map_err(TuiError::NoTerminal)?;
    let (send, receive) = mpsc::channel(QUEUE);
    let mut session = Session {
        desk,
        model,
        painter,
        tasks: JoinSet::new(),
        asked: None,
        send,
        receive,
        open,
        keyboard: None,
        options,
    };
    let leave = session.go().await;
    if let Some(keyboard) = session.keyboard.take() {
        keyboard.close().await;
    }
    session.tasks.abort_all();
    let farewell = session.painter.finish(FAREWELL).await;
    let leave = leave?;
    if terminal::panicked() {
        return Err(TuiError::Panicked);
    }
    if let Err(error) = farewell
        && leave != Leave::Stopped(StopSignal::Hangup)
    {
        tracing::warn!(%error, "the terminal could not be restored");
    }
    Ok(leave)
}

struct Session {
    desk: Arc<dyn SetupDesk>,
    model: Setup,
    painter: Painter,
    tasks: JoinSet<()>,
    /// The question that is under way; a newer one ends it.
    asked: Option<AbortHandle>,
    send: mpsc::Sender<Message>,
    receive: mpsc::Receiver<Message>,
    open: OpenEvents,
    keyboard: Option<Keyboard>,
    options: Options,
}

impl Session {
    async fn go(&mut self) -> Result<Leave, TuiError> {
        self.draw();
        self.keyboard = Some(Keyboard::open((self.open)()));
        let asked = *self.options.stop.borrow_and_update();
        if let Some(signal) = asked {
            return Ok(Leave::Stopped(signal));
        }
        loop {
            let Some(message) = self.wait().await? else { continue };
            for effect in update(&mut self.model, message) {
                match effect {
                    Effect::Leave(leave) => return Ok(leave),
                    Effect::Suspend => self.sleep().await?,
                    Effect::Redraw => self.painter.redraw(),
                    other => self.carry_out(other),
                }
            }
            self.draw();
        }
    }

    async fn wait(&mut self) -> Result<Option<Message>, TuiError> {
        let moves = self.model.moves();
        let keyboard = &mut self.keyboard;
        tokio::select! {
            biased;
            signal = stopped(&mut self.options.stop) => Ok(Some(Message::Stop(signal))),
            () = terminal::panic_seen() => Err(TuiError::Panicked),
            Some(message) = self.receive.recv() => Ok(Some(message)),
            event = next(keyboard) => Ok(match event {
                Some(Ok(event)) => translate(event),
                // The terminal is gone: the same as its hangup.
                _ => Some(Message::Stop(StopSignal::Hangup)),
            }),
            () = tokio::time::sleep(BEAT), if moves => Ok(Some(Message::Tick)),
        }
    }

    /// Asks the Desk in a task of its own; its answer is a message.
    fn carry_out(&mut self, effect: Effect) {
        if let Some(before) = self.asked.take() {
            before.abort();
        }
        let desk = Arc::clone(&self.desk);
        match effect {
            Effect::Test { generation, draft, again } => {
                let answer = async move { Message::Tested(generation, desk.test(draft, again).await) };
                self.asked = Some(self.ask(answer));
            }
            Effect::Census { generation, draft } => {
                let answer = async move { Message::Counted(generation, desk.census(draft).await) };
                self.asked = Some(self.ask(answer));
            }
            Effect::Preview { generation, draft, choice } => {
                let answer = async move { Message::Previewed(generation, desk.preview(draft, choice).await) };
                self.asked = Some(self.ask(answer));
            }
            Effect::Save { draft, choice, preview } => {
                // It is not ended by another question: what is half stored must be finished or taken back.
                self.ask(async move { Message::Saved(desk.save(draft, choice, preview).await) });
            }
            // The first is done already, the others need the terminal, which the session has.
            Effect::Drop | Effect::Suspend | Effect::Redraw | Effect::Leave(_) => {}
        }
    }

    fn ask(&mut self, answer: impl Future<Output = Message> + Send + 'static) -> AbortHandle {
        while self.tasks.try_join_next().is_some() {}
        let send = self.send.clone();
        self.tasks.spawn(async move {
            // Nobody listens any more once the screen was left.
            let _ = send.send(answer.await).await;
        })
    }

    /// Stops until continued.
    async fn sleep(&mut self) -> Result<(), TuiError> {
        if let Some(keyboard) = self.keyboard.take() {
            keyboard.close().await;
        }
        let (size, slept) = sleep(&self.painter, self.options.suspend).await?;
        self.keyboard = Some(Keyboard::open((self.open)()));
        update(&mut self.model, Message::Resize(size.0, size.1));
        if let Err(error) = slept {
            update(&mut self.model, Message::CouldNotSuspend(error.to_string()));
        }
        Ok(())
    }

    fn draw(&self) {
        self.painter.show(view(&self.model));
    }
}

fn translate(event: Event) -> Option<Message> {
    match event {
        // The text moves into a place that is wiped when it is done with.
        Event::Paste(text) => Some(Message::Paste(Zeroizing::new(text))),
        event => match events::translate(&event)? {
            message::Message::Key(key) => Some(Message::Key(key)),
            message::Message::Resize(width, height) => Some(Message::Resize(width, height)),
            _ => None,
        },
    }
}
