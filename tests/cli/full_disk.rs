//! The real binary on a disk that really is full: a small file system of its own, and a limit of the size of files.

use std::{path::Path, process::Command};

use super::bad_disk::Bench;
use crate::support::bad_disk::{self, Fault};

/// The program started by a shell that prepares something first. What is loaded before the C library is for the program
/// alone.
fn by_shell(program: &Command, script: &str) -> Command {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("preload=$LD_PRELOAD; unset LD_PRELOAD; {script}")])
        .arg(program.get_program());
    shell.args(program.get_args()).stdin(std::process::Stdio::null());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

/// The data directory becomes a file system of so many KiB that is gone with the program; what was in it is copied out
/// at the end.
fn on_a_small_disk(program: &Command, untouched: &Path, kib: usize) -> Command {
    let script = format!(
        "mount -t tmpfs -o size={kib}k none \"$BAD_DISK_PREFIX\" || exit 97
         cp {untouched}/mothball.* \"$BAD_DISK_PREFIX\" || exit 97
         LD_PRELOAD=$preload \"$0\" \"$@\"; code=$?
         mkdir $BAD_DISK_PREFIX.kept; cp -a $BAD_DISK_PREFIX/. $BAD_DISK_PREFIX.kept; exit $code",
        untouched = untouched.display()
    );
    let inner = by_shell(program, &script);
    let mut own = Command::new("unshare");
    own.args(["--mount", "--map-root-user", "--"]).arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => own.env(name, value),
            None => own.env_remove(name),
        };
    }
    own
}

fn may_mount() -> bool {
    let tried = Command::new("unshare")
        .args(["--mount", "--map-root-user", "--", "sh", "-c", "mount -t tmpfs -o size=64k none /mnt"])
        .output();
    let may = tried.as_ref().is_ok_and(|tried| tried.status.success());
    if !may {
        crate::support::say(&format!(
            "NOT TESTED: a small file system needs `unshare` and the right to mount: {tried:?}"
        ));
    }
    may
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_file_system_nothing_is_sent_that_is_not_safe_and_the_run_goes_on_when_there_is_space() {
    if bad_disk::library().is_none() || !may_mount() {
        return;
    }
    let mut bench = Bench::new("connectwise", 12).await;
    let mut ended_early = 0;
    for kib in (220..=620).step_by(50) {
        let life =
            bench.life_in(Fault::default(), |program, untouched| on_a_small_disk(&program, untouched, kib));
        let life = life.await;
        let kept = life.data.path().with_extension("kept");
        for entry in std::fs::read_dir(&kept).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                std::fs::copy(entry.path(), life.data.path().join(entry.file_name())).unwrap();
            }
        }
        std::fs::remove_dir_all(&kept).unwrap();
        let name = format!("a disk of {kib} KiB");
        bench.check(&life, &name).await;
        bench.resume(&life, &name).await;
        if life.ended.code != 0 {
            ended_early += 1;
            let told = &life.ended.stderr;
            assert!(told.contains("no space") || told.contains("No space"), "{name}: {told}");
        }
    }
    crate::support::say(&format!("a small file system: 9 sizes, {ended_early} ended early"));
    assert!((2..=8).contains(&ended_early), "{ended_early} of 9 were too small");
    bench.program.checked_by_life();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_may_not_grow_stops_the_run_like_a_full_disk() {
    if bad_disk::library().is_none() {
        return;
    }
    let mut bench = Bench::new("connectwise", 12).await;
    let mut ended_early = 0;
    // In the shell's blocks, of 512 or 1024 bytes; the journal of such a run takes about 340 KiB. The limit is the
    // program's alone: what it did is written down by another process, behind a pipe.
    for blocks in (100..=340).step_by(40) {
        let script = format!(
            "pipe=$BAD_DISK_LOG.pipe; mkfifo \"$pipe\"; cat \"$pipe\" > \"$BAD_DISK_LOG\" & log=$!
             (ulimit -f {blocks}; export BAD_DISK_LOG=\"$pipe\"; LD_PRELOAD=$preload exec \"$0\" \"$@\"); code=$?
             wait $log; rm \"$pipe\"; exit $code"
        );
        let life = bench.life_in(Fault::default(), |program, _| by_shell(&program, &script)).await;
        let name = format!("files of {blocks} blocks");
        bench.check(&life, &name).await;
        bench.resume(&life, &name).await;
        ended_early += u32::from(life.ended.code != 0);
    }
    crate::support::say(&format!("a limit of the size of files: 7 limits, {ended_early} ended early"));
    assert!(ended_early >= 4, "{ended_early} of 7 were stopped");
    bench.program.checked_by_life();
}
