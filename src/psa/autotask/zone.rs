//! Which of the vendor's zones a tenant lives in. Asked without credentials, and believed only if the answer is the
//! vendor's own domain or the configured host: the credentials go there.

use super::{errors, wire};
use crate::{
    domain::text::one_line,
    http::{Http, HttpError, Reply, Request, Url, address},
    psa::{PsaError, lenient::filled, port::Result},
};

/// Any of the vendor's hosts answers for every zone [C KT].
pub const VENDOR: &str = "https://webservices.autotask.net";
const VENDOR_DOMAIN: &str = "autotask.net";
const LOOKUP: &[&str] = &["atservicesrest", "v1.0", "zoneInformation"];

/// A tenant's home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// `https://webservices5.autotask.net/ATServicesRest/`
    pub base: Url,
    pub name: Option<String>,
    /// The number of the tenant's database.
    pub database: Option<i64>,
}

impl Zone {
    /// The address of a path below `V1.0`.
    pub fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        let root = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{root}/V1.0/{path}"));
        url
    }

    /// Whether the address of a next page, as this zone sends it, is one of this list: same host, same path.
    pub fn next_page(&self, entity: &str, address: &str) -> Option<Url> {
        let url = Url::parse(address).ok()?;
        let list = self.url(&format!("{entity}/query/next"));
        let same = address::same_origin(&url, &list)
            && url.path().trim_end_matches('/').eq_ignore_ascii_case(list.path())
            && url.username().is_empty()
            && url.password().is_none();
        same.then_some(url)
    }
}

/// Why the zone is not known.
#[derive(Debug)]
pub enum Unknown {
    Http(HttpError),
    /// No zone has this user.
    User(String),
    Other(PsaError),
}

impl Unknown {
    pub fn into_psa(self) -> PsaError {
        match self {
            Self::Http(error) => error.into(),
            Self::User(message) => PsaError::SignIn { message },
            Self::Other(error) => error,
        }
    }
}

/// The host that is asked: people paste addresses with the API's path behind it.
pub fn host(configured: &Url) -> Url {
    let mut host = configured.clone();
    let kept: Vec<&str> = configured
        .path_segments()
        .into_iter()
        .flatten()
        .take_while(|segment| !segment.eq_ignore_ascii_case("atservicesrest"))
        .filter(|segment| !segment.is_empty())
        .collect();
    host.set_path(&kept.join("/"));
    host
}

/// What stays the same wherever the tenant moves: the vendor's domain, or the configured host.
pub fn site(host: &Url) -> String {
    if is_vendor(host) {
        return VENDOR_DOMAIN.to_owned();
    }
    let name = host.host_str().unwrap_or_default().to_lowercase();
    match host.port() {
        Some(port) => format!("{name}:{port}"),
        None => name,
    }
}

/// Lookups until an answer has a database. It is the tenant's identity: one that was left out by chance must not make
/// another tenant of it.
const LOOKUPS: usize = 3;

/// Asks the host in which zone this user's tenant is.
pub async fn lookup(http: &Http, host: &Url, user: &str) -> std::result::Result<Zone, Unknown> {
    let mut zone = ask(http, host, user).await?;
    for _ in 1..LOOKUPS {
        if zone.database.is_some() {
            break;
        }
        zone = ask(http, host, user).await?;
    }
    Ok(zone)
}

async fn ask(http: &Http, host: &Url, user: &str) -> std::result::Result<Zone, Unknown> {
    let mut url = host.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(LOOKUP);
    }
    url.query_pairs_mut().append_pair("user", user);
    let reply = http.send(Request::get(url).without_credentials()).await.map_err(Unknown::Http)?;
    if reply.is_success() {
        return read(host, &reply).map_err(Unknown::Other);
    }
    Err(refusal(host, user, &reply))
}

/// An unknown user is a 500 here, not a 404 [C KT issue #17, PY].
fn refusal(host: &Url, user: &str, reply: &Reply) -> Unknown {
    let said = errors::words(reply);
    let lower = said.to_lowercase();
    let about_user = lower.contains("zone") || lower.contains("user");
    match reply.status {
        500 | 404 | 400 | 401 | 403 if errors::has_errors(reply) && about_user => Unknown::User(format!(
            "{said} ({}); no zone of the vendor knows the user \"{}\"",
            reply.status,
            one_line(user, 100)
        )),
        404 | 405 => Unknown::Other(PsaError::Settings {
            message: format!(
                "{} answers, but tells no zone ({}: {said}); base_url must be a host of Autotask's web services, or be left out",
                site(host),
                reply.status
            ),
        }),
        _ => Unknown::Other(errors::error(reply)),
    }
}

fn read(host: &Url, reply: &Reply) -> Result<Zone> {
    let unreadable = |message: String| PsaError::Unreadable { message: format!("the zone: {message}") };
    let told: wire::ZoneInformation = reply.json().map_err(unreadable)?;
    let url = filled(told.url.as_ref()).ok_or_else(|| unreadable("it has no url".to_owned()))?;
    let base = Url::parse(url).map_err(|why| unreadable(format!("\"{}\": {why}", one_line(url, 100))))?;
    Ok(Zone { base: accepted(host, base)?, name: told.zone_name, database: told.ci })
}

/// Without this anybody who answers for the lookup could have the credentials.
fn accepted(host: &Url, base: Url) -> Result<Url> {
    let vendor = base.scheme() == "https" && is_vendor(&base);
    let clean = base.username().is_empty() && base.password().is_none() && base.query().is_none();
    if clean && (vendor || address::same_origin(host, &base)) {
        return Ok(cut(base));
    }
    let shown = one_line(&base.origin().ascii_serialization(), 100);
    Err(PsaError::Settings {
        message: format!(
            "{} names {shown} as the tenant's zone, which is neither a host of {VENDOR_DOMAIN} over https nor the configured one; the credentials are not sent there",
            site(host)
        ),
    })
}

/// The address up to where `V1.0` follows.
fn cut(mut base: Url) -> Url {
    let path = base.path().trim_end_matches('/');
    let version = path
        .len()
        .checked_sub("/v1.0".len())
        .filter(|at| path.get(*at..).is_some_and(|end| end.eq_ignore_ascii_case("/v1.0")));
    let kept = format!("{}/", version.map_or(path, |at| &path[..at]));
    base.set_path(&kept);
    base.set_fragment(None);
    base
}

fn is_vendor(url: &Url) -> bool {
    let name = url.host_str().unwrap_or_default().to_lowercase();
    name == VENDOR_DOMAIN || name.strip_suffix(VENDOR_DOMAIN).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HeaderMap;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn told(host: &str, zone: &str) -> Result<Zone> {
        let body = format!(
            r#"{{"zoneName":"America East","url":"{zone}","webUrl":"https://ww5.autotask.net/","ci":123456}}"#
        );
        read(&url(host), &Reply { status: 200, headers: HeaderMap::new(), body: body.into_bytes() })
    }

    #[test]
    fn a_zone_is_the_vendors_or_the_configured_host_or_none() {
        let five = "https://webservices5.autotask.net/ATServicesRest/";
        for (zone, base) in [
            (five, five),
            ("https://webservices5.autotask.net/ATServicesRest", five),
            ("https://webservices5.autotask.net/ATServicesRest/v1.0/", five),
            ("https://proxy.msp.example/ATServicesRest/", "https://proxy.msp.example/ATServicesRest/"),
        ] {
            assert_eq!(told("https://proxy.msp.example", zone).unwrap().base.as_str(), base);
        }
        for zone in [
            "http://webservices5.autotask.net/ATServicesRest/",
            "https://autotask.net.thief.example/ATServicesRest/",
            "https://thiefautotask.net/ATServicesRest/",
            "https://user:word@webservices5.autotask.net/ATServicesRest/",
            "https://proxy.msp.example:444/ATServicesRest/",
            "http://proxy.msp.example/ATServicesRest/",
            "https://webservices.autotask.net@thief.example/",
        ] {
            let error = told("https://proxy.msp.example", zone).unwrap_err();
            assert!(matches!(error, PsaError::Settings { .. }), "{zone}: {error}");
        }
    }

    #[test]
    fn the_same_database_is_the_same_tenant_wherever_it_lives() {
        for host in ["https://webservices.autotask.net/", "https://WebServices26.Autotask.net/"] {
            assert_eq!(site(&url(host)), "autotask.net");
        }
        assert_eq!(site(&url("http://127.0.0.1:4711")), "127.0.0.1:4711");
    }

    #[test]
    fn a_pasted_api_address_is_cut_to_the_host() {
        for given in
            ["https://webservices.autotask.net/ATServicesRest/V1.0/", "https://webservices.autotask.net"]
        {
            assert_eq!(host(&url(given)).as_str(), "https://webservices.autotask.net/");
        }
    }

    #[test]
    fn a_next_page_is_followed_on_the_same_list_only() {
        let zone = told(VENDOR, "https://webservices15.autotask.net/ATServicesRest/").unwrap();
        let captured = "https://webservices15.autotask.net/ATServicesRest/V1.0/Companies/query/next?paging=%7b%22pageSize%22%3a500%2c%22previousIds%22%3a%5b-1%5d%2c%22nextIds%22%3a%5b725%5d%7d";
        assert_eq!(zone.next_page("Companies", captured).unwrap().as_str(), captured);
        assert!(zone.next_page("Companies", &captured.to_lowercase()).is_some());
        for other in [
            captured.replace("webservices15", "webservices16"),
            captured.replace("https", "http"),
            captured.replace("Companies", "Contracts"),
            captured.replace("/query/next", ""),
        ] {
            assert!(zone.next_page("Companies", &other).is_none(), "{other}");
        }
    }

    #[test]
    fn an_unknown_user_is_told_from_a_host_that_is_none_of_the_vendors() {
        let reply = |status, body: &str| Reply { status, headers: HeaderMap::new(), body: body.into() };
        let unknown = reply(500, r#"{"errors":["Zone information could not be determined"]}"#);
        assert!(matches!(
            refusal(&url(VENDOR), "api@msp.example", &unknown),
            Unknown::User(message) if message.contains("could not be determined") && message.contains("api@msp.example")
        ));
        let elsewhere = reply(404, "<html><title>Not here</title></html>");
        assert!(matches!(
            refusal(&url("https://www.msp.example"), "a", &elsewhere),
            Unknown::Other(PsaError::Settings { message }) if message.contains("www.msp.example")
        ));
        let trouble = reply(500, r#"{"errors":["An unexpected error occurred"]}"#);
        assert!(matches!(refusal(&url(VENDOR), "a", &trouble), Unknown::Other(PsaError::Refused { .. })));
    }
}
