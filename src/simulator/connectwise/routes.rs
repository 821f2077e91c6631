//! Addresses: what each path stands for, and what a good client would not ask.

use super::lists::{LARGEST_PAGE, Source};
use crate::simulator::{exchange::Request, query::Query};

/// What an address stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    CompanyInfo(String),
    Info,
    CallbackKey,
    List(Source),
    Count(Source),
    One(Source, i64),
    ChangeType(i64),
    Bulk,
    TicketSearch,
    AuditTrail { count: bool },
    Unknown,
}

#[derive(Debug, Clone)]
pub(super) struct Address {
    /// `v4_6_release`; empty outside the API.
    pub codebase: String,
    /// From `/company` on, without empty segments.
    pub path: String,
    pub endpoint: Endpoint,
}

impl Address {
    pub fn of(path: &str) -> Self {
        // Naive joins give double slashes, and the real server takes them.
        let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
        let lower: Vec<String> = parts.iter().map(|part| part.to_ascii_lowercase()).collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        let outside =
            |endpoint| Self { codebase: String::new(), path: format!("/{}", parts.join("/")), endpoint };
        match lower.as_slice() {
            ["login", "companyinfo", _] => outside(Endpoint::CompanyInfo(parts[2].clone())),
            [_, "system", "callbackkey", "index.rails"] => outside(Endpoint::CallbackKey),
            [_, "apis", "3.0", rest @ ..] => Self {
                codebase: parts[0].clone(),
                path: format!("/{}", parts[3..].join("/")),
                endpoint: endpoint(rest),
            },
            _ => outside(Endpoint::Unknown),
        }
    }

    /// The path with place holders, as the vendor's OpenAPI file writes it.
    pub fn pattern(&self) -> String {
        if matches!(self.endpoint, Endpoint::CompanyInfo(_)) {
            return "/login/companyinfo/{companyId}".to_owned();
        }
        let parts: Vec<&str> = self.path.split('/').skip(1).collect();
        let last = parts.len() - 1;
        let shown = parts.iter().enumerate().map(|(at, part)| {
            let id = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            match id {
                true if at == last || parts.get(at + 1) == Some(&"changeType") => "{id}",
                true => "{parentId}",
                false => part,
            }
        });
        format!("/{}", shown.collect::<Vec<_>>().join("/"))
    }
}

fn decoded(text: &str) -> String {
    url::form_urlencoded::parse(format!("x={}", text.replace('+', "%2B")).as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

fn endpoint(parts: &[&str]) -> Endpoint {
    let source = |kind| Source { kind, parent: None };
    let (kind, rest) = match parts {
        ["company", "companies", "statuses", rest @ ..] => ("company_status", rest),
        ["company", "companies", "types", rest @ ..] => ("company_type", rest),
        ["company", "companies", parent, "typeassociations", rest @ ..] => {
            return nested("association", parent, rest);
        }
        ["company", "companies", rest @ ..] => ("company", rest),
        ["company", "companytypeassociations", rest @ ..] => ("association", rest),
        ["company", "configurations", "statuses", "info"] => ("status_info", &[] as &[&str]),
        ["company", "configurations", "statuses", rest @ ..] => ("status", rest),
        ["company", "configurations", "types", parent, "questions", rest @ ..] => {
            return nested("question", parent, rest);
        }
        ["company", "configurations", "types", rest @ ..] => ("type", rest),
        ["company", "configurations", "bulk"] => return Endpoint::Bulk,
        ["company", "configurations", id, "changetype"] => {
            return id.parse().map_or(Endpoint::Unknown, Endpoint::ChangeType);
        }
        ["company", "configurations", rest @ ..] => ("configuration", rest),
        ["finance", "agreements", parent, "additions", rest @ ..] => return nested("addition", parent, rest),
        ["finance", "agreements", parent, "configurations", rest @ ..] => {
            return nested("agreement_configuration", parent, rest);
        }
        ["finance", "agreements", rest @ ..] => ("agreement", rest),
        ["service", "tickets", "search"] => return Endpoint::TicketSearch,
        ["service", "tickets", parent, "configurations", rest @ ..] => {
            return nested("ticket_configuration", parent, rest);
        }
        ["service", "tickets", parent, "notes", rest @ ..] => return nested("note", parent, rest),
        ["service", "tickets", rest @ ..] => ("ticket", rest),
        ["system", "info"] => return Endpoint::Info,
        ["system", "audittrail"] => return Endpoint::AuditTrail { count: false },
        ["system", "audittrail", "count"] => return Endpoint::AuditTrail { count: true },
        ["system", "callbacks", rest @ ..] => ("callback", rest),
        ["system", "members", rest @ ..] => ("member", rest),
        ["system", "mysecurity"] => ("security", &[] as &[&str]),
        ["system", "userdefinedfields", rest @ ..] => ("field", rest),
        _ => return Endpoint::Unknown,
    };
    ending(source(kind), rest)
}

fn nested(kind: &'static str, parent: &str, rest: &[&str]) -> Endpoint {
    match parent.parse() {
        Ok(parent) => ending(Source { kind, parent: Some(parent) }, rest),
        Err(_) => Endpoint::Unknown,
    }
}

fn ending(source: Source, rest: &[&str]) -> Endpoint {
    match rest {
        [] => Endpoint::List(source),
        ["count"] => Endpoint::Count(source),
        [id] => id.parse().map_or(Endpoint::Unknown, |id| Endpoint::One(source, id)),
        _ => Endpoint::Unknown,
    }
}

/// The methods that the vendor offers at an address, whoever may use them.
pub(super) fn methods(endpoint: &Endpoint) -> &'static [&'static str] {
    match endpoint {
        Endpoint::CompanyInfo(_)
        | Endpoint::Info
        | Endpoint::CallbackKey
        | Endpoint::Count(_)
        | Endpoint::AuditTrail { .. }
        | Endpoint::List(Source { kind: "status_info" | "member" | "security" | "field", .. })
        | Endpoint::One(Source { kind: "member" | "field", .. }, _) => &["GET"],
        Endpoint::List(_) => &["GET", "POST"],
        Endpoint::One(Source { kind: "agreement_configuration" | "ticket_configuration", .. }, _) => {
            &["GET", "DELETE"]
        }
        Endpoint::One(..) => &["GET", "PATCH", "PUT", "DELETE"],
        Endpoint::ChangeType(_) => &["PATCH"],
        Endpoint::Bulk => &["POST", "PUT", "DELETE"],
        Endpoint::TicketSearch => &["POST"],
        Endpoint::Unknown => &[],
    }
}

/// What the vendor calls a record in its messages.
pub(super) fn title(kind: &str) -> &'static str {
    match kind {
        "company" => "Company",
        "company_status" => "Company Status",
        "company_type" => "Company Type",
        "association" => "Company Type Association",
        "status" | "status_info" => "Configuration Status",
        "type" => "Configuration Type",
        "question" => "Configuration Type Question",
        "agreement" => "Agreement",
        "addition" => "Addition",
        "ticket" => "Ticket",
        "note" => "Service Note",
        "member" => "Member",
        "callback" => "Callback",
        "field" => "User Defined Field",
        _ => "Configuration",
    }
}

const KNOWN: [&str; 8] = [
    "conditions",
    "childConditions",
    "customFieldConditions",
    "orderBy",
    "fields",
    "page",
    "pageSize",
    "pageId",
];

/// Notes what the vendor lets pass but a good client would not send.
pub(super) fn remark(address: &Address, request: &Request, query: &Query, notes: &mut Vec<String>) {
    let method = request.method.as_str();
    let pattern = address.pattern();
    let mut note = |what: &str| notes.push(format!("{method} {pattern}: {what}"));
    for (name, value) in query.pairs() {
        let extra: &[&str] = match &address.endpoint {
            Endpoint::AuditTrail { .. } => &["type", "id", "deviceIdentifier", "xrefRecId"],
            Endpoint::List(Source { kind: "configuration", .. })
            | Endpoint::Count(Source { kind: "configuration", .. }) => &["managedIdentifier"],
            Endpoint::One(Source { kind: "configuration", .. }, _) if method != "GET" => {
                &["managedInformation"]
            }
            _ => &[],
        };
        if !KNOWN.contains(&name) && !extra.contains(&name) {
            note(&format!("unknown query parameter \"{name}\" (ignored)"));
        }
        if value.trim().is_empty() {
            note(&format!("empty query parameter \"{name}\""));
        }
        match name {
            "pageSize" if value.parse().is_ok_and(|size: usize| size > LARGEST_PAGE) => {
                note(&format!("pageSize {value} is capped at {LARGEST_PAGE}"));
            }
            "page" | "pageSize" if value.parse::<u32>().is_ok_and(|number| number > 0) => {}
            "pageId" if value.parse::<u64>().is_ok() => {}
            "page" | "pageSize" | "pageId" => note(&format!("{name} \"{value}\" is no number from 1 up")),
            "fields" if value.contains('*') => note("fields=* gives the id only"),
            _ => {}
        }
    }
    let forward = request.header("pagination-type");
    if let Some(mode) = forward.filter(|mode| !mode.eq_ignore_ascii_case("forward-only")) {
        note(&format!("unknown pagination-type \"{mode}\""));
    }
    if forward.is_some() && query.get("orderBy").is_some() {
        note("orderBy with forward-only paging");
    }
    if forward.is_some() && matches!(address.endpoint, Endpoint::AuditTrail { .. }) {
        note("the audit trail has no forward-only paging");
    }
    let length = request.path.len() + request.query.len();
    if length > 1_970 {
        note(&format!("an address of {length} characters; the vendor asks for 2000 at most, host included"));
    }
    match request.header("accept") {
        Some(accept)
            if accept.contains("application/vnd.connectwise.com+json") && accept.contains("version=") => {}
        Some(accept) if accept.contains("application/json") || accept.contains("*/*") => {}
        Some(accept) => note(&format!("Accept \"{accept}\" is not JSON")),
        None => {}
    }
    if method == "GET" && !request.body.is_empty() {
        note("a GET with a body");
    }
}
