//! A PSA on paper: the port itself, in memory and without a wire. For promises of the engine that want thousands of
//! runs or virtual time. What it is told to do it does; faults are the simulator's business.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
};

use async_trait::async_trait;
use mothball::{
    domain::{
        Change, Client, ClientId, ConfigId, Configuration, Criteria, Details, Event, Links, Listing, Signals,
        State, StatusRef, Tenant, Timestamp, Wanted,
        configuration::Record,
        document::Report,
        event::Notice,
        listing::Claim,
        note::{Note, Place},
        protect::Protection,
        safeguards::Safeguards,
        selection::Scope,
        tenant::{Consequences, Nouns},
    },
    engine::{Ask, Draft, Engine, Finished, Pick, Profile, Request, Who},
    psa::{
        Psa, PsaError,
        port::{
            Capabilities, Check, ClientScope, Clients, LinkReading, News, NoteReply, Result, SetAnswer,
            Ticket,
        },
    },
    report,
    store::{MemoryStore, StoredRun},
    system::Clock,
};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// Clients 1, 2, 3, … with so many configurations each; configuration 103 is the third of client 1.
pub struct PaperPsa {
    state: Mutex<Paper>,
    notices: broadcast::Sender<Notice>,
}

pub struct Paper {
    pub tenant: Tenant,
    pub clients: BTreeMap<ClientId, Client>,
    pub rows: BTreeMap<ConfigId, Configuration>,
    pub links: BTreeMap<ConfigId, Links>,
    /// Clients of the tenant that match no criterion and have no configuration.
    pub others: u64,
    /// Active configurations of those.
    pub other_configurations: u64,
    pub writes: Vec<ConfigId>,
}

impl PaperPsa {
    pub fn new(clients: i64, each: i64) -> Arc<Self> {
        let (notices, _) = broadcast::channel(8);
        let rows = (1..=clients).flat_map(|client| (1..=each).map(move |n| row(client * 100 + n, client)));
        let paper = Paper {
            tenant: Tenant { psa: "connectwise".into(), id: "paper/msp".into(), name: "Paper MSP".into() },
            clients: (1..=clients).map(|id| (ClientId::from(id), client(id))).collect(),
            rows: rows.map(|row| (row.id.clone(), row)).collect(),
            links: BTreeMap::new(),
            others: 1000,
            other_configurations: 100_000,
            writes: Vec::new(),
        };
        Arc::new(Self { state: Mutex::new(paper), notices })
    }

    pub fn edit<R>(&self, edit: impl FnOnce(&mut Paper) -> R) -> R {
        edit(&mut self.lock())
    }

    pub fn written(&self) -> BTreeSet<ConfigId> {
        self.lock().writes.iter().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Paper> {
        self.state.lock().unwrap()
    }
}

pub fn client(id: i64) -> Client {
    Client {
        id: ClientId::from(id),
        name: format!("Client {id}"),
        identifier: None,
        parent: None,
        signals: Signals { inactive: Some(true), ..Signals::default() },
        own: None,
        record_url: None,
    }
}

fn row(id: i64, client: i64) -> Configuration {
    Record {
        id: ConfigId::from(id),
        client: ClientId::from(client),
        name: format!("SRV-{id}").into(),
        names: vec![format!("SRV-{id}").into()],
        config_type: "Server".into(),
        site: Some("HQ".into()),
        serial: None,
        state: State { active: true, status: Some(status("2")), closed: Some(false) },
        parent: None,
        rmm: None,
        last_updated: None,
        record_url: None,
        details: Details::default(),
    }
    .into()
}

/// Status 7 is the closed one that retired records get.
pub fn status(id: &str) -> StatusRef {
    StatusRef { id: id.into(), name: format!("Status {id}").into() }
}

#[async_trait]
impl Psa for PaperPsa {
    fn nouns(&self) -> Nouns {
        Nouns {
            product: "Paper PSA",
            client: "client",
            clients: "clients",
            configuration: "configuration",
            configurations: "configurations",
            agreement: "Agreement",
            consequences: Consequences {
                billing: "Units stay billed until you change them.",
                tickets: "They stay open until you close or move them.",
                children: "They stay active unless they are ticked, too.",
                rmm: "Stop the sync first, or it brings them back.",
            },
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            sets_status: true,
            batch: 1,
            in_flight: 4,
            read_page: 50,
            requests: 1_000_000,
            window_seconds: 60,
        }
    }

    fn notices(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    async fn tenant(&self) -> Result<Tenant> {
        Ok(self.lock().tenant.clone())
    }

    async fn refresh(&self) {}

    async fn wanted(&self, _status: Option<&str>) -> Result<Wanted> {
        Ok(Wanted::inactive(Some(status("7"))))
    }

    async fn has_status(&self, _status: &StatusRef) -> Result<bool> {
        Ok(true)
    }

    async fn clients(&self, scope: ClientScope<'_>, _criteria: &Criteria) -> Result<Clients> {
        let paper = self.lock();
        let rows: Vec<Client> = paper
            .clients
            .values()
            .filter(|client| match scope {
                ClientScope::Ids(ids) => ids.contains(&client.id),
                ClientScope::All | ClientScope::Candidates => true,
            })
            .cloned()
            .collect();
        let scanned = paper.clients.len() as u64 + paper.others;
        Ok(Clients { listing: listing(rows, |client| client.id.to_string()), scanned })
    }

    async fn configurations(
        &self,
        clients: &[ClientId],
        _news: Option<&News>,
    ) -> Result<Listing<Configuration>> {
        let paper = self.lock();
        let rows = paper.rows.values().filter(|row| clients.contains(&row.client)).cloned().collect();
        Ok(listing(rows, |row: &Configuration| row.id.to_string()))
    }

    async fn active_configurations(&self) -> Result<u64> {
        let paper = self.lock();
        let own = paper.rows.values().filter(|row| row.state.active).count() as u64;
        Ok(own + paper.other_configurations)
    }

    async fn links(&self, _clients: &[Client], configurations: &[Configuration]) -> LinkReading {
        let paper = self.lock();
        let links = configurations
            .iter()
            .filter_map(|row| Some((row.id.clone(), paper.links.get(&row.id)?.clone())))
            .collect();
        LinkReading { links, ..LinkReading::default() }
    }

    async fn read(&self, ids: &[ConfigId]) -> Result<BTreeMap<ConfigId, Option<Configuration>>> {
        let paper = self.lock();
        Ok(ids.iter().map(|id| (id.clone(), paper.rows.get(id).cloned())).collect())
    }

    async fn set(&self, changes: &[Change], _hold: &CancellationToken) -> Vec<SetAnswer> {
        let mut paper = self.lock();
        changes
            .iter()
            .map(|change| {
                paper.writes.push(change.config_id().clone());
                let row = paper.rows.get_mut(change.config_id()).expect("only records there are get written");
                row.state.active = change.wanted().active;
                if let Some(status) = &change.wanted().status {
                    row.state.status = Some(status.clone());
                    row.state.closed = Some(status.id == "7");
                }
                SetAnswer::Accepted { state: row.state.clone(), warning: None }
            })
            .collect()
    }

    async fn ticket(&self, _named: &str) -> Result<Option<Ticket>> {
        Ok(None)
    }

    async fn note(&self, _note: &Note, _hold: &CancellationToken) -> NoteReply {
        NoteReply::NotSent { error: PsaError::Settings { message: "paper takes no notes".to_owned() } }
    }

    async fn has_note(&self, _place: &Place, _mark: &str) -> Result<bool> {
        Ok(false)
    }

    async fn check(&self) -> Vec<Check> {
        Vec::new()
    }
}

fn listing<T>(rows: Vec<T>, id: impl Fn(&T) -> String) -> Listing<T> {
    let n = rows.len() as u64;
    let claim = Claim { what: "row", before: n, after: n, id: &id, belongs: &|_| true };
    Listing::prove(rows, &claim).expect("paper does not lie")
}

/// An engine on a PSA on paper, a store in memory and tokio's time.
pub struct Desk {
    pub psa: Arc<PaperPsa>,
    pub engine: Engine,
}

impl Desk {
    pub fn new(clients: i64, each: i64) -> Self {
        Self::with(clients, each, Safeguards::default())
    }

    pub fn with(clients: i64, each: i64, safeguards: Safeguards) -> Self {
        let psa = PaperPsa::new(clients, each);
        let start = "2026-11-24T08:00:00Z".parse().expect("a moment");
        let engine = Engine {
            psa: psa.clone(),
            store: Arc::new(MemoryStore::new()),
            clock: Clock::following_tokio(start),
            profile: Profile {
                name: "paper".to_owned(),
                psa: "connectwise".to_owned(),
                criteria: Criteria { inactive: true, ..Criteria::default() },
                protection: Protection::default(),
                status: Some("Status 7".to_owned()),
                safeguards,
                verify_again_after_hours: 0,
                notes: mothball::domain::note::NotePolicy::default(),
                unenforced: Vec::new(),
            },
        };
        Self { psa, engine }
    }

    pub async fn draft(&self, ask: Ask, who: Who) -> Draft {
        self.draft_of(ask, &Pick::Scope(Scope::default()), who).await
    }

    pub async fn draft_of(&self, ask: Ask, pick: &Pick, who: Who) -> Draft {
        let request = Request { ask, statuses: Vec::new() };
        let discovery = self.engine.discover(&request, None).await.expect("the PSA can be read");
        let survey = self.engine.survey(&discovery, pick, false);
        self.engine.draft(&discovery, survey, &who)
    }

    /// Parks a run of jane's over these clients.
    pub async fn parked(&self, ask: Ask) -> StoredRun {
        let draft = self.draft(ask, who()).await;
        let parked = self.engine.park(draft, Vec::new()).await.expect("it can be parked");
        self.stored(&parked).await
    }

    pub async fn stored(&self, finished: &Finished) -> StoredRun {
        self.again(&finished.header.run).await
    }

    pub async fn again(&self, run: &mothball::domain::RunId) -> StoredRun {
        self.engine.store.run(run).await.expect("it can be read").expect("it is there")
    }

    pub fn report(&self, finished: &Finished) -> Report {
        let report = report::build(&report::Source {
            header: &finished.header,
            survey: &finished.survey,
            plan: finished.plan.as_ref(),
            state: &finished.state,
            journal_head: finished.journal_head.as_deref(),
            now: self.engine.now(),
        });
        assert!(report.statistics().close());
        super::schema::assert_valid(&serde_json::to_value(&report).expect("a report is JSON"));
        report
    }

    pub fn now(&self) -> Timestamp {
        self.engine.now()
    }

    /// The shared check, on paper: whatever was written was approved, and stood in the journal before; no journal
    /// has a flaw.
    pub async fn check(&self) {
        let mut approved = BTreeSet::new();
        let mut intended = BTreeSet::new();
        for summary in self.engine.store.runs(u32::MAX).await.expect("runs can be listed") {
            for stamped in self.again(&summary.header.run).await.events {
                match stamped.event {
                    Event::Approved { approval } => approved.extend(approval.items),
                    Event::Intended { config_id, .. } => drop(intended.insert(config_id)),
                    _ => {}
                }
            }
        }
        let written = self.psa.written();
        assert!(written.is_subset(&approved), "written without approval: {:?}", &written - &approved);
        assert!(written.is_subset(&intended), "written without an intent: {:?}", &written - &intended);
        let flaws = self.engine.store.verify_all().await.expect("it can be checked");
        assert!(flaws.is_empty(), "{flaws:?}");
    }
}

pub fn who() -> Who {
    Who { operator: "jane@msp.example".to_owned(), user: "jane".to_owned(), attended: true, ..Who::default() }
}

pub fn named(clients: &[i64]) -> Ask {
    Ask::Named { ids: clients.iter().copied().map(ClientId::from).collect(), names: Vec::new() }
}

pub fn ids(ids: &[i64]) -> BTreeSet<ConfigId> {
    ids.iter().copied().map(ConfigId::from).collect()
}
