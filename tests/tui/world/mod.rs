//! A small made-up PSA behind a Desk, and a screen that is driven by keys without a terminal.

mod desk;
mod past;
mod plans;
mod report;
mod screen;
pub mod tour;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use mothball::{
    domain::{
        Client, ClientId, Code, ConfigId, Details, Event, Links, Outcome, Reason, SignOfLife, Signals,
        SkipReason, Stamped, State, StatusRef, Tenant, Timestamp,
        client::Offboarded,
        configuration::Record,
        document::{Coverage, FollowUp},
        event::Answer,
        links::{Link, LinkAnswer},
        tenant::{Consequences, Nouns},
    },
    tui::desk::{ClientRead, LinksRead, LoadNews, Mode, PastRun, Preselect, Row, Setting},
};

pub use self::{
    desk::{ScriptedDesk, Where, shared},
    past::{at_work, eventful_past, interrupted, past, past_runs, waiting},
    screen::{Screen, lines},
};

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
    pub notes: Option<String>,
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
            consequences: Consequences {
                billing: "Units stay billed until you change them.",
                tickets: "They stay open until you close or move them.",
                children: "They stay active unless they are ticked, too.",
                rmm: "Stop the sync first, or it brings them back.",
            },
        },
        operator: "jane@msp.example".into(),
        max_changes: 500,
        require_ticket: false,
        require_reason: false,
        criteria: "status \"Former Client\", or last agreement ended 30 days ago".into(),
        preselect: Preselect::None,
        view: None,
        lock_covers: "the data directory of this computer".into(),
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
        configuration: Record {
            id: ConfigId::from(id),
            client: ClientId::from(client),
            name: name.into(),
            names: vec![name.into()],
            config_type: config_type.into(),
            site: Some(if id % 2 == 0 { "Main Office" } else { "Warehouse" }.into()),
            serial: Some(format!("SN-{id}").into()),
            state: State {
                active: true,
                status: Some(StatusRef { id: "2".into(), name: "Active".into() }),
                closed: Some(false),
            },
            parent: None,
            rmm: None,
            last_updated: Some(now().plus_seconds(-86_400 * id)),
            record_url: Some(format!("https://psa.example/configuration/{id}").into()),
            details: details(&[("Manufacturer", "Dell"), ("Model", "R640")]),
        }
        .into(),
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
            notes: None,
            past: past_runs(),
            stored: [101, 102, 103, 201].map(ConfigId::from).into(),
            found: Vec::new(),
        }
    }

    /// The same without a character outside ASCII.
    pub fn plain() -> Self {
        let mut world = Self::small();
        world.clients[1].client.name = "Birch & Sons".into();
        for (at, name) in [(6, "SRV-01"), (7, "PC-7")] {
            world.rows[at].configuration.name = name.into();
            world.rows[at].configuration.names = vec![name.into()];
        }
        let gold = Links { billing: link("Gold Support", "1 x 120.00 a month"), ..no_links() };
        world.links.insert(ConfigId::from(101), gold);
        world
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

    /// One client as it is read by itself.
    pub fn read_client(&self, id: &ClientId) -> ClientRead {
        let offboarded = self.clients.iter().find(|client| client.client.id == *id).cloned();
        ClientRead {
            why: offboarded.is_none().then(|| "it is an active client again".to_owned()),
            rows: self.rows.iter().filter(|row| row.configuration.client == *id).cloned().collect(),
            offboarded,
            as_of: now(),
        }
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

pub fn details(pairs: &[(&str, &str)]) -> Details {
    pairs.iter().map(|(label, text)| ((*label).into(), (*text).into())).collect()
}
