//! What `doctor` asks: address, tenant, token, scopes, rights. Changes nothing.

use super::{
    APPLICATION, HaloPsa, assets, clients, contracts,
    paging::List,
    token::{EXTRAS, NEEDED, NOTES},
};
use crate::{
    domain::note::NoteOn,
    psa::{
        PsaError, clock,
        names::quoted,
        port::{Check, CheckVerdict},
    },
};

const CREDENTIALS: &str = "Configuration > Integrations > Halo API > View Applications";
const DETAILS: &str = "Configuration > Integrations > Halo API > API Details";
const AGENT: &str = "Configuration > Teams & Agents > Agents, the agent that the application logs in as";

pub async fn check(psa: &HaloPsa) -> Vec<Check> {
    let mut checks = Vec::new();
    if !address(psa, &mut checks).await || !sign_in(psa, &mut checks).await {
        return checks;
    }
    checks.extend(clock::check(psa.api.http()));
    scopes(psa, &mut checks).await;
    let clients = clients_readable(psa, &mut checks).await;
    assets_readable(psa, clients, &mut checks).await;
    statuses(psa, &mut checks).await;
    extras(psa, &mut checks).await;
    checks.push(edit_right(psa).await);
    if psa.notes == NoteOn::Ticket {
        checks.push(note_right(psa).await);
    }
    checks
}

async fn address(psa: &HaloPsa, checks: &mut Vec<Check>) -> bool {
    let place = match psa.api.place().await {
        Ok(place) => place,
        Err(error) => {
            let advice = match &error {
                PsaError::Settings { .. } => {
                    format!(
                        "Compare base_url with the Resource Server in {DETAILS}; both must be the same host."
                    )
                }
                PsaError::Unreachable { .. } => {
                    format!(
                        "Check base_url, the network, the proxy and ca_file. The right address is the Resource Server in {DETAILS}, without /api."
                    )
                }
                _ => "Check base_url: something answers there, but not like HaloPSA.".to_owned(),
            };
            let check = Check::new("address", CheckVerdict::Failed, error.to_string(), Some(advice));
            checks.push(check.about("base_url"));
            return false;
        }
    };
    let site = psa.api.site();
    checks.push(Check::new("address", CheckVerdict::Passed, format!("{site} answers"), None));
    checks.push(match (place.name(), place.differs()) {
        (Some(name), true) => Check::new(
            "tenant",
            CheckVerdict::Warned,
            format!("the PSA calls itself \"{name}\", the profile says otherwise"),
            Some(format!("Set tenant to \"{name}\", or leave it out; {DETAILS} shows it.")),
        )
        .about("tenant"),
        (Some(name), false) => Check::new("tenant", CheckVerdict::Passed, format!("\"{name}\""), None),
        (None, _) => Check::new(
            "tenant",
            CheckVerdict::Passed,
            "the PSA names none, as on premise",
            Some(format!("If the sign-in is refused in the vendor's cloud, set tenant; {DETAILS} shows it.")),
        ),
    });
    true
}

async fn sign_in(psa: &HaloPsa, checks: &mut Vec<Check>) -> bool {
    let error = match psa.api.count(&assets::everything()).await {
        // Signed in: what is missing shows below.
        Ok(_) | Err(PsaError::Permission { .. } | PsaError::Refused { .. }) => {
            checks.push(Check::new("sign-in", CheckVerdict::Passed, "the application gets a token", None));
            return true;
        }
        Err(error) => error,
    };
    let (advice, field) = match &error {
        PsaError::SignIn { .. } => (
            format!(
                "Check client_id, client_secret and that the application is active, with method \"Client ID and Secret (Services)\" and an agent to log in as ({CREDENTIALS}), and tenant ({DETAILS}). It is not tried again by itself."
            ),
            "client_secret",
        ),
        PsaError::Unreachable { .. } => (
            format!(
                "The address answers, its sign-in does not. Check tenant, and the Authorisation Server in {DETAILS}."
            ),
            "tenant",
        ),
        other => (other.advice().to_owned(), "client_id"),
    };
    let check = Check::new("sign-in", CheckVerdict::Failed, error.to_string(), Some(advice));
    checks.push(check.about(field));
    false
}

/// What the token may do, as far as its answer told. An application with `all` needs nothing else.
async fn scopes(psa: &HaloPsa, checks: &mut Vec<Check>) {
    let name = "scopes";
    let Some(granted) = psa.api.granted().await else {
        checks.push(Check::new(
            name,
            CheckVerdict::Unknown,
            "the PSA does not tell what the token may do",
            None,
        ));
        return;
    };
    let has: Vec<&str> = granted.split([' ', ',']).collect();
    let all = has.iter().any(|scope| ["all", "all:standard", "admin"].contains(scope));
    let missing = |wanted: &[&str]| -> Vec<String> {
        wanted.iter().filter(|scope| !all && !has.contains(scope)).map(ToString::to_string).collect()
    };
    let (needed, extra) = (missing(&NEEDED), missing(&EXTRAS));
    let advice = || Some(format!("Tick them in {APPLICATION}."));
    checks.push(if !needed.is_empty() {
        let text = format!("the application was not granted {}", quoted(&needed));
        Check::new(name, CheckVerdict::Failed, text, advice())
    } else if !extra.is_empty() {
        let text = format!("the application was not granted {}, which serve the warnings", quoted(&extra));
        Check::new(name, CheckVerdict::Warned, text, advice())
    } else {
        Check::new(name, CheckVerdict::Passed, "all that is needed was granted", None)
    });
}

/// How many clients can be seen, if that can be told.
async fn clients_readable(psa: &HaloPsa, checks: &mut Vec<Check>) -> Option<u64> {
    let name = "rights: read clients";
    let count = psa.api.count(&clients::everybody()).await;
    checks.push(match &count {
        Ok(0) => Check::new(
            name,
            CheckVerdict::Failed,
            "the list of clients is empty: this PSA shows missing rights as empty lists",
            Some(format!("Set \"Allow use of all Customers\" to Yes and give the right to see clients: {AGENT}; and tick read:customers in {APPLICATION}.")),
        ),
        Ok(1) => Check::new(
            name,
            CheckVerdict::Warned,
            "1 client can be seen: the agent may be restricted to it",
            Some(format!("Set \"Allow use of all Customers\" to Yes: {AGENT}.")),
        ),
        Ok(count) => Check::new(
            name,
            CheckVerdict::Passed,
            format!("{count} clients can be seen"),
            Some(format!("If the PSA has more, the agent is restricted: set \"Allow use of all Customers\" to Yes ({AGENT}).")),
        ),
        Err(error) => missing(name, CheckVerdict::Failed, error, "read:customers"),
    });
    count.ok()
}

async fn assets_readable(psa: &HaloPsa, clients: Option<u64>, checks: &mut Vec<Check>) {
    let name = "rights: read assets";
    checks.push(match psa.api.count(&assets::everything()).await {
        Ok(0) if clients.is_some_and(|clients| clients > 0) => Check::new(
            name,
            CheckVerdict::Failed,
            "the list of assets is empty although there are clients: this PSA shows missing rights as empty lists",
            Some(format!("Give the right to see assets: {AGENT}; and tick read:assets in {APPLICATION}.")),
        ),
        Ok(0) => Check::new(name, CheckVerdict::Warned, "the list of assets is empty", None),
        Ok(count) => Check::new(name, CheckVerdict::Passed, format!("{count} assets can be seen"), None),
        Err(error) => missing(name, CheckVerdict::Failed, &error, "read:assets"),
    });
}

/// Which statuses may serve as `deactivate.status`.
async fn statuses(psa: &HaloPsa, checks: &mut Vec<Check>) {
    let name = "asset statuses";
    checks.push(match psa.statuses().await {
        Ok(statuses) => {
            let names = statuses.names();
            if names.is_empty() {
                Check::new(
                    name,
                    CheckVerdict::Passed,
                    "this tenant has none; the inactive mark is enough",
                    None,
                )
            } else {
                let text = format!("statuses of this tenant: {}", quoted(&names));
                let advice =
                    "The inactive mark retires an asset; deactivate.status may set one of these beside it.";
                Check::new(name, CheckVerdict::Passed, text, Some(advice.to_owned()))
            }
        }
        Err(error) => missing(name, CheckVerdict::Warned, &error, "read:assets"),
    });
}

async fn extras(psa: &HaloPsa, checks: &mut Vec<Check>) {
    let invoices = List::new("recurring invoice", "/RecurringInvoice", "invoices");
    let tickets = List::new("ticket", "/Tickets", "tickets").with("open_only", &true);
    for (name, list, right, without) in [
        (
            "rights: read contracts",
            contracts::all(),
            "read:contracts",
            "whether an asset stands in a running contract stays unknown, and contract_ended_days cannot be used",
        ),
        (
            "rights: read recurring invoices",
            invoices,
            "read:invoices",
            "whether an asset is still billed stays unknown",
        ),
        ("rights: read tickets", tickets, "read:tickets", "whether tickets are open stays unknown"),
    ] {
        checks.push(match psa.api.count(&list).await {
            Ok(count) if count > 0 => Check::new(name, CheckVerdict::Passed, "allowed", None),
            Ok(_) => match psa.api.may_be_empty(&list).await {
                Ok(()) => Check::new(name, CheckVerdict::Passed, "allowed; there are none", None),
                Err(error) => missing(name, CheckVerdict::Unknown, &error, right),
            },
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
        PsaError::Permission { .. } => {
            format!("Tick {right} in {APPLICATION}, and give the agent the same right: {AGENT}.")
        }
        other => other.advice().to_owned(),
    };
    Check::new(name, verdict, error.to_string(), Some(advice))
}

/// Whether a note can be written on a ticket: only one would show what the agent may do.
async fn note_right(psa: &HaloPsa) -> Check {
    let name = "rights: note on tickets";
    let advice = Some(format!(
        "Make sure that {NOTES} is ticked in {APPLICATION}, and that the agent may add private notes to tickets: {AGENT}; the first note will show."
    ));
    match psa.api.granted().await {
        Some(granted)
            if !granted
                .split([' ', ','])
                .any(|scope| ["all", "all:standard", "admin", NOTES].contains(&scope)) =>
        {
            Check::new(name, CheckVerdict::Warned, format!("the application was not granted {NOTES}"), advice)
        }
        Some(_) => {
            let text = "the application may; what its agent may do shows with the first note";
            Check::new(name, CheckVerdict::Unknown, text, advice)
        }
        None => Check::new(name, CheckVerdict::Unknown, "the PSA does not tell", advice),
    }
}

/// Whether assets may be changed: only a change would show what the agent may do.
async fn edit_right(psa: &HaloPsa) -> Check {
    let name = "rights: edit assets";
    let advice = Some(format!(
        "Make sure that edit:assets is ticked in {APPLICATION}, and that the agent may modify assets: {AGENT}; the first change will show."
    ));
    match psa.api.granted().await {
        Some(granted)
            if granted
                .split([' ', ','])
                .any(|scope| ["all", "all:standard", "admin", "edit:assets"].contains(&scope)) =>
        {
            Check::new(
                name,
                CheckVerdict::Unknown,
                "the application may; what its agent may do shows with the first change",
                advice,
            )
        }
        Some(_) => {
            Check::new(name, CheckVerdict::Failed, "the application was not granted edit:assets", advice)
        }
        None => Check::new(name, CheckVerdict::Unknown, "the PSA does not tell", advice),
    }
}
