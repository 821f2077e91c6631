//! The Plan as a page: what would happen, most important first.

use std::collections::{BTreeMap, HashMap};

use tui_input::Input;

use super::super::{
    cells,
    desk::{Draft, PlanView, Setting, Trouble},
    prose::Prose,
    scroll::Scroll,
    symbols::Symbols,
    theme::Meaning,
};
use crate::domain::{
    ClientId, ConfigId, RunId, SkipReason,
    links::LinkKind,
    survey::{Found, SurveyedClient},
    text::count,
};

/// An entry of the page that is drawn only when it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanEntry {
    /// An item of the plan.
    Item(usize),
    /// A configuration that is left out: client and place in the survey.
    Left(usize, usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Reason,
    Ticket,
}

#[derive(Debug)]
pub enum PlanState {
    Planning,
    Ready(Box<PlanView>),
    Failed(Trouble),
}

#[derive(Debug)]
pub struct PlanPage {
    pub generation: u64,
    pub state: PlanState,
    pub draft: Draft,
    /// This is a retry of that run: planning again asks for that once more.
    pub retry_of: Option<RunId>,
    pub reason: Input,
    pub ticket: Input,
    pub typing: Option<Field>,
    /// Its terms changed, and it could not be planned again at once.
    pub stale: bool,
    pub page: Prose<PlanEntry>,
    pub scroll: Scroll,
    /// Where a configuration stands in the survey.
    pub found: HashMap<ConfigId, (usize, usize)>,
}

impl PlanPage {
    pub fn new(generation: u64, draft: Draft, retry_of: Option<RunId>) -> Self {
        Self {
            generation,
            state: PlanState::Planning,
            reason: Input::new(draft.reason.clone().unwrap_or_default()),
            ticket: Input::new(draft.ticket.clone().unwrap_or_default()),
            draft,
            retry_of,
            typing: None,
            stale: false,
            page: Prose::new(80),
            scroll: Scroll::default(),
            found: HashMap::new(),
        }
    }

    pub fn view(&self) -> Option<&PlanView> {
        match &self.state {
            PlanState::Ready(view) => Some(view),
            _ => None,
        }
    }

    pub fn take(&mut self, view: Box<PlanView>) {
        self.found = view
            .survey
            .clients
            .iter()
            .enumerate()
            .flat_map(|(c, client)| {
                client
                    .found
                    .iter()
                    .enumerate()
                    .map(move |(f, found)| (found.configuration.id.clone(), (c, f)))
            })
            .collect();
        self.state = PlanState::Ready(view);
    }

    pub fn found(&self, id: &ConfigId) -> Option<&Found> {
        let (client, at) = self.found.get(id)?;
        self.view()?.survey.clients.get(*client)?.found.get(*at)
    }

    /// Writes the page for this width.
    pub fn write(&mut self, width: usize, setting: &Setting, symbols: &Symbols) {
        if let PlanState::Ready(view) = &self.state {
            self.page = write(view, &self.found, width, setting, symbols);
        }
    }
}

/// `Acme (id 7)`.
pub fn client_title(client: &SurveyedClient) -> String {
    match (&client.id, client.name.as_deref().map(str::trim).filter(|name| !name.is_empty())) {
        (Some(id), Some(name)) => format!("{name} (id {id})"),
        (Some(id), None) => format!("#{id}"),
        (None, Some(name)) => name.to_owned(),
        (None, None) => "a client that is not known".to_owned(),
    }
}

/// `12 configurations of 2 companies`.
pub fn extent(view: &PlanView, setting: &Setting) -> String {
    let nouns = &setting.nouns;
    format!(
        "{} of {}",
        count(view.plan.items().len(), nouns.configuration, nouns.configurations),
        count(view.plan.clients().len(), nouns.client, nouns.clients),
    )
}

fn write(
    view: &PlanView,
    found: &HashMap<ConfigId, (usize, usize)>,
    width: usize,
    setting: &Setting,
    symbols: &Symbols,
) -> Prose<PlanEntry> {
    let mut page = Prose::new(width);
    let items = view.plan.items();
    for why in &view.refused {
        page.item(0, symbols.failed, Meaning::Bad, &format!("This plan cannot start: {why}"));
    }
    if items.is_empty() {
        page.say(0, Meaning::Title, "Nothing would be changed: everything that was ticked is left out.");
    } else if view.dry_run {
        page.say(
            0,
            Meaning::Title,
            &format!("Dry run: {} would be set inactive, but nothing is written.", extent(view, setting)),
        );
    } else {
        page.say(0, Meaning::Title, &format!("{} will be set inactive.", extent(view, setting)));
    }
    if let Some(parent) = &view.plan.head().parent {
        page.say(0, Meaning::Muted, &format!("This tries again what failed in run {parent}."));
    }
    for status in wanted_statuses(view) {
        page.say(0, Meaning::Muted, &format!("Their status becomes \"{status}\"."));
    }
    for text in view.warnings.iter().chain(&view.survey.warnings) {
        page.item(0, symbols.warning, Meaning::Warn, text);
    }
    for text in linked(view, found, setting) {
        page.item(0, symbols.warning, Meaning::Warn, &text);
    }
    for problem in &view.survey.problems {
        page.item(0, symbols.failed, Meaning::Bad, &problem.message);
    }

    let mut by_client: HashMap<&ClientId, Vec<usize>> = HashMap::new();
    for (at, item) in items.iter().enumerate() {
        by_client.entry(&item.client_id).or_default().push(at);
    }
    for client in &view.survey.clients {
        let own = client.id.as_ref().and_then(|id| by_client.get(id)).map_or(&[][..], Vec::as_slice);
        if own.is_empty() && client.problems.is_empty() && client.warnings.is_empty() {
            continue;
        }
        page.heading(&client_title(client));
        if let Some(offboarded) = &client.offboarded {
            page.say(2, Meaning::Text, &format!("Counts as offboarded: {}", offboarded.because()));
        }
        if client.signs_of_life.is_empty() {
            page.say(2, Meaning::Muted, "Signs of life: none found");
        }
        for sign in &client.signs_of_life {
            page.item(2, symbols.warning, Meaning::Warn, &format!("Sign of life: {sign}"));
        }
        for text in &client.warnings {
            page.item(2, symbols.warning, Meaning::Warn, text);
        }
        for problem in &client.problems {
            page.item(2, symbols.failed, Meaning::Bad, &problem.message);
        }
        let mut types: BTreeMap<&str, usize> = BTreeMap::new();
        for at in own {
            *types.entry(items[*at].config_type.as_str()).or_default() += 1;
        }
        let types: Vec<String> = types.iter().map(|(name, n)| format!("{n} {name}")).collect();
        if !types.is_empty() {
            page.say(2, Meaning::Text, &format!("{} to deactivate: {}", own.len(), types.join(", ")));
        }
        for at in own {
            page.entry(PlanEntry::Item(*at));
        }
    }
    left_out(view, &mut page);

    page.heading("The record");
    let pool = view.estimate.pool.map_or(String::new(), pool_words);
    page.say(
        2,
        Meaning::Text,
        &format!(
            "Takes about {} and {}{pool}.",
            cells::duration(view.estimate.seconds),
            count(view.estimate.requests as usize, "request", "requests")
        ),
    );
    page.say(2, Meaning::Muted, &format!("Digest {}", view.digest));
    page.say(
        2,
        Meaning::Muted,
        &format!(
            "Run {}, plan valid until {} UTC",
            view.plan.head().run,
            view.plan.head().expires_at.minutes()
        ),
    );
    page.say(2, Meaning::Muted, &format!("Tenant {}", view.plan.head().tenant));
    page
}

fn wanted_statuses(view: &PlanView) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for item in view.plan.items() {
        if let Some(status) = &item.wanted.status
            && !names.contains(&status.name)
        {
            names.push(status.name.clone());
        }
    }
    names
}

/// One sentence for each kind of link that planned configurations still have.
fn linked(view: &PlanView, found: &HashMap<ConfigId, (usize, usize)>, setting: &Setting) -> Vec<String> {
    let mut counts: BTreeMap<LinkKind, (usize, BTreeMap<&str, usize>)> = BTreeMap::new();
    let (mut unknown, mut unread) = (0, 0);
    for item in view.plan.items() {
        let Some((client, at)) = found.get(&item.config_id) else { continue };
        let links = &view.survey.clients[*client].found[*at].links;
        for kind in links.linked() {
            let (n, names) = counts.entry(kind).or_default();
            *n += 1;
            for link in links.get(kind).items() {
                *names.entry(link.name.as_str()).or_default() += 1;
            }
        }
        if links.summary() == "not read" {
            unread += 1;
        } else if links.have_unknown() {
            unknown += 1;
        }
    }
    let mut sentences = Vec::new();
    for (kind, (n, names)) in counts {
        let mut named: Vec<(&str, usize)> = names.into_iter().collect();
        named.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        let more = if named.len() > 4 { format!(", {} more", named.len() - 4) } else { String::new() };
        let named: Vec<String> = named.iter().take(4).map(|(name, n)| format!("{name} {n}")).collect();
        let named = format!("{}{more}", named.join(", "));
        let them = if n == 1 { "it" } else { "them" };
        sentences.push(match kind {
            LinkKind::Billing => format!(
                "Still billed: {n} ({named}). Deactivating does not end the billing: change the {} yourself.",
                setting.nouns.agreement.to_lowercase()
            ),
            LinkKind::Tickets => {
                format!("Open tickets: {n} ({named}). They stay open: close them or move them yourself.")
            }
            LinkKind::Children => {
                format!("With active children: {n} ({named}). The children stay active unless they are ticked too.")
            }
            LinkKind::Rmm => {
                format!("RMM still linked: {n} ({named}). Stop the sync first, or it will bring {them} back.")
            }
        });
    }
    if unknown > 0 {
        sentences.push(format!(
            "Links unknown: {}. Nobody could read what still hangs on them.",
            count(unknown, setting.nouns.configuration, setting.nouns.configurations)
        ));
    }
    if unread > 0 {
        sentences.push(format!(
            "Links not read: {}. What still hangs on them is not known.",
            count(unread, setting.nouns.configuration, setting.nouns.configurations)
        ));
    }
    sentences
}

/// What stays as it is, by reason. What nobody ticked is only counted.
/// `, 49 % of this hour's pool (31 % is used already)`
fn pool_words(pool: crate::tui::desk::Pool) -> String {
    let window = match pool.window_seconds {
        3600 => "this hour's pool".to_owned(),
        seconds => format!("the pool of {}", cells::duration(f64::from(seconds))),
    };
    format!(", {:.0} % of {window} ({:.0} % is used already)", pool.takes * 100.0, pool.used * 100.0)
}

fn left_out(view: &PlanView, page: &mut Prose<PlanEntry>) {
    let mut reasons: BTreeMap<SkipReason, Vec<(usize, usize)>> = BTreeMap::new();
    for (c, client) in view.survey.clients.iter().enumerate() {
        for (f, found) in client.found.iter().enumerate() {
            if let Some(reason) = found.skip {
                reasons.entry(reason).or_default().push((c, f));
            }
        }
    }
    if reasons.is_empty() {
        return;
    }
    page.heading("Left as they are");
    for (reason, places) in reasons {
        page.say(2, Meaning::Text, &format!("{}: {}", reason.words(), places.len()));
        if reason != SkipReason::NotSelected && reason != SkipReason::AlreadyInactive {
            for (client, at) in places {
                page.entry(PlanEntry::Left(client, at));
            }
        }
    }
}
