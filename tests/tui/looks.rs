//! How it looks, in every place, every theme and at every size: what must hold, whatever the colours are.

use std::collections::{BTreeMap, BTreeSet};

use mothball::tui::{
    layout::Pane,
    message::{Background, Message},
    model::Look,
    theme::{Meaning, Styles, Theme, own},
    view::Picture,
};
use ratatui::{
    layout::Rect,
    style::{Color, Modifier, Style},
};

use super::world::{
    Screen, World, lines,
    tour::{SIZES, STOPS, Stop},
};

/// Goes to a stop and looks at it through these styles.
fn seen(stop: &Stop, (width, height): (u16, u16), styles: &Styles) -> (Screen, Picture) {
    let mut screen = (stop.reach)(World::small(), width, height);
    screen.model.look = Look::new(*styles, false);
    let picture = screen.picture();
    (screen, picture)
}

fn everywhere(mut check: impl FnMut(&Stop, (u16, u16))) {
    for stop in &STOPS {
        for size in SIZES {
            check(stop, size);
        }
    }
}

#[test]
fn without_colour_no_cell_has_one() {
    everywhere(|stop, size| {
        let (_, picture) = seen(stop, size, &Theme::Mono.into());
        for cell in picture.cells.content() {
            let colours = (cell.fg, cell.bg, cell.underline_color);
            assert_eq!(colours, (Color::Reset, Color::Reset, Color::Reset), "{} {size:?}", stop.name);
        }
    });
}

/// The themes of the program and those that lie in `assets/themes`.
fn all_themes() -> Vec<(String, Styles)> {
    let mut all: Vec<(String, Styles)> =
        Theme::ALL.iter().map(|theme| (theme.name().to_owned(), Styles::from(*theme))).collect();
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/themes")).unwrap() {
        let path = file.unwrap().path();
        let styles =
            own::read(&std::fs::read_to_string(&path).unwrap()).unwrap_or_else(|told| panic!("{told:?}"));
        all.push((path.display().to_string(), styles.indexed()));
        all.push((path.display().to_string(), styles));
    }
    assert!(all.len() >= 8);
    all
}

#[test]
fn the_cursor_row_is_seen_in_every_theme() {
    for (name, styles) in all_themes() {
        let blind = styles.with(Meaning::Cursor, Style::new()).with(Meaning::CursorElsewhere, Style::new());
        everywhere(|stop, size| {
            let (_, with) = seen(stop, size, &styles);
            let (_, without) = seen(stop, size, &blind);
            // The first line marks the place in the same way.
            let below = |picture: &Picture| picture.cells.content()[usize::from(size.0)..].to_vec();
            let marked = below(&with).into_iter().zip(below(&without)).filter(|(with, without)| {
                let marks = Modifier::REVERSED | Modifier::UNDERLINED | Modifier::BOLD;
                with.bg != without.bg || (with.modifier ^ without.modifier).intersects(marks)
            });
            // The smallest is a button.
            let least = if stop.has_cursor { 9 } else { 0 };
            assert!(marked.count() >= least, "{name}: {} {size:?}\n{}", stop.name, lines(&with).join("\n"));
        });
    }
}

/// Every meaning in a colour of its own, so that a cell tells what it means.
fn probe() -> Styles {
    Meaning::ALL.into_iter().fold(Styles::from(Theme::Mono), |styles, meaning| {
        let tint = [Meaning::Cursor, Meaning::CursorElsewhere, Meaning::Range].contains(&meaning);
        let style = if tint { Style::new() } else { Style::new().fg(Color::Indexed(100 + meaning as u8)) };
        styles.with(meaning, style)
    })
}

fn meaning_of(color: Color) -> Option<Meaning> {
    let Color::Indexed(index) = color else { return None };
    Meaning::ALL.into_iter().find(|meaning| 100 + *meaning as u8 == index)
}

/// Neighbouring cells of one meaning.
#[derive(Debug)]
struct Run {
    x: u16,
    y: u16,
    meaning: Meaning,
    text: String,
}

/// The runs of one meaning in a part of a picture.
fn runs(picture: &Picture, area: Rect) -> Vec<Run> {
    let mut all: Vec<Run> = Vec::new();
    for y in area.top()..area.bottom() {
        let mut last = None;
        for x in area.left()..area.right() {
            let cell = &picture.cells[(x, y)];
            let meaning = meaning_of(cell.fg);
            match (meaning, all.last_mut()) {
                (Some(_), Some(run)) if last == meaning => run.text.push_str(cell.symbol()),
                (Some(meaning), _) => all.push(Run { x, y, meaning, text: cell.symbol().to_owned() }),
                (None, _) => {}
            }
            last = meaning;
        }
    }
    all
}

/// What a box covers; all of the screen if there is none. What lies beside a box is cut off by it.
fn uncovered(screen: &mut Screen) -> Rect {
    let with = screen.picture().cells;
    if screen.model.overlay.take().is_none() {
        return *with.area();
    }
    let without = screen.picture().cells;
    let differing = without.diff(&with).into_iter().map(|(x, y, _)| Rect::new(x, y, 1, 1));
    // The last line has other keys while a box is open.
    differing.filter(|cell| cell.y + 2 < with.area().height).reduce(Rect::union).unwrap_or_default()
}

#[test]
fn no_colour_says_what_no_word_or_sign_says() {
    use Meaning::{Bad, Danger, Good, Locked, Ticked, Warn};
    let mut meanings: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    everywhere(|stop, size| {
        let (mut screen, picture) = seen(stop, size, &probe());
        let shown = lines(&picture);
        let symbols = screen.model.look.symbols;
        let signs = [
            symbols.done,
            symbols.failed,
            symbols.changed,
            symbols.unknown,
            symbols.warning,
            symbols.skipped,
            symbols.waiting,
        ];
        let all = runs(&picture, uncovered(&mut screen));
        for run in &all {
            let (text, line) = (run.text.trim(), &shown[usize::from(run.y)]);
            // A long text goes on in the next line.
            let continued =
                all.iter().any(|above| (above.x, above.y + 1, above.meaning) == (run.x, run.y, run.meaning));
            let place = format!("{} {size:?}: {:?} \"{text}\" in\n{line}", stop.name, run.meaning);
            match run.meaning {
                Ticked => assert!([symbols.ticked, symbols.partly].contains(&text), "{place}"),
                Locked => assert!(line.contains(symbols.locked.trim()), "{place}"),
                Good | Warn | Bad | Danger if !continued => {
                    let says = text.split(|c: char| !c.is_alphabetic()).any(|word| word.chars().count() > 1);
                    // A key is a letter; the word beside it says what it leads to.
                    let key = run.meaning == Danger && text.chars().count() == 1;
                    assert!(says || key || signs.iter().any(|sign| text.contains(sign)), "{place}");
                }
                _ => {}
            }
            if [Good, Warn, Bad].contains(&run.meaning) {
                meanings.entry(text.to_owned()).or_default().insert(run.meaning.name());
            }
        }
    });
    let by_colour_alone: Vec<_> = meanings.iter().filter(|(_, names)| names.len() > 1).collect();
    assert!(by_colour_alone.is_empty(), "{by_colour_alone:#?}");
}

#[test]
fn ascii_draws_nothing_else_of_its_own_anywhere() {
    everywhere(|stop, (width, height)| {
        let mut screen = (stop.reach)(World::plain(), width, height);
        screen.model.look = Look::new(Theme::Mono, true);
        // Pages are laid out anew for another size only.
        screen.send(Message::Resize(width + 1, height));
        screen.send(Message::Resize(width, height));
        let text = screen.text();
        let strange: String = text.chars().filter(|c| *c > '~').collect();
        assert!(strange.is_empty(), "{} {width}x{height}: {strange}\n{text}", stop.name);
    });
}

#[test]
fn help_and_quit_are_always_in_sight_and_danger_is_marked() {
    for (width, height) in SIZES {
        let hints = |keys: &str| {
            let mut screen = Screen::new(World::plain(), width, height);
            screen.model.look = Look::new(probe(), false);
            screen.tick(&[101]);
            screen.keys(keys);
            let picture = screen.picture();
            let line = lines(&picture).pop().unwrap();
            let foot = Rect::new(0, height - 1, width, 1);
            let danger: Vec<String> = runs(&picture, foot)
                .into_iter()
                .filter(|run| run.meaning == Meaning::Danger)
                .map(|run| run.text)
                .collect();
            (line, danger)
        };
        let (review, danger) = hints("tab");
        assert!(review.contains("? help") && review.contains("q quit"), "{review}");
        assert!(review.starts_with("space tick  enter plan"), "{review}");
        assert_eq!(danger, [""; 0]);
        let (plan, danger) = hints("enter");
        assert!(plan.starts_with("x deactivate"), "{plan}");
        assert_eq!(danger, ["x"]);
    }
}

#[test]
fn a_theme_may_bring_its_own_background() {
    let styles = own::read("[styles]\ntext = { fg = \"#eeeeee\", bg = \"#101020\" }").unwrap();
    for stop in &STOPS {
        let (_, picture) = seen(stop, (80, 24), &styles);
        let cells = picture.cells.content();
        // The second half of a wide character is never drawn.
        let is_hidden = |at: usize| at > 0 && mothball::tui::cells::width(cells[at - 1].symbol()) > 1;
        let bare = (0..cells.len()).filter(|at| cells[*at].bg == Color::Reset && !is_hidden(*at)).count();
        assert_eq!(bare, 0, "{}", stop.name);
    }
}

#[test]
fn a_light_background_brings_the_light_theme_if_that_was_left_open() {
    let mut screen = Screen::small(80, 24);
    screen.model.on_light = Some(Theme::Light.into());
    screen.send(Message::Background(Background::Dark));
    assert_eq!(screen.model.look.styles, Theme::Dark.into());
    screen.model.on_light = Some(Theme::Light.into());
    screen.send(Message::Background(Background::Light));
    assert_eq!(screen.model.look.styles, Theme::Light.into());
    // Who chose a theme keeps it.
    let mut screen = Screen::small(80, 24);
    screen.send(Message::Background(Background::Light));
    assert_eq!(screen.model.look.styles, Theme::Dark.into());
    assert_eq!(screen.model.review.focus, Pane::Clients);
}
