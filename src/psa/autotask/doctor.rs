//! What `doctor` asks: zone, sign-in, pool, rights. Changes nothing, and does not wait for the hourly pool.

use super::{Autotask, companies, configurations::ENTITY as ITEMS, contracts, filter::Filter, notes, wire};
use crate::{
    domain::note::NoteOn,
    psa::{
        PsaError, clock,
        port::{Check, CheckVerdict, Result},
    },
};

const USER: &str = "the API user's page in Autotask (user type \"API User (API-only)\")";
const LEVEL: &str = "the API user's security level in Autotask (the level \"API User (system)\" has full access; a copy of it can be restricted)";

pub async fn check(psa: &Autotask) -> Vec<Check> {
    psa.api.be_heedless(true);
    let mut checks = Vec::new();
    if zone(psa, &mut checks).await && sign_in(psa, &mut checks).await {
        checks.extend(clock::check(psa.api.http()));
        checks.push(pool(psa).await);
        checks.push(readable(psa, ITEMS, "configuration items").await);
        checks.push(readable(psa, companies::ENTITY, "companies").await);
        checks.push(editable(psa).await);
        checks.push(types(psa).await);
        extras(psa, &mut checks).await;
        match psa.notes {
            NoteOn::None => {}
            NoteOn::Ticket => checks.push(notable(psa, notes::TICKET_NOTES, "tickets").await),
            NoteOn::Configuration => {
                checks.push(notable(psa, notes::ITEM_NOTES, "configuration items").await);
            }
        }
    }
    psa.api.be_heedless(false);
    checks
}

async fn zone(psa: &Autotask, checks: &mut Vec<Check>) -> bool {
    let (verdict, text, advice) = match psa.api.zone().await {
        Ok(zone) => {
            let name = zone.name.as_deref().unwrap_or("a zone without a name");
            let database = zone.database.map_or(String::new(), |number| format!(", database {number}"));
            let host = zone.base.host_str().unwrap_or_default();
            checks.push(Check::new("user", CheckVerdict::Passed, "the vendor knows user_name", None));
            (CheckVerdict::Passed, format!("{host} ({name}){database}"), None)
        }
        Err(error @ PsaError::SignIn { .. }) => {
            let advice = format!(
                "Check user_name: it is the user name (an address) on {USER}. It is not tried again by itself."
            );
            let check = Check::new("user", CheckVerdict::Failed, error.to_string(), Some(advice));
            checks.push(check.about("user_name"));
            return false;
        }
        Err(error) => {
            let advice = match &error {
                PsaError::Unreachable { .. } => {
                    "Check the network, the proxy and ca_file; base_url can be left out, the vendor's own host is asked then."
                }
                PsaError::Settings { .. } => "Leave base_url out, or name a host of Autotask's web services.",
                _ => "Something answers there, but not like Autotask; leave base_url out.",
            };
            (CheckVerdict::Failed, error.to_string(), Some(advice.to_owned()))
        }
    };
    checks.push(Check::new("zone", verdict, text, advice).about("base_url"));
    verdict == CheckVerdict::Passed
}

/// One call that any API user may make.
async fn sign_in(psa: &Autotask, checks: &mut Vec<Check>) -> bool {
    let told: Result<wire::EntityInformation> = psa.api.about(ITEMS, "entityInformation").await;
    match told {
        // Whoever is told that a right is missing has signed in.
        Ok(_) | Err(PsaError::Permission { .. }) => {
            checks.push(Check::new(
                "sign-in",
                CheckVerdict::Passed,
                "secret and integration_code are accepted",
                None,
            ));
            true
        }
        Err(error) => {
            let (name, advice, field) = match &error {
                PsaError::SignIn { message } if message.contains("integration_code") => (
                    "integration code",
                    format!("Check integration_code: it is the API tracking identifier on {USER}."),
                    "integration_code",
                ),
                PsaError::SignIn { .. } => (
                    "secret",
                    format!(
                        "Check secret: generate a new one on {USER}, and keep its special characters ($ ~ * # @) from the shell: {{ file = … }} or single quotes do. It is not tried again by itself, for repeated refusals can lock the user."
                    ),
                    "secret",
                ),
                other => ("sign-in", other.advice().to_owned(), "user_name"),
            };
            let check = Check::new(name, CheckVerdict::Failed, error.to_string(), Some(advice));
            checks.push(check.about(field));
            false
        }
    }
}

async fn pool(psa: &Autotask) -> Check {
    let name = "hourly pool";
    match psa.api.pool().await {
        Ok(Some(pool)) => {
            let share = pool.used as f64 / pool.limit as f64 * 100.0;
            let text = format!(
                "{} of {} requests used ({share:.0} %), by all integrations of this tenant together",
                pool.used, pool.limit
            );
            if psa.is_spent(&pool) {
                let advice = "A run waits until less is used. See which integration asks so much, or raise pace.requests in the profile (above 75 % nothing is sent in any case).";
                Check::new(name, CheckVerdict::Warned, text, Some(advice.to_owned()))
            } else {
                Check::new(name, CheckVerdict::Passed, text, None)
            }
        }
        Ok(None) => Check::new(name, CheckVerdict::Unknown, "the PSA does not tell how much is used", None),
        Err(error) => {
            let text = format!("{error}; without it only this program's own pace is kept");
            Check::new(name, CheckVerdict::Warned, text, Some(error.advice().to_owned()))
        }
    }
}

async fn readable(psa: &Autotask, entity: &'static str, noun: &str) -> Check {
    let name = format!("rights: read {noun}");
    match psa.api.count(entity, &Filter::all()).await {
        // A restricted level shows in empty lists, too [L].
        Ok(0) => Check::new(
            &name,
            CheckVerdict::Warned,
            format!("no {noun} can be seen"),
            Some(format!(
                "If the tenant has {noun}, look whether lines of business or company scope restrict {LEVEL}."
            )),
        ),
        Ok(count) => Check::new(&name, CheckVerdict::Passed, format!("{count} {noun} can be seen"), None),
        Err(error) => missing(&name, CheckVerdict::Failed, &error, &format!("view of {noun}")),
    }
}

/// Whether configuration items may be changed: the PSA tells that without a change.
async fn editable(psa: &Autotask) -> Check {
    let name = "rights: change configuration items";
    let told: wire::EntityInformation = match psa.api.about(ITEMS, "entityInformation").await {
        Ok(told) => told,
        Err(error) => {
            return missing(name, CheckVerdict::Unknown, &error, "edit of configuration items");
        }
    };
    let access = told.info.unwrap_or_default();
    let level = access.user_access_for_update.as_deref().map(|level| level.trim().to_lowercase());
    let advice = || Some(format!("Allow the edit of configuration items in {LEVEL}."));
    match (access.can_update, level.as_deref()) {
        (Some(false), _) | (_, Some("0" | "none")) => {
            Check::new(name, CheckVerdict::Failed, "this API user may not change them", advice())
        }
        (_, Some("2" | "restricted")) => {
            Check::new(name, CheckVerdict::Warned, "this API user may change some of them only", advice())
        }
        (Some(true), _) => Check::new(name, CheckVerdict::Passed, "allowed", None),
        (None, _) => Check::new(
            name,
            CheckVerdict::Unknown,
            "the PSA does not tell; the first change will show",
            advice(),
        ),
    }
}

/// What `offboarded.statuses` may name.
async fn types(psa: &Autotask) -> Check {
    let name = "company types";
    match psa.picklists(companies::ENTITY).await {
        Ok(lists) => {
            let shown: Vec<String> = lists
                .of_field("companyType")
                .iter()
                .map(|choice| {
                    format!("\"{}\"{}", choice.label, if choice.active { "" } else { " (inactive)" })
                })
                .collect();
            let advice = "The wizard \"Cancel organization\" makes a company inactive and gives it the type \"Cancelation\"; with offboarded.inactive and offboarded.statuses both are found.";
            let text = format!("types of this tenant: {}", shown.join(", "));
            Check::new(name, CheckVerdict::Passed, text, Some(advice.to_owned()))
        }
        Err(error) => missing(name, CheckVerdict::Failed, &error, "view of companies"),
    }
}

async fn extras(psa: &Autotask, checks: &mut Vec<Check>) {
    for (entity, noun, without) in [
        (
            contracts::ENTITY,
            "contracts",
            "whether a configuration item is still billed stays unknown, and contract_ended_days cannot be used",
        ),
        ("Tickets", "tickets", "whether tickets are open stays unknown"),
        ("Subscriptions", "subscriptions", "whether a configuration item is still billed stays unknown"),
    ] {
        let name = format!("rights: read {noun}");
        checks.push(match psa.api.count(entity, &Filter::all()).await {
            Ok(_) => Check::new(&name, CheckVerdict::Passed, "allowed", None),
            Err(error) => {
                let mut check = missing(&name, CheckVerdict::Warned, &error, &format!("view of {noun}"));
                check.text = format!("{}; without it {without}", check.text);
                check
            }
        });
    }
}

/// Whether notes can be written there, and whether this tenant has a choice of them that is internal.
async fn notable(psa: &Autotask, entity: &'static str, noun: &str) -> Check {
    let name = format!("rights: note on {noun}");
    let advice = || Some(format!("Allow {noun}' notes to be added in {LEVEL}."));
    let told: wire::EntityInformation = match psa.api.about(entity, "entityInformation").await {
        Ok(told) => told,
        Err(error) => {
            return missing(&name, CheckVerdict::Warned, &error, &format!("adding of notes on {noun}"));
        }
    };
    if let Err(error) = notes::choices(psa, entity).await {
        return Check::new(&name, CheckVerdict::Warned, error.to_string(), Some(error.advice().to_owned()));
    }
    let access = told.info.unwrap_or_default();
    let level = access.user_access_for_create.as_deref().map(|level| level.trim().to_lowercase());
    match (access.can_create, level.as_deref()) {
        (Some(false), _) | (_, Some("0" | "none")) => {
            Check::new(&name, CheckVerdict::Warned, "this API user may not add any", advice())
        }
        (Some(true), _) => Check::new(&name, CheckVerdict::Passed, "allowed", None),
        (None, _) => Check::new(
            &name,
            CheckVerdict::Unknown,
            "the PSA does not tell; the first note will show",
            advice(),
        ),
    }
}

fn missing(name: &str, verdict: CheckVerdict, error: &PsaError, right: &str) -> Check {
    let advice = match error {
        PsaError::Permission { .. } => format!("Allow the {right} in {LEVEL}."),
        other => other.advice().to_owned(),
    };
    Check::new(name, verdict, error.to_string(), Some(advice))
}
