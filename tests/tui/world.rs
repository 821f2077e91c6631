//! A small made-up PSA behind a Desk, and a screen that is driven by keys without a terminal.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use mothball::{
    domain::{
        Client, ClientId, Code, ConfigId, Configuration, Event, Links, Listing, Outcome, Phase, Plan,
        Problem, Reason, RunId, RunState, SignOfLife, Signals, SkipReason, Stamped, State, Statistics,
        StatusRef, Tenant, Timestamp, Wanted,
        client::Offboarded,
        document::{
            ClientReport, ConfigReport, Coverage, FollowUp, FollowUpKind, JointReport, Report, RunFacts,
        },
        event::{Answer, End},
        links::{Link, LinkAnswer},
        listing::Claim,
        plan::{Head, Kind},
        survey::{Found, Survey, SurveyedClient},
        tenant::Nouns,
    },
    tui::{
        desk::*,
        effect::Effect,
        key::Key,
        message::Message,
        model::{Look, Model, overlay::Overlay},
        options::Leave,
        theme::Theme,
        update,
        view::{Picture, view},
    },
};
use tokio::sync::mpsc;

pub const NOW: i64 = 1_795_485_600;

pub fn now() -> Timestamp {
    Timestamp::from_seconds(NOW)
}

/// Everything that the scripted PSA knows.
#[derive(Debug, Clone)]
pub struct World {
    pub setting: Setting,
    pub clients: Vec<Offboarded>,
    pub rows: Vec<Row>,
    pub links: BTreeMap<ConfigId, Links>,
    pub signs: BTreeMap<ClientId, Vec<SignOfLife>>,
    /// Configurations that will not let themselves be deactivated.
    pub failing: BTreeSet<ConfigId>,
    pub refused: Vec<String>,
    /// Why a plan has to be approved by somebody, if it has to.
    pub needs_approval: Option<String>,
    pub past: Vec<PastRun>,
    /// What is in the plan that waits for approval, and in what an undo would restore.
    pub stored: BTreeSet<ConfigId>,
    /// What a second look finds.
    pub found: Vec<FollowUp>,
}

pub fn setting() -> Setting {
    Setting {
        mode: Mode::Live,
        profile: "main".into(),
        nouns: Nouns {
            product: "ConnectWise PSA",
            client: "company",
            clients: "companies",
            configuration: "configuration",
            configurations: "configurations",
            agreement: "Agreement",
        },
        operator: "jane@msp.example".into(),
        max_changes: 500,
        require_ticket: false,
        criteria: "status \"Former Client\", or last agreement ended 30 days ago".into(),
        preselect: Preselect::None,
        lock_covers: "this computer's data directory".into(),
        report_folder: PathBuf::from("/reports"),
        warnings: Vec::new(),
    }
}

pub fn client(id: i64, name: &str, reason: Reason) -> Offboarded {
    Offboarded {
        client: Client {
            id: ClientId::from(id),
            name: name.into(),
            identifier: Some(format!("C{id}")),
            parent: None,
            signals: Signals::default(),
            own: None,
            record_url: Some(format!("https://psa.example/company/{id}")),
        },
        reasons: vec![reason],
    }
}

pub fn row(id: i64, client: i64, name: &str, config_type: &str) -> Row {
    Row {
        configuration: Configuration {
            id: ConfigId::from(id),
            client: ClientId::from(client),
            name: name.into(),
            names: vec![name.into()],
            config_type: config_type.into(),
            site: Some(if id % 2 == 0 { "Main Office" } else { "Warehouse" }.into()),
            serial: Some(format!("SN-{id}")),
            state: State {
                active: true,
                status: Some(StatusRef { id: "2".into(), name: "Active".into() }),
                closed: Some(false),
            },
            parent: None,
            rmm: None,
            last_updated: Some(now().plus_seconds(-86_400 * id)),
            record_url: Some(format!("https://psa.example/configuration/{id}")),
            details: vec![("Manufacturer".into(), "Dell".into()), ("Model".into(), "R640".into())],
        },
        locked: None,
        hold: None,
        again: None,
    }
}

fn link(name: &str, detail: &str) -> LinkAnswer {
    LinkAnswer::of(vec![Link {
        id: "1".into(),
        name: name.into(),
        detail: Some(detail.into()),
        record_url: None,
    }])
}

pub fn no_links() -> Links {
    Links {
        billing: LinkAnswer::None,
        tickets: LinkAnswer::None,
        children: LinkAnswer::None,
        rmm: LinkAnswer::None,
    }
}

impl World {
    /// Four clients, with every kind of row.
    pub fn small() -> Self {
        let former = || Reason::Status { name: "Former Client".into() };
        let clients = vec![
            client(7, "Acme Dental", former()),
            client(12, "Birch & Sons 日本支店", Reason::Inactive { status: Some("Inactive".into()) }),
            client(3, "Zeta Logistics GmbH with a rather long name that goes on", former()),
            client(44, "Cobalt", former()),
        ];
        let mut rows = vec![
            row(101, 7, "SRV-DC1", "Managed Server"),
            row(102, 7, "SRV-DC2", "Managed Server"),
            row(103, 7, "FW-10", "Firewall"),
            row(104, 7, "FW-2", "Firewall"),
            row(105, 7, "acme-dental.example", "Domain"),
            row(106, 7, "PC-RECEPTION", "Workstation"),
            row(201, 12, "サーバー01", "Managed Server"),
            row(202, 12, "PC-🦷", "Workstation"),
            row(301, 3, "", "Printer"),
        ];
        rows[4].locked = Some("Protected: type rule \"Domain\"".into());
        rows[5].configuration.state.closed = Some(true);
        let mut links: BTreeMap<ConfigId, Links> =
            rows.iter().map(|row| (row.configuration.id.clone(), no_links())).collect();
        links.insert(
            ConfigId::from(101),
            Links {
                billing: link("Gold Support", "1 × 120.00 a month"),
                rmm: link("Datto RMM", "device 55"),
                ..no_links()
            },
        );
        links.insert(
            ConfigId::from(103),
            Links { tickets: LinkAnswer::Unknown { why: "no permission for tickets".into() }, ..no_links() },
        );
        let signs = BTreeMap::from([(
            ClientId::from(7),
            vec![
                SignOfLife::RunningAgreement {
                    name: "Gold Support".into(),
                    detail: Some("until 2027-01-31, 120.00 a month".into()),
                    record_url: None,
                },
                SignOfLife::OpenTickets { count: 3 },
            ],
        )]);
        Self {
            setting: setting(),
            clients,
            rows,
            links,
            signs,
            failing: BTreeSet::new(),
            refused: Vec::new(),
            needs_approval: None,
            past: past_runs(),
            stored: [101, 102, 103, 201].map(ConfigId::from).into(),
            found: Vec::new(),
        }
    }

    /// As many rows as wanted, over so many clients.
    pub fn large(clients: i64, rows: i64) -> Self {
        let former = || Reason::Status { name: "Former Client".into() };
        Self {
            clients: (1..=clients).map(|id| client(id, &format!("Client {id}"), former())).collect(),
            rows: (0..rows)
                .map(|id| {
                    row(
                        1000 + id,
                        1 + id % clients,
                        &format!("HOST-{id}"),
                        ["Server", "Switch"][id as usize % 2],
                    )
                })
                .collect(),
            links: BTreeMap::new(),
            signs: BTreeMap::new(),
            ..Self::small()
        }
    }

    pub fn coverage(&self) -> Coverage {
        Coverage {
            as_of: Some(now()),
            complete: true,
            clients_scanned: 80,
            clients_offboarded: self.clients.len() as u64,
            clients_in_run: self.clients.len() as u64,
            ..Coverage::default()
        }
    }

    pub fn load(&self) -> Vec<LoadNews> {
        let mut news = vec![LoadNews::Tenant(tenant()), LoadNews::Clients(self.clients.clone())];
        news.extend(self.rows.chunks(1000).map(|page| LoadNews::Rows(page.to_vec())));
        news.push(LoadNews::Complete { as_of: now().plus_seconds(-180), coverage: self.coverage() });
        news
    }

    pub fn read_links(&self, clients: &[ClientId]) -> Vec<LinksRead> {
        clients
            .iter()
            .map(|client| LinksRead {
                client: client.clone(),
                links: self
                    .rows
                    .iter()
                    .filter(|row| row.configuration.client == *client)
                    .map(|row| &row.configuration.id)
                    .map(|id| (id.clone(), self.links.get(id).cloned().unwrap_or_else(no_links)))
                    .collect(),
                signs_of_life: self.signs.get(client).cloned().unwrap_or_default(),
            })
            .collect()
    }

    pub fn plan(&self, draft: &Draft) -> PlanView {
        self.plan_as(draft, head())
    }

    fn plan_as(&self, draft: &Draft, head: Head) -> PlanView {
        let listing = self.listing();
        let retired = StatusRef { id: "7".into(), name: "Decommissioned".into() };
        let plan = Plan::from_listing(head, &listing, &self.clients, |row| {
            draft.ticked.contains(&row.id).then(|| Wanted::inactive(Some(retired.clone())))
        });
        let touched = plan.clients();
        let clients: Vec<SurveyedClient> = self
            .clients
            .iter()
            .filter(|client| touched.contains(&client.client.id))
            .map(|client| {
                let mut surveyed = SurveyedClient::of(client.clone());
                surveyed.signs_of_life = self.signs.get(&client.client.id).cloned().unwrap_or_default();
                surveyed.found = self
                    .rows
                    .iter()
                    .filter(|row| row.configuration.client == client.client.id)
                    .map(|row| {
                        let id = &row.configuration.id;
                        let (skip, why) = match (&row.locked, draft.ticked.contains(id)) {
                            (Some(why), _) => (Some(SkipReason::Protected), Some(why.clone())),
                            (None, true) => (None, None),
                            (None, false) => (Some(SkipReason::NotSelected), None),
                        };
                        let links = self.links.get(id).cloned().unwrap_or_else(no_links);
                        Found { configuration: row.configuration.clone(), skip, why, links }
                    })
                    .collect();
                surveyed
            })
            .collect();
        let count = plan.items().len() as u64;
        PlanView {
            digest: plan.digest(),
            plan,
            survey: Survey { clients, coverage: self.coverage(), warnings: Vec::new(), problems: Vec::new() },
            dry_run: draft.dry_run || self.setting.mode == Mode::DryRun,
            estimate: Estimate {
                requests: count + 4,
                seconds: count as f64 * 0.4 + 2.0,
                pool: Some(Pool { takes: 0.02, used: 0.31, window_seconds: 3600 }),
            },
            warnings: Vec::new(),
            refused: self.refused.clone(),
            needs_approval: self.needs_approval.clone(),
            requested_by: self.setting.operator.clone(),
            reason: draft.reason.clone(),
            ticket: draft.ticket.clone(),
        }
    }

    /// The plan of a run that was stored: somebody else asked for it.
    pub fn stored_plan(&self, run: &RunId) -> PlanView {
        let draft = Draft {
            ticked: self.stored.clone(),
            reason: Some("Left in October".into()),
            ticket: Some("T-4711".into()),
            dry_run: false,
        };
        let view = self.plan_as(&draft, Head { run: run.clone(), ..head() });
        PlanView { requested_by: "joe@msp.example".into(), needs_approval: None, ..view }
    }

    /// What restores what a run changed. One of them was changed by somebody since.
    pub fn plan_undo(&self, wish: &UndoDraft) -> PlanView {
        let retired = State {
            active: false,
            status: Some(StatusRef { id: "7".into(), name: "Decommissioned".into() }),
            closed: Some(true),
        };
        let mut world = self.clone();
        for row in &mut world.rows {
            row.configuration.state = retired.clone();
        }
        let changed = ConfigId::from(103);
        let wanted = |id: &ConfigId| {
            self.stored.contains(id)
                && *id != changed
                && wish.only.as_ref().is_none_or(|only| only.contains(id))
        };
        let head = Head { parent: Some(wish.run.clone()), ..head() };
        let listing = world.listing();
        let active =
            Wanted { active: true, status: Some(StatusRef { id: "2".into(), name: "Active".into() }) };
        let plan = Plan::to_restore(head, &listing, |row| wanted(&row.id).then(|| active.clone()));
        let mut view = world.plan_as(&Draft::default(), self::head());
        view.survey.clients = self
            .clients
            .iter()
            .filter(|client| plan.clients().contains(&client.client.id))
            .map(|client| {
                let rows = world.rows.iter().filter(|row| row.configuration.client == client.client.id);
                let found = rows.filter(|row| self.stored.contains(&row.configuration.id)).map(|row| {
                    let id = &row.configuration.id;
                    let (skip, why) = match (*id == changed, wanted(id)) {
                        (true, _) => (
                            Some(SkipReason::ChangedSinceReview),
                            Some("it was left inactive, and is active, status \"In repair\" now".to_owned()),
                        ),
                        (false, true) => (None, None),
                        (false, false) => (Some(SkipReason::NotSelected), None),
                    };
                    Found { configuration: row.configuration.clone(), skip, why, links: Links::default() }
                });
                SurveyedClient {
                    id: Some(client.client.id.clone()),
                    name: Some(client.client.name.clone()),
                    found: found.collect(),
                    ..SurveyedClient::default()
                }
            })
            .collect();
        PlanView {
            digest: plan.digest(),
            plan,
            dry_run: wish.dry_run,
            reason: wish.reason.clone(),
            ticket: wish.ticket.clone(),
            ..view
        }
    }

    fn listing(&self) -> Listing<Configuration> {
        let all: Vec<Configuration> = self.rows.iter().map(|row| row.configuration.clone()).collect();
        let n = all.len() as u64;
        let claim = Claim {
            what: "configuration",
            before: n,
            after: n,
            id: &|row: &Configuration| row.id.to_string(),
            belongs: &|_| true,
        };
        Listing::prove(all, &claim).unwrap()
    }

    /// The events of one item, to its end.
    pub fn story(&self, id: &ConfigId, dry: bool, undo: bool) -> Vec<Event> {
        let intended = Event::Intended { config_id: id.clone(), attempt: 1 };
        if dry {
            return vec![Event::skipped(id.clone(), SkipReason::DryRun, None)];
        }
        let outcome =
            if undo { Outcome::Restored { verified: true } } else { Outcome::Deactivated { verified: true } };
        if self.failing.contains(id) {
            let outcome = Outcome::Failed {
                code: Code::ConfigUpdateFailed,
                message: "the PSA said no (400): status is required".into(),
            };
            return vec![
                intended,
                Event::Answered {
                    config_id: id.clone(),
                    attempt: 1,
                    answer: Answer::Refused { message: "400".into() },
                },
                Event::settled(id.clone(), outcome, None),
            ];
        }
        vec![
            intended,
            Event::Answered { config_id: id.clone(), attempt: 1, answer: Answer::Accepted },
            Event::settled(id.clone(), outcome, None),
        ]
    }

    pub fn ending(&self, view: &PlanView, state: &RunState) -> Ending {
        Ending {
            report: self.report(view, state),
            saved: Ok(PathBuf::from("/data/mothball/reports/20261124T020000-abcdefgh.json")),
            resume: (state.phase == Phase::Interrupted)
                .then(|| "mothball runs resume 20261124T020000-abcdefgh".to_owned()),
        }
    }

    pub fn report(&self, view: &PlanView, state: &RunState) -> Report {
        let facts = RunFacts {
            schema_version: "1.0".into(),
            run_id: view.plan.head().run.clone(),
            parent_run_id: None,
            state: state.phase,
            profile: "main".into(),
            psa: "connectwise".into(),
            tenant: Some(tenant()),
            operator: "jane@msp.example".into(),
            requested_by: None,
            ticket: None,
            approved_by: Some("jane@msp.example".into()),
            approval_digest: None,
            plan_digest: Some(view.digest.clone()),
            reason: None,
            dry_run: view.dry_run,
            journal_head: None,
        };
        let clients: Vec<ClientReport> =
            view.survey.clients.iter().map(|client| client_report(client, state, &facts)).collect();
        let statistics: Statistics = clients.iter().map(|client| client.statistics).sum();
        Report::Joint(Box::new(JointReport {
            run: facts,
            success: state.is_success(),
            timestamp: now(),
            statistics,
            clients,
            coverage: self.coverage(),
            warnings: Vec::new(),
            errors: Vec::new(),
        }))
    }
}

fn client_report(client: &SurveyedClient, state: &RunState, facts: &RunFacts) -> ClientReport {
    let (id, name) = client.id.clone().zip(client.name.clone()).unwrap();
    let mut statistics = Statistics::default();
    let mut configs = Vec::new();
    let mut follow_up = Vec::new();
    let mut errors = Vec::new();
    for found in &client.found {
        let configuration = &found.configuration;
        let outcome = match found.skip {
            Some(reason) => Outcome::Skipped { reason },
            None => state
                .outcome(&configuration.id)
                .map_or(Outcome::Skipped { reason: SkipReason::NotStarted }, |settled| {
                    settled.outcome.clone()
                }),
        };
        statistics.count(&outcome);
        if let Outcome::Failed { code, message } = &outcome {
            errors.push(Problem::new(*code, message.clone(), now()).about(configuration.id.clone()));
        }
        for kind in found.links.linked() {
            follow_up.push(FollowUp {
                kind: FollowUpKind::from(kind),
                config_id: Some(configuration.id.clone()),
                client_id: id.clone(),
                text: format!("{}: {}", configuration.title(), found.links.get(kind).items()[0].name),
                record_url: configuration.record_url.clone(),
            });
        }
        configs.push(ConfigReport {
            config_id: configuration.id.clone(),
            config_name: configuration.title(),
            status: if matches!(outcome, Outcome::Deactivated { .. }) { "inactive" } else { "active" }.into(),
            previous_status: "active".into(),
            config_type: configuration.config_type.clone(),
            site: configuration.site.clone(),
            outcome: outcome.name().into(),
            skip_reason: outcome.skip_reason(),
            outcome_text: outcome.words(),
            verified: outcome.is_verified(),
            psa_status: None,
            previous_psa_status: None,
            links: found.links.clone(),
            record_url: configuration.record_url.clone(),
        });
    }
    ClientReport {
        success: errors.is_empty(),
        client_id: Some(id),
        client_name: Some(name),
        timestamp: now(),
        statistics,
        configs,
        warnings: Vec::new(),
        errors,
        run: facts.clone(),
        offboarded_because: Vec::new(),
        signs_of_life: client.signs_of_life.clone(),
        coverage: Coverage::default(),
        follow_up,
    }
}

fn head() -> Head {
    Head {
        run: RunId::from("20261124T020000-abcdefgh"),
        kind: Kind::Deactivate,
        parent: None,
        tenant: tenant(),
        made_at: now(),
        expires_at: now().plus_seconds(86_400),
    }
}

pub fn tenant() -> Tenant {
    Tenant {
        psa: "connectwise".into(),
        id: "api-na.myconnectwise.net/acmemsp".into(),
        name: "Acme MSP".into(),
    }
}

pub fn stamped(seconds: i64, event: Event) -> Stamped {
    Stamped { at: now().plus_seconds(seconds), event }
}

/// The model with its effects answered at once by the world, and everything that was asked for.
pub struct Screen {
    pub world: World,
    pub model: Model,
    pub asked: Vec<Effect>,
    pub left: Option<Leave>,
    /// Effects are kept for the test to answer.
    pub by_hand: bool,
}

impl Screen {
    /// Before anything was loaded.
    pub fn empty(world: World, width: u16, height: u16) -> Self {
        let model = Model::new(world.setting.clone(), now(), (width, height), Look::new(Theme::Dark, false));
        Self { world, model, asked: Vec::new(), left: None, by_hand: false }
    }

    pub fn new(world: World, width: u16, height: u16) -> Self {
        let mut screen = Self::empty(world, width, height);
        let effects = update::start(&mut screen.model);
        screen.answer(effects);
        screen
    }

    pub fn small(width: u16, height: u16) -> Self {
        Self::new(World::small(), width, height)
    }

    pub fn send(&mut self, message: Message) {
        let effects = update::update(&mut self.model, message);
        self.answer(effects);
    }

    /// Keys by their names, blanks between them.
    pub fn keys(&mut self, names: &str) -> &mut Self {
        for name in names.split_whitespace() {
            self.send(Message::Key(name.parse().unwrap()));
        }
        self
    }

    pub fn write(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.send(Message::Key(Key::char(c)));
        }
        self
    }

    fn answer(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.asked.push(effect.clone());
            if self.by_hand {
                continue;
            }
            for message in self.reply(effect) {
                self.send(message);
            }
        }
    }

    fn reply(&mut self, effect: Effect) -> Vec<Message> {
        match effect {
            Effect::Load { generation } => {
                let mut news: Vec<Message> =
                    self.world.load().into_iter().map(|news| Message::Load(generation, news)).collect();
                news.push(Message::LoadEnded(generation, Ok(())));
                news
            }
            Effect::ReadLinks { clients } => {
                let read = self.world.read_links(&clients);
                vec![Message::LinksRead(clients, Ok(read))]
            }
            Effect::After { message, .. } => match *message {
                Message::LeaveNow => Vec::new(),
                message => vec![message],
            },
            Effect::Plan { generation, draft } => {
                vec![Message::Planned(generation, Ok(Box::new(self.world.plan(&draft))))]
            }
            Effect::PlanUndo { generation, draft } => {
                vec![Message::Planned(generation, Ok(Box::new(self.world.plan_undo(&draft))))]
            }
            Effect::StoredPlan { generation, run } => {
                vec![Message::Planned(generation, Ok(Box::new(self.world.stored_plan(&run))))]
            }
            Effect::Reopen { generation, run } => {
                vec![Message::Reopened(generation, Ok(Box::new(self.world.stored_plan(&run))))]
            }
            Effect::Start { serial, .. } | Effect::Resume { serial, .. } => {
                let run = self.model.run.as_ref().unwrap().run.clone();
                vec![Message::Started(serial, Ok(run)), self.events(vec![Event::Applying])]
            }
            Effect::Approve { serial, run, items, .. } => {
                let view = self.model.run.as_ref().unwrap().view.clone();
                let left = view.plan.items().iter().filter(|item| !items.contains(&item.config_id));
                let mut events: Vec<Event> = left
                    .map(|item| Event::skipped(item.config_id.clone(), SkipReason::NotSelected, None))
                    .collect();
                events.push(Event::Applying);
                vec![Message::Started(serial, Ok(run)), self.events(events)]
            }
            Effect::Park { .. } => {
                let view = self.model.plan.as_ref().unwrap().view().unwrap().clone();
                let run = view.plan.head().run.clone();
                let waits = waiting(&run, view.plan.items().len() as u64, &self.world.setting.operator);
                self.world.past.insert(0, waits);
                vec![Message::Parked(Ok(Parked { run, until: view.plan.head().expires_at }))]
            }
            Effect::Reject { run } => {
                for past in self.world.past.iter_mut().filter(|past| past.run == run) {
                    past.phase = Phase::Rejected;
                }
                vec![Message::Rejected(run, Ok(()))]
            }
            Effect::Recheck { run } => {
                let result = Recheck { run: run.clone(), as_of: now(), found: self.world.found.clone() };
                vec![Message::Rechecked(run, Ok(result))]
            }
            Effect::Hold(wish) => {
                let hold =
                    Hold { reason: wish.reason, by: self.world.setting.operator.clone(), until: wish.until };
                vec![Message::Held(wish.config_id, Ok(Some(hold)))]
            }
            Effect::Release { config_id } => vec![Message::Held(config_id, Ok(None))],
            Effect::Save { path, .. } => vec![Message::Saved(Ok(path))],
            Effect::History => vec![Message::History(Ok(self.world.past.clone()))],
            Effect::Log => vec![Message::Log(vec![LogLine {
                at: now(),
                level: "INFO".into(),
                text: "GET /company/companies 200".into(),
            }])],
            Effect::Leave(leave) => {
                self.left = Some(leave);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    pub fn events(&self, events: Vec<Event>) -> Message {
        let run = self.model.run.as_ref().unwrap();
        Message::Run(run.serial, RunNews::Events(events.into_iter().map(|event| stamped(1, event)).collect()))
    }

    /// Lets these items of the plan come to their end.
    pub fn settle(&mut self, range: std::ops::Range<usize>) {
        let view = self.model.run.as_ref().unwrap().view.clone();
        let ids: Vec<ConfigId> = view.plan.items()[range].iter().map(|item| item.config_id.clone()).collect();
        let story = |id| self.world.story(id, view.dry_run, view.is_undo());
        let events = ids.iter().flat_map(story).collect();
        self.send(self.events(events));
    }

    pub fn end(&mut self, how: End) {
        self.send(self.events(vec![Event::Ended { how }]));
        let run = self.model.run.as_ref().unwrap();
        let ending = self.world.ending(&run.view, &run.state);
        let serial = run.serial;
        self.send(Message::Run(serial, RunNews::Ended(Box::new(ending))));
    }

    /// Ticks these ids as the keys would, whatever the cursor is on.
    pub fn tick(&mut self, ids: &[i64]) {
        let ids = ids.iter().map(|id| ConfigId::from(*id)).collect();
        let step = self.model.review.ticks.change(ids, Vec::new());
        for id in step.on {
            let at = self.model.review.data.row(&id).unwrap();
            let client = self.model.review.data.entry(at).client;
            self.model.review.data.clients[client].ticked += 1;
        }
    }

    pub fn untick(&mut self, ids: &[i64]) {
        let ids = ids.iter().map(|id| ConfigId::from(*id)).collect();
        let step = self.model.review.ticks.change(Vec::new(), ids);
        for id in step.off {
            let at = self.model.review.data.row(&id).unwrap();
            let client = self.model.review.data.entry(at).client;
            self.model.review.data.clients[client].ticked -= 1;
        }
    }

    /// To the confirmation, and through it.
    pub fn confirm(&mut self) {
        self.keys("x");
        assert!(matches!(self.model.overlay, Some(Overlay::Confirm(_))), "{}", self.text());
        let typed = self.asked_to_type();
        self.write(&typed).keys("enter enter");
    }

    /// What the confirmation that is open asks for.
    pub fn asked_to_type(&self) -> String {
        let Some(Overlay::Confirm(confirm)) = &self.model.overlay else { panic!("{}", self.text()) };
        match &confirm.wanted {
            Confirm::Client { id, .. } => id.to_string(),
            Confirm::Count(n) => n.to_string(),
            Confirm::CountAndProfile { count, profile } => format!("{count} {profile}"),
        }
    }

    pub fn ticked(&self) -> Vec<String> {
        let mut ids: Vec<ConfigId> = self.model.review.ticks.iter().cloned().collect();
        ids.sort();
        ids.iter().map(ToString::to_string).collect()
    }

    pub fn picture(&self) -> Picture {
        view(&self.model)
    }

    pub fn text(&self) -> String {
        lines(&self.picture()).join("\n")
    }

    pub fn note(&self) -> &str {
        self.model.note.as_ref().map_or("", |note| note.text.as_str())
    }

    pub fn drafts(&self) -> Vec<Draft> {
        let draft = |effect: &Effect| match effect {
            Effect::Plan { draft, .. } => Some(draft.clone()),
            _ => None,
        };
        self.asked.iter().filter_map(draft).collect()
    }

    pub fn started(&self) -> usize {
        let begins = |effect: &&Effect| matches!(effect, Effect::Start { .. } | Effect::Approve { .. });
        self.asked.iter().filter(begins).count()
    }
}

/// A run of some kind that ended.
pub fn past(id: &str, seconds_ago: i64, phase: Phase) -> PastRun {
    PastRun {
        run: RunId::from(id),
        kind: Kind::Deactivate,
        parent: None,
        started_at: now().plus_seconds(-seconds_ago),
        phase,
        requested_by: "jane@msp.example".into(),
        reason: None,
        dry_run: false,
        clients: 1,
        items: 4,
        changed: 0,
        skipped: 0,
        errors: 0,
        restorable: 0,
        active_again: 0,
        at_work: None,
        elsewhere: None,
    }
}

pub fn waiting(run: &RunId, items: u64, by: &str) -> PastRun {
    PastRun { items, requested_by: by.into(), ..past(run.as_str(), 60, Phase::AwaitingApproval) }
}

pub fn interrupted() -> PastRun {
    PastRun { changed: 1, restorable: 1, ..past("20261123T231500-dddddddd", 9_900, Phase::Interrupted) }
}

/// One that finished and one dry run: nothing that is offered at the start.
pub fn past_runs() -> Vec<PastRun> {
    vec![
        PastRun {
            items: 5,
            changed: 4,
            skipped: 1,
            restorable: 4,
            ..past("20261123T090000-bbbbbbbb", 60_000, Phase::Finished)
        },
        PastRun {
            clients: 3,
            items: 40,
            skipped: 40,
            dry_run: true,
            ..past("20261120T090000-cccccccc", 300_000, Phase::Finished)
        },
    ]
}

/// One of each kind that still wants something, before those.
pub fn eventful_past() -> Vec<PastRun> {
    let mut runs = vec![
        PastRun {
            reason: Some("Left in October".into()),
            clients: 2,
            ..waiting(&RunId::from("20261124T010000-aaaaaaaa"), 4, "joe@msp.example")
        },
        interrupted(),
        PastRun {
            kind: Kind::Undo,
            parent: Some(RunId::from("20261120T090000-eeeeeeee")),
            changed: 4,
            ..past("20261123T120000-ffffffff", 50_000, Phase::Finished)
        },
    ];
    runs.extend(past_runs());
    runs[3].active_again = 2;
    runs.push(PastRun {
        elsewhere: Some("branch".into()),
        ..past("20261119T090000-gggggggg", 400_000, Phase::AwaitingApproval)
    });
    runs.push(past("20261118T090000-hhhhhhhh", 500_000, Phase::Rejected));
    runs
}

/// The characters of a picture, line by line; a wide character takes its two cells.
pub fn lines(picture: &Picture) -> Vec<String> {
    let area = *picture.cells.area();
    (0..area.height)
        .map(|y| {
            let mut line = String::new();
            let mut skip = 0;
            for x in 0..area.width {
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                let symbol = picture.cells[(x, y)].symbol();
                skip = mothball::tui::cells::width(symbol).saturating_sub(1);
                line.push_str(symbol);
            }
            line.trim_end().to_owned()
        })
        .collect()
}

/// A Desk with the world behind it, for the real loop.
pub struct ScriptedDesk {
    pub world: World,
    pub calls: Mutex<Vec<String>>,
    plan: Mutex<Option<PlanView>>,
    control: mpsc::UnboundedSender<Control>,
    controls: Mutex<Option<mpsc::UnboundedReceiver<Control>>>,
    /// Runs go on until they are cancelled.
    pub endless: bool,
}

impl ScriptedDesk {
    pub fn new(world: World) -> Self {
        let (control, controls) = mpsc::unbounded_channel();
        Self {
            world,
            calls: Mutex::default(),
            plan: Mutex::default(),
            control,
            controls: Mutex::new(Some(controls)),
            endless: false,
        }
    }

    pub fn note(&self, call: impl Into<String>) {
        self.calls.lock().unwrap().push(call.into());
    }

    pub fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }
}

#[async_trait]
impl Desk for ScriptedDesk {
    fn setting(&self) -> Setting {
        self.world.setting.clone()
    }

    fn now(&self) -> Timestamp {
        now()
    }

    async fn load(&self, news: mpsc::Sender<LoadNews>) -> Result<(), Trouble> {
        self.note("load");
        for told in self.world.load() {
            news.send(told).await.unwrap();
        }
        Ok(())
    }

    async fn read_links(&self, clients: Vec<ClientId>) -> Result<Vec<LinksRead>, Trouble> {
        self.note(format!("links {}", clients.len()));
        Ok(self.world.read_links(&clients))
    }

    async fn plan(&self, draft: Draft) -> Result<PlanView, Trouble> {
        self.note(format!("plan {}", draft.ticked.len()));
        let view = self.world.plan(&draft);
        *self.plan.lock().unwrap() = Some(view.clone());
        Ok(view)
    }

    async fn start(&self, digest: String, news: mpsc::Sender<RunNews>) -> Result<RunId, Trouble> {
        let view = self.plan.lock().unwrap().clone().unwrap();
        assert_eq!(view.digest, digest);
        self.note(format!("start {}", view.plan.items().len()));
        let run = view.plan.head().run.clone();
        let world = self.world.clone();
        let mut controls = self.controls.lock().unwrap().take().unwrap();
        let endless = self.endless;
        tokio::spawn(async move {
            let mut state = RunState::of(&view.plan);
            let mut events = vec![Event::Applying];
            let mut how = End::Finished;
            if endless {
                while !matches!(controls.recv().await, Some(Control::Cancel | Control::Stop) | None) {}
                how = End::Cancelled;
            } else {
                events.extend(
                    view.plan
                        .items()
                        .iter()
                        .flat_map(|item| world.story(&item.config_id, view.dry_run, view.is_undo())),
                );
            }
            events.push(Event::Ended { how });
            for event in events {
                let event = stamped(1, event);
                state.apply(&event);
                news.send(RunNews::Events(vec![event])).await.unwrap();
            }
            let _ = news.send(RunNews::Ended(Box::new(world.ending(&view, &state)))).await;
        });
        Ok(run)
    }

    async fn control(&self, _run: RunId, control: Control) -> Result<(), Trouble> {
        self.note(format!("{control:?}"));
        self.control.send(control).unwrap();
        Ok(())
    }

    async fn plan_retry(&self, _run: RunId) -> Result<PlanView, Trouble> {
        Err(Trouble { message: "not here".into(), advice: "elsewhere".into() })
    }

    async fn park(&self, _digest: String) -> Result<Parked, Trouble> {
        let view = self.plan.lock().unwrap().clone().unwrap();
        self.note(format!("park {}", view.plan.items().len()));
        Ok(Parked { run: view.plan.head().run.clone(), until: view.plan.head().expires_at })
    }

    async fn stored_plan(&self, run: RunId) -> Result<PlanView, Trouble> {
        self.note("stored plan");
        let view = self.world.stored_plan(&run);
        *self.plan.lock().unwrap() = Some(view.clone());
        Ok(view)
    }

    async fn approve(
        &self,
        _run: RunId,
        digest: String,
        items: BTreeSet<ConfigId>,
        news: mpsc::Sender<RunNews>,
    ) -> Result<RunId, Trouble> {
        self.note(format!("approve {}", items.len()));
        self.start(digest, news).await
    }

    async fn reject(&self, _run: RunId) -> Result<(), Trouble> {
        self.note("reject");
        Ok(())
    }

    async fn resume(&self, _run: RunId, news: mpsc::Sender<RunNews>) -> Result<RunId, Trouble> {
        self.note("resume");
        let digest = self.plan.lock().unwrap().clone().unwrap().digest;
        self.start(digest, news).await
    }

    async fn plan_undo(&self, draft: UndoDraft) -> Result<PlanView, Trouble> {
        let view = self.world.plan_undo(&draft);
        *self.plan.lock().unwrap() = Some(view.clone());
        Ok(view)
    }

    async fn recheck(&self, run: RunId) -> Result<Recheck, Trouble> {
        self.note("recheck");
        Ok(Recheck { run, as_of: now(), found: self.world.found.clone() })
    }

    async fn hold(&self, wish: HoldRequest) -> Result<Hold, Trouble> {
        self.note(format!("hold {}", wish.config_id));
        Ok(Hold { reason: wish.reason, by: self.world.setting.operator.clone(), until: wish.until })
    }

    async fn release(&self, config_id: ConfigId) -> Result<(), Trouble> {
        self.note(format!("release {config_id}"));
        Ok(())
    }

    async fn save_report(&self, _run: RunId, path: PathBuf, overwrite: bool) -> Result<PathBuf, SaveError> {
        self.note(format!("save {overwrite}"));
        if overwrite { Ok(path) } else { Err(SaveError::Exists(path)) }
    }

    async fn history(&self) -> Result<Vec<PastRun>, Trouble> {
        Ok(self.world.past.clone())
    }

    async fn report(&self, _run: RunId) -> Result<Report, Trouble> {
        Err(Trouble { message: "This report was removed.".into(), advice: "Look at another one.".into() })
    }

    fn log(&self) -> Vec<LogLine> {
        Vec::new()
    }
}

pub fn shared(desk: ScriptedDesk) -> Arc<ScriptedDesk> {
    Arc::new(desk)
}
