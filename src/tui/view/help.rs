//! Help: the keys that work here and now, from the action table.

use ratatui::layout::Rect;

use super::{
    super::{
        action::{Danger, Scope, TABLE},
        cells, layout,
        model::{Model, Place, overlay::Overlay},
        theme::Meaning,
        update::is_available,
    },
    canvas::Canvas,
};

/// One line of help.
pub struct Entry {
    pub keys: String,
    pub text: String,
    pub meaning: Meaning,
}

fn scopes(model: &Model) -> [Scope; 3] {
    let place = match model.place {
        Place::Review => Scope::Review,
        Place::Plan => Scope::Plan,
        Place::Run => Scope::Run,
        Place::Report => Scope::Report,
        Place::History => Scope::History,
    };
    [place, Scope::Moving, Scope::Anywhere]
}

/// What fits the search, by scope.
pub fn lines(model: &Model, search: &str) -> Vec<Entry> {
    let search = search.trim().to_lowercase();
    let inside = layout::inside(area(model));
    let room = usize::from(inside.width.saturating_sub(keys_width(inside) + 4)).max(8);
    let mut lines = Vec::new();
    for scope in scopes(model) {
        let mut first = true;
        for spec in
            TABLE.iter().filter(|spec| spec.scopes.contains(&scope) && is_available(model, spec.action))
        {
            let keys: Vec<String> = model.keymap.keys(spec.action).iter().map(ToString::to_string).collect();
            let keys = keys.join(" ");
            let text = match spec.danger {
                Danger::Writes => format!("{} (leads to writes)", spec.title),
                Danger::None | Danger::Careful => spec.title.to_owned(),
            };
            let hay = format!("{keys} {text} {}", spec.id).to_lowercase();
            if keys.is_empty() || !search.split_whitespace().all(|word| hay.contains(word)) {
                continue;
            }
            if std::mem::take(&mut first) {
                if !lines.is_empty() {
                    lines.push(Entry { keys: String::new(), text: String::new(), meaning: Meaning::Text });
                }
                let text = format!("{}:", super::super::model::capital(scope.words()));
                lines.push(Entry { keys: String::new(), text, meaning: Meaning::Title });
            }
            let mut keys = Some(keys);
            for text in cells::wrap(&text, room) {
                // Further lines of a text have a blank for its keys.
                let keys = keys.take().unwrap_or_else(|| " ".to_owned());
                lines.push(Entry { keys, text, meaning: Meaning::Text });
            }
        }
    }
    lines
}

fn area(model: &Model) -> Rect {
    let body = layout::frame(model.size.0, model.size.1).body;
    let width = body.width.min(86);
    Rect::new(body.x + (body.width - width) / 2, body.y, width, body.height)
}

fn keys_width(inside: Rect) -> u16 {
    16.min(inside.width / 3)
}

/// Lines of help in sight: the search takes one.
pub fn height(model: &Model) -> usize {
    usize::from(layout::inside(area(model)).height).saturating_sub(1).max(1)
}

pub fn draw(model: &Model, canvas: &mut Canvas<'_>, _body: Rect) {
    let Some(Overlay::Help { search, typing, scroll }) = &model.overlay else { return };
    let inside = canvas.window(area(model), &format!("Keys that work in {} now", model.place.title()));
    let label = "Search: ";
    let used = cells::width(label) as u16;
    canvas.text_raw(inside.x + 1, inside.y, used, label, Meaning::Title);
    let x = inside.x + 1 + used;
    let room = inside.right().saturating_sub(x + 1);
    if *typing || !search.value().is_empty() {
        canvas.field(x, inside.y, room, search, *typing);
    } else {
        canvas.text(
            x,
            inside.y,
            room,
            &model.keymap.spell("press <search> and write a word"),
            Meaning::Muted,
        );
    }
    let list = Rect::new(inside.x, inside.y + 1, inside.width, inside.height.saturating_sub(1));
    let lines = lines(model, search.value());
    if lines.is_empty() {
        canvas.text(list.x + 1, list.y, list.width, "No key here does that.", Meaning::Muted);
    }
    let keys = keys_width(inside);
    for (row, line) in lines.iter().skip(scroll.offset).take(usize::from(list.height)).enumerate() {
        let y = list.y + row as u16;
        if line.keys.is_empty() {
            canvas.text(list.x + 1, y, list.width.saturating_sub(2), &line.text, line.meaning);
            continue;
        }
        canvas.text(list.x + 2, y, keys, &line.keys, Meaning::KeyHint);
        canvas.text(list.x + 3 + keys, y, list.width.saturating_sub(keys + 4), &line.text, line.meaning);
    }
    canvas.scrollbar(list, list.bottom(), lines.len(), scroll.offset);
}
