//! Redrive on Apache Kafka: each record once for a reader of committed records, whenever it dies.

use std::collections::BTreeMap;
use std::time::Duration;

use dashstream_kafka::dlq::{
    DeadLetter, Disclosure, EncodedRecord, Header, KafkaRecord, LETTER_BYTES_DEFAULT, LetterFormat,
    RedriveOptions, RedriveOutcome, RejectedRecord,
};
use dashstream_kafka::policy::{Cause, Form};
use dashstream_kafka::{Config, RedriveError, Redriver, StartError, TopicReader};
use rdkafka::producer::Producer as _;

use crate::support::child::{self, die};
use crate::support::host::Place;
use crate::support::{Broker, WRITTEN_MS, unique, within};

const LIMIT: Duration = Duration::from_secs(240);

/// Of the ten thousand that the full run asks for, `DASHSTREAM_TEST_LETTERS` names how many.
fn letters_wanted() -> i64 {
    let wanted = std::env::var("DASHSTREAM_TEST_LETTERS").ok();
    wanted.and_then(|count| count.parse().ok()).unwrap_or(1_000)
}

fn header(name: &str, value: &str) -> Header {
    (name.into(), Some(value.to_owned().into()))
}

/// The record at an offset of the source: some with key, headers or value, some without.
pub fn source(offset: i64) -> KafkaRecord {
    let mut record = KafkaRecord {
        key: (offset % 5 != 0).then(|| format!("thread-{}", offset % 7).into()),
        value: (offset % 11 != 0).then(|| format!("value {offset}").into()),
        headers: vec![header("number", &offset.to_string())],
        timestamp_ms: Some(*WRITTEN_MS + offset),
    };
    if offset % 3 == 0 {
        record
            .headers
            .push(header("dashstream.dlq.cause", "its own"));
        record.headers.push(("dashstream.dlq.version".into(), None));
    }
    record
}

/// The letter of a record, as the archive topic gets it.
pub fn letter(
    place: &Place,
    offset: i64,
    record: &KafkaRecord,
    disclosure: Disclosure,
) -> KafkaRecord {
    let at = Duration::from_secs(1_800_000_000);
    let all = Cause::ALL;
    let cause = all[usize::try_from(offset).unwrap() % all.len()];
    let value = record.value.as_deref();
    let mut rejected = RejectedRecord::new(&place.topic, 0, offset, value, cause, at, "id");
    (rejected.key, rejected.headers) = (record.key.as_deref(), &record.headers);
    (rejected.group, rejected.timestamp_ms) = (&place.group, record.timestamp_ms);
    let letter = rejected.encode(LetterFormat::Record, disclosure, Form::Full, 100_000);
    written(&letter.unwrap())
}

pub fn written(letter: &EncodedRecord<'_>) -> KafkaRecord {
    let headers = letter.headers();
    KafkaRecord {
        key: letter.key().map(|key| key.to_vec().into()),
        value: letter.value().map(|value| value.to_vec().into()),
        headers: headers
            .map(|(name, value)| (name.into(), value.map(|value| value.to_vec().into())))
            .collect(),
        timestamp_ms: letter.timestamp_ms(),
    }
}

/// What a reader of committed records sees in a topic.
pub fn committed(config: &Config, topic: &str) -> Vec<KafkaRecord> {
    let mut reader = TopicReader::whole(config, topic).unwrap();
    let mut records = Vec::new();
    while let Some((_, record)) = reader.read().unwrap() {
        records.push(record);
    }
    records
}

pub fn into(target: &str) -> RedriveOptions {
    let mut options = RedriveOptions::default();
    options.target = Some(target.to_owned());
    options
}

pub fn run(config: &Config, name: &str, options: RedriveOptions) -> Redriver {
    let mut redriver = Redriver::start(config, name, options).unwrap();
    while redriver.step().unwrap() {}
    redriver
}

/// The records by their number, without what redrives add. Each is there once.
pub fn by_number(records: Vec<KafkaRecord>) -> BTreeMap<i64, KafkaRecord> {
    let mut found = BTreeMap::new();
    for mut record in records {
        let number = record.headers.iter().find(|(name, _)| &**name == "number");
        let number = String::from_utf8(number.unwrap().1.clone().unwrap().to_vec()).unwrap();
        let redrives = record.headers.pop().unwrap();
        assert_eq!(&*redrives.0, "dashstream.dlq.redrives");
        assert_eq!(redrives.1.as_deref(), Some(b"1".as_slice()));
        assert_eq!(
            &*record.headers.pop().unwrap().0,
            "dashstream.dlq.first_seen"
        );
        let twice = found.insert(number.parse().unwrap(), record);
        assert_eq!(twice, None, "{number}");
    }
    found
}

const DIES: &str = "redrive::letters_are_sent_once_whenever_the_redrive_is_killed";

#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn letters_are_sent_once_whenever_the_redrive_is_killed() {
    if let Some(told) = child::told() {
        let (line, target) = told.rsplit_once(' ').unwrap();
        let place = Place::parse(line);
        let mut redriver = Redriver::start(&place.config(), "all", into(target)).unwrap();
        // In the middle, with a transaction open: its records are in the log and not committed.
        while redriver.report().total(RedriveOutcome::Sent) < 400 {
            assert!(redriver.step().unwrap());
        }
        std::thread::spawn(|| {
            std::thread::sleep(Duration::from_millis(5));
            die();
        });
        while redriver.step().unwrap() {}
        die();
    }
    within(LIMIT, || {
        let broker = Broker::outside();
        let place = Place::new(&broker, 1);
        let target = broker.topic(3);
        let count = letters_wanted();
        let sources: Vec<_> = (0..count).map(source).collect();
        broker.append_records(&place.topic, 0, &sources);
        let mut letters: Vec<_> = (0..)
            .zip(&sources)
            .map(|(offset, record)| letter(&place, offset, record, Disclosure::Full))
            .collect();
        // A record that is archived twice, after a crash between the two.
        letters.push(letters[3].clone());
        broker.append_records(&place.archive, 0, &letters);
        let config = place.config();
        let told = format!("{} {target}", place.print());
        let status = child::run(DIES, &told, LIMIT);
        assert!(!status.success(), "it was killed");
        let before = committed(&config, &target).len();
        assert!(before >= 400, "{before} were sent before");
        let rest = run(&config, "all", into(&target));
        let report = rest.report();
        let sent = report.total(RedriveOutcome::Sent) as usize;
        assert_eq!(before + sent, sources.len(), "{report:?}");
        let found = by_number(committed(&config, &target));
        assert_eq!(found.len(), sources.len());
        for (number, record) in found {
            let expected = &sources[usize::try_from(number).unwrap()];
            assert_eq!(
                (&record.key, &record.value),
                (&expected.key, &expected.value)
            );
            assert_eq!(record.headers, expected.headers, "{number}");
        }
        // Neither this name nor another one sends any of them again.
        for name in ["all", "another"] {
            let again = run(&config, name, into(&target));
            assert_eq!(again.report().total(RedriveOutcome::Sent), 0, "{name}");
        }
        let dry = Redriver::dry_run(&config, into(&target)).unwrap();
        let all = u64::try_from(count).unwrap() + 1;
        assert_eq!(dry.total(RedriveOutcome::AlreadySent), all);
        let mut force = into(&target);
        (force.force, force.letters) = (true, Some([(0, 3)].into()));
        let forced = run(&config, "forced", force);
        assert_eq!(forced.report().total(RedriveOutcome::Sent), 1);
    });
}

#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn what_a_filter_left_out_is_sent_later_and_an_end_is_fixed_at_the_first_start() {
    within(LIMIT, || {
        let broker = Broker::outside();
        let place = Place::new(&broker, 1);
        let config = place.config();
        let target = broker.topic(1);
        let all: Vec<_> = (0..32).map(source).collect();
        broker.append_records(&place.topic, 0, &all);
        let letters = |range: std::ops::Range<i64>| {
            let record = |offset| letter(&place, offset, &source(offset), Disclosure::Full);
            range.map(record).collect::<Vec<_>>()
        };
        broker.append_records(&place.archive, 0, &letters(0..16));
        let mut some = into(&target);
        some.causes = [Cause::Oversize.label().to_owned()].into();
        let first = run(&config, "oversize", some.clone());
        assert_eq!(first.report().total(RedriveOutcome::Sent), 1);
        assert_eq!(first.report().total(RedriveOutcome::Filtered), 15);
        broker.append_records(&place.archive, 0, &letters(16..32));
        let ended = run(&config, "oversize", some);
        assert_eq!(ended.report().letters(), 0, "its end was fixed");
        let rest = run(&config, "rest", into(&target));
        assert_eq!(rest.report().total(RedriveOutcome::Sent), 31);
        assert_eq!(by_number(committed(&config, &target)).len(), 32);
    });
}

#[test]
fn an_end_that_is_not_readable_yet_is_waited_for_and_named() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 1);
        broker.fill(&place.topic, 0, 3);
        let reader = |end| {
            let range = BTreeMap::from([(0, 0..end)]);
            TopicReader::within(&place.config(), &place.topic, &range).unwrap()
        };
        let read = |reader: &mut TopicReader, offsets: core::ops::Range<i64>| {
            for offset in offsets {
                assert_eq!(reader.read().unwrap().unwrap().0, (0, offset));
            }
        };
        let (mut ends, mut waits) = (reader(3), reader(5));
        read(&mut ends, 0..3);
        assert_eq!(ends.read(), Ok(None));
        read(&mut waits, 0..3);
        let hidden = Err(StartError::NotReadable { offsets: 2 });
        assert_eq!(waits.read(), hidden);
        assert_eq!(waits.read(), hidden, "it stays so");
        broker.fill(&place.topic, 0, 2);
        read(&mut waits, 3..5);
        assert_eq!(waits.read(), Ok(None));
    });
}

/// The end is fixed behind a transaction that is open: what stands before it is sent, and the rest by a
/// later run, whether the transaction was committed or aborted.
#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn letters_behind_an_open_transaction_are_left_to_a_later_run() {
    within(LIMIT, || {
        for (is_committed, behind) in [(true, 3), (false, 0)] {
            let broker = Broker::outside();
            let place = Place::new(&broker, 1);
            let config = place.config();
            let target = broker.topic(1);
            let letters: Vec<_> = (0..5 + behind)
                .map(|offset| letter(&place, offset, &source(offset), Disclosure::Full))
                .collect();
            broker.append_records(&place.archive, 0, &letters[..4]);
            let open = broker.append_open(&place.archive, 0, &letters[4]);
            broker.append_records(&place.archive, 0, &letters[5..]);
            let group = "dashstream-redrive-all";
            let hidden = StartError::NotReadable {
                offsets: u64::try_from(1 + behind).unwrap(),
            };
            // Twice: the second run has nothing that it could send first.
            for sent in [4, 0] {
                let mut redriver = Redriver::start(&config, "all", into(&target)).unwrap();
                let error = loop {
                    if let Err(error) = redriver.step() {
                        break error;
                    }
                };
                assert_eq!(error, RedriveError::Start(hidden.clone()));
                assert_eq!(redriver.report().total(RedriveOutcome::Sent), sent);
                assert_eq!(broker.committed(group, &place.archive, 0), Some(4));
            }
            let dry = Redriver::dry_run(&config, into(&target));
            assert_eq!(dry, Err(RedriveError::Start(hidden)));
            if is_committed {
                open.commit_transaction(LIMIT).unwrap();
            } else {
                open.abort_transaction(LIMIT).unwrap();
            }
            let rest = run(&config, "all", into(&target));
            let report = rest.report();
            let expected = u64::try_from(behind).unwrap() + u64::from(is_committed);
            assert_eq!(report.total(RedriveOutcome::Sent), expected, "{report:?}");
            let end = Some(5 + behind);
            assert_eq!(broker.committed(group, &place.archive, 0), end);
            let found = by_number(committed(&config, &target));
            let seen = (0..5 + behind).filter(|offset| is_committed || *offset != 4);
            assert_eq!(
                found.into_keys().collect::<Vec<_>>(),
                seen.collect::<Vec<_>>()
            );
        }
    });
}

#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn letters_by_reference_whose_source_is_gone_are_named_and_counted() {
    within(LIMIT, || {
        let broker = Broker::outside();
        let place = Place::new(&broker, 1);
        let config = place.config();
        let target = broker.topic(1);
        let all: Vec<_> = (0..20).map(source).collect();
        broker.append_records(&place.topic, 0, &all);
        // Not in the order of their sources: each is looked up where it stands.
        let letters: Vec<_> = (0..20)
            .map(|at| (at * 7) % 20)
            .map(|offset| letter(&place, offset, &source(offset), Disclosure::Hashed))
            .chain([letter(&place, 15, &source(16), Disclosure::Hashed)])
            .chain([KafkaRecord::default()])
            .collect();
        broker.append_records(&place.archive, 0, &letters);
        broker.delete_before(&place.topic, 0, 5);
        let dry = Redriver::dry_run(&config, into(&target)).unwrap();
        let done = run(&config, "all", into(&target));
        assert_eq!(done.report(), &dry, "a dry run says what will be");
        let total = |outcome| done.report().total(outcome);
        assert_eq!(total(RedriveOutcome::Sent), 15);
        assert_eq!(total(RedriveOutcome::SourceGone), 5);
        assert_eq!(total(RedriveOutcome::SourceDiffers), 1);
        assert_eq!(total(RedriveOutcome::Unreadable), 1);
        let gone = done.report().unsent().iter();
        let gone = gone.filter(|(_, outcome)| *outcome == RedriveOutcome::SourceGone);
        let gone: Vec<_> = gone.map(|((_, at), _)| (at * 7) % 20).collect();
        assert_eq!(gone, [0, 1, 2, 3, 4]);
        for (number, record) in by_number(committed(&config, &target)) {
            let expected = source(number);
            assert_eq!((record.key, record.value), (expected.key, expected.value));
            assert_eq!(record.headers, expected.headers);
        }
    });
}

/// Records around the size that the target takes: those that fit are sent, each once, in the transactions
/// that the others had failed; those are named and passed over.
#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn records_that_their_target_is_too_small_for_are_named_and_the_rest_is_sent() {
    within(LIMIT, || {
        let broker = Broker::outside();
        let place = Place::new(&broker, 1);
        let config = place.config();
        let target = unique("small");
        broker.create(&target, 1, &[("max.message.bytes", "2000")]);
        let sized = |offset: i64| {
            let mut record = source(offset);
            let bytes = usize::try_from(1_760 + offset).unwrap();
            record.value = Some(vec![b'x'; bytes].into());
            record.headers.truncate(1);
            record.key = None;
            record
        };
        let letters: Vec<_> = (0..90)
            // Large and small ones in turn.
            .map(|at| (at * 7) % 90)
            .map(|offset| letter(&place, offset, &sized(offset), Disclosure::Full))
            .collect();
        broker.append_records(&place.archive, 0, &letters);
        let done = run(&config, "all", into(&target));
        let total = |outcome| done.report().total(outcome);
        let sent = by_number(committed(&config, &target));
        let (fit, large) = (total(RedriveOutcome::Sent), total(RedriveOutcome::TooLarge));
        assert_eq!((fit + large, sent.len() as u64), (90, fit));
        // Every one up to a size, and none beyond: the last that fits and the next are neighbours.
        let last = i64::try_from(fit).unwrap() - 1;
        assert_eq!(
            sent.keys().copied().collect::<Vec<_>>(),
            (0..=last).collect::<Vec<_>>()
        );
        assert!((1..89).contains(&last), "{last}");
        let named = done.report().unsent().iter().map(|((_, at), why)| {
            assert_eq!(*why, RedriveOutcome::TooLarge);
            (at * 7) % 90
        });
        let mut named: Vec<_> = named.collect();
        named.sort_unstable();
        assert_eq!(named, (last + 1..90).collect::<Vec<_>>());
        // What was named can be sent under another name to a topic that takes it.
        let roomy = broker.topic(1);
        let rest = run(&config, "rest", into(&roomy));
        assert_eq!(rest.report().total(RedriveOutcome::Sent), large);
        assert_eq!(rest.report().total(RedriveOutcome::AlreadySent), fit);
    });
}

#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn poison_that_stays_poison_stops_at_the_maximum() {
    within(LIMIT, || {
        let broker = Broker::outside();
        let place = Place::new(&broker, 1);
        let config = place.config();
        broker.append_records(&place.topic, 0, &[source(1)]);
        broker.append_records(
            &place.archive,
            0,
            &[letter(&place, 0, &source(1), Disclosure::Full)],
        );
        for round in 1..=4 {
            let done = run(
                &config,
                &format!("round-{round}"),
                RedriveOptions::default(),
            );
            let sent = done.report().total(RedriveOutcome::Sent);
            assert_eq!(sent, u64::from(round <= 3), "round {round}");
            let now = committed(&config, &place.topic);
            assert_eq!(now.len(), 1 + round.min(3));
            if round <= 3 {
                // Its consumer rejects it again, where it stands now.
                let last = now.len() - 1;
                let offset = now_offset(&config, &place.topic, last);
                let again = letter(&place, offset, &now[last], Disclosure::Full);
                let read = DeadLetter::read(&again, LETTER_BYTES_DEFAULT).unwrap();
                assert_eq!(read.record().as_ref(), Some(&now[last]));
                broker.append_records(&place.archive, 0, &[again]);
            } else {
                assert_eq!(done.report().total(RedriveOutcome::Exhausted), 1);
            }
        }
    });
}

/// The offset of a record that a reader of committed records sees as this one.
fn now_offset(config: &Config, topic: &str, wanted: usize) -> i64 {
    let mut reader = TopicReader::whole(config, topic).unwrap();
    let mut at = 0;
    for _ in 0..=wanted {
        let ((_, offset), _) = reader.read().unwrap().unwrap();
        at = offset;
    }
    at
}

#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn a_second_redrive_fences_the_first_and_what_is_missing_is_named() {
    within(LIMIT, || {
        let broker = Broker::outside();
        let place = Place::new(&broker, 1);
        let config = place.config();
        let target = broker.topic(1);
        broker.append_records(
            &place.archive,
            0,
            &[letter(&place, 0, &source(0), Disclosure::Full)],
        );
        let mut first = Redriver::start(&config, "first", into(&target)).unwrap();
        let second = run(&config, "second", into(&target));
        let report = second.report();
        assert_eq!(report.total(RedriveOutcome::Sent), 1, "{report:?}");
        assert_eq!(first.step().err(), Some(RedriveError::Fenced));
        let nowhere = run(&config, "nowhere", {
            let mut options = into(&unique("nowhere"));
            options.force = true;
            options
        });
        assert_eq!(nowhere.report().total(RedriveOutcome::NoTarget), 1);
        let missing = Config::new(broker.list(), unique("t"), "g").unwrap();
        let error = Redriver::start(&missing, "all", RedriveOptions::default()).err();
        assert!(matches!(
            error,
            Some(RedriveError::Start(StartError::NoSuchTopic { .. }))
        ));
        for name in ["", "a b", "a/b", &"x".repeat(101)] {
            let error = Redriver::start(&config, name, RedriveOptions::default()).err();
            assert_eq!(error, Some(RedriveError::Name), "{name}");
        }
    });
}
