//! ConnectWise PSA. Everything of that vendor lives here: where its API is and how it is called (`client`), what it
//! sends (`wire`, `paging`, `errors`), what may be asked (`conditions`), and the port's questions, one file each.

mod agreements;
mod client;
mod companies;
mod conditions;
mod configurations;
mod doctor;
mod errors;
mod keys;
mod links;
mod notes;
mod paging;
mod read;
mod setup;
mod webhook;
mod wire;
mod write;

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use tokio::sync::{OnceCell, RwLock, broadcast};
use tokio_util::sync::CancellationToken;

use super::{
    Psa,
    port::{
        Capabilities, Check, ClientScope, Clients, LinkReading, News, NoteReply, Result, SetAnswer, Ticket,
    },
    registry::{Connection, CriteriaWords, Field, FieldKind, Pace, PaceLimits, Right, Room},
};
use crate::{
    domain::{
        Change, Client, ClientId, ConfigId, Configuration, Criteria, Listing, StatusRef, Tenant, Wanted,
        event::Notice,
        note::{Note, NoteOn, Place},
        tenant::{Consequences, Nouns},
    },
    system::Clock,
};
use client::Api;
use keys::Keys;
use setup::{CompanyStatuses, Statuses};

const NOUNS: Nouns = Nouns {
    product: "ConnectWise PSA",
    client: "company",
    clients: "companies",
    configuration: "configuration",
    configurations: "configurations",
    agreement: "Agreement",
    // An inactive configuration stays attached (LL, likely); units are changed by hand (SPEC26). The sync of the RMM writes
    // the status of configurations by itself (GO8, TS22).
    consequences: Consequences {
        billing: "An inactive configuration stays on its agreement: units and additions stay until you change them.",
        tickets: "They stay open until you close or move them.",
        children: "They stay active unless they are ticked, too.",
        rmm: "The sync goes on and may set them active again: remove the agent or stop the sync first.",
    },
};

/// Lists that are read in chunks are read so many chunks at once.
const CHUNKS_AT_ONCE: usize = 4;
/// Records of one by-id read; their ids fit into an address up to seven digits.
const READ_PAGE: usize = 200;

/// What this room declares.
pub static ROOM: Room = Room {
    key: "connectwise",
    nouns: NOUNS,
    criteria: CriteriaWords { statuses: "company statuses", tags: "company types" },
    fields: &[
        Field {
            key: "base_url",
            kind: FieldKind::Url,
            required: true,
            help: "the API's host without a path; in the vendor's cloud it begins with api-",
            example: "https://api-na.myconnectwise.net",
        },
        Field {
            key: "company_id",
            kind: FieldKind::Text,
            required: true,
            help: "the company id of the sign-in screen",
            example: "acmemsp",
        },
        Field {
            key: "public_key",
            kind: FieldKind::Text,
            required: true,
            help: "public key of an API member: System > Members > API Members > API Keys",
            example: "Ab12Cd34Ef56Gh78",
        },
        Field {
            key: "private_key",
            kind: FieldKind::Secret,
            required: true,
            help: "private key of the same API member, shown once when it is made",
            example: "CW_PRIVATE_KEY",
        },
        Field {
            key: "client_id",
            kind: FieldKind::Text,
            required: true,
            help: "the integration's GUID from developer.connectwise.com; keep it like a password",
            example: "00000000-0000-0000-0000-000000000000",
        },
    ],
    pace: PaceLimits {
        default: Pace { in_flight: 10, requests: 500, window_seconds: 60 },
        most: Pace { in_flight: 32, requests: 1000, window_seconds: 60 },
    },
    sets_status: true,
    batch: None,
    no_configuration_notes: Some(notes::NO_CONFIGURATION_NOTES),
    rights: &[
        Right {
            place: "Companies > Company Maintenance",
            level: "Inquire All",
            needed_for: "finding offboarded companies",
            essential: true,
        },
        Right {
            place: "Companies > Configurations",
            level: "Inquire All, Edit All",
            needed_for: "listing configurations and setting them inactive",
            essential: true,
        },
        Right {
            place: "System > Table Setup",
            level: "Inquire All",
            needed_for: "names of statuses and types",
            essential: true,
        },
        Right {
            place: "Finance > Agreements",
            level: "Inquire All",
            needed_for: "the criterion contract_ended_days, and the warning about running agreements",
            essential: false,
        },
        Right {
            place: "Service Desk > Service Tickets",
            level: "Inquire All",
            needed_for: "the warning about open tickets",
            essential: false,
        },
        Right {
            place: "Service Desk > Service Tickets",
            level: "Edit All",
            needed_for: "the note on the run's ticket, if `note = \"ticket\"`",
            essential: false,
        },
    ],
    webhooks: webhook::WEBHOOKS,
    open,
};

fn open(connection: Connection) -> Result<Arc<dyn Psa>> {
    Ok(Arc::new(ConnectWise::open(connection)?))
}

/// One tenant of ConnectWise PSA.
struct ConnectWise {
    api: Api,
    clock: Clock,
    in_flight: usize,
    pace: Pace,
    /// Which notes will be written.
    notes: NoteOn,
    tenant: OnceCell<Tenant>,
    statuses: RwLock<Option<Arc<Statuses>>>,
    company_statuses: tokio::sync::Mutex<Option<Arc<CompanyStatuses>>>,
    /// Whether this tenant wants the custom fields in every change; learnt from its answers.
    wants_custom_fields: std::sync::atomic::AtomicBool,
}

impl ConnectWise {
    fn open(connection: Connection) -> Result<Self> {
        let base = connection.address("base_url")?;
        let company = connection.value("company_id")?;
        let keys = Keys::new(
            &company,
            &connection.value("public_key")?,
            connection.secret("private_key"),
            &connection.value("client_id")?,
        )?;
        let pace = connection.pace;
        let http = connection.sender(base, Arc::new(keys), pace.limits())?;
        Ok(Self {
            api: Api::new(http, &company),
            clock: connection.clock,
            in_flight: pace.in_flight.max(1) as usize,
            pace,
            notes: connection.notes,
            tenant: OnceCell::new(),
            statuses: RwLock::new(None),
            company_statuses: tokio::sync::Mutex::new(None),
            wants_custom_fields: std::sync::atomic::AtomicBool::new(false),
        })
    }

    /// Asks who it is, and proves the sign-in: company info is told to anybody.
    async fn identify(&self) -> Result<Tenant> {
        let place = self.api.place().await?;
        self.api.count("/company/configurations", None).await?;
        let company = self.api.company().to_lowercase();
        let mut id = format!("{}/{company}", self.api.site());
        if let Some(told) = wire::filled(place.info.company_id.as_ref()) {
            id = format!("{id}/{}", told.to_lowercase());
        }
        let name = wire::filled(place.info.company_name.as_ref()).unwrap_or(self.api.company()).to_owned();
        Ok(Tenant { psa: ROOM.key.to_owned(), id, name })
    }

    fn today(&self) -> jiff::civil::Date {
        crate::domain::Timestamp::new(self.clock.now()).day()
    }
}

/// The vendor's number of a record; what is no number is no record of this vendor.
fn number(id: &str) -> Option<i64> {
    id.parse().ok().filter(|id| *id > 0)
}

#[async_trait]
impl Psa for ConnectWise {
    fn nouns(&self) -> Nouns {
        NOUNS
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            sets_status: true,
            batch: 1,
            in_flight: self.in_flight,
            read_page: READ_PAGE,
            requests: self.pace.requests,
            window_seconds: self.pace.window_seconds,
        }
    }

    fn notices(&self) -> broadcast::Receiver<Notice> {
        self.api.http().notices()
    }

    async fn tenant(&self) -> Result<Tenant> {
        self.tenant.get_or_try_init(|| self.identify()).await.cloned()
    }

    async fn refresh(&self) {
        self.forget_setup().await;
    }

    async fn wanted(&self, status: Option<&str>) -> Result<Wanted> {
        let Some(name) = status else { return Ok(Wanted::inactive(None)) };
        let statuses = self.statuses().await?;
        Ok(Wanted::inactive(Some(statuses.by_name(name)?)))
    }

    async fn has_status(&self, status: &StatusRef) -> Result<bool> {
        let statuses = self.statuses().await?;
        Ok(number(&status.id).is_some_and(|id| statuses.has(id)))
    }

    async fn clients(&self, scope: ClientScope<'_>, criteria: &Criteria) -> Result<Clients> {
        companies::clients(self, scope, criteria).await
    }

    async fn configurations(
        &self,
        clients: &[ClientId],
        news: Option<&News>,
    ) -> Result<Listing<Configuration>> {
        configurations::list(self, clients, news).await
    }

    async fn active_configurations(&self) -> Result<u64> {
        configurations::count_active(self).await
    }

    async fn links(&self, clients: &[Client], configurations: &[Configuration]) -> LinkReading {
        links::read(self, clients, configurations).await
    }

    async fn read(&self, ids: &[ConfigId]) -> Result<BTreeMap<ConfigId, Option<Configuration>>> {
        read::by_ids(self, ids).await
    }

    async fn set(&self, changes: &[Change], hold: &CancellationToken) -> Vec<SetAnswer> {
        let mut answers = Vec::with_capacity(changes.len());
        for change in changes {
            answers.push(write::set(self, change, hold).await);
        }
        answers
    }

    async fn ticket(&self, named: &str) -> Result<Option<Ticket>> {
        notes::ticket(self, named).await
    }

    async fn note(&self, note: &Note, hold: &CancellationToken) -> NoteReply {
        notes::write(self, note, hold).await
    }

    async fn has_note(&self, place: &Place, mark: &str) -> Result<bool> {
        notes::has(self, place, mark).await
    }

    async fn check(&self) -> Vec<Check> {
        doctor::check(self).await
    }
}
