//! Autotask PSA. Everything of that vendor lives here: where a tenant lives (`zone`), who signs in (`access`), what
//! may be asked in an hour (`pool`), how it is called (`client`, `filter`, `paging`), what it sends (`wire`,
//! `errors`, `setup`), and the port's questions, one file each.
//!
//! Facts carry the marks of where they come from: `[C]` confirmed, `[L]` likely, with the short name of the source.

mod access;
mod client;
mod companies;
mod configurations;
mod contracts;
mod doctor;
mod errors;
mod filter;
mod links;
mod notes;
mod paging;
mod pool;
mod read;
mod setup;
mod webhook;
mod wire;
mod write;
mod zone;

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use tokio::sync::{OnceCell, broadcast};
use tokio_util::sync::CancellationToken;

use super::{
    Psa, PsaError,
    lenient::filled,
    port::{
        Capabilities, Check, ClientScope, Clients, LinkReading, News, NoteReply, Pool, Result, SetAnswer,
        Ticket,
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
    http::{Limits, Url},
};
use access::Access;
use client::Api;
use paging::List;
use pool::Watch;
use setup::Setup;

const NOUNS: Nouns = Nouns {
    product: "Autotask",
    client: "company",
    clients: "companies",
    configuration: "configuration item",
    configurations: "configuration items",
    agreement: "Contract",
    // Inactive does not unlink, end subscriptions or lower units; rule-based billing counts active devices (Autotask's
    // help: ContractCompliance, RULE_BASED_BILLING). Datto's sync comes round within a day (likely).
    consequences: Consequences {
        billing: "Autotask leaves contract, units and subscriptions as they are: end them yourself. Only rule-based billing counts active devices alone.",
        tickets: "They stay open until you close or move them; an inactive item cannot be put on another one.",
        children: "They stay active unless they are ticked, too.",
        rmm: "The sync goes on, for Datto RMM within a day, and may set them active again: remove the device there first.",
    },
};

/// Calls under way about all entities together, for each one about a single entity.
const ENTITIES_AT_ONCE: u32 = 4;

/// What this room declares.
pub static ROOM: Room = Room {
    key: "autotask",
    nouns: NOUNS,
    criteria: CriteriaWords {
        statuses: "company types",
        tags: "classifications and categories of companies",
    },
    fields: &[
        Field {
            key: "user_name",
            kind: FieldKind::Text,
            required: true,
            help: "user name of an API user (user type \"API User (API-only)\")",
            example: "api@msp.example",
        },
        Field {
            key: "secret",
            kind: FieldKind::Secret,
            required: true,
            help: "secret of the same API user, shown once when it is made",
            example: "AUTOTASK_SECRET",
        },
        Field {
            key: "integration_code",
            kind: FieldKind::Secret,
            required: true,
            help: "API tracking identifier of the same API user; keep it like a password",
            example: "AUTOTASK_INTEGRATION_CODE",
        },
        Field {
            key: "base_url",
            kind: FieldKind::Url,
            required: false,
            help: "the host that is asked for the tenant's zone; without it the vendor's own",
            example: zone::VENDOR,
        },
    ],
    pace: PaceLimits {
        default: Pace { in_flight: 2, requests: pool::PUBLISHED.requests / 2, window_seconds: 3600 },
        most: pool::PUBLISHED,
    },
    sets_status: false,
    batch: None,
    no_configuration_notes: None,
    rights: &[
        Right {
            place: "security level of the API user: companies",
            level: "View",
            needed_for: "finding offboarded companies",
            essential: true,
        },
        Right {
            place: "security level of the API user: configuration items",
            level: "View, Edit",
            needed_for: "listing configuration items and setting them inactive",
            essential: true,
        },
        Right {
            place: "security level of the API user: contracts, services, subscriptions",
            level: "View",
            needed_for: "the criterion contract_ended_days, and the warnings about what is still billed",
            essential: false,
        },
        Right {
            place: "security level of the API user: tickets",
            level: "View",
            needed_for: "the warning about open tickets",
            essential: false,
        },
        Right {
            place: "security level of the API user: products, categories, locations",
            level: "View",
            needed_for: "showing types, sites and products by name; protect.types and protect.sites need them",
            essential: false,
        },
        Right {
            place: "security level of the API user: ticket notes, asset notes (CRM > Asset Notes)",
            level: "View, Add",
            needed_for: "the notes of `note = \"ticket\"` and `note = \"configuration\"`",
            essential: false,
        },
    ],
    webhooks: webhook::WEBHOOKS,
    open,
};

fn open(connection: Connection) -> Result<Arc<dyn Psa>> {
    Ok(Arc::new(Autotask::open(connection)?))
}

/// One tenant of Autotask.
struct Autotask {
    api: Api,
    pace: Pace,
    /// Which notes will be written.
    notes: NoteOn,
    tenant: OnceCell<Tenant>,
    setup: Setup,
}

impl Autotask {
    fn open(connection: Connection) -> Result<Self> {
        let host = match connection.optional("base_url") {
            Some(_) => connection.address("base_url")?,
            None => Url::parse(zone::VENDOR)
                .map_err(|why| PsaError::Settings { message: format!("{}: {why}", zone::VENDOR) })?,
        };
        let access = Arc::new(Access::new(
            &connection.value("user_name")?,
            connection.secret("secret"),
            connection.secret("integration_code"),
            &host,
        )?);
        let pace = connection.pace;
        let limits = Limits {
            in_flight: pace.in_flight.saturating_mul(ENTITIES_AT_ONCE),
            per_object: Some(pace.in_flight),
            ..pace.limits()
        };
        let http = connection.sender(host, Arc::clone(&access) as Arc<_>, limits)?;
        let watch = Watch::new(pace, connection.patience);
        Ok(Self {
            api: Api::new(http, access, watch, connection.clock),
            pace,
            notes: connection.notes,
            tenant: OnceCell::new(),
            setup: Setup::default(),
        })
    }

    /// Asks who it is, and proves the sign-in: the zone is told to anybody who names a user. The tenant is its
    /// database, wherever that lives.
    async fn identify(&self) -> Result<Tenant> {
        let zone = self.api.zone().await?;
        let own = List::all("company", companies::ENTITY, &["id", "companyName"])
            .when(filter::Filter::is("id", companies::OWN));
        let rows: Vec<wire::Company> = match self.api.short_list(&own).await {
            // Whoever is told that a right is missing has signed in.
            Err(PsaError::Permission { .. }) => Vec::new(),
            other => other?,
        };
        // A 401 on the way may have found it elsewhere.
        let zone = self.api.access().zone().unwrap_or(zone);
        let site = zone::site(self.api.access().host());
        let user = self.api.access().user();
        let id = match zone.database {
            Some(database) => format!("{site}/{database}"),
            None => format!("{site}/{}", user.to_lowercase()),
        };
        let own = rows.into_iter().find(|row| row.id == Some(companies::OWN));
        let name = own
            .and_then(|row| filled(row.company_name.as_ref()).map(ToOwned::to_owned))
            .or_else(|| user.split_once('@').map(|(_, domain)| domain.to_owned()))
            .unwrap_or_else(|| user.to_owned());
        Ok(Tenant { psa: ROOM.key.to_owned(), id, name })
    }

    fn is_spent(&self, pool: &Pool) -> bool {
        pool::is_spent(pool::share(self.pace), pool, 0)
    }

    fn today(&self) -> jiff::civil::Date {
        crate::domain::Timestamp::new(self.api.clock().now()).day()
    }
}

/// The vendor's number of a record; what is no number is no record of this vendor. The MSP's own company is 0.
fn number(id: &str) -> Option<i64> {
    id.parse().ok().filter(|id| *id >= companies::OWN)
}

#[async_trait]
impl Psa for Autotask {
    fn nouns(&self) -> Nouns {
        NOUNS
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            sets_status: false,
            batch: 1,
            in_flight: self.pace.in_flight.max(1) as usize,
            read_page: filter::IN_LIST,
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
        self.setup.forget().await;
    }

    async fn wanted(&self, status: Option<&str>) -> Result<Wanted> {
        match status {
            None => Ok(Wanted::inactive(None)),
            Some(_) => Err(PsaError::Settings {
                message: "configuration items of Autotask have no status; leave deactivate.status out"
                    .to_owned(),
            }),
        }
    }

    async fn has_status(&self, _status: &StatusRef) -> Result<bool> {
        // Configuration items have no status beside their active mark.
        Ok(false)
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
        Box::pin(links::read(self, clients, configurations)).await
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

    async fn pool(&self) -> Option<Pool> {
        match self.api.pool().await {
            Ok(pool) => pool,
            Err(error) => {
                tracing::warn!(%error, "the hourly pool cannot be read");
                None
            }
        }
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
