//! The consumer with its workers at the in-process broker: what handlers see, in which order, and what
//! becomes of their verdicts.
#![cfg(feature = "kafka")]
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

use core::num::NonZeroUsize;
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::thread;

use dashstream::kafka::{Config, Embedded};
use dashstream::metrics::Format;
use dashstream::policy::{self, Cause};
use dashstream::reducer::RunsLimits;
use dashstream::{Builder, Consumer, Ended, Handler, HandlerVerdict, Message, Outcome};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

/// A raw frame with an event of `thread` and its sequence number.
fn event(thread: &str, sequence: u8) -> Vec<u8> {
    let id = u8::try_from(thread.len()).unwrap();
    let header = [&[0x22, id], thread.as_bytes(), &[0x28, sequence]].concat();
    let len = u8::try_from(header.len()).unwrap();
    [&[0x00, 0x0A, len + 2, 0x0A, len], &header[..]].concat()
}

fn broker(partitions: u16) -> Embedded {
    let broker = Embedded::start().unwrap();
    broker.create_topic("runs", partitions).unwrap();
    broker.create_topic("runs-dlq", 1).unwrap();
    broker
}

fn consumer(broker: &Embedded) -> Builder {
    Consumer::builder(Config::new(broker.brokers(), "runs", "test").unwrap())
}

/// Runs until so many records were processed or rejected.
fn run<H: Handler + Clone + 'static>(builder: Builder, records: u64, handler: H) -> Ended {
    let ended = builder.run(handler, |snapshot| {
        assert!(snapshot.taken_at < Duration::from_secs(60), "{snapshot:?}");
        snapshot.totals.outcomes.total() >= records
    });
    let ended = ended.unwrap();
    assert!(ended.closing.committed && ended.closing.unfinished == 0);
    ended
}

fn count(ended: &Ended, outcome: Outcome) -> u64 {
    let totals = &ended.monitor.metrics().latest().totals;
    totals.outcomes.get(outcome)
}

/// Processed, whether or not it was there before the consumer.
fn processed(ended: &Ended) -> u64 {
    count(ended, Outcome::Processed) + count(ended, Outcome::OldProcessed)
}

fn rejected(ended: &Ended, cause: Cause) -> u64 {
    count(ended, Outcome::Unprocessable(cause)) + count(ended, Outcome::OldData(cause))
}

#[test]
fn a_bad_record_becomes_a_dead_letter_and_the_rest_is_processed() {
    let broker = broker(1);
    for value in [&event("t", 1)[..], b"no message", &event("t", 2)] {
        broker.produce("runs", Some(b"t"), Some(value)).unwrap();
    }
    let seen = Arc::new(Mutex::new(Vec::new()));
    let shown = Arc::clone(&seen);
    let decided = Arc::new(Mutex::new(BTreeMap::new()));
    let books = Arc::clone(&decided);
    let builder = consumer(&broker)
        .spans(true)
        .on_decided(move |_, offset, cause| {
            books.lock().unwrap().insert(offset, cause);
        });
    let ended = run(builder, 3, move |message: Message<'_>| {
        // The run has taken the message before its handler sees it.
        let run = message.run().unwrap().sequence();
        let offset = message.record.offset();
        let thread = message.thread_id().to_owned();
        shown.lock().unwrap().push((offset, thread, run.is_some()));
        HandlerVerdict::Accept
    });
    let threads: Vec<_> = seen
        .lock()
        .unwrap()
        .iter()
        .map(|seen| (seen.0, seen.1.clone()))
        .collect();
    assert_eq!(threads, [(0, "t".to_owned()), (2, "t".to_owned())]);
    let causes: Vec<_> = decided.lock().unwrap().clone().into_iter().collect();
    let cause = Some(Cause::BadFrame);
    assert_eq!(causes, [(0, None), (1, cause), (2, None)]);
    assert_eq!(
        (processed(&ended), rejected(&ended, Cause::BadFrame)),
        (2, 1)
    );
    let letters = ended.monitor.metrics().latest().totals.dlq_sends.total();
    assert_eq!(letters, 1, "acknowledged before the consumer has left");
    assert_eq!(ended.runs.len(), 1);
    let page = ended.monitor.page(Format::Text);
    assert!(
        page.contains("dashstream_runs{state=\"not_yet_known\"} 1"),
        "{page}"
    );
}

/// Where a record was refused, and which mistake it looks like, stands in its dead letter: in the words of the
/// decoder, and with nothing of what the record holds.
#[cfg(feature = "cli")]
#[test]
fn a_dead_letter_says_where_its_record_is_wrong() {
    use dashstream::codec::{DecodeOptions, Decoder};
    use dashstream::kafka::TopicReader;
    use dashstream_dlq::{DeadLetter, Disclosure, LETTER_BYTES_DEFAULT, LetterFormat};

    const SECRET: &str = "hunter2";
    let good = event("t", 1);
    let json = format!(r#"{{"password":"{SECRET}"}}"#);
    // A string where the event's duration should be.
    let field = [&good[..], &[0x0A, 9, 0x2A, 7], SECRET.as_bytes()].concat();
    let refused = [
        [&[0, 0, 0, 0, 7], &good[..]].concat(),
        [&[0x1F, 0x8B, 8, 0], SECRET.as_bytes()].concat(),
        json.into_bytes(),
        [&[0], &good[..]].concat(),
        field,
        SECRET.as_bytes().to_vec(),
    ];
    for format in [LetterFormat::Record, LetterFormat::Versioned] {
        let broker = broker(1);
        for value in &refused {
            broker.produce("runs", Some(b"t"), Some(value)).unwrap();
        }
        let config = Config::new(broker.brokers(), "runs", "test").unwrap();
        let config = config.letters(format, Disclosure::Full).unwrap();
        let builder = Consumer::builder(config.clone());
        let ended = run(builder, 6, |_: Message<'_>| HandlerVerdict::Accept);
        let total = &ended.monitor.metrics().latest().totals;
        assert_eq!(total.dlq_sends.total(), 6);
        let mut decoder = Decoder::new(DecodeOptions::new());
        for (value, offset) in refused.iter().zip(0..) {
            let letter = TopicReader::one(&config, "runs-dlq", (0, offset)).unwrap();
            let letter = DeadLetter::read(&letter.unwrap(), LETTER_BYTES_DEFAULT).unwrap();
            let source = letter.source.offset.map(policy::Offset::get);
            assert_eq!(source, Some(offset));
            let diagnosis = decoder.diagnose(value).unwrap().to_string();
            let said: String = diagnosis.chars().take(200).collect();
            // The JSON shapes have no field of their own for it.
            let text = letter.detail.unwrap_or(letter.error);
            assert!(text.contains(&said), "{text}\n{said}");
            assert!(!text.contains(SECRET), "{text}");
        }
    }
}

/// A partition's records reach one worker, in order, whatever the others do.
#[test]
fn partitions_are_spread_over_workers_and_keep_their_order() {
    let broker = broker(4);
    for sequence in 1..=12 {
        for key in 0..8 {
            let thread = format!("run-{key}");
            let value = event(&thread, sequence);
            let key = Some(thread.as_bytes());
            broker.produce("runs", key, Some(&value)).unwrap();
        }
    }
    let seen = Arc::new(Mutex::new(BTreeMap::<i32, Vec<(i64, u64)>>::new()));
    let worker = Numbered(Arc::default(), 0, Arc::clone(&seen));
    let builder = consumer(&broker).workers(NonZeroUsize::new(2).unwrap());
    let ended = run(builder, 96, worker);
    assert_eq!(processed(&ended), 96);
    let seen = seen.lock().unwrap();
    assert!(seen.len() > 1, "{:?}", seen.keys());
    let mut workers = BTreeMap::new();
    for (partition, records) in seen.iter() {
        assert!(records.is_sorted_by(|a, b| a.0 < b.0), "{records:?}");
        let all: std::collections::BTreeSet<_> = records.iter().map(|at| at.1).collect();
        assert_eq!(all.len(), 1, "partition {partition}: {all:?}");
        workers.entry(all).or_insert_with(Vec::new).push(partition);
    }
    assert_eq!(workers.len(), 2, "{workers:?}");
    // Each worker has the runs of its partitions, and no other.
    let runs: Vec<_> = ended.runs.iter().map(|runs| runs.iter().count()).collect();
    assert_eq!(runs.iter().sum::<usize>(), 8);
    assert!(runs.iter().all(|runs| *runs > 0 && *runs < 8), "{runs:?}");
}

type Seen = Arc<Mutex<BTreeMap<i32, Vec<(i64, u64)>>>>;

/// Notes partition and offset under a number that each clone has of its own. It awaits, as a handler does
/// that asks somebody.
struct Numbered(Arc<Mutex<u64>>, u64, Seen);

impl Clone for Numbered {
    fn clone(&self) -> Self {
        let mut clones = self.0.lock().unwrap();
        *clones += 1;
        Self(Arc::clone(&self.0), *clones, Arc::clone(&self.2))
    }
}

impl Handler for Numbered {
    async fn handle(&mut self, message: Message<'_>) -> HandlerVerdict {
        tokio::task::yield_now().await;
        let (partition, offset) = (message.record.partition(), message.record.offset());
        let mut seen = self.2.lock().unwrap();
        seen.entry(partition).or_default().push((offset, self.1));
        HandlerVerdict::Accept
    }
}

#[test]
fn each_verdict_has_its_own_end_and_a_panic_is_no_lost_record() {
    let broker = broker(1);
    for sequence in 1..=5 {
        let value = event("t", sequence);
        broker.produce("runs", Some(b"t"), Some(&value)).unwrap();
    }
    let tried = Arc::new(Mutex::new(BTreeMap::<i64, u32>::new()));
    let tries = Arc::clone(&tried);
    let decided = Arc::new(Mutex::new(Vec::new()));
    let books = Arc::clone(&decided);
    let builder = consumer(&broker).on_decided(move |_, offset, cause| {
        books.lock().unwrap().push((offset, cause));
    });
    let ended = run(builder, 5, move |message: Message<'_>| {
        let offset = message.record.offset();
        let attempt = {
            let mut tries = tries.lock().unwrap();
            let tries = tries.entry(offset).or_default();
            *tries += 1;
            *tries
        };
        match offset {
            0 => HandlerVerdict::Reject(Cause::HandlerRefused),
            1 if attempt == 1 => HandlerVerdict::Release(Cause::HandlerRefused),
            2 if attempt == 1 => HandlerVerdict::Defer,
            3 if attempt == 1 => panic!("a mistake of the handler"),
            // Released until its attempts are spent.
            4 => HandlerVerdict::Release(Cause::HandlerRefused),
            _ => HandlerVerdict::Accept,
        }
    });
    assert_eq!(processed(&ended), 3);
    // Whoever rejects, the engine counts it, once.
    assert_eq!(rejected(&ended, Cause::HandlerRefused), 2);
    let tried = tried.lock().unwrap();
    let attempts = policy::Config::default().attempts_max;
    let expected = [(0, 1), (1, 2), (2, 2), (3, 2), (4, attempts)];
    assert_eq!(*tried, BTreeMap::from(expected));
    // Each is decided once, the one whose attempts were spent by the engine.
    let refused = Some(Cause::HandlerRefused);
    let mut decided = decided.lock().unwrap().clone();
    decided.sort_by_key(|(offset, _)| *offset);
    assert_eq!(
        decided,
        [(0, refused), (1, None), (2, None), (3, None), (4, refused)]
    );
}

/// What is measured ends when the handler has decided for good, and a record that comes again counts once.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a producer that stamps now, and a slow handler"
)]
fn a_latency_has_the_handler_in_it_and_each_record_once() {
    use dashstream::codec::v1::{Event, Header};
    use dashstream::codec::{EncodeOptions, Encoder, Message as Wire};
    use std::time::SystemTime;

    const SLOW: Duration = Duration::from_secs(1);
    let broker = broker(1);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let mut message = Wire::Event(Event {
        header: Some(Header {
            timestamp_us: i64::try_from(now.unwrap().as_micros()).unwrap(),
            thread_id: "t".to_owned(),
            sequence: 1,
            ..Header::default()
        }),
        ..Event::default()
    });
    let mut encoder = Encoder::new(EncodeOptions::new());
    let value = encoder.encode(&mut message).unwrap().record;
    broker.produce("runs", Some(b"t"), Some(value)).unwrap();
    let ended = run(consumer(&broker), 1, |message: Message<'_>| {
        if message.record.attempt() == 1 {
            return HandlerVerdict::Release(Cause::HandlerRefused);
        }
        thread::sleep(SLOW);
        HandlerVerdict::Accept
    });
    let page = ended.monitor.page(Format::Text);
    let value = |name| {
        let line = page.lines().find_map(|line| line.strip_prefix(name));
        let value = line.unwrap().rsplit(' ').next().unwrap();
        value.parse::<f64>().unwrap()
    };
    assert!(
        (value("dashstream_latency_seconds_count") - 1.0).abs() < 0.1,
        "{page}"
    );
    assert!(
        value("dashstream_latency_seconds_sum") >= SLOW.as_secs_f64(),
        "{page}"
    );
}

/// A raw frame with a full state of `thread`, `{}`.
fn full_state(thread: &str, sequence: u8) -> Vec<u8> {
    full_state_of(thread, sequence, b"{}")
}

fn full_state_of(thread: &str, sequence: u8, state: &[u8]) -> Vec<u8> {
    let header = [
        &[0x22, u8::try_from(thread.len()).unwrap()],
        thread.as_bytes(),
    ]
    .concat();
    let header = [&header[..], &[0x28, sequence]].concat();
    let len = u8::try_from(header.len()).unwrap();
    // StateDiff's header and its field 5, behind the message's field 2.
    let text = u8::try_from(state.len()).unwrap();
    let body = [&[0x0A, len], &header[..], &[0x2A, text], state].concat();
    [&[0x00, 0x12, u8::try_from(body.len()).unwrap()], &body[..]].concat()
}

/// A hundred runs, each a full state and then an event, are consumed. After the restart a bound of `records`
/// reaches the full states of the last ones: these are known at their next record, the others not yet, and
/// none is lost.
#[test]
fn runs_whose_full_state_lies_within_the_bound_are_known_after_a_restart() {
    let broker = broker(1);
    let produce = |value: &dyn Fn(&str) -> Vec<u8>| {
        for run in 0..100 {
            let (key, value) = (run_name(run), value(&run_name(run)));
            let key = Some(key.as_bytes());
            broker.produce("runs", key, Some(&value)).unwrap();
        }
    };
    produce(&|thread| full_state(thread, 1));
    produce(&|thread| event(thread, 2));
    let before = run(consumer(&broker), 200, |_: Message<'_>| {
        HandlerVerdict::Accept
    });
    let runs = before.monitor.metrics().latest().observed.runs;
    assert_eq!((runs.synced, runs.not_yet_known), (100, 0));
    produce(&|thread| event(thread, 3));
    // Offset 200 comes next, and the full state of a run stands at its number. Each bound has a group of its
    // own, and they wait for it beside each other.
    thread::scope(|scope| {
        for (records, known) in [(149, 49), (150, 50), (151, 51), (1_000, 100), (0, 0)] {
            let broker = &broker;
            scope.spawn(move || read_back_of(broker, records, known));
        }
    });
}

fn run_name(run: i64) -> String {
    format!("run-{run:02}")
}

/// A consumer that begins at offset 200 of 300, reads that many records back, and shows so many states.
fn read_back_of(broker: &Embedded, records: u32, known: u64) {
    let group = format!("test-{records}");
    commit(broker, &group, 200);
    let shown = Arc::new(Mutex::new(BTreeMap::new()));
    let seen = Arc::clone(&shown);
    let config = Config::new(broker.brokers(), "runs", group).unwrap();
    let builder = Consumer::builder(config).read_back(records, Duration::from_secs(30));
    let ended = run(builder, 100, move |message: Message<'_>| {
        let state = message.run().and_then(|run| run.state()).is_some();
        let place = (message.record.offset(), state);
        let thread = message.thread_id().to_owned();
        seen.lock().unwrap().insert(thread, place);
        HandlerVerdict::Accept
    });
    assert_eq!(processed(&ended), 100, "what was read back counts nowhere");
    let expected = (0..100).map(|run| {
        (
            run_name(run),
            (200 + run, run >= 100 - i64::try_from(known).unwrap()),
        )
    });
    assert_eq!(*shown.lock().unwrap(), expected.collect(), "{records}");
    let runs = ended.monitor.metrics().latest().observed.runs;
    assert_eq!(
        (runs.synced, runs.not_yet_known, runs.needs_resync),
        (known, 100 - known, 0)
    );
}

/// A gap and a state that is refused before the committed offset were counted by whoever read them first.
#[test]
fn what_is_read_back_counts_no_resync_and_no_refused_state() {
    let broker = broker(1);
    let mut limits = RunsLimits::default();
    limits.run.read.text_bytes = 2;
    for value in [
        full_state("t", 1),
        // Of the limit's length, and one beyond it.
        full_state_of("large", 1, b"{ }"),
        event("t", 3),
        event("u", 1),
    ] {
        broker.produce("runs", Some(b"t"), Some(&value)).unwrap();
    }
    commit(&broker, "test", 3);
    let builder = consumer(&broker).runs(limits);
    let builder = builder.read_back(10, Duration::from_secs(30));
    let ended = run(builder, 1, |_: Message<'_>| HandlerVerdict::Accept);
    let runs = ended.monitor.metrics().latest().observed.runs;
    assert!(runs.needs_resync + runs.not_yet_known >= 2, "{runs:?}");
    assert_eq!(runs.refused, 0);
    let page = ended.monitor.page(Format::Text);
    let resyncs = page
        .lines()
        .filter(|line| line.starts_with("dashstream_resyncs_total{"));
    assert!(resyncs.clone().count() > 0);
    for line in resyncs {
        assert!(line.ends_with(" 0"), "{line}");
    }
}

/// A quiet partition whose last record was there before the consumer has caught up once that is read.
#[test]
fn a_partition_has_caught_up_when_nothing_is_left_to_read() {
    let broker = broker(1);
    broker
        .produce("runs", Some(b"t"), Some(&event("t", 1)))
        .unwrap();
    let config = Config::new(broker.brokers(), "runs", "test").unwrap();
    let config = config.watermark_interval(Duration::from_secs(1)).unwrap();
    let mut seen = 0;
    let ended = Consumer::builder(config).run(
        |_: Message<'_>| HandlerVerdict::Accept,
        |snapshot| {
            assert!(snapshot.taken_at < Duration::from_secs(30), "{snapshot:?}");
            // What a worker reports is in the snapshot after the next.
            seen += u32::from(snapshot.totals.outcomes.total() == 1);
            let partition = snapshot.observed.partitions.first();
            seen > 3 && partition.is_some_and(|at| at.lag == Some(0) && !at.catching_up)
        },
    );
    assert!(ended.is_ok());
}

/// Where it cannot be read back in time, the runs are not yet known and the records are consumed.
#[test]
fn what_is_not_read_back_in_time_is_not_yet_known() {
    let broker = broker(1);
    broker
        .produce("runs", Some(b"t"), Some(&full_state("t", 1)))
        .unwrap();
    broker
        .produce("runs", Some(b"t"), Some(&event("t", 2)))
        .unwrap();
    commit(&broker, "test", 1);
    let builder = consumer(&broker).read_back(10, Duration::ZERO);
    let ended = run(builder, 1, |message: Message<'_>| {
        assert!(message.run().unwrap().state().is_none());
        HandlerVerdict::Accept
    });
    let runs = ended.monitor.metrics().latest().observed.runs;
    assert_eq!((runs.not_yet_known, runs.needs_resync), (1, 0));
}

/// Has a group go on at an offset of partition 0.
fn commit(broker: &Embedded, group: &str, next: i64) {
    let client: BaseConsumer = rdkafka::ClientConfig::new()
        .set("bootstrap.servers", broker.brokers())
        .set("group.id", group)
        .create()
        .unwrap();
    let mut offsets = TopicPartitionList::new();
    let next = Offset::Offset(next);
    offsets.add_partition_offset("runs", 0, next).unwrap();
    client.commit(&offsets, CommitMode::Sync).unwrap();
}

#[test]
fn several_topics_are_refused_before_a_broker_is_asked() {
    let config = Config::new("127.0.0.1:1", "runs", "test").unwrap();
    let config = config.add_topic("more-runs").unwrap();
    let handler = |_: Message<'_>| HandlerVerdict::Accept;
    let refused = Consumer::builder(config).run(handler, |_| true).err();
    assert_eq!(refused.unwrap().code(), "out_of_range");
}
