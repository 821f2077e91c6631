//! Where this tenant's API is, and how it is called: discovery without credentials, Basic key pair with `clientId`,
//! pinned model version, and a release that changes while we run.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    conditions::Condition,
    errors,
    wire::{self, CompanyInfo, filled},
};
use crate::{
    http::{
        HeaderValue, Http, HttpError, Method, Reply, Request, Sent, Url,
        header::{ACCEPT, CACHE_CONTROL},
    },
    psa::{PsaError, port::Result, query::set_query},
};

/// The model that the wire types were written from.
const VERSION_YEAR: u16 = 2025;
const VERSION: &str = "2025.16";
/// Works on premise, and as an alias in the cloud.
const ANY_RELEASE: &str = "v4_6_release";
/// The vendor's advice for the length of an address.
const LONGEST_URL: usize = 2000;
/// What paging adds to an address.
const PAGING_ROOM: usize = 48;
/// After a look for a new release that found none, the next 404s are believed for so long.
const BELIEVED: Duration = Duration::from_secs(30);

/// The release that answers, and what the PSA told about itself there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Without slashes: `v2025_1`.
    pub release: String,
    pub info: CompanyInfo,
}

impl Place {
    /// The model to ask for: ours, or the newest that an older server can know.
    fn accept(&self) -> String {
        let code = filled(self.info.version_code.as_ref()).unwrap_or_default();
        let mut numbers = code.trim_start_matches(['v', 'V']).split(['.', '_']);
        let year: Option<u16> = numbers.next().and_then(|year| year.parse().ok());
        let number: Option<u16> = numbers.next().and_then(|number| number.parse().ok());
        let version = match (year, number) {
            (Some(year), Some(number)) if (2019..VERSION_YEAR).contains(&year) => format!("{year}.{number}"),
            _ => VERSION.to_owned(),
        };
        format!("application/vnd.connectwise.com+json; version={version}")
    }
}

/// Calls the API of one tenant.
pub struct Api {
    http: Http,
    base: Url,
    company: String,
    place: tokio::sync::Mutex<Option<Arc<Place>>>,
    /// Paths that this release does not have, and when that was last made sure of.
    missing: Mutex<BTreeMap<(String, String), Instant>>,
    quirks: Mutex<Quirks>,
}

/// What this tenant turned out not to do, by path.
#[derive(Debug, Default)]
struct Quirks {
    without_forward_only: BTreeSet<String>,
    without_fields: BTreeSet<String>,
}

impl Api {
    pub fn new(http: Http, company: &str) -> Self {
        let base = root(&http.base());
        Self {
            http,
            base,
            company: company.to_owned(),
            place: tokio::sync::Mutex::new(None),
            missing: Mutex::default(),
            quirks: Mutex::default(),
        }
    }

    pub fn http(&self) -> &Http {
        &self.http
    }

    /// The login company id of the settings.
    pub fn company(&self) -> &str {
        &self.company
    }

    /// Host and port, with the cloud's `api-` taken off: both names are the same tenant.
    pub fn site(&self) -> String {
        let host = self.base.host_str().unwrap_or_default().to_lowercase();
        let host = host.strip_prefix("api-").unwrap_or(&host).to_owned();
        match self.base.port() {
            Some(port) => format!("{host}:{port}"),
            None => host,
        }
    }

    /// Where the API is. Asked once, without credentials.
    pub async fn place(&self) -> Result<Arc<Place>> {
        let mut place = self.place.lock().await;
        if let Some(known) = &*place {
            return Ok(Arc::clone(known));
        }
        let found = Arc::new(self.discover().await?);
        self.settle(&found);
        *place = Some(Arc::clone(&found));
        Ok(found)
    }

    fn settle(&self, place: &Place) {
        let probe = self.url(place, "/company/configurations/count", &[]);
        self.http.set_probe(Self::dressed(place, Request::get(probe)));
    }

    async fn discover(&self) -> Result<Place> {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["login", "companyinfo", &self.company]);
        }
        let reply = self.http.send(Request::get(url).without_credentials()).await?;
        if reply.status == 404 {
            // Not every installation on premise serves it; this release name always works there.
            return Ok(Place { release: ANY_RELEASE.to_owned(), info: CompanyInfo::default() });
        }
        if !reply.is_success() {
            return Err(errors::error(&reply));
        }
        let info: Option<CompanyInfo> = reply.json().map_err(|message| PsaError::Unreadable { message })?;
        let info = info.ok_or_else(|| PsaError::Settings {
            message: format!(
                "{} knows no company id \"{}\"; company_id is what stands in the first line of the PSA's sign-in screen",
                self.site(),
                self.company
            ),
        })?;
        let told = filled(info.codebase.as_ref()).unwrap_or_default().trim_matches('/');
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == '.';
        let usable = !told.is_empty() && told.chars().all(plain) && !told.starts_with('.');
        let release = if usable { told } else { ANY_RELEASE };
        Ok(Place { release: release.to_owned(), info })
    }

    /// Whether the release changed under our feet, so that asking again may help.
    async fn moved(&self, used: &Place, path: &str) -> Result<bool> {
        let mut place = self.place.lock().await;
        if place.as_ref().is_some_and(|now| now.release != used.release) {
            return Ok(true);
        }
        let missing = (used.release.clone(), path.to_owned());
        let known = self.missing.lock().unwrap_or_else(PoisonError::into_inner).get(&missing).copied();
        if known.is_some_and(|at| at.elapsed() < BELIEVED) {
            return Ok(false);
        }
        let found = self.discover().await?;
        let moved = found.release != used.release;
        if moved {
            tracing::info!(from = used.release, to = found.release, "the PSA changed its release");
            let found = Arc::new(found);
            self.settle(&found);
            *place = Some(found);
        } else {
            let mut known = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
            known.retain(|_, at| at.elapsed() < BELIEVED);
            known.insert(missing, Instant::now());
        }
        Ok(moved)
    }

    fn url(&self, place: &Place, path: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        let root = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{root}/{}/apis/3.0{path}", place.release));
        set_query(&mut url, query);
        url
    }

    /// A page for people, where the deployment's form of such addresses is known: on premise only.
    pub fn screen(&self, place: &Place, route: &str, id: i64) -> Option<String> {
        if place.info.is_cloud != Some(false) {
            return None;
        }
        let mut url = self.base.clone();
        let root = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{root}/{}/ConnectWise.aspx", place.release));
        url.set_query(Some(&format!("routeTo={route}&recid={id}")));
        Some(url.into())
    }

    fn dressed(place: &Place, request: Request) -> Request {
        let accept = HeaderValue::from_str(&place.accept())
            .unwrap_or_else(|_| HeaderValue::from_static("application/json"));
        // Other clients send it too; a cached answer would make a read-back worthless.
        request.header(ACCEPT, accept).header(CACHE_CONTROL, HeaderValue::from_static("no-cache"))
    }

    /// Sends to a path below `apis/3.0`, once more if the release changed.
    async fn call(
        &self,
        path: &str,
        query: &[(&str, &str)],
        make: impl Fn(Url) -> Request,
    ) -> std::result::Result<Reply, CallError> {
        let mut again = true;
        loop {
            let place = self.place().await.map_err(CallError::Discovery)?;
            let request = Self::dressed(&place, make(self.url(&place, path, query)));
            let reply = self.http.send(request).await.map_err(CallError::Sending)?;
            if reply.status != 404 || !again || errors::is_missing_record(&reply) {
                return Ok(reply);
            }
            again = false;
            if !self.moved(&place, path).await.unwrap_or(false) {
                return Ok(reply);
            }
        }
    }

    /// A read. Anything but a success is an error.
    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Reply> {
        self.get_as(path, query, |request| request).await
    }

    pub async fn get_as(
        &self,
        path: &str,
        query: &[(&str, &str)],
        dress: impl Fn(Request) -> Request,
    ) -> Result<Reply> {
        let reply =
            self.call(path, query, |url| dress(Request::get(url))).await.map_err(CallError::into_psa)?;
        if reply.is_success() { Ok(reply) } else { Err(errors::error(&reply)) }
    }

    /// One object.
    pub async fn object<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T> {
        let reply = self.get(path, query).await?;
        reply.json().map_err(|message| PsaError::Unreadable { message: format!("{path}: {message}") })
    }

    /// How many rows a list has.
    pub async fn count(&self, path: &str, condition: Option<&Condition>) -> Result<u64> {
        let query: Vec<(&str, &str)> =
            condition.iter().map(|condition| ("conditions", condition.text())).collect();
        let path = format!("{path}/count");
        let count: wire::Count = self.object(&path, &query).await?;
        count
            .count
            .and_then(|count| u64::try_from(count).ok())
            .ok_or_else(|| PsaError::Unreadable { message: format!("{path} answered without a count") })
    }

    /// A change. The reply is returned whatever its status is.
    pub async fn patch(
        &self,
        path: &str,
        body: &serde_json::Value,
        hold: &CancellationToken,
    ) -> std::result::Result<Reply, CallError> {
        self.call(path, &[], |url| Request::json(Method::PATCH, url, body).unless(hold)).await
    }

    /// Something new, sent once: a failure of it says nothing about the PSA as a whole. The reply is returned whatever
    /// its status is.
    pub async fn post_once(
        &self,
        path: &str,
        body: &serde_json::Value,
        hold: &CancellationToken,
    ) -> std::result::Result<Reply, CallError> {
        self.call(path, &[], |url| Request::json(Method::POST, url, body).unless(hold).once()).await
    }

    /// Takes a record away. The reply is returned whatever its status is.
    pub async fn delete(&self, path: &str) -> std::result::Result<Reply, CallError> {
        self.call(path, &[], |url| Request { method: Method::DELETE, ..Request::get(url) }).await
    }

    /// How many characters of ids fit into the address of such a list.
    pub fn room_for_ids(&self, place: &Place, path: &str, fields: &str, condition: &Condition) -> usize {
        let query = [("conditions", condition.text()), ("fields", fields)];
        let used = self.url(place, path, &query).as_str().len() + PAGING_ROOM;
        LONGEST_URL.saturating_sub(used).max(64)
    }

    pub fn lacks_forward_only(&self, path: &str) -> bool {
        self.quirks().without_forward_only.contains(path)
    }

    pub fn note_lack_of_forward_only(&self, path: &str) {
        self.quirks().without_forward_only.insert(path.to_owned());
    }

    pub fn refuses_fields(&self, path: &str) -> bool {
        self.quirks().without_fields.contains(path)
    }

    pub fn note_refused_fields(&self, path: &str) {
        self.quirks().without_fields.insert(path.to_owned());
    }

    fn quirks(&self) -> std::sync::MutexGuard<'_, Quirks> {
        self.quirks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a call has no reply.
#[derive(Debug)]
pub enum CallError {
    /// It is not known where to send to; nothing was sent.
    Discovery(PsaError),
    Sending(HttpError),
}

impl CallError {
    pub fn sent(&self) -> Sent {
        match self {
            Self::Discovery(_) => Sent::Never,
            Self::Sending(error) => error.sent(),
        }
    }

    pub fn into_psa(self) -> PsaError {
        match self {
            Self::Discovery(error) => error,
            Self::Sending(error) => error.into(),
        }
    }
}

/// The site's root: people paste addresses with the API's path behind it.
pub fn root(base: &Url) -> Url {
    let mut root = base.clone();
    let kept: Vec<&str> = base
        .path_segments()
        .into_iter()
        .flatten()
        .take_while(|segment| !(segment.starts_with('v') && segment.contains('_')) && *segment != "apis")
        .filter(|segment| !segment.is_empty())
        .collect();
    root.set_path(&kept.join("/"));
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_api_address_is_cut_to_the_site() {
        for (given, kept) in [
            ("https://psa.example.com", "https://psa.example.com/"),
            ("https://psa.example.com/v4_6_release/apis/3.0/", "https://psa.example.com/"),
            ("https://psa.example.com/cw/v2025_1/apis/3.0", "https://psa.example.com/cw"),
        ] {
            assert_eq!(root(&Url::parse(given).unwrap()).as_str(), kept);
        }
    }

    #[test]
    fn an_older_server_is_asked_for_its_own_model() {
        let place = |code: &str| Place {
            release: ANY_RELEASE.into(),
            info: CompanyInfo { version_code: Some(code.into()), ..CompanyInfo::default() },
        };
        assert!(place("v2022.2").accept().ends_with("version=2022.2"));
        for newer in ["v2025.1", "v2026.3", "v2017.3", "", "v4.6.38842"] {
            assert!(place(newer).accept().ends_with("version=2025.16"), "{newer}");
        }
    }
}
