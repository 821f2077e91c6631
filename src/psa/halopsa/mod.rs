//! HaloPSA. Everything of that vendor lives here: how one signs in (`token`), how its API is called and what it sends
//! (`client`, `paging`, `errors`, `wire`), and the port's questions, one file each. The vendor calls clients areas and
//! assets devices in its file; here they have the names of its screen.

mod assets;
mod client;
mod clients;
mod contracts;
mod doctor;
mod errors;
mod fields;
mod links;
mod marks;
mod notes;
mod paging;
mod read;
mod setup;
mod token;
mod webhook;
mod wire;
mod write;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use tokio::sync::{OnceCell, broadcast};
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
use setup::Setup;
use token::Application;

const NOUNS: Nouns = Nouns {
    product: "HaloPSA",
    client: "client",
    clients: "clients",
    configuration: "asset",
    configurations: "assets",
    agreement: "Contract",
    // A line bills one named asset or a count of assets (COV), and Halo's own sample of a count has inactive ones in it
    // (usehalo.com, recurring-invoices-billing). Integrations import on a schedule (haloitsm.com, kbid 1084).
    consequences: Consequences {
        billing: "A recurring invoice that names an asset goes on, and one that counts assets may count inactive ones: change its lines yourself.",
        tickets: "They stay open until you close or move them.",
        children: "They stay active unless they are ticked, too.",
        rmm: "The integration imports again on its schedule and may set them active: take them out of the sync first.",
    },
};

/// Lists that are read in chunks, and records that are read one by one, are read so many at once.
const AT_ONCE: usize = 4;
/// Records of one by-id read; their ids fit into an address up to eight digits.
const READ_PAGE: usize = 200;
/// Assets of one write, unless the settings say otherwise.
const BATCH: u32 = 25;
/// The screen where the application's rights are.
const APPLICATION: &str =
    "Configuration > Integrations > Halo API > View Applications > the application > Permissions";

/// What this room declares.
pub static ROOM: Room = Room {
    key: "halopsa",
    nouns: NOUNS,
    criteria: CriteriaWords { statuses: "customer types", tags: "top levels and relationships of clients" },
    fields: &[
        Field {
            key: "base_url",
            kind: FieldKind::Url,
            required: true,
            help: "the address of the sign-in screen, without a path",
            example: "https://acme.halopsa.com",
        },
        Field {
            key: "tenant",
            kind: FieldKind::Text,
            required: false,
            help: "the tenant of Configuration > Integrations > Halo API > API Details, if the PSA does not tell it itself; none on premise",
            example: "acme",
        },
        Field {
            key: "client_id",
            kind: FieldKind::Text,
            required: true,
            help: "Client ID of an application with method \"Client ID and Secret (Services)\": Configuration > Integrations > Halo API > View Applications",
            example: "00000000-0000-0000-0000-000000000000",
        },
        Field {
            key: "client_secret",
            kind: FieldKind::Secret,
            required: true,
            help: "client secret of the same application, shown once when it is made",
            example: "HALO_CLIENT_SECRET",
        },
    ],
    pace: PaceLimits {
        default: Pace { in_flight: 4, requests: 240, window_seconds: 300 },
        most: Pace { in_flight: 16, requests: 700, window_seconds: 300 },
    },
    sets_status: true,
    batch: Some(1..=100),
    no_configuration_notes: Some(notes::NO_CONFIGURATION_NOTES),
    rights: &[
        Right {
            place: APPLICATION,
            level: "read:customers",
            needed_for: "finding offboarded clients",
            essential: true,
        },
        Right {
            place: APPLICATION,
            level: "read:assets, edit:assets",
            needed_for: "listing assets and setting them inactive",
            essential: true,
        },
        Right {
            place: "Configuration > Teams & Agents > Agents > the agent to log in as > Permissions",
            level: "assets and clients: Read and Modify; Allow use of all Customers: Yes",
            needed_for: "the same: the agent's rights and the application's must both allow it",
            essential: true,
        },
        Right {
            place: APPLICATION,
            level: "read:contracts",
            needed_for: "the criterion contract_ended_days, and the warning about running contracts",
            essential: false,
        },
        Right {
            place: APPLICATION,
            level: "read:invoices",
            needed_for: "the warning about recurring invoices that bill an asset",
            essential: false,
        },
        Right {
            place: APPLICATION,
            level: "read:tickets",
            needed_for: "the warning about open tickets",
            essential: false,
        },
        Right {
            place: APPLICATION,
            level: "edit:tickets",
            needed_for: "the note on the run's ticket, if `note = \"ticket\"`",
            essential: false,
        },
    ],
    webhooks: webhook::WEBHOOKS,
    open,
};

fn open(connection: Connection) -> Result<Arc<dyn Psa>> {
    Ok(Arc::new(HaloPsa::open(connection)?))
}

/// One tenant of HaloPSA.
struct HaloPsa {
    api: Api,
    clock: Clock,
    pace: Pace,
    /// Which notes will be written.
    notes: NoteOn,
    batch: usize,
    tenant: OnceCell<Tenant>,
    setup: tokio::sync::Mutex<Setup>,
    /// The types of the assets that were read: a type may not allow a status.
    kinds: Mutex<HashMap<i64, i64>>,
}

impl HaloPsa {
    fn open(connection: Connection) -> Result<Self> {
        let mut extras = token::EXTRAS.to_vec();
        if connection.notes == NoteOn::Ticket {
            extras.push(token::NOTES);
        }
        Self::asking_for(extras, connection)
    }

    /// With a token for these scopes, besides the needed ones, as far as the application may have them.
    fn asking_for(extras: Vec<&'static str>, connection: Connection) -> Result<Self> {
        let root = client::root(&connection.address("base_url")?);
        let application = Arc::new(Application::new(
            root.clone(),
            connection.optional("tenant"),
            connection.value("client_id")?,
            connection.secret("client_secret"),
            extras,
        ));
        let pace = connection.pace;
        let http = connection.sender(root.clone(), Arc::clone(&application) as _, pace.limits())?;
        Ok(Self {
            api: Api::new(http, root, application),
            clock: connection.clock,
            pace,
            notes: connection.notes,
            batch: connection.batch.unwrap_or(BATCH).clamp(1, 100) as usize,
            tenant: OnceCell::new(),
            setup: tokio::sync::Mutex::default(),
            kinds: Mutex::default(),
        })
    }

    /// Asks who it is, and proves the sign-in: discovery answers anybody.
    async fn identify(&self) -> Result<Tenant> {
        let place = self.api.place().await?;
        self.api.count(&assets::everything()).await?;
        let site = self.api.site();
        let (id, name) = match place.name() {
            Some(tenant) => (format!("{site}/{}", tenant.to_lowercase()), tenant.to_owned()),
            None => (site.clone(), site),
        };
        Ok(Tenant { psa: ROOM.key.to_owned(), id, name })
    }

    fn today(&self) -> jiff::civil::Date {
        crate::domain::Timestamp::new(self.clock.now()).day()
    }

    fn remember_type(&self, asset: i64, kind: i64) {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner).insert(asset, kind);
    }

    /// The type of an asset that was read.
    fn type_of(&self, asset: i64) -> Option<i64> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner).get(&asset).copied()
    }
}

/// The vendor's number of a record; what is no number is no record of this vendor.
fn number(id: &str) -> Option<i64> {
    id.parse().ok().filter(|id| (1..=i64::from(i32::MAX)).contains(id))
}

#[async_trait]
impl Psa for HaloPsa {
    fn nouns(&self) -> Nouns {
        NOUNS
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            sets_status: true,
            batch: self.batch,
            in_flight: self.pace.in_flight.max(1) as usize,
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
        Ok(Wanted::inactive(Some(self.status_by_name(name).await?)))
    }

    async fn has_status(&self, status: &StatusRef) -> Result<bool> {
        self.has_status_of_assets(&status.id).await
    }

    async fn clients(&self, scope: ClientScope<'_>, criteria: &Criteria) -> Result<Clients> {
        clients::clients(self, scope, criteria).await
    }

    async fn configurations(
        &self,
        clients: &[ClientId],
        news: Option<&News>,
    ) -> Result<Listing<Configuration>> {
        assets::list(self, clients, news).await
    }

    async fn active_configurations(&self) -> Result<u64> {
        assets::count_active(self).await
    }

    async fn links(&self, clients: &[Client], configurations: &[Configuration]) -> LinkReading {
        // Boxed: three readings at once make a large future.
        Box::pin(links::read(self, clients, configurations)).await
    }

    async fn read(&self, ids: &[ConfigId]) -> Result<BTreeMap<ConfigId, Option<Configuration>>> {
        read::by_ids(self, ids).await
    }

    async fn set(&self, changes: &[Change], hold: &CancellationToken) -> Vec<SetAnswer> {
        write::set(self, changes, hold).await
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
