//! What snapshots and kept versions cost, and what a state takes in memory.

use std::hint::black_box;
use std::sync::Arc;

use dashstream_reducer::{Document, ReadLimits};
use dashstream_testkit::alloc::measure;
use serde_json::Value;

use super::{MIB, apply, document, one, operations};
use crate::measure::{Goal, Run};

pub(super) fn run(run: &mut Run, value: &Value) {
    let text = serde_json::to_vec(value).expect("JSON");
    let read = || Document::from_slice(&text, &ReadLimits::default()).expect("within limits");
    let (mut document, usage) = measure(read);
    let heap = u64::try_from(usage.retained).expect("it holds something");
    #[allow(clippy::cast_precision_loss)]
    let megabytes = heap as f64 / text.len() as f64 * MIB as f64 / 1e6;
    run.value(
        "reducer/heap/1MiB",
        "MB",
        "serde_json::Value",
        Goal::AtMost(6.0),
        megabytes,
    );
    #[allow(clippy::cast_precision_loss)]
    let bound = document.heap_bytes() as f64 / heap as f64;
    assert!(bound >= 1.0, "an upper bound: {bound}");
    run.value(
        "reducer/heap/bound",
        "ratio",
        "the heap measured",
        Goal::Report("a bound for budgets"),
        bound,
    );

    let before = document.clone();
    let (snapshot, usage) = measure(|| before.clone());
    assert!(snapshot.is_same(&before));
    let peer = "serde_json::Value clone";
    run.count(
        "reducer/snapshot/heap",
        "bytes",
        peer,
        Goal::Exactly(0.0),
        usage.peak,
    );
    let counted = Arc::new(0_u8);
    run.ratio(
        "reducer/snapshot",
        "Arc clone and drop",
        Goal::AtMost(4.0),
        || {
            black_box(black_box(&before).clone());
        },
        || {
            black_box(Arc::clone(black_box(&counted)));
        },
    );
    drop((snapshot, before));

    let patch = operations(&one(MIB));
    let previous = document.clone();
    let ((), usage) = measure(|| apply(&mut document, &patch));
    assert!(previous == read(), "the version that is kept is as it was");
    let held = u64::try_from(usage.retained).unwrap_or(0);
    run.count(
        "reducer/diff-1/kept/heap",
        "bytes",
        "imbl: 10 KB",
        Goal::AtMost(4096.0),
        held,
    );
    drop(previous);
    // Slower than its goal today, so that only the whole run judges it.
    if !run.quick() {
        kept(run, value);
    }

    let (versions, usage) = measure(|| {
        let mut versions = Vec::with_capacity(10_000);
        for _ in 0..10_000 {
            versions.push(document.clone());
            apply(&mut document, &patch);
        }
        versions
    });
    assert_eq!(versions.len(), 10_000);
    let held = u64::try_from(usage.retained).unwrap_or(0);
    #[allow(clippy::cast_precision_loss)]
    let goal = Goal::AtMost(64.0 * MIB as f64);
    run.count(
        "reducer/versions/10000",
        "bytes",
        "clones: 73 GB",
        goal,
        held,
    );
}

/// One diff with the previous version kept, against a tree of imbl's vectors and maps.
fn kept(run: &mut Run, value: &Value) {
    let patch = operations(&one(MIB));
    let mut document = document(value);
    let mut peer = Tree::of(value);
    let path = one(MIB)[0]["path"].as_str().expect("a path").to_owned();
    let path: Vec<&str> = path.split('/').skip(1).collect();
    let new = Tree::Number(2.into());
    let ours = |document: &mut Document| {
        let previous = document.clone();
        apply(document, &patch);
        black_box(previous)
    };
    let theirs = |peer: &mut Tree| {
        let previous = peer.clone();
        *peer.at(black_box(&path)) = new.clone();
        black_box(previous)
    };
    let previous = ours(&mut document);
    assert!(
        previous.to_value() == *value,
        "the version that is kept is as it was"
    );
    assert!(theirs(&mut peer).to_value() == *value);
    assert!(
        document.to_value() == peer.to_value(),
        "both sides changed the state alike"
    );
    drop(previous);
    run.ratio(
        "reducer/diff-1/kept",
        "a tree of imbl 7 vectors and maps",
        Goal::AtMost(0.80),
        || {
            ours(&mut document);
        },
        || {
            theirs(&mut peer);
        },
    );
}

/// JSON in imbl's persistent containers.
#[derive(Clone)]
enum Tree {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    String(Arc<str>),
    Array(imbl::Vector<Tree>),
    Object(imbl::OrdMap<Arc<str>, Tree>),
}

impl Tree {
    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::Number(number.clone()),
            Value::String(text) => Self::String(text.as_str().into()),
            Value::Array(values) => Self::Array(values.iter().map(Self::of).collect()),
            Value::Object(members) => Self::Object(
                members
                    .iter()
                    .map(|(name, value)| (Arc::from(name.as_str()), Self::of(value)))
                    .collect(),
            ),
        }
    }

    fn at(&mut self, path: &[&str]) -> &mut Self {
        let Some((name, rest)) = path.split_first() else {
            return self;
        };
        let Self::Object(members) = self else {
            panic!("an object")
        };
        members.get_mut(*name).expect("it is there").at(rest)
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Number(number) => Value::Number(number.clone()),
            Self::String(text) => Value::String(text.to_string()),
            Self::Array(values) => values.iter().map(Self::to_value).collect(),
            Self::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(name, value)| (name.to_string(), value.to_value()))
                    .collect(),
            ),
        }
    }
}
