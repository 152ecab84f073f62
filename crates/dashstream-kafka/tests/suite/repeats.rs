//! How many records a killed process has done that the next one does again.

use std::thread;
use std::time::{Duration, Instant};

use dashstream_kafka::Consumer;
use dashstream_kafka::policy;
use rdkafka::producer::{BaseProducer, BaseRecord};

use crate::support::child::{self, die};
use crate::support::host::{Place, run};
use crate::support::{Broker, unique, within};

/// Records in a second, as the bounds below are stated for.
const RATE: usize = 2_000;

/// The first process to be killed dies here: all have joined and caught up by then.
const FIRST: i64 = 16_000;

/// The process that is killed. It does nothing unless a test starts it with a place.
#[test]
fn child() {
    let Some(told) = child::told() else {
        return;
    };
    let [interval, last, done, place] = told.splitn(4, ' ').collect::<Vec<_>>().try_into().unwrap();
    let interval =
        (interval != "default").then(|| Duration::from_millis(interval.parse().unwrap()));
    let last: i64 = last.parse().unwrap();
    run(async {
        let mut config = Place::parse(place).config();
        if let Some(interval) = interval {
            config = config.commit_interval(interval).unwrap();
        }
        let policy = policy::Config::default();
        let mut consumer = Consumer::start(config, policy, |_| ()).await.unwrap();
        while let Some(record) = consumer.recv().await {
            let offset = record.offset();
            record.accept();
            if offset == last {
                std::fs::write(done, "").unwrap();
                die();
            }
        }
    });
}

/// Kills a process at each of five records, and returns how many records each has done beyond what was
/// committed of it.
fn repeated(interval: &str) -> Vec<i64> {
    let broker = Broker::start();
    let place = Place::new(&broker, 1);
    let killed: Vec<_> = (0..5)
        .map(|nth| {
            let last = FIRST + nth * 1_777;
            let mut place = place.clone();
            place.group = unique("g");
            let done = std::env::temp_dir().join(unique("dashstream-died"));
            let told = format!("{interval} {last} {} {}", done.display(), place.print());
            let process = thread::spawn(move || {
                let status = child::run("repeats::child", &told, Duration::from_secs(90));
                assert!(done.exists(), "{status}");
                std::fs::remove_file(done).unwrap();
            });
            (process, place, last)
        })
        .collect();
    let producer: BaseProducer = broker.client().create().unwrap();
    let begun = Instant::now();
    for slice in 1.. {
        if killed.iter().all(|(process, ..)| process.is_finished()) {
            break;
        }
        for _ in 0..RATE / 100 {
            let record = BaseRecord::<(), _>::to(&place.topic).payload("good");
            producer.send(record.partition(0)).unwrap();
        }
        let due = Duration::from_millis(10) * slice;
        producer.poll(Duration::ZERO);
        thread::sleep(due.saturating_sub(begun.elapsed()));
    }
    let repeated = killed.into_iter().map(|(process, place, last)| {
        process.join().unwrap();
        let committed = broker.committed(&place.group, &place.topic, 0);
        last + 1 - committed.unwrap()
    });
    repeated.collect()
}

#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn a_killed_process_leaves_at_most_250_records_to_be_done_again() {
    within(Duration::from_secs(180), || {
        let repeated = repeated("default");
        assert!(repeated.iter().all(|count| *count <= 250), "{repeated:?}");
    });
}

#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn a_killed_process_that_commits_every_40_ms_leaves_at_most_100() {
    within(Duration::from_secs(180), || {
        let repeated = repeated("40");
        assert!(repeated.iter().all(|count| *count <= 100), "{repeated:?}");
    });
}
