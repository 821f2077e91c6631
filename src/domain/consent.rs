//! Who says yes to a plan, to which part of it, and whether they are the one to ask.

use std::collections::BTreeSet;

use super::{ConfigId, Plan, text::same_name};

/// A person, by the names that this computer knows them under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// As the settings name whoever works here.
    pub operator: String,
    /// As the operating system does.
    pub user: String,
}

impl Person {
    /// Whether any of these names is one of theirs. Only as good as the names: an account that two people
    /// share makes them one, and whoever may edit the settings can be anybody but another user of the system.
    pub fn goes_by<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> bool {
        names.into_iter().any(|name| {
            !name.trim().is_empty() && (same_name(name, &self.operator) || same_name(name, &self.user))
        })
    }
}

impl std::fmt::Display for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if same_name(&self.operator, &self.user) {
            write!(f, "{}", self.operator)
        } else {
            write!(f, "{} (user {})", self.operator, self.user)
        }
    }
}

/// What of a plan is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    All,
    Only(BTreeSet<ConfigId>),
    Except(BTreeSet<ConfigId>),
}

impl Part {
    /// The items of the plan that are meant, or in words why that is not possible.
    pub fn of(&self, plan: &Plan) -> Result<BTreeSet<ConfigId>, String> {
        let all = || plan.items().iter().map(|item| item.config_id.clone());
        let (Self::Only(named) | Self::Except(named)) = self else { return Ok(all().collect()) };
        let strays: Vec<&str> =
            named.iter().filter(|id| plan.item(id).is_none()).map(ConfigId::as_str).collect();
        if !strays.is_empty() {
            return Err(format!("the plan has no item {}", strays.join(", ")));
        }
        let keep_named = matches!(self, Self::Only(_));
        let meant: BTreeSet<ConfigId> = all().filter(|id| named.contains(id) == keep_named).collect();
        if meant.is_empty() {
            return Err("that leaves no item of the plan".to_owned());
        }
        Ok(meant)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::plan::samples, *};

    fn ids(ids: &[&str]) -> BTreeSet<ConfigId> {
        ids.iter().copied().map(ConfigId::from).collect()
    }

    #[test]
    fn a_part_is_made_of_items_of_the_plan_and_never_empty() {
        let plan = samples::plan(4);
        for (part, expected) in [
            (Part::All, Ok(ids(&["1", "2", "3", "4"]))),
            (Part::Only(ids(&["2", "4"])), Ok(ids(&["2", "4"]))),
            (Part::Except(ids(&["2", "4"])), Ok(ids(&["1", "3"]))),
            (Part::Only(ids(&["2", "9", "10"])), Err("the plan has no item 9, 10".to_owned())),
            (Part::Except(ids(&["9"])), Err("the plan has no item 9".to_owned())),
            (Part::Except(ids(&["1", "2", "3", "4"])), Err("that leaves no item of the plan".to_owned())),
            (Part::Only(ids(&[])), Err("that leaves no item of the plan".to_owned())),
        ] {
            assert_eq!(part.of(&plan), expected, "{part:?}");
        }
    }

    #[test]
    fn a_person_is_known_by_either_name_whatever_its_case() {
        let jane = Person { operator: "jane@msp.example".into(), user: "jane".into() };
        assert!(jane.goes_by(["joe", "JANE"]));
        assert!(jane.goes_by([" Jane@MSP.example "]));
        assert!(!jane.goes_by(["joe", ""]));
        assert_eq!(jane.to_string(), "jane@msp.example (user jane)");
        let nameless = Person { operator: String::new(), user: String::new() };
        assert!(!nameless.goes_by([""]), "nobody is not somebody");
    }
}
