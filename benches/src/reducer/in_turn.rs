//! Patches applied to many documents in turn, as a consumer of thousands of runs applies them: what a
//! document was looked at for last is no longer in the cache.

use dashstream_codec::{Borrowed, DecodeOptions, Decoder};
use dashstream_reducer::Document;
use dashstream_reducer::patch::{self, Operation, PatchLimits};
use serde_json::Value;

use super::patches::{PEER, decoded_by_prost, record, ten};
use super::{apply, document, one, operations, state};
use crate::measure::{Goal, Run};

/// Documents of each size. Those of 10 MiB take 8 GB on both sides together.
const DOCUMENTS: usize = 64;
const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

pub(super) fn run(run: &mut Run) {
    if run.quick() {
        return;
    }
    for (size, bytes) in [
        ("1KiB", KIB),
        ("32KiB", 32 * KIB),
        ("1MiB", MIB),
        ("10MiB", 10 * MIB),
    ] {
        let value = state(bytes);
        let mut sides = Sides::new(&value);
        // Nothing of the documents but what a patch looks at may be in a cache by then.
        let goal = Goal::AtMost(if bytes >= MIB { 0.90 } else { 0.60 });
        sides.parsed(run, &format!("diff-1/64-in-turn/{size}"), &one(bytes), goal);
        sides.from_wire(
            run,
            &format!("diff-1/64-in-turn/from-wire/{size}"),
            &one(bytes),
            goal,
        );
        // A state of a kilobyte has not the nodes that the ten operations name.
        if bytes >= 32 * KIB {
            let goal = Goal::AtMost(0.60);
            sides.parsed(
                run,
                &format!("diff-10/64-in-turn/{size}"),
                &ten(0).into(),
                goal,
            );
        }
    }
}

/// As many documents as values, none of which shares anything with another.
struct Sides {
    ours: Vec<Document>,
    theirs: Vec<Value>,
}

impl Sides {
    fn new(value: &Value) -> Self {
        Self {
            ours: (0..DOCUMENTS).map(|_| document(value)).collect(),
            theirs: (0..DOCUMENTS).map(|_| value.clone()).collect(),
        }
    }

    fn parsed(&mut self, run: &mut Run, name: &str, patch: &Value, goal: Goal) {
        let ours: Vec<Operation> = operations(patch);
        let peer: json_patch::Patch = serde_json::from_value(patch.clone()).expect("operations");
        self.compare(
            run,
            name,
            goal,
            |document| apply(document, &ours),
            |value| json_patch::patch(value, &peer).expect("applies"),
        );
    }

    fn from_wire(&mut self, run: &mut Run, name: &str, patch: &Value, goal: Goal) {
        let record = record(patch.as_array().expect("operations"));
        let payload = &record[1..];
        let limits = PatchLimits::default();
        let mut decoder = Decoder::new(DecodeOptions::new());
        self.compare(
            run,
            name,
            goal,
            |document| {
                let Ok(Borrowed::StateDiff(view, _)) = decoder.decode_borrowed(&record) else {
                    panic!("a view")
                };
                let _cost = patch::apply(document, (&view).into(), &limits).expect("applies");
            },
            |value| json_patch::patch(value, &decoded_by_prost(payload)).expect("applies"),
        );
    }

    fn compare(
        &mut self,
        run: &mut Run,
        name: &str,
        goal: Goal,
        mut ours: impl FnMut(&mut Document),
        mut theirs: impl FnMut(&mut Value),
    ) {
        let (documents, values) = (&mut self.ours, &mut self.theirs);
        ours(&mut documents[0]);
        theirs(&mut values[0]);
        assert!(
            documents[0].to_value() == values[0],
            "both sides changed the state alike"
        );
        let (mut at, mut peer_at) = (0, 0);
        run.ratio(
            &format!("reducer/{name}"),
            PEER,
            goal,
            || {
                at = (at + 1) % DOCUMENTS;
                ours(&mut documents[at]);
            },
            || {
                peer_at = (peer_at + 1) % DOCUMENTS;
                theirs(&mut values[peer_at]);
            },
        );
    }
}
