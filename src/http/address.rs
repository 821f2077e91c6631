//! Which addresses may be called at all.

use reqwest::Url;
use thiserror::Error;

/// Why an address cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddressError {
    #[error("\"{address}\" is no web address ({why}); write it like https://psa.example.com")]
    Unreadable { address: String, why: String },
    #[error(
        "plain http:// is accepted for this computer only (127.0.0.0/8, [::1], localhost), not for \"{host}\"; use https://"
    )]
    Plain { host: String },
    #[error("the address must begin with https://, not with {scheme}://")]
    Scheme { scheme: String },
    #[error("the address must not carry a user name or password; they have settings of their own")]
    Credentials,
    #[error("the address must end after its path, without \"?\" or \"#\"")]
    Tail,
}

/// The address, if it is `https://`, or `http://` to a loopback address, with nothing secret or loose in it.
///
/// # Errors
/// [`AddressError`] with what to write instead.
pub fn check(address: &str) -> Result<Url, AddressError> {
    let address = address.trim();
    let url = Url::parse(address).map_err(|why| AddressError::Unreadable {
        address: without_password(address),
        why: why.to_string(),
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AddressError::Credentials);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(AddressError::Tail);
    }
    may_be_called(&url)?;
    Ok(url)
}

/// The same for an address that is a secret itself: it may have a query, and no message shows it.
///
/// # Errors
/// [`AddressError`] with what to write instead.
pub fn secret(address: &str) -> Result<Url, AddressError> {
    let url = Url::parse(address.trim())
        .map_err(|why| AddressError::Unreadable { address: "…".to_owned(), why: why.to_string() })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AddressError::Credentials);
    }
    may_be_called(&url)?;
    Ok(url)
}

/// Whether a request may be sent there: encrypted, or to this computer.
pub(super) fn may_be_called(url: &Url) -> Result<(), AddressError> {
    match url.scheme() {
        "https" if url.host().is_some() => Ok(()),
        "http" if is_loopback(url) => Ok(()),
        "http" => Err(AddressError::Plain { host: url.host_str().unwrap_or_default().to_owned() }),
        scheme => Err(AddressError::Scheme { scheme: scheme.to_owned() }),
    }
}

/// Same scheme, host and port: the only place where a profile's credentials may go.
pub fn same_origin(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme() && a.host() == b.host() && a.port_or_known_default() == b.port_or_known_default()
}

/// Scheme, host and port, for messages.
pub(super) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// An address below `from` as the same one below `to`; `None` if it is not below it.
pub(super) fn moved(url: &Url, from: &Url, to: &Url) -> Option<Url> {
    let rest = url.as_str().strip_prefix(from.as_str().trim_end_matches('/'))?;
    let below = rest.is_empty() || rest.starts_with(['/', '?']);
    below.then(|| Url::parse(&format!("{}{rest}", to.as_str().trim_end_matches('/'))).ok()).flatten()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

fn without_password(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((_, rest)) => format!("…@{rest}"),
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_below_an_address_moves_with_it() {
        let url = |text: &str| Url::parse(text).unwrap();
        let (from, to) = (url("https://one.example/Rest/"), url("https://two.example/atws/"));
        for (before, after) in [
            (
                "https://one.example/Rest/V1.0/Companies?x=1",
                Some("https://two.example/atws/V1.0/Companies?x=1"),
            ),
            ("https://one.example/Rest", Some("https://two.example/atws")),
            ("https://one.example/Restless", None),
            ("https://one.example.evil/Rest/x", None),
        ] {
            assert_eq!(moved(&url(before), &from, &to), after.map(url), "{before}");
        }
    }

    #[test]
    fn plain_http_is_for_this_computer_only() {
        for good in [
            "https://api-na.myconnectwise.net",
            "http://127.0.0.1:8080",
            "http://127.9.9.9/",
            "http://[::1]:1",
            "http://localhost:3",
            " https://psa.example.com/path ",
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in
            ["http://psa.example.com", "http://128.0.0.1", "http://localhost.example.com", "http://[::2]"]
        {
            assert!(matches!(check(bad), Err(AddressError::Plain { .. })), "{bad}");
        }
        assert!(matches!(check("ftp://x"), Err(AddressError::Scheme { .. })));
        assert!(matches!(check("psa.example.com"), Err(AddressError::Unreadable { .. })));
    }

    #[test]
    fn a_secret_address_may_have_a_query_and_is_not_shown() {
        let flow = "https://flow.example.com/workflows/canary/triggers?sig=canary";
        assert_eq!(secret(&format!(" {flow}\n")).unwrap().as_str(), flow);
        assert!(secret("http://127.0.0.1:9/hook?x=1").is_ok());
        for bad in ["canary", "http://hooks.example.com/canary", "ftp://x/canary", "https://a:canary@x/"] {
            let told = secret(bad).unwrap_err().to_string();
            assert!(!told.contains("canary"), "{told}");
        }
    }

    #[test]
    fn an_address_carries_no_secret_and_tells_none() {
        assert_eq!(check("https://jane:canary@psa.example.com"), Err(AddressError::Credentials));
        assert_eq!(check("https://psa.example.com?x=1"), Err(AddressError::Tail));
        let told = check("jane:canary@psa example").unwrap_err().to_string();
        assert!(!told.contains("canary"), "{told}");
    }
}
