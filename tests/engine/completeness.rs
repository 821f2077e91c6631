//! A listing is complete or it is none: 2,000 seeded lies, and not one of them becomes a plan.

use std::collections::BTreeSet;

use mothball::{
    domain::{ExitCode, Phase, event::End},
    engine::{Ask, Discovery, Engine, EngineError, Request},
    psa::PsaError,
    report,
    simulator::{
        Options, Simulator,
        faults::{Kind, Plan, Rule, Scope},
    },
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use crate::support::{
    quick::Quick,
    vendor::on_every_psa,
    world::{report_of, who},
};

on_every_psa!(
    no_lie_about_a_list_goes_unnoticed,
    a_listing_that_cannot_be_proved_becomes_no_plan,
    the_coverage_closes,
);

/// On each PSA; together with the others at least 2,000.
const CASES: u64 = 700;

/// One generated tenant serves so many cases.
const CASES_PER_TENANT: u64 = 50;

/// The configurations of offboarded clients, as they really are and as the account may see them.
fn really(simulator: &Simulator) -> BTreeSet<String> {
    let truth = simulator.truth();
    let counts = |company: &str| {
        let company = &truth.companies[company];
        company.offboarded.any() && !company.own && !company.deleted
    };
    truth
        .configurations
        .values()
        .filter(|row| !row.hidden && counts(&row.company))
        .map(|row| row.id.clone())
        .collect()
}

fn listed(discovery: &Discovery) -> BTreeSet<String> {
    discovery.listing.rows().iter().map(|row| row.id.to_string()).collect()
}

async fn discover(engine: &Engine) -> Result<Discovery, EngineError> {
    engine.discover(&Request { ask: Ask::All, statuses: Vec::new() }, None).await
}

async fn no_lie_about_a_list_goes_unnoticed(psa: &'static str) {
    let kinds: Vec<Kind> = Kind::ALL
        .iter()
        .copied()
        .filter(|kind| matches!(kind.scope(), Scope::Lists | Scope::Counts) && *kind != Kind::PoisonRow)
        .collect();
    let (mut refused, mut settled) = (0, 0);
    for tenant in 0..CASES / CASES_PER_TENANT {
        let options = Options {
            psa: psa.to_owned(),
            seed: tenant,
            clients: 8,
            configurations: 40,
            ..Options::default()
        };
        let quick = Quick::new(options).await;
        for case in 0..CASES_PER_TENANT {
            let seed = tenant * CASES_PER_TENANT + case;
            let mut dice = StdRng::seed_from_u64(seed);
            let kind = *kinds.choose(&mut dice).unwrap();
            let rule = match dice.random_range(0..3) {
                0 => Rule::on_request(kind, dice.random_range(0..12)),
                1 => Rule::at_rate(kind, dice.random_range(0.1..1.0)).times(dice.random_range(1..4)),
                _ => Rule::at_rate(kind, dice.random_range(0.1..1.0)),
            };
            let before = really(&quick.simulator);
            quick.simulator.set_faults(Plan::of(vec![rule]));
            let discovery = discover(&quick.engine).await;
            quick.simulator.set_faults(Plan::none());
            let after = really(&quick.simulator);
            match discovery {
                Ok(discovery) => {
                    let rows = listed(&discovery);
                    assert!(rows.is_superset(&before), "{psa}, seed {seed}, {kind}: rows are missing");
                    assert!(rows.is_subset(&after), "{psa}, seed {seed}, {kind}: rows of nobody asked for");
                    assert_eq!(
                        rows.len(),
                        discovery.listing.rows().len(),
                        "{psa}, seed {seed}, {kind}: twice"
                    );
                    settled += 1;
                }
                // A lie about the tenant's own words is met there.
                Err(EngineError::Psa(
                    PsaError::Incomplete(_)
                    | PsaError::Unreadable { .. }
                    | PsaError::UnknownName { .. }
                    | PsaError::Settings { .. },
                )) => refused += 1,
                Err(error) => panic!("{psa}, seed {seed}, {kind}: {error}"),
            }
        }
        quick.check().await;
    }
    // HaloPSA's lists of this size are one page, and where a filter is ignored all are read and ours picked out: fewer
    // lies are left that cannot be settled.
    let least = if psa == "halopsa" { CASES / 20 } else { CASES / 10 };
    assert!(refused > least, "{refused} of {CASES} were refused");
    assert!(settled > CASES / 10, "{settled} of {CASES} were settled by reading again");
}

async fn a_listing_that_cannot_be_proved_becomes_no_plan(psa: &'static str) {
    let quick = Quick::new(Options { psa: psa.to_owned(), ..Options::default() }).await;
    for kind in [Kind::LyingCount, Kind::FilterIgnored, Kind::ShortenedPage] {
        quick.simulator.set_faults(Plan::of(vec![Rule::always(kind)]));
        let error = match discover(&quick.engine).await {
            Err(error) => error,
            // Some adapters read all and pick, where a filter is ignored.
            Ok(discovery) if kind == Kind::FilterIgnored => {
                assert_eq!(listed(&discovery), really(&quick.simulator), "{psa}");
                quick.simulator.set_faults(Plan::none());
                continue;
            }
            Ok(_) => panic!("{psa}, {kind}: it cannot be proved"),
        };
        assert!(
            matches!(&error, EngineError::Psa(PsaError::Incomplete(_) | PsaError::Unreadable { .. })),
            "{kind}: {error}"
        );
        quick.simulator.set_faults(Plan::none());
        let problem = error.problem(quick.engine.now());
        let draft = quick.engine.draft_of_failure(&who(), &[], problem);
        assert!(draft.plan.is_none());
        let refused = quick.engine.conclude(draft, End::Refused, Vec::new()).await.unwrap();
        assert_eq!(refused.state.phase, Phase::Refused);
        if matches!(error, EngineError::Psa(PsaError::Incomplete(_))) {
            assert_eq!(report::verdict(&refused.survey, &refused.state), ExitCode::Safeguard, "{kind}");
        }
        assert!(!report_of(&quick.engine, &refused).success());
    }
    assert!(quick.simulator.writes().is_empty());
    quick.check().await;
}

async fn the_coverage_closes(psa: &'static str) {
    for seed in 1..=5 {
        let quick =
            Quick::new(Options { psa: psa.to_owned(), seed, clients: 30, ..Options::default() }).await;
        let discovery = discover(&quick.engine).await.unwrap();
        let coverage = &discovery.coverage;
        let truth = quick.simulator.truth();
        let offboarded = discovery.clients.len() as u64;
        let there = truth.companies.values().filter(|company| !company.deleted).count() as u64;
        assert!(coverage.complete && coverage.as_of.is_some());
        assert_eq!((coverage.clients_offboarded, coverage.clients_in_run), (offboarded, offboarded));
        assert!(coverage.clients_scanned >= offboarded && coverage.clients_scanned <= there, "{coverage:?}");
        let read: u64 = coverage.configurations_read.values().sum();
        assert_eq!(read, discovery.listing.rows().len() as u64);
        assert_eq!(listed(&discovery), really(&quick.simulator));
        quick.check().await;
    }
}
