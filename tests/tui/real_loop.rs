//! The real loop, on a test backend: the same code that runs in a terminal.

mod calling;

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use mothball::tui::{
    Leave, Options, StopSignal, TuiError,
    desk::Desk,
    model::Look,
    runtime::{
        Events, run_on,
        terminal::{Display, OnBackend},
    },
    theme::Theme,
    view::Picture,
};
use ratatui::{
    backend::{Backend, ClearType, TestBackend, WindowSize},
    buffer::Cell,
    layout::{Position, Size},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};

use super::world::{ScriptedDesk, World, shared};

/// A test backend that can be looked at while the painter draws on it.
#[derive(Clone)]
struct Shared {
    inner: Arc<Mutex<TestBackend>>,
    frames: Arc<AtomicUsize>,
}

impl Shared {
    fn new(width: u16, height: u16) -> Self {
        Self { inner: Arc::new(Mutex::new(TestBackend::new(width, height))), frames: Arc::default() }
    }

    fn text(&self) -> String {
        self.inner.lock().unwrap().to_string()
    }

    fn frames(&self) -> usize {
        self.frames.load(Ordering::SeqCst)
    }
}

impl Backend for Shared {
    type Error = Infallible;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, content: I) -> Result<(), Infallible> {
        self.inner.lock().unwrap().draw(content)
    }

    fn hide_cursor(&mut self) -> Result<(), Infallible> {
        self.inner.lock().unwrap().hide_cursor()
    }

    fn show_cursor(&mut self) -> Result<(), Infallible> {
        self.inner.lock().unwrap().show_cursor()
    }

    fn get_cursor_position(&mut self) -> Result<Position, Infallible> {
        self.inner.lock().unwrap().get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), Infallible> {
        self.inner.lock().unwrap().set_cursor_position(position)
    }

    fn clear(&mut self) -> Result<(), Infallible> {
        self.inner.lock().unwrap().clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> Result<(), Infallible> {
        self.inner.lock().unwrap().clear_region(clear_type)
    }

    fn size(&self) -> Result<Size, Infallible> {
        self.inner.lock().unwrap().size()
    }

    fn window_size(&mut self) -> Result<WindowSize, Infallible> {
        self.inner.lock().unwrap().window_size()
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        self.frames.fetch_add(1, Ordering::SeqCst);
        self.inner.lock().unwrap().flush()
    }
}

type Keys = mpsc::UnboundedSender<std::io::Result<Event>>;

/// A running screen with its keyboard.
struct Runner {
    desk: Arc<ScriptedDesk>,
    screen: Shared,
    keys: Arc<Mutex<Option<Keys>>>,
    opened: Arc<AtomicUsize>,
    stop: watch::Sender<Option<StopSignal>>,
    task: JoinHandle<Result<Leave, TuiError>>,
}

static SUSPENDED: AtomicUsize = AtomicUsize::new(0);

#[expect(clippy::unnecessary_wraps, reason = "the shape that the options ask for")]
fn suspend() -> std::io::Result<()> {
    SUSPENDED.fetch_add(1, Ordering::SeqCst);
    Ok(())
}

fn options(stop: watch::Receiver<Option<StopSignal>>) -> Options {
    Options { look: Look::new(Theme::Mono, false), mouse: false, ..Options::new(suspend, stop) }
}

impl Runner {
    fn start(desk: ScriptedDesk) -> Self {
        let screen = Shared::new(100, 30);
        Self::start_on(desk, screen.clone(), OnBackend(screen))
    }

    fn start_on<D: Display>(desk: ScriptedDesk, screen: Shared, display: D) -> Self {
        Self::start_with(desk, screen, display, |options| options)
    }

    fn start_with<D: Display>(
        desk: ScriptedDesk,
        screen: Shared,
        display: D,
        wish: impl FnOnce(Options) -> Options,
    ) -> Self {
        let desk = shared(desk);
        let (stop, stopped) = watch::channel(None);
        let keys: Arc<Mutex<Option<Keys>>> = Arc::default();
        let opened = Arc::new(AtomicUsize::new(0));
        let open = {
            let (keys, opened) = (Arc::clone(&keys), Arc::clone(&opened));
            move || -> Events {
                let (send, receive) = mpsc::unbounded_channel();
                *keys.lock().unwrap() = Some(send);
                opened.fetch_add(1, Ordering::SeqCst);
                Box::pin(futures_util::stream::unfold(receive, |mut receive| async move {
                    receive.recv().await.map(|event| (event, receive))
                }))
            }
        };
        let theirs: Arc<dyn Desk> = Arc::clone(&desk) as Arc<dyn Desk>;
        let task = tokio::spawn(run_on(theirs, wish(options(stopped)), display, Box::new(open)));
        Self { desk, screen, keys, opened, stop, task }
    }

    fn press(&self, code: KeyCode) {
        self.send(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }

    fn send(&self, event: Event) {
        self.keys.lock().unwrap().as_ref().unwrap().send(Ok(event)).unwrap();
    }

    fn write(&self, text: &str) {
        for c in text.chars() {
            self.press(KeyCode::Char(c));
        }
    }

    async fn wait_for(&self, words: &str) {
        for _ in 0..500 {
            if self.screen.text().contains(words) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("\"{words}\" did not come up\n{}", self.screen.text());
    }

    async fn left(self) -> Result<Leave, TuiError> {
        tokio::time::timeout(Duration::from_secs(10), self.task).await.expect("it does not end").unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_review_to_report() {
    let runner = Runner::start(ScriptedDesk::new(World::small()));
    runner.wait_for("complete, read").await;
    runner.wait_for("Acme Dental").await;
    runner.press(KeyCode::Tab);
    runner.write("j ");
    runner.wait_for("1 ticked").await;
    runner.press(KeyCode::Enter);
    runner.wait_for("1 configuration of 1 company will be set inactive").await;
    runner.write("x");
    runner.wait_for("type the company's id or name: 7 or Acme Dental").await;
    runner.press(KeyCode::Enter);
    runner.write("x");
    runner.write("acme dental");
    runner.press(KeyCode::Enter);
    runner.wait_for("enter once more").await;
    runner.press(KeyCode::Enter);
    runner.wait_for("Finished: 1 configuration deactivated, every change read back.").await;
    runner.write("s");
    runner.wait_for("Save the report").await;
    runner.press(KeyCode::Enter);
    runner.wait_for("There is a file already").await;
    runner.press(KeyCode::Right);
    runner.press(KeyCode::Enter);
    runner.wait_for("Saved as /reports").await;
    runner.write("q");
    let desk = Arc::clone(&runner.desk);
    let Leave::Quit(closing) = runner.left().await.unwrap() else { panic!("not quit") };
    let last = closing.last_run.unwrap();
    assert!(last.success && last.ended);
    let calls = desk.calls();
    assert!(calls.contains(&"plan 1".to_owned()) && calls.contains(&"start 1".to_owned()), "{calls:?}");
    assert_eq!(calls.iter().filter(|call| call.starts_with("start")).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_during_a_run_interrupts_it_waits_and_leaves() {
    let mut desk = ScriptedDesk::new(World::small());
    desk.endless = true;
    let runner = Runner::start(desk);
    start_run(&runner).await;
    runner.stop.send(Some(StopSignal::Terminate)).unwrap();
    let desk = Arc::clone(&runner.desk);
    let leave = runner.left().await.unwrap();
    assert!(matches!(&leave, Leave::Stopped(StopSignal::Terminate, _)), "{leave:?}");
    assert!(leave.closing().last_run.as_ref().unwrap().ended);
    assert!(desk.calls().contains(&"Interrupt".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminal_that_goes_away_is_a_hangup() {
    let mut desk = ScriptedDesk::new(World::small());
    desk.endless = true;
    let runner = Runner::start(desk);
    start_run(&runner).await;
    runner.keys.lock().unwrap().take();
    let leave = runner.left().await.unwrap();
    assert!(matches!(&leave, Leave::Stopped(StopSignal::Hangup, _)), "{leave:?}");
}

async fn start_run(runner: &Runner) {
    runner.wait_for("complete, read").await;
    runner.press(KeyCode::Tab);
    runner.write("j ");
    runner.press(KeyCode::Enter);
    runner.wait_for("will be set inactive").await;
    runner.write("x7");
    runner.press(KeyCode::Enter);
    runner.press(KeyCode::Enter);
    runner.wait_for("Starting").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_drawn_while_nothing_happens() {
    let runner = Runner::start(ScriptedDesk::new(World::small()));
    runner.wait_for("complete, read").await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    let before = runner.screen.frames();
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert_eq!(runner.screen.frames(), before);
    // A key that means nothing draws nothing either.
    runner.write("Q");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(runner.screen.frames(), before);
    runner.write("q");
    runner.left().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_z_gives_the_terminal_back_and_takes_it_again() {
    let runner = Runner::start(ScriptedDesk::new(World::small()));
    runner.wait_for("complete, read").await;
    let before = SUSPENDED.load(Ordering::SeqCst);
    runner.send(Event::Key(KeyEvent::new(KeyCode::Char('z'), KeyModifiers::CONTROL)));
    for _ in 0..300 {
        if runner.opened.load(Ordering::SeqCst) == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(SUSPENDED.load(Ordering::SeqCst), before + 1);
    assert_eq!(runner.opened.load(Ordering::SeqCst), 2, "the keyboard is opened anew");
    runner.write("?");
    runner.wait_for("Keys that work in Review now").await;
    runner.send(Event::Resize(100, 30));
    runner.press(KeyCode::Esc);
    runner.write("q");
    runner.left().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_storm_is_taken_in_before_drawing() {
    let runner = Runner::start(ScriptedDesk::new(World::large(2, 4000)));
    runner.wait_for("complete, read").await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    let before = runner.screen.frames();
    runner.press(KeyCode::Tab);
    runner.write(&"j".repeat(1500));
    runner.wait_for("HOST-3000").await;
    assert!(runner.screen.frames() - before < 400, "{} frames", runner.screen.frames() - before);
    runner.write("q");
    runner.left().await.unwrap();
}

/// A terminal whose output is stopped: the first picture never returns.
struct Blocked {
    lock: Arc<Mutex<()>>,
}

impl Display for Blocked {
    fn size(&mut self) -> std::io::Result<(u16, u16)> {
        Ok((100, 30))
    }

    fn enter(&mut self) -> std::io::Result<()> {
        Ok(())
    }

    fn leave(&mut self) -> std::io::Result<()> {
        Ok(())
    }

    fn show(&mut self, _: Option<&Picture>, _: &Picture) -> std::io::Result<()> {
        drop(self.lock.lock());
        Ok(())
    }

    fn copy(&mut self, _: &str) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blocked_terminal_holds_up_nothing() {
    let lock = Arc::new(Mutex::new(()));
    let held = Arc::clone(&lock);
    let (release, released) = std::sync::mpsc::channel::<()>();
    let holder = std::thread::spawn(move || {
        let _held = held.lock().unwrap();
        let _ = released.recv();
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let runner = Runner::start_on(ScriptedDesk::new(World::small()), Shared::new(100, 30), Blocked { lock });
    let desk = Arc::clone(&runner.desk);
    let called = |call: &'static str| {
        let desk = Arc::clone(&desk);
        async move {
            for _ in 0..500 {
                if desk.calls().iter().any(|made| made == call) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            panic!("no {call}: {:?}", desk.calls());
        }
    };
    called("links 1").await;
    runner.press(KeyCode::Tab);
    runner.write("j ");
    runner.press(KeyCode::Enter);
    called("plan 1").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    runner.write("x7");
    runner.press(KeyCode::Enter);
    runner.press(KeyCode::Enter);
    called("start 1").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    runner.write("q");
    let leave = runner.left().await.unwrap();
    assert!(leave.closing().last_run.as_ref().unwrap().success, "{leave:?}");
    release.send(()).unwrap();
    holder.join().unwrap();
}
