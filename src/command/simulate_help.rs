//! What `mothball simulate --help` says beyond its options: faults, switches and control routes, from where they are
//! defined.

use serde_json::Value;

use crate::simulator::{self, Switches, faults};

/// The end of the long help.
pub fn text() -> String {
    format!(
        "When it is ready it prints one line of JSON: psa, base_url (the site's root, without a path) and credentials \
         (keys as in the settings file). It serves until interrupted.\n\n\
         Faults: a comma list of KIND[=RATE[:PARAM]][@TARGET][*TIMES]. RATE is a share of the requests (0.1; without \
         one every request), PARAM a time or a size (2000ms, 30s, 70mb), TARGET config:ID, route:TEXT, request:N, \
         write:N, reads or writes, TIMES how often. KIND is one of {kinds}.\n\n\
         {switches}\
         Control routes, without credentials: GET /_sim/state, GET /_sim/writes (?all=1: those by others, too), \
         GET /_sim/notes (what a good client would not have sent), GET /_sim/requests (?last=N), \
         POST /_sim/faults (a list as above; empty ends them), POST /_sim/switches ({{\"name\": value}}), \
         POST /_sim/reset.",
        kinds = faults::Kind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", "),
        switches = simulator::psas().into_iter().map(switches).collect::<String>(),
    )
}

/// One PSA's switches, at the values that they have.
fn switches(psa: &str) -> String {
    let all = serde_json::to_value(Switches::default()).unwrap_or_default();
    let own = all.get(psa).and_then(Value::as_object).into_iter().flatten();
    let own: Vec<String> = own
        .map(|(name, value)| match value {
            Value::String(word) => format!("{name}={word}"),
            value => format!("{name}={value}"),
        })
        .collect();
    format!("Switches of {psa}, at their likeliest values: {}.\n\n", own.join(", "))
}
