//! What is still billed: running contracts with their assets, and lines of recurring invoices.

use super::{super::HaloPsa, Scope, contracts, invoices};
use crate::psa::linking::{Found, Signs};

/// Both ways of billing. Where one of them cannot be read, an asset without a link from the other is unknown.
pub async fn read_billing(psa: &HaloPsa, scope: &Scope<'_>) -> (Found, Signs) {
    let ((mut found, running), by_invoices) =
        tokio::join!(contracts::read(psa, scope), invoices::read(psa, scope));
    found.join(by_invoices);
    (found, running)
}
