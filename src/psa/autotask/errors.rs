//! What this PSA says when it says no, kept in its own words, and what that means to the program. Nearly every no
//! is a 500 here: what it is about stands in its text [C help, DJA, JUICT].

use serde_json::Value;

use super::wire::ErrorBody;
use crate::{
    domain::text::one_line,
    http::{Judgement, Reply, Weight},
    psa::{PsaError, lenient::filled},
};

/// How much of the vendor's words is kept.
const LENGTH: usize = 600;

/// Both shapes: `{"errors":[…]}` with texts or objects, and ASP.NET's `{"Message"}`.
fn said(reply: &Reply) -> Option<Vec<String>> {
    let body: ErrorBody = reply.json().ok()?;
    let mut lines: Vec<String> = match body.errors {
        Some(Value::Array(items)) => items.iter().filter_map(item).collect(),
        Some(other) => item(&other).into_iter().collect(),
        None => Vec::new(),
    };
    lines.extend(filled(body.message.as_ref()).map(ToOwned::to_owned));
    lines.extend(filled(body.detail.as_ref()).map(ToOwned::to_owned));
    (!lines.is_empty()).then_some(lines)
}

fn item(item: &Value) -> Option<String> {
    match item {
        Value::Null => None,
        Value::String(text) => filled(Some(text)).map(ToOwned::to_owned),
        Value::Object(members) => members
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("message"))
            .and_then(|(_, text)| text.as_str())
            .map_or_else(|| Some(item_json(item)), |text| Some(text.to_owned())),
        other => Some(item_json(other)),
    }
}

fn item_json(item: &Value) -> String {
    item.to_string()
}

/// The vendor's words in one line, whatever came.
pub fn words(reply: &Reply) -> String {
    match said(reply) {
        Some(lines) => one_line(&lines.join("; "), LENGTH),
        None => reply.line(),
    }
}

/// Whether the reply has the list of errors with which this PSA says a considered no.
pub fn has_errors(reply: &Reply) -> bool {
    let body: Option<ErrorBody> = reply.json().ok();
    body.and_then(|body| body.errors).is_some_and(|errors| match errors {
        Value::Array(items) => !items.is_empty(),
        Value::Null => false,
        _ => true,
    })
}

/// "The logged in Resource does not have the adequate permissions to query this entity type." comes as a 500
/// [C DJA, JUICT]; a part of the product that is not licensed is told in such words, too.
fn is_permission(text: &str) -> bool {
    let text = text.to_lowercase();
    // This one also means a record that is gone [C SOAP].
    !text.contains("no matching records")
        && ["permission", "licen", "access is denied", "access denied", "security level"]
            .iter()
            .any(|word| text.contains(word))
}

/// "…IntegrationCode is invalid…" [C PY]; it comes for an unknown user, too [C APG issue #19].
fn is_integration_code(text: &str) -> bool {
    let text = text.to_lowercase().replace([' ', '_', '-'], "");
    text.contains("integrationcode") || text.contains("trackingidentifier")
}

/// The fourth call at once, told with 429 or another status [C N8N], or the hourly pool, whose words nobody wrote
/// down.
fn is_turned_away(text: &str) -> bool {
    let text = text.to_lowercase();
    let of_limits = [
        "threshold",
        "itgenatr005",
        "throttl",
        "too many requests",
        "rate limit",
        "request limit",
        "requests per hour",
        "usage limit",
        "hourly limit",
    ];
    of_limits.iter().any(|word| text.contains(word))
}

/// What a reply says about the sign-in.
pub fn judge(reply: &Reply) -> Judgement {
    let text = words(reply);
    match reply.status {
        // A part that this tenant has no licence for may be refused so; the sign-in is good all the same.
        401 if is_permission(&text) => Judgement::Fine,
        401 => Judgement::Stale,
        500 if is_integration_code(&text) => Judgement::Refused(format!(
            "{text} (500); integration_code is wrong or switched off, or user_name is not known"
        )),
        _ => Judgement::Fine,
    }
}

/// The 401 after the zone was asked for once more and is the same.
pub fn refused(reply: &Reply) -> Judgement {
    Judgement::Refused(format!("{} (401); the zone knows user_name, so secret is wrong", words(reply)))
}

/// What a reply is, whatever its status. A 500 is mostly a plain no [L]; only one without words is trouble.
pub fn weigh(reply: &Reply) -> Option<Weight> {
    if reply.is_success() {
        return None;
    }
    if is_turned_away(&words(reply)) && said(reply).is_some() {
        return Some(Weight::TurnedAway);
    }
    (reply.status == 500 && has_errors(reply)).then_some(Weight::Considered)
}

/// A reply that is no success, in the program's terms.
pub fn error(reply: &Reply) -> PsaError {
    let text = words(reply);
    match reply.status {
        _ if said(reply).is_some() && is_permission(&text) => PsaError::Permission { message: text },
        401 => PsaError::SignIn { message: text },
        403 => PsaError::Permission { message: text },
        429 => PsaError::RateLimited { message: text },
        500 if has_errors(reply) => PsaError::Refused { status: 500, message: text },
        status @ 500..=599 => {
            PsaError::Unreachable { message: format!("it answered {status} with {text}"), gave_up: false }
        }
        status => PsaError::Refused { status, message: text },
    }
}

/// Whether a read that was refused so may be answered when it is asked again. These words say that it will not.
pub fn may_pass(error: &PsaError) -> bool {
    let PsaError::Refused { status: 500, message } = error else { return false };
    let text = message.to_lowercase();
    let final_words = [
        "invalid",
        "unable to find",
        "does not exist",
        "required",
        "must be",
        "cannot be null",
        "limited to",
        "unexpected character",
        "no matching records",
        "could not be determined",
    ];
    !final_words.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HeaderMap;

    fn reply(status: u16, body: &str) -> Reply {
        Reply { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() }
    }

    const NO_PERMISSION: &str = r#"{"errors":["The logged in Resource does not have the adequate permissions to query this entity type."]}"#;
    const THREADS: &str = r#"{"errors":["The API thread threshold of 3 threads has been exceeded for this tracking identifier."]}"#;

    #[test]
    fn every_shape_keeps_the_vendors_words() {
        assert_eq!(words(&reply(500, r#"{"errors":["One.","Two."]}"#)), "One.; Two.");
        assert_eq!(
            words(&reply(500, r#"{"errors":[{"message":"One."},{"Message":"Two."},7]}"#)),
            "One.; Two.; 7"
        );
        assert_eq!(
            words(&reply(
                405,
                r#"{"Message":"The requested resource does not support http method 'PATCH'."}"#
            )),
            "The requested resource does not support http method 'PATCH'."
        );
        assert_eq!(words(&reply(401, "")), "nothing at all");
        assert_eq!(words(&reply(401, r#"{"errors":null}"#)), r#"{"errors":null}"#);
        assert_eq!(words(&reply(502, "<html><title>Bad gateway</title></html>")), "a web page: Bad gateway");
    }

    #[test]
    fn a_missing_right_is_known_by_its_words() {
        for status in [401, 403, 500] {
            let reply = reply(status, NO_PERMISSION);
            assert!(matches!(error(&reply), PsaError::Permission { .. }), "{status}");
            assert_eq!(judge(&reply), Judgement::Fine, "{status}");
        }
        let gone = r#"{"errors":["No matching records found. The logged in Resource may not have the required permissions to update the data."]}"#;
        assert!(matches!(error(&reply(500, gone)), PsaError::Refused { status: 500, .. }));
        let unlicensed = reply(401, r#"{"errors":["Your license does not include Contracts."]}"#);
        assert_eq!(judge(&unlicensed), Judgement::Fine);
        assert!(matches!(error(&unlicensed), PsaError::Permission { .. }));
    }

    #[test]
    fn secret_zone_and_integration_code_are_told_apart() {
        for body in ["", r#"{"errors":["Unauthorized"]}"#, "<html></html>"] {
            assert_eq!(judge(&reply(401, body)), Judgement::Stale);
            assert!(matches!(refused(&reply(401, body)), Judgement::Refused(why) if why.contains("secret")));
        }
        for text in ["IntegrationCode is invalid", "The Integration Code is invalid."] {
            let told = judge(&reply(500, &format!(r#"{{"errors":["{text}"]}}"#)));
            assert!(matches!(told, Judgement::Refused(why) if why.contains("integration_code")));
        }
        assert_eq!(judge(&reply(500, r#"{"errors":["productID is required"]}"#)), Judgement::Fine);
    }

    #[test]
    fn a_plain_no_is_told_from_trouble_and_from_being_turned_away() {
        assert_eq!(
            weigh(&reply(500, r#"{"errors":["Value does not exist for the required field productID"]}"#)),
            Some(Weight::Considered)
        );
        for status in [409, 429, 500] {
            assert_eq!(weigh(&reply(status, THREADS)), Some(Weight::TurnedAway));
        }
        for (status, body) in [
            (500, ""),
            (500, r#"{"errors":[]}"#),
            (500, r#"{"errors":null}"#),
            (500, r#"{"Message":"An error has occurred."}"#),
            (502, r#"{"errors":["bad gateway"]}"#),
            (503, "<html></html>"),
        ] {
            assert_eq!(weigh(&reply(status, body)), None, "{status} {body}");
            assert!(matches!(error(&reply(status, body)), PsaError::Unreachable { .. }), "{status} {body}");
        }
        // What a name or a summary says is not what the PSA says.
        assert_eq!(weigh(&reply(200, r#"{"items":[{"referenceTitle":"threshold"}]}"#)), None);
    }

    #[test]
    fn words_that_will_not_change_are_not_asked_for_again() {
        let refused = |text: &str| PsaError::Refused { status: 500, message: text.to_owned() };
        assert!(may_pass(&refused("An unexpected error occurred.")));
        for text in [
            "Unable to find attachedObjectID in the AttachmentInfo Entity.",
            "Invalid query syntax. Queries are limited to 500 or fewer 'OR' conditions.",
            "Value cannot be null. Parameter name: filters",
        ] {
            assert!(!may_pass(&refused(text)), "{text}");
        }
        assert!(!may_pass(&PsaError::Permission { message: "An unexpected error".to_owned() }));
    }
}
