//! What every vendor's room needs to tell of links: what was found, what is unknown, and an end to asking.

use std::{collections::BTreeMap, sync::Mutex};

use super::{
    PsaError,
    port::{LinkReading, Result},
};
use crate::domain::{
    Client, ClientId, ConfigId, Configuration, Links, SignOfLife,
    links::{Link, LinkAnswer},
    text::one_line,
};

/// Requests about a single agreement, ticket or configuration in one reading.
pub const MOST_SINGLE: usize = 2000;

/// The links of one kind: what was found, and for which clients the reading is not complete.
#[derive(Default)]
pub struct Found {
    links: BTreeMap<i64, Vec<Link>>,
    /// By client; configurations with a found link keep it.
    pub unknown: BTreeMap<i64, String>,
    /// Nothing could be read at all.
    failed: Option<String>,
}

impl Found {
    pub fn failed(error: &PsaError) -> Self {
        Self { failed: Some(one_line(&error.to_string(), 300)), ..Self::default() }
    }

    pub fn add(&mut self, configuration: i64, link: Link) {
        let links = self.links.entry(configuration).or_default();
        if !links.contains(&link) {
            links.push(link);
        }
    }

    /// The same kind, found another way: what one way found stays, what one could not read is unknown.
    pub fn join(&mut self, other: Self) {
        for (configuration, links) in other.links {
            for link in links {
                self.add(configuration, link);
            }
        }
        for (client, why) in other.unknown {
            self.unknown.entry(client).or_insert(why);
        }
        self.failed = self.failed.take().or(other.failed);
    }

    pub fn answer(&mut self, configuration: i64, client: i64) -> LinkAnswer {
        let found = self.links.remove(&configuration).unwrap_or_default();
        if !found.is_empty() {
            return LinkAnswer::of(found);
        }
        match self.failed.as_ref().or_else(|| self.unknown.get(&client)) {
            Some(why) => LinkAnswer::Unknown { why: why.clone() },
            None => LinkAnswer::None,
        }
    }
}

/// The reading where nothing could be asked at all.
pub fn nothing_read(clients: &[Client], configurations: &[Configuration], error: &PsaError) -> LinkReading {
    let why = one_line(&error.to_string(), 300);
    let sign = || vec![SignOfLife::Unknown { why: why.clone() }];
    LinkReading {
        links: configurations
            .iter()
            .map(|row| (row.id.clone(), Links::unknown(&why)))
            .collect::<BTreeMap<ConfigId, _>>(),
        signs_of_life: clients
            .iter()
            .map(|client| (client.id.clone(), sign()))
            .collect::<BTreeMap<ClientId, _>>(),
    }
}

/// Signs of life of one kind.
pub enum Signs {
    Read(BTreeMap<i64, Vec<SignOfLife>>),
    Unread(String),
}

impl Signs {
    pub fn unread(what: &str, error: &PsaError) -> Self {
        Self::Unread(one_line(&format!("{what}: {error}"), 300))
    }

    pub fn of(&self, client: i64) -> Vec<SignOfLife> {
        match self {
            Self::Read(signs) => signs.get(&client).cloned().unwrap_or_default(),
            Self::Unread(why) => vec![SignOfLife::Unknown { why: why.clone() }],
        }
    }
}

/// Asks about one thing, unless the same question was already refused for want of rights, or too many were asked.
pub async fn once_refused<T>(
    refused: &Mutex<Option<String>>,
    at: usize,
    question: impl Future<Output = Result<T>>,
) -> Result<T> {
    let lock = || refused.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if at >= MOST_SINGLE {
        return Err(PsaError::RateLimited {
            message: format!("more than {MOST_SINGLE} would have to be asked"),
        });
    }
    let before = lock().clone();
    if let Some(message) = before {
        return Err(PsaError::Permission { message });
    }
    let answer = question.await;
    if let Err(PsaError::Permission { message }) = &answer {
        *lock() = Some(message.clone());
    }
    answer
}
