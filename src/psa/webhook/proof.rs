//! What every check of a webhook needs. All of it works on bytes as they came, and compares in constant time.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{HeaderMap, Turned};

/// The one value of a header. None, an empty one, or two of it prove nothing: what stands before us might have looked
/// at another than we do.
pub fn only<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h [u8], Turned> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Err(Turned::Away("the header that proves the sender is missing")),
        (Some(_), Some(_)) => Err(Turned::Away("the header that proves the sender came twice")),
        (Some(value), None) if value.as_bytes().trim_ascii().is_empty() => {
            Err(Turned::Away("the header that proves the sender is empty"))
        }
        (Some(value), None) => Ok(value.as_bytes()),
    }
}

/// Whether two texts are the same, in a time that tells neither where they differ nor how long the secret one is.
pub fn matches(given: &[u8], wanted: &[u8]) -> bool {
    Sha256::digest(given).ct_eq(&Sha256::digest(wanted)).into()
}

/// The one parameter of this name in a query; `None` if there is none, or more than one.
pub fn parameter(query: &str, name: &str) -> Option<String> {
    let mut values =
        url::form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value.into_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HeaderValue;

    #[test]
    fn a_header_counts_if_it_is_there_once_and_not_empty() {
        let mut headers = HeaderMap::new();
        assert!(only(&headers, "x-proof").is_err());
        headers.append("x-proof", HeaderValue::from_static("  "));
        assert!(only(&headers, "x-proof").is_err());
        headers.insert("x-proof", HeaderValue::from_static("abc"));
        assert_eq!(only(&headers, "x-proof"), Ok(&b"abc"[..]));
        headers.append("x-proof", HeaderValue::from_static("abc"));
        assert!(only(&headers, "x-proof").is_err(), "twice the same is twice");
    }

    #[test]
    fn only_the_same_text_matches() {
        assert!(matches(b"abc", b"abc"));
        for other in ["", "ab", "abcd", "abd", "Abc"] {
            assert!(!matches(other.as_bytes(), b"abc"), "{other}");
        }
    }

    #[test]
    fn a_parameter_counts_if_it_is_there_once() {
        assert_eq!(parameter("key=a%2Bb&recordId=7&action=updated", "key").as_deref(), Some("a+b"));
        for query in ["", "recordId=1", "key=a&key=a", "akey=a"] {
            assert_eq!(parameter(query, "key"), None, "{query}");
        }
    }
}
