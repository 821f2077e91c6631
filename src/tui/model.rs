//! Everything that the screen knows, as plain data.

pub mod data;
pub mod history;
pub mod overlay;
pub mod plan;
pub mod report;
pub mod review;
pub mod run;
pub mod saving;
pub mod sieve;

use ratatui::style::Style;

use self::{
    history::HistoryPage,
    overlay::Overlay,
    plan::{PlanPage, Purpose},
    report::ReportPage,
    review::{Load, Review},
    run::RunPage,
};
use super::{
    action::{Layer, Scope},
    desk::{Mode, Setting, Trouble},
    keymap::Keymap,
    layout::{self, Pane},
    options::{Closing, StopSignal},
    symbols::{self, Symbols},
    theme::{Meaning, Styles},
};
use crate::domain::Timestamp;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Place {
    #[default]
    Review,
    Plan,
    Run,
    Report,
    History,
}

impl Place {
    pub const ALL: [Self; 5] = [Self::Review, Self::Plan, Self::Run, Self::Report, Self::History];

    pub fn title(self) -> &'static str {
        match self {
            Self::Review => "Review",
            Self::Plan => "Plan",
            Self::Run => "Run",
            Self::Report => "Report",
            Self::History => "History",
        }
    }
}

/// One line that was just said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub meaning: Meaning,
    pub text: String,
}

/// How things are drawn.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    pub styles: Styles,
    pub symbols: &'static Symbols,
}

impl Look {
    pub fn new(styles: impl Into<Styles>, ascii: bool) -> Self {
        let symbols = if ascii { &symbols::ASCII } else { &symbols::UNICODE };
        Self { styles: styles.into(), symbols }
    }

    pub fn style(&self, meaning: Meaning) -> Style {
        self.styles.get(meaning)
    }

    pub fn is_ascii(&self) -> bool {
        self.symbols.more == symbols::ASCII.more
    }
}

#[derive(Debug)]
pub struct Model {
    pub setting: Setting,
    pub now: Timestamp,
    pub size: (u16, u16),
    pub look: Look,
    /// What to change to if the terminal turns out to have a light background.
    pub on_light: Option<Styles>,
    pub keymap: Keymap,
    pub place: Place,
    pub review: Review,
    pub plan: Option<PlanPage>,
    pub run: Option<RunPage>,
    pub report: Option<ReportPage>,
    pub history: HistoryPage,
    pub overlay: Option<Overlay>,
    pub note: Option<Note>,
    /// The program that takes copied text; else the terminal does.
    pub clipboard: Option<&'static str>,
    /// Ctrl-C was the last key.
    pub interrupted: bool,
    /// The screen is left as soon as the run has ended.
    pub leaving: Option<Option<StopSignal>>,
    /// Counts plans, runs: answers to an earlier question are dropped.
    pub serial: u64,
    /// Turns the spinner.
    pub ticks: usize,
}

impl Model {
    pub fn new(setting: Setting, now: Timestamp, size: (u16, u16), look: Look) -> Self {
        let note = match &setting.warnings[..] {
            [] => None,
            all => Some(Note { meaning: Meaning::Warn, text: all.join("; ") }),
        };
        let mut model = Self {
            setting,
            now,
            size,
            look,
            on_light: None,
            keymap: Keymap::default(),
            place: Place::Review,
            review: Review::default(),
            plan: None,
            run: None,
            report: None,
            history: HistoryPage::default(),
            overlay: None,
            note,
            clipboard: None,
            interrupted: false,
            leaving: None,
            serial: 0,
            ticks: 0,
        };
        super::update::restore(&mut model);
        model
    }

    pub fn say(&mut self, meaning: Meaning, text: impl Into<String>) {
        self.note = Some(Note { meaning, text: text.into() });
    }

    /// Says a sentence of ours in which `<action>` stands for the way to do it.
    pub fn tell(&mut self, meaning: Meaning, sentence: &'static str) {
        let text = self.keymap.spell(sentence);
        self.say(meaning, text);
    }

    pub fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    pub fn panes(&self) -> layout::Panes {
        layout::panes(self.size.0, self.size.1, self.review.focus)
    }

    /// Lines of a list inside the border of the whole body.
    pub fn body_height(&self) -> usize {
        usize::from(layout::inside(layout::frame(self.size.0, self.size.1).body).height)
    }

    pub fn body_width(&self) -> usize {
        usize::from(layout::inside(layout::frame(self.size.0, self.size.1).body).width)
    }

    pub fn list_height(&self, pane: Pane) -> usize {
        let panes = self.panes();
        let area = match pane {
            Pane::Clients => panes.clients.map(layout::inside),
            Pane::Rows => panes.rows.map(layout::table),
            Pane::Detail => panes.detail.map(layout::inside),
        };
        area.map_or(1, |area| usize::from(area.height)).max(1)
    }

    /// Cells of the table's columns. Where the table is not on screen, as many as it usually has.
    pub fn table_room(&self) -> u16 {
        let list = self.panes().rows.map(layout::table);
        list.map_or(60, |list| list.width.saturating_sub(layout::LEAD))
    }

    /// Whether the program is being ended from outside.
    pub fn is_signalled(&self) -> bool {
        self.leaving.flatten().is_some()
    }

    /// Whether a run of ours may still do something.
    pub fn runs(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.is_active() && run.is_ours())
    }

    /// Whether a run is watched that may still do something, ours or another process's.
    pub fn watches(&self) -> bool {
        self.run.as_ref().is_some_and(RunPage::is_active)
    }

    /// Whether other configurations are ticked now than the plan was made of, or its terms changed since.
    pub fn plan_is_outdated(&self) -> bool {
        let ticks = &self.review.ticks;
        self.plan.as_ref().is_some_and(|plan| {
            plan.purpose == Purpose::Ticked
                && (plan.stale || plan.draft.ticked.len() != ticks.len() || plan.ticked != ticks.mark())
        })
    }

    /// Whether something on screen changes by itself, so that time must tick.
    pub fn moves(&self) -> bool {
        self.review.is_reading()
            || self.review.links.reading
            || self.review.reading_client.is_some()
            || self.watches()
            || self.plan.as_ref().is_some_and(|plan| matches!(plan.state, plan::PlanState::Planning))
            || self.history.is_busy()
            || matches!(self.overlay, Some(Overlay::Log(_)))
    }

    /// Writes are impossible, whatever is asked.
    pub fn is_dry(&self) -> bool {
        self.setting.mode == Mode::DryRun
    }

    /// Where keys go, the most specific first.
    pub fn scopes(&self) -> &'static [Scope] {
        self.layer().scopes()
    }

    fn layer(&self) -> Layer {
        match &self.overlay {
            Some(Overlay::Help { typing: true, .. }) => return Layer::Typing,
            Some(Overlay::Columns(_)) => return Layer::Choosing,
            Some(Overlay::Copy { .. }) => return Layer::Copying,
            Some(
                Overlay::Help { .. } | Overlay::Log(_) | Overlay::Recheck { .. } | Overlay::Story { .. },
            ) => return Layer::Reading,
            Some(_) => return Layer::Dialog,
            None => {}
        }
        if self.is_typing() { Layer::Typing } else { self.place_layer() }
    }

    fn place_layer(&self) -> Layer {
        match self.place {
            Place::Review => Layer::Review,
            Place::Plan => Layer::Plan,
            Place::Run => Layer::Run,
            Place::Report => Layer::Report,
            Place::History => Layer::History,
        }
    }

    /// The scopes of the place itself, whatever lies over it.
    pub fn place_scopes(&self) -> &'static [Scope] {
        self.place_layer().scopes()
    }

    /// Whether a line of the place itself is being typed.
    pub fn is_typing(&self) -> bool {
        match self.place {
            Place::Review => self.review.typing.is_some(),
            Place::Plan => self.plan.as_ref().is_some_and(|plan| plan.typing.is_some()),
            Place::Report => self.report.as_ref().is_some_and(|report| report.typing),
            Place::Run | Place::History => false,
        }
    }

    /// Lists and pages fit the size again.
    pub fn refit(&mut self) {
        let (clients, rows) = (self.list_height(Pane::Clients), self.list_height(Pane::Rows));
        self.review.clients.settle(self.review.shown_clients.len(), clients);
        self.review.rows.settle(self.review.shown.len(), rows);
        let (width, height) = (self.body_width(), self.body_height());
        if let Some(plan) = &mut self.plan {
            plan.write(width, &self.setting, self.look.symbols);
            // Its scroll has no cursor of its own.
            let height = height.saturating_sub(layout::PLAN_FOOT).max(1);
            plan.scroll.turn(super::scroll::Go::By(0), plan.page.lines.len(), height);
        }
        if let Some(report) = &mut self.report {
            report.write(width, &self.setting, self.look.symbols);
            report.scroll.turn(super::scroll::Go::By(0), report.page.lines.len(), height);
        }
        let len = self.history.list().len();
        self.history.scroll.settle(len, layout::history_list(height));
        if let Some(run) = &mut self.run {
            run.write(width, &self.setting, self.look.symbols);
            let len = run.len();
            run.scroll.settle(len, height.saturating_sub(layout::run_head(height)).max(1));
        }
    }

    pub fn closing(&self) -> Closing {
        Closing { last_run: self.run.as_ref().and_then(RunPage::last_run) }
    }

    /// The nouns of the vendor with a capital, for titles.
    pub fn clients_title(&self) -> String {
        capital(self.setting.nouns.clients)
    }

    pub fn rows_title(&self) -> String {
        capital(self.setting.nouns.configurations)
    }

    pub fn load_failed(&self) -> Option<&Trouble> {
        match &self.review.load {
            Load::Failed(trouble) => Some(trouble),
            _ => None,
        }
    }
}

pub fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
