//! Telling people about runs: [`notice`] is what is told, [`forms`] how it is written for whom.
//!
//! What is to be told is put into the store's queue together with the end of the run, so it is told after a restart, too,
//! and by one process only. No run ever waits for it. Whoever cannot be told within some hours is not told at all: the log
//! says so, and the figures count it.

mod forms;
mod notice;

use std::{sync::Arc, time::Duration};

use prometheus_client::metrics::counter::Counter;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

pub use notice::Notice;

use crate::{
    domain::{
        Origin, RunId, Timestamp,
        document::Report,
        notice::{Occasion, Preset},
    },
    http::{HeaderMap, HeaderValue, Method, Transport, WireRequest, address, header},
    store::{NewJob, Once, Put, Store, StoreError},
    system::Clock,
};

/// How long after each try in vain the next one follows. After the last nobody tries any more.
const WAITS: [i64; 5] = [30, 2 * 60, 10 * 60, 60 * 60, 4 * 60 * 60];

/// How long the same notice is not put down again.
const ONCE: i64 = 7 * 24 * 60 * 60;

/// Whoever is told answers within this time, or is tried again later.
const PATIENCE: Duration = Duration::from_secs(20);

/// Somebody who is told.
pub struct Target {
    pub name: String,
    /// Whoever knows it can write there.
    pub url: SecretString,
    pub preset: Preset,
    pub events: Vec<Occasion>,
    /// Only runs of these profiles; of all if there are none.
    pub profiles: Vec<String>,
    pub client_names: bool,
    /// An address about a run, with `{run}` where its id belongs.
    pub link: Option<String>,
}

impl Target {
    fn wants(&self, notice: &Notice) -> bool {
        self.events.contains(&notice.event)
            && (self.profiles.is_empty() || self.profiles.contains(&notice.profile))
    }
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Target {} ({:?})", self.name, self.preset)
    }
}

/// What the queue keeps of a notice that is not told yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    pub target: String,
    pub notice: Notice,
}

impl Delivery {
    /// Its name in the queue: one for each target, run and happening.
    fn id(&self) -> RunId {
        RunId::new(format!("notice:{}:{}:{}", self.target, self.notice.run_id, self.notice.event.word()))
    }

    /// The job that tells it where the first try did not.
    fn job(&self, origin: &Origin, now: Timestamp) -> NewJob {
        let id = self.id();
        let once = Once { key: id.to_string(), fingerprint: String::new(), until: now.plus_seconds(ONCE) };
        NewJob {
            run: id,
            profile: self.notice.profile.clone(),
            task: serde_json::json!({ "notice": self }),
            origin: origin.clone(),
            at: now,
            not_before: now.plus_seconds(WAITS[0]),
            once: Some(once),
            lane: Some(format!("notice:{}", self.target)),
        }
    }

    /// What this job is to tell, if that is what it is about.
    pub fn of(job: &NewJob) -> Option<Self> {
        serde_json::from_value(job.task.get("notice")?.clone()).ok()
    }
}

/// What became of one try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    Done,
    /// Once more, not before this moment.
    Later(Timestamp),
    /// It is not tried any more, and why.
    Never(String),
}

/// How often what happened, since the program was started.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub delivered: Counter,
    /// Tries in vain.
    pub failed: Counter,
    /// Notices that nobody tries to tell any more.
    pub given_up: Counter,
}

/// Tells whoever wants to know.
pub struct Notifier {
    targets: Vec<Target>,
    transport: Arc<dyn Transport>,
    clock: Clock,
    tally: Tally,
}

impl Notifier {
    pub fn new(targets: Vec<Target>, transport: Arc<dyn Transport>, clock: Clock, tally: Tally) -> Self {
        Self { targets, transport, clock, tally }
    }

    /// Tells about a run that came to this point. It is put down first, so that it is told after a crash, too, and doing
    /// this twice tells nobody twice; then it is tried at once, in a task of its own.
    pub async fn tell(
        self: &Arc<Self>,
        store: &Arc<dyn Store>,
        report: &Report,
        origin: &Origin,
    ) -> Result<(), StoreError> {
        let now = Timestamp::new(self.clock.now());
        let Some(notice) = Notice::of(report, started_by(origin), now) else { return Ok(()) };
        for target in self.targets.iter().filter(|target| target.wants(&notice)) {
            let mut notice = notice.clone();
            if target.client_names {
                notice.client_names = Some(Notice::names(report));
            }
            if let Some(link) = &target.link {
                notice.look = link.replace("{run}", notice.run_id.as_str());
            }
            let delivery = Delivery { target: target.name.clone(), notice };
            if store.put_job(&delivery.job(origin, now)).await? == Put::New {
                tokio::spawn(Arc::clone(self).try_first(Arc::clone(store), delivery));
            }
        }
        Ok(())
    }

    /// The first try, before anybody finds the job in the queue.
    async fn try_first(self: Arc<Self>, store: Arc<dyn Store>, delivery: Delivery) {
        let why = match self.deliver(&delivery, 1).await {
            Told::Done => "told".to_owned(),
            Told::Never(why) => why,
            Told::Later(_) => return,
        };
        // Whoever found it in the queue meanwhile tells it once more; that is better than not at all.
        let now = Timestamp::new(self.clock.now());
        if let Err(error) = store.drop_job(&delivery.id(), now, &why).await {
            tracing::warn!(%error, "what was told may be told once more");
        }
    }

    /// One try to tell what a job says; `tries` counts it.
    pub async fn deliver(&self, delivery: &Delivery, tries: u32) -> Told {
        let Some(target) = self.targets.iter().find(|target| target.name == delivery.target) else {
            return self.give_up(&delivery.target, "the settings do not name it any more".to_owned());
        };
        let why = match self.send(target, &delivery.notice).await {
            Ok(()) => {
                self.tally.delivered.inc();
                tracing::info!(target = target.name, run = %delivery.notice.run_id, "told");
                return Told::Done;
            }
            Err(Vain { why, for_good: true }) => return self.give_up(&target.name, why),
            Err(Vain { why, .. }) => why,
        };
        self.tally.failed.inc();
        match WAITS.get(tries.saturating_sub(1) as usize) {
            Some(wait) => {
                tracing::warn!(target = target.name, why, "not told; it is tried again in {wait} seconds");
                Told::Later(Timestamp::new(self.clock.now()).plus_seconds(*wait))
            }
            None => self.give_up(&target.name, why),
        }
    }

    fn give_up(&self, target: &str, why: String) -> Told {
        self.tally.given_up.inc();
        tracing::error!(
            target,
            why,
            "not told, and not tried any more; see `mothball runs list` for what became of runs"
        );
        Told::Never(why)
    }

    async fn send(&self, target: &Target, notice: &Notice) -> Result<(), Vain> {
        let url = address::secret(target.url.expose_secret())
            .map_err(|error| Vain { why: error.to_string(), for_good: true })?;
        let body = forms::body(notice, target.preset).to_string().into_bytes();
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let request = WireRequest { method: Method::POST, url, headers, body: Some(body) };
        let later = |why: String| Vain { why, for_good: false };
        let answer = tokio::select! {
            answer = self.transport.send(request) => answer,
            () = self.clock.sleep(PATIENCE) => return Err(later("no answer in time".to_owned())),
        };
        match answer {
            Err(error) => Err(later(error.to_string())),
            Ok(reply) if (200..300).contains(&reply.status) => Ok(()),
            // Whoever is busy or broken may mend; what does not like the address or the message does not.
            Ok(reply) => Err(Vain {
                why: format!("it answered with status {}", reply.status),
                for_good: matches!(reply.status, 300..500) && !matches!(reply.status, 408 | 425 | 429),
            }),
        }
    }
}

/// A try that came to nothing.
struct Vain {
    why: String,
    for_good: bool,
}

/// What set the run going, without anything that came from outside.
fn started_by(origin: &Origin) -> String {
    match origin {
        Origin::Webhook { .. } => "webhook".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
