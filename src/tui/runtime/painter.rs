//! The thread that writes to the terminal. A terminal that does not take more, over a bad line or with
//! its output stopped, holds up this thread and nothing else: the newest picture replaces older ones.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::oneshot;

use super::{
    super::view::Picture,
    terminal::{Display, Signal},
};

/// Texts to be copied, and signals, that may wait for the thread.
const COPIES: usize = 4;

#[derive(Default)]
struct Desired {
    picture: Option<Picture>,
    redraw: bool,
    copies: Vec<String>,
    signals: Vec<Signal>,
    order: Option<Order>,
}

/// Something that somebody waits for.
enum Order {
    Enter(oneshot::Sender<io::Result<(u16, u16)>>),
    Leave(oneshot::Sender<io::Result<()>>),
    Finish(oneshot::Sender<io::Result<()>>),
}

#[derive(Default)]
struct Slot {
    desired: Mutex<Desired>,
    changed: Condvar,
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, Desired> {
        // What is in there is whole after every statement, so a panic elsewhere does not matter.
        self.desired.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, change: impl FnOnce(&mut Desired)) {
        change(&mut self.lock());
        self.changed.notify_one();
    }
}

pub struct Painter {
    slot: Arc<Slot>,
}

impl Painter {
    /// Takes the terminal, on its new thread.
    pub async fn start<D: Display>(display: D) -> io::Result<Self> {
        let slot = Arc::new(Slot::default());
        let (send, entered) = oneshot::channel();
        let theirs = Arc::clone(&slot);
        std::thread::Builder::new().name("painter".to_owned()).spawn(move || work(display, &theirs, send))?;
        entered.await.map_err(|_| io::Error::other("the painter's thread ended"))??;
        Ok(Self { slot })
    }

    /// Shows this, unless something newer comes first.
    pub fn show(&self, picture: Picture) {
        self.slot.put(|desired| desired.picture = Some(picture));
    }

    /// Forgets what is on the terminal, so that the next picture is drawn in full.
    pub fn redraw(&self) {
        self.slot.put(|desired| desired.redraw = true);
    }

    pub fn copy(&self, text: String) {
        self.slot.put(|desired| {
            if desired.copies.len() < COPIES {
                desired.copies.push(text);
            }
        });
    }

    /// Goes out between two pictures, never within one.
    pub fn signal(&self, signal: Signal) {
        self.slot.put(|desired| {
            if desired.signals.len() < COPIES {
                desired.signals.push(signal);
            }
        });
    }

    pub async fn leave(&self, limit: Duration) -> io::Result<()> {
        self.order(Order::Leave, limit).await
    }

    pub async fn enter(&self, limit: Duration) -> io::Result<(u16, u16)> {
        self.order(Order::Enter, limit).await
    }

    /// Gives the terminal back and ends the thread. If it does not answer in time it is left alone.
    pub async fn finish(&self, limit: Duration) -> io::Result<()> {
        self.order(Order::Finish, limit).await
    }

    async fn order<T>(
        &self,
        order: impl FnOnce(oneshot::Sender<io::Result<T>>) -> Order,
        limit: Duration,
    ) -> io::Result<T> {
        let (send, answer) = oneshot::channel();
        self.slot.put(|desired| desired.order = Some(order(send)));
        match tokio::time::timeout(limit, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(io::Error::other("the painter's thread ended")),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the terminal does not take any output")),
        }
    }
}

fn work<D: Display>(mut display: D, slot: &Slot, entered: oneshot::Sender<io::Result<()>>) {
    let took = display.enter();
    let failed = took.is_err();
    if entered.send(took).is_err() || failed {
        return;
    }
    let mut shown: Option<Picture> = None;
    loop {
        let desired = {
            let idle = |desired: &mut Desired| {
                desired.picture.is_none()
                    && desired.order.is_none()
                    && desired.copies.is_empty()
                    && desired.signals.is_empty()
                    && !desired.redraw
            };
            let mut desired =
                slot.changed.wait_while(slot.lock(), idle).unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *desired)
        };
        if desired.redraw {
            let last = shown.take();
            // Without a newer picture the last one is drawn again.
            if let (None, Some(last)) = (&desired.picture, last) {
                let _ = display.show(None, &last);
                shown = Some(last);
            }
        }
        if let Some(picture) = desired.picture
            && shown.as_ref() != Some(&picture)
        {
            let before = shown.as_ref().filter(|shown| shown.cells.area() == picture.cells.area());
            // A terminal that went away is noticed by whoever reads its keys.
            let drawn = display.show(before, &picture);
            shown = drawn.is_ok().then_some(picture);
        }
        for text in desired.copies {
            let _ = display.copy(&text);
        }
        for signal in desired.signals {
            let _ = display.signal(&signal);
        }
        match desired.order {
            Some(Order::Enter(answer)) => {
                shown = None;
                let _ = answer.send(display.enter().and_then(|()| display.size()));
            }
            Some(Order::Leave(answer)) => {
                shown = None;
                let _ = answer.send(display.leave());
            }
            Some(Order::Finish(answer)) => {
                let _ = answer.send(display.leave());
                return;
            }
            None => {}
        }
    }
}
