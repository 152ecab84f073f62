//! What a difference says, against the state it is of: by our engine, by json-patch, over the wire.

use dashstream_reducer::Document;
use dashstream_reducer::diff::{DiffLimits, Producer, ProducerLimits, diff};
use dashstream_reducer::patch::{self, PatchLimits};
use serde_json::{Map, Value, json};

use super::entropy::Entropy;
use super::patching::{apply_parsed, check, document, is_small, limits};

/// One difference, or a producer with its consumer: the first byte says which.
pub fn is_right_on_both_sides(bytes: &[u8]) {
    match bytes.split_first() {
        Some((0..64, rest)) => a_consumer_follows_the_producer(rest),
        Some((_, rest)) => makes_the_new_state(rest),
        None => {}
    }
}

/// Draws two states, related or not, sharing or not, and the limits of their difference.
pub fn makes_the_new_state(bytes: &[u8]) {
    let mut entropy = Entropy::new(bytes);
    let old_value = with_lists(&mut entropy);
    let old = document(&old_value);
    let (new, new_value) = successor(&mut entropy, &old, &old_value);
    let mut limits = DiffLimits::default();
    match entropy.byte() % 8 {
        0 => {
            limits.path_bytes = entropy.below(24);
            limits.path_tokens = entropy.below(5);
        }
        1 => {
            limits.fuel = entropy.below(200) as u64;
            limits.operations = entropy.below(6);
        }
        2 => limits.identity = &[],
        _ => {}
    }
    let difference = match diff(&old, &new, &limits) {
        Ok(difference) => difference,
        Err(error) => {
            let lowered = limits.operations < 6;
            assert!(
                lowered,
                "states of this size are compared by default: {error}"
            );
            return;
        }
    };
    let text = serde_json::to_vec(&difference.operations).unwrap();
    assert_eq!(difference.text_bytes, text.len() as u64);
    assert!(difference.fuel <= limits.fuel);
    assert!(difference.operations.len() <= limits.operations);
    assert_eq!(difference.operations.is_empty(), old == new);

    let mut again = old.clone();
    let operations = difference.operations.as_slice().into();
    let _cost = patch::apply(&mut again, operations, &PatchLimits::default()).unwrap();
    check(&again, &new_value);

    let mut peer = old_value;
    let theirs: json_patch::Patch = serde_json::from_slice(&text).unwrap();
    json_patch::patch(&mut peer, &theirs).unwrap();
    assert_eq!(peer, new_value);
    for operation in &*theirs {
        let pointer = operation.path().as_str();
        assert!(pointer.len() <= limits.path_bytes);
        assert!(pointer.matches('/').count() <= limits.path_tokens);
        assert!(!pointer.split('/').any(|token| token == "__proto__"));
    }
}

/// Follows a producer with a consumer that has only what was sent.
pub fn a_consumer_follows_the_producer(bytes: &[u8]) {
    let mut entropy = Entropy::new(bytes);
    let mut value = with_lists(&mut entropy);
    let mut state = document(&value);
    let mut limits = ProducerLimits::default();
    limits.diff.fuel = 1 + entropy.below(4_000) as u64;
    limits.hash_every = u32::from(entropy.byte() % 3);
    let mut producer = Producer::new(limits.clone());
    let mut consumer: Option<Document> = None;
    for _ in 0..6 {
        if entropy.byte() >= 240 {
            producer.ask_full();
        }
        let emission = producer.emit(&state).unwrap();
        if let Some(text) = emission.full_state {
            assert!(emission.operations.is_empty());
            consumer = Some(Document::from_slice(&text, &super::patching::limits()).unwrap());
        } else if !emission.operations.is_empty() {
            let text = serde_json::to_vec(&emission.operations).unwrap();
            assert!((text.len() as u64) < state.canonical_len());
            let operations: Vec<Value> = serde_json::from_slice(&text).unwrap();
            apply_parsed(consumer.as_mut().unwrap(), &operations).unwrap();
        }
        check(consumer.as_ref().unwrap(), &value);
        if let Some(hash) = emission.hash {
            let mut hasher = dashstream_reducer::Hasher::new();
            assert_eq!(hasher.hash(consumer.as_ref().unwrap()), hash);
        }
        (state, value) = successor(&mut entropy, &state, &value);
        if entropy.is_empty() {
            break;
        }
    }
}

/// A state, most often one with an array of elements that have identities.
pub fn with_lists(entropy: &mut Entropy<'_>) -> Value {
    let mut state = entropy.state();
    if let Value::Object(members) = &mut state
        && entropy.byte() < 200
    {
        let len = match entropy.byte() {
            240.. => 60 + entropy.below(60),
            byte => usize::from(byte) % 8,
        };
        let list = (0..len).map(|_| keyed(entropy)).collect();
        members.insert("list".to_owned(), list);
    }
    state
}

fn keyed(entropy: &mut Entropy<'_>) -> Value {
    let mut members = Map::new();
    match entropy.byte() {
        0..180 => members.insert("id".to_owned(), json!(entropy.byte())),
        180..200 => members.insert("key".to_owned(), json!(entropy.name())),
        200..230 => members.insert("id".to_owned(), entropy.value(1)),
        _ => None,
    };
    members.insert("v".to_owned(), entropy.value(1));
    Value::Object(members)
}

/// What follows a state: after edits, after elements changed places, or something else altogether.
pub fn successor(entropy: &mut Entropy<'_>, old: &Document, value: &Value) -> (Document, Value) {
    let mut next = value.clone();
    let mut patch = Vec::new();
    match entropy.byte() {
        0..20 => {
            return {
                let value = with_lists(entropy);
                (document(&value), value)
            };
        }
        20..140 => {
            // Operations that apply, so that the new state shares what they leave alone.
            for _ in 0..entropy.below(6) {
                let operation = entropy.operation(&next);
                if let Ok(after) = super::model::apply(&next, core::slice::from_ref(&operation))
                    && is_small(&after)
                {
                    next = after;
                    patch.push(operation);
                }
            }
        }
        _ => {
            for _ in 0..1 + entropy.below(6) {
                let Some(list) = next.get_mut("list").and_then(Value::as_array_mut) else {
                    break;
                };
                let at = entropy.below(list.len() + 1);
                match entropy.byte() % 4 {
                    0 => {
                        let element = keyed(entropy);
                        list.insert(at, element.clone());
                        patch.push(
                            json!({"op": "add", "path": format!("/list/{at}"), "value": element}),
                        );
                    }
                    1 if at < list.len() => {
                        list.remove(at);
                        patch.push(json!({"op": "remove", "path": format!("/list/{at}")}));
                    }
                    2 if at < list.len() && list[at].is_object() => {
                        let value = entropy.value(2);
                        list[at]["v"] = value.clone();
                        patch.push(
                            json!({"op": "add", "path": format!("/list/{at}/v"), "value": value}),
                        );
                    }
                    3 if at < list.len() => {
                        let element = list.remove(at);
                        let to = entropy.below(list.len() + 1);
                        list.insert(to, element);
                        let (from, path) = (format!("/list/{at}"), format!("/list/{to}"));
                        patch.push(json!({"op": "move", "from": from, "path": path}));
                    }
                    _ => {}
                }
            }
        }
    }
    if entropy.byte() % 4 == 0 {
        return (document(&next), next);
    }
    let mut shared = old.clone();
    apply_parsed(&mut shared, &patch).unwrap();
    assert_eq!(shared, Document::from_value(&next, &limits()).unwrap());
    (shared, next)
}
