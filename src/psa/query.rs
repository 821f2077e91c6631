//! Queries of addresses, encoded so that many ids fit into one.

use std::collections::BTreeMap;

use crate::http::Url;

/// Gives an address this query; an empty one leaves it alone.
pub fn set_query(url: &mut Url, query: &[(&str, &str)]) {
    if !query.is_empty() {
        let pairs: Vec<String> =
            query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        url.set_query(Some(&pairs.join("&")));
    }
}

/// Percent-encoding that leaves alone what may stand in a query and is frequent in ours: commas and slashes would
/// take three characters each.
fn encoded(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 16);
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z'
            | b'a'..=b'z'
            | b'0'..=b'9'
            | b'-'
            | b'_'
            | b'.'
            | b'~'
            | b','
            | b'/'
            | b'('
            | b')' => {
                text.push(char::from(byte));
            }
            _ => {
                text.push('%');
                text.push(char::from(b"0123456789ABCDEF"[usize::from(byte >> 4)]));
                text.push(char::from(b"0123456789ABCDEF"[usize::from(byte & 15)]));
            }
        }
    }
    text
}

/// The parameters of a query string.
pub fn parameters(url: &str) -> BTreeMap<String, String> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_encoded_and_short() {
        assert_eq!(encoded("company/id in (1,2) and a=b"), "company/id%20in%20(1,2)%20and%20a%3Db");
        assert_eq!(encoded("ä&+#"), "%C3%A4%26%2B%23");
    }
}
