//! The log file: mode 0600, one of at most 8 MiB and the one before it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::system::files::{create_private_file, create_private_folder};

const LIMIT: u64 = 8 * 1024 * 1024;

pub struct LogFile {
    path: PathBuf,
    file: File,
    size: u64,
}

pub fn open(folder: &Path) -> io::Result<LogFile> {
    create_private_folder(folder)?;
    let path = folder.join("mothball.log");
    create_private_file(&path)?;
    let file = OpenOptions::new().append(true).open(&path)?;
    let size = file.metadata()?.len();
    Ok(LogFile { path, file, size })
}

impl LogFile {
    /// Puts the full file aside, over the one before it, and begins a new one.
    fn turn(&mut self) -> io::Result<()> {
        fs::rename(&self.path, self.path.with_extension("log.1"))?;
        create_private_file(&self.path)?;
        self.file = OpenOptions::new().append(true).open(&self.path)?;
        self.size = 0;
        Ok(())
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.size > LIMIT {
            self.turn()?;
        }
        let written = self.file.write(bytes)?;
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_file_is_put_aside() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = open(folder.path()).unwrap();
        log.size = LIMIT + 1;
        log.write_all(b"next\n").unwrap();
        assert_eq!(fs::read(folder.path().join("mothball.log")).unwrap(), b"next\n");
        assert!(folder.path().join("mothball.log.1").exists());
        let mode = crate::system::files::mode(&folder.path().join("mothball.log")).unwrap();
        assert_eq!(mode, 0o600);
    }
}
