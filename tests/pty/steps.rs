//! What several stories do: a program on a client of its own, ticks, the typed confirmation, the end.

use mothball::simulator::{Layout, Options};

use crate::support::{program::Program, screen::Screen};

/// The program on one offboarded client with so many configurations.
pub async fn one_client(each: usize, options: Options) -> Program {
    Program::new(Options { layout: Layout::Uniform { offboarded: 1, each }, ..options }).await
}

pub fn client(program: &Program) -> String {
    let companies = program.simulator.truth().companies.into_values();
    companies.filter(|one| one.offboarded.any() && !one.own).map(|one| one.id).next().unwrap()
}

pub fn active(program: &Program) -> usize {
    let client = client(program);
    let truth = program.simulator.truth();
    truth.configurations.values().filter(|one| one.company == client && one.is_active()).count()
}

/// The screen on that program's settings, in a terminal of its own.
pub fn open(program: &Program) -> Screen {
    let config = program.settings_path().display().to_string();
    let data = program.data_dir().display().to_string();
    let secrets = program.secret_environment();
    let environment: Vec<_> = secrets.iter().map(|(name, secret)| (name.as_str(), secret.as_str())).collect();
    Screen::open(&["--config", &config, "--data-dir", &data], &environment, 140, 40)
}

/// To the rows of the first client.
pub fn enter_rows(screen: &mut Screen) {
    screen.wait_for(", complete, read");
    screen.send("\t");
    screen.wait_for("Detail");
}

/// Ticks the first two rows.
pub fn tick_two(screen: &mut Screen) {
    enter_rows(screen);
    screen.send(" ");
    screen.send(" ");
    screen.wait_for("2 ticked");
}

/// Ticks the first two rows, and opens the plan.
pub fn plan_two(screen: &mut Screen) {
    tick_two(screen);
    screen.send("\r");
    screen.wait_for("2 configurations of 1 company");
}

/// Types what is asked for, and goes to the button. Enter alone never confirms: the focus stands on Cancel.
pub fn confirm(screen: &mut Screen, text: &str) {
    screen.send("x");
    screen.wait_for("To confirm");
    screen.type_each(text);
    screen.send("\t");
    screen.send("\r");
}

pub fn leave(mut screen: Screen, program: &Program) {
    screen.send("q");
    assert_eq!(screen.ended(), 0);
    assert!(!screen.is_alternate() && !screen.is_cursor_hidden(), "the terminal is restored");
    let forms = crate::support::canary::forms(&program.simulator);
    crate::support::canary::assert_none(&screen.bytes(), &forms, "the terminal");
}
