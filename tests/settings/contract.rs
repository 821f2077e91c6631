//! The settings file as the contract writes it, word for word, is taken.

use std::path::Path;

use mothball::settings::Settings;

const CONTRACT: &str = r#"default_profile = "main"
operator = "jane@msp.example"

[profiles.main]
psa = "connectwise"
base_url = "https://api-na.myconnectwise.net"
company_id = "acmemsp"
public_key = "…"
private_key = { env = "CW_PRIVATE_KEY" }
client_id = "00000000-0000-0000-0000-000000000000"

[profiles.main.offboarded]
inactive = true
statuses = ["Former Client"]
tags = ["Offboarded"]
custom_field = { name = "Offboarded", value = "Yes" }
contract_ended_days = 30
match = "any"

[profiles.main.deactivate]
status = "Decommissioned"

[profiles.main.protect]
types = ["Domain", "SSL*"]
sites = []
names = []
clients = ["1"]

note = "none"
verify_again_after_hours = 24
batch = 25

[profiles.main.pace]
in_flight = 10
requests = 500
window_seconds = 60

[safeguards]
dry_run = false
require_approval = false
require_ticket = false
max_changes = 500
max_clients_unattended = 3
max_share = 0.2
max_new_offboarded = 0.05
on_limit = "stop"
when_linked = { billing = "warn", tickets = "warn", children = "warn", rmm = "warn", unknown = "warn" }
plan_expires_hours = 24
four_eyes = false
settle_hours = 0

[store]
retention_days = 400
"#;

#[test]
fn it_is_taken_and_nothing_in_it_holds_writes_back() {
    let settings =
        Settings::parse(CONTRACT, Path::new("config.toml")).unwrap_or_else(|error| panic!("{error}"));
    let profile = settings.profile(None).unwrap();
    assert!(settings.unenforced(profile).is_empty());
    assert_eq!(settings.safeguards, mothball::domain::safeguards::Safeguards::default());
    // ConnectWise takes one item per write: told, not refused.
    assert!(settings.warnings.iter().any(|warning| warning.contains("batch")), "{:?}", settings.warnings);
}
