//! Follows one run, loses a message, and recovers on the next snapshot.
#![expect(clippy::disallowed_macros, reason = "a command-line tool prints")]

use core::time::Duration;

use dashstream_reducer::patch::{self, Operation, PatchLimits};
use dashstream_reducer::{ReadLimits, Reducer, ReducerLimits, Stamp, Update};

fn main() -> anyhow::Result<()> {
    let mut run = Reducer::new(ReducerLimits::default());
    let start = br#"{"messages":[],"step":0}"#;
    apply(&mut run, 1, Update::Start { state: Some(start) });
    let hello = r#"[{"op":"add","path":"/messages/-","value":"hello"}]"#;
    apply(&mut run, 2, diff(&operations(hello)?));

    // Sequence 3 never arrives: whatever it changed is missing from now on.
    let step = r#"[{"op":"replace","path":"/step","value":2}]"#;
    apply(&mut run, 4, diff(&operations(step)?));

    // A snapshot of what was true at 3; the diff that waited is applied after it.
    let state = br#"{"messages":["hello","lost"],"step":1}"#;
    apply(&mut run, 3, Update::Snapshot { state, hash: &[] });
    Ok(())
}

fn apply(run: &mut Reducer, sequence: u64, update: Update<'_>) {
    let now = Duration::from_secs(sequence);
    let outcome = run.apply(now, Stamp::new(sequence), update);
    println!("{sequence}: {outcome:?}, {:?}", run.phase());
    while let Some(effect) = run.poll_effect() {
        println!("   {effect:?}");
    }
    let mut text = Vec::new();
    if let Some(state) = run.state() {
        state.to_canonical(&mut text);
        println!("   {}", String::from_utf8_lossy(&text));
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
