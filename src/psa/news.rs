//! Pages of a list, told to whoever waits for them while the list is still read. What was told is there once: a row of
//! the proven list that says the same is the record that was told, so a long list takes no more memory for it.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use tokio::sync::mpsc;

use crate::domain::{ConfigId, Configuration};

/// Where pages go as they arrive.
pub struct News {
    to: mpsc::Sender<Vec<Configuration>>,
    told: Mutex<HashMap<ConfigId, Configuration>>,
}

impl News {
    pub fn new(to: mpsc::Sender<Vec<Configuration>>) -> Self {
        Self { to, told: Mutex::default() }
    }

    /// Tells a page, unproven. Whoever wanted it may have left; the listing does not depend on it.
    pub async fn tell(&self, page: Vec<Configuration>) {
        let told = page.iter().map(|row| (row.id.clone(), row.clone()));
        self.told.lock().unwrap_or_else(PoisonError::into_inner).extend(told);
        let _ = self.to.send(page).await;
    }

    /// The record that was told, if news were, and this row turned out the same. It is asked for once.
    pub fn as_told(news: Option<&Self>, row: Configuration) -> Configuration {
        let Some(news) = news else { return row };
        let told = news.told.lock().unwrap_or_else(PoisonError::into_inner).remove(&row.id);
        told.filter(|told| *told == row).unwrap_or(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ClientId, Details, State, configuration::Record};

    fn row(name: &str) -> Configuration {
        let record = Record {
            id: ConfigId::from(7),
            client: ClientId::from(1),
            name: name.into(),
            names: Vec::new(),
            config_type: "Server".into(),
            site: None,
            serial: None,
            state: State { active: true, status: None, closed: None },
            parent: None,
            rmm: None,
            last_updated: None,
            record_url: None,
            details: Details::default(),
        };
        record.into()
    }

    #[tokio::test]
    async fn a_row_that_says_the_same_is_the_record_that_was_told() {
        let (to, mut told) = mpsc::channel(1);
        let news = News::new(to);
        news.tell(vec![row("SRV-1")]).await;
        let page = told.recv().await.unwrap();
        assert!(News::as_told(Some(&news), row("SRV-1")).is_one_with(&page[0]));
        news.tell(vec![row("SRV-1")]).await;
        assert_eq!(News::as_told(Some(&news), row("SRV-2")).name.as_str(), "SRV-2", "what is proven counts");
    }

    #[tokio::test]
    async fn nobody_who_listens_any_more_is_no_reason_to_stop() {
        let (to, told) = mpsc::channel(1);
        drop(told);
        let news = News::new(to);
        news.tell(vec![row("SRV-1")]).await;
        assert_eq!(News::as_told(Some(&news), row("SRV-1")), row("SRV-1"));
    }
}
