//! What this PSA says when it says no, kept in its own words, and what that means to the program.

use super::wire::{ErrorBody, ErrorItem, filled};
use crate::{
    domain::text::one_line,
    http::{Judgement, Reply},
    psa::PsaError,
};

/// How much of the vendor's words is kept.
const LENGTH: usize = 600;
/// The words for a missing right, which come with 403 and also with 401.
const NO_PERMISSION: &str = "security permission";

fn parsed(reply: &Reply) -> Option<ErrorBody> {
    reply.json::<ErrorBody>().ok().filter(|body| {
        body.code.is_some() || body.error.is_some() || body.message.is_some() || body.errors.is_some()
    })
}

/// The vendor's words in one line, whatever came.
pub fn words(reply: &Reply) -> String {
    let Some(body) = parsed(reply) else { return reply.line() };
    let code = filled(body.code.as_ref()).or(filled(body.error.as_ref()));
    let mut line = match (code, filled(body.message.as_ref())) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(only), None) | (None, Some(only)) => only.to_owned(),
        (None, None) => String::new(),
    };
    for item in body.errors.iter().flatten() {
        if !line.is_empty() {
            line.push_str("; ");
        }
        line.push_str(&item_words(item));
    }
    one_line(&line, LENGTH)
}

fn item_words(item: &ErrorItem) -> String {
    let field = filled(item.field.as_ref()).map(|field| format!("{field}: ")).unwrap_or_default();
    let message = filled(item.message.as_ref()).unwrap_or("no reason given");
    let code = filled(item.code.as_ref()).map(|code| format!(" ({code})")).unwrap_or_default();
    format!("{field}{message}{code}")
}

/// The fields without which the record cannot be saved.
pub fn required_fields(reply: &Reply) -> Vec<String> {
    let items = parsed(reply).and_then(|body| body.errors).unwrap_or_default();
    items
        .iter()
        .filter(|item| item.code.as_deref() == Some("MissingRequiredField"))
        .filter_map(|item| filled(item.field.as_ref()).map(ToOwned::to_owned))
        .collect()
}

/// Whether a 404 is about one record, not about the whole address.
pub fn is_missing_record(reply: &Reply) -> bool {
    parsed(reply).is_some_and(|body| body.code.as_deref() == Some("NotFound"))
}

/// What a reply says about the sign-in.
pub fn judge(reply: &Reply) -> Judgement {
    let said = words(reply);
    match reply.status {
        401 if !said.to_lowercase().contains(NO_PERMISSION) => Judgement::Refused(format!(
            "{said} (401); company_id, public_key, private_key or client_id is wrong"
        )),
        403 if said.to_lowercase().contains("clientid") => {
            Judgement::Refused(format!("{said} (403); client_id is missing or not known to the vendor"))
        }
        _ => Judgement::Fine,
    }
}

/// A reply that is no success, in the program's terms.
pub fn error(reply: &Reply) -> PsaError {
    let said = words(reply);
    match reply.status {
        401 | 403 if said.to_lowercase().contains("ssl is required") => PsaError::Settings {
            message: format!(
                "{said}: base_url must begin with https:// and, in the vendor's cloud, with \"api-\" (https://api-na.myconnectwise.net)"
            ),
        },
        401 if !said.to_lowercase().contains(NO_PERMISSION) => PsaError::SignIn { message: said },
        401 | 403 => PsaError::Permission { message: said },
        429 => PsaError::RateLimited { message: said },
        500..=599 if parsed(reply).is_none() => PsaError::Unreachable {
            message: format!("it answered {} with {said}", reply.status),
            gave_up: false,
        },
        status => PsaError::Refused { status, message: said },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HeaderMap;

    fn reply(status: u16, body: &str) -> Reply {
        Reply { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn every_shape_keeps_the_vendors_words() {
        let validation = r#"{"code":"InvalidObject","message":"configuration object is invalid","errors":[{"code":"MissingRequiredField","message":"id or deviceIdentifier is required.","resource":"configuration","field":"id"}]}"#;
        assert_eq!(
            words(&reply(400, validation)),
            "InvalidObject: configuration object is invalid; id: id or deviceIdentifier is required. (MissingRequiredField)"
        );
        assert_eq!(required_fields(&reply(400, validation)), ["id"]);
        let throttled =
            r#"{"error":"ConnectWiseAPI","message":"Too many requests. Please try again in 30 seconds."}"#;
        assert_eq!(
            words(&reply(429, throttled)),
            "ConnectWiseAPI: Too many requests. Please try again in 30 seconds."
        );
        assert_eq!(words(&reply(503, "<html><title>Down</title></html>")), "a web page: Down");
        assert_eq!(words(&reply(500, "")), "nothing at all");
        let nulls =
            r#"{"code":"ApiFindCondition","message":"typeids is not a recognized name.","errors":null}"#;
        assert_eq!(words(&reply(400, nulls)), "ApiFindCondition: typeids is not a recognized name.");
    }

    #[test]
    fn a_refused_sign_in_is_told_from_a_missing_right() {
        let refused = [
            reply(401, r#"{"code":"Unauthorized","message":"You are not authorized."}"#),
            reply(401, r#"{"code":"ConnectWiseApi","message":"UserNotAuthenticated"}"#),
            reply(401, ""),
            reply(403, r#"{"code":"Forbidden","message":"clientId is required"}"#),
        ];
        for reply in &refused {
            assert!(matches!(judge(reply), Judgement::Refused(_)), "{}", words(reply));
        }
        let permission = "You do not have security permission to perform this action.";
        for status in [401, 403] {
            let reply = reply(status, &format!(r#"{{"code":"Unauthorized","message":"{permission}"}}"#));
            assert_eq!(judge(&reply), Judgement::Fine);
            assert!(
                matches!(error(&reply), PsaError::Permission { message } if message.contains(permission))
            );
        }
        let plain = reply(403, r#"{"code":"Security","message":"SSL is required.","errors":null}"#);
        assert!(matches!(error(&plain), PsaError::Settings { .. }));
    }

    #[test]
    fn a_missing_record_is_told_from_a_missing_address() {
        assert!(is_missing_record(&reply(404, r#"{"code":"NotFound","message":"Contact 57919 not found"}"#)));
        assert!(!is_missing_record(&reply(
            404,
            r#"{"code":"ConnectWiseApi","message":"The endpoint does not exist."}"#
        )));
        assert!(!is_missing_record(&reply(404, "<html></html>")));
    }
}
