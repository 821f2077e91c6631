//! The simulated Autotask PSA.

mod data;
mod errors;
mod faults;
mod limits;
mod manners;
mod paging;
mod query;
mod schema;
mod switches;
mod webhooks;
mod writing;

use mothball::simulator::{Options, Simulator, Switches};
use serde_json::{Value, json};

/// A client that is nobody's adapter: reqwest and the credentials.
pub struct Caller {
    pub simulator: Simulator,
    pub http: reqwest::Client,
}

impl Caller {
    pub async fn start(options: Options) -> Self {
        let simulator = Simulator::start(Options { psa: "autotask".to_owned(), ..options }).await.unwrap();
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self { simulator, http }
    }

    /// With switches, as the command line gives them.
    pub async fn with(pairs: &[&str]) -> Self {
        let mut switches = Switches::default();
        for pair in pairs {
            switches.set("autotask", pair).unwrap();
        }
        Self::start(Options { switches, keep_bodies: true, ..Options::default() }).await
    }

    /// An address of the API, or one that came in an answer.
    pub fn url(&self, path: &str) -> String {
        if path.starts_with("http") {
            return path.to_owned();
        }
        format!("{}/ATServicesRest/V1.0{path}", self.simulator.base_url())
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let credentials = self.simulator.credentials();
        self.http
            .request(method.parse().unwrap(), self.url(path))
            .header("ApiIntegrationCode", &credentials["integration_code"])
            .header("UserName", &credentials["user_name"])
            .header("Secret", &credentials["secret"])
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.request("GET", path)).await
    }

    pub async fn send(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        answer(self.request(method, path).json(&body)).await
    }

    /// A POSTed query that must be answered: its first page.
    pub async fn query(&self, entity: &str, filter: Value) -> Vec<Value> {
        let (status, body) =
            self.send("POST", &format!("/{entity}/query"), json!({ "filter": filter })).await;
        assert_eq!(status, 200, "{entity} {filter}: {body}");
        body["items"].as_array().unwrap_or_else(|| panic!("{entity} {filter}: {body}")).clone()
    }

    pub async fn count(&self, entity: &str, filter: Value) -> i64 {
        let (_, body) =
            self.send("POST", &format!("/{entity}/query/count"), json!({ "filter": filter })).await;
        body["queryCount"].as_i64().unwrap_or_else(|| panic!("{entity} {filter}: {body}"))
    }

    pub async fn item(&self, entity: &str, id: &str) -> Value {
        self.get(&format!("/{entity}/{id}")).await.1["item"].take()
    }

    pub async fn patch(&self, body: Value) -> (u16, Value) {
        self.send("PATCH", "/ConfigurationItems", body).await
    }
}

pub async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// All rows.
pub fn all() -> Value {
    json!([{ "op": "exist", "field": "id" }])
}

/// The texts of an error.
pub fn texts(body: &Value) -> Vec<&str> {
    body["errors"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}
