//! The one table of what can be done: id, title, where it applies, keys, danger. Key handling, the hints at
//! the bottom, the help, the palette, `[keys]` of the settings and whatever documents keys all read this.

/// Where keys go at a moment; the most specific scope is asked first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Everywhere, unless something is being typed or asked.
    Anywhere,
    /// Wherever there is something to move in.
    Moving,
    Review,
    Plan,
    Run,
    Report,
    History,
    /// A line is being typed.
    Typing,
    /// A box asks something.
    Dialog,
    /// A text that covers the screen: help, log.
    Reading,
    /// Columns are being chosen.
    Choosing,
    /// A box asks what to copy.
    Copying,
    /// A list or a text of the setup. Its form is typed in, as a question is.
    Setup,
}

impl Scope {
    pub fn words(self) -> &'static str {
        match self {
            Self::Anywhere => "anywhere",
            Self::Moving => "moving",
            Self::Review => "Review",
            Self::Plan => "Plan",
            Self::Run => "Run",
            Self::Report => "Report",
            Self::History => "History",
            Self::Typing => "typing",
            Self::Dialog => "a question",
            Self::Reading => "help and log",
            Self::Choosing => "choosing columns",
            Self::Copying => "copying",
            Self::Setup => "setup",
        }
    }
}

/// The scopes that are asked together at a moment. A key may mean one thing among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    Review,
    Plan,
    Run,
    Report,
    History,
    Typing,
    Dialog,
    Reading,
    Choosing,
    Copying,
    Setup,
}

impl Layer {
    pub const ALL: [Self; 11] = [
        Self::Review,
        Self::Plan,
        Self::Run,
        Self::Report,
        Self::History,
        Self::Typing,
        Self::Dialog,
        Self::Reading,
        Self::Choosing,
        Self::Copying,
        Self::Setup,
    ];

    /// The most specific first.
    pub fn scopes(self) -> &'static [Scope] {
        match self {
            Self::Review => &[Scope::Review, Scope::Moving, Scope::Anywhere],
            Self::Plan => &[Scope::Plan, Scope::Moving, Scope::Anywhere],
            Self::Run => &[Scope::Run, Scope::Moving, Scope::Anywhere],
            Self::Report => &[Scope::Report, Scope::Moving, Scope::Anywhere],
            Self::History => &[Scope::History, Scope::Moving, Scope::Anywhere],
            Self::Typing => &[Scope::Typing],
            Self::Dialog => &[Scope::Dialog],
            Self::Reading => &[Scope::Reading],
            Self::Choosing => &[Scope::Choosing],
            Self::Copying => &[Scope::Copying],
            Self::Setup => &[Scope::Setup, Scope::Moving, Scope::Anywhere],
        }
    }

    /// Whether text may be typed there.
    pub fn takes_text(self) -> bool {
        matches!(self, Self::Typing | Self::Dialog)
    }
}

/// How bad a slip would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Danger {
    None,
    /// It changes how a run goes on.
    Careful,
    /// It leads to writes in the PSA, after a typed confirmation.
    Writes,
}

macro_rules! actions {
    ($($action:ident $id:literal $short:literal $title:literal [$($scope:ident),+] [$($key:literal),*] $danger:ident;)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Action { $($action),+ }

        /// Every action, in the order in which help shows them.
        pub const TABLE: &[Spec] = &[
            $(Spec {
                action: Action::$action,
                id: $id,
                short: $short,
                title: $title,
                scopes: &[$(Scope::$scope),+],
                keys: &[$($key),*],
                danger: Danger::$danger,
            }),+
        ];
    };
}

/// One action.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    pub action: Action,
    /// For settings and palettes.
    pub id: &'static str,
    /// For the hints at the bottom; empty if it is not hinted at.
    pub short: &'static str,
    pub title: &'static str,
    pub scopes: &'static [Scope],
    pub keys: &'static [&'static str],
    pub danger: Danger,
}

actions! {
    Tick "tick" "tick" "Tick or untick this row and move on; on a client: all its rows" [Review] ["space"] None;
    OpenPlan "open-plan" "plan" "Plan what is ticked: see exactly what would happen" [Review] ["enter"] None;
    TickAll "tick-all" "all" "Tick every visible row that may be ticked; again unticks them" [Review] ["a"] None;
    TickUnlinked "tick-unlinked" "unlinked" "Tick all rows of this client that have no links (reads the links first)" [Review] ["U"] None;
    Filter "filter" "filter" "Filter: words, \"phrases\", type: site: status: linked: updated: and more, !not" [Review, Report] ["/"] None;
    CycleShow "cycle-show" "show" "Show all, ticked, unticked, still linked" [Review] ["f"] None;
    Range "range" "range" "Start a range, to tick all of it at once" [Review] ["v"] None;
    RangeUp "range-up" "" "Extend the range upwards" [Review] ["shift-up"] None;
    RangeDown "range-down" "" "Extend the range downwards" [Review] ["shift-down"] None;
    Invert "invert" "" "Invert the ticks of the visible rows" [Review] ["i"] None;
    Undo "undo" "undo" "Undo the last ticking" [Review] ["u"] None;
    Redo "redo" "" "Redo it" [Review] ["ctrl-r"] None;
    NextPane "next-pane" "pane" "Next pane: clients, configurations, detail" [Review] ["tab"] None;
    PrevPane "prev-pane" "" "Previous pane" [Review] ["shift-tab"] None;
    Left "left" "" "To the pane on the left" [Review] ["h", "left"] None;
    Right "right" "" "To the pane on the right" [Review] ["l", "right"] None;
    SortPrev "sort-prev" "" "Sort by the column before" [Review] ["<"] None;
    SortNext "sort-next" "" "Sort by the next column" [Review] [">"] None;
    SortReverse "sort-reverse" "" "Reverse the sort order" [Review] ["~"] None;
    Columns "columns" "columns" "Choose columns: which, in which order, how wide" [Review] ["C"] None;
    ColumnsLeft "columns-left" "" "Move through the columns to the left; the first one stays" [Review] ["[", "shift-left"] None;
    ColumnsRight "columns-right" "" "Move through the columns to the right" [Review] ["]", "shift-right"] None;
    Hold "hold" "hold" "Keep this configuration: hold it with a reason, or release it" [Review] ["H"] None;
    Start "start" "deactivate…" "Do what the plan says: asks for a typed confirmation first" [Plan] ["x"] Writes;
    Pick "pick" "tick" "Tick or untick this item and move on: what is approved, or undone" [Plan] ["space"] None;
    PickAll "pick-all" "all" "Tick everything in the plan; again unticks it" [Plan] ["a"] None;
    Park "park" "park" "Park the plan: it waits until somebody approves it" [Plan] ["p"] None;
    DryRun "dry-run" "dry run" "Turn dry run on or off (plans again)" [Plan] ["d"] None;
    EditReason "edit-reason" "reason" "Write the reason for the record" [Plan] ["e"] None;
    EditTicket "edit-ticket" "ticket" "Write the ticket number" [Plan] ["t"] None;
    Replan "replan" "" "Plan again" [Plan] ["R"] None;
    Pause "pause" "pause" "Pause the run, or go on" [Run] ["p"] Careful;
    Cancel "cancel" "cancel" "Cancel: what was sent is waited for; twice stops hard" [Run] ["c"] Careful;
    Problems "problems" "problems" "Show all items, each client, or what went wrong by cause; in Report by outcome" [Run, Report] ["f"] None;
    OpenReport "open-report" "report" "Open the report" [Run] ["enter"] None;
    Save "save" "save" "Save the report to a file of your choice" [Report] ["s"] None;
    Retry "retry" "retry failed" "Plan what failed once more" [Run, Report] ["r"] None;
    OpenEntry "open-entry" "open" "Open this run: its report, or the plan that waits" [History] ["enter"] None;
    Approve "approve" "approve…" "Approve this run: its plan opens with everything ticked" [History] ["a"] Writes;
    Reject "reject" "reject" "Reject the run that waits for approval" [Plan, History] ["n"] Careful;
    ResumeRun "resume-run" "resume…" "Resume this run: asks first" [History] ["r"] Writes;
    UndoRun "undo-run" "undo…" "Undo this run: opens the plan of what would be restored" [Report, History] ["u"] Writes;
    Recheck "recheck" "look again" "Look again: what this run set inactive and is active again" [Report, History] ["c"] None;
    Export "export" "export" "Export a report: CSV, Markdown, HTML, for the house or for the client" [Report, History] ["E"] None;
    CopyMarkdown "copy-markdown" "" "Copy the report as Markdown, for a ticket" [Report] ["Y"] None;
    Story "story" "why" "What happened in this run, and why it is where it is" [Report, History] ["w"] None;
    Reload "reload" "reload" "Read again from the PSA" [Review, History] ["R"] None;
    ReloadClient "reload-client" "" "Read this one client again" [Review] ["r"] None;
    Copy "copy" "" "Copy: an id, a row, the table or a link; in Report and History at once" [Review, Report, History] ["y"] None;
    CopyRow "copy-row" "row" "Copy the row with its fields" [Copying] ["y", "r"] None;
    CopyId "copy-id" "id" "Copy the id" [Copying] ["i"] None;
    CopyTable "copy-table" "table" "Copy every row that is shown, as a table" [Copying] ["t", "Y"] None;
    CopyLink "copy-link" "link" "Copy the address of the record in the PSA" [Copying] ["l"] None;
    ToggleColumn "toggle-column" "show or hide" "Show this column, or hide it" [Choosing] ["space"] None;
    ColumnUp "column-up" "up" "Move this column to the front" [Choosing] ["K", "shift-up"] None;
    ColumnDown "column-down" "down" "Move this column to the back" [Choosing] ["J", "shift-down"] None;
    ColumnWider "column-wider" "wider" "Make this column wider" [Choosing] ["+", "right", "l"] None;
    ColumnNarrower "column-narrower" "narrower" "Make this column narrower" [Choosing] ["-", "left", "h"] None;
    ColumnsReset "columns-reset" "reset" "Leave the columns to the width of the window again" [Choosing] ["r"] None;
    LogLevel "log-level" "level" "In the log: all lines, from info on, warnings and errors, errors only" [Reading] ["f"] None;
    SetupTick "setup-tick" "tick" "Tick this line, or take it" [Setup] ["space"] None;
    SetupNext "setup-next" "next" "Next line, or next button" [Setup] ["tab"] None;
    SetupPrev "setup-prev" "" "Previous line, or previous button" [Setup] ["shift-tab"] None;
    SetupRight "setup-right" "" "The next choice of this line, or the next button" [Setup] ["right", "l"] None;
    SetupLeft "setup-left" "" "The choice before, or the button before" [Setup] ["left", "h"] None;
    Up "up" "" "Up" [Moving, Reading, Choosing] ["k", "up"] None;
    Down "down" "" "Down" [Moving, Reading, Choosing] ["j", "down"] None;
    PageUp "page-up" "" "A page up" [Moving, Reading, Choosing] ["pgup", "ctrl-b"] None;
    PageDown "page-down" "" "A page down" [Moving, Reading, Choosing] ["pgdn", "ctrl-f"] None;
    Top "top" "" "To the top" [Moving, Reading, Choosing] ["g", "home"] None;
    Bottom "bottom" "" "To the bottom" [Moving, Reading, Choosing] ["G", "end"] None;
    GoReview "go-review" "" "To Review" [Anywhere] ["1"] None;
    GoPlan "go-plan" "" "To the Plan" [Anywhere] ["2"] None;
    GoRun "go-run" "" "To the Run" [Anywhere] ["3"] None;
    GoReport "go-report" "" "To the Report" [Anywhere] ["4"] None;
    GoHistory "go-history" "" "To History: earlier runs" [Anywhere] ["5"] None;
    Back "back" "" "Back: leave the range, the filter, or this place" [Anywhere] ["esc", "backspace"] None;
    Log "log" "" "Show the log" [Anywhere] ["L"] None;
    Palette "palette" "" "Find an action by a word of it, and do it" [Anywhere] [":"] None;
    Help "help" "help" "Help: the keys that work here and now" [Anywhere] ["?"] None;
    Redraw "redraw" "" "Draw the screen anew" [Anywhere, Typing, Dialog, Reading, Choosing, Copying] ["ctrl-l"] None;
    Suspend "suspend" "" "Put the program to sleep (fg wakes it)" [Anywhere, Typing, Dialog, Reading, Choosing, Copying] ["ctrl-z"] None;
    Interrupt "interrupt" "" "Cancel the run; twice leaves" [Anywhere, Typing, Dialog, Reading, Choosing, Copying] ["ctrl-c"] Careful;
    Quit "quit" "quit" "Quit; asks while a run goes on" [Anywhere] ["q"] None;
    Accept "accept" "ok" "Take it" [Typing, Dialog, Choosing, Copying, Setup] ["enter"] None;
    Dismiss "dismiss" "cancel" "Leave it" [Typing, Dialog, Reading, Choosing, Copying] ["esc"] None;
    Close "close" "close" "Close" [Reading] ["q", "?", "L"] None;
    NextButton "next-button" "next" "Next button" [Dialog, Copying] ["tab", "right", "down"] None;
    PrevButton "prev-button" "" "Previous button" [Dialog, Copying] ["shift-tab", "left", "up"] None;
    Search "search" "search" "Search in the help" [Reading] ["/"] None;
}

impl Action {
    pub fn spec(self) -> &'static Spec {
        // The macro makes the enumeration and the table from the same lines, in the same order.
        &TABLE[self as usize]
    }

    pub fn named(id: &str) -> Option<Self> {
        TABLE.iter().find(|spec| spec.id == id).map(|spec| spec.action)
    }
}
