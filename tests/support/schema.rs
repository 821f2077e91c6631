//! Every report of the suite is held against the published schema.

use std::sync::LazyLock;

use serde_json::Value;

static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let text = include_str!("../../assets/report.schema.json");
    let schema: Value = serde_json::from_str(text).expect("the schema is JSON");
    jsonschema::validator_for(&schema).expect("the schema is a schema")
});

pub fn assert_valid(report: &Value) {
    let errors: Vec<String> =
        SCHEMA.iter_errors(report).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "the report breaks its schema: {errors:#?}");
}

#[test]
fn the_published_schema_is_the_one_of_the_code() {
    let published = include_str!("../../assets/report.schema.json");
    let now = format!("{}\n", serde_json::to_string_pretty(&mothball::report::schema()).unwrap());
    if published != now {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/target/report.schema.json");
        std::fs::write(path, &now).unwrap();
        panic!("the report's form changed: look at target/report.schema.json, and publish it as assets/report.schema.json");
    }
}
