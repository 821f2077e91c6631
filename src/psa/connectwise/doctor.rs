//! What `doctor` asks: address, sign-in, rights. Changes nothing.

use super::{
    ConnectWise, companies,
    configurations::PATH as CONFIGURATIONS,
    paging::List,
    wire::{self, filled},
};
use crate::{
    domain::note::NoteOn,
    psa::{
        PsaError, clock,
        names::quoted,
        port::{Check, CheckVerdict, Result},
    },
};

const KEYS: &str = "System > Members > API Members > API Keys";
const ROLE: &str = "System > Security Roles, the role of the API member";

pub async fn check(psa: &ConnectWise) -> Vec<Check> {
    let mut checks = Vec::new();
    if !address(psa, &mut checks).await || !sign_in(psa, &mut checks).await {
        return checks;
    }
    checks.extend(clock::check(psa.api.http()));
    companies_readable(psa, &mut checks).await;
    closed_statuses(psa, &mut checks).await;
    extras(psa, &mut checks).await;
    checks.push(edit_right(psa).await);
    if psa.notes == NoteOn::Ticket {
        checks.push(note_right(psa).await);
    }
    checks
}

async fn address(psa: &ConnectWise, checks: &mut Vec<Check>) -> bool {
    match psa.api.place().await {
        Ok(place) => {
            let name = filled(place.info.company_name.as_ref()).unwrap_or("a company that it does not name");
            let text = format!("{} answers for {name}, release {}", psa.api.site(), place.release);
            checks.push(Check::new("address", CheckVerdict::Passed, text, None));
            true
        }
        Err(error) => {
            let (advice, field) = match &error {
                PsaError::Settings { .. } => (
                    "Correct company_id (the first line of the PSA's sign-in screen) or base_url in the profile.",
                    "company_id",
                ),
                PsaError::Unreachable { .. } => (
                    "Check base_url, the network, the proxy and ca_file. In the vendor's cloud the host begins with api-, like https://api-na.myconnectwise.net.",
                    "base_url",
                ),
                _ => ("Check base_url: something answers there, but not like ConnectWise PSA.", "base_url"),
            };
            let advice = Some(advice.to_owned());
            checks.push(Check::new("address", CheckVerdict::Failed, error.to_string(), advice).about(field));
            false
        }
    }
}

async fn sign_in(psa: &ConnectWise, checks: &mut Vec<Check>) -> bool {
    match psa.api.count(CONFIGURATIONS, None).await {
        Ok(count) => {
            checks.push(Check::new(
                "sign-in",
                CheckVerdict::Passed,
                "the key pair and the client id are accepted",
                None,
            ));
            let text = format!("{count} configurations can be seen");
            checks.push(Check::new("rights: read configurations", CheckVerdict::Passed, text, None));
            true
        }
        Err(PsaError::Permission { message }) => {
            // Signed in, it seems; companies will show whether that is so.
            if psa.api.count(companies::PATH, None).await.is_err() {
                checks.push(Check::new(
                    "sign-in",
                    CheckVerdict::Failed,
                    format!("{message} (neither configurations nor companies can be read)"),
                    Some(format!(
                        "Either client_id is missing or not valid, or the API member's role has no rights; the PSA answers both the same way. See developer.connectwise.com for the client id, and {ROLE}."
                    )),
                ).about("client_id"));
                return false;
            }
            checks.push(Check::new(
                "sign-in",
                CheckVerdict::Passed,
                "the key pair and the client id are accepted",
                None,
            ));
            checks.push(Check::new(
                "rights: read configurations",
                CheckVerdict::Failed,
                message,
                Some(format!("Set Companies > Configurations to Inquire All and Edit All in {ROLE}.")),
            ));
            true
        }
        Err(error) => {
            let (advice, field) = match &error {
                PsaError::SignIn { .. } => (
                    format!(
                        "Check public_key, private_key and company_id ({KEYS}), and client_id (developer.connectwise.com). The PSA does not say which of them is wrong. It is not tried again by itself."
                    ),
                    "private_key",
                ),
                PsaError::Refused { status: 404, .. } | PsaError::Unreachable { .. } => (
                    format!(
                        "The address answers without a sign-in but not with one. In the vendor's cloud this can also mean wrong keys ({KEYS}); else check base_url and the proxy."
                    ),
                    "private_key",
                ),
                _ => (error.advice().to_owned(), "base_url"),
            };
            let check = Check::new("sign-in", CheckVerdict::Failed, error.to_string(), Some(advice));
            checks.push(check.about(field));
            false
        }
    }
}

async fn companies_readable(psa: &ConnectWise, checks: &mut Vec<Check>) {
    let name = "rights: read companies";
    checks.push(match psa.api.count(companies::PATH, None).await {
        Ok(count) => Check::new(name, CheckVerdict::Passed, format!("{count} companies can be seen"), None),
        Err(error) => {
            missing(name, CheckVerdict::Failed, &error, "Companies > Company Maintenance: Inquire All")
        }
    });
    let name = "rights: read company statuses";
    checks.push(match psa.company_statuses().await {
        Ok(statuses) => {
            let inactive = statuses.inactive_ids().count();
            Check::new(
                name,
                CheckVerdict::Passed,
                format!("{inactive} of the company statuses mark a company as inactive"),
                None,
            )
        }
        Err(error) => missing(name, CheckVerdict::Failed, &error, "System > Table Setup: Inquire All"),
    });
}

/// Which statuses may serve as `deactivate.status`.
async fn closed_statuses(psa: &ConnectWise, checks: &mut Vec<Check>) {
    let name = "configuration statuses";
    checks.push(match psa.statuses().await {
        Ok(statuses) => {
            let closed = statuses.closed_names();
            match best(&closed) {
                Some(best) => Check::new(
                    name,
                    CheckVerdict::Passed,
                    format!("closed statuses of this tenant: {}", quoted(&closed)),
                    Some(format!(
                        "With deactivate.status = \"{best}\" both sides of \"inactive\" are set; lists and reports of the PSA go by the status."
                    )),
                ),
                None => Check::new(
                    name,
                    CheckVerdict::Warned,
                    "no configuration status of this tenant is marked as closed",
                    Some(
                        "Make one in System > Setup Tables > Configuration Status (for instance \"Retired\", with Closed ticked) and name it in deactivate.status; until then only the active mark is taken off."
                            .to_owned(),
                    ),
                ),
            }
        }
        Err(error) => missing(name, CheckVerdict::Failed, &error, "System > Table Setup: Inquire All"),
    });
}

/// The closed status whose name says most plainly that the record is retired.
fn best(closed: &[String]) -> Option<&String> {
    ["decommission", "retired", "inactive"]
        .iter()
        .find_map(|word| closed.iter().find(|name| name.to_lowercase().contains(word)))
        .or(closed.first())
}

async fn extras(psa: &ConnectWise, checks: &mut Vec<Check>) {
    for (name, path, right, without) in [
        (
            "rights: read agreements",
            "/finance/agreements",
            "Finance > Agreements: Inquire All",
            "whether a configuration is still billed stays unknown, and contract_ended_days cannot be used",
        ),
        (
            "rights: read tickets",
            "/service/tickets",
            "Service Desk > Service Tickets: Inquire All",
            "whether tickets are open stays unknown",
        ),
    ] {
        checks.push(match psa.api.count(path, None).await {
            Ok(_) => Check::new(name, CheckVerdict::Passed, "allowed", None),
            Err(error) => {
                let mut check = missing(name, CheckVerdict::Warned, &error, right);
                check.text = format!("{}; without it {without}", check.text);
                check
            }
        });
    }
}

fn missing(name: &str, verdict: CheckVerdict, error: &PsaError, right: &str) -> Check {
    let advice = match error {
        PsaError::Permission { .. } => format!("Set {right} in {ROLE}."),
        other => other.advice().to_owned(),
    };
    Check::new(name, verdict, error.to_string(), Some(advice))
}

/// Whether configurations may be changed, as far as the PSA tells without a change.
async fn edit_right(psa: &ConnectWise) -> Check {
    let name = "rights: edit configurations";
    let untold = |why: String| {
        Check::new(
            name,
            CheckVerdict::Unknown,
            why,
            Some(format!(
                "Make sure that Companies > Configurations has Edit All in {ROLE}; the first change will show."
            )),
        )
    };
    let rows = match own_rights(psa).await {
        Ok(rows) => rows,
        Err(error) => return untold(format!("the PSA does not tell this API member its rights: {error}")),
    };
    let about = ["configurations", "companyconfigurations", "companyconfiguration"];
    let Some(row) = rows.iter().find(|row| is_about(row, &about)) else {
        return untold("the PSA's list of rights has no line for configurations".to_owned());
    };
    let level = filled(row.edit_level.as_ref()).unwrap_or("None");
    match level {
        "All" if row.custom_flag == Some(true) => Check::new(
            name,
            CheckVerdict::Warned,
            "Edit All, but customised: some configuration types may be hidden from this API member",
            Some(format!("Look at \"customize\" beside Companies > Configurations in {ROLE}.")),
        ),
        "All" => Check::new(name, CheckVerdict::Passed, "Edit All", None),
        "My" => Check::new(
            name,
            CheckVerdict::Failed,
            "Edit My: only its own configurations can be changed",
            Some(format!("Set Companies > Configurations to Edit All in {ROLE}.")),
        ),
        other => Check::new(
            name,
            CheckVerdict::Failed,
            format!("Edit {other}: configurations cannot be changed"),
            Some(format!("Set Companies > Configurations to Edit All in {ROLE}.")),
        ),
    }
}

/// Whether a note can be written on a ticket, as far as the PSA tells without one.
async fn note_right(psa: &ConnectWise) -> Check {
    let name = "rights: note on tickets";
    let advice =
        Some(format!("Set Service Desk > Service Tickets to Edit All in {ROLE}; the first note will show."));
    let rows = match own_rights(psa).await {
        Ok(rows) => rows,
        Err(error) => {
            let text = format!("the PSA does not tell this API member its rights: {error}");
            return Check::new(name, CheckVerdict::Unknown, text, advice);
        }
    };
    let Some(row) = rows.iter().find(|row| is_about(row, &["servicetickets", "serviceticket", "tickets"]))
    else {
        let text = "the PSA's list of rights has no line for service tickets";
        return Check::new(name, CheckVerdict::Unknown, text, advice);
    };
    match filled(row.edit_level.as_ref()).unwrap_or("None") {
        "All" => Check::new(name, CheckVerdict::Passed, "Edit All", None),
        other => Check::new(
            name,
            CheckVerdict::Warned,
            format!("Edit {other}: the note on the run's ticket may be refused"),
            advice,
        ),
    }
}

async fn own_rights(psa: &ConnectWise) -> Result<Vec<wire::MySecurity>> {
    psa.api.setup_list(&List::new("right", "/system/mySecurity", "")).await
}

/// The exact identifiers are not published: the name decides, in either member.
fn is_about(row: &wire::MySecurity, names: &[&str]) -> bool {
    let plain = |text: &Option<String>| {
        filled(text.as_ref()).map(|text| text.to_lowercase().replace([' ', '_', '-'], "")).unwrap_or_default()
    };
    [plain(&row.module_function_name), plain(&row.module_function_identifier)]
        .iter()
        .any(|name| names.contains(&name.as_str()))
}
