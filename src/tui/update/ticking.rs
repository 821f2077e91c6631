//! Ticking. Every key that ticks comes through here, so that no rule is forgotten by one of them.

use std::collections::BTreeSet;

use super::{
    super::{
        desk::Trouble,
        effect::Effect,
        layout::Pane,
        model::{
            Model,
            data::LinksState,
            overlay::{HiddenChoice, Overlay},
            review::{Review, Show},
        },
        scroll::Go,
        theme::Meaning,
        ticks::Step,
    },
    links, listing, plan, viewing,
};
use crate::domain::{ClientId, ConfigId, Lifecycle, text::count};

/// One change of the ticks, as one step that can be undone.
pub fn change(model: &mut Model, on: Vec<ConfigId>, off: Vec<ConfigId>) -> Vec<Effect> {
    let step = model.review.ticks.change(on, off);
    follow(model, &step)
}

/// Takes ticks away whose purpose is served: nobody has to be told, and no undo brings them back.
pub(super) fn forget(model: &mut Model, done: &BTreeSet<ConfigId>) {
    let review = &mut model.review;
    for id in done {
        let Some(at) = review.data.row(id) else { continue };
        let client = &mut review.data.clients[review.data.rows[at as usize].client];
        client.ticked = client.ticked.saturating_sub(1);
    }
    review.ticks.retain(|id| !done.contains(id));
}

/// Everything that depends on the ticks.
fn follow(model: &mut Model, step: &Step) -> Vec<Effect> {
    let review = &mut model.review;
    let mut clients: Vec<ClientId> = Vec::new();
    for (ids, ticked) in [(&step.on, true), (&step.off, false)] {
        for id in ids {
            let Some(at) = review.data.row(id) else { continue };
            let client = &mut review.data.clients[review.data.rows[at as usize].client];
            client.ticked = if ticked { client.ticked + 1 } else { client.ticked.saturating_sub(1) };
            if ticked && client.links == LinksState::NotRead && clients.last() != Some(client.id()) {
                clients.push(client.id().clone());
            }
        }
    }
    let mut effects = if matches!(review.show, Show::Ticked | Show::Unticked) {
        // Which rows are shown depends on the ticks, so all of it is found out anew.
        listing::reshow_rows(model)
    } else {
        listing::count_hidden_after(review, step)
    };
    effects.extend(links::want(model, clients));
    effects
}

/// Space: this row, this range, or all rows of this client.
pub fn tick(model: &mut Model) -> Vec<Effect> {
    match model.review.focus {
        Pane::Clients => tick_client(model),
        Pane::Rows | Pane::Detail if model.review.range.is_some() => tick_range(model),
        Pane::Rows | Pane::Detail => {
            let (effects, moves) = tick_row(model);
            let height = model.list_height(Pane::Rows);
            if moves {
                let len = model.review.shown.len();
                model.review.rows.go(Go::By(1), len, height);
            }
            effects
        }
    }
}

/// Also says whether the cursor should move on.
fn tick_row(model: &mut Model) -> (Vec<Effect>, bool) {
    let Some(entry) = model.review.cursor_entry().cloned() else { return (Vec::new(), false) };
    let id = entry.id().clone();
    if let Some(why) = entry.row.kept_because() {
        model.say(Meaning::Warn, format!("{} cannot be ticked: {why}", entry.row.configuration.title()));
        return (Vec::new(), false);
    }
    let vanishes = matches!(model.review.show, Show::Ticked | Show::Unticked);
    let effects = if model.review.ticks.contains(&id) {
        change(model, Vec::new(), vec![id])
    } else {
        let lifecycle = entry.row.configuration.lifecycle();
        if lifecycle.is_mixed() {
            model.say(
                Meaning::Warn,
                format!("Mixed state ({}): ticked, since you chose this one.", lifecycle.words()),
            );
        }
        change(model, vec![id], Vec::new())
    };
    (effects, !vanishes)
}

fn tick_client(model: &mut Model) -> Vec<Effect> {
    let Some(client) = model.review.client else { return Vec::new() };
    let rows = model.review.data.clients[client].rows.clone();
    let effects = toggle(model, &rows, "this client");
    let len = model.review.shown_clients.len();
    let height = model.list_height(Pane::Clients);
    let before = model.review.clients.cursor;
    model.review.clients.go(Go::By(1), len, height);
    if model.review.clients.cursor == before {
        return effects;
    }
    let mut effects = effects;
    effects.extend(listing::enter_client(model));
    effects
}

fn tick_range(model: &mut Model) -> Vec<Effect> {
    let Some(range) = model.review.range() else { return Vec::new() };
    let last = model.review.shown.len().saturating_sub(1);
    let rows: Vec<u32> =
        range.filter(|line| *line <= last).filter_map(|line| model.review.shown.get(line).copied()).collect();
    model.review.range = None;
    toggle(model, &rows, "the range")
}

/// `a`: every visible row that may be ticked; again unticks them.
pub fn tick_all(model: &mut Model) -> Vec<Effect> {
    let rows = model.review.shown.clone();
    toggle(model, &rows, "what is visible")
}

/// Ticks all of them that may be ticked in bulk; if they all are ticked, unticks them.
fn toggle(model: &mut Model, rows: &[u32], what: &str) -> Vec<Effect> {
    let review = &model.review;
    let (mut on, mut off, mut mixed, mut locked) = (Vec::new(), Vec::new(), 0, 0);
    for at in rows {
        let entry = review.data.entry(*at);
        if review.ticks.contains(entry.id()) {
            off.push(entry.id().clone());
        } else if entry.may_tick_in_bulk() {
            on.push(entry.id().clone());
        } else if !entry.may_tick() {
            locked += 1;
        } else {
            mixed += 1;
        }
    }
    if on.is_empty() && off.is_empty() {
        let text = left_out(locked, mixed);
        model.say(Meaning::Info, format!("Nothing in {what} can be ticked this way{text}."));
        return Vec::new();
    }
    let text = if on.is_empty() {
        format!("Unticked {}", off.len())
    } else {
        off.clear();
        format!("Ticked {}{}", on.len(), left_out(locked, mixed))
    };
    let effects = change(model, on, off);
    model.say(Meaning::Info, text);
    effects
}

fn left_out(locked: usize, mixed: usize) -> String {
    let locked = if locked > 0 { format!("; {locked} locked") } else { String::new() };
    let mixed =
        if mixed > 0 { format!("; {mixed} in a mixed state: tick those one by one") } else { String::new() };
    format!("{locked}{mixed}")
}

/// `i`: the visible rows the other way round.
pub fn invert(model: &mut Model) -> Vec<Effect> {
    let review = &model.review;
    let (mut on, mut off) = (Vec::new(), Vec::new());
    for at in &review.shown {
        let entry = review.data.entry(*at);
        if review.ticks.contains(entry.id()) {
            off.push(entry.id().clone());
        } else if entry.may_tick() && entry.row.configuration.lifecycle() == Lifecycle::Active {
            on.push(entry.id().clone());
        }
    }
    model.say(Meaning::Info, format!("Inverted: {} ticked, {} unticked", on.len(), off.len()));
    change(model, on, off)
}

pub fn undo(model: &mut Model, redo: bool) -> Vec<Effect> {
    let step = if redo { model.review.ticks.redo() } else { model.review.ticks.undo() };
    let Some(step) = step else {
        model.say(Meaning::Info, if redo { "Nothing to redo." } else { "No ticking to undo." });
        return Vec::new();
    };
    let word = if redo { "Redone" } else { "Undone" };
    model.say(Meaning::Info, format!("{word}: {} ticked, {} unticked", step.on.len(), step.off.len()));
    follow(model, &step)
}

/// `U`: the rows of this client that hang on nothing. Links that are not known are read first.
pub fn tick_unlinked(model: &mut Model) -> Vec<Effect> {
    let complete = model.review.is_complete();
    let Some(client) = model.review.client else { return Vec::new() };
    let client = &mut model.review.data.clients[client];
    let id = client.id().clone();
    if !complete {
        model.say(Meaning::Info, "Links are read when the list is complete: try again then.");
        return Vec::new();
    }
    // What failed before gets another try.
    if matches!(client.links, LinksState::Failed(_)) {
        client.links = LinksState::NotRead;
    }
    let read = client.links == LinksState::Read;
    model.review.links.tick_unlinked.insert(id.clone());
    if read {
        return links::tick_unlinked(model, &[id]);
    }
    model.say(Meaning::Info, "Reading the links first.");
    links::want(model, [id])
}

/// Enter in Review: the Plan, never the act. What the filter hides is asked about first.
pub fn open_plan(model: &mut Model) -> Vec<Effect> {
    let review = &model.review;
    if review.ticks.is_empty() {
        model.tell(
            Meaning::Warn,
            "Nothing is ticked. Tick configurations with <tick>, or all without links with <tick-unlinked>; then press <open-plan>.",
        );
        return Vec::new();
    }
    if !review.is_complete() {
        let text = match model.load_failed() {
            Some(_) => {
                "The list is not complete, so nothing can be planned on it: read it again with <reload>."
            }
            None => "The list is still being read; a plan needs all of it. Your ticks stay.",
        };
        model.tell(Meaning::Warn, text);
        return Vec::new();
    }
    if model.runs() {
        model.overlay = Some(Overlay::Trouble {
            title: "A run is going on".to_owned(),
            trouble: Trouble {
                message: "One run at a time: the next one can be planned when this one has ended.".to_owned(),
                advice: model.keymap.spell("Press <go-run> to watch it. Your ticks stay."),
            },
        });
        return Vec::new();
    }
    let hidden = review.hidden();
    if !hidden.is_empty() {
        model.overlay = Some(Overlay::Hidden { ids: hidden, choice: HiddenChoice::default() });
        return Vec::new();
    }
    plan::begin(model, ticked(&model.review))
}

/// The answer about hidden ticks.
pub fn hidden_answer(model: &mut Model, ids: Vec<ConfigId>, choice: HiddenChoice) -> Vec<Effect> {
    match choice {
        HiddenChoice::Show => {
            model.review.show = Show::Ticked;
            let mut effects = listing::clear_filters(model);
            effects.extend(viewing::remember(model));
            model.tell(
                Meaning::Info,
                "These are ticked. Press <open-plan> again for the plan, <back> for all rows.",
            );
            effects
        }
        HiddenChoice::Untick => {
            let n = ids.len();
            let mut effects = change(model, Vec::new(), ids);
            model.say(
                Meaning::Info,
                format!("Unticked {}", count(n, "hidden configuration", "hidden configurations")),
            );
            if !model.review.ticks.is_empty() {
                effects.extend(plan::begin(model, ticked(&model.review)));
            }
            effects
        }
        HiddenChoice::Include => plan::begin(model, ticked(&model.review)),
    }
}

fn ticked(review: &Review) -> std::collections::BTreeSet<ConfigId> {
    review.ticks.iter().cloned().collect()
}
