//! Inputs narrow what the settings allow and never widen it, whatever they are.

use mothball::{
    domain::{
        ClientId, Criteria, Origin, RunId, Timestamp,
        client::{Client, Signals},
        criteria::Matching,
        safeguards::Safeguards,
        text::same_name,
    },
    service::{Bounded, Rules, RunInputs},
};
use proptest::prelude::*;

const STATUSES: [&str; 4] = ["Former Client", "former client", "Lost", "Active"];

fn statuses(most: usize) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(prop::sample::select(STATUSES.to_vec()).prop_map(str::to_owned), 0..=most)
}

/// Whom a run is about: an id, a name, or all.
fn whom() -> impl Strategy<Value = (Option<String>, Option<String>, bool)> {
    let name = || "[a-z0-9]{1,3}";
    prop_oneof![
        Just((None, None, true)),
        (prop::option::of(name()), name()).prop_map(|(id, name)| (id, Some(name), false)),
        (name(), prop::option::of(name())).prop_map(|(id, name)| (Some(id), name, false)),
    ]
}

fn inputs() -> impl Strategy<Value = RunInputs> {
    (whom(), statuses(2), any::<[bool; 3]>()).prop_map(
        |(
            (client_id, client_name, all),
            offboarded_statuses,
            [dry_run, require_approval, include_archived],
        )| RunInputs {
            client_id,
            client_name,
            all,
            offboarded_statuses,
            dry_run,
            require_approval,
            include_archived,
            ..RunInputs::default()
        },
    )
}

fn rules() -> impl Strategy<Value = Rules> {
    (any::<bool>(), statuses(3), any::<bool>()).prop_map(|(inactive, statuses, all)| Rules {
        safeguards: Safeguards::default(),
        criteria: Criteria {
            // A profile has one criterion at least.
            inactive: inactive || statuses.is_empty(),
            statuses,
            matching: if all { Matching::All } else { Matching::Any },
            ..Criteria::default()
        },
    })
}

/// A client that is marked inactive or not, with this status.
fn client(inactive: bool, status: &str) -> Client {
    Client {
        id: ClientId::from("1"),
        name: "Acme".into(),
        identifier: None,
        parent: None,
        signals: Signals { inactive: Some(inactive), status: Some(status.to_owned()), ..Signals::default() },
        own: None,
        record_url: None,
    }
}

proptest! {
    #[test]
    fn no_input_makes_a_client_count_that_the_settings_do_not(inputs in inputs(), rules in rules()) {
        prop_assert_eq!(inputs.check_bounds(), Ok(()));
        prop_assume!(inputs.check(&rules).is_ok());
        let origin = Origin::Api { token: "ci".into() };
        let order = inputs.order(&origin, &RunId::from("r1"));
        prop_assert!(!order.who.attended && order.max_changes.is_none() && order.limit_clients.is_none());
        prop_assert!(order.who.links && !order.scope.include_mixed);
        prop_assert_eq!(order.who.dry_run, inputs.dry_run);
        prop_assert_eq!(order.require_approval, inputs.require_approval);
        // As the engine takes them: what is named stands in place of the profile's own.
        let mut narrowed = rules.criteria.clone();
        if !order.statuses.is_empty() {
            narrowed.statuses.clone_from(&order.statuses);
        }
        let today = Timestamp::from_seconds(1_790_000_000).day();
        for inactive in [false, true] {
            for status in STATUSES.iter().chain(&["Other"]) {
                let one = client(inactive, status);
                let counts = |criteria: &Criteria| criteria.judge(&one, today).is_some();
                prop_assert!(!counts(&narrowed) || counts(&rules.criteria), "{inputs:?} {rules:?} {inactive} {status}");
            }
        }
    }

    #[test]
    fn the_profiles_own_statuses_may_be_named_in_any_case(rules in rules(), at in any::<prop::sample::Index>()) {
        prop_assume!(!rules.criteria.statuses.is_empty());
        let own = at.get(&rules.criteria.statuses).to_uppercase();
        prop_assert!(rules.criteria.statuses.iter().any(|status| same_name(status, &own)));
        let inputs = RunInputs { all: true, offboarded_statuses: vec![own], ..RunInputs::default() };
        prop_assert_eq!(inputs.check(&rules), Ok(()));
    }
}
