//! Documents with something in every field.

use mothball::domain::{
    ClientId, Code, ConfigId, Links, Phase, Problem, RunId, SignOfLife, SkipReason, Statistics, Tenant,
    Timestamp,
    document::{
        ClientName, ClientReport, ConfigReport, Coverage, FollowUp, FollowUpKind, JointReport, NoteReport,
        Report, RunFacts,
    },
    links::{Link, LinkAnswer},
    note::NoteWord,
};

pub fn now() -> Timestamp {
    Timestamp::parse("2026-11-24T02:00:00Z").unwrap()
}

pub fn facts() -> RunFacts {
    RunFacts {
        schema_version: "1.0".into(),
        run_id: RunId::from("20261124T020000-abcdefgh"),
        parent_run_id: Some(RunId::from("20261120T010000-pppppppp")),
        state: Phase::Finished,
        profile: "main".into(),
        psa: "connectwise".into(),
        tenant: Some(Tenant {
            psa: "connectwise".into(),
            id: "api-na.myconnectwise.net/acmemsp".into(),
            name: "Acme MSP".into(),
        }),
        operator: "jane@msp.example".into(),
        requested_by: Some("boss@msp.example".into()),
        ticket: Some("4711".into()),
        approved_by: Some("joe@msp.example".into()),
        approval_digest: Some("a".repeat(64)),
        plan_digest: Some("b".repeat(64)),
        reason: Some("Did not pay since May".into()),
        dry_run: false,
        journal_head: Some("c".repeat(64)),
    }
}

fn link(name: &str, detail: &str) -> LinkAnswer {
    LinkAnswer::of(vec![Link {
        id: "9001".into(),
        name: name.into(),
        detail: Some(detail.into()),
        record_url: Some("https://psa.example/agreement/9001".into()),
    }])
}

pub fn links() -> Links {
    Links {
        billing: link("Gold Support", "1 × 120.00 a month"),
        tickets: LinkAnswer::Unknown { why: "no permission for tickets".into() },
        children: LinkAnswer::None,
        rmm: link("Datto RMM", "device 55"),
    }
}

pub fn config(id: i64, name: &str, outcome: &str, skip: Option<SkipReason>, text: &str) -> ConfigReport {
    let done = matches!(outcome, "deactivated") || skip == Some(SkipReason::AlreadyInactive);
    ConfigReport {
        config_id: ConfigId::from(id),
        config_name: name.into(),
        status: if done { "inactive" } else { "active" }.into(),
        previous_status: if outcome == "restored" { "inactive" } else { "active" }.into(),
        config_type: "Managed Server".into(),
        site: Some("Main Office".into()),
        outcome: outcome.into(),
        skip_reason: skip,
        outcome_text: text.into(),
        verified: matches!(outcome, "deactivated" | "restored"),
        psa_status: Some(if done { "Do Not Bill" } else { "Active" }.into()),
        previous_psa_status: Some("Active".into()),
        links: Links {
            billing: LinkAnswer::None,
            tickets: LinkAnswer::None,
            children: LinkAnswer::None,
            rmm: LinkAnswer::None,
        },
        record_url: Some(format!("https://psa.example/configuration/{id}")),
    }
}

fn statistics(configs: &[ConfigReport], undo: bool) -> Statistics {
    let n = |outcome: &[&str]| {
        configs.iter().filter(|config| outcome.contains(&config.outcome.as_str())).count() as u64
    };
    Statistics {
        configs_found: configs.len() as u64,
        configs_deactivated: n(&["deactivated"]),
        configs_restored: undo.then(|| n(&["restored"])),
        configs_skipped: n(&["skipped", "planned", "changed_since_review"]),
        errors: n(&["failed", "unknown"]),
    }
}

/// A document about these configurations.
pub fn client(id: i64, name: &str, configs: Vec<ConfigReport>) -> ClientReport {
    let undo = configs.iter().any(|config| config.outcome == "restored");
    ClientReport {
        success: false,
        client_id: Some(ClientId::from(id)),
        client_name: Some(name.into()),
        timestamp: now(),
        statistics: statistics(&configs, undo),
        warnings: vec![format!("\"{name}\" shows signs of life: 3 open tickets")],
        errors: vec![
            Problem::new(Code::ConfigUpdateFailed, "the PSA said no (400): InvalidObject", now())
                .about(ConfigId::from(104)),
        ],
        run: facts(),
        offboarded_because: vec!["status \"Former Client\"".into()],
        signs_of_life: vec![
            SignOfLife::RunningAgreement {
                name: "Gold Support".into(),
                detail: Some("until 2027-01-31, 120.00 a month".into()),
                record_url: Some("https://psa.example/agreement/9001".into()),
            },
            SignOfLife::OpenTickets { count: 3 },
        ],
        coverage: coverage(),
        follow_up: vec![
            FollowUp {
                kind: FollowUpKind::Agreement,
                config_id: None,
                client_id: ClientId::from(id),
                text: format!("End agreement \"Gold Support\" of {name} (120.00 a month): it is still running"),
                record_url: Some("https://psa.example/agreement/9001".into()),
            },
            FollowUp {
                kind: FollowUpKind::Rmm,
                config_id: configs.first().map(|config| config.config_id.clone()),
                client_id: ClientId::from(id),
                text: "SRV-DC1 is still linked to Datto RMM (device 55): remove the agent, or the sync brings it back"
                    .into(),
                record_url: Some("javascript:alert(1)".into()),
            },
        ],
        notes: vec![NoteReport {
            on: "ticket".into(),
            id: "4711".into(),
            state: NoteWord::Failed,
            note_id: Some("88".into()),
            text: Some("no permission to write notes".into()),
        }],
        configs,
    }
}

fn coverage() -> Coverage {
    Coverage {
        as_of: Some(now()),
        complete: true,
        clients_scanned: 80,
        clients_offboarded: 3,
        clients_in_run: 2,
        clients_left_out: vec![ClientName {
            client_id: ClientId::from(44),
            client_name: "Cobalt & Söhne".into(),
        }],
        configurations_read: [("active".to_owned(), 9), ("inactive".to_owned(), 2)].into(),
        gaps: vec!["Tickets could not be read: permission refused".into()],
    }
}

/// One of each outcome, with names that want something.
pub fn every_outcome() -> Vec<ConfigReport> {
    let mut linked = config(101, "SRV-DC1", "deactivated", None, "deactivated");
    linked.links = links();
    let mut unproven =
        config(102, "=HYPERLINK(\"http://evil.example\")", "deactivated", None, "deactivated, not read back");
    unproven.verified = false;
    let skipped =
        |id, name: &str, reason: SkipReason| config(id, name, "skipped", Some(reason), reason.words());
    vec![
        linked,
        unproven,
        config(
            103,
            "[click](http://evil.example) | x",
            "failed",
            None,
            "failed: the PSA said no (400): InvalidObject",
        ),
        config(104, "<img src=x onerror=alert(1)> @joe #12", "unknown", None, "unknown: the answer was lost"),
        config(
            105,
            "Reception printer",
            "changed_since_review",
            Some(SkipReason::ChangedSinceReview),
            "changed since review: status is \"In repair\" now",
        ),
        skipped(106, "サーバー01 \u{202e}txt.exe", SkipReason::LinkedBilling),
        skipped(107, "acme-dental.example", SkipReason::Protected),
        skipped(108, "FW-2", SkipReason::AlreadyInactive),
        skipped(109, "FW-10", SkipReason::NotStarted),
        config(110, "PC-🦷", "planned", Some(SkipReason::Planned), "planned"),
    ]
}

pub fn single() -> Report {
    Report::Client(Box::new(client(7, "Acme Dental", every_outcome())))
}

pub fn joint() -> Report {
    let clients = vec![
        client(7, "Acme Dental", every_outcome()),
        client(
            12,
            "Birch & Sons 日本支店",
            vec![config(201, "BIRCH-01", "deactivated", None, "deactivated")],
        ),
    ];
    Report::Joint(Box::new(JointReport {
        run: facts(),
        success: false,
        timestamp: now(),
        statistics: clients.iter().map(|client| client.statistics).sum(),
        clients,
        coverage: coverage(),
        warnings: vec!["The plan is larger than usual".into()],
        errors: vec![Problem::new(Code::RateLimited, "the PSA asked to wait for 10 minutes", now())],
        notes: Vec::new(),
    }))
}

pub fn undo() -> Report {
    let configs = vec![
        config(101, "SRV-DC1", "restored", None, "restored"),
        config(102, "SRV-DC2", "skipped", Some(SkipReason::AlreadyRestored), "already restored"),
        config(103, "FW-10", "skipped", Some(SkipReason::ChangedSinceReview), "changed since review"),
    ];
    Report::Client(Box::new(ClientReport {
        success: true,
        errors: Vec::new(),
        warnings: Vec::new(),
        follow_up: Vec::new(),
        notes: Vec::new(),
        ..client(7, "Acme Dental", configs)
    }))
}
