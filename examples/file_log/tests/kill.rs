//! Killed at ten random points, and started again each time: nothing is lost and no poison is passed.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits for another process"
)]

use core::time::Duration;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;

const GOOD: &[u8] = b"\0\x0a\x07\x0a\x05\x22\x01t\x28\x01";
const RECORDS: u64 = 2_000;

fn is_poison(at: u64) -> bool {
    at % 7 == 3
}

fn folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("file-log-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn consumer(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dashstream-file-log"));
    let files = ["log", "offset", "letters", "done"];
    command.args(files.map(|file| folder.join(file)));
    command.stdout(Stdio::piped());
    command
}

/// The offsets at the beginning of the whole lines.
fn offsets(file: &Path) -> Vec<u64> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let first = |line: &str| line.split(' ').next().unwrap().parse().unwrap();
    whole.lines().map(first).collect()
}

fn stored(folder: &Path) -> u64 {
    let text = fs::read_to_string(folder.join("offset")).unwrap_or_default();
    // Killed right after it made the file.
    if text.is_empty() {
        0
    } else {
        text.parse().unwrap()
    }
}

#[test]
fn ten_kills_lose_nothing_and_pass_no_poison() {
    let folder = folder();
    let mut log = Vec::new();
    for at in 0..RECORDS {
        let value = if is_poison(at) {
            b"poison".as_slice()
        } else {
            GOOD
        };
        log.extend(u32::try_from(value.len()).unwrap().to_be_bytes());
        log.extend(value);
    }
    // The last one is not yet whole.
    log.extend([0, 0, 0, 9, 0]);
    fs::write(folder.join("log"), log).unwrap();

    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    let mut interrupted = 0;
    for _ in 0..10 {
        let before = stored(&folder);
        let mut process = consumer(&folder).spawn().unwrap();
        seed = seed.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
        sleep(Duration::from_micros(seed >> 50));
        // SIGKILL: nothing of the process runs any more.
        process.kill().unwrap();
        let _status = process.wait().unwrap();
        let after = stored(&folder);
        interrupted += u32::from(after < RECORDS);
        assert!(
            before <= after,
            "the offset went back from {before} to {after}"
        );
        // Whatever the offset has passed is in one of the files.
        let letters: BTreeSet<_> = offsets(&folder.join("letters")).into_iter().collect();
        let done: BTreeSet<_> = offsets(&folder.join("done")).into_iter().collect();
        for at in 0..after {
            let (kept, other) = if is_poison(at) {
                (&letters, &done)
            } else {
                (&done, &letters)
            };
            assert!(
                kept.contains(&at) && !other.contains(&at),
                "{at} of {after}"
            );
        }
    }
    assert!(interrupted > 0, "every kill came too late");
    let ended = consumer(&folder).output().unwrap();
    assert!(ended.status.success());
    let said = String::from_utf8(ended.stdout).unwrap();
    assert!(said.starts_with(&format!("{RECORDS} ")), "{said}");
    assert_eq!(stored(&folder), RECORDS);
    let again = offsets(&folder.join("done")).len() + offsets(&folder.join("letters")).len();
    assert!(again >= usize::try_from(RECORDS).unwrap());
    fs::remove_dir_all(folder).unwrap();
}
