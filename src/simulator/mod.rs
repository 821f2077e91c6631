//! Simulated PSAs that speak the vendors' wire formats: for the demo, the tests, the benchmarks, and for people who
//! write their own tools.
//!
//! What any vendor's simulator shares lives here: the handle, what a vendor is to it (`vendor`), the server and its connections (`server`, `wire`),
//! faults and how they are played (`faults`, `spoil`), the log of writes and requests (`log`), how many were under way at once (`at_once`), changes that no client made (`watch`), records and query strings as such (`rows`, `query`), what is really
//! stored (`truth`), webhooks on their way (`deliver`), control routes (`control`), who plays in a generated tenant (`cast`), people and places (`people`). A vendor's rules, records and wire
//! format live in its own folder. Nothing here uses the program's own adapters: a misreading there is not repeated.

use std::{collections::BTreeMap, io, sync::Arc, time::Duration};

use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::system::Clock;

mod at_once;
pub mod autotask;
mod cast;
pub mod connectwise;
pub mod control;
mod deliver;
mod exchange;
pub mod faults;
pub mod halopsa;
mod log;
mod people;
mod query;
mod rows;
mod server;
mod spoil;
mod switches;
mod truth;
mod vendor;
mod watch;
mod wire;

pub use log::{Change, RequestSeen, Write};
pub use server::{Broken, Met};
pub use switches::{SwitchError, Switches};
pub use truth::{CompanyTruth, ConfigurationTruth, OffboardedBy, Truth};
pub use vendor::Edits;

use server::{Shared, lock};
use vendor::VENDORS;

/// What a simulator is made of.
#[derive(Debug, Clone)]
pub struct Options {
    pub psa: String,
    /// 0 picks a free one.
    pub port: u16,
    pub seed: u64,
    /// Companies, not counting the MSP's own, the catch-all, and a few soft-deleted ones.
    pub clients: usize,
    /// Configurations in all.
    pub configurations: usize,
    /// Waited before every answer.
    pub latency: Duration,
    pub faults: faults::Plan,
    pub switches: Switches,
    pub layout: Layout,
    /// The credentials that are accepted, under the names of the settings file; else the simulator's own.
    pub credentials: Option<BTreeMap<String, String>>,
    /// Keep the JSON of every answer in [`RequestSeen::answer`], for tests that check bodies.
    pub keep_bodies: bool,
    pub clock: Clock,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            psa: "connectwise".to_owned(),
            port: 0,
            seed: 1,
            clients: 40,
            configurations: 600,
            latency: Duration::ZERO,
            faults: faults::Plan::none(),
            switches: Switches::default(),
            layout: Layout::Realistic,
            credentials: None,
            keep_bodies: false,
            clock: Clock::system(),
        }
    }
}

/// How the data is laid out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Layout {
    /// Clients of every kind: offboarded by each criterion, look-alikes, odd names, mixed states, links.
    #[default]
    Realistic,
    /// Exactly so many offboarded companies (by their status) with exactly so many active configurations each, and
    /// a few active companies; nothing else.
    Uniform { offboarded: usize, each: usize },
}

/// The PSAs that can be simulated.
pub fn psas() -> Vec<&'static str> {
    VENDORS.iter().map(|(psa, _)| *psa).collect()
}

fn shared(options: Options, port: u16, elsewhere: u16) -> io::Result<Arc<Shared>> {
    let base_url = format!("http://127.0.0.1:{port}");
    let Some((_, make)) = VENDORS.iter().find(|(psa, _)| *psa == options.psa) else {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("no simulator for \"{}\"; there is one for: {}", options.psa, psas().join(", ")),
        ));
    };
    Ok(Arc::new(Shared::new(
        make(&options, &base_url),
        options.faults,
        options.latency,
        options.clock,
        options.seed,
        options.keep_bodies,
        base_url,
        format!("http://localhost:{elsewhere}"),
    )))
}

/// A running simulator. Dropping it stops it.
#[derive(Debug)]
pub struct Simulator {
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Simulator {
    /// Starts serving on 127.0.0.1.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", options.port)).await?;
        let elsewhere = TcpListener::bind(("127.0.0.1", 0)).await?;
        let shared = shared(options, listener.local_addr()?.port(), elsewhere.local_addr()?.port())?;
        let (stop, stopped) = oneshot::channel::<()>();
        let door = wire::Door { listener, shared: Arc::clone(&shared) };
        let service = shared.router().into_make_service_with_connect_info::<wire::Wire>();
        let serving = tokio::spawn(async move {
            tokio::select! {
                // Serving never ends by itself, and an accept error is tried again by axum.
                _ = axum::serve(door, service) => {}
                _ = stopped => {}
            }
        });
        let other = shared.elsewhere_router();
        let serving_elsewhere = tokio::spawn(async move {
            // As above: ends only with the task.
            let _ = axum::serve(elsewhere, other).await;
        });
        Ok(Self { shared, stop: Some(stop), tasks: vec![serving, serving_elsewhere] })
    }

    /// Without a socket: it answers through [`Simulator::router`] only, and needs no runtime to live in.
    pub fn in_process(options: Options) -> io::Result<Self> {
        Ok(Self { shared: shared(options, 1, 2)?, stop: None, tasks: Vec::new() })
    }

    /// The site's root, without a path: `http://127.0.0.1:PORT`.
    pub fn base_url(&self) -> String {
        self.shared.base_url.clone()
    }

    /// The credentials that are accepted, under the names of the settings file.
    pub fn credentials(&self) -> BTreeMap<String, String> {
        lock(&self.shared.vendor).credentials()
    }

    /// The tokens that it gave out, expired ones among them.
    pub fn issued(&self) -> Vec<String> {
        lock(&self.shared.vendor).issued()
    }

    /// The vendor that is simulated.
    pub fn psa(&self) -> &'static str {
        lock(&self.shared.vendor).psa()
    }

    /// One line of JSON that tells a person or a script where to go: `{"psa", "base_url", "credentials"}`.
    pub fn ready_line(&self) -> String {
        serde_json::json!({
            "psa": self.psa(),
            "base_url": self.base_url(),
            "credentials": self.credentials(),
        })
        .to_string()
    }

    /// A settings file whose one profile points here, with the criteria that the data was made for.
    pub fn sample_settings(&self) -> String {
        let quoted = |text: &str| serde_json::Value::String(text.to_owned()).to_string();
        let keys: String = self
            .credentials()
            .into_iter()
            .map(|(name, value)| format!("{name} = {}\n", quoted(&value)))
            .collect::<Vec<_>>()
            .concat();
        format!(
            "default_profile = \"demo\"\n\n[profiles.demo]\npsa = {}\nbase_url = {}\n{keys}\n{}",
            quoted(self.psa()),
            quoted(&self.base_url()),
            lock(&self.shared.vendor).sample_criteria(),
        )
    }

    /// The same routes in process, for transports without a socket. Where the server would break the connection,
    /// the response carries [`Broken`] among its extensions; a body that ends early ends with an error.
    pub fn router(&self) -> axum::Router {
        self.shared.router()
    }

    /// The changes that clients made, from what is stored, in order.
    pub fn writes(&self) -> Vec<Write> {
        self.all_writes().into_iter().filter(|write| !write.by_others).collect()
    }

    /// The changes that anybody made, [`Simulator::edit`] included.
    pub fn all_writes(&self) -> Vec<Write> {
        lock(&self.shared.vendor).writes().to_vec()
    }

    /// How many changes anybody made by now.
    pub fn logged(&self) -> usize {
        lock(&self.shared.vendor).writes().len()
    }

    /// What a good client would not have sent, each once.
    pub fn notes(&self) -> Vec<String> {
        lock(&self.shared.journal).notes().to_vec()
    }

    /// The requests to the vendor's routes, oldest first; the last 200,000.
    pub fn requests(&self) -> Vec<RequestSeen> {
        lock(&self.shared.journal).requests.iter().cloned().collect()
    }

    /// How many requests there were, by route.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        lock(&self.shared.journal).by_route.clone()
    }

    /// How many requests there were.
    pub fn count(&self) -> u64 {
        lock(&self.shared.journal).total
    }

    /// The most requests with the right credentials that were under way at the same time: about each part that the
    /// vendor limits by itself, and under `""` in all.
    pub fn most_at_once(&self) -> BTreeMap<&'static str, usize> {
        lock(&self.shared.at_once).most()
    }

    /// Forgets requests, counters and notes, so that a test can count from here on. The log of writes stays.
    pub fn forget_requests(&self) {
        *lock(&self.shared.journal) = log::Journal::default();
    }

    /// The requests that came to the other host, which redirects lead to.
    pub fn elsewhere(&self) -> Vec<RequestSeen> {
        lock(&self.shared.elsewhere_seen).clone()
    }

    /// Puts another plan of faults in force, counting from zero.
    pub fn set_faults(&self, plan: faults::Plan) {
        self.shared.set_faults(plan);
    }

    pub fn set_switches(&self, switches: &Switches) {
        lock(&self.shared.vendor).take_switches(switches);
    }

    pub fn switches(&self) -> Switches {
        let mut all = Switches::default();
        lock(&self.shared.vendor).tell_switches(&mut all);
        all
    }

    /// What is really stored.
    pub fn truth(&self) -> Truth {
        lock(&self.shared.vendor).truth(self.shared.clock.now())
    }

    /// Changes records behind the client's back; the log of writes marks it as done by others. The closure must not
    /// call the simulator: the data is locked for it.
    pub fn edit<R>(&self, change: impl FnOnce(&mut dyn Edits) -> R) -> R {
        let mut change = Some(change);
        let mut result = None;
        lock(&self.shared.vendor).edit(self.shared.clock.now(), &mut |edits| {
            if let Some(change) = change.take() {
                result = Some(change(edits));
            }
        });
        self.shared.deliver();
        result.expect("a vendor lets the change happen")
    }

    /// The same, with all that a vendor's own state can do: [`connectwise::State`] and its like. Panics if another
    /// vendor is simulated.
    pub fn edit_state<S: 'static, R>(&self, change: impl FnOnce(&mut S) -> R) -> R {
        let mut change = Some(change);
        let mut result = None;
        lock(&self.shared.vendor).edit_state(self.shared.clock.now(), &mut |state| {
            if let (Some(state), Some(change)) = (state.downcast_mut::<S>(), change.take()) {
                result = Some(change(state));
            }
        });
        self.shared.deliver();
        result.expect("this vendor is the one that is simulated")
    }

    /// Stops serving and waits until the port is free.
    pub async fn shutdown(mut self) {
        if let Some(stop) = self.stop.take() {
            // Only fails if the server has already ended.
            let _ = stop.send(());
        }
        for task in self.tasks.drain(..) {
            task.abort();
            // Cancelled, which is what was asked for.
            let _ = task.await;
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}
