use dashstream_testkit::frozen::{Frozen, check};

use super::*;

fn records() -> [(LetterPlace, KafkaRecord); 4] {
    let record = |timestamp_ms, key: Option<&'static [u8]>, value: Option<&'static [u8]>| {
        let (key, value) = (key.map(Into::into), value.map(Into::into));
        let headers = Vec::new();
        KafkaRecord {
            key,
            value,
            headers,
            timestamp_ms,
        }
    };
    let mut with_headers = record(None, None, None);
    let headers = [("a", Some(&b"1"[..])), ("a", Some(b"")), ("", None)];
    let headers = headers.map(|(name, value)| (name.into(), value.map(Into::into)));
    with_headers.headers = headers.into();
    [
        (
            (0, 41),
            record(Some(1_760_000_000_000), Some(b"thread-1"), Some(&[0, 10])),
        ),
        ((3, i64::MAX), KafkaRecord::default()),
        ((1, 0), record(Some(-1), Some(b""), Some(b""))),
        ((2, 7), with_headers),
    ]
}

#[test]
fn what_was_written_is_read_back_and_null_stays_apart_from_empty() {
    let records = records();
    let mut file = Vec::new();
    for (place, record) in &records {
        write(*place, record, &mut file).unwrap();
    }
    let read: Vec<_> = read(file.as_slice()).collect::<io::Result<_>>().unwrap();
    assert_eq!(read, records);
}

#[test]
fn the_lines_of_a_capture_are_frozen() {
    let mut file = Vec::new();
    for (place, record) in records() {
        write(place, &record, &mut file).unwrap();
    }
    let text = String::from_utf8(file).unwrap();
    let lines: Vec<_> = text.lines().map(str::to_owned).collect();
    check(
        &Frozen {
            manifest_dir: env!("CARGO_MANIFEST_DIR"),
            file: "tests/frozen/capture.txt",
            about: "The lines of a capture: a usual record, one with nothing, one with empty bytes, one with headers.",
            test: "-p dashstream --features cli --bin dashstream frozen",
        },
        &lines,
    );
}

#[test]
fn a_damaged_line_is_named() {
    let good = br#"{"partition":0,"offset":0,"timestamp_ms":null,"key":null,"value":null}"#;
    let cases: [&[u8]; 8] = [
        b"",
        b"{}",
        br#"{"partition":0,"offset":0,"timestamp_ms":null,"key":null}"#,
        br#"{"partition":0,"offset":0,"timestamp_ms":null,"key":null,"value":"*"}"#,
        br#"{"partition":4294967296,"offset":0,"timestamp_ms":null,"key":null,"value":null}"#,
        br#"{"partition":0,"offset":0.5,"timestamp_ms":null,"key":null,"value":null}"#,
        br#"{"partition":0,"offset":0,"timestamp_ms":null,"key":null,"value":null,"headers":{}}"#,
        br#"{"partition":0,"offset":0,"timestamp_ms":null,"key":null,"value":null,"headers":[["a"]]}"#,
    ];
    for bad in cases {
        let file = [good.as_slice(), b"\n", bad, b"\n"].concat();
        let mut records = read(file.as_slice());
        assert!(records.next().unwrap().is_ok());
        let error = records.next().unwrap().unwrap_err();
        assert_eq!(error.to_string(), "line 2 is no record");
    }
}
