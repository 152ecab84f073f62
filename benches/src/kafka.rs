//! What a record costs the consumer, against the client's own loop and against a thread with a channel,
//! at several numbers of partitions. All read the same records from one cluster in this process; each
//! runs in a process of its own, in turn, and counts from its first record to its last.

use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dashstream_kafka::{Config, Consumer, Embedded, Record, policy};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Message as _;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};

use crate::measure::{Goal, Run, median};

/// The argument that makes this program one of the consumers.
pub const ONE: &str = "kafka-consumer";

/// What the cluster in the process keeps, of any number of partitions from four on.
const RECORDS: usize = 60_000;
const BYTES: usize = 100;
const ROUNDS: usize = 5;

/// Consumers by name, with what each is held against and may cost of it.
const CHANNEL: &str = "thread and channel";
const LOOP: &str = "BaseConsumer with store_offset";

pub fn run(run: &mut Run) {
    let cluster = Embedded::start().expect("a cluster");
    let mut alone: Option<f64> = None;
    for partitions in [4_u16, 64, 512] {
        let topic = format!("records-{partitions}");
        cluster.create_topic(&topic, partitions).expect("a topic");
        fill(cluster.brokers(), &topic, i32::from(partitions));
        let mut costs = [const { Vec::new() }; 4];
        for round in 0..if run.quick() { 1 } else { ROUNDS } {
            for (kind, costs) in ["recv", "batch", "channel", "loop"].iter().zip(&mut costs) {
                costs.push(measured(kind, cluster.brokers(), &topic, round));
            }
        }
        let [recv, batch, channel, base] = costs.each_ref().map(|costs| Cost::median(costs));
        for (name, cost) in [
            ("recv", &recv),
            ("recv_batch", &batch),
            (CHANNEL, &channel),
            (LOOP, &base),
        ] {
            eprintln!("  kafka/{partitions} partitions/{name}: {cost:?}");
        }
        let figure = |what: &str| format!("kafka/{partitions} partitions/{what}");
        let (cpu, memory) = ("CPU a record", "peak memory");
        run.value(
            &figure(&format!("recv, {cpu}")),
            "ratio",
            CHANNEL,
            Goal::AtMost(1.0),
            recv.cpu_us / channel.cpu_us,
        );
        run.value(
            &figure(&format!("recv_batch, {cpu}")),
            "ratio",
            LOOP,
            Goal::AtMost(1.5),
            batch.cpu_us / base.cpu_us,
        );
        let why = "no goal was set for it";
        run.value(
            &figure("recv, changes of context"),
            "ratio",
            CHANNEL,
            Goal::Report(why),
            recv.switches / channel.switches,
        );
        run.value(
            &figure(&format!("recv, {memory}")),
            "ratio",
            CHANNEL,
            Goal::AtMost(1.5),
            recv.peak_kb / channel.peak_kb,
        );
        let first = *alone.get_or_insert(recv.cpu_us);
        if partitions == 512 {
            run.value(
                "kafka/512 partitions/recv, CPU a record",
                "ratio",
                "the same at 4",
                Goal::AtMost(1.15),
                recv.cpu_us / first,
            );
        }
    }
}

#[derive(Debug)]
struct Cost {
    cpu_us: f64,
    switches: f64,
    peak_kb: f64,
}

impl Cost {
    fn median(costs: &[Self]) -> Self {
        let of = |part: fn(&Self) -> f64| median(&mut costs.iter().map(part).collect::<Vec<f64>>());
        Self {
            cpu_us: of(|cost| cost.cpu_us),
            switches: of(|cost| cost.switches),
            peak_kb: of(|cost| cost.peak_kb),
        }
    }
}

fn measured(kind: &str, brokers: &str, topic: &str, round: usize) -> Cost {
    let group = format!("{kind}-{topic}-{round}");
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args([ONE, kind, brokers, topic, &group])
        .output()
        .expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut numbers = text.split_whitespace().map(|number| number.parse().ok());
    match (numbers.next(), numbers.next(), numbers.next()) {
        (Some(Some(cpu_us)), Some(Some(switches)), Some(Some(peak_kb))) => Cost {
            cpu_us,
            switches,
            peak_kb,
        },
        _ => panic!(
            "{kind} said {text} and {}",
            String::from_utf8_lossy(&output.stderr)
        ),
    }
}

fn fill(brokers: &str, topic: &str, partitions: i32) {
    let producer: ThreadedProducer<DefaultProducerContext> = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .create()
        .expect("a producer");
    let value = [b'v'; BYTES];
    for number in 0..RECORDS {
        let record = BaseRecord::<(), [u8]>::to(topic)
            .payload(&value)
            .partition(number as i32 % partitions);
        producer.send(record).expect("room for all of them");
    }
    producer.flush(Duration::from_secs(60)).expect("written");
}

/// Consumes all records in one way and prints what it took.
pub fn one(arguments: impl Iterator<Item = String>) {
    let arguments: Vec<String> = arguments.collect();
    let [kind, brokers, topic, group] = &arguments[..] else {
        panic!("a kind, brokers, a topic and a group");
    };
    let meter = Meter::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    match kind.as_str() {
        "recv" => runtime.block_on(ours(brokers, topic, group, &meter, 1)),
        "batch" => runtime.block_on(ours(brokers, topic, group, &meter, 500)),
        "channel" => runtime.block_on(channel(brokers, topic, group, &meter)),
        _ => base(brokers, topic, group, &meter),
    }
}

async fn ours(brokers: &str, topic: &str, group: &str, meter: &Meter, max: usize) {
    let config = Config::new(brokers, topic, group).expect("a configuration");
    let policy = policy::Config::default().archiving(policy::Archiving::Off);
    let mut consumer = Consumer::start(config, policy, |_| {})
        .await
        .expect("it starts");
    loop {
        let records = match max {
            1 => consumer.recv().await.into_iter().collect(),
            _ => consumer.recv_batch(max).await,
        };
        let count = records.len();
        records.into_iter().for_each(Record::accept);
        if meter.count(count) {
            break;
        }
    }
    std::process::exit(0);
}

fn client(brokers: &str, topic: &str, group: &str) -> BaseConsumer {
    let client: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", group)
        .set("enable.auto.offset.store", "false")
        .set("auto.commit.interval.ms", "100")
        .set("auto.offset.reset", "earliest")
        .create()
        .expect("a client");
    client.subscribe(&[topic]).expect("subscribed");
    client
}

fn base(brokers: &str, topic: &str, group: &str, meter: &Meter) {
    let client = client(brokers, topic, group);
    loop {
        if let Some(Ok(message)) = client.poll(Duration::from_millis(50)) {
            let _ = std::hint::black_box(message.payload());
            client.store_offset_from_message(&message).expect("stored");
            if meter.count(1) {
                std::process::exit(0);
            }
        }
    }
}

async fn channel(brokers: &str, topic: &str, group: &str, meter: &Meter) {
    let client = Arc::new(client(brokers, topic, group));
    let (sender, mut receiver) = tokio::sync::mpsc::channel(1_000);
    let polling = Arc::clone(&client);
    std::thread::spawn(move || {
        loop {
            if let Some(Ok(message)) = polling.poll(Duration::from_millis(50))
                && sender.blocking_send(message.detach()).is_err()
            {
                return;
            }
        }
    });
    while let Some(message) = receiver.recv().await {
        let (topic, partition, offset) = (message.topic(), message.partition(), message.offset());
        client
            .store_offset(topic, partition, offset)
            .expect("stored");
        if meter.count(1) {
            std::process::exit(0);
        }
    }
}

/// Counts records, and what the process takes from the first to the last.
#[derive(Default)]
struct Meter {
    seen: AtomicU64,
    cpu: AtomicU64,
    switches: AtomicU64,
}

impl Meter {
    /// Says whether these were the last.
    fn count(&self, records: usize) -> bool {
        let before = self.seen.fetch_add(records as u64, Ordering::Relaxed);
        if before == 0 {
            self.cpu.store(cpu_ns(), Ordering::Relaxed);
            self.switches.store(switches(), Ordering::Relaxed);
        }
        let seen = before + records as u64;
        if seen < RECORDS as u64 {
            return false;
        }
        let cpu = cpu_ns() - self.cpu.load(Ordering::Relaxed);
        let switches = switches() - self.switches.load(Ordering::Relaxed);
        println!(
            "{} {switches} {}",
            cpu as f64 / 1_000.0 / seen as f64,
            status("/proc/self/status", "VmHWM:")
        );
        true
    }
}

fn cpu_ns() -> u64 {
    let of = |task: &str| {
        fs::read_to_string(format!("{task}/schedstat"))
            .ok()?
            .split(' ')
            .next()?
            .parse::<u64>()
            .ok()
    };
    tasks().iter().filter_map(|task| of(task)).sum()
}

fn switches() -> u64 {
    let of = |task: &String| {
        let path = format!("{task}/status");
        status(&path, "voluntary_ctxt_switches:") + status(&path, "nonvoluntary_ctxt_switches:")
    };
    tasks().iter().map(of).sum()
}

fn tasks() -> Vec<String> {
    let tasks = fs::read_dir("/proc/self/task").expect("Linux");
    tasks
        .filter_map(|task| Some(task.ok()?.path().to_str()?.to_owned()))
        .collect()
}

fn status(path: &str, name: &str) -> u64 {
    let text = fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}
