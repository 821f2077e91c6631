//! How the API is called: in the tenant's zone, within the hourly pool, with a limit for each entity.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{
    access::Access,
    errors,
    filter::Filter,
    pool::{self, Watch},
    wire,
    zone::{self, Unknown, Zone},
};
use crate::{
    http::{Http, HttpError, Method, Reply, Request, Sent, Tries, Url},
    psa::{
        PsaError,
        port::{Pool, Result},
    },
    system::Clock,
};

/// A read that was refused in words that may pass is asked so often.
const MOST_READS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(400);
const THRESHOLD: &str = "ThresholdInformation";

/// Calls the API of one tenant.
pub struct Api {
    http: Http,
    access: Arc<Access>,
    watch: Watch,
    clock: Clock,
    lookup: tokio::sync::Mutex<()>,
    /// Entities that do not take the list of fields that is asked for.
    all_fields: Mutex<BTreeSet<&'static str>>,
    /// `doctor` tells of a pool that is used up; it does not wait for it.
    heedless: AtomicBool,
}

/// Why a call has no reply.
#[derive(Debug)]
pub enum CallError {
    /// Certainly nothing was sent.
    NotSent(PsaError),
    Sending(HttpError),
}

impl CallError {
    pub fn sent(&self) -> Sent {
        match self {
            Self::NotSent(_) => Sent::Never,
            Self::Sending(error) => error.sent(),
        }
    }

    pub fn into_psa(self) -> PsaError {
        match self {
            Self::NotSent(error) => error,
            Self::Sending(error) => error.into(),
        }
    }
}

impl Api {
    pub fn new(http: Http, access: Arc<Access>, watch: Watch, clock: Clock) -> Self {
        Self {
            http,
            access,
            watch,
            clock,
            lookup: tokio::sync::Mutex::new(()),
            all_fields: Mutex::default(),
            heedless: AtomicBool::new(false),
        }
    }

    pub fn http(&self) -> &Http {
        &self.http
    }

    pub fn access(&self) -> &Access {
        &self.access
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// From now on calls do not wait for the hourly pool, or do again.
    pub fn be_heedless(&self, heedless: bool) {
        self.heedless.store(heedless, Ordering::Relaxed);
    }

    /// Where the tenant lives. Asked once, without credentials; once more only after a refused sign-in.
    pub async fn zone(&self) -> Result<Arc<Zone>> {
        if let Some(known) = self.access.zone() {
            return Ok(known);
        }
        let _alone = self.lookup.lock().await;
        if let Some(known) = self.access.zone() {
            return Ok(known);
        }
        let mut tries = 1;
        let found = loop {
            match zone::lookup(&self.http, self.access.host(), self.access.user()).await {
                Ok(zone) => break zone,
                Err(Unknown::User(message)) => {
                    self.http.refuse(&message);
                    return Err(PsaError::SignIn { message });
                }
                Err(unknown) => {
                    let error = unknown.into_psa();
                    if !self.pause_before(&error, &mut tries).await {
                        return Err(error);
                    }
                }
            }
        };
        self.http.set_base(found.base.clone());
        self.http.set_probe(Request::get(found.url(THRESHOLD)).about(THRESHOLD));
        Ok(self.access.settle(found))
    }

    /// Waits a little if asking again may help. False if not.
    async fn pause_before(&self, error: &PsaError, tries: &mut u32) -> bool {
        if *tries >= MOST_READS || !errors::may_pass(error) {
            return false;
        }
        tracing::info!(%error, tries, "asked again");
        self.clock.sleep(FIRST_PAUSE * 2u32.pow(*tries - 1)).await;
        *tries += 1;
        true
    }

    /// Sends within the hourly pool.
    async fn call(
        &self,
        make: impl Fn(&Zone) -> Request,
        hold: Option<&CancellationToken>,
    ) -> std::result::Result<Reply, CallError> {
        let mut again = true;
        loop {
            let zone = self.zone().await.map_err(CallError::NotSent)?;
            let heedless = self.heedless.load(Ordering::Relaxed);
            if !heedless {
                let admitted = self.watch.admit(&self.http, || self.access.sent(), || self.threshold());
                tokio::select! {
                    biased;
                    () = held(hold) => return Err(CallError::Sending(HttpError::Held)),
                    admitted = admitted => admitted.map_err(CallError::NotSent)?,
                }
            }
            match self.http.send(make(&zone)).await {
                // Perhaps it was the pool: then the next look shows it, and waits.
                Err(HttpError::RateLimited { .. }) if again && !heedless => {
                    again = false;
                    self.watch.forget().await;
                }
                other => return other.map_err(CallError::Sending),
            }
        }
    }

    /// A read, posted or not. Anything but a success is an error.
    async fn read<T: DeserializeOwned>(
        &self,
        path: &str,
        most: u32,
        make: impl Fn(&Zone) -> Request,
    ) -> Result<T> {
        let mut tries = MOST_READS + 1 - most;
        loop {
            let reply = self.call(&make, None).await.map_err(CallError::into_psa)?;
            if reply.is_success() {
                let unreadable =
                    |message: String| PsaError::Unreadable { message: format!("{path}: {message}") };
                return reply.json().map_err(unreadable);
            }
            let error = errors::error(&reply);
            if !self.pause_before(&error, &mut tries).await {
                return Err(error);
            }
        }
    }

    /// One thing that is told of an entity.
    pub async fn about<T: DeserializeOwned>(&self, entity: &'static str, what: &str) -> Result<T> {
        let path = format!("{entity}/{what}");
        self.read(&path, MOST_READS, |zone| Request::get(zone.url(&path)).about(entity)).await
    }

    /// A page of a query: its first, or that of the address that an earlier page named. A query that was posted goes
    /// on with the same body [C PK, WYRE].
    pub async fn query<T: DeserializeOwned>(
        &self,
        entity: &'static str,
        body: &Value,
        next: Option<&Url>,
        tries: Tries,
    ) -> Result<T> {
        let path = format!("{entity}/query");
        let most = if tries == Tries::Once { 1 } else { MOST_READS };
        self.read(&path, most, |zone| {
            let url = next.cloned().unwrap_or_else(|| zone.url(&path));
            let request = Request::json(Method::POST, url, body).as_read().about(entity);
            Request { tries, ..request }
        })
        .await
    }

    /// How many rows a query would bring.
    pub async fn count(&self, entity: &'static str, filter: &Filter) -> Result<u64> {
        let path = format!("{entity}/query/count");
        let body = filter.counting();
        let count: wire::Count = self
            .read(&path, MOST_READS, |zone| {
                Request::json(Method::POST, zone.url(&path), &body).as_read().about(entity)
            })
            .await?;
        count
            .count
            .and_then(|count| u64::try_from(count).ok())
            .ok_or_else(|| PsaError::Unreadable { message: format!("{path} answered without a count") })
    }

    /// A change. The reply is returned whatever its status is.
    pub async fn patch(
        &self,
        entity: &'static str,
        body: &Value,
        hold: &CancellationToken,
    ) -> std::result::Result<Reply, CallError> {
        let make =
            |zone: &Zone| Request::json(Method::PATCH, zone.url(entity), body).about(entity).unless(hold);
        self.call(make, Some(hold)).await
    }

    /// Something new below a record, sent once: a failure of it says nothing about the PSA as a whole. The reply is
    /// returned whatever its status is.
    pub async fn create_once(
        &self,
        entity: &'static str,
        path: &str,
        body: &Value,
        hold: &CancellationToken,
    ) -> std::result::Result<Reply, CallError> {
        let make =
            |zone: &Zone| Request::json(Method::POST, zone.url(path), body).about(entity).unless(hold).once();
        self.call(make, Some(hold)).await
    }

    /// Takes a record away. The reply is returned whatever its status is.
    pub async fn delete(&self, entity: &'static str, path: &str) -> std::result::Result<Reply, CallError> {
        let make =
            |zone: &Zone| Request { method: Method::DELETE, ..Request::get(zone.url(path)) }.about(entity);
        self.call(make, None).await
    }

    /// What the PSA tells of the hourly pool. Not held up by the watch, which asks it.
    async fn threshold(&self) -> Result<wire::Threshold> {
        let zone = self.zone().await?;
        let reply = self.http.send(Request::get(zone.url(THRESHOLD)).about(THRESHOLD)).await?;
        if !reply.is_success() {
            return Err(errors::error(&reply));
        }
        reply.json().map_err(|message| PsaError::Unreadable { message: format!("{THRESHOLD}: {message}") })
    }

    pub async fn pool(&self) -> Result<Option<Pool>> {
        Ok(pool::pool(&self.threshold().await?))
    }

    pub fn wants_all_fields(&self, entity: &'static str) -> bool {
        self.all_fields.lock().unwrap_or_else(PoisonError::into_inner).contains(entity)
    }

    pub fn note_all_fields(&self, entity: &'static str) {
        self.all_fields.lock().unwrap_or_else(PoisonError::into_inner).insert(entity);
    }
}

/// Until the call is not wanted any more.
async fn held(hold: Option<&CancellationToken>) {
    match hold {
        Some(hold) => hold.cancelled().await,
        None => std::future::pending().await,
    }
}
