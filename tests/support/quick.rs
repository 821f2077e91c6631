//! A world without sockets and files, for tests that need many: the simulator in process, the real adapter, a store in
//! memory.

use std::sync::Arc;

use async_trait::async_trait;
use axum::{Router, body::Body};
use mothball::{
    engine::Engine,
    http::{Failure, Sent, Transport, TransportError, WireReply, WireRequest},
    psa::{Psa, registry::Connection},
    simulator::{Broken, Options, Simulator},
    store::{MemoryStore, Store},
    system::Clock,
};
use tower::ServiceExt;

use super::{canary, vendor, world};

/// The simulator's routes as a way to send.
pub struct InProcess(pub Router);

#[async_trait]
impl Transport for InProcess {
    async fn send(&self, request: WireRequest) -> Result<WireReply, TransportError> {
        let broken = |sent| TransportError::new(sent, Failure::Broken, "the connection broke");
        let WireRequest { method, url, headers, body } = request;
        let target = url[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
        let mut http = axum::http::Request::builder().method(method).uri(target);
        *http.headers_mut().expect("no header was set yet") = headers;
        let http = http.body(Body::from(body.unwrap_or_default())).expect("a request that the client made");
        let Ok(response) = self.0.clone().oneshot(http).await;
        match response.extensions().get::<Broken>() {
            Some(Broken::Refused) => return Err(broken(Sent::Never)),
            Some(Broken::Reset) => return Err(broken(Sent::Maybe)),
            None => {}
        }
        let (parts, body) = response.into_parts();
        match axum::body::to_bytes(body, usize::MAX).await {
            Ok(body) => {
                Ok(WireReply { status: parts.status.as_u16(), headers: parts.headers, body: body.to_vec() })
            }
            Err(_) => Err(broken(Sent::Maybe)),
        }
    }
}

pub struct Quick {
    pub simulator: Simulator,
    pub store: Arc<MemoryStore>,
    pub engine: Engine,
    checked: bool,
}

impl Quick {
    pub async fn new(options: Options) -> Self {
        let simulator = Simulator::start(canary::planted(vendor::without_windows(options)))
            .await
            .expect("the simulator starts");
        let adapter = adapter(&simulator);
        Self::on(simulator, adapter)
    }

    /// All of it on a clock that follows tokio's, with the pace that a profile has unless its settings say otherwise.
    pub async fn in_virtual_time(options: Options) -> Self {
        let start = "2026-11-24T09:00:00Z".parse().expect("a moment");
        let clock = Clock::following_tokio(start);
        let simulator = Simulator::start(canary::planted(Options { clock: clock.clone(), ..options })).await;
        let simulator = simulator.expect("the simulator starts");
        let room = vendor::room(simulator.psa());
        let connection = Connection {
            pace: room.pace.default,
            patience: None,
            ..world::connection(&simulator, room, clock.clone())
        };
        let adapter = open(&simulator, connection);
        let mut quick = Self::on(simulator, adapter);
        quick.engine.clock = clock;
        quick
    }

    fn on(simulator: Simulator, adapter: Arc<dyn Psa>) -> Self {
        let store = Arc::new(MemoryStore::new());
        let engine = world::engine_on(adapter, Arc::clone(&store) as Arc<dyn Store>, simulator.psa());
        Self { simulator, store, engine, checked: false }
    }

    /// Another program on the same PSA and the same store.
    pub fn another(&self, store: Arc<dyn Store>, psa: Arc<dyn Psa>) -> Engine {
        Engine { psa, store, ..self.engine.clone() }
    }

    /// The shared check of every test that uses the simulator.
    pub async fn check(mut self) {
        self.checked = true;
        world::check_writes(&self.simulator, self.store.as_ref()).await;
    }
}

/// The real adapter, on the simulator in process.
pub fn adapter(simulator: &Simulator) -> Arc<dyn Psa> {
    let room = vendor::room(simulator.psa());
    open(simulator, world::connection(simulator, room, Clock::system()))
}

fn open(simulator: &Simulator, connection: Connection) -> Arc<dyn Psa> {
    let transport = Some(Arc::new(InProcess(simulator.router())) as Arc<dyn Transport>);
    let room = vendor::room(simulator.psa());
    (room.open)(Connection { transport, ..connection }).expect("the adapter opens")
}

impl Drop for Quick {
    fn drop(&mut self) {
        assert!(
            !(!self.checked && !std::thread::panicking()),
            "a test that uses the simulator must end with Quick::check"
        );
    }
}
