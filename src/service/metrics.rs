//! What the server counts, for Prometheus.

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use super::notify::Tally;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ending {
    end: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StageLabel {
    stage: String,
}

pub struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    runs: Family<Ending, Counter>,
    jobs: Family<StageLabel, Gauge>,
    failures: Counter,
    delays: Counter,
    refused: Counter,
    notices: Tally,
}

impl Metrics {
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("mothball");
        let (requests, runs, jobs) = (Family::default(), Family::default(), Family::default());
        let (failures, delays, refused) = (Counter::default(), Counter::default(), Counter::default());
        registry.register("http_requests", "Requests answered, by route and status", requests.clone());
        registry.register("runs", "Runs that this server saw to an end, by how they ended", runs.clone());
        registry.register("jobs", "Jobs in the queue that have not ended, by stage", jobs.clone());
        registry.register("sign_in_failures", "Requests whose token was refused", failures.clone());
        registry.register(
            "sign_in_delays",
            "Refusals that were slowed, because there were many from one address",
            delays.clone(),
        );
        registry.register("refused_hosts", "Requests for a host that this server is not", refused.clone());
        let notices = Tally::default();
        for (name, help, counter) in [
            ("notices_told", "Notices about runs that were taken", &notices.delivered),
            ("notices_failed", "Tries to tell about a run that came to nothing", &notices.failed),
            ("notices_given_up", "Notices that nobody tries to tell any more", &notices.given_up),
        ] {
            registry.register(name, help, counter.clone());
        }
        Self { registry, requests, runs, jobs, failures, delays, refused, notices }
    }

    pub fn answered(&self, route: &str, status: u16) {
        self.requests.get_or_create(&Request { route: route.to_owned(), status }).inc();
    }

    pub fn ended(&self, end: &str) {
        self.runs.get_or_create(&Ending { end: end.to_owned() }).inc();
    }

    /// What is counted of notices, for whoever tells them.
    pub fn notices(&self) -> Tally {
        self.notices.clone()
    }

    pub fn failed_sign_in(&self, slowed: bool) {
        self.failures.inc();
        if slowed {
            self.delays.inc();
        }
    }

    pub fn refused_host(&self) {
        self.refused.inc();
    }

    /// How often a refusal was slowed.
    pub fn delays(&self) -> u64 {
        self.delays.get()
    }

    /// All of it as text; the queue is as of now.
    pub fn text(&self, waiting: usize, held: usize) -> String {
        for (stage, count) in [("waiting", waiting), ("held", held)] {
            let gauge = self.jobs.get_or_create(&StageLabel { stage: stage.to_owned() });
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = text::encode(&mut out, &self.registry);
        out
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
