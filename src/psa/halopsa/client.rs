//! How the API of one tenant is called: paths below `/api`, a bearer token, and a memory of the addresses that are
//! refused although the token is new.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    errors,
    token::{Application, Place},
};
use crate::{
    http::{
        Http, HttpError, Method, Reply, Request, Url,
        header::{ACCEPT, CACHE_CONTROL, HeaderValue},
    },
    psa::{PsaError, port::Result, query::set_query},
};

/// Servers and what stands before them cut longer addresses off.
const LONGEST_URL: usize = 2000;
/// What paging adds to an address.
const PAGING_ROOM: usize = 64;
/// So long a missing right is believed before a refusal is worth a new token again.
const BELIEVED: Duration = Duration::from_mins(1);

/// Calls the API of one tenant.
pub struct Api {
    http: Http,
    root: Url,
    application: Arc<Application>,
    /// Paths that were refused with a new token, and when: whoever lacks a module's right is answered as if the token
    /// had run out, and asking for one each time would never end.
    refused: Mutex<BTreeMap<String, Instant>>,
    quirks: Mutex<BTreeSet<Quirk>>,
}

/// What this tenant turned out not to do. Unknown parameters are ignored without a word here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quirk {
    /// `GET /Asset` does not know `client_ids`.
    AssetsOfOneClientOnly,
    /// `GET /Asset` does not know `assets`.
    AssetsOneByOne,
    /// `GET /Tickets` does not know `client_ids`.
    TicketsOfOneClientOnly,
    /// `GET /RecurringInvoice` does not know `client_ids`.
    InvoicesOfOneClientOnly,
}

impl Api {
    pub fn new(http: Http, root: Url, application: Arc<Application>) -> Self {
        // Discovery is the cheapest question, and needs no token.
        http.set_probe(application.discovery());
        Self { http, root, application, refused: Mutex::default(), quirks: Mutex::default() }
    }

    pub fn http(&self) -> &Http {
        &self.http
    }

    /// Where the sign-in is, and what the PSA calls the tenant.
    pub async fn place(&self) -> Result<Arc<Place>> {
        Ok(self.application.place(&self.http).await?)
    }

    /// The scopes that the present token was granted, if its answer told.
    pub async fn granted(&self) -> Option<String> {
        self.application.granted().await
    }

    /// Host, and port if it is an unusual one.
    pub fn site(&self) -> String {
        let host = self.root.host_str().unwrap_or_default().to_lowercase();
        match self.root.port() {
            Some(port) => format!("{host}:{port}"),
            None => host,
        }
    }

    fn url(&self, path: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.root.clone();
        url.set_path(&format!("/api{path}"));
        set_query(&mut url, query);
        url
    }

    async fn send(&self, path: &str, request: Request) -> std::result::Result<Reply, HttpError> {
        // A cached answer would make a read-back worthless.
        let request = request
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .header(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        let known = self.refused().get(path).is_some_and(|at| at.elapsed() < BELIEVED);
        let reply = self.http.send(if known { request.without_renewal() } else { request }).await?;
        if reply.status == 401 {
            if !known {
                self.refused().insert(path.to_owned(), Instant::now());
            }
        } else {
            self.refused().remove(path);
        }
        Ok(reply)
    }

    fn refused(&self) -> MutexGuard<'_, BTreeMap<String, Instant>> {
        // Each change is a single one.
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A read. Anything but a success is an error.
    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Reply> {
        self.get_as(path, query, |request| request).await
    }

    pub async fn get_as(
        &self,
        path: &str,
        query: &[(&str, &str)],
        dress: impl FnOnce(Request) -> Request,
    ) -> Result<Reply> {
        let reply = self.send(path, dress(Request::get(self.url(path, query)))).await?;
        if reply.is_success() { Ok(reply) } else { Err(errors::error(&reply, right(path, false))) }
    }

    /// One object, or whatever else the address answers with.
    pub async fn object<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T> {
        let reply = self.get(path, query).await?;
        reply.json().map_err(|message| PsaError::Unreadable { message: format!("{path}: {message}") })
    }

    /// A change. The reply is returned whatever its status is.
    pub async fn post(
        &self,
        path: &str,
        body: &serde_json::Value,
        hold: &CancellationToken,
    ) -> std::result::Result<Reply, HttpError> {
        self.send(path, Request::json(Method::POST, self.url(path, &[]), body).unless(hold)).await
    }

    /// Something new, sent once: a failure of it says nothing about the PSA as a whole. The reply is returned whatever
    /// its status is.
    pub async fn post_once(
        &self,
        path: &str,
        body: &serde_json::Value,
        hold: &CancellationToken,
    ) -> std::result::Result<Reply, HttpError> {
        let request = Request::json(Method::POST, self.url(path, &[]), body);
        self.send(path, request.unless(hold).once()).await
    }

    /// Takes a record away. The reply is returned whatever its status is.
    pub async fn delete(&self, path: &str) -> std::result::Result<Reply, HttpError> {
        self.send(path, Request { method: Method::DELETE, ..Request::get(self.url(path, &[])) }).await
    }

    /// How many characters of ids fit into the address of such a list.
    pub fn room_for_ids(&self, path: &str, query: &[(&str, &str)]) -> usize {
        LONGEST_URL.saturating_sub(self.url(path, query).as_str().len() + PAGING_ROOM).max(64)
    }

    pub fn has(&self, quirk: Quirk) -> bool {
        self.quirks().contains(&quirk)
    }

    pub fn note(&self, quirk: Quirk) {
        if self.quirks().insert(quirk) {
            tracing::info!(?quirk, "the PSA does without a filter; another way is taken");
        }
    }

    fn quirks(&self) -> MutexGuard<'_, BTreeSet<Quirk>> {
        self.quirks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right that a path needs, in the words of the application's permissions.
pub fn right(path: &str, writes: bool) -> &'static str {
    let resource = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    match resource {
        "Asset" if writes => "edit:assets",
        "Client" | "Site" | "TopLevel" => "read:customers",
        "ClientContract" => "read:contracts",
        "Invoice" | "RecurringInvoice" => "read:invoices",
        "Actions" if writes => "edit:tickets",
        "Actions" | "Tickets" => "read:tickets",
        _ => "read:assets",
    }
}

/// The site's root: people paste addresses with the API's or the agents' path behind it.
pub fn root(base: &Url) -> Url {
    let mut root = base.clone();
    root.set_path("/");
    root.set_query(None);
    root.set_fragment(None);
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_address_is_cut_to_the_site() {
        for given in [
            "https://acme.halopsa.com",
            "https://acme.halopsa.com/api/",
            "https://acme.halopsa.com/auth/token",
        ] {
            assert_eq!(root(&Url::parse(given).unwrap()).as_str(), "https://acme.halopsa.com/");
        }
        let local = Url::parse("http://127.0.0.1:8099/api").unwrap();
        assert_eq!(root(&local).as_str(), "http://127.0.0.1:8099/");
    }
}
