//! `mothball serve`: the server, joined from its parts.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio::sync::Mutex;

use super::{
    args::{self, Global},
    context::{Context, data_dir, load_settings, psa_failure},
    deliver::keep,
    print::{self, Failure},
    stores::{self, Opened},
};
use crate::{
    domain::{ExitCode, Timestamp, document::Report, schedule::Schedule},
    engine::{Engine, expire_overdue},
    http::{Network, address},
    service::{
        self, Doors, Left, Limits, Profiles, Rules, Service, Task, api,
        listen::{ListenError, Listener, TlsFiles},
        notify::{Notifier, Target},
        schedule::Scheduler,
        webhooks::{Way, Ways},
    },
    settings::{Notification, ServeSettings, Settings, SettingsError},
    store::Store,
    system::{
        Clock,
        signals::{Stop, Stops},
    },
    telemetry,
};

/// How often what has run out is put down: plans that nobody approved, jobs that ended long ago.
const TIDY: std::time::Duration = std::time::Duration::from_mins(10);

/// Jobs that ended are remembered for so long.
const REMEMBERED_DAYS: i64 = 30;

pub async fn serve(global: &Global, args: &args::Serve) -> Result<ExitCode, Failure> {
    if args.print_openapi {
        let document = serde_json::to_string_pretty(&api::document()).unwrap_or_default();
        print::out(&format!("{document}\n"));
        return Ok(ExitCode::Success);
    }
    let settings = load_settings(global)?;
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
    let wanted = wanted(args, &settings.serve);
    let mut stops = Stops::listen()
        .map_err(|error| Failure::usage(format!("signals cannot be listened for: {error}"), ""))?;
    let opened = stores::open(&settings, &data_dir(global)?).await?;
    let store = Arc::clone(&opened.store) as Arc<dyn Store>;
    let alone = opened.team.is_none();
    let clock = Clock::system();
    let now = Timestamp::new(clock.now());
    let has_token = store.tokens().await?.iter().any(|token| token.is_in_force(now));
    may_listen(&wanted, has_token)?;
    let doors = Doors { hosts: hosts(&wanted), behind_proxy: wanted.behind_proxy, limits: Limits::default() };
    let (schedules, notifications) = (settings.all_schedules(), settings.notifications.clone());
    let ways = ways(&settings, &clock).await?;
    let profiles =
        Arc::new(Served { global: global.clone(), settings, ways, opened, open: Mutex::default() });
    let service = Service::new(Arc::clone(&store), profiles, clock, doors);
    if !notifications.is_empty() {
        // It is set here and nowhere else, so it was not set before.
        let _ = service.notifier.set(notifier(&notifications, &service).await?);
    }
    let listener =
        Listener::bind(wanted.listen, tls(&wanted).as_ref()).await.map_err(|error| cannot_listen(&error))?;
    tell_ready(&listener, &wanted, has_token)?;

    // A team's database tells an earlier life of this process from this one by itself.
    if alone {
        service::free_own(&service).await;
    }

    let calls = tokio::spawn(listener.serve(api::router(Arc::clone(&service)), Arc::clone(&service)));
    let tidying = tokio::spawn(tidy(Arc::clone(&service)));
    let scheduling = tokio::spawn(scheduler(schedules, &service).work(service.stop.soon.clone()));
    let working = service::work(Arc::clone(&service), wanted.workers as usize);
    tokio::pin!(working);
    let mut stopped = None;
    let left = loop {
        tokio::select! {
            left = &mut working => break left,
            stop = stops.next() => obey(stop, &mut stopped, &service),
        }
    };
    tidying.abort();
    scheduling.await.ok();
    // What a call panicked over was told where it happened.
    calls.await.ok();
    store.close().await;
    Ok(ending(stopped, left))
}

/// Whoever is told about runs; an address that cannot be had or used is told before anything is begun.
async fn notifier(notifications: &[Notification], service: &Service) -> Result<Arc<Notifier>, Failure> {
    let mut targets = Vec::new();
    let mut faults = Vec::new();
    for notification in notifications {
        let url = match notification.url.reveal().await {
            Ok(url) => url,
            Err(fault) => {
                faults.push(fault);
                continue;
            }
        };
        crate::telemetry::keep_secret(&url);
        if let Err(error) = address::secret(url.expose_secret()) {
            faults.push(notification.url.fault(error.to_string()));
            continue;
        }
        targets.push(Target {
            name: notification.name.clone(),
            url,
            preset: notification.preset,
            events: notification.events.clone(),
            profiles: notification.profiles.clone(),
            client_names: notification.client_names,
            link: notification.link.clone(),
        });
    }
    if !faults.is_empty() {
        return Err(Failure::usage(SettingsError::Faults(faults).to_string(), ""));
    }
    let network = Network::new(None).map_err(|error| Failure::usage(error.to_string(), ""))?;
    let (clock, tally) = (service.clock.clone(), service.metrics.notices());
    Ok(Arc::new(Notifier::new(targets, Arc::new(network), clock, tally)))
}

/// Puts down what the settings' schedules ask for.
fn scheduler(schedules: Vec<Schedule>, service: &Service) -> Scheduler {
    let task = |schedule: &Schedule| {
        let task = Task::Scheduled { inputs: schedule.inputs.clone() };
        // Plain values: there is nothing in them that could not be written.
        serde_json::to_value(task).unwrap_or_default()
    };
    Scheduler::new(schedules, Arc::clone(&service.store), service.clock.clone(), Box::new(task))
}

/// The flags stand above the settings.
fn wanted(args: &args::Serve, settings: &ServeSettings) -> ServeSettings {
    let settings = settings.clone();
    ServeSettings {
        listen: args.listen.unwrap_or(settings.listen),
        hosts: if args.hosts.is_empty() { settings.hosts } else { args.hosts.clone() },
        tls_certificate: args.tls_certificate.clone().or(settings.tls_certificate),
        tls_key: args.tls_key.clone().or(settings.tls_key),
        behind_proxy: args.behind_proxy || settings.behind_proxy,
        workers: args.workers.unwrap_or(settings.workers),
    }
}

fn tls(wanted: &ServeSettings) -> Option<TlsFiles> {
    let (certificate, key) = wanted.tls_certificate.clone().zip(wanted.tls_key.clone())?;
    Some(TlsFiles { certificate, key })
}

/// An address that others can reach needs more than one that only this computer can.
fn may_listen(wanted: &ServeSettings, has_token: bool) -> Result<(), Failure> {
    let address = wanted.listen;
    if address.ip().is_loopback() {
        return Ok(());
    }
    if tls(wanted).is_none() && !wanted.behind_proxy {
        return Err(Failure::usage(
            format!("at {address} others could listen in: there is no TLS"),
            "Name serve.tls_certificate and serve.tls_key, or say --behind-proxy if a proxy does TLS, or listen on 127.0.0.1.",
        ));
    }
    if !has_token {
        return Err(Failure::usage(
            format!("at {address} others could call, and there is no token in force"),
            "Make one first: mothball tokens make NAME --scope read",
        ));
    }
    if address.ip().is_unspecified() && wanted.hosts.is_empty() {
        return Err(Failure::usage(
            format!("{address} is every address of this computer: by which name is it called?"),
            "Name it with --host or serve.hosts; calls for other names are refused.",
        ));
    }
    Ok(())
}

/// The names that calls may be for.
fn hosts(wanted: &ServeSettings) -> Vec<String> {
    let ip = wanted.listen.ip();
    let mut hosts: Vec<String> =
        wanted.hosts.iter().map(|host| host.trim_end_matches('.').to_lowercase()).collect();
    if ip.is_loopback() || ip.is_unspecified() {
        hosts.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
    }
    if !ip.is_unspecified() {
        hosts.push(ip.to_string());
    }
    hosts
}

fn cannot_listen(error: &ListenError) -> Failure {
    let advice = match error {
        ListenError::Bind { .. } => {
            "Name another address with --listen or serve.listen, or end what uses this one."
        }
        ListenError::Tls { .. } => {
            "The certificate with its chain and its private key, both in PEM form, readable by this user."
        }
    };
    Failure::usage(error.to_string(), advice)
}

/// One line of JSON for whoever started it: from now on it can be called.
fn tell_ready(listener: &Listener, wanted: &ServeSettings, has_token: bool) -> Result<(), Failure> {
    let address = listener.address().map_err(|error| Failure::usage(error.to_string(), ""))?;
    let scheme = if tls(wanted).is_some() { "https" } else { "http" };
    if !has_token {
        tracing::warn!(
            "nobody has a token yet, so nobody can call; make one with: mothball tokens make NAME --scope read"
        );
    }
    tracing::info!(target: "mothball::serve", %address, "listening");
    let line = json!({ "listening": format!("{scheme}://{address}") });
    print::line(&line.to_string()).map_err(|error| Failure::usage(error.to_string(), ""))
}

/// The first signal lets what goes on come to a good end; the second cuts it short.
fn obey(stop: Stop, stopped: &mut Option<Stop>, service: &Service) {
    tracing::info!(target: "mothball::serve", "{}", stop.words());
    service.stop.soon.cancel();
    if stopped.is_some() {
        service.stop.now.cancel();
    }
    stopped.get_or_insert(stop);
}

fn ending(stopped: Option<Stop>, left: Left) -> ExitCode {
    match stopped {
        Some(stop) if left.interrupted > 0 => match stop {
            Stop::Hangup => ExitCode::Hangup,
            Stop::Interrupt => ExitCode::Interrupted,
            Stop::Terminate => ExitCode::Terminated,
        },
        _ => ExitCode::Success,
    }
}

async fn tidy(service: Arc<Service>) {
    loop {
        let now = service.now();
        if let Err(error) = expire_overdue(service.store.as_ref(), now).await {
            tracing::warn!(%error, "plans that have run out still wait");
        }
        let ended_before = now.plus_seconds(-REMEMBERED_DAYS * 24 * 60 * 60);
        if let Err(error) = service.store.forget_jobs(ended_before, now).await {
            tracing::warn!(%error, "old jobs are still there");
        }
        service.clock.sleep(TIDY).await;
    }
}

/// The ways in for webhooks, one for each profile that has a secret for it. A secret that cannot be had, or could be
/// guessed, keeps the server from starting: better none than an open one.
async fn ways(settings: &Settings, clock: &Clock) -> Result<Ways, Failure> {
    let mut ways = Ways::default();
    for profile in settings.profiles.values() {
        let Some(webhook) = &profile.webhook else { continue };
        let usage = |error: crate::settings::SettingsError| Failure::usage(error.to_string(), "");
        let lock = webhook.lock(&profile.name).await.map_err(usage)?;
        lock.secrets.values().for_each(telemetry::keep_secret);
        // The PSA's own secrets are not needed to tell who sends.
        let none = profile.secrets.keys().map(|key| (key.clone(), SecretString::default())).collect();
        let connection = profile.connection_given(none, clock.clone(), None).await.map_err(usage)?;
        let webhooks = &profile.room.webhooks;
        let door = (webhooks.door)(&lock, &connection).map_err(|error| psa_failure(&error))?;
        tracing::info!(target: "mothball::serve", profile = profile.name, "webhooks are taken");
        ways.open(&profile.name, Way { door, again: webhooks.again });
    }
    Ok(ways)
}

/// The profiles of the settings, each opened when it is first needed.
struct Served {
    global: Global,
    settings: Settings,
    opened: Opened,
    ways: Ways,
    open: Mutex<BTreeMap<String, Context>>,
}

#[async_trait]
impl Profiles for Served {
    fn chosen(&self, named: Option<&str>) -> Result<String, String> {
        let named = named.or(self.global.profile.as_deref());
        self.settings.profile(named).map(|profile| profile.name.clone()).map_err(|error| error.to_string())
    }

    fn rules(&self, profile: &str) -> Option<Rules> {
        let profile = self.settings.profiles.get(profile)?;
        Some(Rules { safeguards: self.settings.safeguards.clone(), criteria: profile.criteria.clone() })
    }

    fn ways(&self) -> &Ways {
        &self.ways
    }

    async fn engine(&self, profile: &str) -> Result<Engine, String> {
        let mut open = self.open.lock().await;
        if let Some(context) = open.get(profile) {
            return Ok(context.engine.clone());
        }
        let global = Global { profile: Some(profile.to_owned()), ..self.global.clone() };
        let context = Context::on_store(self.settings.clone(), &global, false, Some(&self.opened))
            .await
            .map_err(|failure| failure.message)?;
        let engine = context.engine.clone();
        open.insert(profile.to_owned(), context);
        Ok(engine)
    }

    async fn keep(&self, profile: &str, report: &Report) {
        let context = self.open.lock().await.get(profile).cloned();
        let Some(context) = context else { return };
        if let Err(failure) = keep(&context, report).await {
            tracing::warn!("{}", failure.message);
        }
    }
}
