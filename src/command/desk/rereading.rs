//! One client of the list, read again: what was proven of it takes the place of what was proven before.

use std::sync::Arc;

use super::{RealDesk, rows::Rows, trouble};
use crate::{
    domain::{ClientId, Listing, survey::Survey},
    engine::{Ask, Discovery, Request, discover::Found},
    tui::desk::{ClientRead, Trouble},
};

impl RealDesk {
    pub(super) async fn read_again(&self, client: ClientId) -> Result<ClientRead, Trouble> {
        let before = self.loaded().await?;
        self.state.links.forget_client(&client).await;
        let ask = Ask::Named { ids: vec![client.clone()], names: Vec::new() };
        let request = Request { ask, statuses: Vec::new() };
        let read = self.engine().discover(&request, None).await.map_err(|error| trouble(&error))?;
        if !read.tenant.is_same_as(&before.tenant) {
            return Err(Trouble {
                message: format!("the PSA now says that it is {}, not {}", read.tenant, before.tenant),
                advice: "Check the profile with `mothball doctor`, then read all of it again with R."
                    .to_owned(),
            });
        }
        let rows = self.rows_of(&read).await;
        let answer = ClientRead {
            offboarded: read.clients.first().cloned(),
            why: read
                .missing
                .iter()
                .flat_map(|client| &client.problems)
                .map(|problem| problem.message.clone())
                .next(),
            rows,
            as_of: read.as_of,
        };
        let mut loaded = self.state.loaded.lock().await;
        // Only into the list that it was asked for.
        match loaded.as_mut().filter(|now| now.as_of == before.as_of) {
            Some(now) => {
                *now = Arc::new(joined(now, &client, read));
                Ok(answer)
            }
            None => Err(Trouble {
                message: "all of it was read again meanwhile".to_owned(),
                advice: "What is shown is newer than this: nothing is to be done.".to_owned(),
            }),
        }
    }

    async fn rows_of(&self, read: &Discovery) -> Vec<crate::tui::desk::Row> {
        let mut rows = Rows::new(self.engine());
        for found in [
            Found::Holds(read.holds.clone()),
            Found::Tenant(read.tenant.clone()),
            Found::Clients(read.clients.clone()),
        ] {
            // The screen knows the tenant and the client already.
            let _ = rows.news(found).await;
        }
        rows.of(read.listing.rows())
    }
}

/// The list with this client as it was read now. Its age stays that of the oldest part.
fn joined(list: &Discovery, client: &ClientId, read: Discovery) -> Discovery {
    let mut list = list.clone();
    let others = list.listing.narrowed(|row| row.client != *client);
    list.listing = Listing::joined([others, read.listing]);
    list.coverage.configurations_read = Survey::tally(list.listing.rows());
    match (list.clients.iter().position(|one| one.client.id == *client), read.clients.into_iter().next()) {
        (Some(at), Some(now)) => list.clients[at] = now,
        (Some(at), None) => drop(list.clients.remove(at)),
        (None, Some(now)) => {
            list.clients.push(now);
            list.clients.sort_by(|a, b| a.client.id.cmp(&b.client.id));
        }
        (None, None) => {}
    }
    list.coverage.clients_offboarded = list.clients.len() as u64;
    list.coverage.clients_in_run = list.clients.len() as u64;
    list.holds = read.holds;
    list.set_inactive = read.set_inactive;
    list
}
