//! What a session knows, and which part answers what. Everything here is pure: lines and messages in, lines
//! and effects out.

use std::collections::{BTreeSet, VecDeque};

use super::{
    super::{
        desk::{Confirm, Draft, Mode, PastRun, SaveRequest, Setting},
        effect::Effect,
        filter::Query,
        message::Message,
        model::{data::Data, overlay::Deed, plan::PlanPage, report::ReportPage, run::RunPage},
        ticks::Ticks,
    },
    acting,
    command::{COMMANDS, Command, parse},
    handles::Handles,
    leaving::Leaving,
    listing,
    output::{Line, PAGE},
    past, planning,
    reading::{self, Links, Reading},
    running, ticking, words,
};
use crate::domain::{ClientId, ConfigId, RunId, Timestamp};

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
    pub(super) out: Vec<String>,
    /// What is still to be printed of a long list.
    pub(super) rest: VecDeque<Line>,
    /// Lines of a list that are printed at a time; 0 for all of them.
    pub(super) page: usize,
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
    pub(super) leaving: Leaving,
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
            Message::Parked(result) => acting::parked(self, result),
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
            Command::Park => return acting::park(self),
            Command::Confirm => return acting::confirm(self),
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
            Question::Confirm { deed, wanted } => return acting::confirmed(self, &deed, &wanted, text),
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

    pub(super) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Whether a run may still do something.
    pub(super) fn runs(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.is_active() && run.is_ours())
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
}
