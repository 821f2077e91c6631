//! Which key means what where. Made from the action table; keys can be bound otherwise, as far as nobody
//! loses what they need and no key means two things at once.

use std::collections::HashMap;

use thiserror::Error;

use super::{
    action::{Action, Danger, Layer, Scope, TABLE},
    key::{Key, NoKey},
};
use crate::domain::text::{nearest, one_line};

/// Keys by scope, and keys by action for hints and help.
#[derive(Debug, Clone)]
pub struct Keymap {
    lookup: HashMap<(Scope, Key), Action>,
    keys: HashMap<Action, Vec<Key>>,
}

/// Why keys cannot be bound so.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BindError {
    #[error(
        "{key} would mean both \"{first}\" and \"{second}\" {}; give one of them another key",
        place(*scope)
    )]
    Clash { key: String, first: &'static str, second: &'static str, scope: Scope },
    #[error(
        "no action is called \"{}\"{} README and `?` on the screen list them",
        one_line(id, 30),
        meant(*near)
    )]
    NoAction { id: String, near: Option<&'static str> },
    #[error("this action has its keys already; write all of them in one list")]
    Twice,
    #[error(transparent)]
    NoKey(#[from] NoKey),
    #[error("{key} never reaches a program: {why}")]
    NeverArrives { key: String, why: &'static str },
    #[error(
        "{key} is needed to type: \"{action}\" also works {}, so its keys must type nothing; take for example enter, esc, tab, ctrl-g or f2",
        place(*scope)
    )]
    Types { key: String, action: &'static str, scope: Scope },
    #[error("without a key for {} {lost}; leave it at least one", any_of(needed))]
    Lost { needed: &'static [Action], lost: &'static str },
}

/// What a person must not lose, and why. Of each line, one action needs a key.
const NEEDED: [(&[Action], &str); 4] = [
    (&[Action::Quit, Action::Interrupt], "nobody could leave the screen"),
    (&[Action::Accept], "no question could be answered"),
    (&[Action::Dismiss], "nobody could get out of a question without answering it"),
    (&[Action::NextButton, Action::PrevButton], "only the first answer of a question could be chosen"),
];

impl Default for Keymap {
    fn default() -> Self {
        // A test proves that the table's own keys parse and do not clash.
        Self::with(&[]).unwrap_or(Self { lookup: HashMap::new(), keys: HashMap::new() })
    }
}

impl Keymap {
    /// The table's keys, with some actions bound to others; an empty list unbinds. Every mistake is told,
    /// with the place of its binding in the list.
    pub fn with(bindings: &[(&str, Vec<String>)]) -> Result<Self, Vec<(usize, BindError)>> {
        let mut mistakes = Vec::new();
        let bound = parsed(bindings, &mut mistakes);
        let mut map = Self { lookup: HashMap::new(), keys: HashMap::new() };
        // Those that were bound come last, so that a clash is told at the binding that makes it.
        let mut specs: Vec<_> = TABLE.iter().map(|spec| (bound.get(&spec.action), spec)).collect();
        specs.sort_by_key(|(bound, _)| bound.map(|(at, _)| at + 1));
        for (bound, spec) in specs {
            let (at, keys) = match bound {
                Some((at, keys)) => (*at, keys.clone()),
                None => (0, spec.keys.iter().filter_map(|name| name.parse().ok()).collect()),
            };
            for key in &keys {
                if let Err(mistake) = map.bind(spec.action, *key, bound.is_some()) {
                    mistakes.push((at, mistake));
                }
            }
            map.keys.insert(spec.action, keys);
        }
        for (needed, lost) in NEEDED {
            if needed.iter().all(|action| map.keys(*action).is_empty())
                && let Some(at) =
                    needed.iter().filter_map(|action| bound.get(action)).map(|(at, _)| *at).max()
                && !mistakes.iter().any(|(other, _)| *other == at)
            {
                mistakes.push((at, BindError::Lost { needed, lost }));
            }
        }
        if mistakes.is_empty() {
            return Ok(map);
        }
        mistakes.sort_by_key(|(at, _)| *at);
        Err(mistakes)
    }

    fn bind(&mut self, action: Action, key: Key, by_hand: bool) -> Result<(), BindError> {
        let spec = action.spec();
        let layers = || {
            Layer::ALL
                .into_iter()
                .filter(|layer| layer.scopes().iter().any(|scope| spec.scopes.contains(scope)))
        };
        if by_hand {
            if let Some(why) = key.never_arrives() {
                return Err(BindError::NeverArrives { key: key.to_string(), why });
            }
            let typing = layers().find(|layer| layer.takes_text() && key.edits());
            if let Some(scope) = typing.and_then(|layer| layer.scopes().first()) {
                return Err(BindError::Types { key: key.to_string(), action: spec.id, scope: *scope });
            }
        }
        for layer in layers() {
            if let Some(other) = self.action(layer.scopes(), key).filter(|other| *other != action) {
                // Told where the narrower of the two applies.
                let of_both = layer
                    .scopes()
                    .iter()
                    .find(|scope| spec.scopes.contains(scope) || other.spec().scopes.contains(scope));
                return Err(BindError::Clash {
                    key: key.to_string(),
                    first: other.spec().id,
                    second: spec.id,
                    scope: of_both.copied().unwrap_or(layer.scopes()[0]),
                });
            }
        }
        self.lookup.extend(spec.scopes.iter().map(|scope| ((*scope, key), action)));
        Ok(())
    }

    /// What the key means where these scopes are in force, the most specific first.
    pub fn action(&self, scopes: &[Scope], key: Key) -> Option<Action> {
        scopes.iter().find_map(|scope| self.lookup.get(&(*scope, key)).copied())
    }

    pub fn keys(&self, action: Action) -> &[Key] {
        self.keys.get(&action).map_or(&[], Vec::as_slice)
    }

    /// The first key of an action, for hints.
    pub fn hint(&self, action: Action) -> String {
        self.keys(action).first().map(ToString::to_string).unwrap_or_default()
    }

    /// How a sentence tells to do this: its key, or what to write in the palette if it has none.
    pub fn way(&self, action: Action) -> String {
        let key = self.hint(action);
        if key.is_empty() { format!("{}{}", self.hint(Action::Palette), action.spec().id) } else { key }
    }

    /// A sentence of ours with `<action>` written as the way to do it.
    pub fn spell(&self, sentence: &'static str) -> String {
        let mut parts = sentence.split('<');
        let mut spelled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            match part.split_once('>').and_then(|(id, rest)| Some((Action::named(id)?, rest))) {
                Some((action, rest)) => spelled.push_str(&(self.way(action) + rest)),
                // A test searches the sources for names that there are not.
                None => spelled.extend(["<", part]),
            }
        }
        spelled
    }

    /// The key table as Markdown, for the README: one row for each action that has a key.
    pub fn markdown(&self) -> String {
        let mut table = String::from("| keys | where | what | name in `[keys]` |\n|---|---|---|---|\n");
        for spec in TABLE {
            let keys: Vec<String> = self.keys(spec.action).iter().map(|key| format!("`{key}`")).collect();
            if keys.is_empty() {
                continue;
            }
            let places: Vec<&str> = spec.scopes.iter().map(|scope| scope.words()).collect();
            let name = format!("`{}`", spec.id);
            let row = [keys.join(" "), places.join(", "), spec.title.to_owned(), name].join(" | ");
            table = table + "| " + &row + " |\n";
        }
        table
    }

    /// `[keys]` of `config.example.toml`: every action with its own keys, turned off.
    pub fn example() -> String {
        let mut lines = String::from("[keys]\n");
        for spec in TABLE {
            let keys: Vec<String> = spec.keys.iter().map(|key| format!("\"{key}\"")).collect();
            let keys = if let [one] = &keys[..] { one.clone() } else { format!("[{}]", keys.join(", ")) };
            let warning = if spec.danger == Danger::Writes { " (leads to writes)" } else { "" };
            lines.extend(["#", spec.id, " = ", &keys, "  # ", spec.title, warning, "\n"]);
        }
        lines
    }
}

/// The keys of each action that is bound by hand, with the place of its binding.
fn parsed(
    bindings: &[(&str, Vec<String>)],
    mistakes: &mut Vec<(usize, BindError)>,
) -> HashMap<Action, (usize, Vec<Key>)> {
    let mut bound = HashMap::new();
    for (at, (id, names)) in bindings.iter().enumerate() {
        let Some(action) = Action::named(id) else {
            let near = nearest(id, TABLE.iter().map(|spec| spec.id));
            mistakes.push((at, BindError::NoAction { id: (*id).to_owned(), near }));
            continue;
        };
        let mut keys = Vec::new();
        for name in names {
            match name.parse() {
                Ok(key) if keys.contains(&key) => {}
                Ok(key) => keys.push(key),
                Err(no_key) => mistakes.push((at, BindError::NoKey(no_key))),
            }
        }
        if bound.insert(action, (at, keys)).is_some() {
            mistakes.push((at, BindError::Twice));
        }
    }
    bound
}

fn place(scope: Scope) -> String {
    match scope {
        Scope::Anywhere | Scope::Moving => scope.words().to_owned(),
        _ => format!("in {}", scope.words()),
    }
}

fn meant(near: Option<&'static str>) -> String {
    near.map_or_else(|| ".".to_owned(), |near| format!("; did you mean \"{near}\"?"))
}

fn any_of(actions: &[Action]) -> String {
    actions.iter().map(|action| format!("\"{}\"", action.spec().id)).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn refusals(bindings: &[(&str, &[&str])]) -> Vec<(usize, String)> {
        let bindings: Vec<(&str, Vec<String>)> = bindings
            .iter()
            .map(|(id, keys)| (*id, keys.iter().map(|key| (*key).to_owned()).collect()))
            .collect();
        match Keymap::with(&bindings) {
            Ok(_) => Vec::new(),
            Err(told) => told.into_iter().map(|(at, error)| (at, error.to_string())).collect(),
        }
    }

    #[test]
    fn the_tables_own_keys_are_sound() {
        let map = Keymap::with(&[]).unwrap();
        let mut ids = HashSet::new();
        for spec in TABLE {
            assert_eq!(spec.action.spec().id, spec.id);
            assert_eq!(Action::named(spec.id), Some(spec.action));
            assert!(ids.insert(spec.id), "{}", spec.id);
            assert_eq!(map.keys(spec.action).len(), spec.keys.len(), "{}", spec.id);
            assert!(!spec.keys.is_empty() && !spec.title.is_empty());
        }
    }

    #[test]
    fn the_tables_own_keys_may_be_written_down() {
        let all: Vec<(&str, Vec<String>)> = TABLE
            .iter()
            .map(|spec| (spec.id, spec.keys.iter().map(|key| (*key).to_owned()).collect()))
            .collect();
        let map = Keymap::with(&all).unwrap_or_else(|told| panic!("{told:?}"));
        for spec in TABLE {
            assert_eq!(map.keys(spec.action), Keymap::default().keys(spec.action));
        }
    }

    #[test]
    fn the_markdown_table_has_a_row_for_each_action() {
        let table = Keymap::default().markdown();
        assert_eq!(table.lines().count(), TABLE.len() + 2);
        assert!(table.contains("| `space` | Review | Tick or untick"), "{table}");
    }

    #[test]
    fn a_clash_is_refused_with_both_names_wherever_both_are_asked() {
        for (bindings, at, words) in [
            (
                &[("invert", &["a"] as &[&str])] as &[(&str, &[&str])],
                0,
                &["tick-all", "invert", "in Review"] as &[&str],
            ),
            (&[("quit", &["space"])], 0, &["\"tick\"", "\"quit\"", "in Review"]),
            (&[("quit", &["p"])], 0, &["\"quit\"", "in Plan"]),
            // Two scopes of which each has the key once: moving, and anywhere.
            (&[("down", &["z"]), ("log", &["z"])], 1, &["\"down\"", "\"log\"", "z would mean both"]),
            (&[("start", &["down"])], 0, &["\"down\"", "\"start\"", "in Plan"]),
            (&[("copy", &["z"]), ("reload", &["z"])], 1, &["\"copy\"", "\"reload\""]),
            (&[("accept", &["tab"])], 0, &["next-button", "accept", "in a question"]),
            (&[("search", &["q"])], 0, &["close", "search", "in help and log"]),
        ] {
            let told = refusals(bindings);
            assert!(!told.is_empty(), "{bindings:?}");
            assert_eq!(told[0].0, at, "{told:?}");
            for word in words {
                assert!(told[0].1.contains(word), "{word}: {told:?}");
            }
        }
        // The same key in places that are never asked together is no clash.
        assert_eq!(refusals(&[("start", &["f5"]), ("save", &["f5"]), ("tick", &["f5"])]), []);
        // A key that was given away is free.
        assert_eq!(refusals(&[("tick-all", &["A"]), ("invert", &["a"])]), []);
    }

    #[test]
    fn nobody_loses_what_they_need() {
        for (bindings, words) in [
            (&[("quit", &[] as &[&str]), ("interrupt", &[])] as &[(&str, &[&str])], "leave the screen"),
            (&[("accept", &[])], "no question could be answered"),
            (&[("dismiss", &[])], "get out of a question"),
            (&[("next-button", &[]), ("prev-button", &[])], "only the first answer"),
        ] {
            let told = refusals(bindings);
            assert!(told.len() == 1 && told[0].1.contains(words), "{told:?}");
            assert_eq!(told[0].0, bindings.len() - 1);
        }
        for fine in [&[("quit", &[] as &[&str])], &[("interrupt", &[])], &[("prev-button", &[])]] {
            assert_eq!(refusals(fine), []);
        }
    }

    #[test]
    fn what_is_typed_stays_typeable() {
        for (id, key) in [
            ("accept", "y"),
            ("dismiss", "space"),
            ("next-button", "delete"),
            ("accept", "ctrl-u"),
            ("redraw", "backspace"),
            ("suspend", "home"),
        ] {
            let told = refusals(&[(id, &[key])]);
            assert!(told.len() == 1 && told[0].1.contains("is needed to type"), "{id} {key}: {told:?}");
        }
        assert_eq!(refusals(&[("accept", &["enter", "ctrl-g", "f2"])]), []);
    }

    #[test]
    fn each_other_mistake_says_what_to_do() {
        for (id, keys, words) in [
            ("tik", &["x"] as &[&str], "did you mean \"tick\""),
            ("zzz", &["x"], "no action is called \"zzz\""),
            ("quit", &["wat"], "ctrl-r, alt-x, shift-up"),
            ("quit", &["ctrl-i"], "write tab"),
        ] {
            let told = refusals(&[(id, keys)]);
            assert!(told.len() == 1 && told[0].1.contains(words), "{told:?}");
        }
        assert!(refusals(&[("copy", &["z"]), ("copy", &["Z"])])[0].1.contains("in one list"));
        assert_eq!(refusals(&[("tik", &["x"]), ("quit", &["wat"])]).len(), 2, "all are told");
    }

    #[test]
    fn keys_can_be_rebound_and_unbound() {
        let map = Keymap::with(&[("quit", vec!["ctrl-q".into()]), ("copy", vec![])]).unwrap();
        let scopes = Layer::Review.scopes();
        assert_eq!(map.action(scopes, Key::ctrl('q')), Some(Action::Quit));
        assert_eq!(map.action(scopes, Key::char('q')), None);
        assert_eq!(map.action(scopes, Key::char('y')), None);
        assert_eq!(map.spell("Press <quit>, or <copy>: 1 < 2"), "Press ctrl-q, or :copy: 1 < 2");
        assert_eq!((map.way(Action::Quit), map.way(Action::Copy)), ("ctrl-q".into(), ":copy".into()));
    }
}
