//! What a second consumer of the same group meets after the first one has left.
//!
//! The in-process broker takes seconds to form a group, so that all clusters run side by side and
//! each test looks at its own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use core::future::pending;
use std::sync::LazyLock;
use std::thread;

use dashstream_demo::{PartitionReport, RunReport};
use dashstream_gateway::{Settings, run};
use dashstream_kafka::Embedded;

/// Two runs of the gateway, one after the other: the first one with the demo producer.
struct Runs {
    first: RunReport,
    second: RunReport,
}

// Where each case stands among `ALL`.
const SKIP: usize = 0;
const PAUSE_PARTITION: usize = 1;
const PAUSE_CONSUMER: usize = 2;
const REQUIRED: usize = 3;

static ALL: LazyLock<[Runs; 4]> = LazyLock::new(|| {
    let pause = ["--on-unprocessable", "pause"];
    let partition = [&pause[..], &["--pause-scope", "partition"]].concat();
    let cases: [(u16, &[&str]); 4] = [
        (4, &[]),
        (4, &partition),
        (1, &pause),
        (2, &["--archive", "required"]),
    ];
    thread::scope(|scope| {
        cases
            .map(|(partitions, args)| scope.spawn(move || both(partitions, args)))
            .map(|run| run.join().unwrap())
    })
});

fn both(partitions: u16, args: &[&str]) -> Runs {
    let cluster = Embedded::start().unwrap();
    cluster
        .create_topic("dashstream-quality", partitions)
        .unwrap();
    cluster.create_topic("dashstream-quality-dlq", 1).unwrap();
    let demo = ["--demo", "--demo-hostile-every", "20", "--for", "5s"];
    Runs {
        first: gateway(&cluster, &[&demo, args].concat()),
        second: gateway(&cluster, &[&["--for", "9s"], args].concat()),
    }
}

/// One run of the gateway at `cluster`, in a runtime of its own so that nothing is left of it.
fn gateway(cluster: &Embedded, more: &[&str]) -> RunReport {
    let mut args = vec!["dashstream-gateway", "--brokers", cluster.brokers()];
    args.extend(["--listen", "127.0.0.1:0", "--max-payload-bytes", "262144"]);
    args.extend(["--group", "restarted"]);
    // The in-process broker keeps a member that has left until its session is over.
    args.extend(["--session-timeout", "3s"]);
    args.extend(more);
    let settings = Settings::parse_from(args, |_| None).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let report = runtime.block_on(run(&settings, pending())).unwrap();
    assert_eq!(report.problems, [""; 0]);
    report
}

fn held(report: &RunReport) -> Vec<&PartitionReport> {
    let held = |one: &&PartitionReport| one.poison_offset.is_some();
    report.partitions.iter().filter(held).collect()
}

/// Both runs are held at the same records, met nothing behind them, and the second one met nothing
/// before them either.
fn assert_held_alike(runs: &Runs, partitions: usize) {
    let place = |report: &RunReport| -> Vec<_> {
        let held = held(report).into_iter();
        held.map(|one| (one.id, one.poison_offset, one.stored_next, one.cause))
            .collect()
    };
    assert_eq!(held(&runs.first).len(), partitions, "{:?}", runs.first);
    assert_eq!(place(&runs.second), place(&runs.first));
    for partition in held(&runs.second) {
        assert_eq!(
            partition.first_offset, partition.poison_offset,
            "{:?}",
            runs.second
        );
        assert_eq!(partition.stored_next, partition.poison_offset);
    }
    for report in [&runs.first, &runs.second] {
        assert_eq!(report.health.verdict, "fail");
        // Every record up to those it is held at, and none behind them.
        let met = held(report).into_iter().map(|one| {
            let (first, last) = (one.first_offset.unwrap(), one.poison_offset.unwrap());
            u64::try_from((first..=last).count()).unwrap()
        });
        assert_eq!(report.received, met.sum::<u64>(), "{report:?}");
    }
}

#[test]
fn skip_does_not_meet_an_unprocessable_record_again() {
    let Runs { first, second } = &ALL[SKIP];
    assert!(first.unprocessable.values().sum::<u64>() > 20, "{first:?}");
    assert_eq!((held(first).len(), held(second).len()), (0, 0));
    assert_eq!((second.received, second.unprocessable.len()), (0, 0));
    let stored = |report: &RunReport| -> Vec<_> {
        report
            .partitions
            .iter()
            .map(|one| (one.id, one.stored_next))
            .collect()
    };
    assert_eq!(second.partitions.len(), 4);
    assert_eq!(stored(second), stored(first));
}

#[test]
fn pause_of_a_partition_meets_exactly_the_record_it_is_held_at() {
    assert_held_alike(&ALL[PAUSE_PARTITION], 4);
}

#[test]
fn pause_of_the_consumer_meets_exactly_the_record_it_is_held_at() {
    assert_held_alike(&ALL[PAUSE_CONSUMER], 1);
}

#[test]
fn a_required_archive_has_each_record_that_was_passed() {
    let Runs { first, second } = &ALL[REQUIRED];
    assert!(first.archived > 20, "{first:?}");
    assert_eq!(first.archived, first.unprocessable.values().sum::<u64>());
    assert_eq!(second.received, 0);
}
