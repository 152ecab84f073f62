//! Captures that people keep are read and written as they are today.

use dashstream_examples::capture::Record;
use dashstream_testkit::frozen::{Frozen, check};

#[test]
fn the_lines_of_a_capture_are_frozen() {
    let records = [
        Record::new(0, 41, Some(1_760_000_000_000)).with_bytes(Some(b"thread-1"), Some(&[0, 10])),
        Record::new(3, i64::MAX, None).with_bytes(None, None),
        Record::new(1, 0, Some(-1)).with_bytes(Some(b""), Some(b"")),
    ];
    let mut file = Vec::new();
    for record in &records {
        record.write(&mut file).unwrap();
    }
    let read: Vec<_> = Record::read(file.as_slice()).map(Result::unwrap).collect();
    assert_eq!(read, records);
    let text = String::from_utf8(file).unwrap();
    let lines: Vec<_> = text.lines().map(str::to_owned).collect();
    check(
        &Frozen {
            manifest_dir: env!("CARGO_MANIFEST_DIR"),
            file: "tests/frozen/capture.txt",
            about: "The lines of a capture: a usual record, one with nothing, one with empty bytes.",
            test: "-p dashstream-examples frozen",
        },
        &lines,
    );
}
