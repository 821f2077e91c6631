//! What a session knows, and which part answers what. Everything here is pure: lines and messages in, lines
//! and effects out.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use super::{
    super::{
        cells,
        desk::{Confirm, Draft, Mode, PastRun, SaveRequest, Setting, Trouble},
        effect::Effect,
        filter::Query,
        message::Message,
        model::{data::Data, overlay::Deed, plan::PlanPage, report::ReportPage, run::RunPage},
        options::{Closing, Leave, StopSignal},
        ticks::Ticks,
    },
    command::{COMMANDS, Command, parse},
    handles::{Handles, Kind},
    listing, past, planning,
    reading::{self, Links, Reading},
    running, ticking, words,
};
use crate::domain::{ClientId, ConfigId, RunId, Timestamp};

/// How long leaving waits for a cancelled run to end; the same as the screen waits.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Lines of a list that are printed at a time.
const PAGE: usize = 40;

/// Everything that a review in lines knows.
#[derive(Debug)]
pub struct Session {
    pub setting: Setting,
    pub now: Timestamp,
    /// A person sits at the terminal. What comes through a pipe can confirm nothing.
    pub attended: bool,
    /// Somebody who is not there was to confirm something: the program ends with that.
    pub nobody_to_confirm: bool,
    /// Counts the questions, so that lines from before the latest are told from answers to it.
    pub questions: u64,
    out: Vec<String>,
    /// What is still to be printed of a long list.
    rest: VecDeque<Line>,
    page: usize,
    pub(super) question: Option<Question>,
    pub(super) reading: Reading,
    pub(super) data: Data,
    pub(super) links: Links,
    pub(super) ticks: Ticks,
    /// The client whose configurations are looked at.
    pub(super) open: Option<ClientId>,
    pub(super) client_filter: Query,
    pub(super) row_filter: Query,
    pub(super) clients: Handles<ClientId>,
    pub(super) rows: Handles<ConfigId>,
    pub(super) items: Handles<ConfigId>,
    pub(super) runs: Handles<RunId>,
    /// Whether `tick` is about the items of a plan, because those were printed last.
    pub(super) picks_items: bool,
    /// Reason, ticket and dry run of the next plan of what is ticked.
    pub(super) terms: Draft,
    pub(super) plan: Option<PlanPage>,
    pub(super) run: Option<RunPage>,
    pub(super) told: running::Told,
    pub(super) report: Option<ReportPage>,
    pub(super) history: Vec<PastRun>,
    pub(super) asking: Asking,
    leaving: Leaving,
    serial: u64,
}

/// What is awaited from outside, so that whoever writes lines into a pipe need not guess how long it takes.
#[derive(Debug, Default)]
pub struct Asking {
    /// Earlier runs; printed when they are here, or only looked through for what waits.
    pub history: Option<ForWhat>,
    pub saving: Option<SaveRequest>,
    /// Parking, rejecting, holding, looking again, opening a report or a journal.
    pub other: usize,
    /// The plan that is reopened in order to resume.
    pub reopening: Option<u64>,
    /// The same in order to watch, and who is at work on it.
    pub following: Option<(u64, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForWhat {
    Printing,
    Start,
    Refreshing,
}

/// Whether the session ends as soon as the run has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaving {
    No,
    /// A person wants that, or no more lines will come.
    Wanted,
    Asked(StopSignal),
}

/// Something that wants a line as its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// The typed confirmation.
    Confirm {
        deed: Deed,
        wanted: Confirm,
    },
    /// Ticked rows are hidden by the filter.
    Hidden(Vec<ConfigId>),
    Overwrite(SaveRequest),
    Reject(RunId),
    Resume(RunId),
    Quit,
}

/// One printed line; what it is the next numbered entry of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub text: String,
    pub entry: Option<Kind>,
}

impl Line {
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), entry: None }
    }

    pub fn numbered(kind: Kind, n: usize, text: &str) -> Self {
        Self { text: format!("{n}. {text}"), entry: Some(kind) }
    }
}

impl Session {
    pub fn new(setting: Setting, now: Timestamp, attended: bool) -> Self {
        let terms = Draft { dry_run: setting.mode == Mode::DryRun, ..Draft::default() };
        Self {
            setting,
            now,
            attended,
            nobody_to_confirm: false,
            questions: 0,
            out: Vec::new(),
            rest: VecDeque::new(),
            page: if attended { PAGE } else { 0 },
            question: None,
            reading: Reading::default(),
            data: Data::default(),
            links: Links::default(),
            ticks: Ticks::default(),
            open: None,
            client_filter: Query::default(),
            row_filter: Query::default(),
            clients: Handles::default(),
            rows: Handles::default(),
            items: Handles::default(),
            runs: Handles::default(),
            picks_items: false,
            terms,
            plan: None,
            run: None,
            told: running::Told::default(),
            report: None,
            history: Vec::new(),
            asking: Asking::default(),
            leaving: Leaving::No,
            serial: 0,
        }
    }

    /// The first that happens: in which world this is, and reading begins.
    pub fn begin(&mut self) -> Vec<Effect> {
        self.say(&words::banner(&self.setting));
        for warning in self.setting.warnings.clone() {
            self.say(&format!("Warning: {warning}"));
        }
        self.say("Type a command and press enter. help lists all commands, quit leaves.");
        let mut effects = reading::begin(self);
        effects.extend(past::ask(self, ForWhat::Start));
        effects
    }

    /// A line was typed. `early`: it was on its way already when the question of now was asked.
    pub fn line(&mut self, text: &str, early: bool) -> Vec<Effect> {
        if let Some(question) = self.question.take() {
            if early {
                // What is pasted or typed ahead cannot have been meant as an answer.
                self.say("That came before the question could be read, so it is no answer. Once more:");
                self.ask(question);
                return Vec::new();
            }
            return self.answer(question, text.trim());
        }
        if text.trim().is_empty() {
            return Vec::new();
        }
        match parse(text) {
            Ok(command) => self.obey(command),
            Err(why) => {
                self.say(&why);
                Vec::new()
            }
        }
    }

    pub fn hear(&mut self, message: Message) -> Vec<Effect> {
        match message {
            Message::Load(generation, news) => reading::news(self, generation, news),
            Message::LoadEnded(generation, result) => reading::ended(self, generation, result),
            Message::LinksRead(clients, result) => reading::links_read(self, &clients, result),
            Message::Planned(generation, result) => planning::planned(self, generation, result),
            Message::Parked(result) => planning::parked(self, result),
            Message::Started(serial, result) => running::started(self, serial, result),
            Message::Run(serial, news) => running::news(self, serial, news),
            Message::RunNewsEnded(serial) => running::news_ended(self, serial),
            Message::Controlled(control, result) => running::controlled(self, control, result),
            Message::Saved(result) => running::saved(self, result),
            Message::History(result) => past::read(self, result),
            Message::Report(run, result) => past::opened(self, &run, result),
            Message::Rejected(run, result) => past::rejected(self, &run, result),
            Message::Reopened(generation, result) => past::reopened(self, generation, result),
            Message::Rechecked(_, result) => past::rechecked(self, result),
            Message::Held(id, result) => ticking::held(self, &id, result),
            Message::Stop(signal) => self.stop(signal),
            Message::LeaveNow => self.leave_now(),
            // Keys, pictures and what only they ask for.
            _ => Vec::new(),
        }
    }

    /// Time went by.
    pub fn beat(&mut self) {
        reading::beat(self);
        running::beat(self);
    }

    /// No more lines will come. What runs is cancelled and waited for: nobody could answer whether to.
    pub fn end_of_input(&mut self) -> Vec<Effect> {
        self.question = None;
        if !self.runs() {
            return self.leave_now();
        }
        self.say("The input has ended: the run is cancelled, and what was sent is waited for.");
        self.cancel_and_leave(Leaving::Wanted)
    }

    /// Whether the answer to what was typed last is still to come.
    pub fn is_busy(&self) -> bool {
        self.reading.is_reading()
            || self.links.are_awaited()
            || self.plan.as_ref().is_some_and(planning::is_planning)
            || self.asking.history.is_some()
            || self.asking.saving.is_some()
            || self.asking.other > 0
            || self.asking.reopening.is_some()
            || self.asking.following.is_some()
            || self.run.as_ref().is_some_and(RunPage::is_active)
    }

    /// What was said since it was asked last: safe to print, a line each.
    pub fn take_output(&mut self) -> Vec<String> {
        std::mem::take(&mut self.out)
    }

    fn obey(&mut self, command: Command) -> Vec<Effect> {
        match command {
            Command::Help => {
                let lines = COMMANDS.iter().map(|(usage, text)| Line::new(format!("{usage}: {text}")));
                self.print(lines.collect());
            }
            Command::Quit if self.runs() => self.ask(Question::Quit),
            Command::Quit => return self.leave_now(),
            Command::Next => self.more(),
            Command::Page(lines) => {
                self.page = lines;
                self.say(&match lines {
                    0 => "Lists are printed as a whole.".to_owned(),
                    n => format!("Lists are printed {n} lines at a time."),
                });
            }
            Command::List => return listing::list(self),
            Command::Clients => listing::clients(self),
            Command::Open(pick) => return listing::open(self, &pick),
            Command::Show(pick) => return listing::show(self, &pick),
            Command::Filter(text) => return listing::filter(self, &text),
            Command::Ticked => listing::ticked(self),
            Command::Tick(which) => return ticking::tick(self, &which),
            Command::Untick(which) => return ticking::untick(self, &which),
            Command::Back => return ticking::back(self, false),
            Command::Again => return ticking::back(self, true),
            Command::Hold { pick, reason, until } => {
                return ticking::hold(self, &pick, reason, until.as_deref());
            }
            Command::Release(pick) => return ticking::release(self, &pick),
            Command::Read => return reading::again(self),
            Command::Plan => return planning::plan(self),
            Command::Reason(text) => return planning::reason(self, text),
            Command::Ticket(text) => return planning::ticket(self, text),
            Command::DryRun(on) => return planning::dry_run(self, on),
            Command::Park => return planning::park(self),
            Command::Confirm => return planning::confirm(self),
            Command::Pause => return running::pause(self, true),
            Command::GoOn => return running::pause(self, false),
            Command::Cancel => return running::cancel(self),
            Command::Progress => running::progress(self),
            Command::Report(None) => running::report(self),
            Command::Report(Some(pick)) => return past::report(self, &pick),
            Command::Save { path, for_client } => return running::save(self, &path, for_client),
            Command::Retry => return planning::retry(self),
            Command::History => return past::ask(self, ForWhat::Printing),
            Command::Approve(pick) => return past::approve(self, &pick),
            Command::Reject(pick) => past::reject(self, &pick),
            Command::Resume(pick) => past::resume(self, &pick),
            Command::Follow(pick) => return past::follow(self, &pick),
            Command::Undo(pick) => return past::undo(self, &pick),
            Command::Recheck(pick) => return past::recheck(self, &pick),
        }
        Vec::new()
    }

    fn answer(&mut self, question: Question, text: &str) -> Vec<Effect> {
        let yes = matches!(text.to_lowercase().as_str(), "yes" | "y");
        match question {
            Question::Confirm { deed, wanted } => return planning::confirmed(self, &deed, &wanted, text),
            Question::Hidden(ids) => return planning::about_hidden(self, ids, text),
            Question::Overwrite(request) if yes => return running::overwrite(self, request),
            Question::Reject(run) if yes => return past::rejecting(self, run),
            Question::Resume(run) if yes => return past::resuming(self, run),
            Question::Quit if yes => {
                self.say("The run is cancelled; the program leaves when what was sent is settled.");
                return self.cancel_and_leave(Leaving::Wanted);
            }
            Question::Quit => self.say("The run goes on."),
            _ => self.say("Nothing was done."),
        }
        Vec::new()
    }

    /// Asks, and takes the next line as the answer.
    pub(super) fn ask(&mut self, question: Question) {
        let text = match &question {
            Question::Confirm { wanted, .. } => words::wanted(wanted, &self.setting),
            Question::Hidden(ids) => format!(
                "{} of the ticked are hidden by the filter. Type show to list what is ticked, untick to untick the hidden ones, or include to plan them too.",
                ids.len()
            ),
            Question::Overwrite(request) => {
                format!("{} is there already. Overwrite it? Type yes or no.", request.path.display())
            }
            Question::Reject(run) => {
                format!("Reject run {run} for good? Nothing of it is written then. Type yes or no.")
            }
            Question::Resume(run) => {
                format!("Go on with run {run}? What was sent is read first. Type yes or no.")
            }
            Question::Quit => {
                "A run goes on. Cancel it and leave? What was sent is waited for. Type yes or no.".to_owned()
            }
        };
        self.say(&text);
        self.questions += 1;
        self.question = Some(question);
    }

    /// Asks something after which the PSA or the record is changed: a person has to answer that.
    pub(super) fn ask_person(&mut self, question: Question) {
        if self.attended {
            self.ask(question);
            return;
        }
        self.nobody_to_confirm = true;
    }

    /// One line, foreign text in it made harmless.
    pub(super) fn say(&mut self, text: &str) {
        self.out.push(words::safe(text));
    }

    pub(super) fn trouble(&mut self, what: &str, trouble: &Trouble) {
        self.say(&format!("{what}: {} {}", trouble.message, trouble.advice));
    }

    /// Prints lines from the first, as many as fit a page. `next` prints more of them.
    pub(super) fn print(&mut self, lines: Vec<Line>) {
        self.rest = lines.into();
        self.print_page();
    }

    fn more(&mut self) {
        if self.rest.is_empty() {
            self.say("There is no more of it.");
        } else {
            self.print_page();
        }
    }

    fn print_page(&mut self) {
        let limit = if self.page == 0 { usize::MAX } else { self.page };
        for _ in 0..limit {
            let Some(line) = self.rest.pop_front() else { return };
            match line.entry {
                Some(Kind::Clients) => self.clients.printed(),
                Some(Kind::Rows) => self.rows.printed(),
                Some(Kind::Items) => self.items.printed(),
                Some(Kind::Runs) => self.runs.printed(),
                None => {}
            }
            // The indent of a page is kept, what follows it is made safe.
            let text = line.text.trim_start();
            let indent = &line.text[..line.text.len() - text.len()];
            self.out.push(format!("{indent}{}", words::safe(text)));
        }
        if !self.rest.is_empty() {
            let n = self.rest.len();
            self.say(&format!("{n} more lines: next prints more."));
        }
    }

    pub(super) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Whether a run may still do something.
    pub(super) fn runs(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.is_active() && run.is_ours())
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.leaving != Leaving::No
    }

    /// A signal. Ctrl-C first only cancels what runs; everything else cancels, waits, and ends.
    /// Whether the program is being ended from outside. Ctrl-C is a person's own word.
    pub(super) fn is_signalled(&self) -> bool {
        matches!(self.leaving, Leaving::Asked(StopSignal::Terminate | StopSignal::Hangup))
    }

    fn stop(&mut self, signal: StopSignal) -> Vec<Effect> {
        self.question = None;
        if !self.runs() {
            self.leaving = Leaving::Asked(signal);
            return self.leave_now();
        }
        if signal == StopSignal::Interrupt {
            if self.is_leaving() {
                self.leaving = Leaving::Asked(signal);
                return self.leave_now();
            }
            let again = self.run.as_ref().is_some_and(|run| run.cancels > 0);
            return if again { self.cancel_and_leave(Leaving::Asked(signal)) } else { running::cancel(self) };
        }
        // A terminal that goes away tells of it in two ways, its end of input and its signal.
        if self.is_leaving() {
            let before = std::mem::replace(&mut self.leaving, Leaving::Asked(signal));
            let hurries = !matches!(before, Leaving::Wanted | Leaving::Asked(StopSignal::Hangup));
            return if hurries { self.leave_now() } else { Vec::new() };
        }
        self.say("Asked to end.");
        self.cancel_and_leave(Leaving::Asked(signal))
    }

    fn cancel_and_leave(&mut self, leaving: Leaving) -> Vec<Effect> {
        self.leaving = leaving;
        let mut effects = running::cancel(self);
        effects.push(Effect::After { wait: PATIENCE, message: Box::new(Message::LeaveNow) });
        effects
    }

    pub(super) fn leave_now(&mut self) -> Vec<Effect> {
        let closing = self.closing();
        vec![Effect::Leave(match self.leaving {
            Leaving::Asked(signal) => Leave::Stopped(signal, closing),
            Leaving::Wanted | Leaving::No => Leave::Quit(closing),
        })]
    }

    pub fn closing(&self) -> Closing {
        Closing { last_run: self.run.as_ref().and_then(RunPage::last_run) }
    }

    /// The clients of these rows, each once.
    pub(super) fn clients_of(&self, ids: &[ConfigId]) -> BTreeSet<ClientId> {
        let clients = ids.iter().filter_map(|id| self.data.row(id));
        clients.map(|at| self.data.entry(at).row.configuration.client.clone()).collect()
    }

    /// The title of a configuration, or its id where it is not known.
    pub(super) fn title(&self, id: &ConfigId) -> String {
        let at = self.data.row(id);
        at.map_or_else(|| format!("#{id}"), |at| self.data.entry(at).row.configuration.title())
    }

    /// `1,240 cells` is nothing to a reader of lines: pages are written without folding.
    pub(super) const WIDTH: usize = 1_000_000;
}

/// The text of a page without what only orders it on a screen.
pub(super) fn lines_of<T>(
    page: &super::super::prose::Prose<T>,
    mut entry: impl FnMut(&T) -> Line,
) -> Vec<Line> {
    use super::super::prose;
    page.lines
        .iter()
        .filter_map(|line| match line {
            prose::Line::Text { text, .. } if text.trim().is_empty() => None,
            prose::Line::Text { indent, text, .. } => {
                Some(Line::new(format!("{}{text}", " ".repeat(usize::from(*indent)))))
            }
            prose::Line::Entry(it) => Some(entry(it)),
        })
        .collect()
}

/// Seconds in words, as on the screen.
pub(super) fn duration(seconds: f64) -> String {
    cells::duration(seconds)
}
