//! The engine against the model, however the operations arrive and whoever shares the document.

use dashstream_reducer::patch::{self, Encoded, Operation, PatchLimits};
use dashstream_reducer::{Document, ReadLimits};
use serde_json::Value;

use super::entropy::Entropy;
use super::model;

/// Draws a state and some patches and follows them with the model.
pub fn follows_the_model(bytes: &[u8]) {
    let mut entropy = Entropy::new(bytes);
    let mut state = entropy.state();
    let mut document = document(&state);
    let mut kept: Vec<(Document, Value)> = Vec::new();
    for _ in 0..8 {
        let patch = entropy.patch(&state);
        // With a version kept the engine copies; without, it changes in place and undoes.
        if entropy.byte() % 2 == 0 {
            kept.push((document.clone(), state.clone()));
        } else if entropy.byte() % 4 == 0 {
            kept.clear();
        }
        let before = document.clone();
        let shared = entropy.byte() % 2 == 0;
        let before = if shared {
            before
        } else {
            Document::from_value(&state, &limits()).unwrap()
        };
        let expected = model::apply(&state, &patch);
        let result = match entropy.byte() % 2 {
            0 => apply_parsed(&mut document, &patch),
            _ => apply_encoded(&mut document, &patch),
        };
        match (expected, result) {
            (Ok(next), Ok(())) => {
                check(&document, &next);
                state = next;
            }
            (Err(expected), Err(index)) => {
                assert_eq!(expected, index, "{state} {patch:?}");
                assert_eq!(document, before);
                check(&document, &state);
            }
            (expected, result) => panic!("{expected:?} {result:?}: {state} {patch:?}"),
        }
        if entropy.is_empty() {
            break;
        }
    }
    for (document, state) in kept {
        check(&document, &state);
    }
}

/// Everything that is derived must be what deriving it anew gives.
pub fn check(document: &Document, expected: &Value) {
    let text = serde_json::to_vec(expected).unwrap();
    let mut canonical = Vec::new();
    document.to_canonical(&mut canonical);
    assert_eq!(
        String::from_utf8_lossy(&canonical),
        String::from_utf8_lossy(&text)
    );
    assert_eq!(document.canonical_len(), text.len() as u64);
    let anew = Document::from_slice(&text, &limits()).unwrap();
    assert_eq!(*document, anew);
    assert_eq!(
        (document.nodes(), document.depth()),
        (anew.nodes(), anew.depth())
    );
    assert_eq!((anew.nodes(), anew.depth()), count(expected));
    assert_eq!(document.to_value(), *expected);
}

fn count(value: &Value) -> (u64, u16) {
    let inner: Vec<_> = match value {
        Value::Array(elements) => elements.iter().map(count).collect(),
        Value::Object(members) => members.values().map(count).collect(),
        _ => return (1, 0),
    };
    let nodes = inner.iter().map(|(nodes, _)| nodes).sum::<u64>() + 1;
    (
        nodes,
        inner.iter().map(|(_, depth)| *depth).max().unwrap_or(0) + 1,
    )
}

/// Copies double a state: what is drawn step by step must stop somewhere.
pub fn is_small(value: &Value) -> bool {
    dashstream_reducer::json_len(value, 1 << 14).is_some()
}

pub fn limits() -> ReadLimits {
    ReadLimits::default()
}

pub fn document(value: &Value) -> Document {
    Document::from_value(value, &limits()).unwrap()
}

pub fn operations(patch: &[Value]) -> Vec<Operation> {
    let text = serde_json::to_vec(patch).unwrap();
    patch::parse(&text, &limits(), &PatchLimits::default()).unwrap()
}

pub fn apply_parsed(document: &mut Document, patch: &[Value]) -> Result<(), usize> {
    let operations = operations(patch);
    patch::apply(
        document,
        operations.as_slice().into(),
        &PatchLimits::default(),
    )
    .map(|_| ())
    .map_err(|error| error.index)
}

pub fn apply_encoded(document: &mut Document, patch: &[Value]) -> Result<(), usize> {
    let values: Vec<Vec<u8>> = patch
        .iter()
        .map(|operation| {
            operation
                .get("value")
                .map_or_else(Vec::new, |value| serde_json::to_vec(value).unwrap())
        })
        .collect();
    let encoded: Vec<Encoded<'_>> = patch
        .iter()
        .zip(&values)
        .map(|(operation, value)| Encoded {
            op: ["add", "remove", "replace", "move", "copy", "test"]
                .iter()
                .position(|name| operation["op"] == *name)
                .unwrap() as i32,
            path: operation["path"].as_str().unwrap(),
            from: operation
                .get("from")
                .and_then(Value::as_str)
                .unwrap_or_default(),
            value,
            encoding: 0,
        })
        .collect();
    patch::apply(document, encoded.as_slice().into(), &PatchLimits::default())
        .map(|_| ())
        .map_err(|error| error.index)
}
