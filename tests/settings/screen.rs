//! `[ui]` and `[keys]`.

use mothball::{
    settings::{Bell, SettingsError},
    tui::keymap::Keymap,
};

use super::{GOOD, parse};

const EXAMPLE: &str = include_str!("../../config.example.toml");

fn fault(more: &str) -> String {
    match parse(&format!("{GOOD}{more}\n")) {
        Err(SettingsError::Faults(faults)) => {
            assert_eq!(faults.len(), 1, "{faults:?}");
            faults[0].to_string()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_wished_is_taken() {
    let text = format!(
        "{GOOD}[ui]\ntheme = \"nord\"\nascii = true\nmouse = false\nbell = \"notify\"\n[keys]\ntick = [\"space\", \"f2\"]\nopen-plan = \"enter\"\nquit = []\n"
    );
    let settings = parse(&text).unwrap();
    assert_eq!(settings.ui.theme.as_ref().unwrap().value, "nord");
    assert_eq!(
        (settings.ui.ascii, settings.ui.mouse, settings.ui.bell),
        (Some(true), Some(false), Bell::Notify)
    );
    let keys: Vec<(&str, usize)> =
        settings.keys.iter().map(|line| (line.action.value.as_str(), line.keys.len())).collect();
    assert_eq!(keys, [("tick", 2), ("open-plan", 1), ("quit", 0)], "in the order of the file");
    let place = settings.keys[1].action.fault("wrong").to_string();
    assert_eq!(place, "/etc/mothball/config.toml:19:1: keys.open-plan: wrong");
}

#[test]
fn nothing_wished_is_nothing_said() {
    for text in [GOOD.to_owned(), format!("{GOOD}[ui]\nascii = \"auto\"\n[keys]\n")] {
        let settings = parse(&text).unwrap();
        assert_eq!(settings.ui, mothball::settings::UiSettings::default());
        assert!(settings.keys.is_empty());
    }
}

#[test]
fn each_mistake_is_told_with_its_place() {
    for (more, place, words) in [
        ("[ui]\nbell = \"loud\"", "13:8: ui.bell", "\"none\", \"bell\", \"notify\""),
        ("[ui]\nascii = \"maybe\"", "13:9: ui.ascii", "\"auto\", true or false"),
        ("[ui]\nthemes = \"dark\"", "13:1: ui.themes", "did you mean \"theme\""),
        ("[keys]\ntick = 3", "13:8: keys.tick", "a list of texts"),
        ("[keys]\ntick = [\"space\", 3]", "13:8: keys.tick", "a list of texts"),
        ("keys = 3", "12:1: profiles.main.offboarded.keys", "unknown key"),
    ] {
        let told = fault(more);
        assert!(told.contains(place) && told.contains(words), "{more}\n{told}");
    }
}

#[test]
fn the_example_lists_every_action_with_its_keys() {
    let block = Keymap::example();
    assert!(EXAMPLE.contains(&block), "config.example.toml should have this block:\n{block}");
    let on: String =
        block.lines().map(|line| line.strip_prefix('#').unwrap_or(line).to_owned() + "\n").collect();
    let settings = parse(&format!("{GOOD}{on}")).unwrap();
    let bindings: Vec<(&str, Vec<String>)> =
        settings.keys.iter().map(|line| (line.action.value.as_str(), line.keys.clone())).collect();
    let map = Keymap::with(&bindings).unwrap_or_else(|told| panic!("{told:?}"));
    assert_eq!(map.markdown(), Keymap::default().markdown());
}
