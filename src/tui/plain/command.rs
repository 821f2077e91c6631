//! What can be typed: one table, from which `help` is made, and which a test holds against the parser.

use crate::domain::text::nearest;

/// A command as it was typed, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Help,
    Quit,
    /// The rows of the open client, or the clients.
    List,
    Clients,
    Open(Pick),
    Next,
    Page(usize),
    Tick(Which),
    Untick(Which),
    Ticked,
    /// The last ticking, back or once more.
    Back,
    Again,
    Show(Pick),
    Filter(String),
    Hold {
        pick: Pick,
        reason: String,
        until: Option<String>,
    },
    Release(Pick),
    Read,
    Plan,
    Reason(String),
    Ticket(String),
    DryRun(bool),
    Park,
    Confirm,
    Pause,
    /// Go on with the run that was paused.
    GoOn,
    Cancel,
    Progress,
    /// The last report, or that of an earlier run.
    Report(Option<Pick>),
    Save {
        path: String,
        /// To be read by the client: nothing of others, and none of the house's words.
        for_client: bool,
    },
    Retry,
    History,
    Approve(Pick),
    Reject(Pick),
    Resume(Pick),
    /// Watch a run that another process is at work on.
    Follow(Pick),
    Undo(Pick),
    Recheck(Pick),
}

/// One entry of a list, as somebody names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// `4`: its number in the list that was printed last.
    Number(usize),
    /// `7-9`.
    Range(usize, usize),
    /// `#101`: its id in the PSA; for a run, its id.
    Id(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    All,
    /// Those that hang on nothing.
    Unlinked,
    These(Vec<Pick>),
}

/// Every command: how it is typed, and what it does.
pub const COMMANDS: &[(&str, &str)] = &[
    ("list", "the configurations of the open client again, or the clients if none is open"),
    ("clients", "back to the list of clients"),
    ("open 3", "open client 3 of the list: its configurations, and what is still linked"),
    ("next", "more of a long list"),
    ("page 40", "how many lines are printed at a time; page 0 prints everything at once"),
    ("filter srv type:server linked:none !old", "list only what fits; filter alone lists all again"),
    ("show 4", "everything that is known of configuration 4"),
    ("tick 1 4 7-9", "tick these; also tick all, tick unlinked (what nothing hangs on), tick #ID"),
    ("untick 1 4", "untick these; also untick all"),
    ("ticked", "list what is ticked, of all clients"),
    ("undo", "undo the last ticking; redo does it again"),
    ("hold 4 REASON until 2027-01-31", "keep configuration 4 from every run; without until: for good"),
    ("release 4", "take a hold away"),
    ("read", "read everything again from the PSA"),
    ("plan", "see exactly what would happen to what is ticked; nothing is written"),
    ("reason TEXT", "why, for the record; reason alone takes it away"),
    ("ticket ID", "the ticket this belongs to; ticket alone takes it away"),
    ("dry-run on", "plan and report, but write nothing; dry-run off"),
    ("park", "let the plan wait until somebody approves it"),
    ("confirm", "do what the plan says, after a typed confirmation"),
    ("pause", "pause the run; resume goes on"),
    ("cancel", "cancel the run: what was sent is waited for; twice stops hard"),
    ("progress", "how far the run has come"),
    ("report", "the report again; report 2 is that of run 2 in the history"),
    (
        "save report.html",
        "save the report: .json, .csv, .md or .html; save report.html for client leaves out what is not theirs",
    ),
    ("retry", "plan what failed once more"),
    ("history", "earlier runs, those that wait for approval, and those that were interrupted"),
    ("approve 1", "the plan of run 1, which waits: tick what you approve, then confirm"),
    ("reject 1", "end run 1, which waits for approval"),
    ("resume 1", "go on with run 1, which was interrupted"),
    ("follow 1", "watch run 1, which another process is at work on; pause and cancel ask it to"),
    ("undo 1", "plan to restore what run 1 changed"),
    ("recheck 1", "look again: what run 1 set inactive and is active again"),
    ("help", "this list"),
    ("quit", "leave; asks while a run goes on"),
];

fn names() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().filter_map(|(usage, _)| usage.split(' ').next()).chain(["redo"])
}

/// Understands a line; says what is wrong with it, and what would be right.
pub fn parse(line: &str) -> Result<Command, String> {
    let line = line.trim();
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let (name, rest) = (name.to_lowercase(), rest.trim());
    let bare = |command: Command| {
        if rest.is_empty() { Ok(command) } else { Err(format!("{name} takes nothing after it.")) }
    };
    match name.as_str() {
        "help" | "?" => Ok(Command::Help),
        "quit" | "exit" | "q" => bare(Command::Quit),
        "list" => bare(Command::List),
        "clients" | "companies" => bare(Command::Clients),
        "open" => one(rest, "open 3").map(Command::Open),
        "next" => bare(Command::Next),
        "page" => rest.parse().map(Command::Page).map_err(|_| "Type page and a number: page 40.".to_owned()),
        "tick" => which(rest, "tick 1 4 7-9, tick all or tick unlinked").map(Command::Tick),
        "untick" => match which(rest, "untick 1 4 or untick all")? {
            Which::Unlinked => Err("Type untick 1 4 or untick all.".to_owned()),
            which => Ok(Command::Untick(which)),
        },
        "ticked" => bare(Command::Ticked),
        "redo" => bare(Command::Again),
        "show" => one(rest, "show 4").map(Command::Show),
        "filter" => Ok(Command::Filter(rest.to_owned())),
        "hold" => hold(rest),
        "release" => one(rest, "release 4").map(Command::Release),
        "read" => bare(Command::Read),
        "plan" => bare(Command::Plan),
        "reason" => Ok(Command::Reason(rest.to_owned())),
        "ticket" => Ok(Command::Ticket(rest.to_owned())),
        "dry-run" => match rest.to_lowercase().as_str() {
            "on" => Ok(Command::DryRun(true)),
            "off" => Ok(Command::DryRun(false)),
            _ => Err("Type dry-run on or dry-run off.".to_owned()),
        },
        "park" => bare(Command::Park),
        "confirm" => {
            bare(Command::Confirm).map_err(|_| "Type confirm alone: it asks what to type then.".to_owned())
        }
        "pause" => bare(Command::Pause),
        "resume" | "continue" if rest.is_empty() => Ok(Command::GoOn),
        "cancel" => bare(Command::Cancel),
        "progress" => bare(Command::Progress),
        "report" if rest.is_empty() => Ok(Command::Report(None)),
        "report" => one(rest, "report 2").map(|pick| Command::Report(Some(pick))),
        "save" if rest.is_empty() => Err("Type where, as in: save /home/me/report.html".to_owned()),
        "save" => {
            let (path, for_client) = match rest.strip_suffix(" for client") {
                Some(path) => (path.trim(), true),
                None => (rest, false),
            };
            Ok(Command::Save { path: path.to_owned(), for_client })
        }
        "retry" => bare(Command::Retry),
        "history" => bare(Command::History),
        "approve" => one(rest, "approve 1").map(Command::Approve),
        "reject" => one(rest, "reject 1").map(Command::Reject),
        "resume" => one(rest, "resume 1").map(Command::Resume),
        "follow" => one(rest, "follow 1").map(Command::Follow),
        "undo" if rest.is_empty() => Ok(Command::Back),
        "undo" => one(rest, "undo 1").map(Command::Undo),
        "recheck" => one(rest, "recheck 1").map(Command::Recheck),
        other => Err(match nearest(other, names()) {
            Some(near) => format!("There is no command {other}. Did you mean {near}? help lists all."),
            None => format!("There is no command {other}. help lists all."),
        }),
    }
}

fn one(text: &str, example: &str) -> Result<Pick, String> {
    match &picks(text)?[..] {
        [pick @ (Pick::Number(_) | Pick::Id(_))] => Ok(pick.clone()),
        _ => Err(format!("Type a number of the list, as in: {example}.")),
    }
}

fn which(text: &str, example: &str) -> Result<Which, String> {
    match text.to_lowercase().as_str() {
        "" => Err(format!("Type {example}.")),
        "all" => Ok(Which::All),
        "unlinked" => Ok(Which::Unlinked),
        _ => picks(text).map(Which::These),
    }
}

/// `1 4 7-9`, `1,4`, `#101`.
fn picks(text: &str) -> Result<Vec<Pick>, String> {
    text.split([' ', ',', '\t']).filter(|word| !word.is_empty()).map(pick).collect()
}

fn pick(word: &str) -> Result<Pick, String> {
    let wrong = || format!("{word} is no number of a list. Type numbers, as in: 1 4 7-9.");
    let number = |text: &str| text.parse::<usize>().ok().filter(|n| *n > 0).ok_or_else(wrong);
    if let Some(id) = word.strip_prefix('#').filter(|id| !id.is_empty()) {
        return Ok(Pick::Id(id.to_owned()));
    }
    match word.split_once('-') {
        Some((from, to)) => match (number(from)?, number(to)?) {
            (from, to) if from <= to => Ok(Pick::Range(from, to)),
            _ => Err(format!("{word} runs backwards. Type the smaller number first.")),
        },
        None => number(word).map(Pick::Number),
    }
}

/// `4 Sold to Birch until 2027-01-31`.
fn hold(rest: &str) -> Result<Command, String> {
    let (number, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let pick = one(number, "hold 4 Sold to Birch until 2027-01-31")?;
    let (reason, until) = match rest.rsplit_once(" until ") {
        Some((reason, day)) => (reason, Some(day.trim().to_owned())),
        None => (rest, None),
    };
    let reason = reason.trim().to_owned();
    if reason.is_empty() {
        return Err("Type why, too: whoever finds it held will want to know.".to_owned());
    }
    Ok(Command::Hold { pick, reason, until })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_help_names_is_understood() {
        for (usage, _) in COMMANDS {
            assert!(parse(usage).is_ok(), "{usage}: {:?}", parse(usage));
        }
    }

    #[test]
    fn numbers_ranges_and_ids_are_told_apart() {
        let wanted = vec![Pick::Number(1), Pick::Number(4), Pick::Range(7, 9), Pick::Id("101".into())];
        assert_eq!(parse("TICK 1, 4 7-9  #101"), Ok(Command::Tick(Which::These(wanted))));
        assert_eq!(parse("tick all"), Ok(Command::Tick(Which::All)));
        assert_eq!(parse(" open 3 "), Ok(Command::Open(Pick::Number(3))));
        for wrong in [
            "tick",
            "tick 0",
            "tick x",
            "tick 9-7",
            "tick 1-",
            "open",
            "open 1 2",
            "open 1-2",
            "untick unlinked",
            "list 3",
            "dry-run",
            "confirm 7",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_slip_is_told_with_what_was_meant() {
        assert_eq!(
            parse("opne 3").unwrap_err(),
            "There is no command opne. Did you mean open? help lists all."
        );
        assert_eq!(parse("xyzzy").unwrap_err(), "There is no command xyzzy. help lists all.");
    }

    #[test]
    fn a_hold_takes_a_reason_and_a_last_day() {
        let held = |line: &str| match parse(line) {
            Ok(Command::Hold { reason, until, .. }) => (reason, until),
            other => panic!("{other:?}"),
        };
        assert_eq!(held("hold 4 Sold to Birch"), ("Sold to Birch".into(), None));
        let (reason, until) = held("hold 4 wait until June until 2027-06-01");
        assert_eq!((reason.as_str(), until.as_deref()), ("wait until June", Some("2027-06-01")));
        assert!(parse("hold 4").is_err());
        assert!(parse("hold").is_err());
    }
}
