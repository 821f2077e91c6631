//! Where a callback's key is, as far as the callback may say so: which release serves it, and its number. The address
//! itself is built from the settings.

use crate::http::Url;

const NAME: &[u8] = b"\"key_url\"";
/// No address of the vendor's is longer.
const LONGEST: usize = 512;
/// What stands in the address of a key, behind the release.
const TAIL: [&str; 3] = ["system", "callbackkey", "index.rails"];
/// The vendor's own domains, where a tenant has two names: with and without `api-` [C: DG].
const CLOUD: [&str; 2] = [".myconnectwise.net", ".connectwisedev.com"];

/// What an address must be held against: the configured site and company.
pub struct Pins {
    roots: Vec<Url>,
    company: String,
}

/// The place of a key, put together from the settings and the two words that may come from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The number of the key.
    pub id: String,
    pub url: Url,
}

impl Pins {
    pub fn new(root: &Url, company: &str) -> Self {
        let mut roots = vec![root.clone()];
        let host = root.host_str().unwrap_or_default();
        if CLOUD.iter().any(|domain| host.ends_with(domain)) {
            let other = match host.strip_prefix("api-") {
                Some(rest) => rest.to_owned(),
                None => format!("api-{host}"),
            };
            let mut twin = root.clone();
            if twin.set_host(Some(&other)).is_ok() {
                roots.push(twin);
            }
        }
        Self { roots, company: company.to_owned() }
    }

    /// The place that an unproven body names, if it can be one of the configured tenant's.
    pub fn place(&self, body: &[u8]) -> Option<Place> {
        self.pinned(&named(body)?)
    }

    fn pinned(&self, text: &str) -> Option<Place> {
        let url = Url::parse(text).ok()?;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return None;
        }
        let root = self.roots.iter().find(|root| root.origin() == url.origin())?;
        let filled = |url: &Url| -> Vec<String> {
            let segments = url.path_segments().into_iter().flatten();
            segments.filter(|segment| !segment.is_empty()).map(ToOwned::to_owned).collect()
        };
        let (before, path) = (filled(root), filled(&url));
        let rest = path.strip_prefix(before.as_slice())?;
        let (release, tail) = rest.split_first()?;
        if tail != TAIL || !is_release(release) {
            return None;
        }
        let (mut id, mut company) = (None, None);
        for (name, value) in url.query_pairs() {
            let kept = match name.as_ref() {
                "id" => &mut id,
                "companyName" => &mut company,
                _ => return None,
            };
            if kept.replace(value.into_owned()).is_some() {
                return None;
            }
        }
        // Whoever has a tenant of their own in the vendor's cloud has a key on this very host, too.
        if company.is_some_and(|company| !company.eq_ignore_ascii_case(&self.company)) {
            return None;
        }
        let id = id.filter(|id| {
            (1..=64).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })?;
        // The vendor's own addresses have two slashes there [C: AMP].
        let gap = if url.path().contains("//") { "//" } else { "/" };
        let mut built = root.clone();
        let start = root.path().trim_end_matches('/').to_owned();
        built.set_path(&format!("{start}/{release}{gap}{}", TAIL.join("/")));
        built.query_pairs_mut().append_pair("companyName", &self.company).append_pair("id", &id);
        Some(Place { id, url: built })
    }
}

/// `v2025_1` or `v4_6_release`.
fn is_release(text: &str) -> bool {
    text.len() <= 24
        && text.starts_with('v')
        && text.contains('_')
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// The text of the one `key_url` in these bytes. They are searched, not read: quotes inside of strings are escaped in
/// JSON, so a value cannot pass for the name.
fn named(body: &[u8]) -> Option<String> {
    let mut places = body.windows(NAME.len()).enumerate().filter(|(_, window)| *window == NAME);
    let (at, _) = places.next()?;
    if places.next().is_some() {
        return None;
    }
    let rest = body[at + NAME.len()..].trim_ascii_start().strip_prefix(b":")?;
    let rest = rest.trim_ascii_start().strip_prefix(b"\"")?;
    let end = rest.iter().take(LONGEST + 1).position(|byte| *byte == b'"')?;
    let text = std::str::from_utf8(&rest[..end]).ok()?;
    // The two characters of an address that writers of JSON like to escape.
    let text = text.replace("\\/", "/").replace("\\u0026", "&");
    text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\').then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pins(root: &str) -> Pins {
        Pins::new(&Url::parse(root).unwrap(), "Cobalt")
    }

    fn body(url: &str) -> Vec<u8> {
        format!(r#"{{"ID":1,"Entity":"{{\"key_url\":\"https://evil.example/\"}}","Metadata":{{"key_url": "{url}"}}}}"#)
            .into_bytes()
    }

    #[test]
    fn the_address_of_a_key_is_built_from_the_settings() {
        let cloud = pins("https://api-na.myconnectwise.net/");
        let id = "9f4d8a4e-0c1b-4b6e-9a55-1c2d3e4f5a6b";
        for host in ["api-na.myconnectwise.net", "na.myconnectwise.net"] {
            let url =
                format!("https://{host}/v2025_1//system/callbackkey/index.rails?companyName=cobalt&id={id}");
            let place = cloud.place(&body(&url)).unwrap();
            assert_eq!(place.id, id);
            let asked = url.replace("cobalt", "Cobalt");
            assert_eq!(place.url.as_str(), asked, "with the company as the settings write it");
            assert_eq!(cloud.place(&body(&url.replace('/', "\\/").replace('&', "\\u0026"))), Some(place));
        }
        let own = pins("https://psa.example.com/cw");
        let named = "https://psa.example.com/cw/v4_6_release/system/callbackkey/index.rails?id=7";
        let asked =
            "https://psa.example.com/cw/v4_6_release/system/callbackkey/index.rails?companyName=Cobalt&id=7";
        assert_eq!(own.place(&body(named)).unwrap().url.as_str(), asked);
    }

    #[test]
    fn no_other_address_is_asked() {
        let cloud = pins("https://api-na.myconnectwise.net/");
        let good =
            "https://na.myconnectwise.net/v2025_1//system/callbackkey/index.rails?companyName=Cobalt&id=7";
        assert!(cloud.place(&body(good)).is_some());
        for (from, to) in [
            ("https://", "http://"),
            ("na.my", "eu.my"),
            ("na.my", "na.evil.example/na.my"),
            ("myconnectwise.net", "myconnectwise.net.evil.example"),
            ("myconnectwise.net", "myconnectwise.net:8443"),
            ("https://na", "https://mallory@na"),
            ("https://na", "https://u:p@na"),
            ("v2025_1", "v2025_1/.."),
            ("v2025_1", "login"),
            ("v2025_1", "v2025%5F1"),
            ("v2025_1", "%2e%2e"),
            ("callbackkey", "callbackkeys"),
            ("index.rails", "index.rails/x"),
            ("Cobalt", "Mallory"),
            ("companyName=Cobalt", "companyName=Cobalt&companyName=Mallory"),
            ("id=7", "id="),
            ("id=7", "id=7&id=8"),
            ("id=7", "id=7&x=1"),
            ("id=7", "id=../7"),
            ("id=7", "id=7%26x%3D1"),
            ("id=7", "id=7#x"),
            ("&id=7", ""),
            ("https://na", "https://127.0.0.1/na"),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_ne!(bad, good);
            assert_eq!(cloud.place(&body(&bad)), None, "{bad}");
        }
        assert_eq!(
            pins("https://psa.example.com")
                .place(&body("https://api-psa.example.com/v4_6_release/system/callbackkey/index.rails?id=7")),
            None
        );
        // Twice, not at all, without an end, or of another kind.
        for bytes in [
            [body(good), body(good)].concat(),
            b"{}".to_vec(),
            br#"{"key_url":"https://na"#.to_vec(),
            br#"{"key_url":7}"#.to_vec(),
            format!(r#"{{"key_url":"https://na.myconnectwise.net/{}"}}"#, "a".repeat(600)).into_bytes(),
            b"{\"key_url\":\"https://na.myconnectwise.net/\xff\"}".to_vec(),
        ] {
            assert_eq!(cloud.place(&bytes), None, "{}", String::from_utf8_lossy(&bytes));
        }
    }
}
