//! The first line: in which world we are, in words, always; and where.

use ratatui::layout::Rect;

use super::{
    super::{
        cells,
        desk::Mode,
        model::{Model, Place},
        theme::Meaning,
    },
    canvas::Canvas,
};

fn words(model: &Model) -> (String, Meaning) {
    let setting = &model.setting;
    match setting.mode {
        Mode::Demo => (" DEMO · nothing real is touched ".to_owned(), Meaning::BannerDemo),
        Mode::DryRun => {
            (format!(" DRY RUN {} · {} ", setting.profile, setting.nouns.product), Meaning::BannerDryRun)
        }
        Mode::Live => {
            (format!(" LIVE {} · {} ", setting.profile, setting.nouns.product), Meaning::BannerLive)
        }
    }
}

/// The banner in the room there is; its first word is never lost.
fn banner(model: &Model) -> (String, Meaning) {
    let (text, meaning) = words(model);
    let text = text.replace('·', model.look.symbols.dot);
    let room = usize::from(model.size.0).saturating_sub(12).max(10);
    (cells::cut(&crate::domain::text::visible(&text), room, model.look.symbols.more).into_owned(), meaning)
}

/// Where each place stands in the line, if there is room for all.
fn places(model: &Model) -> Vec<(Place, u16, u16)> {
    let mut x = cells::width(&banner(model).0) as u16 + 1;
    let mut all = Vec::new();
    for (n, place) in Place::ALL.into_iter().enumerate() {
        let wide = cells::width(&label(n, place)) as u16;
        all.push((place, x, wide));
        x += wide + 1;
    }
    if x > model.size.0 { Vec::new() } else { all }
}

fn label(n: usize, place: Place) -> String {
    format!("{} {}", n + 1, place.title())
}

pub fn place_at(model: &Model, column: u16) -> Option<Place> {
    places(model).into_iter().find(|(_, x, wide)| (*x..x + wide).contains(&column)).map(|(place, ..)| place)
}

pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect) {
    let (text, meaning) = banner(model);
    canvas.text_raw(area.x, area.y, area.width, &text, meaning);
    let places = places(model);
    if places.is_empty() {
        let x = cells::width(&text) as u16 + 1;
        canvas.text(x, area.y, area.width.saturating_sub(x), model.place.title(), Meaning::Title);
        return;
    }
    let mut end = 0;
    for (n, (place, x, wide)) in places.into_iter().enumerate() {
        let here = place == model.place;
        let there = match place {
            Place::Plan => model.plan.is_some(),
            Place::Run => model.run.is_some(),
            Place::Report => model.report.is_some(),
            Place::Review | Place::History => true,
        };
        let meaning = match (here, there) {
            (true, _) => Meaning::Title,
            (false, true) => Meaning::Text,
            (false, false) => Meaning::Muted,
        };
        canvas.text(x, area.y, wide, &label(n, place), meaning);
        if here {
            // Without colours and weights, the place still shows.
            canvas.tint(Rect::new(x, area.y, wide, 1), Meaning::CursorElsewhere);
        }
        end = x + wide;
    }
    running(model, canvas, area, end + 2);
}

/// On the right: a run that goes on elsewhere, else who is at work.
fn running(model: &Model, canvas: &mut Canvas<'_>, area: Rect, from: u16) {
    let (text, meaning) = match &model.run {
        Some(run) if run.is_active() && model.place != Place::Run => {
            let progress = run.state.progress(model.now);
            (format!("run {} % {}", progress.percent().min(99), run.state.phase.words()), Meaning::Info)
        }
        _ => (model.setting.operator.clone(), Meaning::Muted),
    };
    let room = area.width.saturating_sub(from);
    let shown = cells::fit(&text, usize::from(room), model.look.symbols.more);
    let wide = cells::width(&shown) as u16;
    if room > 8 && wide > 0 {
        canvas.text(area.right() - wide, area.y, wide, &shown, meaning);
    }
}
