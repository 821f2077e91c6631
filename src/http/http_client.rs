//! The sending itself: one try after another, as far as that is safe.

use std::{
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use reqwest::{
    Url,
    header::{DATE, HeaderMap, HeaderValue, LOCATION, USER_AGENT as USER_AGENT_HEADER},
};
use tokio::{sync::broadcast, time::Instant};

use super::{
    address,
    gate::{Gate, jittered},
    lanes::{Lane, Lanes},
    network::TOTAL_LIMIT,
    outcome::{Try, backoff, by_status, finish, words},
    pace::{Limits, Pace},
    request::{Auth, Authorizer, HttpError, Judgement, Renewed, Reply, Request, Tries, Weight},
    retry_after,
    seats::{Seat, Seats, Taken},
    sign_in::{SignIn, SignInMemory},
    transport::{Failure, Sent, Transport, TransportError, WireReply, WireRequest},
};
use crate::{domain::event::Notice, system::Clock};

const USER_AGENT: &str = concat!("mothball/", env!("CARGO_PKG_VERSION"));
const MOST_TRIES: u32 = 5;
const MOST_REDIRECTS: u32 = 3;
/// Holds and backoffs of one request together.
const MOST_WAITING: Duration = Duration::from_mins(10);
/// Listeners that fall behind by more than this miss some.
const NOTICES_KEPT: usize = 256;

/// What a profile's sender is made of.
pub struct Options {
    /// The configured host: credentials go nowhere else.
    pub base: Url,
    pub limits: Limits,
    pub clock: Clock,
    /// How long to wait for a PSA that stays away; `None` while a person watches.
    pub patience: Option<Duration>,
    pub transport: Arc<dyn Transport>,
    pub authorizer: Arc<dyn Authorizer>,
    /// What is remembered of refused sign-ins beyond this process, where there is somebody to remember it.
    pub memory: Option<Arc<dyn SignInMemory>>,
    /// Where processes share the limits: whoever keeps their seats.
    pub seats: Option<Arc<dyn Seats>>,
}

/// Sends for one profile. Cheap to clone; all clones share limits, waits and the refused sign-in.
#[derive(Clone)]
pub struct Http {
    inner: Arc<Inner>,
}

struct Inner {
    base: RwLock<Url>,
    clock: Clock,
    transport: Arc<dyn Transport>,
    authorizer: Arc<dyn Authorizer>,
    gate: Gate,
    sign_in: SignIn,
    pace: Mutex<Pace>,
    lanes: Lanes,
    limits: Limits,
    seats: Option<Arc<dyn Seats>>,
    /// How often the sign-in was renewed. Whoever renews it holds the lock, and the calls of the profile wait.
    renewals: tokio::sync::RwLock<u64>,
    /// Where the tenant moved from and to.
    moves: Mutex<Vec<(Url, Url)>>,
    notices: broadcast::Sender<Notice>,
    /// A cheap read that shows whether the PSA is back.
    probe: Mutex<Option<Request>>,
    /// Seconds that the PSA's clock is ahead of ours, by its last reply that told.
    clock_lead: Mutex<Option<i64>>,
}

impl Http {
    pub fn new(options: Options) -> Self {
        let (notices, _) = broadcast::channel(NOTICES_KEPT);
        Self {
            inner: Arc::new(Inner {
                base: RwLock::new(options.base),
                clock: options.clock,
                transport: options.transport,
                authorizer: options.authorizer,
                gate: Gate::new(notices.clone(), options.patience),
                sign_in: SignIn::new(options.memory),
                lanes: Lanes::new(options.limits),
                limits: options.limits,
                seats: options.seats,
                pace: Mutex::new(Pace::new(options.limits)),
                renewals: tokio::sync::RwLock::new(0),
                moves: Mutex::default(),
                notices,
                probe: Mutex::new(None),
                clock_lead: Mutex::new(None),
            }),
        }
    }

    /// Seconds that the PSA's clock is ahead of ours; `None` as long as no reply told.
    pub fn clock_lead(&self) -> Option<i64> {
        *self.inner.clock_lead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the sending layer tells while it works.
    pub fn notices(&self) -> broadcast::Receiver<Notice> {
        self.inner.notices.subscribe()
    }

    /// The address that credentials may go to.
    pub fn base(&self) -> Url {
        self.inner.base()
    }

    /// Credentials go to this address from now on, and nowhere else. The vendor's room answers for it.
    pub fn set_base(&self, base: Url) {
        *self.inner.base.write().unwrap_or_else(PoisonError::into_inner) = base;
    }

    /// Lets every call of the profile wait so long: the vendor's room has a reason that no answer shows.
    pub fn hold(&self, wait: Duration, why: &str) {
        self.inner.gate.complained(Some(wait), why, Instant::now());
    }

    /// From now on nothing is sent any more: the account was refused where no credentials were sent, so that there is
    /// nothing to remember.
    pub fn refuse(&self, message: &str) {
        self.inner.gate.refuse(message);
    }

    /// The read that shows whether a PSA that was away is back. Without one the request that waits is tried itself.
    pub fn set_probe(&self, probe: Request) {
        *self.inner.probe.lock().unwrap_or_else(PoisonError::into_inner) = Some(probe.once());
    }

    /// Sends a request, again where that is safe, and returns the answer with whatever status it has.
    ///
    /// # Errors
    /// [`HttpError`] if there is no answer, or none that means anything.
    pub async fn send(&self, request: Request) -> Result<Reply, HttpError> {
        let mut request = request;
        let mut renewed = false;
        let mut redirects = 0;
        loop {
            let renewals = self.inner.renewals(&request).await;
            request.url = self.inner.rebased(&request.url);
            self.inner.may_go(&request)?;
            let reply = self.inner.with_retries(&request).await?;
            if request.auth == Auth::Profile {
                let judgement = match self.inner.authorizer.judge(&reply) {
                    Judgement::Stale if !renewed && request.renews => {
                        renewed = true;
                        match self.renew(renewals, &request).await? {
                            Some(url) => {
                                request.url = url;
                                continue;
                            }
                            None => self.inner.authorizer.judge_renewed(&reply),
                        }
                    }
                    Judgement::Stale => self.inner.authorizer.judge_renewed(&reply),
                    judgement => judgement,
                };
                if let Judgement::Refused(message) = judgement {
                    return Err(self.inner.remembered(HttpError::SignIn { message }).await);
                }
                if reply.is_success() {
                    self.inner.sign_in.accepted().await;
                }
            }
            let Some(to) = redirect(&request.url, &reply) else { return Ok(reply) };
            let same = to.as_ref().is_ok_and(|to| address::same_origin(to, &request.url));
            redirects += 1;
            match to {
                Ok(to) if same && request.is_read() && redirects <= MOST_REDIRECTS => request.url = to,
                Ok(to) => {
                    return Err(HttpError::Redirected {
                        from: address::origin(&request.url),
                        to: if same { to.path().to_owned() } else { address::origin(&to) },
                    });
                }
                Err(text) => {
                    return Err(HttpError::Redirected { from: address::origin(&request.url), to: text });
                }
            }
        }
    }

    /// Renews the sign-in, unless somebody else did since this request was sent. Where to ask again, if anything
    /// is new.
    async fn renew(&self, before: u64, request: &Request) -> Result<Option<Url>, HttpError> {
        let mut renewals = self.inner.renewals.write().await;
        self.inner.gate.refused()?;
        if *renewals != before {
            return Ok(Some(self.inner.rebased(&request.url)));
        }
        let renewed = match self.inner.authorizer.renew(self).await {
            Ok(renewed) => renewed,
            Err(error) => return Err(self.inner.remembered(error).await),
        };
        if renewed == Renewed::Nothing {
            return Ok(None);
        }
        *renewals += 1;
        if let Renewed::Moved { from, to } = renewed {
            self.inner.moves.lock().unwrap_or_else(PoisonError::into_inner).push((from, to.clone()));
            self.set_base(to);
        }
        Ok(Some(self.inner.rebased(&request.url)))
    }
}

impl Inner {
    fn base(&self) -> Url {
        self.base.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often the sign-in was renewed by now; waits for one that is under way.
    async fn renewals(&self, request: &Request) -> u64 {
        if request.auth == Auth::None { 0 } else { *self.renewals.read().await }
    }

    /// A sign-in that was refused once is refused for all, in other processes, too.
    async fn remembered(&self, error: HttpError) -> HttpError {
        match &error {
            // What was refused before comes by here again with every call that waited for a token.
            HttpError::SignIn { message } if self.gate.refuse(message) => self.sign_in.refused().await,
            HttpError::TooFewRights { message } => {
                self.gate.refuse(message);
            }
            _ => {}
        }
        error
    }

    async fn may_sign_in(&self, request: &Request) -> Result<(), HttpError> {
        let each = request.auth == Auth::Profile && self.authorizer.signs_each_request();
        self.sign_in.may_go(request.signs_in || each).await
    }

    /// An address from before the tenant moved, as it is now.
    fn rebased(&self, url: &Url) -> Url {
        let moves = self.moves.lock().unwrap_or_else(PoisonError::into_inner);
        moves.iter().fold(url.clone(), |url, (from, to)| address::moved(&url, from, to).unwrap_or(url))
    }

    /// Credentials to the configured host only, and nothing unencrypted over a network.
    fn may_go(&self, request: &Request) -> Result<(), HttpError> {
        let forbidden = |message: String| Err(HttpError::Forbidden { message });
        if let Err(error) = address::may_be_called(&request.url) {
            return forbidden(error.to_string());
        }
        if request.auth == Auth::Profile && !address::same_origin(&request.url, &self.base()) {
            return forbidden(format!(
                "credentials are for {} only, not for {}",
                address::origin(&self.base()),
                address::origin(&request.url)
            ));
        }
        Ok(())
    }

    async fn with_retries(self: &Arc<Self>, request: &Request) -> Result<Reply, HttpError> {
        let most = if request.tries == Tries::Once { 1 } else { MOST_TRIES };
        let mut waited = Duration::ZERO;
        let mut attempt = 1;
        loop {
            let (lane, sent_at) = tokio::select! {
                biased;
                () = held(request) => return Err(HttpError::Held),
                turn = self.turn(request, &mut waited) => turn?,
            };
            let outcome = self.wire(request, attempt).await?;
            drop(lane);
            let now = Instant::now();
            let why = match &outcome {
                Try::Done(_) => String::new(),
                Try::TurnedAway { why, .. } | Try::Trouble { why, .. } | Try::Garbled { why, .. } => {
                    why.clone()
                }
                Try::Failed(error) => error.message.clone(),
            };
            let again = match &outcome {
                Try::Done(_) => false,
                Try::TurnedAway { reply, .. } => {
                    self.pace().complained(sent_at, now);
                    self.gate.complained(retry_after::asked(&reply.headers, self.clock.now()), &why, now);
                    true
                }
                Try::Trouble { reply, .. } => {
                    if let Some(wait) = retry_after::asked(&reply.headers, self.clock.now()) {
                        self.gate.complained(Some(wait), &why, now);
                    }
                    request.is_read()
                }
                Try::Garbled { .. } => request.is_read(),
                Try::Failed(error) => {
                    error.failure != Failure::Tls
                        && error.failure != Failure::TooLarge
                        && (request.is_read() || error.sent == Sent::Never)
                }
            };
            self.note_health(request, &outcome, &why, now);
            let most = if matches!(outcome, Try::TurnedAway { .. }) { MOST_TRIES } else { most };
            if !again || attempt >= most {
                return finish(request, outcome, attempt);
            }
            attempt += 1;
            let _ = self.notices.send(Notice::Retrying { attempt, why: why.clone() });
            if !matches!(outcome, Try::TurnedAway { .. }) && !self.gate.is_away() {
                let pause = jittered(backoff(attempt));
                if waited + pause > MOST_WAITING {
                    return finish(request, outcome, attempt - 1);
                }
                waited += pause;
                tokio::select! {
                    biased;
                    () = held(request) => return Err(HttpError::Held),
                    () = self.clock.sleep(pause) => {}
                }
            }
        }
    }

    fn note_health(&self, request: &Request, outcome: &Try, why: &str, now: Instant) {
        match outcome {
            Try::Done(_) => self.gate.succeeded(),
            // It answers, and wants us to wait: that is not being away.
            Try::TurnedAway { .. } => {}
            _ if request.tries == Tries::Once => {}
            _ => self.gate.failed(why, now),
        }
    }

    /// Waits until the request may go.
    async fn turn(
        self: &Arc<Self>,
        request: &Request,
        waited: &mut Duration,
    ) -> Result<((Lane, Option<Seat>), Instant), HttpError> {
        // Not while the sign-in is being renewed; who waits for that must not hold a lane.
        self.renewals(request).await;
        let lane = self.lanes.enter(request).await;
        loop {
            self.gate.refused()?;
            if let Some(wait) = self.gate.hold(Instant::now()) {
                if *waited + wait > MOST_WAITING {
                    return Err(HttpError::RateLimited {
                        message: format!(
                            "it asks to wait longer than {} minutes",
                            MOST_WAITING.as_secs() / 60
                        ),
                    });
                }
                *waited += wait;
                self.clock.sleep(wait).await;
                continue;
            }
            if self.gate.is_away() {
                let probe = self.probe.lock().unwrap_or_else(PoisonError::into_inner).clone();
                match probe {
                    Some(probe) => self.gate.wait_while_away(|| self.ask_whether_back(&probe)).await?,
                    None => self.gate.wait_while_away(|| self.ask_whether_back(request)).await?,
                }
                continue;
            }
            let taken = self.pace().take(Instant::now());
            match taken {
                Ok(()) => break,
                Err(wait) => self.keep_pace(wait).await,
            }
        }
        let seat = self.seat(request).await?;
        Ok(((lane, seat), Instant::now()))
    }

    /// A seat among the calls of all processes that share the PSA. Without one nothing is sent.
    async fn seat(&self, request: &Request) -> Result<Option<Seat>, HttpError> {
        let Some(seats) = self.seats.as_ref().filter(|_| request.auth != Auth::None) else {
            return Ok(None);
        };
        loop {
            match seats.take(request.object, self.limits).await {
                Ok(Taken::Seat(seat)) => return Ok(Some(seat)),
                Ok(Taken::Wait(wait)) => self.clock.sleep(wait).await,
                Err(message) => {
                    return Err(HttpError::Unreachable {
                        message,
                        sent: Sent::Never,
                        failure: None,
                        gave_up: true,
                    });
                }
            }
        }
    }

    /// Waits for the profile's own pace; a long wait is told once, however many calls share it.
    async fn keep_pace(&self, wait: Duration) {
        let why = self.pace().tell(wait, Instant::now());
        if let Some(why) = why {
            tracing::info!(seconds = wait.as_secs_f64(), why, "waiting");
            // Nobody listening is fine.
            let _ = self.notices.send(Notice::Waiting { seconds: wait.as_secs_f64(), why });
        }
        self.clock.sleep(wait).await;
    }

    /// One cheap read while all others wait. Any answer that is not a gateway's complaint will do.
    async fn ask_whether_back(self: &Arc<Self>, probe: &Request) -> Result<(), String> {
        let probe = if probe.is_read() { probe.clone() } else { Request::get(self.base()) };
        match self.wire(&probe, 1).await {
            Ok(Try::Done(_) | Try::TurnedAway { .. }) => Ok(()),
            Ok(Try::Trouble { why, .. } | Try::Garbled { why, .. }) => Err(why),
            Ok(Try::Failed(error)) => Err(error.message),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn wire(self: &Arc<Self>, request: &Request, attempt: u32) -> Result<Try, HttpError> {
        self.may_sign_in(request).await?;
        let mut headers: HeaderMap = request.headers.clone();
        headers.insert(USER_AGENT_HEADER, HeaderValue::from_static(USER_AGENT));
        if request.auth == Auth::Profile {
            let mut last = None;
            let http = Http { inner: Arc::clone(self) };
            let signed = match self.authorizer.headers(&http).await {
                Ok(signed) => signed,
                Err(error) => return Err(self.remembered(error).await),
            };
            for (name, mut value) in signed {
                value.set_sensitive(true);
                last = name.or(last);
                if let Some(name) = &last {
                    headers.insert(name.clone(), value);
                }
            }
        }
        let wire = WireRequest {
            method: request.method.clone(),
            url: request.url.clone(),
            headers,
            body: request.body.clone(),
        };
        let start = Instant::now();
        let result =
            tokio::time::timeout(TOTAL_LIMIT, self.transport.send(wire)).await.unwrap_or_else(|_| {
                let message = format!("no answer within {} s", TOTAL_LIMIT.as_secs());
                Err(TransportError::new(Sent::Maybe, Failure::Timeout, message))
            });
        let ms = start.elapsed().as_millis() as u64;
        let status = result.as_ref().map_or(0, |reply| reply.status);
        tracing::debug!(
            method = %request.method, path = request.url.path(), status, ms, attempt,
            error = result.as_ref().err().map(tracing::field::display), "request"
        );
        Ok(match result {
            Ok(WireReply { status, headers, body }) => {
                self.compare_clocks(&headers);
                self.sort(request, Reply { status, headers, body })
            }
            Err(error) => Try::Failed(error),
        })
    }

    fn compare_clocks(&self, headers: &HeaderMap) {
        let told = headers.get(DATE).and_then(|date| date.to_str().ok());
        if let Some(theirs) = told.and_then(|date| jiff::fmt::rfc2822::parse(date).ok()) {
            let lead = theirs.timestamp().duration_since(self.clock.now()).as_secs();
            *self.clock_lead.lock().unwrap_or_else(PoisonError::into_inner) = Some(lead);
        }
    }

    fn sort(&self, request: &Request, reply: Reply) -> Try {
        match self.authorizer.weigh(&reply) {
            Some(Weight::Considered) => Try::Done(reply),
            Some(Weight::TurnedAway) => {
                Try::TurnedAway { why: format!("too many requests: {}", words(&reply)), reply }
            }
            None => by_status(request, reply),
        }
    }

    fn pace(&self) -> std::sync::MutexGuard<'_, Pace> {
        // A panic between two fields of the pace can at worst let one call go early or late.
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Until the request is not wanted any more.
async fn held(request: &Request) {
    match &request.hold {
        Some(hold) => hold.cancelled().await,
        None => std::future::pending().await,
    }
}

/// Where a redirect leads: an address, or text that is none.
fn redirect(from: &Url, reply: &Reply) -> Option<Result<Url, String>> {
    if !matches!(reply.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let to = reply.headers.get(LOCATION)?.to_str().ok()?;
    Some(from.join(to).map_err(|_| crate::domain::text::one_line(to, 100)))
}
