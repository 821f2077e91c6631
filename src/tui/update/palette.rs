//! The palette: every action of the table by a word of its title or its id, and done as its key would.
//! What leads to writes leads to its confirmation from here, too.

use nucleo_matcher::{
    Matcher, Utf32String,
    pattern::{CaseMatching, Normalization, Pattern},
};

use super::{
    super::{
        action::{Action, Scope, Spec, TABLE},
        effect::Effect,
        filter,
        key::Key,
        line_input,
        model::{
            Model,
            overlay::{Overlay, PaletteBox},
        },
    },
    act, going, is_available,
    why_not::why_not,
};

/// A line of the palette.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub action: Action,
    /// Why it can do nothing here and now; `None` if it can.
    pub obstacle: Option<String>,
    /// Which characters of the title made it fit.
    pub marks: Vec<u32>,
}

/// What fits the text: an id written in full, what works here and now, and among that the best first.
pub fn found(model: &Model, text: &str) -> Vec<Found> {
    let pattern = Pattern::parse(text.trim(), CaseMatching::Ignore, Normalization::Smart);
    let mut matcher = filter::matcher();
    let mut all: Vec<(u32, Found)> = TABLE
        .iter()
        .filter(|spec| is_offered(spec))
        .filter_map(|spec| {
            let (score, marks) = fit(spec, &pattern, &mut matcher)?;
            let obstacle = obstacle(model, spec);
            Some((score, Found { action: spec.action, obstacle, marks }))
        })
        .collect();
    // An id written in full is what was meant. Stable: what fits equally well stays in the order of the table.
    let text = text.trim();
    all.sort_by_key(|(score, found)| {
        (found.action.spec().id != text, found.obstacle.is_some(), std::cmp::Reverse(*score))
    });
    all.into_iter().map(|(_, found)| found).collect()
}

/// Answers to questions are no actions of their own, and the palette is open already.
fn is_offered(spec: &Spec) -> bool {
    let inner = [Scope::Typing, Scope::Dialog, Scope::Reading, Scope::Choosing, Scope::Copying, Scope::Setup];
    spec.action != Action::Palette && !spec.scopes.iter().all(|scope| inner.contains(scope))
}

fn fit(spec: &Spec, pattern: &Pattern, matcher: &mut Matcher) -> Option<(u32, Vec<u32>)> {
    let title: Utf32String = spec.title.into();
    let id: Utf32String = spec.id.into();
    let mut marks = Vec::new();
    let by_title = pattern.indices(title.slice(..), matcher, &mut marks);
    let by_id = pattern.score(id.slice(..), matcher);
    marks.sort_unstable();
    marks.dedup();
    by_title.max(by_id).map(|score| (score, if by_title.is_some() { marks } else { Vec::new() }))
}

fn obstacle(model: &Model, spec: &Spec) -> Option<String> {
    let here = spec.scopes.iter().any(|scope| model.place_scopes().contains(scope));
    if here && is_available(model, spec.action) {
        return None;
    }
    Some(why_not(model, spec.action).unwrap_or_else(|| "not now".to_owned()))
}

pub fn open(model: &mut Model) -> Vec<Effect> {
    model.overlay = Some(Overlay::Palette(PaletteBox::default()));
    Vec::new()
}

pub fn press(model: &mut Model, mut palette: PaletteBox, key: Key, action: Option<Action>) -> Vec<Effect> {
    let len = found(model, palette.input.value()).len();
    match action {
        Some(Action::Dismiss) => return Vec::new(),
        Some(Action::Accept) => return choose(model, palette),
        // In a line that is being typed, left and right move in it.
        Some(Action::NextButton) if !line_input::is_horizontal(key) => {
            palette.cursor = if palette.cursor + 1 < len { palette.cursor + 1 } else { 0 };
        }
        Some(Action::PrevButton) if !line_input::is_horizontal(key) => {
            palette.cursor = palette.cursor.checked_sub(1).unwrap_or(len.saturating_sub(1));
        }
        _ => {
            if line_input::edit(&mut palette.input, key) {
                palette.cursor = 0;
            }
        }
    }
    model.overlay = Some(Overlay::Palette(palette));
    Vec::new()
}

/// Does what is under the cursor; what can do nothing now stays, with its reason beside it.
pub fn choose(model: &mut Model, palette: PaletteBox) -> Vec<Effect> {
    let all = found(model, palette.input.value());
    if let Some(Found { action, obstacle: None, .. }) = all.get(palette.cursor) {
        model.note = None;
        return carry_out(model, *action);
    }
    model.overlay = Some(Overlay::Palette(palette));
    Vec::new()
}

fn carry_out(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Interrupt => going::interrupt(model),
        Action::Suspend => vec![Effect::Suspend],
        Action::Redraw => vec![Effect::Redraw],
        _ => act(model, action),
    }
}
