//! Reports as files for the screen, and the completion of paths that are typed there.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::super::deliver::is_folder;
use crate::{
    domain::{document::Report, text::visible},
    report::{
        self,
        export::{ExportError, export, file_name, sheets},
    },
    tui::desk::{Completion, SaveError, SaveRequest, Saved, Trouble},
};

/// More names than this help nobody to choose.
const MOST_NAMES: usize = 200;

pub(super) fn save(report: &Report, request: &SaveRequest) -> Result<Saved, SaveError> {
    let SaveRequest { wish, overwrite, .. } = request;
    let path = expanded(&request.path);
    let several = report.clients().len() > 1 && wish.client.is_none();
    if is_folder(&path) && several {
        let sheets = sheets(report, wish).map_err(|error| refused(&error))?;
        let there = sheets.iter().map(|sheet| path.join(&sheet.name)).find(|path| path.exists());
        if let Some(there) = there.filter(|_| !overwrite) {
            return Err(SaveError::Exists(there));
        }
        report::write_sheets(&sheets, &path).map_err(|error| failed(&error))?;
        return Ok(Saved { path, files: sheets.len() });
    }
    let text = export(report, wish).map_err(|error| refused(&error))?;
    let path = if is_folder(&path) { path.join(file_name(report, wish)) } else { path };
    if path.exists() && !overwrite {
        return Err(SaveError::Exists(path));
    }
    report::write_text(&text, &path).map_err(|error| failed(&error))?;
    Ok(Saved { path, files: 1 })
}

fn refused(error: &ExportError) -> SaveError {
    let advice = match error {
        ExportError::WhichClient { .. } => {
            "Choose one client, or end the path with / for a directory with one document per client."
        }
        ExportError::NoSuchClient { .. } => "Choose a client that is in it.",
        ExportError::NobodyToRead => "Choose internal: it is written for the house.",
    };
    SaveError::Failed(Trouble { message: error.to_string(), advice: advice.to_owned() })
}

fn failed(error: &report::WriteError) -> SaveError {
    let advice = "Name another place; the copy in the data directory is safe.".to_owned();
    SaveError::Failed(Trouble { message: error.to_string(), advice })
}

/// `~` and `~/…` as a shell has them.
fn expanded(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), directories::BaseDirs::new()) {
        (Ok(rest), Some(base)) if rest.as_os_str().is_empty() => base.home_dir().to_owned(),
        (Ok(rest), Some(base)) => {
            // `join` drops the slash at the end, which says that a directory is meant.
            let slash = if path.to_string_lossy().ends_with('/') { "/" } else { "" };
            PathBuf::from(format!("{}{slash}", base.home_dir().join(rest).display()))
        }
        _ => path.to_owned(),
    }
}

/// As far as what is typed is the beginning of one name, or of several that begin alike. The text is empty if nothing
/// there begins like this.
pub(super) fn complete(typed: &str) -> Completion {
    if typed == "~" {
        return Completion { text: "~/".to_owned(), names: Vec::new() };
    }
    let (folder, begun) = typed.rsplit_once('/').map_or(("", typed), |(folder, begun)| (folder, begun));
    let slash = if typed.contains('/') { "/" } else { "" };
    let place = match (folder, slash) {
        ("", "") => PathBuf::from("."),
        ("", _) => PathBuf::from("/"),
        (folder, _) => expanded(Path::new(folder)),
    };
    let mut names: Vec<String> = fs::read_dir(place)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            // What cannot be seen cannot be typed on from, either.
            let fits = name.starts_with(begun) && (begun.starts_with('.') || !name.starts_with('.'));
            let mark = if entry.path().is_dir() { "/" } else { "" };
            (fits && visible(&name) == name).then(|| format!("{name}{mark}"))
        })
        .collect();
    names.sort();
    let Some(common) = names.iter().cloned().reduce(|a, b| common(&a, &b)) else {
        return Completion::default();
    };
    if names.len() == 1 {
        names.clear();
    }
    names.truncate(MOST_NAMES);
    Completion { text: format!("{folder}{slash}{common}"), names }
}

fn common(a: &str, b: &str) -> String {
    a.chars().zip(b.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_completed_as_far_as_it_is_clear() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().display().to_string();
        for name in ["report-a.json", "report-b.json", ".hidden", "new\u{202e}line"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir(folder.path().join("tickets")).unwrap();
        let at = |typed: &str| complete(&format!("{root}/{typed}"));
        let several = at("re");
        assert_eq!(several.text, format!("{root}/report-"));
        assert_eq!(several.names, ["report-a.json", "report-b.json"]);
        assert_eq!(at("t"), Completion { text: format!("{root}/tickets/"), names: Vec::new() });
        assert_eq!(at("nothing"), Completion::default());
        assert_eq!(at(".h").text, format!("{root}/.hidden"));
        assert_eq!(
            at("").names,
            ["report-a.json", "report-b.json", "tickets/"],
            "hidden ones are not offered"
        );
        assert_eq!(at("new"), Completion::default(), "a name that hides something is not offered");
        assert_eq!(at("no/such/folder").text, "");
        assert_eq!(complete("~").text, "~/");
        assert_eq!(complete("/et").text, "/etc/");
    }

    #[test]
    fn home_is_where_the_tilde_is() {
        let home = directories::BaseDirs::new().unwrap().home_dir().to_owned();
        assert_eq!(expanded(Path::new("~")), home);
        assert_eq!(expanded(Path::new("~/a.html")), home.join("a.html"));
        assert!(expanded(Path::new("~/reports/")).to_string_lossy().ends_with("/reports/"));
        assert_eq!(expanded(Path::new("/tmp/~x")), Path::new("/tmp/~x"));
        assert_eq!(expanded(Path::new("~x")), Path::new("~x"));
    }
}
