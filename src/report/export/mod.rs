//! The report in other forms and for other eyes: CSV, Markdown and HTML beside JSON; for the people of the house, or
//! for the client that it is about.
//!
//! What a client may read is an allow-list: [`ClientView`] is built from a few named fields of the document, and only
//! that is written, in each of the forms. A field that is added to the document one day is not in it by itself.

mod client_view;
mod for_client;
mod html;
mod internal;
mod markdown;
mod page;
mod rows;

use std::path::Path;

use thiserror::Error;

pub use self::{
    client_view::{ClientView, ItemView, Standing, Totals, What},
    html::address,
};
use crate::domain::{
    ClientId,
    document::{ClientReport, Report},
};

/// How an export is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Form {
    #[default]
    Json,
    /// One row per configuration.
    Csv,
    /// To paste into a ticket.
    Markdown,
    /// One file that needs no other, to be sent and printed.
    Html,
}

impl Form {
    pub const ALL: [Self; 4] = [Self::Json, Self::Csv, Self::Markdown, Self::Html];

    pub fn title(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Csv => "CSV",
            Self::Markdown => "Markdown",
            Self::Html => "HTML",
        }
    }

    /// What a file of this form is called at its end.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Markdown => "md",
            Self::Html => "html",
        }
    }

    /// The form that the ending of a file's name asks for.
    pub fn of_file(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match ending.as_str() {
            "json" => Self::Json,
            "csv" => Self::Csv,
            "md" | "markdown" => Self::Markdown,
            "html" | "htm" => Self::Html,
            _ => return None,
        })
    }
}

/// Who is to read it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Audience {
    /// The people of the house: everything that the document has.
    #[default]
    Internal,
    /// The client: its own configurations and what became of them, nothing else.
    Client,
}

impl Audience {
    pub const ALL: [Self; 2] = [Self::Internal, Self::Client];

    pub fn words(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Client => "the client",
        }
    }
}

/// What is to be exported, how, and for whom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    pub form: Form,
    pub audience: Audience,
    /// Of a report about several clients: only this one's part.
    pub client: Option<ClientId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ExportError {
    #[error("this report is about {clients} clients, and none of them may read about the others")]
    WhichClient { clients: usize },
    #[error("client {id} is not in this report; {}", in_it(known))]
    NoSuchClient { id: ClientId, known: Vec<ClientId> },
    #[error("this report found no client that could read it")]
    NobodyToRead,
}

fn in_it(known: &[ClientId]) -> String {
    const SHOWN: usize = 8;
    match known {
        [] => "it is about none".to_owned(),
        some => {
            let ids: Vec<&str> = some.iter().take(SHOWN).map(ClientId::as_str).collect();
            let more = if some.len() > SHOWN { ", …" } else { "" };
            format!("in it are {}{more}", ids.join(", "))
        }
    }
}

/// The one document that is wanted, as text.
pub fn export(report: &Report, wish: &Wish) -> Result<String, ExportError> {
    let client = wish.client.as_ref().map(|id| find(report, id)).transpose()?;
    match (wish.audience, client) {
        (Audience::Internal, None) => Ok(for_the_house(report, wish.form)),
        (Audience::Internal, Some(client)) => {
            Ok(for_the_house(&Report::Client(Box::new(client.clone())), wish.form))
        }
        (Audience::Client, Some(client)) => Ok(for_a_client(client, wish.form)),
        (Audience::Client, None) => Ok(for_a_client(only_client(report)?, wish.form)),
    }
}

/// The document as a file of its own: the end of its name, and its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    pub name: String,
    pub text: String,
    /// The document that was asked for as a whole, where there is one.
    pub is_joint: bool,
}

/// One document per client, and for the house the joint one as the last.
pub fn sheets(report: &Report, wish: &Wish) -> Result<Vec<Sheet>, ExportError> {
    let run = &report.run().run_id;
    let ending = wish.form.ending();
    let only = wish.client.as_ref().map(|id| find(report, id)).transpose()?;
    let clients = only.map_or(report.clients(), std::slice::from_ref);
    let mut sheets = Vec::new();
    for (at, client) in clients.iter().enumerate() {
        let id = client.client_id.as_ref().map_or_else(|| format!("unknown-{at}"), |id| plain(id.as_str()));
        let text = match wish.audience {
            Audience::Internal => for_the_house(&Report::Client(Box::new(client.clone())), wish.form),
            // Nobody is there to read of a client that was not found.
            Audience::Client if client.client_id.is_none() => continue,
            Audience::Client => for_a_client(client, wish.form),
        };
        let eyes = if wish.audience == Audience::Client { "for-client" } else { "client" };
        sheets.push(Sheet { name: format!("mothball-{run}-{eyes}-{id}.{ending}"), text, is_joint: false });
    }
    if wish.audience == Audience::Internal && only.is_none() {
        let text = for_the_house(report, wish.form);
        sheets.push(Sheet { name: format!("mothball-{run}.{ending}"), text, is_joint: true });
    }
    if sheets.is_empty() { Err(ExportError::NobodyToRead) } else { Ok(sheets) }
}

/// The name of the one file that holds it, unless a person names another.
pub fn file_name(report: &Report, wish: &Wish) -> String {
    let run = &report.run().run_id;
    let ending = wish.form.ending();
    let client = wish.client.as_ref().or_else(|| match report.clients() {
        [only] if wish.audience == Audience::Client => only.client_id.as_ref(),
        _ => None,
    });
    let eyes = if wish.audience == Audience::Client { "-for-client" } else { "-client" };
    match client {
        Some(id) => format!("mothball-{run}{eyes}-{}.{ending}", plain(id.as_str())),
        None if wish.audience == Audience::Client => format!("mothball-{run}-for-client.{ending}"),
        None => format!("mothball-{run}.{ending}"),
    }
}

/// An id as part of a file's name: what is not a letter or digit becomes an underscore.
pub(super) fn plain(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).take(40).collect()
}

fn find<'a>(report: &'a Report, id: &ClientId) -> Result<&'a ClientReport, ExportError> {
    let known = || report.clients().iter().filter_map(|client| client.client_id.clone()).collect();
    report
        .clients()
        .iter()
        .find(|client| client.client_id.as_ref() == Some(id))
        .ok_or_else(|| ExportError::NoSuchClient { id: id.clone(), known: known() })
}

fn only_client(report: &Report) -> Result<&ClientReport, ExportError> {
    match report.clients() {
        [client] if client.client_id.is_some() => Ok(client),
        [] | [_] => Err(ExportError::NobodyToRead),
        clients => Err(ExportError::WhichClient { clients: clients.len() }),
    }
}

fn for_the_house(report: &Report, form: Form) -> String {
    match form {
        Form::Json => super::to_json(report),
        Form::Csv => rows::internal(report),
        Form::Markdown => markdown::write(&internal::page(report)),
        Form::Html => html::write(&internal::page(report)),
    }
}

/// The only way from a document to a client's eyes: everything after [`ClientView::of`] knows nothing but the view.
fn for_a_client(client: &ClientReport, form: Form) -> String {
    let view = ClientView::of(client);
    match form {
        Form::Json => view.to_json(),
        Form::Csv => rows::for_client(&view),
        Form::Markdown => markdown::write(&for_client::page(&view)),
        Form::Html => html::write(&for_client::page(&view)),
    }
}
