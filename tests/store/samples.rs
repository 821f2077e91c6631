//! Runs to store.

use mothball::{
    domain::{
        Approval, ClientId, ConfigId, Configuration, Details, Event, Listing, Outcome, Plan, Reason, RunId,
        Stamped, State, Tenant, Timestamp, Wanted,
        client::{Client, Offboarded, Signals},
        configuration::Record,
        event::{Answer, End},
        listing::Claim,
        plan::{Head, Kind},
        survey::{Found, Header, Survey, SurveyedClient},
    },
    store::NewRun,
};

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_790_000_000 + seconds)
}

pub fn tenant() -> Tenant {
    Tenant { psa: "connectwise".into(), id: "na.example/acme".into(), name: "Acme MSP".into() }
}

pub fn other_tenant() -> Tenant {
    Tenant { psa: "connectwise".into(), id: "na.example/other".into(), name: "Other".into() }
}

pub fn configuration(id: u32) -> Configuration {
    Record {
        id: ConfigId::new(id.to_string()),
        client: ClientId::new((1 + id % 2).to_string()),
        name: format!("SRV \"{id}\"\n☃").into(),
        names: vec![format!("SRV-{id}").into()],
        config_type: "Server".into(),
        site: None,
        serial: None,
        state: State { active: true, status: None, closed: None },
        parent: None,
        rmm: None,
        last_updated: None,
        record_url: None,
        details: Details::default(),
    }
    .into()
}

fn offboarded(id: u32) -> Offboarded {
    Offboarded {
        client: Client {
            id: ClientId::new(id.to_string()),
            name: format!("Client {id}"),
            identifier: None,
            parent: None,
            signals: Signals::default(),
            own: None,
            record_url: None,
        },
        reasons: vec![Reason::Inactive { status: None }],
    }
}

/// A run over configurations 1 to `n` of clients 1 and 2, started `start` seconds in.
pub fn run(id: &str, n: u32, start: i64) -> NewRun {
    run_of(id, &tenant(), Kind::Deactivate, n, start)
}

pub fn run_of(id: &str, tenant: &Tenant, kind: Kind, n: u32, start: i64) -> NewRun {
    let rows: Vec<Configuration> = (1..=n).map(configuration).collect();
    let claim = Claim {
        what: "configuration",
        before: u64::from(n),
        after: u64::from(n),
        id: &|row: &Configuration| row.id.to_string(),
        belongs: &|_| true,
    };
    let listing = Listing::prove(rows.clone(), &claim).unwrap();
    let head = Head {
        run: RunId::from(id),
        kind,
        parent: None,
        tenant: tenant.clone(),
        made_at: at(start),
        expires_at: at(start + 86_400),
    };
    let clients = [offboarded(1), offboarded(2)];
    let plan = Plan::from_listing(head, &listing, &clients, |_| Some(Wanted::inactive(None)));
    let mut surveyed: Vec<SurveyedClient> = clients.into_iter().map(SurveyedClient::of).collect();
    for row in rows {
        let place = usize::from(row.client == ClientId::from("2"));
        surveyed[place].found.push(Found {
            configuration: row,
            skip: None,
            why: None,
            links: mothball::domain::Links::default(),
        });
    }
    NewRun {
        header: Header {
            run: RunId::from(id),
            kind,
            parent: None,
            profile: "main".into(),
            psa: tenant.psa.clone(),
            tenant: Some(tenant.clone()),
            operator: "jane".into(),
            user: "jane".into(),
            origin: mothball::domain::Origin::default(),
            requested_by: None,
            ticket: Some("T-1".into()),
            reason: None,
            dry_run: false,
            attended: true,
            criteria: mothball::domain::Criteria::default(),
            links: true,
            notes: mothball::domain::note::NotePolicy::default(),
            single: false,
            started_at: at(start),
        },
        survey: Survey { clients: surveyed, ..Survey::default() },
        plan: Some((plan.canonical_bytes(), plan.digest())),
    }
}

pub fn stamp(seconds: i64, event: Event) -> Stamped {
    Stamped { at: at(seconds), event }
}

/// The first events of a run that goes well.
pub fn opening(run: &NewRun, start: i64) -> Vec<Stamped> {
    let (bytes, digest) = run.plan.clone().unwrap();
    let plan = Plan::reopen(&bytes, &digest).unwrap();
    vec![
        stamp(start, Event::Planned { digest }),
        stamp(start, Event::Approved { approval: Approval::of_all(&plan, "jane", at(start)) }),
        stamp(start, Event::Applying),
    ]
}

/// Intent, answer and outcome of one item.
pub fn item(id: u32, seconds: i64, outcome: Outcome) -> Vec<Stamped> {
    let config_id = ConfigId::new(id.to_string());
    let state = Some(State { active: false, status: None, closed: None });
    vec![
        stamp(seconds, Event::Intended { config_id: config_id.clone(), attempt: 1 }),
        stamp(
            seconds,
            Event::Answered { config_id: config_id.clone(), attempt: 1, answer: Answer::Accepted },
        ),
        stamp(seconds, Event::settled(config_id, outcome, state)),
    ]
}

pub fn finished(seconds: i64) -> Stamped {
    stamp(seconds, Event::Ended { how: End::Finished })
}

pub const DEACTIVATED: Outcome = Outcome::Deactivated { verified: true };
