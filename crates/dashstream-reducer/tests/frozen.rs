//! What others rely on stays as it is: the names of outcomes, and the hash that producers send.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use dashstream_reducer::{Document, HashVerdict, Hasher, ReadLimits};
use dashstream_testkit::frozen::{Frozen, check, names};

#[test]
fn the_codes_of_errors_and_outcomes_are_frozen() {
    check(
        &Frozen {
            manifest_dir: env!("CARGO_MANIFEST_DIR"),
            file: "tests/frozen/names.txt",
            about: "The codes of errors, outcomes and resync reasons, which hosts match, log and count.",
            test: "-p dashstream-reducer frozen",
        },
        &names(env!("CARGO_MANIFEST_DIR"), &["code"]),
    );
}

/// The canonical text and the SHA-256 of it, which producers send as `state_hash`.
#[test]
fn the_hash_of_a_state_is_frozen() {
    let states = [
        "null",
        "{}",
        "[]",
        r#"{"b":2,"a":1,"nested":{"z":"x","y":[true,false,null]},"":0}"#,
        r#"[0,-1,18446744073709551615,-9223372036854775808,1.5,1e21,-0.0,1e-7]"#,
        r#""\u0000\b\t\n\f\r\"\\/\u001f\u007f\u00e9\ud83d\ude00""#,
    ];
    let lines: Vec<_> = states.map(hashed).into();
    check(
        &Frozen {
            manifest_dir: env!("CARGO_MANIFEST_DIR"),
            file: "tests/frozen/hashes.txt",
            about: "SHA-256 of a state and its canonical text, as producers send it in state_hash.",
            test: "-p dashstream-reducer frozen",
        },
        &lines,
    );
}

fn hashed(state: &str) -> String {
    let document = Document::from_str(state, &ReadLimits::default()).unwrap();
    let hash = Hasher::new().hash(&document);
    assert_eq!(Hasher::new().verify(&document, &hash), HashVerdict::Match);
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{hex} {document}")
}
