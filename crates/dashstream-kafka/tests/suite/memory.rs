//! What large records take while nobody is through with any.

use std::thread;
use std::time::Duration;

use dashstream_kafka::{Consumer, policy};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use crate::support::child::{self, die};
use crate::support::host::{Place, run};
use crate::support::{Broker, within};

const PARTITIONS: u16 = 4;
const RECORDS: usize = 1_000;
const BYTES: usize = 1_000_000;
const MIB: usize = 1 << 20;

/// Outstanding records, and one for each partition; what the client fetched ahead, of which each
/// partition may have one fetch more than its share; and the clients themselves.
const BOUND: usize = (64 + 4) * MIB + (64 + 4) * MIB + 12 * MIB;

/// The process that is measured. It does nothing unless a test starts it with a place.
#[test]
fn child() {
    let Some(told) = child::told() else {
        return;
    };
    let (seen, place) = told.split_once(' ').unwrap();
    run(async {
        let config = Place::parse(place).config();
        let policy = policy::Config::default().ordering(policy::Ordering::Unordered);
        let before = peak();
        let mut consumer = Consumer::start(config, policy, |_| ()).await.unwrap();
        let mut kept = Vec::new();
        while let Ok(Some(record)) =
            tokio::time::timeout(Duration::from_secs(8), consumer.recv()).await
        {
            kept.push(record);
        }
        std::fs::write(seen, format!("{} {}", kept.len(), peak() - before)).unwrap();
        die();
    });
}

/// The most memory that this process ever had, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kb = line.unwrap().split_whitespace().next().unwrap();
    kb.parse::<usize>().unwrap() * 1024
}

#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn a_thousand_records_of_a_megabyte_behind_a_slow_handler_stay_within_the_bound() {
    within(Duration::from_secs(120), || {
        let broker = Broker::start();
        let place = Place::new(&broker, PARTITIONS);
        let mut config = broker.client();
        // The client's default is a megabyte with all that is around a value.
        config.set("message.max.bytes", "1048576");
        let producer: BaseProducer = config.create().unwrap();
        let value = vec![b'v'; BYTES];
        for number in 0..RECORDS {
            let mut record = BaseRecord::<(), _>::to(&place.topic)
                .payload(&value)
                .partition(number as i32 % i32::from(PARTITIONS));
            while let Err((error, again)) = producer.send(record) {
                let is_full = error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull);
                assert!(is_full, "{error}");
                producer.poll(Duration::from_millis(20));
                record = again;
            }
        }
        producer.flush(Duration::from_secs(60)).unwrap();
        let seen = std::env::temp_dir().join(crate::support::unique("dashstream-peak"));
        let told = format!("{} {}", seen.display(), place.print());
        let status =
            thread::spawn(move || child::run("memory::child", &told, Duration::from_secs(90)));
        let status = status.join().unwrap();
        let text = std::fs::read_to_string(&seen).unwrap_or_else(|_| panic!("{status}"));
        std::fs::remove_file(seen).unwrap();
        let (kept, peak) = text.split_once(' ').unwrap();
        let (kept, peak): (usize, usize) = (kept.parse().unwrap(), peak.parse().unwrap());
        assert!((60..=68).contains(&kept), "{kept} records out");
        assert!(peak <= BOUND, "{peak} of {BOUND} bytes");
    });
}
