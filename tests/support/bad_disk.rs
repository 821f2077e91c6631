//! The real binary on a disk that fails (`bad_disk.c`, loaded before the C library), and what a power cut could have left
//! of the files that it wrote.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use rand::{Rng, rngs::StdRng};

/// The library, built with the C compiler that is there; `None`, and a line that says so, where there is none.
pub fn library() -> Option<&'static Path> {
    static LIBRARY: OnceLock<Option<PathBuf>> = OnceLock::new();
    let built = LIBRARY.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/bad_disk.c");
        let library =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bad_disk.{}.so", std::process::id()));
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"])
            .arg(&library)
            .arg(&source)
            .args(["-ldl", "-lpthread"])
            .status();
        match built {
            Ok(status) if status.success() => Some(library),
            Ok(status) => panic!("{} cannot be built: {status}", source.display()),
            Err(error) => {
                crate::support::say(&format!(
                    "NOT TESTED: a disk that fails needs a C compiler, and `cc` cannot be started: {error}"
                ));
                None
            }
        }
    });
    built.as_deref()
}

/// What the disk does, for one life of the program.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fault {
    /// The operation that fails, counted from 1; 0 for none.
    pub at: u64,
    /// Whether all after it fail, too.
    pub lasting: bool,
}

/// Puts the disk under a command: it sees what happens to files whose path begins with `prefix`, and writes it down in
/// `log`.
pub fn put_under(command: &mut Command, library: &Path, prefix: &Path, log: &Path, fault: Fault) {
    command
        .env("LD_PRELOAD", library)
        .env("BAD_DISK_PREFIX", prefix)
        .env("BAD_DISK_LOG", log)
        .env("BAD_DISK_BYTES", "1")
        .env("BAD_DISK_FAIL_AT", fault.at.to_string());
    if fault.lasting {
        command.env("BAD_DISK_LASTING", "1");
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Open,
    Write,
    Truncate,
    Sync,
    Rename,
    Unlink,
}

/// One operation, as the disk saw it.
#[derive(Debug, Clone)]
pub struct Operation {
    pub what: What,
    /// Whether it was done; of a write that was cut short, `bytes` holds what was taken.
    pub done: bool,
    pub offset: usize,
    pub bytes: Vec<u8>,
    /// When it returned, in milliseconds since 1970.
    pub at: i64,
    pub path: PathBuf,
}

/// What was written down, in the order in which it happened.
pub fn read_log(log: &Path) -> Vec<Operation> {
    let text = fs::read(log).unwrap_or_default();
    let mut rest = text.as_slice();
    let mut operations = Vec::new();
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let line = std::str::from_utf8(&rest[..end]).expect("a line of the log is text");
        rest = &rest[end + 1..];
        let parts: Vec<&str> = line.splitn(7, ' ').collect();
        let [_, what, result, offset, length, at, path] = parts[..] else {
            panic!("no line of the log: {line}")
        };
        let (result, length): (i64, usize) = (result.parse().unwrap(), length.parse().unwrap());
        let what = match what {
            "open" => What::Open,
            "write" => What::Write,
            "truncate" => What::Truncate,
            "sync" => What::Sync,
            "rename" => What::Rename,
            "unlink" => What::Unlink,
            other => panic!("no operation: {other}"),
        };
        let mut bytes = Vec::new();
        if what == What::Write && result > 0 {
            // The program may end while the disk writes this down: the last operation is then as good as not begun.
            if rest.len() <= length {
                break;
            }
            bytes = rest[..length.min(result as usize)].to_vec();
            rest = &rest[length + 1..];
        }
        operations.push(Operation {
            what,
            done: result >= 0,
            offset: offset.parse().unwrap(),
            bytes,
            at: at.parse().unwrap(),
            path: PathBuf::from(path),
        });
    }
    operations
}

/// Files by path, with what is in them.
pub type Files = BTreeMap<PathBuf, Vec<u8>>;

/// The files of the store, as a power cut leaves them: what was synced is there, and of the rest whatever the disk had
/// got round to.
#[derive(Debug, Clone, Default)]
pub struct Remains {
    files: BTreeMap<PathBuf, File>,
}

#[derive(Debug, Clone, Default)]
struct File {
    /// Certainly on the disk. `None` for a file that is not there.
    safe: Option<Vec<u8>>,
    /// Done since the last sync.
    pending: Vec<Operation>,
}

impl Remains {
    /// No store in `folder` yet.
    pub fn none(folder: &Path) -> Self {
        let names = ["mothball.db", "mothball.db-wal"];
        Self { files: names.map(|name| (folder.join(name), File::default())).into() }
    }

    /// The store in `folder` as it is, all of it safe.
    pub fn of(folder: &Path) -> Self {
        let mut remains = Self::none(folder);
        for (path, file) in &mut remains.files {
            file.safe = fs::read(path).ok();
        }
        remains
    }

    /// One more operation. The shared memory of SQLite is made anew after a cut, and of no concern here.
    pub fn happens(&mut self, operation: &Operation) {
        let Some(file) = self.files.get_mut(&operation.path) else { return };
        if !operation.done {
            return;
        }
        match operation.what {
            What::Sync => {
                for one in std::mem::take(&mut file.pending) {
                    file.apply(&one, usize::MAX);
                }
            }
            What::Open if file.safe.is_some() => {}
            _ => file.pending.push(operation.clone()),
        }
    }

    /// How many operations the disk has not been made to finish.
    pub fn pending(&self) -> usize {
        self.files.values().map(|file| file.pending.len()).sum()
    }

    /// What was synced, and nothing else.
    pub fn at_worst(&self) -> Files {
        self.files.iter().filter_map(|(path, file)| Some((path.clone(), file.safe.clone()?))).collect()
    }

    /// All that was done, synced or not.
    pub fn at_best(&self) -> Files {
        let mut all = self.clone();
        for file in all.files.values_mut() {
            for operation in std::mem::take(&mut file.pending) {
                file.apply(&operation, usize::MAX);
            }
        }
        all.at_worst()
    }

    /// What was synced, and of the rest some: whole, torn after any number of bytes, or not at all, the later ones no
    /// less likely than the earlier ones.
    pub fn by_chance(&self, dice: &mut StdRng) -> Files {
        let kept = dice.random_range(0.0..=1.0);
        let mut files = self.files.clone();
        for file in files.values_mut() {
            for operation in std::mem::take(&mut file.pending) {
                if dice.random_bool(kept) {
                    let whole = operation.bytes.len();
                    let torn = dice.random_bool(0.3) && whole > 1;
                    file.apply(&operation, if torn { dice.random_range(1..whole) } else { usize::MAX });
                }
            }
        }
        Self { files }.at_worst()
    }
}

impl File {
    fn apply(&mut self, operation: &Operation, at_most: usize) {
        match operation.what {
            What::Open => drop(self.safe.get_or_insert_default()),
            What::Write => {
                let content = self.safe.get_or_insert_default();
                let bytes = &operation.bytes[..operation.bytes.len().min(at_most)];
                let end = operation.offset + bytes.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[operation.offset..end].copy_from_slice(bytes);
            }
            What::Truncate => self.safe.get_or_insert_default().resize(operation.offset, 0),
            What::Unlink => self.safe = None,
            What::Sync | What::Rename => {}
        }
    }
}

/// Puts files into another folder under their own names.
pub fn lay_out(files: &Files, folder: &Path) {
    for (path, content) in files {
        let name = path.file_name().expect("a file has a name");
        fs::write(folder.join(name), content).expect("the folder can be written");
    }
}
