//! The wire between the program and a simulator, all of it on record: what was sent, when, with what standing in the
//! journal by then, and what came back. Faults of the client's own side of the wire are made here; so are the things
//! that happen in the middle of a run, at the request that they were planned for.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use axum::body::Body;
use mothball::{
    domain::RunId,
    engine::{Control, Controller},
    http::{Failure, Sent, Transport, TransportError, WireReply, WireRequest},
    simulator::{
        Broken, Met, Simulator,
        faults::{self, Kind},
    },
    store::MemoryStore,
};
use tokio::sync::Notify;
use tower::ServiceExt;

use super::world::WorldClock;

/// What goes wrong before a request is out of the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Own {
    NameUnknown,
    NobodyListens,
    BadCertificate,
}

impl Own {
    pub const ALL: [Self; 3] = [Self::NameUnknown, Self::NobodyListens, Self::BadCertificate];

    fn error(self) -> TransportError {
        let (failure, words) = match self {
            Self::NameUnknown => (Failure::Name, "the host's name is not known"),
            Self::NobodyListens => (Failure::Connect, "nobody listens there"),
            Self::BadCertificate => (Failure::Tls, "the certificate is for another host"),
        };
        TransportError::new(Sent::Never, failure, words)
    }
}

/// What happens when a certain request is about to leave.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// The request itself does not get out.
    Own(Own),
    Control(Control),
    /// The run is paused for so many seconds.
    Pause(u64),
    Edit(Edit),
    /// These faults are in force from here on.
    Faults(faults::Plan),
    /// The computer's clock is set, by so many seconds.
    ClockJump(i64),
    /// The program is dead from here on: the request has left, or (the first) it has not.
    CrashBefore,
    CrashAfter,
}

/// What somebody else does to the n-th item of the plan.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    Deactivate(usize),
    Activate(usize),
    Rename(usize),
    Remove(usize),
    BringClientBack,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Reply {
        status: u16,
        body: Vec<u8>,
    },
    Failed {
        sent: Sent,
        failure: Failure,
    },
    /// Nobody waited for it any longer.
    Abandoned,
}

#[derive(Debug, Clone)]
pub struct Exchange {
    pub method: String,
    pub origin: String,
    pub path: String,
    pub body: String,
    pub with_credentials: bool,
    /// When it left, by the PSA's clock.
    pub at: jiff::Timestamp,
    /// How many records stood in each journal when it left.
    pub journaled: BTreeMap<RunId, usize>,
    /// The faults that met it.
    pub met: Vec<Kind>,
    pub answer: Option<Answer>,
}

/// What happened, in order. The numbers are places in [`History::exchanges`].
#[derive(Debug, Clone, PartialEq)]
pub enum Moment {
    Sent(usize),
    Answered(usize),
    /// Somebody else changed records.
    Edited,
    /// The program was started, again or for the first time.
    Begun,
}

#[derive(Debug, Clone, Default)]
pub struct History {
    pub exchanges: Vec<Exchange>,
    /// Each with how many changes the simulator had logged by then.
    pub moments: Vec<(Moment, usize)>,
}

/// What is planned, by the number of the request since it was planned.
#[derive(Debug, Clone, Default)]
pub struct Script(pub Vec<(u64, Happening)>);

#[derive(Default)]
struct State {
    history: History,
    script: Script,
    /// Requests since the script was set.
    seen: u64,
    happened: u64,
    controller: Option<Controller>,
    /// The items that edits are about, and their client.
    items: Vec<String>,
    client: String,
    dead: bool,
}

/// The wire itself; every life of the program sends through it.
pub struct Tap {
    simulator: Arc<Simulator>,
    store: Arc<MemoryStore>,
    clock: Arc<WorldClock>,
    state: Mutex<State>,
    /// Rings when the program dies.
    pub bell: Notify,
}

/// The real transport takes no answer that is larger than 64 MiB; here everything is smaller.
const MOST_BODY: usize = 1024 * 1024;

impl Tap {
    pub fn new(simulator: Arc<Simulator>, store: Arc<MemoryStore>, clock: Arc<WorldClock>) -> Arc<Self> {
        Arc::new(Self { simulator, store, clock, state: Mutex::default(), bell: Notify::new() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn begin(&self) {
        let mut state = self.state();
        state.dead = false;
        state.controller = None;
        drop(state);
        self.mark(Moment::Begun);
    }

    /// Counts requests from zero again.
    pub fn plan(&self, script: Script, items: Vec<String>, client: String) {
        let mut state = self.state();
        (state.script, state.items, state.client) = (script, items, client);
        (state.seen, state.happened) = (0, 0);
    }

    pub fn steer(&self, controller: Controller) {
        self.state().controller = Some(controller);
    }

    pub fn history(&self) -> History {
        self.state().history.clone()
    }

    /// What was sent since the last plan.
    pub fn since_the_plan(&self) -> Vec<Exchange> {
        let state = self.state();
        let all = &state.history.exchanges;
        all[all.len() - state.seen as usize..].to_vec()
    }

    /// Requests that a fault met, or that no answer came to.
    pub fn spoilt(&self) -> u64 {
        let spoilt = |exchange: &&Exchange| {
            !exchange.met.is_empty() || !matches!(exchange.answer, Some(Answer::Reply { .. }))
        };
        self.state().history.exchanges.iter().filter(spoilt).count() as u64
    }

    /// How many of the planned things came to pass.
    pub fn happened(&self) -> u64 {
        self.state().happened
    }

    pub fn is_dead(&self) -> bool {
        self.state().dead
    }

    fn mark(&self, moment: Moment) {
        let logged = self.simulator.logged();
        self.state().history.moments.push((moment, logged));
    }

    /// Puts a request on record; what is planned for it happens first.
    fn leaves(&self, request: &WireRequest) -> (usize, Vec<Happening>) {
        let mut state = self.state();
        let index = state.seen;
        state.seen += 1;
        let due: Vec<Happening> = state
            .script
            .0
            .iter()
            .filter(|(at, _)| *at == index)
            .map(|(_, happening)| happening.clone())
            .collect();
        let own = due.iter().filter(|happening| !matches!(happening, Happening::Faults(_)));
        state.happened += own.count() as u64;
        drop(state);
        for happening in &due {
            self.happens(happening);
        }
        let url = &request.url;
        let secret = |name: &str| request.headers.contains_key(name);
        let exchange = Exchange {
            method: request.method.to_string(),
            origin: url[..url::Position::BeforePath].to_owned(),
            path: url.path().to_owned(),
            body: String::from_utf8_lossy(request.body.as_deref().unwrap_or_default()).into_owned(),
            with_credentials: secret("authorization") || secret("secret"),
            at: self.clock.now(),
            journaled: self.store.lengths().into_iter().collect(),
            met: Vec::new(),
            answer: None,
        };
        let mut state = self.state();
        state.history.exchanges.push(exchange);
        let number = state.history.exchanges.len() - 1;
        drop(state);
        self.mark(Moment::Sent(number));
        (number, due)
    }

    fn happens(&self, happening: &Happening) {
        let state = self.state();
        let (items, client, controller) =
            (state.items.clone(), state.client.clone(), state.controller.clone());
        drop(state);
        match happening {
            Happening::Control(wish) => {
                if let Some(controller) = controller {
                    controller.send(*wish);
                }
            }
            Happening::Pause(seconds) => {
                if let Some(controller) = controller {
                    controller.send(Control::Pause);
                    let pause = Duration::from_secs(*seconds);
                    tokio::spawn(async move {
                        tokio::time::sleep(pause).await;
                        controller.send(Control::Go);
                    });
                }
            }
            Happening::Faults(plan) => self.simulator.set_faults(plan.clone()),
            Happening::ClockJump(seconds) => self.clock.jump(*seconds),
            Happening::Edit(edit) => {
                self.simulator.edit(|edits| match edit {
                    _ if items.is_empty() => {}
                    Edit::Deactivate(at) => edits.set_active(&items[at % items.len()], false),
                    Edit::Activate(at) => edits.set_active(&items[at % items.len()], true),
                    Edit::Rename(at) => edits.rename(&items[at % items.len()], "renamed meanwhile"),
                    Edit::Remove(at) => edits.remove(&items[at % items.len()]),
                    Edit::BringClientBack => edits.bring_back(&client),
                });
                self.mark(Moment::Edited);
            }
            Happening::Own(_) | Happening::CrashBefore | Happening::CrashAfter => {}
        }
    }

    async fn die(&self) {
        if !std::mem::replace(&mut self.state().dead, true) {
            self.bell.notify_one();
        }
        std::future::pending::<()>().await;
    }

    async fn carry(&self, number: usize, request: WireRequest) -> Result<WireReply, TransportError> {
        let broken = |sent| TransportError::new(sent, Failure::Broken, "the connection broke");
        let WireRequest { method, url, headers, body } = request;
        let target = url[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
        let mut http = axum::http::Request::builder().method(method).uri(target);
        *http.headers_mut().expect("no header was set yet") = headers;
        let http = http.body(Body::from(body.unwrap_or_default())).expect("a request that the client made");
        let Ok(response) = self.simulator.router().oneshot(http).await;
        if let Some(Met(kinds)) = response.extensions().get::<Met>() {
            self.state().history.exchanges[number].met.clone_from(kinds);
        }
        match response.extensions().get::<Broken>() {
            Some(Broken::Refused) => return Err(broken(Sent::Never)),
            Some(Broken::Reset) => return Err(broken(Sent::Maybe)),
            None => {}
        }
        let (parts, body) = response.into_parts();
        // What is packed here would be a bomb once it is unpacked.
        let too_large = || TransportError::new(Sent::Maybe, Failure::TooLarge, "the answer is too large");
        if parts.headers.contains_key("content-encoding") {
            return Err(too_large());
        }
        match axum::body::to_bytes(body, MOST_BODY).await {
            Ok(body) => {
                Ok(WireReply { status: parts.status.as_u16(), headers: parts.headers, body: body.to_vec() })
            }
            Err(error) if error.to_string().contains("limit") => Err(too_large()),
            Err(_) => Err(broken(Sent::Maybe)),
        }
    }
}

/// Writes down what became of a request, and that nobody waited if nobody did.
struct Waiting<'a> {
    tap: &'a Tap,
    number: usize,
    answer: Option<Answer>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let answer = self.answer.take().unwrap_or(Answer::Abandoned);
        self.tap.state().history.exchanges[self.number].answer = Some(answer);
        self.tap.mark(Moment::Answered(self.number));
    }
}

#[async_trait]
impl Transport for Tap {
    async fn send(&self, request: WireRequest) -> Result<WireReply, TransportError> {
        if self.is_dead() {
            std::future::pending::<()>().await;
        }
        let (number, due) = self.leaves(&request);
        let mut waiting = Waiting { tap: self, number, answer: None };
        if due.contains(&Happening::CrashBefore) {
            waiting.answer = Some(Answer::Failed { sent: Sent::Never, failure: Failure::Broken });
            drop(waiting);
            self.die().await;
            unreachable!("the dead do not go on");
        }
        let own = due.iter().find_map(|happening| match happening {
            Happening::Own(own) => Some(*own),
            _ => None,
        });
        let result = match own {
            Some(own) => Err(own.error()),
            None => self.carry(number, request).await,
        };
        if due.contains(&Happening::CrashAfter) {
            drop(waiting);
            self.die().await;
            unreachable!("the dead do not go on");
        }
        waiting.answer = Some(match &result {
            Ok(reply) => Answer::Reply { status: reply.status, body: reply.body.clone() },
            Err(error) => Answer::Failed { sent: error.sent, failure: error.failure },
        });
        result
    }
}
