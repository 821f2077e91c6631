//! Agreements: which run, and when the last one ended.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{
    CHUNKS_AT_ONCE, ConnectWise,
    conditions::Condition,
    paging::List,
    wire::{self, day},
};
use crate::{
    domain::{Listing, client::ContractHistory},
    psa::{
        listing::{chunks, each},
        port::Result,
    },
};

const PATH: &str = "/finance/agreements";
const FIELDS: &str = "id,name,company/id,billToCompany/id,endDate,noEndingDateFlag,cancelledFlag,dateCancelled,\
agreementStatus,billAmount";

/// The agreements of these companies, or of all.
pub async fn list(psa: &ConnectWise, companies: Option<&[i64]>) -> Result<Listing<wire::Agreement>> {
    let Some(companies) = companies else {
        return psa.api.proven_list(&List::new("agreement", PATH, FIELDS), &|_| true).await;
    };
    if companies.is_empty() {
        return Ok(Listing::nothing());
    }
    let place = psa.api.place().await?;
    let room = psa.api.room_for_ids(&place, PATH, FIELDS, &Condition::one_of("company/id", &[]));
    let parts = each(chunks(companies, room), CHUNKS_AT_ONCE, |chunk| async move {
        let asked: BTreeSet<i64> = chunk.iter().copied().collect();
        let list = List::new("agreement", PATH, FIELDS).when(Condition::one_of("company/id", &chunk));
        psa.api
            .proven_list(&list, &|row: &wire::Agreement| of(row).is_some_and(|id| asked.contains(&id)))
            .await
    })
    .await?;
    Ok(Listing::joined(parts))
}

/// The company whose agreement it is.
pub fn of(agreement: &wire::Agreement) -> Option<i64> {
    agreement.company.as_ref()?.id
}

/// What the agreements of each company come to.
pub fn histories(agreements: &[wire::Agreement], today: Date) -> BTreeMap<i64, ContractHistory> {
    let mut histories: BTreeMap<i64, ContractHistory> = BTreeMap::new();
    for agreement in agreements {
        if let Some(company) = of(agreement) {
            histories.entry(company).or_default().add(runs(agreement, today), ended(agreement));
        }
    }
    histories
}

/// Whether it runs. In doubt it does: an agreement that has not begun, one without dates, one that will be
/// cancelled some day.
pub fn runs(agreement: &wire::Agreement, today: Date) -> bool {
    let cancelled = agreement.cancelled_flag == Some(true)
        && day(agreement.date_cancelled.as_ref()).is_none_or(|date| date <= today);
    if cancelled {
        return false;
    }
    match agreement.agreement_status.as_deref() {
        // "Cancelled" may be announced for a later day.
        Some("Cancelled") => day(agreement.date_cancelled.as_ref()).is_some_and(|date| date > today),
        Some("Expired") => false,
        Some("Active") => true,
        _ => {
            agreement.no_ending_date_flag == Some(true)
                || day(agreement.end_date.as_ref()).is_none_or(|date| date >= today)
        }
    }
}

fn ended(agreement: &wire::Agreement) -> Option<Date> {
    let cancelled =
        agreement.cancelled_flag == Some(true) || agreement.agreement_status.as_deref() == Some("Cancelled");
    let cancelled_on = if cancelled { day(agreement.date_cancelled.as_ref()) } else { None };
    cancelled_on.or(day(agreement.end_date.as_ref()))
}

/// Until when and for how much, for a person.
pub fn detail(agreement: &wire::Agreement) -> String {
    let until = match (agreement.no_ending_date_flag, day(agreement.end_date.as_ref())) {
        (Some(true), _) | (_, None) => "no end date".to_owned(),
        (_, Some(date)) => format!("until {date}"),
    };
    let amount = agreement.bill_amount.as_deref().and_then(|amount| amount.parse::<f64>().ok());
    match amount.filter(|amount| *amount > 0.0) {
        Some(amount) => format!("{until}, bills {amount:.2}"),
        None => until,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn agreement(text: &str) -> wire::Agreement {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn in_doubt_an_agreement_runs() {
        let today = date(2026, 11, 24);
        for (text, running) in [
            (r#"{"agreementStatus":"Active","endDate":"2027-01-01T00:00:00Z"}"#, true),
            (
                r#"{"agreementStatus":"Active","cancelledFlag":true,"dateCancelled":"2026-10-01T00:00:00Z"}"#,
                false,
            ),
            (
                r#"{"agreementStatus":"Active","cancelledFlag":true,"dateCancelled":"2027-10-01T00:00:00Z"}"#,
                true,
            ),
            (r#"{"agreementStatus":"Expired","endDate":"2026-01-01T00:00:00Z"}"#, false),
            (r#"{"agreementStatus":"Cancelled"}"#, false),
            (r#"{"endDate":"2026-11-23T00:00:00Z"}"#, false),
            (r#"{"endDate":"2026-11-24T00:00:00Z"}"#, true),
            (r#"{"endDate":"2020-01-01T00:00:00Z","noEndingDateFlag":true}"#, true),
            (r#"{"agreementStatus":"Inactive"}"#, true),
            ("{}", true),
        ] {
            assert_eq!(runs(&agreement(text), today), running, "{text}");
        }
    }

    #[test]
    fn the_day_of_cancelling_counts_before_the_planned_end() {
        let text = r#"{"cancelledFlag":true,"dateCancelled":"2026-03-01T00:00:00Z","endDate":"2027-01-01T00:00:00Z"}"#;
        assert_eq!(ended(&agreement(text)), Some(date(2026, 3, 1)));
    }
}
