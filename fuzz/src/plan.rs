//! A stored plan of any bytes: it is refused, or it is exactly what its digest says.

use mothball::domain::plan::{Plan, sha256};

pub fn try_it(bytes: &[u8]) {
    let digest = sha256(bytes);
    if let Ok(plan) = Plan::reopen(bytes, &digest) {
        assert_eq!(plan.canonical_bytes(), bytes, "two forms of one plan");
        assert_eq!(plan.digest(), digest);
        for item in plan.items() {
            assert_eq!(plan.item(&item.config_id), Some(item), "an item that cannot be found by its id");
        }
    }
    // One bit away it is another plan.
    if let Some((last, rest)) = bytes.split_last() {
        let mut other = rest.to_vec();
        other.push(last ^ 1);
        assert!(Plan::reopen(&other, &digest).is_err(), "an altered plan was opened");
    }
}
