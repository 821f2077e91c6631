//! Lines of recurring invoices: they bill one asset by its id, or as many as there are of some kind.

use std::sync::Mutex;

use futures_util::{StreamExt, stream};
use jiff::civil::Date;

use super::{
    super::{
        AT_ONCE, HaloPsa,
        client::Quirk,
        paging::List,
        setup::Types,
        wire::{self, day, filled},
    },
    Scope, of_clients,
};
use crate::{
    domain::{
        Configuration,
        links::Link,
        text::{one_line, same_name},
    },
    psa::{
        PsaError,
        linking::{Found, once_refused},
        port::Result,
    },
};

const PATH: &str = "/RecurringInvoice";

pub async fn read(psa: &HaloPsa, scope: &Scope<'_>) -> Found {
    let whole = List::new("recurring invoice", PATH, "invoices");
    let list = whole.clone().with("includelines", &true);
    let listing = of_clients::<wire::Invoice>(
        psa,
        &list,
        &whole,
        Quirk::InvoicesOfOneClientOnly,
        &scope.clients,
        |row| row.client_id,
    )
    .await;
    let listing = match listing {
        Ok(listing) => listing,
        Err(error) => return Found::failed(&error),
    };
    let today = psa.today();
    let running: Vec<wire::Invoice> =
        listing.into_rows().into_iter().filter(|row| runs(row, today)).collect();
    // Without the types, a line that counts some group of types may count any asset.
    let types = if running.iter().any(may_count) { psa.types().await.ok() } else { None };
    let refused: Mutex<Option<String>> = Mutex::new(None);
    let readings: Vec<(wire::Invoice, Result<Vec<wire::Line>>)> =
        stream::iter(running.into_iter().enumerate())
            .map(|(at, mut invoice)| {
                let refused = &refused;
                async move {
                    let lines = match invoice.lines.take() {
                        Some(lines) => Ok(lines),
                        None => once_refused(refused, at, lines(psa, &invoice)).await,
                    };
                    (invoice, lines)
                }
            })
            .buffered(AT_ONCE)
            .collect()
            .await;
    let mut found = Found::default();
    for (invoice, lines) in readings {
        let Some(client) = invoice.client_id else { continue };
        match lines {
            Ok(lines) => {
                for line in lines.iter().filter(|line| bills(line, today)) {
                    add(psa, scope, &mut found, types.as_deref(), &invoice, line);
                }
            }
            Err(error) => {
                let why = one_line(&format!("recurring invoice \"{}\": {error}", title(&invoice)), 300);
                found.unknown.entry(client).or_insert(why);
            }
        }
    }
    found
}

async fn lines(psa: &HaloPsa, invoice: &wire::Invoice) -> Result<Vec<wire::Line>> {
    let id = invoice.id.unwrap_or_default();
    let record: wire::Invoice =
        psa.api.object(&format!("{PATH}/{id}"), &[("includedetails", "true")]).await?;
    if record.id != Some(id) {
        return Err(PsaError::Unreadable {
            message: format!("another record came for recurring invoice {id}"),
        });
    }
    // Members without a value are left out: the record itself has no lines then.
    Ok(record.lines.unwrap_or_default())
}

fn runs(invoice: &wire::Invoice, today: Date) -> bool {
    invoice.disabled != Some(true) && day(invoice.enddate.as_ref()).is_none_or(|end| end >= today)
}

fn bills(line: &wire::Line, today: Date) -> bool {
    line.isinactive != Some(true) && day(line.enddate.as_ref()).is_none_or(|end| end >= today)
}

fn may_count(invoice: &wire::Invoice) -> bool {
    invoice.lines.as_ref().is_none_or(|lines| lines.iter().any(|line| !counted(line).is_empty()))
}

/// The kinds of assets that a line counts; one that counts without saying which counts all.
fn counted(line: &wire::Line) -> Vec<wire::Quantity> {
    let counted = line.quantity_assets.clone().unwrap_or_default();
    if counted.is_empty() && line.calculate_price_from_assets == Some(true) {
        vec![wire::Quantity::default()]
    } else {
        counted
    }
}

fn add(
    psa: &HaloPsa,
    scope: &Scope<'_>,
    found: &mut Found,
    types: Option<&Types>,
    invoice: &wire::Invoice,
    line: &wire::Line,
) {
    let billing = |detail: String| Link {
        id: invoice.id.unwrap_or_default().to_string(),
        name: title(invoice),
        detail: Some(detail),
        record_url: None,
    };
    if let Some(asset) = line.asset_id.filter(|asset| *asset > 0) {
        if scope.configurations.iter().any(|(id, _, _)| *id == asset) {
            found.add(asset, billing(billed(invoice, line)));
        }
        return;
    }
    let counted = counted(line);
    for (asset, row) in invoice.client_id.into_iter().flat_map(|client| scope.of_client(client)) {
        if let Some(quantity) = counted.iter().find(|quantity| counts(psa, types, quantity, asset, row)) {
            found.add(asset, billing(format!("{}; {}", billed(invoice, line), kind(quantity))));
        }
    }
}

/// Whether a line counts this asset. In doubt it does.
fn counts(
    psa: &HaloPsa,
    types: Option<&Types>,
    quantity: &wire::Quantity,
    asset: i64,
    row: &Configuration,
) -> bool {
    let kind = psa.type_of(asset);
    let same = |wanted: Option<i64>, is: Option<i64>| match (wanted.filter(|id| *id > 0), is) {
        (Some(wanted), Some(is)) => wanted == is,
        _ => true,
    };
    let group = kind.and_then(|kind| types?.group(kind));
    let site = match (filled(quantity.site_name.as_ref()), row.site.as_deref()) {
        (Some(wanted), Some(is)) if quantity.site_id.is_some_and(|site| site > 0) => same_name(wanted, is),
        _ => true,
    };
    same(quantity.type_id, kind) && same(quantity.device_group_id, group) && site
}

fn kind(quantity: &wire::Quantity) -> String {
    let name = filled(quantity.type_name.as_ref()).or(filled(quantity.device_group_name.as_ref()));
    match name {
        Some(name) => format!("counts assets of {}", one_line(name, 60)),
        None => "counts assets".to_owned(),
    }
}

fn title(invoice: &wire::Invoice) -> String {
    let name = filled(invoice.reference.as_ref()).or(filled(invoice.name.as_ref()));
    name.map_or_else(|| format!("#{}", invoice.id.unwrap_or_default()), |name| one_line(name, 80))
}

fn billed(invoice: &wire::Invoice, line: &wire::Line) -> String {
    let number = |text: &Option<String>| text.as_deref().and_then(|text| text.trim().parse::<f64>().ok());
    let mut detail = one_line(filled(line.item_shortdescription.as_ref()).unwrap_or("line"), 80);
    match (number(&line.qty_order), number(&line.unit_price)) {
        (Some(quantity), Some(price)) if price > 0.0 => {
            detail = format!("{detail}, {quantity} × {price:.2}");
        }
        (Some(quantity), _) => detail = format!("{detail}, quantity {quantity}"),
        _ => {}
    }
    match day(invoice.nextcreationdate.as_ref()) {
        Some(next) => format!("{detail}, next on {next}"),
        None => detail,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn line(text: &str) -> wire::Line {
        serde_json::from_str(text).unwrap()
    }

    fn invoice(text: &str) -> wire::Invoice {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn what_is_over_bills_nothing_any_more() {
        let today = date(2026, 11, 24);
        assert!(bills(&line("{}"), today) && bills(&line(r#"{"enddate":"2026-11-24T00:00:00"}"#), today));
        assert!(!bills(&line(r#"{"isinactive":true}"#), today));
        assert!(!bills(&line(r#"{"enddate":"2026-11-23T00:00:00"}"#), today));
        assert!(runs(&invoice("{}"), today) && !runs(&invoice(r#"{"disabled":true}"#), today));
    }

    #[test]
    fn a_line_that_counts_without_saying_what_counts_all() {
        let kinds = |text: &str| counted(&line(text)).len();
        assert_eq!(kinds(r#"{"calculate_price_from_assets":true}"#), 1);
        let two = r#"{"calculate_price_from_assets":true,"quantity_assets":[{"type_id":1},{"type_id":2}]}"#;
        assert_eq!(kinds(two), 2);
        assert_eq!(kinds("{}"), 0);
    }

    #[test]
    fn a_person_reads_what_is_billed() {
        let line = line(r#"{"item_shortdescription":"Managed server","qty_order":2,"unit_price":"49.5"}"#);
        let invoice = invoice(r#"{"nextcreationdate":"2026-12-01T00:00:00"}"#);
        assert_eq!(billed(&invoice, &line), "Managed server, 2 × 49.50, next on 2026-12-01");
    }
}
