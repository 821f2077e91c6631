//! The review in lines: what is typed, what is printed, and that its numbers and confirmations are as safe as the
//! screen's keys.

use std::collections::BTreeSet;

use mothball::{
    domain::{ConfigId, Event, RunId, RunState, SkipReason, event::End},
    tui::{
        desk::{Control, Hold, Mode, Parked, PlanView, Recheck, RunNews},
        effect::Effect,
        message::Message,
        options::{Leave, StopSignal},
        plain::Session,
    },
};

use super::world::{World, at_work, details, eventful_past, now, row, stamped};

/// A session whose effects are answered at once by the made-up PSA.
struct Lines {
    world: World,
    session: Session,
    asked: Vec<Effect>,
    left: Option<Leave>,
    view: Option<PlanView>,
    /// The run that goes on, as far as it was told.
    running: Option<(u64, RunState)>,
    /// Runs wait for [`Lines::finish`].
    slow: bool,
    printed: Vec<String>,
}

impl Lines {
    fn new(world: World) -> Self {
        Self::with(world, true)
    }

    fn with(world: World, attended: bool) -> Self {
        let session = Session::new(world.setting.clone(), now(), attended);
        let mut lines = Self {
            world,
            session,
            asked: Vec::new(),
            left: None,
            view: None,
            running: None,
            slow: false,
            printed: Vec::new(),
        };
        let effects = lines.session.begin();
        lines.answer(effects);
        lines
    }

    /// Types a line; tells what was printed because of it.
    fn type_line(&mut self, line: &str) -> String {
        self.type_at(line, false)
    }

    fn type_at(&mut self, line: &str, early: bool) -> String {
        let from = self.printed.len();
        self.printed.push(format!("> {line}"));
        let effects = self.session.line(line, early);
        self.answer(effects);
        self.printed[from + 1..].join("\n")
    }

    fn send(&mut self, message: Message) -> String {
        let from = self.printed.len();
        let effects = self.session.hear(message);
        self.answer(effects);
        self.printed[from..].join("\n")
    }

    /// Types them all; tells what the last one had printed.
    fn all(&mut self, lines: &[&str]) -> String {
        let mut said = String::new();
        for line in lines {
            said = self.type_line(line);
        }
        said
    }

    fn answer(&mut self, effects: Vec<Effect>) {
        self.printed.extend(self.session.take_output());
        for effect in effects {
            self.asked.push(effect.clone());
            for message in self.reply(effect) {
                let more = self.session.hear(message);
                self.answer(more);
            }
        }
    }

    fn planned(&mut self, generation: u64, view: PlanView) -> Vec<Message> {
        self.view = Some(view.clone());
        vec![Message::Planned(generation, Ok(Box::new(view)))]
    }

    fn reply(&mut self, effect: Effect) -> Vec<Message> {
        match effect {
            Effect::Load { generation } => {
                let news = self.world.load().into_iter().map(|news| Message::Load(generation, news));
                news.chain([Message::LoadEnded(generation, Ok(()))]).collect()
            }
            Effect::ReadLinks { clients } => {
                let read = self.world.read_links(&clients);
                vec![Message::LinksRead(clients, Ok(read))]
            }
            Effect::Plan { generation, draft } => {
                let view = self.world.plan(&draft);
                self.planned(generation, view)
            }
            Effect::PlanUndo { generation, draft } => {
                let view = self.world.plan_undo(&draft);
                self.planned(generation, view)
            }
            Effect::StoredPlan { generation, run } => {
                let view = self.world.stored_plan(&run);
                self.planned(generation, view)
            }
            Effect::Reopen { generation, run } => {
                let view = self.world.stored_plan(&run);
                self.view = Some(view.clone());
                vec![Message::Reopened(generation, Ok(Box::new(view)))]
            }
            Effect::Start { serial, .. } | Effect::Resume { serial, .. } | Effect::Follow { serial, .. } => {
                self.begin(serial, Vec::new())
            }
            Effect::Approve { serial, items, .. } => {
                let view = self.view.clone().unwrap();
                let left = view.plan.items().iter().filter(|item| !items.contains(&item.config_id));
                let skipped =
                    left.map(|item| Event::skipped(item.config_id.clone(), SkipReason::NotSelected, None));
                self.begin(serial, skipped.collect())
            }
            Effect::Control { control: Control::Cancel | Control::Interrupt, .. }
                if self.running.is_some() =>
            {
                self.finish_as(End::Cancelled)
            }
            Effect::Park { .. } => {
                let head = self.view.as_ref().unwrap().plan.head().clone();
                vec![Message::Parked(Ok(Parked { run: head.run, until: head.expires_at }))]
            }
            Effect::Reject { run } => vec![Message::Rejected(run, Ok(()))],
            Effect::Recheck { run } => {
                let result = Recheck { run: run.clone(), as_of: now(), found: self.world.found.clone() };
                vec![Message::Rechecked(run, Ok(result))]
            }
            Effect::Hold(wish) => {
                let hold = Hold { reason: wish.reason, by: "jane@msp.example".into(), until: wish.until };
                vec![Message::Held(wish.config_id, Ok(Some(hold)))]
            }
            Effect::Release { config_id } => vec![Message::Held(config_id, Ok(None))],
            Effect::History => vec![Message::History(Ok(self.world.past.clone()))],
            Effect::Leave(leave) => {
                self.left = Some(leave);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn begin(&mut self, serial: u64, first: Vec<Event>) -> Vec<Message> {
        let view = self.view.clone().unwrap();
        self.running = Some((serial, RunState::of(&view.plan)));
        let mut messages = vec![Message::Started(serial, Ok(view.plan.head().run.clone()))];
        messages.push(self.happens(first.into_iter().chain([Event::Applying]).collect()));
        if !self.slow {
            messages.extend(self.finish_as(End::Finished));
        }
        messages
    }

    fn happens(&mut self, events: Vec<Event>) -> Message {
        let (serial, state) = self.running.as_mut().unwrap();
        let events: Vec<_> = events.into_iter().map(|event| stamped(1, event)).collect();
        for event in &events {
            state.apply(event);
        }
        Message::Run(*serial, RunNews::Events(events))
    }

    fn finish_as(&mut self, how: End) -> Vec<Message> {
        let view = self.view.clone().unwrap();
        let mut messages = Vec::new();
        if how == End::Finished {
            let state = &self.running.as_ref().unwrap().1;
            let items = view.plan.items().iter().map(|item| item.config_id.clone());
            let open: Vec<ConfigId> = items.filter(|id| state.outcome(id).is_none()).collect();
            for id in open {
                let story = self.world.story(&id, view.dry_run, view.is_undo());
                messages.push(self.happens(story));
            }
        }
        messages.push(self.happens(vec![Event::Ended { how }]));
        let (serial, state) = self.running.take().unwrap();
        messages.push(Message::Run(serial, RunNews::Ended(Box::new(self.world.ending(&view, &state)))));
        messages
    }

    fn ticked(&mut self) -> BTreeSet<String> {
        self.type_line("untick #0");
        let planned = self.asked.len();
        self.type_line("plan");
        let mut drafts = self.asked[planned..].iter().filter_map(|effect| match effect {
            Effect::Plan { draft, .. } => Some(draft.ticked.iter().map(ToString::to_string).collect()),
            _ => None,
        });
        drafts.next_back().unwrap_or_default()
    }

    fn started(&self) -> usize {
        let begins = |effect: &&Effect| matches!(effect, Effect::Start { .. } | Effect::Approve { .. });
        self.asked.iter().filter(begins).count()
    }
}

fn ids(numbers: &[&str]) -> BTreeSet<String> {
    numbers.iter().map(ToString::to_string).collect()
}

/// The number that a name has in what was printed.
fn number_of(printed: &str, name: &str) -> String {
    let line = printed.lines().find(|line| line.contains(&format!(". {name},"))).expect("the name is listed");
    line.split('.').next().unwrap().to_owned()
}

#[test]
fn a_whole_session_reads_like_this() {
    let mut world = World::small();
    world.failing = [ConfigId::from(103)].into();
    let mut lines = Lines::new(world);
    lines.all(&[
        "opne 1",
        "open 1",
        "show 5",
        "tick 2",
        "tick 1 3-4",
        "tick all",
        "untick 2",
        "undo",
        "redo",
        "hold 4 Sold to Birch until 2027-01-31",
        "filter type:firewall",
        "plan",
        "include",
        "reason Left in October",
        "confirm",
        "",
        "confirm",
        "12",
        "confirm",
        "7",
        "report",
        "retry",
        "history",
        "recheck 1",
        "undo 1",
        "untick 1",
        "ticked",
        "clients",
        "filter zzz",
        "filter",
        "progress",
        "quit",
    ]);
    assert!(lines.left.is_some());
    let text = lines.printed.join("\n");
    // It speaks of lines, not of keys.
    for keys in ["press ", "Press ", "Esc", " esc"] {
        assert!(!text.replace("press enter", "").contains(keys), "{keys}:\n{text}");
    }
    assert!(!text.chars().any(|c| c != '\n' && c.is_control()));
    insta::assert_snapshot!(text);
}

#[test]
fn a_number_means_the_record_it_was_printed_with_whatever_is_read_since() {
    let printed = Lines::new(World::small()).all(&["open 1"]);
    let names = ["FW-2", "FW-10", "SRV-DC1", "SRV-DC2"];
    for name in names {
        let number = number_of(&printed, name);
        for gone in names {
            let mut lines = Lines::new(World::small());
            lines.type_line("open 1");
            // One is gone, others come before it, one has another name: each place in the list is another's now.
            let was = lines.world.rows.iter().find(|row| row.configuration.name == name).unwrap();
            let id = was.configuration.id.to_string();
            lines.world.rows.retain(|row| row.configuration.name != gone);
            lines.world.rows.insert(0, row(900, 7, "AAA-FIRST", "Firewall"));
            lines.world.rows.insert(0, row(901, 7, "FW-3", "Firewall"));
            lines.type_line("read");
            let said = lines.type_line(&format!("tick {number}"));
            if name == gone {
                assert!(said.contains(&format!("#{id} is not in the list any more")), "{said}");
                assert_eq!(lines.ticked(), ids(&[]), "{name}, without {gone}");
            } else {
                assert!(said.contains(&format!("Ticked {name} (id {id})")), "{said}");
                assert_eq!(lines.ticked(), ids(&[&id]), "{name}, without {gone}");
            }
        }
    }
}

#[test]
fn what_was_ticked_and_may_not_be_any_more_is_unticked_with_a_word() {
    let mut lines = Lines::new(World::small());
    lines.all(&["open 1", "tick all"]);
    let locked = lines.world.rows.iter_mut().find(|row| row.configuration.name == "SRV-DC2").unwrap();
    locked.locked = Some("already inactive".into());
    let said = lines.type_line("read");
    assert!(
        said.contains("1 ticked configuration is no longer there, or may not be ticked now: unticked."),
        "{said}"
    );
    assert_eq!(lines.ticked(), ids(&["101", "103", "104"]));
}

#[test]
fn what_cannot_be_ticked_says_why_and_all_takes_no_mixed_ones() {
    let mut lines = Lines::new(World::small());
    let printed = lines.type_line("open 1");
    let said = lines.type_line(&format!("tick {}", number_of(&printed, "acme-dental.example")));
    assert!(said.contains("acme-dental.example cannot be ticked: Protected: type rule"), "{said}");
    let said = lines.type_line("tick all");
    assert!(said.contains("1 cannot be ticked"), "{said}");
    assert!(said.contains("1 in a mixed state: tick those by their numbers"), "{said}");
    assert_eq!(lines.ticked(), ids(&["101", "102", "103", "104"]));
    let said = lines.type_line(&format!("tick {}", number_of(&printed, "PC-RECEPTION")));
    assert!(said.contains("It is in a mixed state (retired by status)"), "{said}");
    assert!(lines.ticked().contains("106"));
}

#[test]
fn unlinked_leaves_out_what_is_linked_and_what_is_unknown() {
    let mut lines = Lines::new(World::small());
    lines.type_line("open 1");
    let said = lines.type_line("tick unlinked");
    assert!(said.contains("1 still linked; 1 left out, because their links could not be read."), "{said}");
    assert_eq!(lines.ticked(), ids(&["102", "104"]));
}

#[test]
fn half_of_a_wrong_line_ticks_nothing() {
    let mut lines = Lines::new(World::small());
    lines.type_line("open 1");
    for wrong in ["tick 1 99", "tick 1-99", "tick 1 x"] {
        lines.type_line(wrong);
        assert_eq!(lines.ticked(), ids(&[]), "{wrong}");
    }
}

#[test]
fn a_number_that_was_not_printed_yet_means_nothing() {
    let mut lines = Lines::new(World::large(1, 10));
    lines.type_line("page 6");
    let printed = lines.type_line("open 1");
    assert!(printed.ends_with("6 more lines: next prints more."), "{printed}");
    let said = lines.type_line("tick 5");
    assert!(said.contains("5 was not printed yet: next prints more of the list."), "{said}");
    assert_eq!(lines.ticked(), ids(&[]));
    lines.type_line("next");
    assert!(lines.type_line("tick 5").contains("Ticked HOST-4"));
    assert!(lines.all(&["open 1", "next", "next"]).contains("There is no more of it."));
}

#[test]
fn ticks_that_the_filter_hides_are_asked_about() {
    let mut lines = Lines::new(World::small());
    lines.all(&["open 1", "tick all"]);
    let said = lines.all(&["filter type:firewall", "plan"]);
    assert!(said.contains("2 of the ticked are hidden by the filter"), "{said}");
    let said = lines.type_line("");
    assert!(said.contains("SRV-DC1") && said.contains("These are ticked"), "{said}");
    assert!(
        !lines.asked.iter().any(|effect| matches!(effect, Effect::Plan { .. })),
        "an empty line plans nothing"
    );
    lines.all(&["plan", "untick", "plan"]);
    assert_eq!(lines.ticked(), ids(&["103", "104"]));
}

#[test]
fn only_the_right_words_typed_after_the_question_start_anything() {
    let ready = || {
        let mut lines = Lines::new(World::small());
        lines.all(&["open 1", "tick all", "plan"]);
        lines
    };
    for wrong in ["", "yes", "y", "confirm", "8", "Acme", "7 main", "4"] {
        let mut lines = ready();
        lines.type_line("confirm");
        let said = lines.type_line(wrong);
        assert!(said.contains("nothing was done"), "{wrong}: {said}");
        lines.type_line("7");
        assert_eq!(lines.started(), 0, "{wrong}");
    }
    for right in ["7", "acme dental", " Acme Dental "] {
        let mut lines = ready();
        lines.all(&["confirm", right]);
        assert_eq!(lines.started(), 1, "{right}");
        lines.all(&["confirm", right]);
        assert_eq!(lines.started(), 1, "{right}: what has run does not run again");
    }
    // Pasted with the command, it was there before anybody could read the question.
    let mut lines = ready();
    lines.type_line("confirm");
    let said = lines.type_at("7", true);
    assert!(said.contains("so it is no answer"), "{said}");
    assert_eq!(lines.started(), 0);
    lines.type_line("7");
    assert_eq!(lines.started(), 1, "typed by hand, it is");
}

#[test]
fn a_pipe_can_look_and_do_a_dry_run_but_confirm_nothing() {
    let mut lines = Lines::with(World::small(), false);
    lines.all(&["open 1", "tick all", "dry-run on", "plan", "confirm"]);
    assert!(!lines.session.nobody_to_confirm);
    assert_eq!(lines.started(), 1);
    lines.all(&["dry-run off", "plan", "confirm"]);
    assert!(lines.session.nobody_to_confirm);
    lines.type_line("7");
    assert_eq!(lines.started(), 1);
    for change in ["reject 1", "resume 2"] {
        let world = World { past: eventful_past(), ..World::small() };
        let mut lines = Lines::with(world, false);
        lines.all(&["history", change, "yes"]);
        assert!(lines.session.nobody_to_confirm, "{change}");
        assert!(
            !lines.asked.iter().any(|effect| matches!(effect, Effect::Reject { .. } | Effect::Reopen { .. }))
        );
    }
}

#[test]
fn several_clients_want_their_number_and_more_than_the_limit_the_profile_too() {
    let mut lines = Lines::new(World::small());
    lines.all(&["open 1", "tick all", "clients", "open 2", "tick all", "plan"]);
    let said = lines.type_line("confirm");
    assert!(said.contains("type the number of configurations, 6."), "{said}");
    let mut world = World::small();
    world.setting.max_changes = 3;
    let mut lines = Lines::new(world);
    lines.all(&["open 1", "tick all", "plan", "confirm", "7"]);
    assert_eq!(lines.started(), 0);
    lines.all(&["confirm", "4 main"]);
    assert_eq!(lines.started(), 1);
}

#[test]
fn a_plan_of_other_ticks_or_without_its_ticket_does_not_start() {
    let mut world = World::small();
    world.setting.require_ticket = true;
    let mut lines = Lines::new(world);
    let said = lines.all(&["open 1", "tick 2", "plan", "confirm"]);
    assert!(said.contains("type ticket and its number"), "{said}");
    let said = lines.all(&["ticket T-1", "tick 3", "confirm"]);
    assert!(said.contains("The ticks have changed since this plan was made"), "{said}");
    lines.all(&["plan", "confirm", "7"]);
    assert_eq!(lines.started(), 1);
    let mut world = World::small();
    world.setting.require_reason = true;
    let mut lines = Lines::new(world);
    let said = lines.all(&["open 1", "tick 2", "plan", "confirm"]);
    assert!(said.contains("type reason and why"), "{said}");
    lines.all(&["reason Left in October", "confirm", "7"]);
    assert_eq!(lines.started(), 1);
    let refused = World { refused: vec!["another tenant".into()], ..World::small() };
    let said = Lines::new(refused).all(&["open 1", "tick 2", "plan", "confirm"]);
    assert!(said.contains("This plan cannot start: another tenant"), "{said}");
}

#[test]
fn where_approval_is_needed_it_is_parked_not_started() {
    let world = World { needs_approval: Some("the settings want it".into()), ..World::small() };
    let mut lines = Lines::new(world);
    let said = lines.all(&["open 1", "tick 2", "plan", "confirm"]);
    assert!(said.contains("nothing was written: it waits for approval until"), "{said}");
    assert_eq!(lines.started(), 0);
    assert!(lines.type_line("confirm").contains("This plan is parked"));
}

#[test]
fn a_part_of_a_parked_plan_is_approved() {
    let mut lines = Lines::new(World { past: eventful_past(), ..World::small() });
    let said = lines.all(&["history", "approve 1"]);
    assert!(said.contains("1. ticked: "), "{said}");
    let said = lines.type_line("untick 1 2");
    assert!(said.contains("2 of the 4 in this plan are ticked."), "{said}");
    let said = lines.type_line("confirm");
    assert!(said.contains("(2 of the 4 that wait)") && said.contains("as joe@msp.example asked"), "{said}");
    lines.type_line("2");
    let approved = lines.asked.iter().find_map(|effect| match effect {
        Effect::Approve { items, .. } => Some(items.len()),
        _ => None,
    });
    assert_eq!(approved, Some(2));
    // Numbers are those of the configurations again as soon as these are listed.
    lines.all(&["clients", "open 1", "tick 2"]);
    assert_eq!(lines.ticked().len(), 1);
}

#[test]
fn earlier_runs_are_rejected_resumed_and_undone_by_their_numbers() {
    let fresh = || Lines::new(World { past: eventful_past(), ..World::small() });
    let told = |lines: &Lines, what: fn(&Effect) -> bool| lines.asked.iter().any(what);
    let mut lines = fresh();
    assert!(lines.printed.iter().any(|line| line.contains("1 run was interrupted")));
    lines.all(&["history", "reject 1", "no"]);
    assert!(!told(&lines, |effect| matches!(effect, Effect::Reject { .. })));
    lines.all(&["reject 1", "yes"]);
    assert!(told(&lines, |effect| matches!(effect, Effect::Reject { .. })));
    let mut lines = fresh();
    let said = lines.all(&["history", "resume 1"]);
    assert!(said.contains("is awaiting approval: it cannot be resumed."), "{said}");
    lines.all(&["resume 2", "yes"]);
    assert!(told(&lines, |effect| matches!(effect, Effect::Resume { .. })));
    let mut lines = fresh();
    lines.all(&["history", "undo 4", "untick 1", "confirm"]);
    let narrowed = lines.asked.iter().rev().find_map(|effect| match effect {
        Effect::PlanUndo { draft, .. } => Some(draft.only.as_ref().map(BTreeSet::len)),
        _ => None,
    });
    assert_eq!(narrowed, Some(Some(2)), "what is restored is planned by itself first");
    assert_eq!(lines.started(), 0);
    assert!(lines.type_line("approve 6").contains("is of profile branch"));
}

#[test]
fn a_run_is_watched_paused_cancelled_and_waited_for() {
    let running = || {
        let mut lines = Lines::new(World::small());
        lines.slow = true;
        lines.all(&["open 1", "tick all", "plan", "confirm", "7"]);
        lines
    };
    let mut lines = running();
    assert!(lines.session.is_busy());
    lines.session.now = now().plus_seconds(60);
    assert!(lines.type_line("progress").starts_with("Run applying: 0 of 4 done"));
    lines.type_line("pause");
    assert!(matches!(lines.asked.last(), Some(Effect::Control { control: Control::Pause, .. })));
    assert!(lines.type_line("plan").contains("A run is going on, one at a time"));
    assert!(lines.type_line("quit").contains("Cancel it and leave?"));
    lines.type_line("no");
    assert!(lines.left.is_none());
    let said = lines.type_line("cancel");
    assert!(said.contains("Cancelled: 0 configurations deactivated before that"), "{said}");
    for (how, signal) in [
        (Message::Stop(StopSignal::Terminate), Some(StopSignal::Terminate)),
        (Message::Stop(StopSignal::Hangup), Some(StopSignal::Hangup)),
    ] {
        let mut lines = running();
        let said = lines.send(how);
        assert!(said.contains("Report of run"), "the report is there before it leaves: {said}");
        let Some(Leave::Stopped(got, closing)) = lines.left else { panic!("{signal:?}") };
        assert_eq!((Some(got), closing.last_run.map(|run| run.ended)), (signal, Some(true)));
    }
    let mut lines = running();
    let effects = lines.session.end_of_input();
    lines.answer(effects);
    assert!(
        matches!(lines.left, Some(Leave::Quit(ref closing)) if closing.last_run.as_ref().is_some_and(|run| run.ended))
    );
}

#[test]
fn ctrl_c_cancels_what_runs_first_and_leaves_where_nothing_does() {
    let mut lines = Lines::new(World::small());
    lines.send(Message::Stop(StopSignal::Interrupt));
    assert!(matches!(lines.left, Some(Leave::Stopped(StopSignal::Interrupt, _))));
    let mut lines = Lines::new(World::small());
    lines.slow = true;
    lines.all(&["open 1", "tick all", "plan", "confirm", "7"]);
    lines.send(Message::Stop(StopSignal::Interrupt));
    assert!(lines.left.is_none(), "cancelled, and still there to read the report");
    assert!(lines.printed.iter().any(|line| line.contains("Cancelled:")));
}

#[test]
fn a_dry_run_of_the_settings_stays_one() {
    let mut world = World::small();
    world.setting.mode = Mode::DryRun;
    let mut lines = Lines::new(world);
    assert!(lines.printed[0].starts_with("DRY RUN: profile main, ConnectWise PSA."));
    lines.all(&["open 1", "tick 2", "dry-run off", "plan"]);
    let said = lines.type_line("confirm");
    assert!(said.contains("Dry run finished: nothing was written."), "{said}");
}

#[test]
fn names_cannot_drive_the_terminal() {
    let mut world = World::small();
    let hostile = "\u{1b}[2J\u{1b}]0;x\u{7}\u{202e}evil\u{200b}\r\n\u{9b}31m\0";
    world.clients[0].client.name = hostile.into();
    for row in &mut world.rows {
        row.configuration.name = hostile.into();
        row.configuration.config_type = hostile.into();
        row.configuration.site = Some(hostile.into());
        row.configuration.details = details(&[(hostile, hostile)]);
    }
    let mut lines = Lines::new(world);
    lines.all(&[
        "open 1",
        "tick all",
        "show 1",
        "filter \u{1b}[31m",
        "filter",
        "plan",
        "confirm",
        "7",
        "report",
        "history",
        "\u{1b}[31m",
    ]);
    lines.all(&["open 2", "show 1"]);
    assert!(lines.printed.len() > 60);
    for line in lines.printed.iter().filter(|line| !line.starts_with("> ")) {
        assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}' || c == '\u{200b}'), "{line:?}");
    }
}

#[test]
fn a_reading_that_fails_says_what_to_do() {
    let mut lines = Lines::new(World::small());
    let asked = lines.asked.len();
    lines.world.clients.clear();
    lines.type_line("read");
    assert!(lines.asked.len() > asked);
    let said = lines.type_line("clients");
    assert!(said.contains("No company counts as offboarded. Looked for: status"), "{said}");
}

#[test]
fn a_run_of_another_process_is_followed_and_asked_but_never_taken_along() {
    let run = RunId::from("20261124T013000-ssssssss");
    let mut lines = Lines::new(World { past: vec![at_work(&run)], ..World::small() });
    let said = lines.type_line("history");
    assert!(said.contains("by schedule nightly") && said.contains("Can be: follow."), "{said}");
    let said = lines.type_line("resume 1");
    assert!(said.contains("is going on") && said.contains("follow and its number watches it"), "{said}");
    lines.slow = true;
    let said = lines.type_line("follow 1");
    assert!(said.contains("at work: mothball, process 812 on srv1"), "{said}");
    assert!(matches!(lines.asked.last(), Some(Effect::Follow { .. })), "{:?}", lines.asked.last());
    let said = lines.type_line("pause");
    assert!(said.contains("Asked for"), "{said}");
    // It goes on without us: nothing is cancelled, and there is nothing to ask about.
    lines.type_line("quit");
    assert!(lines.left.is_some(), "{:?}", lines.printed);
    let cancelled = |effect: &Effect| {
        matches!(
            effect,
            Effect::Control { control: Control::Cancel | Control::Interrupt | Control::Stop, .. }
        )
    };
    assert!(!lines.asked.iter().any(cancelled));
}
