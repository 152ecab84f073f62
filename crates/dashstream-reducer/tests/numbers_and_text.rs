//! Numbers that no 64 bits hold, and strings that no Unicode text is: read, compared and hashed.
#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod support;

use core::time::Duration;

use dashstream_reducer::patch::{self, Encoded, PatchLimits};
use dashstream_reducer::{
    Document, HashVerdict, Hasher, Outcome, ReadError, ReadLimits, Reducer, ReducerLimits,
    ResyncReason, Stamp, Unproven, Update,
};

use self::support::{document, operation};

const REPLACED: Outcome = Outcome::Applied(HashVerdict::NotComparable(Unproven::LoneSurrogate));

fn lenient() -> ReadLimits {
    let mut limits = ReadLimits::default();
    limits.replace_lone_surrogates = true;
    limits
}

/// Whether `test` finds `value` in the state.
fn is_equal(state: &str, value: &str) -> bool {
    let mut state = document(&format!("[{state}]"));
    let test = [operation(5, "/0", "", value.as_bytes())];
    let applied = patch::apply(&mut state, test.as_slice().into(), &PatchLimits::default());
    match applied {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.code(), "test_failed");
            false
        }
    }
}

#[test]
fn integers_beyond_64_bits_are_equal_by_their_digits() {
    let two_to_64 = "18446744073709551616";
    assert!(is_equal(two_to_64, two_to_64));
    assert!(!is_equal(two_to_64, "18446744073709551617"));
    assert!(!is_equal(two_to_64, "-18446744073709551616"));
    assert!(!is_equal("18446744073709551615", two_to_64));
    assert!(!is_equal("-9223372036854775809", "-9223372036854775808"));
    // A float is what it is, and prints in full.
    for (float, integer, equal) in [
        ("1.8446744073709552e19", two_to_64, true),
        ("1.8446744073709552e19", "18446744073709551617", false),
        ("-18446744073709551616.0", "-18446744073709551616", true),
        ("1e23", "100000000000000000000000", false),
        ("1e23", "99999999999999991611392", true),
        ("9223372036854775808.0", "9223372036854775808", true),
        ("9223372036854775808.0", "9223372036854775807", false),
    ] {
        assert_eq!(is_equal(float, integer), equal, "{float} {integer}");
        assert_eq!(is_equal(integer, float), equal, "{integer} {float}");
    }
    assert!(!is_equal(two_to_64, "\"18446744073709551616\""));
}

#[test]
fn an_integer_beyond_64_bits_prints_as_the_float_that_producers_make_of_it() {
    for (text, printed) in [
        ("18446744073709551615", "18446744073709551615"),
        ("18446744073709551616", "1.8446744073709552e+19"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("-9223372036854775809", "-9.223372036854776e+18"),
        ("-0", "-0.0"),
        ("0", "0"),
    ] {
        let document = document(text);
        assert_eq!(document.to_string(), printed);
        assert_eq!(document.canonical_len(), printed.len() as u64);
    }
}

#[test]
fn half_a_surrogate_pair_is_refused_by_name_or_replaced() {
    let read = |text: &str, limits: &ReadLimits| {
        Document::from_str(text, limits).map(|document| document.to_string())
    };
    let lone = |column| Err(ReadError::LoneSurrogate { line: 1, column });
    for (text, column, replaced) in [
        (r#"["\ud83d"]"#, 3, "[\"\u{FFFD}\"]"),
        (r#"["\udE00"]"#, 3, "[\"\u{FFFD}\"]"),
        (r#"["ab\uD83Dcd"]"#, 5, "[\"ab\u{FFFD}cd\"]"),
        (r#"["\ud83d\u0041"]"#, 3, "[\"\u{FFFD}A\"]"),
        (r#"["\ud83d\ud83d\ude00"]"#, 3, "[\"\u{FFFD}\u{1F600}\"]"),
        (r#"["\ude00\ud83d"]"#, 3, "[\"\u{FFFD}\u{FFFD}\"]"),
        (r#"{"\udbff":1}"#, 3, "{\"\u{FFFD}\":1}"),
    ] {
        assert_eq!(read(text, &ReadLimits::default()), lone(column), "{text}");
        assert_eq!(read(text, &lenient()).as_deref(), Ok(replaced), "{text}");
    }
    assert_eq!(
        read(r#"["\ud83d\ude00"]"#, &ReadLimits::default()).as_deref(),
        Ok("[\"\u{1F600}\"]")
    );
    for cut in [
        r#"["\ud83d"#,
        r#"["\ud83"#,
        r#"["\ud83d\u"#,
        r#"["\ud83d\ude0"#,
    ] {
        assert_eq!(read(cut, &lenient()), Err(ReadError::Truncated), "{cut}");
    }
    assert_eq!(
        ReadError::LoneSurrogate { line: 1, column: 1 }.code(),
        "lone_surrogate"
    );
}

#[test]
fn a_hash_refutes_nothing_while_a_replaced_string_is_in_the_state_and_does_again_after() {
    let now = Duration::ZERO;
    let mut run = Reducer::new(ReducerLimits::default());
    let wrong = [7; 32];
    // Long and short strings, as a value and as a name.
    for (sequence, text) in [
        (1, r#"{"last":"cut \ud83d","n":1}"#.to_owned()),
        (
            2,
            format!(r#"{{"last":"{}\ud83d","n":1}}"#, "x".repeat(100)),
        ),
        (3, r#"{"last":{"\udc00":1},"n":1}"#.to_owned()),
    ] {
        let state = Update::Snapshot {
            state: text.as_bytes(),
            hash: &wrong,
        };
        let outcome = run.apply(now, Stamp::new(sequence), state);
        assert!(
            outcome == REPLACED || outcome.code() == "recovered",
            "{outcome:?}"
        );
        assert!(run.state().is_some());
    }
    // A replacement character that was sent as such is text like any other.
    let sent = "{\"last\":\"\u{FFFD}\",\"n\":1}";
    let state = Update::Snapshot {
        state: sent.as_bytes(),
        hash: &wrong,
    };
    let mismatch = Outcome::Resync(ResyncReason::HashMismatch);
    assert_eq!(run.apply(now, Stamp::new(4), state), mismatch);
}

#[test]
fn a_diff_whose_value_was_cut_inside_a_character_does_not_cost_the_run() {
    let mut run = Reducer::new(ReducerLimits::default());
    let start = Update::Start {
        state: Some(br#"{"last":""}"#),
    };
    let _started = run.apply(Duration::ZERO, Stamp::new(1), start);
    let operations: [Encoded<'_>; 1] = [operation(2, "/last", "", br#""cut \ud83d""#)];
    let operations = operations.as_slice().into();
    let diff = Update::Diff {
        operations,
        hash: &[],
        base: &[],
    };
    assert_eq!(
        run.apply(Duration::ZERO, Stamp::new(2), diff).code(),
        "applied"
    );
    let expected = "{\"last\":\"cut \u{FFFD}\"}";
    assert_eq!(
        run.state().map(ToString::to_string).as_deref(),
        Some(expected)
    );
    let state = run.state().unwrap();
    let verdict = Hasher::new().verify(state, &[7; 32]);
    assert_eq!(verdict, HashVerdict::NotComparable(Unproven::LoneSurrogate));
    // Whoever reads U+FFFD as well agrees.
    let hash = Hasher::new().hash(&document(expected));
    assert_eq!(Hasher::new().verify(state, &hash), HashVerdict::Match);
}

#[test]
fn every_place_of_a_fault_is_told_by_line_and_column() {
    for (text, place) in [
        ("[1 2]", (1, 4)),
        ("[\n  tru,\n]", (2, 6)),
        ("[1]x", (1, 4)),
        ("[01]", (1, 3)),
        ("[1.]", (1, 4)),
        ("[-]", (1, 3)),
        ("[1e+]", (1, 5)),
        ("{1:2}", (1, 2)),
        ("{\"a\" 1}", (1, 6)),
        ("[\"a\n\"]", (1, 4)),
        (r#"["\x"]"#, (1, 4)),
        (r#"["\u00g0"]"#, (1, 7)),
        ("[1,]", (1, 4)),
        ("[1e999]", (1, 6)),
        ("\u{feff}[]", (1, 1)),
    ] {
        let (line, column) = place;
        let expected = Err(ReadError::Syntax { line, column });
        let read = Document::from_str(text, &ReadLimits::default());
        assert_eq!(read.map(drop), expected, "{text}");
    }
    for text in [
        "", " ", "[", "[1", "[1,", "{\"a\"", "{\"a\":", "\"", "\"\\", "-", "1.", "1e", "tru", "nul",
    ] {
        let read = Document::from_str(text, &ReadLimits::default());
        assert_eq!(read.map(drop), Err(ReadError::Truncated), "{text:?}");
    }
    let bad = Document::from_slice(b"[\"\xFF\"]", &ReadLimits::default());
    assert_eq!(bad.map(drop), Err(ReadError::Syntax { line: 1, column: 3 }));
    let cut = Document::from_slice(b"[\"\xC3", &ReadLimits::default());
    assert_eq!(cut.map(drop), Err(ReadError::Truncated));
}
