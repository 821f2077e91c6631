//! How the screen looks and which keys it knows: flags stand above the settings, which stand above what the
//! terminal and the environment tell.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use super::{
    args::{Global, Screen, When},
    print::Failure,
};
use crate::{
    domain::text::nearest,
    settings::{self, Bell, Fault, Settings, SettingsError, location},
    system::environment,
    tui::{
        Alert,
        keymap::Keymap,
        message::Background,
        model::Look,
        theme::{Styles, Theme, own},
    },
};

/// A theme is a page of text.
const LARGEST: u64 = 1 << 16;

const WAY_OUT: &str = "Mend it, or start with --theme dark.";

/// What the screen is to look like, and how it calls.
pub struct AtHome {
    pub look: Look,
    pub on_light: Option<Styles>,
    pub keymap: Keymap,
    pub mouse: bool,
    pub alert: Alert,
}

/// `[keys]` as the screen understands it; every mistake with its place.
pub fn keymap(settings: &Settings) -> Result<Keymap, SettingsError> {
    let bindings: Vec<(&str, Vec<String>)> =
        settings.keys.iter().map(|line| (line.action.value.as_str(), line.keys.clone())).collect();
    Keymap::with(&bindings).map_err(|mistakes| {
        let fault =
            |(at, mistake): &(usize, _)| settings.keys[*at].action.fault(ToString::to_string(mistake));
        SettingsError::Faults(mistakes.iter().map(fault).collect())
    })
}

/// Everything that a person may wish for about the screen.
pub fn at_home(settings: Option<&Settings>, global: &Global, screen: &Screen) -> Result<AtHome, Failure> {
    if !screen.plain && environment::variable("TERM").as_deref() == Some("dumb") {
        return Err(Failure::usage(
            "nothing can be drawn on this terminal: it calls itself dumb (TERM=dumb)",
            "Use another terminal, `mothball --plain`, which prints lines, or `mothball run`, which needs none.",
        ));
    }
    // Plain lines need no theme, so a broken one does not keep them from being printed.
    let no_color = screen.plain
        || global.color == When::Never
        || (global.color == When::Auto && environment::no_color());
    let (styles, on_light) = if no_color {
        (Styles::from(Theme::Mono), None)
    } else {
        let folder = themes_folder(settings, global);
        styles(&wanted(settings, screen), folder.as_deref())
            .map_err(|fault| Failure::usage(fault, WAY_OUT))?
    };
    let ui = settings.map(|settings| settings.ui.clone()).unwrap_or_default();
    let ascii = screen.ascii || ui.ascii.unwrap_or_else(is_locale_without_unicode);
    Ok(AtHome {
        look: Look::new(styles, ascii),
        on_light,
        keymap: settings
            .map_or_else(|| Ok(Keymap::default()), keymap)
            .map_err(|error| Failure::usage(error.to_string(), ""))?,
        mouse: !screen.no_mouse && ui.mouse.unwrap_or(true),
        alert: alert(ui.bell),
    })
}

/// What is wrong with the theme of the settings, for `doctor`: runs without a screen do not need it.
pub fn theme_trouble(settings: &Settings, global: &Global) -> Option<String> {
    let settings = Some(settings);
    let wanted = wanted(settings, &Screen::default());
    styles(&wanted, themes_folder(settings, global).as_deref()).err()
}

/// The theme that was asked for, and by whom.
struct Wanted<'a> {
    name: String,
    /// Where paths begin: flags begin in the working directory, settings at their file.
    base: PathBuf,
    written: Option<&'a settings::Placed<String>>,
}

fn wanted<'a>(settings: Option<&'a Settings>, screen: &Screen) -> Wanted<'a> {
    let asked = settings.filter(|_| screen.theme.is_none());
    let written = asked.and_then(|settings| settings.ui.theme.as_ref());
    let name = screen.theme.clone().or_else(|| written.map(|written| written.value.clone()));
    let base = asked.map(|settings| settings.path.clone()).unwrap_or_default();
    Wanted { name: name.unwrap_or_else(|| "auto".to_owned()), base, written }
}

/// The styles, and those to change to if the background turns out to be light.
fn styles(wanted: &Wanted<'_>, folder: Option<&Path>) -> Result<(Styles, Option<Styles>), String> {
    if wanted.name == "auto" {
        return Ok(match background() {
            Some(Background::Light) => (Theme::Light.into(), None),
            Some(Background::Dark) => (Theme::Dark.into(), None),
            // Linux's own console is dark and answers no such question.
            None if environment::variable("TERM").as_deref() == Some("linux") => (Theme::Dark.into(), None),
            None => (Theme::Dark.into(), Some(Theme::Light.into())),
        });
    }
    if let Some(theme) = Theme::named(&wanted.name) {
        return Ok((theme.into(), None));
    }
    let styles = own_theme(wanted, folder)?;
    if has_true_colour() {
        return Ok((styles, None));
    }
    let styles = styles.indexed();
    match styles.fault() {
        None => Ok((styles, None)),
        Some((meaning, what)) => Err(format!(
            "the theme \"{}\" cannot be used on a terminal without true colour (COLORTERM does not name it): with the nearest of its 256 colours, {}: {what}",
            wanted.name,
            meaning.name()
        )),
    }
}

/// What the environment tells of the background; the terminal itself is asked once it is ours.
fn background() -> Option<Background> {
    Background::of_variable(&environment::variable("COLORFGBG")?)
}

fn own_theme(wanted: &Wanted<'_>, folder: Option<&Path>) -> Result<Styles, String> {
    let is_path =
        wanted.name.contains('/') || Path::new(&wanted.name).extension().is_some_and(|end| end == "toml");
    let path = match folder {
        _ if is_path => location::resolve(&wanted.name, &wanted.base),
        Some(folder) => folder.join(format!("{}.toml", wanted.name)),
        None => return Err(unknown(wanted, None)),
    };
    let text = match read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound && !is_path => return Err(unknown(wanted, folder)),
        Err(error) => {
            return Err(at_setting(wanted, &format!("the theme {} cannot be read: {error}", path.display())));
        }
    };
    own::read(&text).map_err(|mistakes| {
        let faults = mistakes.into_iter().map(|mistake| Fault {
            path: path.clone(),
            line: mistake.line,
            column: mistake.column,
            key: mistake.key,
            what: mistake.what,
        });
        SettingsError::Faults(faults.collect()).to_string()
    })
}

fn read(path: &Path) -> std::io::Result<String> {
    if std::fs::metadata(path)?.len() > LARGEST {
        return Err(std::io::Error::other("it is larger than a theme"));
    }
    std::fs::read_to_string(path)
}

/// No such theme: which there are, and where one's own would lie.
fn unknown(wanted: &Wanted<'_>, folder: Option<&Path>) -> String {
    let files = folder.and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    let own = files.filter_map(|file| {
        let path = file.path();
        let name = path.file_stem()?.to_str()?.to_owned();
        (path.extension()? == "toml").then_some(name)
    });
    let mut names: Vec<String> = ["auto".to_owned()]
        .into_iter()
        .chain(Theme::ALL.map(|theme| theme.name().to_owned()))
        .chain(own)
        .collect();
    names[Theme::ALL.len() + 1..].sort();
    let near = nearest(&wanted.name, names.iter().map(String::as_str));
    let hint = near.map_or_else(|| ".".to_owned(), |name| format!("; did you mean \"{name}\"?"));
    let place = folder.map(|folder| format!("; your own lie in {} as NAME.toml", folder.display()));
    let what = format!(
        "there is no theme \"{}\"{hint} There are {}{}",
        wanted.name,
        names.join(", "),
        place.unwrap_or_default()
    );
    at_setting(wanted, &what)
}

/// With the place in the settings, if it was asked for there.
fn at_setting(wanted: &Wanted<'_>, what: &str) -> String {
    wanted.written.map_or_else(|| what.to_owned(), |written| written.fault(what).to_string())
}

/// `themes/` beside the settings file; the demo has no settings file, but a person has their place.
fn themes_folder(settings: Option<&Settings>, global: &Global) -> Option<PathBuf> {
    let file = match settings {
        Some(settings) if settings.path.is_file() => settings.path.clone(),
        _ => location::settings_file(global.config.as_deref()).ok()?,
    };
    Some(file.parent()?.join("themes"))
}

fn has_true_colour() -> bool {
    environment::variable("COLORTERM")
        .is_some_and(|term| term.contains("truecolor") || term.contains("24bit"))
}

/// Whether the locale names an encoding that is not Unicode. A terminal that says nothing about it most likely
/// can do it.
fn is_locale_without_unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(environment::variable);
    locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        !locale.contains("utf-8") && !locale.contains("utf8")
    })
}

/// Which of the ways to call this terminal understands. Multiplexers pass on a bell, but no notices.
fn alert(bell: Bell) -> Alert {
    let term = environment::variable("TERM").unwrap_or_default();
    match bell {
        Bell::None => Alert::None,
        Bell::Bell => Alert::Bell,
        Bell::Notify if ["tmux", "screen"].iter().any(|name| term.starts_with(name)) => Alert::Bell,
        Bell::Notify if ["foot", "rxvt"].iter().any(|name| term.starts_with(name)) => Alert::Osc777,
        Bell::Notify if environment::variable("VTE_VERSION").is_some() => Alert::Osc777,
        Bell::Notify => Alert::Osc9,
    }
}
