//! The real router behind a real socket, in process, on a simulated PSA. Every answer is held against the OpenAPI document.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use mothball::{
    domain::document::Report,
    engine::Engine,
    service::{
        self, Doors, Left, Limits, Profiles, Rules, Service, api,
        listen::Listener,
        tokens,
        webhooks::{Way, Ways},
    },
    simulator::{Layout, Options},
    store::Right,
    system::Clock,
};
use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::{io::AsyncReadExt, net::TcpStream, task::JoinHandle};

use super::document;
use crate::support::{
    vendor, webhooks,
    world::{Place, World},
};

/// The real ones, but nobody waits for long because of a wrong token.
pub fn limits() -> Limits {
    Limits { penalty: Duration::from_millis(1), ..Limits::default() }
}

/// One profile, "test", on the engine of the world.
struct Only(Engine, Ways);

#[async_trait]
impl Profiles for Only {
    fn chosen(&self, named: Option<&str>) -> Result<String, String> {
        match named {
            None | Some("test") => Ok("test".to_owned()),
            Some(other) => Err(format!("there is no profile \"{other}\"")),
        }
    }

    fn rules(&self, _: &str) -> Option<Rules> {
        let profile = &self.0.profile;
        Some(Rules { safeguards: profile.safeguards.clone(), criteria: profile.criteria.clone() })
    }

    fn ways(&self) -> &Ways {
        &self.1
    }

    async fn engine(&self, _: &str) -> Result<Engine, String> {
        Ok(self.0.clone())
    }

    async fn keep(&self, _: &str, report: &Report) {
        let json = serde_json::to_value(report).unwrap();
        self.0.store.save_report(&report.run().run_id, &json).await.unwrap();
    }
}

pub struct Server {
    pub world: World,
    pub service: Arc<Service>,
    pub address: SocketAddr,
    client: reqwest::Client,
    listening: JoinHandle<()>,
    working: Option<JoinHandle<Left>>,
    /// A token with every scope, of somebody called "ci".
    pub token: String,
}

pub struct Answered {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answered {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn run(&self) -> String {
        self.json()["run_id"].as_str().unwrap_or_else(|| panic!("no run in {}", self.text)).to_owned()
    }
}

/// So many offboarded clients with four configurations each.
pub fn uniform(offboarded: usize) -> Options {
    Options { layout: Layout::Uniform { offboarded, each: 4 }, ..Options::default() }
}

/// The same tests on each kind of store that a server may have.
macro_rules! on_every_store {
    ($($name:ident),* $(,)?) => {
        mod in_a_folder {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(crate::support::world::Place::Folder).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let Some(database) = crate::support::postgres::database().await else { return };
                super::$name(crate::support::world::Place::Team(database)).await;
            })*
        }
    };
}

pub(super) use on_every_store;

impl Server {
    pub async fn new(offboarded: usize) -> Self {
        Self::at(&Place::Folder, offboarded).await
    }

    pub async fn at(place: &Place, offboarded: usize) -> Self {
        Self::with(World::at(place, uniform(offboarded)).await, 4).await
    }

    /// On a world that may have been changed; without workers what is asked for only waits.
    pub async fn with(world: World, workers: usize) -> Self {
        Self::limited(world, workers, limits()).await
    }

    pub async fn limited(world: World, workers: usize, limits: Limits) -> Self {
        let store = Arc::clone(&world.engine.store);
        let doors = Doors {
            hosts: ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec(),
            behind_proxy: false,
            limits,
        };
        let mut ways = Ways::default();
        let again = vendor::room(world.simulator.psa()).webhooks.again;
        ways.open("test", Way { door: webhooks::door(&world.simulator), again });
        let profiles = Arc::new(Only(world.engine.clone(), ways));
        let service = Service::new(store, profiles, Clock::system(), doors);
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), None).await.unwrap();
        let address = listener.address().unwrap();
        let listening = tokio::spawn(listener.serve(api::router(Arc::clone(&service)), Arc::clone(&service)));
        let working = (workers > 0).then(|| tokio::spawn(service::work(Arc::clone(&service), workers)));
        let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
        let mut server = Self { world, service, address, client, listening, working, token: String::new() };
        server.token = server.new_token("ci", &[Right::Read, Right::Trigger, Right::Approve]).await;
        server
    }

    pub async fn new_token(&self, name: &str, rights: &[Right]) -> String {
        let (token, secret) = tokens::make(name, rights, None, self.service.now());
        self.service.store.put_token(&token).await.unwrap();
        secret.expose_secret().to_owned()
    }

    /// A request as this token, not yet sent.
    pub fn request(&self, method: &Method, path: &str, token: &str) -> RequestBuilder {
        let request = self.client.request(method.clone(), format!("http://{}{path}", self.address));
        if token.is_empty() { request } else { request.bearer_auth(token) }
    }

    /// Sends it; the answer keeps what the document promises of this route.
    pub async fn send(&self, method: &Method, path: &str, request: RequestBuilder) -> Answered {
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status(), response.headers().clone());
        assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!headers.contains_key("access-control-allow-origin"), "nobody else's page may read this");
        assert!(headers.contains_key("x-request-id"));
        let answered = Answered { status: status.as_u16(), headers, text: response.text().await.unwrap() };
        document::assert_keeps(method, path, &answered);
        answered
    }

    pub async fn get(&self, path: &str) -> Answered {
        self.send(&Method::GET, path, self.request(&Method::GET, path, &self.token)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answered {
        self.post_as(&self.token, path, body).await
    }

    pub async fn post_as(&self, token: &str, path: &str, body: Value) -> Answered {
        let request = self.request(&Method::POST, path, token).json(&body);
        self.send(&Method::POST, path, request).await
    }

    /// Asks for a run and waits for its report.
    pub async fn run_to_its_end(&self, body: Value) -> Value {
        let answered = self.post("/v1/runs?wait=120", body).await;
        assert_eq!(answered.status, 200, "{}", answered.text);
        crate::support::schema::assert_valid(&answered.json());
        answered.json()
    }

    /// A run that waits for approval.
    pub async fn parked(&self, client: &str) -> String {
        let report = self.run_to_its_end(json!({ "client_id": client, "require_approval": true })).await;
        assert_eq!(report["state"], "awaiting_approval", "{report}");
        report["run_id"].as_str().unwrap().to_owned()
    }

    /// The run, once nobody is to work on it any more.
    pub async fn once_done(&self, run: &str) -> Value {
        let mut changes = self.service.store.changes();
        loop {
            changes.borrow_and_update();
            if self.service.store.job(&run.into()).await.unwrap().is_none_or(|job| job.has_ended()) {
                return self.get(&format!("/v1/runs/{run}")).await.json();
            }
            changes.changed().await.unwrap();
        }
    }

    /// Writes these bytes as they are, and reads whatever comes until the server hangs up.
    pub async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, bytes).await.unwrap();
        let mut heard = Vec::new();
        // A server that hangs up on what it did not read may do so abruptly.
        stream.read_to_end(&mut heard).await.ok();
        String::from_utf8_lossy(&heard).into_owned()
    }

    /// Ends the server in good order.
    pub async fn stop(self) -> (World, Left) {
        self.service.stop.soon.cancel();
        let left = match self.working {
            Some(working) => working.await.unwrap(),
            None => Left::default(),
        };
        self.listening.await.unwrap();
        (self.world, left)
    }

    /// The end of a test: the shared check, and no token stands anywhere.
    pub async fn check(self) {
        let token = self.token.clone();
        let (world, _) = self.stop().await;
        crate::support::canary::assert_nowhere(world.folder.path(), &token);
        world.check().await;
    }
}
