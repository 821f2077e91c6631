//! The addresses: which resource, which record, whatever the case of the path.

use percent::decode;

use super::parameters;

/// What a request's path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    AuthInfo,
    InstanceInfo,
    Token,
    /// A resource as a whole: listed or posted to.
    All(&'static Resource),
    /// One record, by what stands in the path.
    One(&'static Resource, String),
    /// `RecurringInvoice/UpdateLines` and `RecurringInvoice/Lines`.
    InvoiceLines(&'static str),
    Unknown,
}

/// A resource below `/api`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Resource {
    pub name: &'static str,
    /// The word for its records in the log and in fault targets.
    pub kind: &'static str,
    /// The area whose scopes it needs; empty for none.
    pub area: &'static str,
    /// The member that lists carry their rows in; none for a bare array.
    pub envelope: Option<&'static str>,
    /// The query parameters that lists know.
    pub parameters: &'static str,
    pub one: bool,
    pub post: bool,
    pub delete: bool,
}

const fn resource(
    name: &'static str,
    kind: &'static str,
    area: &'static str,
    envelope: Option<&'static str>,
    parameters: &'static str,
) -> Resource {
    Resource { name, kind, area, envelope, parameters, one: true, post: true, delete: false }
}

impl Resource {
    const fn read_only(mut self) -> Self {
        self.post = false;
        self
    }

    const fn list_only(mut self) -> Self {
        self.post = false;
        self.one = false;
        self
    }

    const fn with_delete(mut self) -> Self {
        self.delete = true;
        self
    }
}

pub(super) const RESOURCES: &[Resource] = &[
    resource("Asset", "config", "assets", Some("assets"), parameters::ASSET).with_delete(),
    resource("AssetChange", "change", "assets", Some("changes"), parameters::ASSET_CHANGE).list_only(),
    resource("AssetType", "type", "assets", None, parameters::ASSET_TYPE).read_only(),
    resource("AssetGroup", "group", "assets", None, parameters::ASSET_GROUP).list_only(),
    resource("Client", "client", "customers", Some("clients"), parameters::CLIENT),
    resource("Site", "site", "customers", Some("sites"), parameters::SITE),
    resource("Status", "status", "", None, parameters::STATUS).list_only(),
    resource("TopLevel", "toplevel", "customers", Some("tree"), parameters::TOP_LEVEL).list_only(),
    resource("Tags", "tag", "", None, "").list_only(),
    resource("ClientContract", "contract", "contracts", Some("contracts"), parameters::CLIENT_CONTRACT),
    resource("RecurringInvoice", "invoice", "invoices", Some("invoices"), parameters::RECURRING_INVOICE),
    resource("Invoice", "posted", "invoices", Some("invoices"), parameters::INVOICE).list_only(),
    resource("Tickets", "ticket", "tickets", Some("tickets"), parameters::TICKETS).read_only(),
    Resource { one: false, ..resource("Actions", "action", "tickets", Some("actions"), parameters::ACTIONS) },
    resource("Webhook", "webhook", "admin", None, parameters::WEBHOOK).with_delete(),
    resource("WebhookEvent", "webhook_event", "admin", Some("events"), parameters::WEBHOOK_EVENT).list_only(),
    Resource { one: false, ..resource("Notification", "notification", "admin", None, "type webhook_id") },
    resource("Audit", "audit", "tickets", Some("audit"), "").list_only(),
    resource("Lookup", "lookup", "", None, "lookupid showallcodes").list_only(),
];

/// The resource of this name; there is one for every name used here.
pub(super) fn named(name: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|resource| resource.name.eq_ignore_ascii_case(name))
}

/// A path, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub endpoint: Endpoint,
}

impl Address {
    pub fn of(path: &str) -> Self {
        Self { endpoint: endpoint(path) }
    }

    /// With place holders: `/Asset/{id}`.
    pub fn pattern(&self) -> String {
        match &self.endpoint {
            Endpoint::AuthInfo => "/AuthInfo".to_owned(),
            Endpoint::InstanceInfo => "/InstanceInfo".to_owned(),
            Endpoint::Token => "/auth/token".to_owned(),
            Endpoint::All(resource) => format!("/{}", resource.name),
            Endpoint::One(resource, _) => format!("/{}/{{id}}", resource.name),
            Endpoint::InvoiceLines(last) => format!("/RecurringInvoice/{last}"),
            Endpoint::Unknown => "/(unknown)".to_owned(),
        }
    }
}

fn endpoint(path: &str) -> Endpoint {
    let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decode).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let is = |part: &str, word: &str| part.eq_ignore_ascii_case(word);
    match parts[..] {
        [auth, token] if is(auth, "auth") && is(token, "token") => Endpoint::Token,
        [api, one] if is(api, "api") && is(one, "AuthInfo") => Endpoint::AuthInfo,
        [api, one] if is(api, "api") && is(one, "InstanceInfo") => Endpoint::InstanceInfo,
        [api, invoice, last]
            if is(api, "api") && is(invoice, "RecurringInvoice") && is(last, "updatelines") =>
        {
            Endpoint::InvoiceLines("updatelines")
        }
        [api, invoice, last] if is(api, "api") && is(invoice, "RecurringInvoice") && is(last, "Lines") => {
            Endpoint::InvoiceLines("Lines")
        }
        [api, name] if is(api, "api") => named(name).map_or(Endpoint::Unknown, Endpoint::All),
        [api, name, id] if is(api, "api") => match named(name).filter(|resource| resource.one) {
            Some(resource) => Endpoint::One(resource, id.to_owned()),
            None => Endpoint::Unknown,
        },
        _ => Endpoint::Unknown,
    }
}

mod percent {
    /// A path segment without its percent signs.
    pub fn decode(part: &str) -> String {
        // A plus stands for itself in a path.
        let kept = part.replace('+', "%2B");
        url::form_urlencoded::parse(kept.as_bytes())
            .next()
            .map_or_else(String::new, |(name, _)| name.into_owned())
    }
}
