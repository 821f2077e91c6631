//! What goes out besides pictures, and what comes in besides keys.

use std::sync::{Arc, Mutex};

use super::{Runner, ScriptedDesk, Shared, World};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use mothball::tui::{
    Alert, Options,
    runtime::terminal::{Display, OnBackend, Signal},
    theme::Theme,
    view::Picture,
};

/// A display that keeps what it was told besides pictures, and how many pictures there were before it.
struct Listening {
    inner: OnBackend<Shared>,
    frames: Shared,
    signals: Arc<Mutex<Vec<(usize, Signal)>>>,
}

impl Display for Listening {
    fn size(&mut self) -> std::io::Result<(u16, u16)> {
        self.inner.size()
    }

    fn enter(&mut self) -> std::io::Result<()> {
        self.inner.enter()
    }

    fn leave(&mut self) -> std::io::Result<()> {
        self.inner.leave()
    }

    fn show(&mut self, before: Option<&Picture>, now: &Picture) -> std::io::Result<()> {
        self.inner.show(before, now)
    }

    fn copy(&mut self, text: &str) -> std::io::Result<()> {
        self.inner.copy(text)
    }

    fn signal(&mut self, signal: &Signal) -> std::io::Result<()> {
        self.signals.lock().unwrap().push((self.frames.frames(), signal.clone()));
        Ok(())
    }
}

/// Runs one configuration through, and tells every signal.
async fn signals_of_a_run(wish: impl FnOnce(Options) -> Options) -> Vec<(usize, Signal)> {
    let screen = Shared::new(100, 30);
    let signals = Arc::default();
    let display =
        Listening { inner: OnBackend(screen.clone()), frames: screen.clone(), signals: Arc::clone(&signals) };
    let runner = Runner::start_with(ScriptedDesk::new(World::small()), screen, display, wish);
    runner.wait_for("complete, read").await;
    runner.press(KeyCode::Tab);
    runner.write("j ");
    runner.press(KeyCode::Enter);
    runner.wait_for("will be set inactive").await;
    runner.write("x7");
    runner.press(KeyCode::Enter);
    runner.press(KeyCode::Enter);
    runner.wait_for("every change read back").await;
    runner.write("q");
    runner.left().await.unwrap();
    let signals = signals.lock().unwrap();
    signals.clone()
}

#[tokio::test]
async fn whoever_looks_elsewhere_is_called_when_the_run_ends_if_they_wished_so() {
    assert_eq!(signals_of_a_run(|options| options).await, []);
    let told = signals_of_a_run(|options| Options { alert: Alert::Osc9, ..options }).await;
    let [(frames, Signal::Alert(Alert::Osc9, text))] = &told[..] else { panic!("{told:?}") };
    assert!(*frames > 0 && text.contains("The run is finished"), "{text}");
}

#[tokio::test]
async fn the_terminal_is_asked_for_its_background_once_after_the_first_picture() {
    let told = signals_of_a_run(|options| Options { on_light: Some(Theme::Light.into()), ..options }).await;
    let [(frames, Signal::AskBackground)] = &told[..] else { panic!("{told:?}") };
    assert!(*frames >= 1, "the first frame waits for nothing");
}

#[tokio::test]
async fn an_answer_of_the_terminal_is_no_key() {
    let desk = ScriptedDesk::new(World::small());
    let screen = Shared::new(100, 30);
    let wish = |options| Options { on_light: Some(Theme::Light.into()), ..options };
    let runner = Runner::start_with(desk, screen.clone(), OnBackend(screen), wish);
    runner.wait_for("complete, read").await;
    runner.press(KeyCode::Tab);
    runner.send(Event::Key(KeyEvent::new(KeyCode::Char(']'), KeyModifiers::ALT)));
    runner.write("11;rgb:fafa/afaf/fafa");
    runner.send(Event::Key(KeyEvent::new(KeyCode::Char('\\'), KeyModifiers::ALT)));
    // `a` ticks all: as a part of the answer it does nothing, after it it does.
    runner.write("?");
    runner.wait_for("Keys that work").await;
    runner.write("?");
    runner.wait_for("Configurations").await;
    assert!(!runner.screen.text().contains("ticked"), "{}", runner.screen.text());
    runner.write("a");
    runner.wait_for("ticked").await;
    runner.write("q");
    runner.left().await.unwrap();
}
