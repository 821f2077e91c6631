//! What must hold after every life, whatever went wrong. Judged from the simulator's log and truth, the records of the
//! journal, the history of the wire, and the report as it was handed out; never by the program's own fold.

use std::collections::{BTreeMap, BTreeSet};

use mothball::{
    domain::RunId,
    http::Sent,
    simulator::{ConfigurationTruth, Truth, Write, faults::Kind},
};
use serde_json::Value;

use super::{
    journal::{self, Told},
    model::Model,
    rows,
    wire::{Answer, Exchange, History, Moment},
    world::{World, keeps_its_schema},
};
use crate::support::vendor;

/// A write: its moment, what it was, the intent that it was sent under, and its number under that.
type Sending<'a> = (usize, &'a Exchange, Option<(RunId, usize)>, usize);

/// One try, and the four that may follow it.
const MOST_TRIES: usize = 5;

/// Everything that is known of a case.
pub struct Evidence {
    psa: &'static str,
    pub history: History,
    pub log: Vec<Write>,
    pub now: Truth,
    before: Truth,
    /// In the order in which the runs were stored.
    pub told: Vec<(RunId, Told)>,
    model: Model,
}

impl Evidence {
    pub fn gather(world: &World) -> Self {
        let history = world.tap.history();
        let log = world.simulator.all_writes();
        let marks = world.before.configurations.values().map(|row| (row.id.clone(), row.active));
        let model = Model::replay(world.psa, marks, &history, &log);
        Self {
            psa: world.psa,
            told: world
                .runs()
                .into_iter()
                .map(|run| (run.clone(), journal::read(&world.store, &run)))
                .collect(),
            model: model.unwrap_or_else(|why| panic!("an answer that cannot be: {why}")),
            now: world.simulator.truth(),
            before: world.before.clone(),
            history,
            log,
        }
    }

    fn told_of(&self, run: &RunId) -> &Told {
        self.told.iter().find(|(id, _)| id == run).map(|(_, told)| told).expect("a run that is stored")
    }

    /// All that must hold of the wire, the log and the journals.
    pub fn check(&self, world: &World) {
        self.only_what_was_approved_and_intended();
        self.only_the_two_marks_differ();
        self.at_most_one_effect();
        self.credentials_went_nowhere_else(world);
        self.nothing_was_sent_again_unread();
        for (_, told) in &self.told {
            assert!(told.settled_twice.is_empty(), "settled twice: {:?}", told.settled_twice);
        }
        let notes = world.simulator.notes();
        assert!(notes.is_empty(), "the simulator noted: {notes:#?}");
        for (id, row) in &self.now.configurations {
            let end = self.model.end(id);
            let active = row.active.unwrap_or(true);
            let known = self.before.configurations.contains_key(id);
            assert!(
                !known || end.may_be(active),
                "the model has lost {id}: it is {active}, not {:?}",
                end.possible
            );
        }
    }

    /// Changes by us ⊆ approved, and each write left after its intent was on record.
    fn only_what_was_approved_and_intended(&self) {
        let approved: BTreeSet<&String> =
            self.told.iter().map(|(_, told)| told).flat_map(|told| &told.approved).collect();
        for write in self.log.iter().filter(|write| !write.by_others) {
            assert!(write.record.starts_with("configuration/"), "{} was written", write.record);
            assert!(approved.contains(&write.id), "{} was written, and nobody approved it", write.id);
            let sent = self.writes().any(|(_, _, id, _)| id == write.id);
            assert!(sent, "{} changed without a write on the wire", write.id);
        }
        for (_, exchange, id, _) in self.writes() {
            assert!(approved.contains(&id), "{id} was sent, and nobody approved it");
            assert!(self.intent(exchange, &id).is_some(), "{id} was sent before its intent was on record");
        }
    }

    /// The latest intent that stood in a journal when this write left: its run and its place.
    fn intent(&self, exchange: &Exchange, id: &str) -> Option<(&RunId, usize)> {
        self.told.iter().rev().find_map(|(run, told)| {
            let length = exchange.journaled.get(run).copied().unwrap_or(0);
            let before = told.intents.get(id)?.iter().rev().find(|place| **place < length);
            before.map(|place| (run, *place))
        })
    }

    /// Every write of a configuration, with its moment.
    fn writes(&self) -> impl Iterator<Item = (usize, &Exchange, String, rows::Marks)> {
        self.history.moments.iter().enumerate().flat_map(|(moment, (what, _))| {
            let Moment::Sent(number) = what else { return Vec::new() };
            let exchange = &self.history.exchanges[*number];
            rows::write(self.psa, exchange)
                .into_iter()
                .map(|(id, asked)| (moment, exchange, id, asked))
                .collect()
        })
    }

    fn only_the_two_marks_differ(&self) {
        let may_change = vendor::facts(self.psa).changed;
        for write in self.log.iter().filter(|write| !write.by_others) {
            for change in &write.changes {
                assert!(
                    may_change.contains(&change.field.as_str()),
                    "{}: {} was changed",
                    write.id,
                    change.field
                );
            }
        }
        let by_others: BTreeSet<&str> =
            self.log.iter().filter(|write| write.by_others).map(|write| write.id.as_str()).collect();
        for (id, before) in &self.before.configurations {
            if by_others.contains(id.as_str()) {
                continue;
            }
            let mut now = self.now.configurations[id].clone();
            let (active, status, closed) = (before.active, before.status.clone(), before.closed);
            (now.active, now.status, now.closed) = (active, status, closed);
            // What hangs on a record is seen in the record that hangs on it.
            now.active_children.clone_from(&before.active_children);
            now.blocked.clone_from(&before.blocked);
            now.agreements.clone_from(&before.agreements);
            assert_eq!(now, *before, "{id}: something else than the two marks differs");
        }
    }

    /// At most one effective change of an item by a run, unless somebody else changed it in between.
    fn at_most_one_effect(&self) {
        let mut by_us: BTreeMap<&str, usize> = BTreeMap::new();
        let mut by_others: BTreeMap<&str, usize> = BTreeMap::new();
        for write in &self.log {
            let count = if write.by_others { &mut by_others } else { &mut by_us };
            *count.entry(&write.id).or_default() += 1;
        }
        for (id, times) in by_us {
            let runs =
                self.told.iter().map(|(_, told)| told).filter(|told| told.intents.contains_key(id)).count();
            let others = by_others.get(id).copied().unwrap_or(0);
            assert!(times <= runs.max(1) + others, "{id} was changed {times} times by {runs} runs");
        }
    }

    fn credentials_went_nowhere_else(&self, world: &World) {
        let own = world.simulator.base_url();
        for exchange in &self.history.exchanges {
            let what = format!("{} {}", exchange.method, exchange.path);
            assert_eq!(exchange.origin, own, "{what} went elsewhere");
            let open = discovery(self.psa, &exchange.path);
            assert_eq!(
                exchange.with_credentials, !open,
                "{what}: credentials: {}",
                exchange.with_credentials
            );
            let writes = rows::changes_something(self.psa, exchange);
            let known = !rows::write(self.psa, exchange).is_empty();
            assert!(!writes || known, "an unknown write: {what}");
        }
        assert!(world.simulator.elsewhere().is_empty());
    }

    /// Under one intent a write is only sent again where the one before surely had no effect, five times at most. Under
    /// the next one the item was read in between.
    fn nothing_was_sent_again_unread(&self) {
        let mut last: BTreeMap<String, Sending<'_>> = BTreeMap::new();
        for (moment, exchange, id, _) in self.writes() {
            let intent = self.intent(exchange, &id).map(|(run, place)| (run.clone(), place));
            let mut tries = 1;
            if let Some((sent, before, under, tried)) = last.get(&id) {
                let answered = self.answered_at(*sent);
                assert!(answered.is_some_and(|at| at < moment), "{id} was under way twice at once");
                if !surely_unseen(before, exchange) {
                    let read = self.was_shown(&id, answered.unwrap_or(*sent), moment);
                    assert!(read, "{id} was sent again without being read\n{}", self.story(&id));
                    let refused = matches!(before.answer, Some(Answer::Reply { status: 400..=499, .. }));
                    assert!(
                        refused || *under != intent,
                        "{id} was sent again without a new intent\n{}",
                        self.story(&id)
                    );
                } else if *under == intent {
                    tries = tried + 1;
                }
                assert!(tries <= most_tries(self.psa), "{id} was sent {tries} times under one intent");
            }
            last.insert(id, (moment, exchange, intent, tries));
        }
    }

    fn answered_at(&self, sent: usize) -> Option<usize> {
        let Moment::Sent(number) = self.history.moments[sent].0 else { return None };
        let after = self.history.moments.iter().enumerate().skip(sent);
        after.filter(|(_, (what, _))| *what == Moment::Answered(number)).map(|(moment, _)| moment).next()
    }

    /// What happened to one record, for whoever looks into a broken case.
    fn story(&self, id: &str) -> String {
        let mut lines = Vec::new();
        for (moment, (what, _)) in self.history.moments.iter().enumerate() {
            let line = match what {
                Moment::Begun => "the program begins".to_owned(),
                Moment::Edited => "somebody else edits".to_owned(),
                Moment::Sent(number) => {
                    let exchange = &self.history.exchanges[*number];
                    let asked =
                        rows::write(self.psa, exchange).into_iter().find(|(written, _)| written == id);
                    let Some((_, asked)) = asked else { continue };
                    format!(
                        "{number}, {}: asks for {asked:?}, under {:?}",
                        exchange.at,
                        self.intent(exchange, id)
                    )
                }
                Moment::Answered(number) => {
                    let exchange = &self.history.exchanges[*number];
                    let shown = rows::shown(self.psa, exchange).into_iter().find(|(shown, _)| shown == id);
                    let written = rows::write(self.psa, exchange).iter().any(|(written, _)| written == id);
                    let answer = match &exchange.answer {
                        Some(Answer::Reply { status, .. }) => status.to_string(),
                        other => format!("{other:?}"),
                    };
                    match shown {
                        None if !written => continue,
                        shown => format!(
                            "{number}: {} {answer} {:?} shows {shown:?}",
                            exchange.method, exchange.met
                        ),
                    }
                }
            };
            lines.push(format!("  {moment}. {line}"));
        }
        let journal = self.told.iter().filter_map(|(run, told)| {
            let (intents, settled) = (told.intents.get(id), told.settled.get(id));
            (intents.is_some() || settled.is_some()).then(|| format!("  {run}: {intents:?}, {settled:?}"))
        });
        lines.extend(journal);
        lines.join("\n")
    }

    /// Whether an answer to a reading that left after `from` showed the item before `until`.
    fn was_shown(&self, id: &str, from: usize, until: usize) -> bool {
        self.history.moments[from..until].iter().enumerate().any(|(place, (what, _))| {
            let Moment::Answered(number) = what else { return false };
            let exchange = &self.history.exchanges[*number];
            let left = self.history.moments[from..from + place]
                .iter()
                .any(|(what, _)| *what == Moment::Sent(*number));
            left && rows::shown(self.psa, exchange).iter().any(|(shown, _)| shown == id)
        })
    }

    /// What the report says is arithmetically closed, is what the journal says, and agrees with the truth.
    pub fn check_report(&self, run: &RunId, report: &Value) {
        keeps_its_schema(report);
        let told = self.told_of(run);
        let configs = report["configs"].as_array().expect("the report of one client");
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        let mut listed = BTreeSet::new();
        for config in configs {
            let id = config["config_id"].as_str().expect("an id");
            let outcome = config["outcome"].as_str().expect("an outcome");
            assert!(listed.insert(id), "{id} is listed twice");
            *counts.entry(outcome).or_default() += 1;
            if let Some(settled) = told.settled.get(id) {
                assert_eq!(outcome, settled["outcome"], "{id}: the journal says {settled}");
            } else {
                // Sent, and not settled: nobody knows. Not sent: left as it was.
                let sent = told.intents.contains_key(id);
                assert!(outcome == "skipped" || sent && outcome == "unknown", "{id}: {outcome}");
            }
            self.claim_is_true(run, id, config);
        }
        let planned: u64 = told.approved.iter().map(|id| u64::from(listed.contains(id.as_str()))).sum();
        assert_eq!(planned, told.approved.len() as u64, "every item of the plan is listed");
        let count = |outcome: &str| counts.get(outcome).copied().unwrap_or(0);
        let errors = count("failed") + count("unknown");
        let skipped = count("skipped") + count("changed_since_review") + count("planned");
        let statistics = &report["statistics"];
        assert_eq!(statistics["configs_found"], configs.len(), "{statistics}");
        assert_eq!(statistics["configs_deactivated"], count("deactivated"), "{statistics}");
        assert_eq!(statistics["configs_skipped"], skipped, "{statistics}");
        assert_eq!(statistics["errors"], errors, "{statistics}");
        assert_eq!(configs.len() as u64, count("deactivated") + skipped + errors);
        let success = report["success"] == true;
        let unverified =
            configs.iter().any(|config| config["outcome"] == "deactivated" && config["verified"] != true);
        let good = errors == 0 && count("changed_since_review") == 0 && !unverified;
        assert!(!success || good && report["state"] == "finished", "it says success: {statistics}");
    }

    fn claim_is_true(&self, run: &RunId, id: &str, config: &Value) {
        let end = self.model.end(id);
        let by_others = self.log.iter().any(|write| write.by_others && write.id == id);
        let mut later = self.told.iter().skip_while(|(told, _)| told != run).skip(1);
        // What a run read last may have been changed since: by others, or by a run after it.
        let disturbed = by_others || later.any(|(_, told)| told.intents.contains_key(id));
        let really = self.now.configurations.get(id).map(ConfigurationTruth::is_active);
        let approved = self.told.iter().any(|(_, told)| told.approved.contains(id));
        let lied_to = self.history.exchanges.iter().any(|exchange| {
            exchange.met.contains(&Kind::LostWrite)
                && rows::write(self.psa, exchange).iter().any(|(written, _)| written == id)
        });
        match config["outcome"].as_str().unwrap_or_default() {
            "unknown" => {}
            "deactivated" if config["verified"] == true => {
                assert!(
                    disturbed || end.is_surely(false),
                    "{id} is told as verified; it may be {:?}",
                    end.possible
                );
                assert!(disturbed || end.looked, "{id} is told as verified, and nobody looked");
                assert!(disturbed || really == Some(false), "{id} is told as deactivated, and is active");
            }
            "deactivated" => {
                assert!(
                    disturbed || end.may_be(false) || lied_to,
                    "{id} is told as deactivated; it is {:?}\n{}",
                    end.possible,
                    self.story(id)
                );
                assert!(disturbed || lied_to || really == Some(false), "{id} is told as deactivated");
            }
            _ => {
                let told = config["status"] == "active";
                assert!(
                    disturbed || !approved || end.may_be(told),
                    "{id} is told to be {told}; it may be {:?}\n{}",
                    end.possible,
                    self.story(id)
                );
                assert!(
                    disturbed || really == Some(told),
                    "{id} is told to be active: {told}: {config}\n{}",
                    self.story(id)
                );
            }
        }
    }

    /// Items of a run whose fate nobody knows, by its journal: told as unknown, or sent and never settled.
    pub fn unknown(&self, run: &RunId) -> BTreeSet<&str> {
        let told = self.told_of(run);
        let settled = told.settled.iter().filter(|(_, settled)| settled["outcome"] == "unknown");
        let open = told.intents.keys().filter(|id| !told.settled.contains_key(*id));
        settled.map(|(id, _)| id.as_str()).chain(open.map(String::as_str)).collect()
    }

    /// Approved items that nothing was settled for.
    pub fn unsettled(&self, run: &RunId) -> usize {
        let told = self.told_of(run);
        told.approved.iter().filter(|id| !told.settled.contains_key(*id)).count()
    }

    pub fn last_end(&self, run: &RunId) -> Option<&str> {
        self.told_of(run).ends.last().map(String::as_str)
    }
}

/// Places that are asked without credentials, by the contract.
fn discovery(psa: &str, path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    match psa {
        "connectwise" => path.starts_with("/login/companyinfo/"),
        "autotask" => path.ends_with("/zoneinformation"),
        _ => path == "/api/authinfo" || path == "/auth/token",
    }
}

/// Autotask's hourly pool answers like its other limits: once it was looked at, the same request begins anew.
fn most_tries(psa: &str) -> usize {
    if psa == "autotask" { 2 * MOST_TRIES } else { MOST_TRIES }
}

/// Whether the PSA certainly did nothing about a write: it did not get there, or was turned away unlooked at.
fn surely_unseen(exchange: &Exchange, next: &Exchange) -> bool {
    match &exchange.answer {
        // The tenant's release has another address by now.
        Some(Answer::Reply { status: 404, .. }) => exchange.path != next.path,
        Some(Answer::Failed { sent, .. }) => *sent == Sent::Never,
        Some(Answer::Reply { status: 401 | 429, .. }) => true,
        Some(Answer::Reply { body, status: 500 }) => {
            let body = String::from_utf8_lossy(body);
            body.contains("threshold")
        }
        _ => false,
    }
}
