//! Drawing the setup: a line that says where one is, the page, what was just said, and the keys.

mod form;
mod lists;
mod texts;

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    super::{
        action::Action,
        cells,
        layout::{self, Room, SMALLEST},
        prose::Prose,
        theme::Meaning,
        view::{Picture, canvas::Canvas},
    },
    model::{Button, Page, Setup},
};

/// The steps as the first line names them.
const STEPS: [&str; 5] = ["PSA", "Sign-in", "Test", "Criteria", "File"];

/// Draws the setup at its size.
pub fn view(model: &Setup) -> Picture {
    let (width, height) = model.size;
    let mut cells = Buffer::empty(Rect::new(0, 0, width, height));
    let mut canvas = Canvas::new(&mut cells, &model.look);
    if Room::of(width, height) == Room::Tiny {
        too_small(model, &mut canvas);
        return Picture { cells, cursor: None, strokes: 0, links: Vec::new() };
    }
    let frame = layout::frame(width, height);
    banner(model, &mut canvas, frame.banner);
    let body = inner(frame.body);
    match &model.page {
        Page::Welcome { cursor } => lists::welcome(model, &mut canvas, body, *cursor),
        Page::Vendor { cursor } => lists::vendors(model, &mut canvas, body, *cursor),
        Page::Form => {
            if let Some(open) = &model.form {
                form::draw(model, &mut canvas, body, open);
            }
        }
        Page::Criteria => {
            if let (Some(choices), Some(form)) = (&model.choices, &model.form) {
                lists::criteria(model, &mut canvas, body, choices, &form.vendor);
            }
        }
        Page::Test(_) | Page::File(_) | Page::Done { .. } => text_page(model, &mut canvas, body),
    }
    foot(model, &mut canvas, frame.status, frame.hints);
    let (cursor, strokes) = (canvas.cursor, canvas.strokes);
    Picture { cells, cursor, strokes, links: Vec::new() }
}

/// A margin at the sides where there is room for one.
fn inner(body: Rect) -> Rect {
    let margin = u16::from(body.width >= 60);
    let top = u16::from(body.height >= 14);
    Rect::new(body.x + margin, body.y + top, body.width - 2 * margin, body.height - top)
}

/// Lines of a page in sight, for keys that move by one.
pub fn page_height(size: (u16, u16)) -> usize {
    usize::from(inner(layout::frame(size.0, size.1).body).height).saturating_sub(4).max(1)
}

/// How many lines the text of this page has, and how many of them are in sight.
pub fn text_extent(model: &Setup) -> (usize, usize) {
    let body = inner(layout::frame(model.size.0, model.size.1).body);
    (text(model, body.width).lines.len(), usize::from(text_area(model, body).height))
}

fn text(model: &Setup, width: u16) -> Prose<()> {
    let mut prose = Prose::new(usize::from(width));
    match &model.page {
        Page::Test(page) => texts::test(model, page, &mut prose),
        Page::File(page) => texts::file(model, page, &mut prose),
        Page::Done { saved, .. } => texts::done(model, saved, &mut prose),
        _ => {}
    }
    prose
}

/// The part above the buttons.
fn text_area(model: &Setup, body: Rect) -> Rect {
    // Between the two stands how far down one is.
    let below = button_rows(model, body.width) + 1;
    Rect { height: body.height.saturating_sub(below), ..body }
}

/// Buttons stand side by side where they fit, else below each other.
fn button_rows(model: &Setup, width: u16) -> u16 {
    let buttons = model.buttons();
    let beside: usize = buttons.iter().map(|button| cells::width(button.label()) + 7).sum();
    if beside > usize::from(width) + 1 { buttons.len() as u16 } else { 1 }
}

fn text_page(model: &Setup, canvas: &mut Canvas<'_>, body: Rect) {
    let prose = text(model, body.width);
    let area = text_area(model, body);
    let (chosen, offset) = match &model.page {
        Page::Test(page) => (page.chosen, page.scroll.offset),
        Page::File(page) => (page.chosen, page.scroll.offset),
        Page::Done { chosen, scroll, .. } => (*chosen, scroll.offset),
        _ => (0, 0),
    };
    let offset = offset.min(prose.lines.len().saturating_sub(usize::from(area.height)));
    canvas.page(area, &prose.lines, offset, area.bottom(), |_, _, ()| {});
    let rows = button_rows(model, body.width);
    buttons(canvas, Rect::new(body.x, body.bottom() - rows, body.width, rows), &model.buttons(), chosen);
}

/// Buttons with the chosen one marked in two ways.
fn buttons(canvas: &mut Canvas<'_>, area: Rect, buttons: &[Button], chosen: usize) {
    let (mut x, mut y) = (area.x, area.y);
    for (at, button) in buttons.iter().enumerate() {
        let wide = mark(canvas, x, y, area.right() - x, button.label(), at == chosen);
        if area.height > 1 {
            y += 1;
        } else {
            x = (x + wide + 1).min(area.right());
        }
    }
}

/// One button; returns how wide it is.
fn mark(canvas: &mut Canvas<'_>, x: u16, y: u16, room: u16, label: &str, here: bool) -> u16 {
    let text = if here { format!("[> {label} <]") } else { format!("[  {label}  ]") };
    let shown = cells::cut(&text, usize::from(room), canvas.more()).into_owned();
    canvas.text_raw(x, y, room, &shown, if here { Meaning::Cursor } else { Meaning::Text });
    cells::width(&text) as u16
}

fn banner(model: &Setup, canvas: &mut Canvas<'_>, area: Rect) {
    let dot = model.look.symbols.dot;
    let product = model.form.as_ref().map(|form| form.vendor.nouns.product);
    let (text, step) = match &model.page {
        Page::Welcome { .. } => (" mothball ".to_owned(), None),
        Page::Vendor { .. } => (" SETUP ".to_owned(), Some(0)),
        page => {
            let step = match page {
                Page::Form => Some(1),
                Page::Test(_) => Some(2),
                Page::Criteria => Some(3),
                Page::File(_) => Some(4),
                _ => None,
            };
            (format!(" SETUP {dot} {} ", product.unwrap_or_default()), step)
        }
    };
    let shown = cells::cut(&text, usize::from(area.width), canvas.more()).into_owned();
    canvas.text_raw(area.x, area.y, area.width, &shown, Meaning::BannerDemo);
    let Some(step) = step else { return };
    let mut x = area.x + cells::width(&shown) as u16 + 1;
    let all: usize = STEPS.iter().map(|name| name.len() + 4).sum();
    if usize::from(area.right().saturating_sub(x)) < all {
        let short = format!("{} of {}: {}", step + 1, STEPS.len(), STEPS[step]);
        canvas.text(x, area.y, area.right().saturating_sub(x), &short, Meaning::Title);
        return;
    }
    for (at, name) in STEPS.iter().enumerate() {
        // The step is told by more than its style.
        let text = if at == step { format!(" >{} {name}", at + 1) } else { format!("  {} {name}", at + 1) };
        let meaning = if at == step { Meaning::Title } else { Meaning::Muted };
        canvas.text_raw(x, area.y, area.right() - x, &text, meaning);
        x += text.len() as u16;
    }
}

fn foot(model: &Setup, canvas: &mut Canvas<'_>, status: Rect, hints: Rect) {
    if let Some(note) = &model.note {
        let text = format!("{} {note}", model.look.symbols.warning);
        canvas.text(status.x, status.y, status.width, &text, Meaning::Warn);
    }
    let mut x = hints.x;
    for (key, word) in keys(model).into_iter().filter(|(key, _)| !key.is_empty()) {
        let (long, wide) = (cells::width(&key) as u16, (cells::width(&key) + 1 + word.len()) as u16);
        if x + wide > hints.right() {
            break;
        }
        canvas.text(x, hints.y, long, &key, Meaning::KeyHint);
        canvas.text(x + long + 1, hints.y, wide, word, Meaning::Muted);
        x += wide + 2;
    }
}

/// The keys of the last line, as they are bound.
fn keys(model: &Setup) -> Vec<(String, &'static str)> {
    let key = |action, word| (model.keymap.hint(action), word);
    // Of two that belong together the arrows, which everybody knows, rather than their letters.
    let both = |one, other, word| {
        let arrow = |action| {
            let keys = model.keymap.keys(action);
            keys.iter().find(|key| key.typed().is_none()).or(keys.first()).map(ToString::to_string)
        };
        (arrow(one).into_iter().chain(arrow(other)).collect::<Vec<_>>().join(" "), word)
    };
    let moving = |word| both(Action::Up, Action::Down, word);
    let back = key(Action::Back, "back");
    let out = key(model.way_out(), "leave");
    let several = model.buttons().len() > 1;
    let other = if several { key(Action::SetupNext, "other button") } else { (String::new(), "") };
    match &model.page {
        Page::Welcome { .. } => {
            vec![key(Action::Accept, "choose"), moving("move"), key(Action::Quit, "quit")]
        }
        Page::Vendor { .. } => vec![key(Action::Accept, "choose"), moving("move"), back, out],
        Page::Form => vec![
            key(Action::NextButton, "next"),
            key(Action::PrevButton, "previous"),
            key(Action::Dismiss, "back"),
            out,
        ],
        Page::Criteria => vec![
            key(Action::SetupTick, "tick"),
            both(Action::SetupLeft, Action::SetupRight, "change"),
            back,
            out,
        ],
        Page::Test(_) | Page::File(_) => {
            vec![key(Action::Accept, "press"), other, moving("scroll"), back, out]
        }
        Page::Done { .. } => vec![key(Action::Accept, "press"), other, key(Action::Quit, "leave")],
    }
}

fn spinner(model: &Setup) -> &'static str {
    let frames = model.look.symbols.spinner;
    frames[model.ticks % frames.len()]
}

/// One sentence, in as many lines as there are.
fn too_small(model: &Setup, canvas: &mut Canvas<'_>) {
    let (width, height) = model.size;
    if width == 0 {
        return;
    }
    let text = format!(
        "Need {}x{}: the window is too small ({width}x{height} now). {} leaves.",
        SMALLEST.0,
        SMALLEST.1,
        model.keymap.hint(model.way_out())
    );
    for (y, line) in cells::wrap(&text, usize::from(width)).iter().take(usize::from(height)).enumerate() {
        canvas.text(0, y as u16, width, line, Meaning::Text);
    }
}
