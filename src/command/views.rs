//! How Review was looked at, kept in the data directory for the next session. It is a convenience: a file that cannot
//! be read or written costs a line in the log and nothing else. What is ticked is never in it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{system::files::write_atomically, tui::desk::View};

/// Nobody's view is larger; a file that is was not written by us.
const MOST: u64 = 1 << 20;

/// The file, with what it says.
#[derive(Debug, Clone)]
pub struct Views {
    path: PathBuf,
    kept: Kept,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    version: u32,
    last_profile: Option<String>,
    profiles: BTreeMap<String, View>,
}

const VERSION: u32 = 1;

impl Views {
    /// Those kept in a data directory; none, if there is no file or it is not one of ours.
    pub fn in_folder(data_dir: &Path) -> Self {
        let path = data_dir.join("view.json");
        let kept = match read(&path) {
            Ok(kept) => kept.unwrap_or_default(),
            Err(why) => {
                tracing::warn!(path = %path.display(), why, "how Review was looked at is not known: this file is not used");
                Kept::default()
            }
        };
        Self { path, kept }
    }

    pub fn view_of(&self, profile: &str) -> Option<View> {
        self.kept.profiles.get(profile).cloned()
    }

    pub fn last_profile(&self) -> Option<String> {
        self.kept.last_profile.clone()
    }

    /// Keeps the view of a profile, which is then the last one.
    pub fn keep(mut self, profile: &str, view: View) {
        self.kept.version = VERSION;
        self.kept.last_profile = Some(profile.to_owned());
        self.kept.profiles.insert(profile.to_owned(), view);
        let written = serde_json::to_vec_pretty(&self.kept)
            .map_err(std::io::Error::other)
            .and_then(|content| write_atomically(&self.path, &content));
        if let Err(error) = written {
            tracing::warn!(path = %self.path.display(), %error, "how Review was looked at was not kept");
        }
    }
}

fn read(path: &Path) -> Result<Option<Kept>, String> {
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
        Ok(file) if !file.is_file() => return Err("it is not a file".to_owned()),
        Ok(file) if file.len() > MOST => return Err("it is too large".to_owned()),
        Ok(_) => {}
    }
    let content = std::fs::read(path).map_err(|error| error.to_string())?;
    let kept: Kept = serde_json::from_slice(&content).map_err(|error| error.to_string())?;
    if kept.version == VERSION { Ok(Some(kept)) } else { Err(format!("it is of version {}", kept.version)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::files::mode;

    fn view(filter: &str) -> View {
        View { filter: filter.into(), sort: "serial".into(), reverse: true, ..View::default() }
    }

    #[test]
    fn views_are_kept_for_each_profile_and_for_the_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Views::in_folder(folder.path()).view_of("main"), None);
        Views::in_folder(folder.path()).keep("main", view("srv"));
        Views::in_folder(folder.path()).keep("lab", view("fw"));
        let views = Views::in_folder(folder.path());
        assert_eq!(views.view_of("main"), Some(view("srv")));
        assert_eq!(views.last_profile().as_deref(), Some("lab"));
        assert_eq!(mode(&folder.path().join("view.json")).unwrap(), 0o600);
    }

    #[test]
    fn a_broken_or_foreign_file_is_not_used_and_is_replaced() {
        for content in
            ["", "{", "[]", "{\"version\":9,\"last_profile\":null,\"profiles\":{}}", "{\"mine\":1}", "\u{0}"]
        {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("view.json"), content).unwrap();
            let views = Views::in_folder(folder.path());
            assert_eq!((views.view_of("main"), views.last_profile()), (None, None), "{content}");
            views.keep("main", view("srv"));
            assert_eq!(Views::in_folder(folder.path()).view_of("main"), Some(view("srv")));
        }
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("view.json")).unwrap();
        Views::in_folder(folder.path()).keep("main", view("srv"));
        assert_eq!(Views::in_folder(folder.path()).view_of("main"), None, "a folder is left as it is");
    }
}
