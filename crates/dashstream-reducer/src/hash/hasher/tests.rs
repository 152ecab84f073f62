use dashstream_testkit::rng::SplitMix64;

use super::*;
use crate::ReadLimits;
use crate::patch::{self, PatchLimits};

fn digest(state: &Document) -> [u8; 32] {
    let mut text = Vec::new();
    state.to_canonical(&mut text);
    Sha256::digest(text).into()
}

fn state(messages: usize) -> Document {
    let message = |at: usize| format!(r#"{{"id":{at},"text":"{}"}}"#, "word ".repeat(at % 40));
    let messages: Vec<_> = (0..messages).map(message).collect();
    let names: Vec<_> = (0..200)
        .map(|at| format!(r#""name-{at:03}":{at}"#))
        .collect();
    let text = format!(
        r#"{{"a":{{{}}},"messages":[{}],"z":[[],{{}},1.5]}}"#,
        names.join(","),
        messages.join(",")
    );
    Document::from_str(&text, &ReadLimits::default()).unwrap()
}

#[test]
fn a_hash_is_the_same_whatever_was_hashed_before() {
    let mut rng = SplitMix64::new(11);
    let mut hasher = Hasher::new();
    let mut state = state(1_200);
    let mut resumed = 0;
    for round in 0..150_u64 {
        let patch = match rng.below(8) {
            0 => r#"[{"op":"add","path":"/messages/-","value":{"id":1,"text":"new"}}]"#.to_owned(),
            1 => format!(
                r#"[{{"op":"replace","path":"/messages/{}/text","value":"{round}"}}]"#,
                rng.below(1_100)
            ),
            2 => format!(
                r#"[{{"op":"remove","path":"/messages/{}"}}]"#,
                rng.below(1_100)
            ),
            3 => format!(
                r#"[{{"op":"add","path":"/messages/{}","value":[]}}]"#,
                rng.below(1_100)
            ),
            4 => format!(r#"[{{"op":"add","path":"/z/0","value":{round}}}]"#),
            5 => format!(
                r#"[{{"op":"add","path":"/a/name-{:03}","value":{{"x":[]}}}}]"#,
                rng.below(400)
            ),
            6 => format!(
                r#"[{{"op":"add","path":"/zz{round}","value":"{}"}}]"#,
                "y".repeat(rng.below(40_000) as usize)
            ),
            _ => "[]".to_owned(),
        };
        let limits = PatchLimits::default();
        let patch = patch::parse(patch.as_bytes(), &ReadLimits::default(), &limits).unwrap();
        // A hasher that holds no version, now and then.
        if rng.chance(1, 20) {
            hasher.forget();
        }
        let _applied = patch::apply(&mut state, patch.as_slice().into(), &limits);
        let cost = hasher.cost(&state);
        assert!(cost <= state.canonical_len());
        resumed += u64::from(cost < state.canonical_len() / 2);
        assert_eq!(hasher.hash(&state), digest(&state), "round {round}");
    }
    assert!(resumed > 30, "{resumed}");
}

#[test]
fn an_edit_at_the_end_hashes_the_end_and_one_at_the_front_hashes_all() {
    let mut hasher = Hasher::new();
    let mut state = state(10_000);
    let before = hasher.hash(&state);
    let apply = |state: &mut Document, text: &str| {
        let limits = PatchLimits::default();
        let patch = patch::parse(text.as_bytes(), &ReadLimits::default(), &limits).unwrap();
        let _applied = patch::apply(state, patch.as_slice().into(), &limits).unwrap();
    };
    apply(
        &mut state,
        r#"[{"op":"add","path":"/messages/-","value":1}]"#,
    );
    assert!(
        hasher.cost(&state) <= 2 * STRIDE as u64,
        "{}",
        hasher.cost(&state)
    );
    assert_ne!(hasher.hash(&state), before);
    apply(
        &mut state,
        r#"[{"op":"replace","path":"/a/name-000","value":1}]"#,
    );
    assert_eq!(hasher.cost(&state), state.canonical_len());
    hasher.forget();
    assert_eq!(hasher.cost(&state), state.canonical_len());
}

/// Whatever became of the nodes that hold its entries, an array that is appended to is hashed from there.
#[test]
fn an_array_that_grows_a_level_is_hashed_from_its_end() {
    let mut hasher = Hasher::new();
    let text = "x".repeat(40);
    let mut state = Document::from_str("[]", &ReadLimits::default()).unwrap();
    let mut longest = 0;
    for len in 0..5_000 {
        let limits = PatchLimits::default();
        let operations = format!(r#"[{{"op":"add","path":"/-","value":"{text}{len}"}}]"#);
        let patch = patch::parse(operations.as_bytes(), &ReadLimits::default(), &limits).unwrap();
        let _applied = patch::apply(&mut state, patch.as_slice().into(), &limits).unwrap();
        longest = longest.max(hasher.cost(&state));
        let _hash = hasher.hash(&state);
    }
    assert!(longest <= ((WORTH + 1) * STRIDE) as u64, "{longest}");
    assert_eq!(hasher.hash(&state), digest(&state));
}

#[test]
fn what_is_held_stays_below_a_hundredth_of_the_text_and_one_buffer() {
    let state = state(20_000);
    let mut hasher = Hasher::new();
    assert_eq!(hasher.bytes(), 0);
    let _hash = hasher.hash(&state);
    let most = state.canonical_len() / 100 + 2 * STRIDE as u64;
    assert!(hasher.bytes() <= most, "{} {most}", hasher.bytes());
    // Too short to be worth remembering.
    let short = Document::from_str("[1]", &ReadLimits::default()).unwrap();
    let _hash = hasher.hash(&short);
    assert_eq!(hasher.cost(&short), 3);
}

#[test]
fn a_remembered_state_does_not_hide_a_dialect() {
    let mut hasher = Hasher::new();
    let state = state(5_000);
    let _hash = hasher.hash(&state);
    let mut text = Vec::new();
    write(&state.root, Dialect::JavaScript, &mut text);
    let printed = Sha256::digest(&text);
    // 1.5 is printed alike, so that this is a match in every dialect.
    assert_eq!(hasher.verify(&state, &printed), HashVerdict::Match);
    assert_eq!(hasher.verify(&state, &[0; 32]), HashVerdict::Mismatch);
}
