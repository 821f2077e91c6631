//! What the suite must know of each vendor to hold all of them to the same promises.

use mothball::{
    psa::registry::{self, FieldKind, Room},
    simulator::{Options, Simulator, Switches},
};

/// A vendor's own words and figures.
pub struct Facts {
    /// A status that retired records may get, where the vendor has statuses.
    pub status: Option<&'static str>,
    /// The members of a record that a change may touch.
    pub changed: &'static [&'static str],
    /// Rows of one page of configurations.
    pub page: f64,
    /// Changes of one write.
    pub batch: usize,
    /// What a write's route begins with.
    pub write: &'static str,
    /// Requests that so many changes may take, guards and read-backs included.
    pub budget: fn(changes: u64) -> u64,
}

impl Facts {
    /// So many configurations that a run of them takes about as many writes as `changes` of one each.
    pub fn many(&self, changes: usize) -> usize {
        if self.batch > 1 { changes * 10 } else { changes }
    }
}

pub fn facts(psa: &str) -> Facts {
    match psa {
        "connectwise" => Facts {
            status: Some("Retired"),
            changed: &["activeFlag", "status"],
            page: 1000.0,
            batch: 1,
            write: "PATCH /company/configurations",
            budget: |changes| changes + changes / 10,
        },
        "autotask" => Facts {
            status: None,
            changed: &["isActive"],
            page: 500.0,
            batch: 1,
            write: "PATCH /ConfigurationItems",
            budget: |changes| changes + changes / 10,
        },
        "halopsa" => Facts {
            status: Some("Retired"),
            changed: &["inactive", "status_id", "status_name"],
            page: 250.0,
            batch: 25,
            write: "POST /Asset",
            budget: |changes| changes / 10,
        },
        other => panic!("no facts about {other}"),
    }
}

pub fn room(psa: &str) -> &'static Room {
    registry::room(psa).unwrap_or_else(|| panic!("there is no adapter for {psa}"))
}

/// The settings' keys that hold a secret.
pub fn secret_keys(psa: &str) -> Vec<&'static str> {
    room(psa).fields.iter().filter(|field| field.kind == FieldKind::Secret).map(|field| field.key).collect()
}

/// The secrets of a simulated tenant, by key.
pub fn secrets(simulator: &Simulator) -> Vec<(&'static str, String)> {
    let mut credentials = simulator.credentials();
    secret_keys(simulator.psa())
        .into_iter()
        .filter_map(|key| credentials.remove(key).map(|secret| (key, secret)))
        .collect()
}

/// How often the tenant's credentials were shown and refused: with each request, or in the request for a token.
pub fn refused_sign_ins(simulator: &Simulator) -> usize {
    let seen = simulator.requests();
    seen.iter()
        .filter(|seen| {
            let for_token = seen.route.contains("/auth/token");
            (seen.with_credentials && !seen.authorised) || (for_token && seen.status >= 400)
        })
        .count()
}

/// The less likely PSA in everything that does not keep single records from being written.
pub fn contrary_but_writable(psa: &str) -> Switches {
    let mut switches = Switches::contrary();
    match psa {
        "connectwise" => {
            switches.connectwise.required_fields_block = false;
            switches.connectwise.disallow_saving_blocks = false;
        }
        "autotask" => switches.autotask.patch_validates_all = false,
        "halopsa" => switches.halopsa.mandatory_fields_block = false,
        other => panic!("no switches of {other}"),
    }
    switches
}

/// For tests that lift the profile's own pace: the PSA lifts its limits of calls in a window, too.
pub fn without_windows(mut options: Options) -> Options {
    options.switches.autotask.pool = 1_000_000;
    options.switches.halopsa.requests_per_window = 1_000_000;
    options
}

/// The same tests on every PSA: each becomes one test for each vendor.
macro_rules! on_every_psa {
    ($($name:ident),* $(,)?) => {
        crate::support::vendor::on_every_psa!(@ connectwise $($name)*);
        crate::support::vendor::on_every_psa!(@ autotask $($name)*);
        crate::support::vendor::on_every_psa!(@ halopsa $($name)*);
    };
    (@ $psa:ident $($name:ident)*) => {
        mod $psa {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(stringify!($psa)).await;
            })*
        }
    };
}

pub(crate) use on_every_psa;
