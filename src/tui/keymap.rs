//! Which key means what where. Made from the action table; keys can be bound otherwise.

use std::collections::HashMap;

use thiserror::Error;

use super::{
    action::{Action, Scope, TABLE},
    key::{Key, NoKey},
};

/// Keys by scope, and keys by action for hints and help.
#[derive(Debug, Clone)]
pub struct Keymap {
    lookup: HashMap<(Scope, Key), Action>,
    keys: HashMap<Action, Vec<Key>>,
}

/// Why keys cannot be bound so.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BindError {
    #[error("{key} would mean both \"{first}\" and \"{second}\" in {scope}; give one of them another key")]
    Clash { key: String, first: &'static str, second: &'static str, scope: &'static str },
    #[error("no action is called \"{0}\"")]
    NoAction(String),
    #[error(transparent)]
    NoKey(#[from] NoKey),
}

impl Default for Keymap {
    fn default() -> Self {
        // A test proves that the table's own keys parse and do not clash.
        Self::with(&[]).unwrap_or(Self { lookup: HashMap::new(), keys: HashMap::new() })
    }
}

impl Keymap {
    /// The table's keys, with some actions bound to others; an empty list unbinds.
    pub fn with(overrides: &[(&str, Vec<String>)]) -> Result<Self, BindError> {
        let mut map = Self { lookup: HashMap::new(), keys: HashMap::new() };
        if let Some((id, _)) = overrides.iter().find(|(id, _)| !TABLE.iter().any(|spec| spec.id == *id)) {
            return Err(BindError::NoAction((*id).to_owned()));
        }
        for spec in TABLE {
            let keys: Vec<Key> = match overrides.iter().find(|(id, _)| *id == spec.id) {
                Some((_, names)) => names.iter().map(|name| name.parse()).collect::<Result<_, _>>()?,
                None => spec.keys.iter().map(|name| name.parse()).collect::<Result<_, _>>()?,
            };
            for (scope, key) in
                spec.scopes.iter().flat_map(|scope| keys.iter().map(move |key| (*scope, *key)))
            {
                if let Some(other) = map.clash(scope, key) {
                    return Err(BindError::Clash {
                        key: key.to_string(),
                        first: other.spec().id,
                        second: spec.id,
                        scope: scope.words(),
                    });
                }
                map.lookup.insert((scope, key), spec.action);
            }
            map.keys.insert(spec.action, keys);
        }
        Ok(map)
    }

    /// What already has this key where `scope` is in force.
    fn clash(&self, scope: Scope, key: Key) -> Option<Action> {
        const PLACES: [Scope; 5] = [Scope::Review, Scope::Plan, Scope::Run, Scope::Report, Scope::History];
        let with: Vec<Scope> = match scope {
            Scope::Anywhere | Scope::Moving => {
                PLACES.into_iter().chain([Scope::Anywhere, Scope::Moving]).collect()
            }
            place if PLACES.contains(&place) => vec![place, Scope::Anywhere, Scope::Moving],
            other => vec![other],
        };
        with.into_iter().find_map(|scope| self.lookup.get(&(scope, key)).copied())
    }

    /// What the key means where these scopes are in force, the most specific first.
    pub fn action(&self, scopes: &[Scope], key: Key) -> Option<Action> {
        scopes.iter().find_map(|scope| self.lookup.get(&(*scope, key)).copied())
    }

    pub fn keys(&self, action: Action) -> &[Key] {
        self.keys.get(&action).map_or(&[], Vec::as_slice)
    }

    /// The key table as Markdown, for a README: one row for each action that has a key.
    pub fn markdown(&self) -> String {
        let mut table = String::from("| keys | where | what |\n|---|---|---|\n");
        for spec in TABLE {
            let keys: Vec<String> = self.keys(spec.action).iter().map(|key| format!("`{key}`")).collect();
            if keys.is_empty() {
                continue;
            }
            let places: Vec<&str> = spec.scopes.iter().map(|scope| scope.words()).collect();
            let row = [keys.join(" "), places.join(", "), spec.title.to_owned()].join(" | ");
            table = table + "| " + &row + " |\n";
        }
        table
    }

    /// The first key of an action, for hints.
    pub fn hint(&self, action: Action) -> String {
        self.keys(action).first().map(ToString::to_string).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_tables_own_keys_are_sound() {
        let map = Keymap::with(&[]).unwrap();
        let mut ids = HashSet::new();
        for spec in TABLE {
            assert_eq!(spec.action.spec().id, spec.id);
            assert!(ids.insert(spec.id), "{}", spec.id);
            assert!(!map.keys(spec.action).is_empty(), "{}", spec.id);
            assert!(!spec.title.is_empty());
        }
    }

    #[test]
    fn the_markdown_table_has_a_row_for_each_action() {
        let table = Keymap::default().markdown();
        assert_eq!(table.lines().count(), TABLE.len() + 2);
        assert!(table.contains("| `space` | Review | Tick or untick"), "{table}");
    }

    #[test]
    fn a_clash_is_refused_with_both_names() {
        let clash = Keymap::with(&[("invert", vec!["a".into()])]).unwrap_err().to_string();
        assert!(clash.contains("tick-all") && clash.contains("invert"), "{clash}");
        let anywhere = Keymap::with(&[("quit", vec!["space".into()])]).unwrap_err().to_string();
        assert!(anywhere.contains("tick") && anywhere.contains("quit"), "{anywhere}");
    }

    #[test]
    fn keys_can_be_rebound_and_unbound() {
        let map = Keymap::with(&[("quit", vec!["ctrl-q".into()]), ("copy", vec![])]).unwrap();
        let scopes = [Scope::Review, Scope::Moving, Scope::Anywhere];
        assert_eq!(map.action(&scopes, Key::ctrl('q')), Some(Action::Quit));
        assert_eq!(map.action(&scopes, Key::char('q')), None);
        assert_eq!(map.action(&scopes, Key::char('y')), None);
        assert!(matches!(Keymap::with(&[("nope", vec![])]), Err(BindError::NoAction(_))));
        assert!(matches!(Keymap::with(&[("quit", vec!["wat".into()])]), Err(BindError::NoKey(_))));
    }
}
