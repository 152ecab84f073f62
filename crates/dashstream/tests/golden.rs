//! The pages as they were before there was a library, byte for byte. What has come since is left out: the
//! two causes that the finer names became, and families that did not exist.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a test counts small numbers, and fails by panicking"
)]

use core::time::Duration;
use std::collections::BTreeSet;

use dashstream::metrics::Format;
use dashstream::policy::{Breaker, Cause, Disposition, FailureReason};
use dashstream::{
    ArchiveState, BreakerObservation, BrokerRefusal, ErrorType, InfrastructureError, Metrics,
    Observation, Options, Outcome, PartitionObservation, PartitionState, PolicyCounts,
    RESYNC_REASON, RedisOperation, ReplayMode, SendOutcome, UnownedPartitions,
};

const fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The lines of the families and causes that `golden` knows.
fn known(page: &str, golden: &str) -> String {
    let family = |line: &str| line.split(' ').nth(2).unwrap_or_default().to_owned();
    let heads = golden.lines().filter(|line| line.starts_with("# TYPE "));
    let families: BTreeSet<String> = heads.map(family).collect();
    let mut there = false;
    let kept = page.lines().filter(|line| {
        if line.starts_with("# HELP ") {
            there = families.contains(&family(line));
        }
        there
            && !["\"empty\"", "\"truncated\""]
                .iter()
                .any(|new| line.contains(new))
    });
    kept.map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_fresh_page_is_as_it_was() {
    let metrics = Metrics::register(Options::default(), at(3)).unwrap();
    let page = metrics.page(&metrics.latest(), Format::Text);
    let golden = include_str!("golden/fresh.txt");
    assert_eq!(known(&page, golden), sorted_alike(golden, &page));
}

/// The families of `golden` in the order of `page`: one has moved beside the latencies it is a view of.
fn sorted_alike(golden: &str, page: &str) -> String {
    let mut families: Vec<&str> = golden.split("# HELP ").skip(1).collect();
    families.sort_by_key(|family| {
        let name = family.split(' ').next().unwrap_or_default();
        page.find(&format!("# HELP {name} "))
    });
    families
        .iter()
        .map(|family| format!("# HELP {family}"))
        .collect()
}

#[test]
fn a_page_on_which_everything_has_happened_is_as_it_was() {
    let metrics = Metrics::register(Options::default(), at(3)).unwrap();
    record(&metrics);
    let snapshot = metrics.observe(at(1000), observed());
    let page = metrics.page(&snapshot, Format::Text);
    let golden = include_str!("golden/busy.txt");
    assert_eq!(known(&page, golden), sorted_alike(golden, &page));
}

/// The old name of a cause whose length was how often it was recorded, in the old order.
const CAUSES: [(Cause, u64); 14] = [
    (Cause::NullPayload, 12),
    (Cause::Oversize, 8),
    (Cause::BadFrame, 9),
    (Cause::DecompressionRefused, 13),
    (Cause::DecodeError, 9),
    (Cause::HeapBudget, 11),
    (Cause::SchemaTooNew, 14),
    (Cause::HeaderMismatch, 6),
    (Cause::CrashLoop, 10),
    (Cause::HandlerRefused, 15),
    (Cause::UndecodableBatch, 17),
    (Cause::RecordDeleted, 13),
    (Cause::Dropped, 7),
    (Cause::OffsetOutOfRange, 19),
];

fn record(metrics: &Metrics) {
    let mut second = 4;
    let mut tick = || {
        second += 1;
        at(second)
    };
    let ms = Duration::from_millis;
    for outcome in [Outcome::Processed, Outcome::Ignored, Outcome::OldProcessed] {
        (0..7).for_each(|_| metrics.record(tick(), outcome));
    }
    for of in [Outcome::Unprocessable, Outcome::OldData] {
        for (cause, times) in CAUSES {
            (0..times).for_each(|_| metrics.record(tick(), of(cause)));
        }
    }
    for (i, kind) in InfrastructureError::LABEL.values.iter().enumerate() {
        (0..=i).for_each(|_| metrics.infrastructure_error(tick(), *kind));
    }
    for (i, kind) in ErrorType::LABEL.values.iter().enumerate() {
        (0..=i).for_each(|_| metrics.dead_letter_acknowledged(tick(), *kind));
    }
    for (i, reason) in FailureReason::ALL.into_iter().enumerate() {
        (0..=i).for_each(|_| metrics.dead_letter_failed(tick(), reason));
    }
    let clients = metrics.clients().unwrap();
    for (i, outcome) in SendOutcome::LABEL.values.iter().enumerate() {
        (0..=i).for_each(|_| clients.sent(tick(), *outcome));
    }
    for n in [1, 10, 100, 3] {
        clients.lagged(tick(), n);
    }
    for (n, counter) in (1..).zip([
        &clients.slow_disconnects,
        &clients.rejected,
        &clients.oversized,
        &clients.unreadable,
        &clients.multi_thread_batches,
    ]) {
        counter.add((), n);
    }
    let runs = metrics.runs().unwrap();
    for missing in [3, 1, 700] {
        runs.gap(missing);
    }
    runs.duplicates.add((), 2);
    runs.reorders.add((), 1);
    for (n, reason) in (1..).zip(RESYNC_REASON.values) {
        runs.resyncs.add(*reason, n);
    }
    for millis in [0, 99, 100, 101, 60_000, 60_001, -1] {
        metrics.latency(at(999), millis * 1000);
    }
    for n in [3, 10, 700, 99_000] {
        metrics.lag_polled(ms(n), true);
        metrics.lag_polled(ms(2 * n), false);
    }
    let replay = metrics.replay().unwrap();
    for (n, counter) in (2..).zip([
        &replay.memory_hits,
        &replay.redis_hits,
        &replay.redis_misses,
        &replay.redis_writes_dropped,
        &replay.redis_writes_failed,
    ]) {
        counter.add((), n);
    }
    let mut n = 3;
    for mode in [ReplayMode::Partition, ReplayMode::Thread] {
        for counter in [
            &replay.requests,
            &replay.messages,
            &replay.gaps,
            &replay.gap_messages,
        ] {
            counter.add(mode, n);
            n += 1;
        }
    }
    for millis in [5, 40, 40_000] {
        replay.took.observe(ReplayMode::Thread, millis);
        replay.redis_took.observe(RedisOperation::Read, millis);
    }
    replay.redis_errors.add((), 1);
}

fn observed() -> Observation {
    let mut observed = Observation::default();
    observed.connected_clients = 5;
    for (id, state) in (0_i32..).zip(PartitionState::LABEL.values) {
        let mut partition = PartitionObservation::new(id, *state, at(40));
        partition.lag = (id > 1).then_some(u64::from(id.unsigned_abs()) * 100);
        partition.offset_moved_at = (id > 2).then_some(at(20));
        partition.catching_up = id % 2 == 0;
        partition.loss_in = (id == 1).then_some(at(50));
        observed.partitions.push(partition);
    }
    let length = |cause: Cause| cause.label().len() as u64;
    observed.policy = PolicyCounts::from_fn(
        |how: Disposition, why| length(why) + how.label().len() as u64,
        |cause| length(cause) + 1,
        |cause| length(cause) + 2,
    );
    observed.archive.state = ArchiveState::Failing;
    observed.archive.pending = 9;
    observed.archive.oldest_pending_since = Some(at(30));
    observed.broker_unreachable_since = Some(at(31));
    observed.broker_refusal = Some(BrokerRefusal::new(at(32), "no"));
    observed.unowned = Some(UnownedPartitions::new(at(33), 2, 77));
    observed.breaker = Some(BreakerObservation::new(Breaker::Open, at(34)));
    observed.runs.synced = 4;
    observed.runs.needs_resync = 2;
    observed.self_scrape = Some(3);
    observed
}
