use dashstream_testkit::frozen::{Frozen, check};

use super::*;

fn marks() -> CrashMarks {
    let mark = |handed_below, out, suspect| CrashMark {
        handed_below,
        out,
        suspect,
    };
    let suspect = Suspect {
        offset: 7,
        deaths: 2,
    };
    CrashMarks {
        topic: "t".to_owned(),
        group: "a group".to_owned(),
        partitions: BTreeMap::from([
            (0, mark(Some(1_000), Some(3), Some(suspect))),
            (1, mark(None, None, None)),
            (i32::MAX, mark(Some(i64::MAX), None, Some(suspect))),
        ]),
    }
}

#[test]
fn what_was_saved_is_loaded_and_nothing_else_is_read() {
    let folder = std::env::temp_dir();
    let path = folder.join(format!("dashstream-marks-{}", std::process::id()));
    let load = || CrashMarks::load(&path);
    assert_eq!(load(), Ok(CrashMarks::default()), "nothing is there");
    for marks in [marks(), CrashMarks::default(), marks()] {
        marks.save(&path).unwrap();
        assert_eq!(load(), Ok(marks));
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(
        marks().save(&folder.join("no-such-folder/marks")),
        Err(MarkerError::Io(io::ErrorKind::NotFound))
    );
}

#[test]
fn every_cut_and_every_changed_byte_is_refused_or_read_as_marks() {
    let whole = text(&marks());
    let read = |changed: &str| {
        if let Ok(marks) = parse(changed) {
            assert_eq!(parse(&text(&marks)), Ok(marks), "{changed:?}");
        }
    };
    for at in 0..whole.len() {
        read(whole.get(..at).unwrap());
        for byte in [0, b' ', b'-', b'9', b'\n', b'x'] {
            let mut bytes = whole.clone().into_bytes();
            bytes[at] = byte;
            read(core::str::from_utf8(&bytes).unwrap());
        }
    }
}

#[test]
fn a_line_that_this_version_does_not_write_is_named() {
    let with = |line: &str| parse(&format!("{FIRST}\nt\ng\n0 - - - 0\n{line}\n"));
    assert!(with("1 5 - 4 3").is_ok());
    for line in [
        "1 5 - 4",
        "1 5 - 4 3 2",
        "1 5 - - 3",
        "1 -5 - - 0",
        "x 5 - - 0",
        "1 5 - 4 -1",
        "",
    ] {
        assert_eq!(
            with(line),
            Err(MarkerError::Malformed { line: 5 }),
            "{line}"
        );
    }
    assert_eq!(parse("t\n"), Err(MarkerError::Malformed { line: 1 }));
    let headless = format!("{FIRST}\nt\n");
    assert_eq!(parse(&headless), Err(MarkerError::Malformed { line: 3 }));
}

#[test]
fn the_marker_file_is_frozen() {
    let mark = |handed_below, out, suspect| CrashMark {
        handed_below,
        out,
        suspect,
    };
    let suspect = Some(Suspect {
        offset: 7,
        deaths: 2,
    });
    let marks = CrashMarks {
        topic: "topic".to_owned(),
        group: "group".to_owned(),
        partitions: BTreeMap::from([
            (0, mark(Some(1_000), Some(3), suspect)),
            (1, mark(None, None, None)),
            (2, mark(Some(i64::MAX), None, suspect)),
        ]),
    };
    let written = text(&marks);
    assert_eq!(parse(&written), Ok(marks));
    let lines: Vec<_> = written.lines().map(str::to_owned).collect();
    check(
        &Frozen {
            manifest_dir: env!("CARGO_MANIFEST_DIR"),
            file: "tests/frozen/crash_marks.txt",
            about: "The file of crash marks, line by line, as the next process reads it.",
            test: "-p dashstream-kafka frozen",
        },
        &lines,
    );
}
