//! Reading arbitrary bytes: never a panic, and what is accepted is what serde_json accepts.

use dashstream_reducer::{Document, ReadError, ReadLimits, json_len};

pub fn agrees_with_serde_json(bytes: &[u8]) {
    let ours = Document::from_slice(bytes, &ReadLimits::default());
    let theirs = serde_json::from_slice::<serde_json::Value>(bytes);
    match (ours, theirs) {
        (Ok(document), Ok(value)) => {
            super::patching::check(&document, &value);
            let len = document.canonical_len();
            assert_eq!(json_len(&value, len), Some(len));
            assert_eq!(json_len(&value, len - 1), None);
        }
        (Err(ReadError::DuplicateMember), Ok(_)) => {}
        (Err(ours), Ok(theirs)) => panic!("{ours} but {theirs}"),
        (Ok(ours), Err(theirs)) => panic!("{ours} but {theirs}"),
        (Err(_), Err(_)) => {}
    }
    // Small budgets refuse, and do nothing worse.
    let tight = tight();
    if let Ok(document) = Document::from_slice(bytes, &tight) {
        assert!(document.nodes() <= tight.nodes && document.depth() <= tight.depth);
    }
}

fn tight() -> ReadLimits {
    let mut limits = ReadLimits::default();
    limits.text_bytes = 200;
    limits.nodes = 20;
    limits.depth = 4;
    limits.heap_bytes = 2_000;
    limits
}
