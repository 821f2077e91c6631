//! Everything that the setup screen knows, as plain data.

use secrecy::zeroize::Zeroizing;

use super::{
    super::{
        action::{Action, Layer, Scope},
        key::Key,
        keymap::Keymap,
        model::Look,
        options::StopSignal,
        scroll::Scroll,
    },
    Leave,
    choices::Choices,
    desk::{Census, Choice, Draft, Preview, Refusal, Saved, Start, Tested},
    form::Form,
};

/// What happens. It has no `Debug`: keys and what is pasted may be a secret.
pub enum Message {
    Key(Key),
    Paste(Zeroizing<String>),
    Resize(u16, u16),
    Tick,
    /// Answers carry the number of their question: an old one is dropped.
    Tested(u64, Result<Tested, Refusal>),
    Counted(u64, Result<Census, Refusal>),
    Previewed(u64, Result<Preview, Refusal>),
    Saved(Result<Saved, Refusal>),
    Stop(StopSignal),
    CouldNotSuspend(String),
}

/// What is to be done outside.
#[derive(Debug, Clone)]
pub enum Effect {
    Test {
        generation: u64,
        draft: Draft,
        again: bool,
    },
    Census {
        generation: u64,
        draft: Draft,
    },
    Preview {
        generation: u64,
        draft: Draft,
        choice: Choice,
    },
    Save {
        draft: Draft,
        choice: Choice,
        preview: Preview,
    },
    /// What is under way is not wanted any more.
    Drop,
    Suspend,
    Redraw,
    Leave(Leave),
}

/// Where one is.
#[derive(Debug)]
pub enum Page {
    /// There are no settings: the demo, the setup, or nothing.
    Welcome {
        cursor: usize,
    },
    Vendor {
        cursor: usize,
    },
    Form,
    Test(TestPage),
    Criteria,
    File(FilePage),
    Done {
        saved: Saved,
        chosen: usize,
        scroll: Scroll,
    },
}

/// What the PSA says to what was typed.
#[derive(Debug)]
pub struct TestPage {
    pub draft: Draft,
    /// `None` while it is asked.
    pub answer: Option<Result<Tested, Refusal>>,
    /// It went well, and all clients are being read.
    pub counting: bool,
    pub chosen: usize,
    pub scroll: Scroll,
}

/// The file before it is written.
#[derive(Debug)]
pub struct FilePage {
    pub draft: Draft,
    pub choice: Choice,
    /// `None` while it is made.
    pub answer: Option<Result<Preview, Refusal>>,
    pub saving: bool,
    pub chosen: usize,
    pub scroll: Scroll,
}

#[derive(Debug)]
pub struct Setup {
    pub start: Start,
    pub look: Look,
    pub keymap: Keymap,
    pub size: (u16, u16),
    pub page: Page,
    /// Kept while other pages show.
    pub form: Option<Form>,
    pub choices: Option<Choices>,
    /// The draft that passed the test, to go on with.
    pub tested: Option<Draft>,
    /// Something that was just said.
    pub note: Option<String>,
    /// Leaving was the last thing asked for.
    pub leaving: bool,
    pub generation: u64,
    pub written: bool,
    /// Turns the spinner.
    pub ticks: usize,
}

/// A button under a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Button {
    /// To the criteria.
    GoOn,
    /// Back to the field that is wrong.
    Correct,
    TestAgain,
    /// A refused sign-in, once more because a person says so.
    SignInAgain,
    Write,
    Back,
    Review,
    Leave,
}

impl Button {
    pub fn label(self) -> &'static str {
        match self {
            Self::GoOn => "Go on",
            Self::Correct => "Correct it",
            Self::TestAgain => "Test again",
            Self::SignInAgain => "Sign in again now, once",
            Self::Write => "Write it",
            Self::Back => "Back",
            Self::Review => "Open Review",
            Self::Leave => "Leave",
        }
    }
}

impl Setup {
    pub fn new(start: Start, size: (u16, u16), look: Look, keymap: Keymap) -> Self {
        let page = if start.first { Page::Welcome { cursor: 0 } } else { Page::Vendor { cursor: 0 } };
        Self {
            start,
            look,
            keymap,
            size,
            page,
            form: None,
            choices: None,
            tested: None,
            note: None,
            leaving: false,
            generation: 0,
            written: false,
            ticks: 0,
        }
    }

    /// Where keys go, the most specific first. A field of the form takes letters, so there the keys are those of a question.
    pub fn scopes(&self) -> &'static [Scope] {
        match self.page {
            Page::Form => Layer::Dialog.scopes(),
            _ => Layer::Setup.scopes(),
        }
    }

    /// The way out that has a key here.
    pub fn way_out(&self) -> Action {
        let quits = self.keymap.keys(Action::Interrupt).is_empty() && !matches!(self.page, Page::Form);
        if quits { Action::Quit } else { Action::Interrupt }
    }

    /// Whether something turns: what is asked of the PSA or of the disk.
    pub fn moves(&self) -> bool {
        match &self.page {
            Page::Test(page) => page.answer.is_none() || page.counting,
            Page::File(page) => page.answer.is_none() || page.saving,
            _ => false,
        }
    }

    /// The buttons of the page, in their order.
    pub fn buttons(&self) -> Vec<Button> {
        match &self.page {
            Page::Test(page) => match &page.answer {
                _ if page.counting => vec![Button::Back],
                None => vec![Button::Back],
                Some(Ok(tested)) if tested.works() => vec![Button::GoOn, Button::Back],
                Some(Ok(tested)) if tested.resting => {
                    vec![Button::Correct, Button::TestAgain, Button::SignInAgain]
                }
                Some(_) => vec![Button::Correct, Button::TestAgain],
            },
            Page::File(page) => match &page.answer {
                _ if page.saving => Vec::new(),
                Some(Ok(_)) => vec![Button::Write, Button::Back],
                _ => vec![Button::Back],
            },
            Page::Done { .. } => vec![Button::Review, Button::Leave],
            _ => Vec::new(),
        }
    }

    /// What the first page offers: a demo of each PSA, the setup, nothing.
    pub fn offers(&self) -> usize {
        self.start.vendors.len() + 2
    }
}
