use dashstream_policy::Backlog::{Current, Old};

use super::*;

/// Where a key belongs to a worker the last record of a partition is that of any of them.
#[test]
fn the_last_record_of_all_workers_says_whether_a_partition_catches_up() {
    let shared = Shared::new(2, None);
    let report = |worker, last: &[(i32, (i64, Backlog))]| {
        let last = last.iter().copied().collect();
        let runs = RunCounts::default();
        shared.report(worker, WorkerReport { runs, last });
    };
    report(0, &[(0, (7, Old)), (1, (3, Old)), (2, (9, Current))]);
    report(1, &[(0, (8, Current)), (1, (2, Old)), (2, (8, Old))]);
    assert_eq!(shared.sum().catching_up().collect::<Vec<_>>(), [1]);
}
