//! Follows one run, loses a message, recovers on the next snapshot, and looks back at an old version.
#![expect(clippy::disallowed_macros, reason = "a command-line tool prints")]

use core::time::Duration;

use dashstream_reducer::diff::DiffLimits;
use dashstream_reducer::patch::{self, Operation, PatchLimits};
use dashstream_reducer::{ReadLimits, Reducer, ReducerLimits, Stamp, Update};

fn main() -> anyhow::Result<()> {
    let mut run = Reducer::new(ReducerLimits {
        history_versions: 10,
        ..ReducerLimits::default()
    });
    let start = br#"{"messages":[],"step":0}"#;
    apply(&mut run, 1, Update::Start { state: Some(start) });
    let hello = r#"[{"op":"add","path":"/messages/-","value":{"id":1,"text":"hello"}}]"#;
    apply(&mut run, 2, diff(&operations(hello)?));

    // Sequence 3 never arrives: whatever it changed is missing from now on.
    let step = r#"[{"op":"replace","path":"/step","value":2}]"#;
    apply(&mut run, 4, diff(&operations(step)?));

    // A snapshot of what was true at 3; the diff that waited is applied after it.
    let state = br#"{"messages":[{"id":0,"text":"lost"},{"id":1,"text":"hello"}],"step":1}"#;
    apply(&mut run, 3, Update::Snapshot { state, hash: &[] });

    // Back to version 2, and what has changed since: one message in front, and the step.
    if let Some(version) = run.history().at(2) {
        println!("at 2: {version}");
    }
    let changed = run.history().diff(2, 4, &DiffLimits::default())?;
    for operation in changed.operations {
        println!("   {}", serde_json::to_string(&operation)?);
    }
    Ok(())
}

fn apply(run: &mut Reducer, sequence: u64, update: Update<'_>) {
    let now = Duration::from_secs(sequence);
    let outcome = run.apply(now, Stamp::new(sequence), update);
    println!(
        "{sequence}: {outcome:?}, needs resync: {:?}",
        run.needs_resync()
    );
    while let Some(effect) = run.poll_effect() {
        println!("   {effect:?}");
    }
    if let Some(state) = run.state() {
        println!("   {state}");
    }
}

fn operations(text: &str) -> anyhow::Result<Vec<Operation>> {
    Ok(patch::parse(
        text.as_bytes(),
        &ReadLimits::default(),
        &PatchLimits::default(),
    )?)
}

fn diff(operations: &[Operation]) -> Update<'_> {
    Update::Diff {
        operations: operations.into(),
        hash: &[],
        base: &[],
    }
}
