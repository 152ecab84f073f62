//! Differences between states: how short they are, what they cost, and that they are right.
#![allow(
    clippy::allow_attributes,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "tests fail by panicking"
)]

mod props;

use dashstream_reducer::diff::{
    DiffError, DiffLimits, Difference, Emission, Producer, ProducerLimits, diff,
};
use dashstream_reducer::patch::{self, PatchLimits};
use dashstream_reducer::{Document, ReadLimits};
use dashstream_testkit::alloc::measure;
use dashstream_testkit::rng::SplitMix64;
use dashstream_testkit::stack::small;
use serde_json::{Value, json};

use crate::props::diffing::{a_consumer_follows_the_producer, makes_the_new_state};

fn document(value: &Value) -> Document {
    Document::from_value(value, &ReadLimits::default()).unwrap()
}

/// The difference as JSON text, checked by applying it.
fn between(old: &Value, new: &Value) -> String {
    between_documents(&document(old), &document(new))
}

fn between_documents(old: &Document, new: &Document) -> String {
    let difference = diff(old, new, &DiffLimits::default()).unwrap();
    check(old, new, &difference);
    serde_json::to_string(&difference.operations).unwrap()
}

fn check(old: &Document, new: &Document, difference: &Difference) {
    let mut again = old.clone();
    let operations = difference.operations.as_slice().into();
    let _cost = patch::apply(&mut again, operations, &PatchLimits::default()).unwrap();
    assert_eq!(again, *new);
}

fn messages(ids: impl Iterator<Item = u64>) -> Vec<Value> {
    let text = "what was said, at some length";
    ids.map(|id| json!({"id": id, "role": "user", "content": text}))
        .collect()
}

#[test]
fn an_element_at_the_front_is_one_operation_and_so_is_its_removal() {
    let old = json!({"messages": messages(1..5_000)});
    let new = json!({"messages": messages(0..5_000)});
    let content = r#"{"content":"what was said, at some length","id":0,"role":"user"}"#;
    let add = format!(r#"[{{"op":"add","path":"/messages/0","value":{content}}}]"#);
    assert_eq!(between(&old, &new), add);
    assert_eq!(
        between(&new, &old),
        r#"[{"op":"remove","path":"/messages/0"}]"#
    );
    // Without identities their content tells them apart, from the back as well.
    let numbers = |from: u64| json!((from..3_000).collect::<Vec<_>>());
    assert_eq!(
        between(&numbers(1), &numbers(0)),
        r#"[{"op":"add","path":"/0","value":0}]"#
    );
}

#[test]
fn a_window_that_slides_is_one_operation_at_each_end() {
    let old = json!(messages(0..1_000));
    let new = json!(messages(2..1_001));
    let operations: Vec<Value> = serde_json::from_str(&between(&old, &new)).unwrap();
    let ops: Vec<_> = operations
        .iter()
        .map(|operation| &operation["op"])
        .collect();
    assert_eq!(ops, ["remove", "remove", "add"]);
}

#[test]
fn elements_that_changed_and_moved_are_told_apart_by_identity() {
    let mut list = messages(0..10);
    let old = json!({ "list": list });
    list[4]["role"] = json!("tool");
    list.remove(7);
    let moved = list.remove(1);
    list.push(moved);
    let new = json!({ "list": list });
    let operations: Vec<Value> = serde_json::from_str(&between(&old, &new)).unwrap();
    let brief: Vec<_> = operations
        .iter()
        .map(|operation| {
            format!(
                "{} {}",
                operation["op"].as_str().unwrap(),
                operation["path"].as_str().unwrap()
            )
        })
        .collect();
    let expected = [
        "remove /list/1",
        "replace /list/3/role",
        "remove /list/6",
        "add /list/8",
    ];
    assert_eq!(brief, expected);
}

#[test]
fn each_identity_member_counts_in_its_turn_and_only_as_text_or_integer() {
    let list = |name: &str, values: &[Value]| {
        let elements = values
            .iter()
            .map(|value| json!({name: value, "filler": "x".repeat(40)}));
        Value::from(elements.collect::<Vec<_>>())
    };
    for name in ["id", "_id", "uuid", "key"] {
        for values in [[json!("a"), json!("b")], [json!(1), json!(u64::MAX)]] {
            let changed = |at: usize| {
                let mut new = list(name, &values);
                new[at]["filler"] = json!("y".repeat(40));
                new.as_array_mut().unwrap().insert(0, json!({name: "new"}));
                new
            };
            let text = between(&list(name, &values), &changed(1));
            assert_eq!(text.matches("\"op\"").count(), 2, "{text}");
            assert!(text.contains("/2/filler"), "{text}");
        }
    }
    // A fraction is no identity: the elements are compared by content and place.
    let old = list("id", &[json!(1.5), json!(2.5)]);
    let mut new = old.clone();
    new[1]["filler"] = json!("z");
    assert_eq!(
        between(&old, &new),
        r#"[{"op":"replace","path":"/1/filler","value":"z"}]"#
    );
}

#[test]
fn a_part_is_replaced_as_a_whole_when_that_is_shorter() {
    let old = json!({"a": [1, 2, 3], "rest": "of some length, so that the state is not replaced"});
    let new = json!({"a": [7, 8, 9], "rest": "of some length, so that the state is not replaced"});
    assert_eq!(
        between(&old, &new),
        r#"[{"op":"replace","path":"/a","value":[7,8,9]}]"#
    );
    assert_eq!(
        between(&json!([1]), &json!({"a": 1})),
        r#"[{"op":"replace","path":"","value":{"a":1}}]"#
    );
    assert_eq!(
        between(&json!({"a": 1}), &json!({"a": 1.0})),
        r#"[{"op":"replace","path":"/a","value":1.0}]"#
    );
    assert_eq!(between(&json!({}), &json!({})), "[]");
}

#[test]
fn names_are_escaped_and_pointers_stay_within_their_limits() {
    let filler = "x".repeat(200);
    let old = json!({"a/b~c": {"\"": {"deep": {"er": 1, "rest": filler}}}});
    let mut new = old.clone();
    new["a/b~c"]["\""]["deep"]["er"] = json!(2);
    let text = between(&old, &new);
    assert_eq!(
        text,
        r#"[{"op":"replace","path":"/a~1b~0c/\"/deep/er","value":2}]"#
    );
    let path = "/a~1b~0c/\"/deep/er".len();
    for (tokens, bytes, inside) in [
        (4, path, true),
        (5, path + 1, true),
        (3, path, false),
        (4, path - 1, false),
    ] {
        let mut limits = DiffLimits::default();
        (limits.path_tokens, limits.path_bytes) = (tokens, bytes);
        let difference = diff(&document(&old), &document(&new), &limits).unwrap();
        check(&document(&old), &document(&new), &difference);
        let text = serde_json::to_string(&difference.operations).unwrap();
        assert_eq!(text.contains("/deep/er"), inside, "{tokens} {bytes} {text}");
    }
}

#[test]
fn no_pointer_names_a_member_that_existing_consumers_refuse() {
    let filler = "x".repeat(200);
    for name in ["__proto__", "constructor", "prototype"] {
        let old = json!({"a": {"b": {name: {"c": 1}}, "filler": filler}});
        let mut new = old.clone();
        new["a"]["b"][name]["c"] = json!(2);
        let text = between(&old, &new);
        let value = format!(r#"{{"{name}":{{"c":2}}}}"#);
        assert_eq!(
            text,
            format!(r#"[{{"op":"replace","path":"/a/b","value":{value}}}]"#)
        );
        // A text that holds such a name is no such name.
        let old = json!({name.to_uppercase(): {"c": 1}, "filler": filler});
        let mut new = old.clone();
        new[name.to_uppercase()]["c"] = json!(2);
        assert!(between(&old, &new).contains("/c"));
    }
}

#[test]
fn a_shared_state_of_any_size_costs_what_changed() {
    let mut spent = Vec::new();
    for len in [100, 10_000, 200_000] {
        let old = document(&json!({"messages": messages(0..len), "turn": 1}));
        let mut new = old.clone();
        let middle = len / 2;
        let text = json!([
            {"op": "add", "path": format!("/messages/{middle}"), "value": {"id": "new"}},
            {"op": "replace", "path": format!("/messages/{}/role", middle + 1), "value": "tool"},
            {"op": "replace", "path": "/turn", "value": 2},
        ]);
        let text = serde_json::to_vec(&text).unwrap();
        let limits = PatchLimits::default();
        let operations = patch::parse(&text, &ReadLimits::default(), &limits).unwrap();
        let _cost = patch::apply(&mut new, operations.as_slice().into(), &limits).unwrap();
        let (difference, usage) = measure(|| diff(&old, &new, &DiffLimits::default()).unwrap());
        check(&old, &new, &difference);
        assert_eq!(difference.operations.len(), 3);
        spent.push((difference.fuel, usage.peak));
    }
    // Four levels of 16 more, on either side of the change.
    let (fuel, peak) = spent[2];
    assert!(fuel < 800, "{spent:?}");
    assert!(peak < 16 * 1024, "{spent:?}");
}

#[test]
fn operations_and_fuel_each_allow_their_last_and_refuse_the_next() {
    let old = json!({"a": 1, "b": 2, "rest": "x".repeat(200)});
    let new = json!({"a": 2, "b": 3, "rest": "x".repeat(200)});
    let (old, new) = (document(&old), document(&new));
    let fuel = diff(&old, &new, &DiffLimits::default()).unwrap().fuel;
    for slack in [1, 0] {
        let mut limits = DiffLimits::default();
        limits.operations = 2 + slack;
        limits.fuel = fuel + slack as u64;
        check(&old, &new, &diff(&old, &new, &limits).unwrap());
    }
    let mut limits = DiffLimits::default();
    limits.operations = 1;
    let error = DiffError::TooManyOperations { limit: 1, len: 2 };
    assert_eq!(diff(&old, &new, &limits), Err(error));
    let mut limits = DiffLimits::default();
    limits.fuel = fuel - 1;
    let error = DiffError::OutOfFuel { limit: fuel - 1 };
    assert_eq!(diff(&old, &new, &limits), Err(error));
}

#[test]
fn the_deepest_states_are_compared_on_a_small_stack() {
    small(|| {
        let nested = |inner: &str| {
            let text = format!("{}{inner}{}", r#"{"a":["#.repeat(63), "]}".repeat(63));
            Document::from_str(&text, &ReadLimits::default()).unwrap()
        };
        let text = between_documents(&nested("1"), &nested("[2]"));
        assert_eq!(text.matches("\"op\"").count(), 1);
    });
}

#[test]
fn a_producer_sends_the_first_state_in_full_and_what_was_asked_for_and_what_is_no_shorter() {
    let full = |emission: &Emission| {
        assert!(emission.operations.is_empty());
        let text = emission.full_state.clone()?;
        Some(String::from_utf8(text).unwrap())
    };
    let filler = "x".repeat(100);
    let state = |turn: u64| document(&json!({"filler": filler, "turn": turn}));
    let mut producer = Producer::new(ProducerLimits::default());
    producer.checkpoint(&[7; 16]);
    // Asking for the first one asks for nothing more.
    producer.ask_full();
    let first = producer.emit(&state(0)).unwrap();
    assert_eq!((&*first.base, first.exceeded), (&[7; 16][..], None));
    assert_eq!(full(&first), Some(state(0).to_string()));
    assert_eq!(full(&producer.emit(&state(0)).unwrap()), None);
    let changed = producer.emit(&state(1)).unwrap();
    assert_eq!((changed.operations.len(), changed.full_state), (1, None));
    producer.ask_full();
    let small = document(&json!({"turn": 1}));
    for state in [state(2), small] {
        let emission = producer.emit(&state).unwrap();
        assert_eq!(
            (full(&emission), emission.exceeded),
            (Some(state.to_string()), None)
        );
    }

    let mut limits = ProducerLimits::default();
    limits.diff.operations = 0;
    let mut producer = Producer::new(limits);
    producer.sent(state(0));
    let limit = DiffError::TooManyOperations { limit: 0, len: 1 };
    let emission = producer.emit(&state(1)).unwrap();
    assert_eq!(
        (full(&emission), emission.exceeded),
        (Some(state(1).to_string()), Some(limit))
    );
}

#[test]
fn a_state_that_consumers_would_refuse_is_not_sent_and_changes_nothing() {
    let state = |len: usize| document(&json!("x".repeat(len)));
    let mut limits = ProducerLimits::default();
    limits.state_bytes = 102;
    let mut producer = Producer::new(limits);
    for len in [99, 100] {
        let _emission = producer.emit(&state(len)).unwrap();
    }
    let error = DiffError::StateTooLarge {
        limit: 102,
        len: 103,
    };
    assert_eq!(producer.emit(&state(101)), Err(error));
    assert_eq!(producer.last(), Some(&state(100)));
    let unchanged = producer.emit(&state(100)).unwrap();
    assert_eq!(
        (unchanged.operations, unchanged.full_state),
        (Vec::new(), None)
    );
}

#[test]
fn a_state_has_its_last_node_and_not_the_next() {
    let mut limits = ProducerLimits::default();
    limits.state_nodes = 3;
    let mut producer = Producer::new(limits);
    for state in [json!([1]), json!([1, 2])] {
        let _emission = producer.emit(&document(&state)).unwrap();
    }
    let error = DiffError::TooManyNodes { limit: 3, nodes: 4 };
    assert_eq!(producer.emit(&document(&json!([1, 2, 3]))), Err(error));
}

#[test]
fn hashes_are_sent_every_so_often() {
    for (every, expected) in [
        (0, [false; 4]),
        (1, [true; 4]),
        (2, [false, true, false, true]),
    ] {
        let mut limits = ProducerLimits::default();
        limits.hash_every = every;
        let mut producer = Producer::new(limits);
        let sent: Vec<_> = (0..4)
            .map(|turn| {
                producer
                    .emit(&document(&json!(turn)))
                    .unwrap()
                    .hash
                    .is_some()
            })
            .collect();
        assert_eq!(sent, expected);
    }
}

fn random(cases: u64, body: impl Fn(&[u8])) {
    for seed in 0..cases {
        let mut rng = SplitMix64::new(seed);
        let mut bytes = vec![0; 100 + rng.below(1_500) as usize];
        rng.fill(&mut bytes);
        body(&bytes);
    }
}

#[test]
fn random_differences_make_the_new_state_here_and_in_json_patch() {
    random(3_000, makes_the_new_state);
}

#[test]
fn a_consumer_has_what_the_producer_has_bit_for_bit() {
    random(1_000, a_consumer_follows_the_producer);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_bytes_make_the_new_state(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..600)) {
        makes_the_new_state(&bytes);
    }
}
