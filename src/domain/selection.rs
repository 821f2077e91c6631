//! Which of the configurations found may go, and why the others stay.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    Client, ConfigId, Configuration, Hold, Lifecycle, Links, SkipReason, Wanted,
    links::LinkKind,
    protect::{Protection, matches},
};

/// What narrows a run, besides its clients.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// Only these types, if any are named (`*` stands for any text).
    pub types: Vec<String>,
    pub sites: Vec<String>,
    pub ids: BTreeSet<ConfigId>,
    /// Whether configurations whose two sides disagree may go too.
    pub include_mixed: bool,
    /// Whether what is inactive already is listed and counted.
    pub include_archived: bool,
}

impl Scope {
    fn takes(&self, configuration: &Configuration) -> bool {
        let one_of = |patterns: &[String], text: &str| {
            patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, text))
        };
        one_of(&self.types, &configuration.config_type)
            && one_of(&self.sites, configuration.site.as_deref().unwrap_or(""))
            && (self.ids.is_empty() || self.ids.contains(&configuration.id))
    }
}

/// What is to become of one configuration that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may go.
    Offer,
    /// It stays, and a person may want to know more than the reason's name.
    Leave { reason: SkipReason, why: Option<String> },
    /// Inactive already, and nobody asked for those: not counted at all.
    Hide,
}

/// Everything that decides about one configuration without asking the PSA again.
pub struct Sieve<'a> {
    pub scope: &'a Scope,
    pub protection: &'a Protection,
    pub wanted: &'a Wanted,
    /// What persons want kept.
    pub holds: &'a BTreeMap<ConfigId, Hold>,
}

impl Sieve<'_> {
    pub fn judge(&self, configuration: &Configuration, client: &Client) -> Verdict {
        let lifecycle = configuration.lifecycle();
        let leave = |reason| Verdict::Leave { reason, why: None };
        if lifecycle == Lifecycle::Inactive {
            return if self.scope.include_archived {
                leave(SkipReason::AlreadyInactive)
            } else {
                Verdict::Hide
            };
        }
        if let Some(why) = self.protection.of(configuration, client) {
            return Verdict::Leave { reason: SkipReason::Protected, why: Some(why) };
        }
        if let Some(hold) = self.holds.get(&configuration.id) {
            return Verdict::Leave { reason: SkipReason::Held, why: Some(hold.why()) };
        }
        if !self.scope.takes(configuration) {
            return leave(SkipReason::NotSelected);
        }
        if lifecycle.is_mixed() {
            if !self.scope.include_mixed {
                let why = Some(lifecycle.words().to_owned());
                return Verdict::Leave { reason: SkipReason::Mixed, why };
            }
            if self.wanted.is_met_by(&configuration.state) {
                return leave(SkipReason::AlreadyInactive);
            }
        }
        Verdict::Offer
    }
}

/// What happens to a configuration that is still linked, where no person is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkedPolicy {
    #[default]
    Warn,
    Skip,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhenLinked {
    pub billing: LinkedPolicy,
    pub tickets: LinkedPolicy,
    pub children: LinkedPolicy,
    pub rmm: LinkedPolicy,
    pub unknown: LinkedPolicy,
}

impl WhenLinked {
    /// The reason to leave it, if its links call for that.
    pub fn judge(&self, links: &Links) -> Option<SkipReason> {
        let rules = [
            (LinkKind::Billing, self.billing, SkipReason::LinkedBilling),
            (LinkKind::Tickets, self.tickets, SkipReason::LinkedTickets),
            (LinkKind::Children, self.children, SkipReason::LinkedChildren),
            (LinkKind::Rmm, self.rmm, SkipReason::LinkedRmm),
        ];
        rules
            .into_iter()
            .find(|(kind, policy, _)| *policy == LinkedPolicy::Skip && !links.get(*kind).items().is_empty())
            .map(|(_, _, reason)| reason)
            .or_else(|| {
                (self.unknown == LinkedPolicy::Skip && links.have_unknown())
                    .then_some(SkipReason::LinkedUnknown)
            })
    }

    /// Whether any rule could leave something, so that links must be read.
    pub fn matters(&self) -> bool {
        [self.billing, self.tickets, self.children, self.rmm, self.unknown].contains(&LinkedPolicy::Skip)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::plan::samples, *};

    #[test]
    fn links_are_read_only_where_a_rule_could_leave_something() {
        assert!(!WhenLinked::default().matters());
        type Rule = fn(&mut WhenLinked) -> &mut LinkedPolicy;
        let rules: [Rule; 5] = [
            |rules| &mut rules.billing,
            |rules| &mut rules.tickets,
            |rules| &mut rules.children,
            |rules| &mut rules.rmm,
            |rules| &mut rules.unknown,
        ];
        for rule in rules {
            let mut rules = WhenLinked::default();
            *rule(&mut rules) = LinkedPolicy::Skip;
            assert!(rules.matters(), "{rules:?}");
        }
    }

    #[test]
    fn a_scope_narrows_by_type_site_and_id_together() {
        let mut row = samples::configuration(1, 1);
        row.site = Some("Berlin".into());
        let patterns = |text: &str| vec![text.to_owned()];
        let fits = Scope {
            types: vec!["nothing".to_owned(), row.config_type.to_uppercase()],
            sites: patterns("ber*"),
            ids: [row.id.clone()].into(),
            ..Scope::default()
        };
        assert!(Scope::default().takes(&row) && fits.takes(&row));
        for other in [
            Scope { types: patterns("nothing"), ..fits.clone() },
            Scope { sites: patterns("bonn"), ..fits.clone() },
            Scope { ids: [ConfigId::from("2")].into(), ..fits.clone() },
        ] {
            assert!(!other.takes(&row), "{other:?}");
        }
    }
}
