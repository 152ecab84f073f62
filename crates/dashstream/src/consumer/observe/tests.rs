use dashstream_kafka::{Config, Consumer, Embedded};

use super::*;

/// A partition whose leader never answers is no better known than one whose leader stopped.
#[tokio::test]
async fn a_partition_without_any_answer_is_unknown_after_the_same_time() {
    let broker = Embedded::start().unwrap();
    broker.create_topic("runs", 1).unwrap();
    broker.create_topic("runs-dlq", 1).unwrap();
    let config = Config::new(broker.brokers(), "runs", "test").unwrap();
    let consumer = Consumer::start(config, policy::Config::default(), |_| {});
    let consumer = consumer.await.unwrap();
    let mut status = loop {
        let status = consumer.status();
        match status.filter(|status| !status.partitions.is_empty()) {
            Some(status) => break Status::clone(&status),
            None => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    let patience = WATERMARKS_STALE_MIN;
    let mut observer = Observer::new(Duration::ZERO);
    let mut state = |status: &Status| {
        let seen = Seen {
            status,
            stored_at: &BTreeMap::new(),
            catching_up: &BTreeSet::new(),
            runs: metrics::RunCounts::default(),
            archives: false,
            archive_failing: false,
            group: Known::default(),
        };
        observer.observe(seen).partitions[0].state
    };
    for lag in &mut status.partitions {
        lag.watermarks_at = None;
    }
    let assigned = Duration::from_secs(1_000);
    for (after, expected) in [
        (Duration::ZERO, metrics::PartitionState::Running),
        (patience, metrics::PartitionState::Running),
        (
            patience + Duration::from_millis(1),
            metrics::PartitionState::Unknown,
        ),
        (patience * 10, metrics::PartitionState::Unknown),
    ] {
        status.at = assigned + after;
        assert_eq!(state(&status), expected, "{after:?}");
    }
    // Its leader has answered.
    for lag in &mut status.partitions {
        lag.watermarks_at = Some(status.at);
    }
    assert_eq!(state(&status), metrics::PartitionState::Running);
}
