//! The table. Everything that operators see is derived from it.

mod clients;
mod connection;
mod consumption;
mod instruments;
mod policy;
mod replay;
mod runs;

use crate::catalogue::metric::Metric;
use crate::facts::PartitionFacts;
use crate::snapshot::Snapshot;

/// Every metric, in the order of the exposition.
pub static CATALOGUE: &[Metric] = &joined();

const GROUPS: &[&[Metric]] = &[
    consumption::METRICS,
    connection::METRICS,
    policy::METRICS,
    runs::METRICS,
    clients::METRICS,
    replay::METRICS,
    instruments::METRICS,
];

/// The groups one after the other, put together by the compiler.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "evaluated when it is compiled, where a mistake is an error"
)]
const fn joined() -> [Metric; length()] {
    let mut all = [GROUPS[0][0]; length()];
    let (mut group, mut at) = (0, 0);
    while group < GROUPS.len() {
        let mut row = 0;
        while row < GROUPS[group].len() {
            all[at] = GROUPS[group][row];
            row += 1;
            at += 1;
        }
        group += 1;
    }
    all
}

#[expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "evaluated when it is compiled, where a mistake is an error"
)]
const fn length() -> usize {
    let (mut group, mut length) = (0, 0);
    while group < GROUPS.len() {
        length += GROUPS[group].len();
        group += 1;
    }
    length
}

fn each(snapshot: &Snapshot, emit: impl FnMut(&PartitionFacts)) {
    snapshot.facts.partitions.iter().for_each(emit);
}
