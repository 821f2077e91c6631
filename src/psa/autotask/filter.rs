//! Filters of queries. Operators are words of this source only: a misspelt one is ignored without a word, and then
//! everything comes [C PK, JUICT].

use serde_json::{Value, json};

/// Rows of a page, at most [C help].
pub const PAGE: usize = 500;
/// Values of an `in` list; the vendor's limit is 500 conditions of a query [C N8N, GDS].
pub const IN_LIST: usize = 200;

/// One condition, or a group of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter(Value);

impl Filter {
    /// Every row: an empty filter would bring none [C Servosity].
    pub fn all() -> Self {
        Self(json!({ "op": "gte", "field": "id", "value": 0 }))
    }

    pub fn is(field: &str, value: impl Into<Value>) -> Self {
        Self(json!({ "op": "eq", "field": field, "value": value.into() }))
    }

    pub fn is_not(field: &str, value: impl Into<Value>) -> Self {
        Self(json!({ "op": "noteq", "field": field, "value": value.into() }))
    }

    pub fn after(field: &str, value: i64) -> Self {
        Self(json!({ "op": "gt", "field": field, "value": value }))
    }

    pub fn one_of(field: &str, values: &[i64]) -> Self {
        Self(json!({ "op": "in", "field": field, "value": values }))
    }

    /// A user-defined field has one of these texts. A query may have one such condition [C help].
    pub fn user_defined(name: &str, values: &[String]) -> Self {
        match values {
            [only] => Self(json!({ "op": "eq", "field": name, "value": only, "udf": true })),
            several => Self(json!({ "op": "in", "field": name, "value": several, "udf": true })),
        }
    }

    pub fn missing(field: &str) -> Self {
        Self(json!({ "op": "notExist", "field": field }))
    }

    pub fn any(filters: Vec<Self>) -> Self {
        Self(json!({ "op": "or", "items": filters.into_iter().map(|filter| filter.0).collect::<Value>() }))
    }

    /// Both hold.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        Self(json!({ "op": "and", "items": [self.0, other.0.clone()] }))
    }

    /// The body of a count.
    pub fn counting(&self) -> Value {
        json!({ "filter": [self.grouped()] })
    }

    /// The body of a query for rows with these fields, or with all of them.
    pub fn listing(&self, fields: &[&str]) -> Value {
        let mut body = json!({ "maxRecords": PAGE, "filter": [self.grouped()] });
        if !fields.is_empty() {
            body["includeFields"] = json!(fields);
        }
        body
    }

    fn grouped(&self) -> Value {
        if self.0["op"] == "and" { self.0.clone() } else { json!({ "op": "and", "items": [self.0] }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_read_as_the_vendor_writes_them() {
        let filter = Filter::one_of("companyID", &[174, 181]).and(&Filter::is("isActive", true));
        assert_eq!(
            filter.listing(&["id", "companyID"]),
            json!({"maxRecords":500,"includeFields":["id","companyID"],
                "filter":[{"op":"and","items":[{"op":"in","field":"companyID","value":[174,181]},
                {"op":"eq","field":"isActive","value":true}]}]})
        );
        assert_eq!(
            Filter::user_defined("Offboarded", &["Yes".to_owned()]).counting(),
            json!({"filter":[{"op":"and","items":[{"op":"eq","field":"Offboarded","value":"Yes","udf":true}]}]})
        );
        assert_eq!(Filter::all().listing(&[])["filter"][0]["items"][0]["field"], "id");
    }
}
