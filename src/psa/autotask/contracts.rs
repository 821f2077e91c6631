//! Contracts: which run, and when the last one ended.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{Autotask, paging::List, wire};
use crate::{
    domain::{client::ContractHistory, text::same_name},
    psa::{lenient::day, port::Result},
};

pub const ENTITY: &str = "Contracts";
const FIELDS: &[&str] =
    &["id", "contractName", "companyID", "billToCompanyID", "status", "endDate", "estimatedRevenue"];
/// What an ended contract's status is called; its number is 0 [C GDS].
const ENDED: &[&str] = &["inactive", "cancelled", "canceled", "complete", "completed"];

/// Which values of `status` mean that a contract does not run.
#[derive(Debug, Clone)]
pub struct EndedStatuses(Vec<i64>);

/// Contracts, and how to read them.
pub struct Contracts {
    pub rows: Vec<wire::Contract>,
    ended: EndedStatuses,
    today: Date,
}

pub async fn ended_statuses(psa: &Autotask) -> Result<EndedStatuses> {
    let picklists = super::setup::spared("contract statuses", psa.picklists(ENTITY).await.map(Some))?;
    let known = picklists.as_deref().map(|lists| lists.of_field("status")).unwrap_or_default();
    if known.is_empty() {
        return Ok(EndedStatuses(vec![0]));
    }
    let is_ended = |label: &str| ENDED.iter().any(|word| same_name(word, label));
    Ok(EndedStatuses(
        known.iter().filter(|choice| is_ended(&choice.label)).map(|choice| choice.value).collect(),
    ))
}

/// The contracts of these companies, or of all.
pub async fn of_companies(psa: &Autotask, companies: Option<&[i64]>) -> Result<Contracts> {
    let list = List::all("contract", ENTITY, FIELDS);
    let rows = match companies {
        None => psa.api.proven_list(&list, &|_| true, None).await?.into_rows(),
        Some(companies) => {
            psa.api.proven_of(&list, "companyID", companies, |row: &wire::Contract| row.company).await?
        }
    };
    Contracts::of(psa, rows).await
}

/// The contracts of these companies, and of those that pay for them.
pub async fn with_payers(psa: &Autotask, companies: &[i64]) -> Result<Contracts> {
    let mut contracts = of_companies(psa, Some(companies)).await?;
    let known: BTreeSet<i64> = companies.iter().copied().collect();
    let payers: BTreeSet<i64> = contracts.rows.iter().filter_map(|row| row.bill_to).collect();
    let others: Vec<i64> = payers.difference(&known).copied().collect();
    if !others.is_empty() {
        contracts.rows.extend(of_companies(psa, Some(&others)).await?.rows);
    }
    Ok(contracts)
}

/// Contracts by their ids; those that are gone are left out.
pub async fn by_ids(psa: &Autotask, ids: &[i64]) -> Result<Contracts> {
    let list = List::all("contract", ENTITY, FIELDS);
    let rows = psa.api.by_ids(&list, ids).await?.into_rows();
    Contracts::of(psa, rows).await
}

impl Contracts {
    async fn of(psa: &Autotask, rows: Vec<wire::Contract>) -> Result<Self> {
        let ended = if rows.is_empty() { EndedStatuses(Vec::new()) } else { ended_statuses(psa).await? };
        Ok(Self { rows, ended, today: psa.today() })
    }

    /// Whether it runs. In doubt it does: one that has not begun, one without an end, one of an unknown status.
    pub fn runs(&self, contract: &wire::Contract) -> bool {
        runs(contract, &self.ended, self.today)
    }

    pub fn running(&self) -> impl Iterator<Item = &wire::Contract> {
        self.rows.iter().filter(|row| self.runs(row))
    }

    /// What they come to, by company.
    pub fn index(&self) -> Index {
        let mut index = Index::default();
        for row in &self.rows {
            let running = self.runs(row);
            if let Some(company) = row.company {
                index.histories.entry(company).or_default().add(running, day(row.end_date.as_ref()));
                if let Some(payer) = row.bill_to.filter(|payer| *payer != company && *payer > 0) {
                    index.payers.entry(company).or_default().insert(payer);
                    if running {
                        index.pays_for_running.insert(payer);
                    }
                }
            }
        }
        index
    }
}

/// Contracts by company.
#[derive(Debug, Default)]
pub struct Index {
    histories: BTreeMap<i64, ContractHistory>,
    payers: BTreeMap<i64, BTreeSet<i64>>,
    pays_for_running: BTreeSet<i64>,
}

impl Index {
    /// What the contracts come to for a company, its parent, and whoever pays for it. A company that pays for a
    /// running contract of another one has not left either.
    pub fn of(&self, company: i64, parent: Option<i64>) -> ContractHistory {
        let own = self.payers.get(&company).into_iter().flatten().copied();
        let family: BTreeSet<i64> = [company].into_iter().chain(parent).chain(own).collect();
        let mut history = family
            .iter()
            .filter_map(|id| self.histories.get(id).copied())
            .fold(ContractHistory::default(), ContractHistory::joined_with);
        history.running |= self.pays_for_running.contains(&company);
        history
    }
}

fn runs(contract: &wire::Contract, ended: &EndedStatuses, today: Date) -> bool {
    if contract.status.is_some_and(|status| ended.0.contains(&status)) {
        return false;
    }
    day(contract.end_date.as_ref()).is_none_or(|date| date >= today)
}

/// Until when and for how much, for a person.
pub fn detail(contract: &wire::Contract) -> String {
    let until = match day(contract.end_date.as_ref()) {
        None => "no end date".to_owned(),
        Some(date) => format!("until {date}"),
    };
    let revenue = contract.estimated_revenue.as_deref().and_then(|amount| amount.parse::<f64>().ok());
    match revenue.filter(|amount| *amount > 0.0) {
        Some(amount) => format!("{until}, estimated revenue {amount:.2}"),
        None => until,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn contract(text: &str) -> wire::Contract {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn in_doubt_a_contract_runs() {
        let (today, ended) = (date(2026, 11, 24), EndedStatuses(vec![0]));
        for (text, running) in [
            (r#"{"status":1,"endDate":"2027-01-01T00:00:00Z"}"#, true),
            (r#"{"status":1,"endDate":"2026-11-24T00:00:00"}"#, true),
            (r#"{"status":1,"endDate":"2026-11-23T00:00:00.307"}"#, false),
            (r#"{"status":0,"endDate":"2027-01-01T00:00:00Z"}"#, false),
            (r#"{"status":"0"}"#, false),
            (r#"{"status":5}"#, true),
            (r#"{"status":null,"endDate":null}"#, true),
            ("{}", true),
        ] {
            assert_eq!(runs(&contract(text), &ended, today), running, "{text}");
        }
    }

    #[test]
    fn the_contracts_of_parent_and_payer_count() {
        let rows = vec![
            contract(
                r#"{"id":1,"companyID":10,"billToCompanyID":20,"status":1,"endDate":"2026-01-31T00:00:00Z"}"#,
            ),
            contract(r#"{"id":2,"companyID":20,"status":1,"endDate":"2027-01-31T00:00:00Z"}"#),
            contract(r#"{"id":3,"companyID":30,"status":1,"endDate":"2026-03-31T00:00:00Z"}"#),
            contract(r#"{"id":4,"companyID":40,"billToCompanyID":30,"status":1}"#),
            contract(
                r#"{"id":5,"companyID":50,"billToCompanyID":0,"status":0,"endDate":"2026-02-01T00:00:00Z"}"#,
            ),
        ];
        let contracts = Contracts { rows, ended: EndedStatuses(vec![0]), today: date(2026, 11, 24) };
        let index = contracts.index();
        let running = |company, parent| index.of(company, parent).running;
        assert!(running(10, None), "its payer has one that runs");
        assert!(running(30, None), "it pays for another one's that runs");
        assert!(!running(50, None));
        assert!(running(50, Some(20)), "its parent has one that runs");
        let ended = index.of(50, None);
        assert_eq!((ended.existed, ended.last_ended), (true, Some(date(2026, 2, 1))));
        assert!(!index.of(60, None).existed);
    }
}
