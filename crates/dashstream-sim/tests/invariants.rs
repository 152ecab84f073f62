//! The engine keeps its invariants under random schedules and under every short trace.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use dashstream_sim::{exhaustive, schedules};

#[test]
fn two_thousand_schedules_break_no_invariant() {
    match schedules(0, 2_000) {
        // A run in which nothing happens proves nothing.
        Ok(ran) => assert!(
            ran.steps > 50_000 && ran.unprocessable > 3_000 && ran.drained > 1_000,
            "{ran:?}"
        ),
        Err(failure) => panic!("{failure}"),
    }
}

/// `cargo xtask sim` does the same with six events: fifteen times as many traces.
#[test]
fn every_trace_of_five_events_three_offsets_and_two_epochs_breaks_no_invariant() {
    match exhaustive(5) {
        Ok(explored) => {
            assert_eq!(
                (explored.events, explored.epochs, explored.offsets),
                (5, 2, 3)
            );
            assert!(
                explored.traces > 900_000 && explored.states > 50_000,
                "{explored:?}"
            );
        }
        Err(failure) => panic!("{failure}"),
    }
}

#[test]
fn the_readme_lists_every_mutant_of_the_engine_and_no_other() {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../dashstream-policy/src");
    let mut planted = BTreeSet::new();
    mutants(Path::new(source), &mut planted);
    let rows = include_str!("../README.md").lines();
    let named = rows.filter_map(|row| row.strip_prefix("| `")?.split_once("` | "));
    let listed: BTreeSet<_> = named
        .filter(|(name, _)| !name.contains(' '))
        .map(|(name, _)| name.to_owned())
        .collect();
    assert_eq!(listed, planted);
    assert!(listed.len() >= 15);
}

fn mutants(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            mutants(&path, names);
            continue;
        }
        let text = fs::read_to_string(&path).expect("text");
        let found = text.split("mutant = \"").skip(1);
        names.extend(found.filter_map(|rest| rest.split('"').next().map(str::to_owned)));
    }
}
