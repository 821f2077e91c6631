//! How many requests were under way at the same time, whoever sent them.

use std::collections::BTreeMap;

/// The whole, beside the parts that the vendor limits one by one.
const ALL: &str = "";

#[derive(Debug, Default)]
pub(crate) struct AtOnce(BTreeMap<&'static str, Under>);

#[derive(Debug, Default)]
struct Under {
    now: usize,
    most: usize,
}

impl AtOnce {
    pub fn enter(&mut self, object: Option<&'static str>) {
        for key in object.into_iter().chain([ALL]) {
            let under = self.0.entry(key).or_default();
            under.now += 1;
            under.most = under.most.max(under.now);
        }
    }

    pub fn leave(&mut self, object: Option<&'static str>) {
        for key in object.into_iter().chain([ALL]) {
            if let Some(under) = self.0.get_mut(key) {
                under.now -= 1;
            }
        }
    }

    pub fn most(&self) -> BTreeMap<&'static str, usize> {
        self.0.iter().map(|(key, under)| (*key, under.most)).collect()
    }
}
