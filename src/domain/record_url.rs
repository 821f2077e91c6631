//! Where a record is shown in the PSA. The addresses of a tenant's records differ only in the number at their end.

use std::{fmt, num::NonZeroU64};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Label, Text};

/// The address of a record's page. The part that many have in common is kept once.
#[derive(Clone, PartialEq, Eq)]
pub struct RecordUrl {
    start: Label,
    /// The decimal number at the end, where there is one that is written as numbers are.
    number: Option<NonZeroU64>,
}

impl From<&str> for RecordUrl {
    fn from(url: &str) -> Self {
        let start = url.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = &url[start.len()..];
        let number = digits.parse().ok().filter(|_| !digits.starts_with('0'));
        Self { start: if number.is_some() { start } else { url }.into(), number }
    }
}

impl From<String> for RecordUrl {
    fn from(url: String) -> Self {
        Self::from(url.as_str())
    }
}

impl fmt::Display for RecordUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.start)?;
        self.number.map_or(Ok(()), |number| write!(f, "{number}"))
    }
}

impl fmt::Debug for RecordUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

impl Serialize for RecordUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RecordUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(Text::deserialize(deserializer)?.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_is_the_one_that_was_told() {
        let first = "https://psa.example/ConnectWise.aspx?routeTo=ConfigFV&recid=1001";
        for url in [first, "", "0", "7", "https://psa.example/a", "https://x/007", "x18446744073709551616"] {
            assert_eq!(RecordUrl::from(url).to_string(), url);
            let json = serde_json::to_string(&RecordUrl::from(url)).unwrap();
            assert_eq!(serde_json::from_str::<RecordUrl>(&json).unwrap().to_string(), url);
        }
        assert_eq!(RecordUrl::from(first).number, NonZeroU64::new(1001));
    }

    proptest! {
        #[test]
        fn whatever_it_ends_with(url in "\\PC{0,8}[0-9]{0,25}") {
            prop_assert_eq!(RecordUrl::from(url.as_str()).to_string(), url);
        }
    }
}
