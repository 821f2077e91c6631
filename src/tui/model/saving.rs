//! The box that asks where a report shall be saved, and, for an export, how it is written and for whom.

use std::path::{Path, PathBuf};

use tui_input::Input;

use super::super::desk::{SaveRequest, Trouble};
use crate::{
    domain::{ClientId, RunId, document::Report},
    report::export::{Audience, Form, Wish, file_name},
};

#[derive(Debug)]
pub struct SaveBox {
    pub run: RunId,
    pub input: Input,
    pub state: SaveState,
    /// How and for whom; a plain save asks for the path alone.
    pub choices: Option<Choices>,
    pub field: SaveField,
    /// What the path could become, told for the text that is typed.
    pub names: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SaveState {
    Typing,
    Saving,
    /// There is such a file already: overwrite it?
    Exists {
        path: PathBuf,
        overwrite: bool,
    },
    Failed(Trouble),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SaveField {
    Form,
    Audience,
    Client,
    #[default]
    Path,
}

/// What can be chosen for an export.
#[derive(Debug)]
pub struct Choices {
    pub form: Form,
    pub audience: Audience,
    /// A place in `clients`; all of them, if none.
    pub client: Option<usize>,
    pub clients: Vec<(ClientId, String)>,
    /// Where files go unless another place is typed.
    folder: PathBuf,
    /// The path that was put into the field last: it follows the choices until a person changes it.
    proposed: String,
}

impl SaveBox {
    pub fn plain(report: &Report, folder: &Path) -> Self {
        let path = folder.join(file_name(report, &Wish::default()));
        Self::asking(report, path.display().to_string(), None)
    }

    pub fn export(report: &Report, folder: &Path) -> Self {
        let clients = report.clients().iter().filter_map(|client| {
            let id = client.client_id.clone()?;
            let name = client.client_name.clone().filter(|name| !name.trim().is_empty());
            Some((id.clone(), name.unwrap_or_else(|| format!("#{id}"))))
        });
        let choices = Choices {
            form: Form::Html,
            audience: Audience::Internal,
            client: None,
            clients: clients.collect(),
            folder: folder.to_owned(),
            proposed: String::new(),
        };
        let mut open = Self::asking(report, String::new(), Some(choices));
        open.field = SaveField::Form;
        open.propose(report);
        open
    }

    fn asking(report: &Report, path: String, choices: Option<Choices>) -> Self {
        Self {
            run: report.run().run_id.clone(),
            input: Input::new(path),
            state: SaveState::Typing,
            choices,
            field: SaveField::default(),
            names: Vec::new(),
        }
    }

    /// The fields that there are, from the top.
    pub fn fields(&self) -> &'static [SaveField] {
        match &self.choices {
            None => &[SaveField::Path],
            Some(choices) if choices.clients.len() > 1 => {
                &[SaveField::Form, SaveField::Audience, SaveField::Client, SaveField::Path]
            }
            Some(_) => &[SaveField::Form, SaveField::Audience, SaveField::Path],
        }
    }

    pub fn go(&mut self, by: isize) {
        let fields = self.fields();
        let at = fields.iter().position(|field| *field == self.field).unwrap_or(0);
        let next = (at as isize + by).rem_euclid(fields.len() as isize);
        self.field = fields[next as usize];
    }

    /// The next or the previous choice of the field that the cursor is in.
    pub fn turn(&mut self, by: isize, report: &Report) {
        let Some(choices) = &mut self.choices else { return };
        match self.field {
            SaveField::Form => choices.form = turned(&Form::ALL, choices.form, by),
            SaveField::Audience => choices.audience = turned(&Audience::ALL, choices.audience, by),
            SaveField::Client => {
                let all: Vec<Option<usize>> =
                    std::iter::once(None).chain((0..choices.clients.len()).map(Some)).collect();
                choices.client = turned(&all, choices.client, by);
            }
            SaveField::Path => return,
        }
        self.propose(report);
    }

    pub fn wish(&self) -> Wish {
        self.choices.as_ref().map(Choices::wish).unwrap_or_default()
    }

    pub fn request(&self, path: PathBuf, overwrite: bool) -> SaveRequest {
        SaveRequest { run: self.run.clone(), wish: self.wish(), path, overwrite }
    }

    /// Puts a path into the field that fits the choices, unless another one was typed.
    fn propose(&mut self, report: &Report) {
        let wish = self.wish();
        let Some(choices) = &mut self.choices else { return };
        if self.input.value() != choices.proposed {
            return;
        }
        let each = wish.audience == Audience::Client && wish.client.is_none() && choices.clients.len() > 1;
        let path = if each {
            // Nobody reads about the others: one file for each, in a directory of their own.
            format!("{}/", choices.folder.join(format!("mothball-{}-for-clients", self.run)).display())
        } else {
            choices.folder.join(file_name(report, &wish)).display().to_string()
        };
        choices.proposed.clone_from(&path);
        self.input = Input::new(path);
    }
}

impl Choices {
    fn wish(&self) -> Wish {
        let client = self.client.and_then(|at| self.clients.get(at)).map(|(id, _)| id.clone());
        Wish { form: self.form, audience: self.audience, client }
    }

    /// The client that is chosen, in words.
    pub fn client_words(&self) -> String {
        match self.client.and_then(|at| self.clients.get(at)) {
            Some((id, name)) => format!("{name} (id {id})"),
            None if self.audience == Audience::Client => {
                format!("each of {}, one file each", self.clients.len())
            }
            None => format!("all {} in one file", self.clients.len()),
        }
    }
}

fn turned<T: Copy + PartialEq>(all: &[T], now: T, by: isize) -> T {
    let at = all.iter().position(|one| *one == now).unwrap_or(0) as isize;
    all[(at + by).rem_euclid(all.len() as isize) as usize]
}
