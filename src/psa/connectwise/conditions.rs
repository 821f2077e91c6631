//! Query conditions. Made of ids and of words from this source only: nobody knows how this PSA wants quotes inside
//! a text escaped, so no text that came from a person or a PSA ever stands in one.

/// A condition that is safe to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition(String);

impl Condition {
    /// `company/id in (1,2,3)`
    pub fn one_of(field: &'static str, ids: &[i64]) -> Self {
        let list: Vec<String> = ids.iter().map(ToString::to_string).collect();
        Self(format!("{field} in ({})", list.join(",")))
    }

    /// `configuration/id=101`
    pub fn id(field: &'static str, id: i64) -> Self {
        Self(format!("{field}={id}"))
    }

    /// `deletedFlag=false`
    pub fn flag(field: &'static str, value: bool) -> Self {
        Self(format!("{field}={value}"))
    }

    /// `parentConfigurationId!=null`
    pub fn present(field: &'static str) -> Self {
        Self(format!("{field}!=null"))
    }

    /// `id>7 and id<=9`
    pub fn within(field: &'static str, after: i64, up_to: i64) -> Self {
        Self(format!("{field}>{after} and {field}<={up_to}"))
    }

    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        Self(format!("{} and {}", self.0, other.0))
    }

    pub fn text(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_read_as_the_vendor_writes_them() {
        let both = Condition::one_of("company/id", &[2, 30]).and(&Condition::flag("deletedFlag", false));
        assert_eq!(both.text(), "company/id in (2,30) and deletedFlag=false");
    }
}
