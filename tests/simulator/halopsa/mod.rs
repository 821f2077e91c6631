//! The simulated HaloPSA.

mod access;
mod actions;
mod data;
mod faults;
mod hooks;
mod lists;
mod schema;
mod switches;
mod writes;

use mothball::simulator::{Options, Simulator, Switches};
use serde_json::Value;

/// Everything that a caller here may do.
const SCOPES: &str = "read:assets edit:assets read:customers edit:customers read:contracts edit:contracts \
    read:invoices edit:invoices read:tickets edit:tickets admin";

/// A client that is nobody's adapter: reqwest and a token.
pub struct Caller {
    pub simulator: Simulator,
    pub http: reqwest::Client,
    pub token: String,
}

impl Caller {
    pub async fn start(options: Options) -> Self {
        let mut caller = Self::signed_out(options).await;
        caller.token = caller.sign_in(SCOPES).await;
        caller
    }

    pub async fn signed_out(options: Options) -> Self {
        let options = Options { psa: "halopsa".to_owned(), ..options };
        let simulator = Simulator::start(options).await.unwrap();
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self { simulator, http, token: String::new() }
    }

    /// With one switch set.
    pub async fn with(name: &str, value: &str) -> Self {
        Self::start(switched(name, value)).await
    }

    pub async fn sign_in(&self, scope: &str) -> String {
        let (status, body) = answer(self.token_request(&[("scope", scope)])).await;
        assert_eq!(status, 200, "{body}");
        body["access_token"].as_str().unwrap().to_owned()
    }

    /// A right request for a token, apart from what is given here.
    pub fn token_request(&self, other: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let credentials = self.simulator.credentials();
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_id", &credentials["client_id"]),
            ("client_secret", &credentials["client_secret"]),
        ];
        form.retain(|(name, _)| other.iter().all(|(given, _)| given != name));
        form.extend(other);
        let url = format!("{}/auth/token?tenant={}", self.simulator.base_url(), credentials["tenant"]);
        self.http.post(url).form(&form)
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/api{path}", self.simulator.base_url());
        self.http.request(method.parse().unwrap(), url).bearer_auth(&self.token)
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.request("GET", path)).await
    }

    /// A body that must come.
    pub async fn read(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// The ids of a list, in its order.
    pub async fn ids(&self, path: &str) -> Vec<i64> {
        let body = self.read(path).await;
        rows(&body).iter().map(|row| row["id"].as_i64().unwrap()).collect()
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        answer(self.request("POST", path).json(&body)).await
    }
}

pub fn switched(name: &str, value: &str) -> Options {
    let mut switches = Switches::default();
    switches.set("halopsa", &format!("{name}={value}")).unwrap();
    Options { switches, ..Options::default() }
}

/// The rows of a list, bare or in an envelope.
pub fn rows(body: &Value) -> &Vec<Value> {
    body.as_array()
        .or_else(|| body.as_object().and_then(|body| body.values().find_map(Value::as_array)))
        .unwrap_or_else(|| panic!("no rows in {body}"))
}

pub async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}
