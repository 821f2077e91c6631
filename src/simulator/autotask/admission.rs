//! Who is let in, and where: the zone, the three headers, and what the security level allows.

use serde_json::json;

use super::{
    Autotask, errors,
    query::parameter,
    routes::{Address, Endpoint},
};
use crate::simulator::exchange::{Reply, Request};

/// The zone's own path at the start, and after the tenant has moved.
const ZONES: [&str; 2] = ["", "zone2"];
/// A zone that refuses everybody.
const WRONG_ZONE: &str = "zone9";

impl Autotask {
    /// The path of the zone that serves the tenant now.
    pub(super) fn zone(&self) -> &'static str {
        let moved = self.state.switches.zone_moves_after.is_some_and(|after| self.served > after);
        ZONES[usize::from(moved)]
    }

    /// The address of the API below a zone's path.
    pub(super) fn address_of(&self, zone: &str, request: &Request) -> String {
        let slash = if zone.is_empty() { "" } else { "/" };
        format!("{}{slash}{zone}/ATServicesRest/", request.site(&self.base))
    }

    fn is_right(&self, request: &Request, header: &str, name: &str) -> bool {
        request.header(header).is_some_and(|sent| self.credentials.get(name).is_some_and(|own| own == sent))
    }

    fn knows_user(&self, name: &str) -> bool {
        self.credentials["user_name"].eq_ignore_ascii_case(name.trim())
    }

    pub(super) fn authorised(&self, request: &Request) -> bool {
        request.header("username").is_some_and(|name| self.knows_user(name))
            && self.is_right(request, "secret", "secret")
            && self.is_right(request, "apiintegrationcode", "integration_code")
            && Address::of(&request.path).zone == self.zone()
    }

    /// Who is there: the table of refusals.
    pub(super) fn admit(
        &mut self,
        request: &Request,
        zone: &str,
        notes: &mut Vec<String>,
    ) -> Result<(), Reply> {
        for header in ["ApiIntegrationCode", "UserName", "Secret"] {
            if request.header(header).is_none_or(|value| value.trim().is_empty()) {
                notes.push(format!("a request without {header}"));
            }
        }
        let body = self.state.switches.unauthorized_body;
        if !request.header("username").is_some_and(|name| self.knows_user(name)) {
            return Err(errors::unknown_user());
        }
        if zone != self.zone() {
            return Err(errors::unauthorized(body));
        }
        let locked = self.state.switches.locks_after.is_some_and(|after| self.refused >= after);
        if locked || !self.is_right(request, "secret", "secret") {
            self.refused += 1;
            if self.refused > 1 {
                notes.push("a refused secret was sent again: the vendor locks the user".to_owned());
            }
            return Err(errors::unauthorized(body));
        }
        self.refused = 0;
        if !self.is_right(request, "apiintegrationcode", "integration_code") {
            return Err(errors::integration_code());
        }
        Ok(())
    }

    /// What the security level says.
    pub(super) fn permitted(
        &self,
        address: &Address,
        request: &Request,
        notes: &mut Vec<String>,
    ) -> Result<(), Reply> {
        let Some(object) = address.object() else { return Ok(()) };
        let queries =
            matches!(address.endpoint, Endpoint::Query(_) | Endpoint::Count(_) | Endpoint::Page(..));
        if queries && request.header("impersonationresourceid").is_some() {
            notes.push("ImpersonationResourceId on a query".to_owned());
            return Err(errors::permission("query"));
        }
        let describes = matches!(
            address.endpoint,
            Endpoint::Information(_)
                | Endpoint::Fields(_)
                | Endpoint::UserDefinedFields(_)
                | Endpoint::ChildFields(_)
        );
        let refused =
            self.state.switches.refused_entities.iter().any(|path| path.eq_ignore_ascii_case(object));
        if !refused || describes {
            return Ok(());
        }
        Err(errors::permission(match request.method.as_str() {
            "PATCH" | "PUT" => "update",
            "DELETE" => "delete",
            "POST" if !queries => "create",
            _ => "query",
        }))
    }

    pub(super) fn zone_information(
        &mut self,
        request: &Request,
        notes: &mut Vec<String>,
    ) -> Result<Reply, Reply> {
        if request.header("secret").is_some() || request.header("authorization").is_some() {
            notes.push("credentials sent to the zone information, which needs none".to_owned());
        }
        let user = parameter(request, "user").unwrap_or_default();
        if !self.knows_user(&user) {
            return Err(errors::no_zone());
        }
        self.zone_asked += 1;
        let wrong = self.state.switches.wrong_zone_first && self.zone_asked == 1;
        let zone = if wrong { WRONG_ZONE } else { self.zone() };
        let number = if zone.is_empty() { "5" } else { zone.trim_start_matches("zone") };
        Ok(Reply::json(
            200,
            json!({
                "zoneName": format!("America East {number}"),
                "url": self.address_of(zone, request),
                "webUrl": format!("{}/", request.site(&self.base)),
                "ci": 632_538,
            }),
        ))
    }
}
