//! The simulated ConnectWise PSA.

mod callbacks;
mod data;
mod errors;
mod faults;
mod manners;
mod notes;
mod paging;
mod patch;
mod query;
mod schema;
mod switches;
mod whole;

use mothball::simulator::{Options, Simulator};
use serde_json::Value;

/// A client that is nobody's adapter: reqwest and the credentials.
pub struct Caller {
    pub simulator: Simulator,
    pub http: reqwest::Client,
}

impl Caller {
    pub async fn start(options: Options) -> Self {
        let simulator = Simulator::start(options).await.unwrap();
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self { simulator, http }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}/v4_6_release/apis/3.0{path}", self.simulator.base_url())
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let credentials = self.simulator.credentials();
        let user = format!("{}+{}", credentials["company_id"], credentials["public_key"]);
        self.http
            .request(method.parse().unwrap(), self.url(path))
            .basic_auth(user, Some(&credentials["private_key"]))
            .header("clientId", &credentials["client_id"])
            .header("accept", "application/vnd.connectwise.com+json; version=2025.16")
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.request("GET", path)).await
    }

    /// A list or a count that must come.
    pub async fn rows(&self, path: &str) -> Vec<Value> {
        let (status, body) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body.as_array().unwrap_or_else(|| panic!("{path}: {body}")).clone()
    }

    pub async fn count(&self, path: &str) -> i64 {
        self.get(path).await.1["count"].as_i64().unwrap_or_else(|| panic!("{path} has no count"))
    }

    pub async fn patch(&self, path: &str, operations: Value) -> (u16, Value) {
        answer(self.request("PATCH", path).json(&operations)).await
    }
}

pub async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}
