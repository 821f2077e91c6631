//! The one change: a PATCH of two members, and what its answer proves. A 200 is no proof here: the answer shows the
//! id only, and rules or a sync can take the change back [C JUICT].

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{Autotask, client::CallError, configurations::ENTITY, errors, number, wire};
use crate::{
    domain::Change,
    http::{Reply, Sent},
    psa::{PsaError, port::SetAnswer},
};

pub async fn set(psa: &Autotask, change: &Change, hold: &CancellationToken) -> SetAnswer {
    let Some(id) = number(change.config_id().as_str()) else {
        let message = format!("configuration item {} has no number", change.config_id());
        return SetAnswer::NotSent { error: PsaError::Unreadable { message } };
    };
    if change.wanted().status.is_some() {
        let message = "configuration items of Autotask have no status to set".to_owned();
        return SetAnswer::NotSent { error: PsaError::Settings { message } };
    }
    // On the collection, with the id in the body; absolute, so that sending it twice does no more than once.
    let body = json!({ "id": id, "isActive": change.wanted().active });
    match psa.api.patch(ENTITY, &body, hold).await {
        Ok(reply) => outcome(id, &reply),
        Err(error) if error.sent() == Sent::Never => SetAnswer::NotSent { error: error.into_psa() },
        Err(error) => SetAnswer::Lost { message: CallError::into_psa(error).to_string() },
    }
}

/// What an answer to a change proves.
fn outcome(id: i64, reply: &Reply) -> SetAnswer {
    match reply.status {
        200..=299 => accepted(id, reply),
        300..=399 => SetAnswer::Lost { message: format!("{}: the PSA redirects changes", reply.status) },
        status => match errors::error(reply) {
            error @ (PsaError::SignIn { .. } | PsaError::RateLimited { .. }) => SetAnswer::NotSent { error },
            // Whether it was done before the trouble began, only a reading can tell.
            PsaError::Unreachable { message, .. } => SetAnswer::Lost { message },
            // A considered no, most likely [L]; a server that failed half way may use the same words.
            error @ PsaError::Refused { .. } if status == 500 => SetAnswer::Doubted { error },
            error => SetAnswer::Refused { error },
        },
    }
}

fn accepted(id: i64, reply: &Reply) -> SetAnswer {
    let lost = |message: String| SetAnswer::Lost { message };
    match reply.json::<wire::Operation>() {
        Err(message) => lost(format!("{}: {message}", reply.status)),
        Ok(wire::Operation { item: Some(item) }) if item == id => SetAnswer::Taken { warning: None },
        Ok(wire::Operation { item: Some(item) }) => {
            lost(format!("the answer is about {item} instead of {id}"))
        }
        Ok(wire::Operation { item: None }) => lost("the answer names no configuration item".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HeaderMap;

    fn told(status: u16, body: &str) -> SetAnswer {
        outcome(1001, &Reply { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() })
    }

    #[test]
    fn a_yes_shows_nothing_and_a_no_is_read_back() {
        assert_eq!(told(200, r#"{"itemId":1001}"#), SetAnswer::Taken { warning: None });
        for body in [r#"{"itemId":1002}"#, r#"{"itemId":null}"#, "{}", "", "<html></html>"] {
            assert!(matches!(told(200, body), SetAnswer::Lost { .. }), "{body}");
        }
        let no = r#"{"errors":["Value does not exist for the required field productID"]}"#;
        assert!(matches!(
            told(500, no),
            SetAnswer::Doubted { error: PsaError::Refused { message, .. } } if message.contains("productID")
        ));
        let right = r#"{"errors":["The logged in Resource does not have the adequate permissions to update this entity type."]}"#;
        assert!(matches!(told(500, right), SetAnswer::Refused { error: PsaError::Permission { .. } }));
        for (status, body) in
            [(500, ""), (500, r#"{"Message":"An error has occurred."}"#), (502, "<html>"), (503, no)]
        {
            assert!(matches!(told(status, body), SetAnswer::Lost { .. }), "{status} {body}");
        }
        let wrong = r#"{"Message":"The requested resource does not support http method 'PATCH'."}"#;
        assert!(matches!(
            told(405, wrong),
            SetAnswer::Refused { error: PsaError::Refused { status: 405, message } } if message.contains("PATCH")
        ));
    }
}
