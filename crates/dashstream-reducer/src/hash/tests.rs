use sha2::{Digest, Sha256};

use super::*;
use crate::{Document, ReadLimits};

fn document(text: &str) -> Document {
    Document::from_str(text, &ReadLimits::default()).unwrap()
}

fn sha(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

#[test]
fn a_state_is_compared_in_every_dialect_that_could_differ() {
    let check = |state: &str, printed: &str| Hasher::new().verify(&document(state), &sha(printed));
    let nested = r#"{"b":2,"a":1,"nested":{"z":"x","y":[true,null]}}"#;
    let sorted = r#"{"a":1,"b":2,"nested":{"y":[true,null],"z":"x"}}"#;
    assert_eq!(check(nested, sorted), HashVerdict::Match);
    assert_eq!(check("[1.0]", "[1.0]"), HashVerdict::Match);
    assert_eq!(check("[1.0]", "[1]"), HashVerdict::Drift);
    assert_eq!(check("[1e16]", "[1e16]"), HashVerdict::Drift);
    assert_eq!(check("[1]", "[2]"), HashVerdict::Mismatch);
    // Only an integer literal is rounded; a float is what it is, however large.
    let wide = HashVerdict::NotComparable(Unproven::WideNumber);
    assert_eq!(check("[18446744073709551616]", "[2]"), wide);
    assert_eq!(check("[-9223372036854775809]", "[2]"), wide);
    for state in [
        "[1e300]",
        "[1.8446744073709552e19]",
        "[18446744073709551615]",
        "[9007199254740993]",
    ] {
        assert_eq!(check(state, "[2]"), HashVerdict::Mismatch, "{state}");
    }
    assert_eq!(
        check("[18446744073709551616]", "[1.8446744073709552e+19]"),
        HashVerdict::Match
    );
}

#[test]
fn no_hash_and_half_a_hash_prove_nothing() {
    let verdict = |hash: &[u8]| Hasher::new().verify(&document("1"), hash);
    assert_eq!(verdict(&[]), HashVerdict::NotComparable(Unproven::NoHash));
    for len in [31, 33] {
        let short = HashVerdict::NotComparable(Unproven::HashLength);
        assert_eq!(verdict(&vec![0; len]), short);
    }
}
