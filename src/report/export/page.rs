//! A page before it is Markdown or HTML: what it says, in order. Both writers escape every text in it, ours or not.

/// One document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub title: String,
    /// The one sentence that matters, and how it is meant.
    pub lead: (Mark, String),
    pub facts: Vec<(&'static str, String)>,
    pub sections: Vec<Section>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub title: String,
    /// Printed on a sheet of its own.
    pub begins_sheet: bool,
    pub blocks: Vec<Block>,
}

impl Section {
    pub fn new(title: impl Into<String>, blocks: Vec<Block>) -> Self {
        Self { title: title.into(), begins_sheet: false, blocks }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading within the section.
    Heading(String),
    Text(String),
    List(Vec<Entry>),
    Table(Table),
}

/// A line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub text: String,
    /// Where the record is; a link only if it is a web address.
    pub url: Option<String>,
}

impl From<String> for Entry {
    fn from(text: String) -> Self {
        Self { text, url: None }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// What it lists; read out before it.
    pub caption: String,
    pub columns: &'static [&'static str],
    pub rows: Vec<Vec<Cell>>,
}

/// A cell; the first of a row names what the row is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    pub text: String,
    pub url: Option<String>,
    pub mark: Mark,
}

impl Cell {
    pub fn marked(text: impl Into<String>, mark: Mark) -> Self {
        Self { text: text.into(), url: None, mark }
    }

    pub fn linked(text: impl Into<String>, url: Option<String>) -> Self {
        Self { text: text.into(), url, mark: Mark::Plain }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::marked(text, Mark::Plain)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::marked(text, Mark::Plain)
    }
}

/// How something is meant. Colour is never its only sign: the words say it, too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mark {
    #[default]
    Plain,
    Good,
    Attention,
    Bad,
}
