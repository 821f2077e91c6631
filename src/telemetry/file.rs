//! The log file: readable by its owner alone, and bounded. When it is full it becomes `mothball.log.1`, and so on.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::system::files;

/// The file's name in the data directory.
pub const NAME: &str = "mothball.log";

/// A file that is larger is put aside.
const LARGEST: u64 = 5 << 20;

/// Files that are put aside before the oldest is deleted.
const KEPT: u32 = 4;

#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: File,
    largest: u64,
}

impl LogFile {
    pub fn open(folder: &Path) -> io::Result<Self> {
        Self::open_with(folder, LARGEST)
    }

    fn open_with(folder: &Path, largest: u64) -> io::Result<Self> {
        files::create_private_folder(folder)?;
        let path = folder.join(NAME);
        let file = files::open_private(&path)?;
        Ok(Self { path, file, largest })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes one line in one piece, so that those of several processes do not mix, and unbuffered, so that it is
    /// there whatever happens next.
    pub fn write(&mut self, line: &str) -> io::Result<()> {
        if self.file.metadata()?.len() + line.len() as u64 > self.largest {
            self.turn()?;
        }
        self.file.write_all(line.as_bytes())
    }

    fn turn(&mut self) -> io::Result<()> {
        let ours = self.file.metadata()?;
        // Another process may have put the file aside already; then its new one is ours, too.
        let is_ours = fs::metadata(&self.path)
            .is_ok_and(|there| (there.dev(), there.ino()) == (ours.dev(), ours.ino()));
        if is_ours {
            let aside = |n: u32| self.path.with_file_name(format!("{NAME}.{n}"));
            for n in (1..KEPT).rev() {
                match fs::rename(aside(n), aside(n + 1)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            fs::rename(&self.path, aside(1))?;
        }
        self.file = files::open_private(&self.path)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_private_and_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = LogFile::open_with(folder.path(), 100).unwrap();
        let mut second = LogFile::open_with(folder.path(), 100).unwrap();
        for n in 0..100 {
            let log = if n % 3 == 0 { &mut second } else { &mut log };
            log.write(&format!("line {n:03} of the log, thirty\n")).unwrap();
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(files::mode(&path).unwrap(), 0o600);
            assert!(fs::metadata(&path).unwrap().len() <= 130);
            names.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
        names.sort();
        assert_eq!(
            names,
            ["mothball.log", "mothball.log.1", "mothball.log.2", "mothball.log.3", "mothball.log.4"]
        );
        assert!(fs::read_to_string(log.path()).unwrap().contains("line 099"));
    }
}
