//! When a client counts as offboarded. The profile says what to look at; the first match is told.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    client::{Client, Offboarded, Signals},
    text::same_name,
    time::days_between,
};

/// The profile's criteria. What is left out is not used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Criteria {
    /// The vendor's own inactive mark.
    pub inactive: bool,
    pub statuses: Vec<String>,
    pub tags: Vec<String>,
    pub custom_field: Option<CustomField>,
    pub contract_ended_days: Option<u32>,
    pub matching: Matching,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomField {
    pub name: String,
    pub value: String,
}

/// Whether one criterion is enough or all are needed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Matching {
    #[default]
    Any,
    All,
}

/// The criterion that matched, with what it saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "criterion", rename_all = "snake_case")]
pub enum Reason {
    Inactive { status: Option<String> },
    Status { name: String },
    Tag { name: String },
    CustomField { name: String, value: String },
    ContractEnded { on: Date, days_ago: i64 },
}

impl Reason {
    /// The same with the vendor's noun for an agreement.
    pub fn told(&self, agreement: &str) -> String {
        match self {
            Self::Inactive { status: Some(status) } => format!("marked inactive (status \"{status}\")"),
            Self::Inactive { status: None } => "marked inactive".to_owned(),
            Self::Status { name } => format!("status \"{name}\""),
            Self::Tag { name } => format!("tagged \"{name}\""),
            Self::CustomField { name, value } => format!("{name} = \"{value}\""),
            Self::ContractEnded { on, days_ago } => {
                format!("last {} ended {on}, {days_ago} days ago, none runs", agreement.to_lowercase())
            }
        }
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.told("agreement"))
    }
}

/// The criteria in one phrase.
impl std::fmt::Display for Criteria {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let quoted = |names: &[String]| {
            names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(" or ")
        };
        let mut parts = Vec::new();
        if self.inactive {
            parts.push("marked inactive".to_owned());
        }
        if !self.statuses.is_empty() {
            parts.push(format!("status {}", quoted(&self.statuses)));
        }
        if !self.tags.is_empty() {
            parts.push(format!("tagged {}", quoted(&self.tags)));
        }
        if let Some(field) = &self.custom_field {
            parts.push(format!("{} = \"{}\"", field.name, field.value));
        }
        if let Some(days) = self.contract_ended_days {
            parts.push(format!("last agreement ended {days} days ago"));
        }
        let joint = match self.matching {
            Matching::Any => ", or ",
            Matching::All => ", and ",
        };
        f.write_str(&parts.join(joint))
    }
}

impl Criteria {
    pub fn is_empty(&self) -> bool {
        !self.inactive
            && self.statuses.is_empty()
            && self.tags.is_empty()
            && self.custom_field.is_none()
            && self.contract_ended_days.is_none()
    }

    /// The client with the reasons, if it counts as offboarded. The MSP's own company never does.
    pub fn judge(&self, client: &Client, today: Date) -> Option<Offboarded> {
        if client.own.is_some() {
            return None;
        }
        let verdicts = self.verdicts(&client.signals, today);
        let asked = verdicts.len();
        let reasons: Vec<Reason> = verdicts.into_iter().flatten().collect();
        let matched = match self.matching {
            Matching::Any => !reasons.is_empty(),
            Matching::All => asked > 0 && reasons.len() == asked,
        };
        matched.then(|| Offboarded { client: client.clone(), reasons })
    }

    /// One entry per criterion in use: its reason if it matches.
    fn verdicts(&self, signals: &Signals, today: Date) -> Vec<Option<Reason>> {
        let mut verdicts = Vec::new();
        if self.inactive {
            verdicts.push(
                (signals.inactive == Some(true)).then(|| Reason::Inactive { status: signals.status.clone() }),
            );
        }
        if !self.statuses.is_empty() {
            let hit = signals.status.as_ref().filter(|status| contains(&self.statuses, status));
            verdicts.push(hit.map(|name| Reason::Status { name: name.clone() }));
        }
        if !self.tags.is_empty() {
            let hit = signals.tags.iter().find(|tag| contains(&self.tags, tag));
            verdicts.push(hit.map(|name| Reason::Tag { name: name.clone() }));
        }
        if let Some(field) = &self.custom_field {
            let hit = signals.custom_field.as_ref().filter(|value| same_name(value, &field.value));
            verdicts.push(
                hit.map(|value| Reason::CustomField { name: field.name.clone(), value: value.clone() }),
            );
        }
        if let Some(days) = self.contract_ended_days {
            verdicts.push(contract_ended(signals, days, today));
        }
        verdicts
    }
}

fn contract_ended(signals: &Signals, days: u32, today: Date) -> Option<Reason> {
    let history = signals.contracts?;
    if !history.existed || history.running {
        return None;
    }
    let on = history.last_ended?;
    let days_ago = days_between(on, today);
    (days_ago >= i64::from(days)).then_some(Reason::ContractEnded { on, days_ago })
}

fn contains(names: &[String], name: &str) -> bool {
    names.iter().any(|wanted| same_name(wanted, name))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::{ClientId, client::ContractHistory};

    fn client(signals: Signals) -> Client {
        Client {
            id: ClientId::from("7"),
            name: "Acme".into(),
            identifier: None,
            parent: None,
            signals,
            own: None,
            record_url: None,
        }
    }

    fn today() -> Date {
        date(2026, 11, 24)
    }

    #[test]
    fn any_needs_one_and_all_needs_every_one() {
        let mut criteria =
            Criteria { inactive: true, statuses: vec!["former client".into()], ..Criteria::default() };
        let signals =
            Signals { inactive: Some(false), status: Some(" Former Client".into()), ..Signals::default() };
        assert!(criteria.judge(&client(signals.clone()), today()).is_some());
        criteria.matching = Matching::All;
        assert!(criteria.judge(&client(signals.clone()), today()).is_none());
        let both = Signals { inactive: Some(true), ..signals };
        assert_eq!(criteria.judge(&client(both), today()).map(|o| o.reasons.len()), Some(2));
    }

    #[test]
    fn no_criterion_matches_nobody() {
        for matching in [Matching::Any, Matching::All] {
            let criteria = Criteria { matching, ..Criteria::default() };
            assert!(criteria.judge(&client(Signals::default()), today()).is_none());
        }
    }

    #[test]
    fn a_contract_must_have_existed_ended_and_rested() {
        let criteria = Criteria { contract_ended_days: Some(30), ..Criteria::default() };
        let with = |history: Option<ContractHistory>| {
            let signals = Signals { contracts: history, ..Signals::default() };
            criteria.judge(&client(signals), today()).is_some()
        };
        let ended = |on| Some(ContractHistory { existed: true, running: false, last_ended: Some(on) });
        assert!(with(ended(date(2026, 10, 25))));
        assert!(!with(ended(date(2026, 10, 26))));
        assert!(!with(Some(ContractHistory::default())));
        assert!(!with(None));
        assert!(!with(Some(ContractHistory {
            existed: true,
            running: true,
            last_ended: Some(date(2020, 1, 1)),
        })));
    }

    #[test]
    fn the_own_company_is_never_offboarded() {
        let criteria = Criteria { inactive: true, ..Criteria::default() };
        let mut own = client(Signals { inactive: Some(true), ..Signals::default() });
        own.own = Some("the MSP's own company".into());
        assert!(criteria.judge(&own, today()).is_none());
    }
}
