//! The public test records for RFC 6902, each by its comment.
#![allow(
    clippy::allow_attributes,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use dashstream_reducer::patch::{self, PatchError, PatchLimits};
use dashstream_reducer::{Document, ReadLimits};
use serde_json::Value;

const FILES: [&str; 2] = [
    include_str!("rfc6902/tests.json"),
    include_str!("rfc6902/spec_tests.json"),
];

/// Records that name a member twice, which only their text shows.
const TWICE: [&str; 2] = ["duplicate ops", "A.13 Invalid JSON Patch Document"];

fn apply(document: &mut Document, patch: &str) -> Result<(), PatchError> {
    let limits = PatchLimits::default();
    let operations = patch::parse(patch.as_bytes(), &ReadLimits::default(), &limits)?;
    patch::apply(document, operations.as_slice().into(), &limits).map(|_| ())
}

/// What is wrong with how `record` ends, if anything is. A refused patch must change nothing.
fn wrong(record: &Value, patch: &str) -> Option<String> {
    let read = |value| Document::from_value(value, &ReadLimits::default()).unwrap();
    let before = read(&record["doc"]);
    let mut alone = read(&record["doc"]);
    let mut shared = before.clone();
    let result = apply(&mut alone, patch);
    if apply(&mut shared, patch) != result || shared != alone {
        return Some("a shared document ends differently".to_owned());
    }
    match (result, record.get("expected"), record.get("error")) {
        (Ok(()), Some(expected), None) if alone.to_value() == *expected => None,
        // A test that holds, and says no more.
        (Ok(()), None, None) => None,
        (Err(_), None, Some(_)) if alone == before && shared.is_same(&before) => None,
        (result, expected, error) => {
            Some(format!("{result:?} {alone}, not {expected:?} {error:?}"))
        }
    }
}

#[test]
fn every_record_ends_as_it_says() {
    let (mut active, mut disabled) = (0, 0);
    let mut failures = Vec::new();
    for file in FILES {
        let records: Vec<Value> = serde_json::from_str(file).unwrap();
        for record in records.iter().filter(|record| record.get("doc").is_some()) {
            let comment = record["comment"].as_str().unwrap_or("no comment");
            // The suite disables four records for what JSON libraries do; they hold here.
            match record.get("disabled") {
                Some(_) => disabled += 1,
                None => active += 1,
            }
            let patch = if TWICE.contains(&comment) {
                as_written(file, comment).to_owned()
            } else {
                record["patch"].to_string()
            };
            if let Some(wrong) = wrong(record, &patch) {
                failures.push(format!("{comment}: {wrong}"));
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
    assert_eq!((active, disabled), (108, 4), "records of commit 2a928f9");
}

#[test]
fn a_member_that_stands_twice_is_refused_as_such() {
    for comment in TWICE {
        let file = FILES
            .into_iter()
            .find(|file| file.contains(comment))
            .unwrap();
        let patch = as_written(file, comment);
        assert_eq!(patch.matches("\"op\"").count(), 2, "{patch}");
        let mut document = Document::null();
        let error = apply(&mut document, patch).unwrap_err();
        assert_eq!(error.code(), "patch_document", "{comment}");
    }
}

/// The text of a record's patch, which holds no array.
fn as_written<'f>(file: &'f str, comment: &str) -> &'f str {
    let record = &file[file.find(comment).unwrap()..];
    let patch = &record[record.find("\"patch\"").unwrap()..];
    &patch[patch.find('[').unwrap()..=patch.find(']').unwrap()]
}
