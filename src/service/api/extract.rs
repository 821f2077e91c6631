//! What is taken out of a request: who calls and whether they may, the inputs, the key that makes repeating safe.

use std::{marker::PhantomData, sync::Arc};

use aide::{
    generate::GenContext,
    openapi::{HeaderStyle, Operation, Parameter, ParameterData, ParameterSchemaOrContent, SchemaObject},
    operation::{OperationInput, add_parameters},
};
use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{HeaderMap, header, request::Parts},
};
use schemars::{JsonSchema, json_schema};
use secrecy::SecretString;
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};

use super::{SCHEME, problem::Trouble};
use crate::{
    domain::{RunId, text::one_line},
    service::{Service, doors::Peer, inputs::Bounded, tokens},
    store::{Right, Token},
};

/// What a caller must be allowed: one of these.
pub trait Needs: Send + Sync + 'static {
    const ANY_OF: &'static [Right];
}

macro_rules! needs {
    ($($(#[$doc:meta])* $name:ident: $($right:ident),+;)+) => {
        $($(#[$doc])* pub struct $name; impl Needs for $name { const ANY_OF: &'static [Right] = &[$(Right::$right),+]; })+
    };
}

needs! {
    /// To look.
    ToRead: Read;
    /// To set runs going.
    ToTrigger: Trigger;
    /// To decide about what waits.
    ToApprove: Approve;
    /// To stop what goes on.
    ToCancel: Trigger, Approve;
}

/// Somebody whose token allows what is asked for.
pub struct Caller<N> {
    pub token: Token,
    needs: PhantomData<N>,
}

impl<N: Needs> FromRequestParts<Arc<Service>> for Caller<N> {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<Service>) -> Result<Self, Trouble> {
        let Some(presented) = bearer(&parts.headers) else { return Err(Trouble::token_refused()) };
        let now = service.now();
        let Some(token) = tokens::recognise(service.store.as_ref(), &presented, now).await? else {
            if let Some(Peer(address)) = parts.extensions.get::<Peer>() {
                let over = service.failures.count(*address, now);
                service.metrics.failed_sign_in(over > 0);
                tracing::warn!(target: "mothball::serve", %address, "a token was refused");
                service.clock.sleep(service.doors.limits.penalty * over.min(10) as u32).await;
            }
            return Err(Trouble::token_refused());
        };
        // Often enough for a person who wonders whether anybody still uses it.
        if token.last_used.is_none_or(|at| now.seconds_since(at) >= 60.0)
            && let Err(error) = service.store.token_used(&token.id, now).await
        {
            tracing::warn!(%error, "the use of a token was not put down");
        }
        if !N::ANY_OF.iter().any(|right| token.rights.contains(right)) {
            let words: Vec<&str> = N::ANY_OF.iter().map(|right| right.word()).collect();
            return Err(Trouble::not_allowed(&words.join(" or ")));
        }
        Ok(Self { token, needs: PhantomData })
    }
}

impl<N: Needs> OperationInput for Caller<N> {
    fn operation_input(_: &mut GenContext, operation: &mut Operation) {
        // Any one of them is enough, and each is a way in.
        for right in N::ANY_OF {
            let way = std::iter::once((SCHEME.to_owned(), vec![right.word().to_owned()])).collect();
            operation.security.push(way);
        }
    }
}

/// The token of the one Authorization header, if it is a bearer's.
fn bearer(headers: &HeaderMap) -> Option<SecretString> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(one), None) = (all.next(), all.next()) else { return None };
    let (scheme, token) = one.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.to_owned().into())
}

/// The inputs in the body. Only as JSON, and said to be JSON: no form of a web page can send that.
pub struct Inputs<T>(pub T);

impl<T: DeserializeOwned + Bounded> FromRequest<Arc<Service>> for Inputs<T> {
    type Rejection = Trouble;

    async fn from_request(request: Request, service: &Arc<Service>) -> Result<Self, Trouble> {
        let media = request.headers().get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok());
        let essence = media.and_then(|media| media.split(';').next()).map(str::trim);
        if !essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/json")) {
            return Err(Trouble::not_json());
        }
        let bytes = Bytes::from_request(request, service)
            .await
            .map_err(|_| Trouble::no_json("The body could not be read."))?;
        let wrong = |error: serde_json::Error| {
            let detail = one_line(&error.to_string(), 300);
            if error.is_data() { Trouble::input(detail) } else { Trouble::no_json(detail) }
        };
        // A list would be taken for the members in their order.
        if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            serde_json::from_slice::<IgnoredAny>(&bytes).map_err(wrong)?;
            return Err(Trouble::input("expected an object with the inputs"));
        }
        let inputs: T = serde_json::from_slice(&bytes).map_err(wrong)?;
        inputs.check_bounds().map_err(Trouble::input)?;
        Ok(Self(inputs))
    }
}

impl<T: JsonSchema> OperationInput for Inputs<T> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        Json::<T>::operation_input(ctx, operation);
    }
}

/// The run in the address.
pub struct Named(pub RunId);

#[derive(Deserialize, JsonSchema)]
struct RunPath {
    /// The run.
    id: String,
}

impl FromRequestParts<Arc<Service>> for Named {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<Service>) -> Result<Self, Trouble> {
        match Path::<RunPath>::from_request_parts(parts, service).await {
            Ok(Path(path)) if !path.id.contains(char::is_control) => Ok(Self(path.id.into())),
            // One that is no text, or that no store could look for, is nobody's.
            _ => Err(Trouble::no_such_run()),
        }
    }
}

impl OperationInput for Named {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        Path::<RunPath>::operation_input(ctx, operation);
    }
}

/// What stands behind the question mark.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Arc<Service>> for Asked<T> {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<Service>) -> Result<Self, Trouble> {
        match Query::from_request_parts(parts, service).await {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(rejection) => Err(Trouble::input(one_line(&rejection.body_text(), 300))),
        }
    }
}

impl<T: JsonSchema> OperationInput for Asked<T> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        Query::<T>::operation_input(ctx, operation);
    }
}

/// The `Idempotency-Key` header.
pub struct OnceKey(pub Option<String>);

const ONCE_KEY: &str = "idempotency-key";

impl FromRequestParts<Arc<Service>> for OnceKey {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Service>) -> Result<Self, Trouble> {
        let mut all = parts.headers.get_all(ONCE_KEY).iter();
        let Some(one) = all.next() else { return Ok(Self(None)) };
        let key = one.to_str().ok().filter(|key| (1..=255).contains(&key.len()) && all.next().is_none());
        let wrong = || Trouble::input("Idempotency-Key: one, of 1 to 255 visible characters");
        Ok(Self(Some(key.ok_or_else(wrong)?.to_owned())))
    }
}

impl OperationInput for OnceKey {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        let schema =
            json_schema!({ "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" });
        add_parameters(ctx, operation, [header_parameter("Idempotency-Key", "Makes repeating safe", schema)]);
    }
}

/// The `Last-Event-ID` header: the number of the last record that was seen.
pub struct LastEvent(pub u64);

impl FromRequestParts<Arc<Service>> for LastEvent {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Service>) -> Result<Self, Trouble> {
        let Some(last) = parts.headers.get("last-event-id") else { return Ok(Self(0)) };
        let number = last.to_str().ok().and_then(|number| number.parse().ok());
        number
            .map(Self)
            .ok_or_else(|| Trouble::input("Last-Event-ID: the id of an event of this run, a number"))
    }
}

impl OperationInput for LastEvent {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        let schema = json_schema!({ "type": "integer", "minimum": 0, "maximum": 9_007_199_254_740_991_u64 });
        add_parameters(
            ctx,
            operation,
            [header_parameter("Last-Event-ID", "Go on behind this event", schema)],
        );
    }
}

fn header_parameter(name: &str, description: &str, json_schema: schemars::Schema) -> Parameter {
    Parameter::Header {
        parameter_data: ParameterData {
            name: name.to_owned(),
            description: Some(description.to_owned()),
            required: false,
            deprecated: None,
            format: ParameterSchemaOrContent::Schema(SchemaObject {
                json_schema,
                external_docs: None,
                example: None,
            }),
            example: None,
            examples: super::indexmap_of_nothing(),
            explode: None,
            extensions: super::indexmap_of_nothing(),
        },
        style: HeaderStyle::Simple,
    }
}
