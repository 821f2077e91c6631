//! What is photographed: the demo, from its first list to its history.

use super::grid::Grid;
use crate::support::screen::Screen;

/// Each place, and words that its picture shows.
pub const PLACES: &[(&str, &str)] = &[
    ("review", "ticked"),
    ("plan", "set inactive"),
    ("confirm", "To confirm"),
    ("run", "running"),
    ("report", "every change read back"),
    ("history", "finished"),
];

pub const THEMES: [&str; 2] = ["dark", "light"];

const SIZE: (u16, u16) = (120, 34);

/// Configurations of the first client whose change is not answered while the Run is photographed.
const HANGING: &str = "hang@config:1782,hang@config:1785,400@config:1748";

pub fn all() -> Vec<(&'static str, &'static str, Grid)> {
    THEMES.into_iter().flat_map(|theme| whole_way(theme).into_iter().chain([run(theme)])).collect()
}

fn demo(folder: &tempfile::TempDir, theme: &str, more: &[&str]) -> Screen {
    // A path without the name of this computer's folders.
    let mut arguments = vec!["--data-dir", "mothball", "demo", "--theme", theme];
    arguments.extend(more);
    let screen =
        Screen::open_in(Some(folder.path()), &arguments, &[("COLORTERM", "truecolor")], SIZE.0, SIZE.1);
    screen.wait_for(", complete, read");
    screen
}

/// Waits until nothing changes any more.
fn photograph(screen: &Screen) -> Grid {
    let mut before = String::new();
    for _ in 0..50 {
        std::thread::sleep(std::time::Duration::from_millis(400));
        let now = screen.text();
        if now == before {
            break;
        }
        before = now;
    }
    screen.with(Grid::of)
}

/// The rows of the first client, and the ones without links ticked.
fn tick(screen: &mut Screen) {
    screen.send("\t");
    screen.wait_for("Detail");
    screen.send("U");
    screen.wait_until("ticks", |text| text.contains("configurations without links"));
}

fn confirm(screen: &mut Screen) -> Grid {
    screen.send("x");
    let asked = screen.wait_for("To confirm");
    let wanted = asked.split("id or name: ").nth(1).and_then(|rest| rest.split(" or ").next());
    let wanted = wanted.expect("it says what to type").to_owned();
    screen.type_each(&wanted);
    let grid = photograph(screen);
    screen.send("\t");
    screen.send("\r");
    grid
}

fn whole_way(theme: &'static str) -> Vec<(&'static str, &'static str, Grid)> {
    let folder = tempfile::tempdir().unwrap();
    let mut screen = demo(&folder, theme, &[]);
    let mut taken = Vec::new();
    tick(&mut screen);
    screen.send("j");
    screen.send("j");
    taken.push((theme, "review", photograph(&screen)));
    screen.send("\r");
    screen.wait_for("of 1 company");
    taken.push((theme, "plan", photograph(&screen)));
    taken.push((theme, "confirm", confirm(&mut screen)));
    screen.wait_for("every change read back");
    taken.push((theme, "report", photograph(&screen)));
    park_another(&mut screen);
    screen.wait_for("awaiting approval");
    taken.push((theme, "history", photograph(&screen)));
    screen.send("q");
    screen.ended();
    taken
}

/// A plan for the next client, which waits for approval.
fn park_another(screen: &mut Screen) {
    screen.send("1");
    screen.wait_for("Detail");
    screen.send("h");
    screen.send("j");
    tick(screen);
    screen.send("\r");
    screen.wait_for("of 1 company");
    screen.send("p");
}

/// A run in the middle: some changes are not answered for as long as that takes.
fn run(theme: &'static str) -> (&'static str, &'static str, Grid) {
    let folder = tempfile::tempdir().unwrap();
    let mut screen = demo(&folder, theme, &["--faults", HANGING]);
    screen.send("\t");
    screen.wait_for("Detail");
    screen.send("a");
    screen.wait_for("21 ticked");
    screen.send("\r");
    screen.wait_for("21 configurations of 1 company");
    confirm(&mut screen);
    screen.wait_until("what hangs", |text| text.contains("running"));
    (theme, "run", photograph(&screen))
}
