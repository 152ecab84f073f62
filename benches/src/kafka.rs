//! What a record costs the consumer, against the client's own loop and against a thread with a channel,
//! at several numbers of partitions. All read the same records from one cluster, in this process or, where
//! `DASHSTREAM_BENCH_BROKERS` names it, outside; each runs in a process of its own, in turn, and counts
//! from its first record to its last.

use std::fs;
use std::ops::Range;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use dashstream_kafka::{Config, Consumer, Embedded, Record, policy};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Message as _;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};

use crate::measure::{Goal, Run, median};

/// The argument that makes this program one of the consumers.
pub const ONE: &str = "kafka-consumer";

/// What the cluster in the process keeps, of any number of partitions from four on.
const RECORDS: usize = 60_000;
/// On a cluster outside, where a record takes longer to come than to be read from memory.
const RECORDS_OUTSIDE: usize = 500_000;
const BYTES: usize = 200;

/// Names the cluster outside.
const BROKERS: &str = "DASHSTREAM_BENCH_BROKERS";

/// Consumers by name, with what each is held against and may cost of it.
const CHANNEL: &str = "thread and channel";
const LOOP: &str = "BaseConsumer with store_offset";

pub fn run(run: &mut Run) {
    let outside = std::env::var(BROKERS).ok();
    let cluster = outside
        .is_none()
        .then(|| Embedded::start().expect("a cluster"));
    let brokers = outside
        .as_deref()
        .or(cluster.as_ref().map(Embedded::brokers));
    let brokers = brokers.expect("one of both");
    let records = if cluster.is_some() {
        RECORDS
    } else {
        RECORDS_OUTSIDE
    };
    let create = |topic: &str, partitions: u16| match &cluster {
        Some(cluster) => cluster.create_topic(topic, partitions).expect("a topic"),
        None => created(brokers, topic, i32::from(partitions)),
    };
    let rounds = if cluster.is_some() { 5 } else { 3 };
    let id = std::process::id();
    let mut alone: Option<f64> = None;
    for partitions in [4_u16, 64, 512] {
        let topic = format!("records-{partitions}-{id}");
        create(&topic, partitions);
        fill(brokers, &topic, 0..i32::from(partitions), records);
        let mut costs = [const { Vec::new() }; 4];
        for round in 0..if run.quick() { 1 } else { rounds } {
            for (kind, costs) in ["recv", "batch", "channel", "loop"].iter().zip(&mut costs) {
                costs.push(measured(kind, brokers, &topic, records, round));
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
        run.value(
            &figure("recv_batch, records a second"),
            "ratio",
            LOOP,
            // A cluster in this process hands records out half a second apart.
            if cluster.is_some() {
                Goal::Report("of a cluster in this process")
            } else {
                Goal::AtLeast(0.9)
            },
            batch.rate / base.rate,
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
    if cluster.is_none() {
        stall(run, brokers);
    }
}

/// Three of four partitions, while a record of the fourth takes 20 s and while it takes no time.
fn stall(run: &mut Run, brokers: &str) {
    let topic = format!("stall-{}", std::process::id());
    created(brokers, &topic, 4);
    fill(brokers, &topic, 0..1, 1);
    fill(brokers, &topic, 1..4, RECORDS_OUTSIDE);
    let mut ratios: Vec<f64> = (0..if run.quick() { 1 } else { 3 })
        .map(|round| {
            let rate = |kind| measured(kind, brokers, &topic, RECORDS_OUTSIDE, round).rate;
            // Which comes first alternates.
            if round % 2 == 0 {
                let stalled = rate("stalled");
                stalled / rate("not-stalled")
            } else {
                let not_stalled = rate("not-stalled");
                rate("stalled") / not_stalled
            }
        })
        .collect();
    eprintln!("  kafka/a record of 20 s in one of 4 partitions: {ratios:?}");
    run.value(
        "kafka/a record of 20 s in one of 4 partitions/others, records a second",
        "ratio",
        "without it",
        Goal::AtLeast(0.97),
        median(&mut ratios),
    );
}

/// Makes a topic on a cluster outside.
fn created(brokers: &str, topic: &str, partitions: i32) {
    let admin: AdminClient<_> = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .create()
        .expect("a client");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let topic = NewTopic::new(topic, partitions, TopicReplication::Fixed(1));
    let made = runtime.block_on(admin.create_topics([&topic], &AdminOptions::new()));
    made.expect("an answer").remove(0).expect("a topic");
}

#[derive(Debug)]
struct Cost {
    cpu_us: f64,
    switches: f64,
    peak_kb: f64,
    /// Records a second.
    rate: f64,
}

impl Cost {
    fn median(costs: &[Self]) -> Self {
        let of = |part: fn(&Self) -> f64| median(&mut costs.iter().map(part).collect::<Vec<f64>>());
        Self {
            cpu_us: of(|cost| cost.cpu_us),
            switches: of(|cost| cost.switches),
            peak_kb: of(|cost| cost.peak_kb),
            rate: of(|cost| cost.rate),
        }
    }
}

fn measured(kind: &str, brokers: &str, topic: &str, records: usize, round: usize) -> Cost {
    let group = format!("{kind}-{topic}-{round}");
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args([ONE, kind, brokers, topic, &group, &records.to_string()])
        .output()
        .expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<f64> = text
        .split_whitespace()
        .filter_map(|number| number.parse().ok())
        .collect();
    match numbers[..] {
        [cpu_us, switches, peak_kb, rate] if output.status.success() => Cost {
            cpu_us,
            switches,
            peak_kb,
            rate,
        },
        _ => panic!(
            "{kind} said {text} and {}",
            String::from_utf8_lossy(&output.stderr)
        ),
    }
}

fn fill(brokers: &str, topic: &str, partitions: Range<i32>, records: usize) {
    let producer: ThreadedProducer<DefaultProducerContext> = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .create()
        .expect("a producer");
    let value = [b'v'; BYTES];
    for partition in partitions.cycle().take(records) {
        let mut record = BaseRecord::<(), [u8]>::to(topic)
            .payload(&value)
            .partition(partition);
        // The client's own thread makes room.
        while let Err((_, again)) = producer.send(record) {
            std::thread::sleep(Duration::from_millis(10));
            record = again;
        }
    }
    producer.flush(Duration::from_secs(60)).expect("written");
}

/// Consumes all records in one way and prints what it took.
pub fn one(arguments: impl Iterator<Item = String>) {
    let arguments: Vec<String> = arguments.collect();
    let [kind, brokers, topic, group, records] = &arguments[..] else {
        panic!("a kind, brokers, a topic, a group and a number of records");
    };
    let meter = Arc::new(Meter {
        wanted: records.parse().expect("a number"),
        ..Meter::default()
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .max_blocking_threads(100)
        .build()
        .expect("a runtime");
    match kind.as_str() {
        "recv" => runtime.block_on(ours(brokers, topic, group, &meter, 1)),
        "batch" => runtime.block_on(ours(brokers, topic, group, &meter, 500)),
        "stalled" => runtime.block_on(three(
            brokers,
            topic,
            group,
            &meter,
            Duration::from_secs(20),
        )),
        "keys" => runtime.block_on(keys(brokers, topic, group, &meter)),
        "fill-keys" => fill_keys(brokers, topic, meter.wanted),
        "not-stalled" => runtime.block_on(three(brokers, topic, group, &meter, Duration::ZERO)),
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

/// Takes 5 ms for each record, a hundred at a time, and those of one key in their order: by hand, against
/// `parallel` of the Java peers in `benches/java`.
async fn keys(brokers: &str, topic: &str, group: &str, meter: &Arc<Meter>) {
    let config = Config::new(brokers, topic, group).expect("a configuration");
    let mut policy = policy::Config::default().archiving(policy::Archiving::Off);
    policy = policy.ordering(policy::Ordering::Key);
    // A hundred are with the handler, and as many are at hand for when it is through with them.
    policy.outstanding_max = 200;
    policy.partition_outstanding_max = Some(200);
    let mut consumer = Consumer::start(config, policy, |_| {})
        .await
        .expect("it starts");
    loop {
        let Some(record) = consumer.recv().await else {
            return;
        };
        let meter = Arc::clone(meter);
        tokio::task::spawn_blocking(move || {
            std::thread::sleep(Duration::from_millis(5));
            record.accept();
            if meter.count(1) {
                std::process::exit(0);
            }
        });
    }
}

/// A new topic of four partitions with records of a thousand keys.
fn fill_keys(brokers: &str, topic: &str, records: u64) {
    created(brokers, topic, 4);
    let producer: ThreadedProducer<DefaultProducerContext> = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .create()
        .expect("a producer");
    for number in 0..records {
        let key = format!("key-{}", number % 1_000);
        let record = BaseRecord::to(topic).key(&key).payload(&[b'v'; BYTES]);
        producer.send(record).expect("room for all of them");
    }
    producer.flush(Duration::from_secs(60)).expect("written");
}

/// Counts the records of all partitions but the first, whose record takes `time`.
async fn three(brokers: &str, topic: &str, group: &str, meter: &Meter, time: Duration) {
    let config = Config::new(brokers, topic, group).expect("a configuration");
    let policy = policy::Config::default().archiving(policy::Archiving::Off);
    let mut consumer = Consumer::start(config, policy, |_| {})
        .await
        .expect("it starts");
    let mut slow = None;
    loop {
        for record in consumer.recv_batch(500).await {
            if record.partition() == 0 {
                slow = Some((record, Instant::now()));
            } else {
                record.accept();
                if meter.count(1) {
                    // Else the others were not measured beside it.
                    let is_out = slow.is_some();
                    std::process::exit(i32::from(!time.is_zero() && !is_out));
                }
            }
        }
        if slow
            .as_ref()
            .is_some_and(|(_, since)| since.elapsed() >= time)
            && let Some((record, _)) = slow.take()
        {
            record.accept();
        }
    }
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
    wanted: u64,
    begun: OnceLock<Instant>,
    seen: AtomicU64,
    cpu: AtomicU64,
    switches: AtomicU64,
}

impl Meter {
    /// Says whether these were the last.
    fn count(&self, records: usize) -> bool {
        let before = self.seen.fetch_add(records as u64, Ordering::Relaxed);
        let begun = *self.begun.get_or_init(Instant::now);
        if before == 0 {
            self.cpu.store(cpu_ns(), Ordering::Relaxed);
            self.switches.store(switches(), Ordering::Relaxed);
        }
        let seen = before + records as u64;
        if seen < self.wanted {
            return false;
        }
        let cpu = cpu_ns() - self.cpu.load(Ordering::Relaxed);
        let switches = switches() - self.switches.load(Ordering::Relaxed);
        println!(
            "{} {switches} {} {}",
            cpu as f64 / 1_000.0 / seen as f64,
            status("/proc/self/status", "VmHWM:"),
            seen as f64 / begun.elapsed().as_secs_f64(),
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
