//! The archive topic: what the start-up check finds, and what stands in it afterwards.

use std::thread;
use std::time::Duration;

use dashstream_kafka::dlq::{
    DeadLetter, Disclosure, KafkaRecord, LetterFormat, Payload, RejectedRecord,
};
use dashstream_kafka::policy::{
    ArchiveStatus, Archiving, Backlog, Cause, Config, Disposition, Form, HeldBy, Mode,
};
use dashstream_kafka::{ArchiveFinding, Consumer, ConsumerEvent, RecordIds, Status};

use crate::support::host::{Host, POISON, Place, held, run};
use crate::support::{Broker, WRITTEN_MS, within};

const LIMIT: Duration = Duration::from_secs(60);
const JOIN: Duration = Duration::from_secs(20);
const CAUSE: Cause = Cause::DecodeError;

#[test]
fn a_broker_that_does_not_tell_is_reported_as_such_and_stops_nothing() {
    within(LIMIT, || {
        let broker = Broker::embedded();
        let place = Place::new(&broker, 1);
        run(async {
            for archiving in [Archiving::BestEffort, Archiving::Required] {
                let policy = Config::default().archiving(archiving);
                let host = Host::start(place.config(), policy).await;
                host.until("the status says so", |status| {
                    matches!(
                        status.archive_findings[..],
                        [ArchiveFinding::Unanswered { .. }]
                    )
                })
                .await;
                let finding = host.status().archive_findings[0];
                assert!(host.saw(&ConsumerEvent::Archive(finding)) && !finding.is_fatal());
                drop(host);
            }
            let policy = Config::default().archiving(Archiving::Off);
            let host = Host::start(place.config(), policy).await;
            assert_eq!(host.events(), [], "nobody asked");
        });
    });
}

#[test]
fn topics_that_are_created_while_a_start_asks_are_found() {
    within(LIMIT, || {
        let broker = Broker::start();
        for archiving in [Archiving::BestEffort, Archiving::Required] {
            let place = Place::not_made(&broker);
            thread::scope(|scope| {
                scope.spawn(|| {
                    for topic in [&place.topic, &place.archive] {
                        thread::sleep(Duration::from_millis(700));
                        broker.create(topic, 1, &[]);
                    }
                });
                run(async {
                    let policy = Config::default().archiving(archiving);
                    let host = Host::start(place.config(), policy).await;
                    host.until("the archive's topic is there", |status| {
                        status.archive_partitions == Some(1)
                    })
                    .await;
                });
            });
        }
    });
}

/// Kafka's defaults, and a bound on the bytes that are kept.
const USUAL: [(&str, &str); 4] = [
    ("max.message.bytes", "1048588"),
    ("cleanup.policy", "delete"),
    ("retention.ms", "604800000"),
    ("retention.bytes", "1000000000"),
];

/// A topic that is set as usual, and an archive topic that differs in one setting.
fn differing(broker: &Broker, setting: &str, value: &str) -> Place {
    let archive = USUAL.map(|(name, usual)| (name, if name == setting { value } else { usual }));
    Place::set(broker, &USUAL, &archive)
}

#[test]
fn a_topic_that_would_lose_evidence_is_found_where_the_broker_tells() {
    within(LIMIT, || {
        let broker = Broker::start();
        let required = || Config::default().archiving(Archiving::Required);
        let usual = Place::set(&broker, &USUAL, &USUAL);
        let usual = run(async { Host::start(usual.config(), required()).await.events() });
        if let [ConsumerEvent::Archive(ArchiveFinding::Unanswered { .. })] = usual[..] {
            // This broker tells nothing, and the consumer says that it knows nothing.
            return;
        }
        assert_eq!(usual, []);
        let small = USUAL[0].0;
        for (setting, value, code) in [
            (small, "983180", Some("archive_records_too_small")),
            (small, "983181", None),
            ("cleanup.policy", "compact", Some("archive_compacted")),
            ("retention.ms", "604799999", Some("archive_kept_too_short")),
            ("retention.ms", "-1", None),
            (
                "retention.bytes",
                "999999999",
                Some("archive_kept_too_little"),
            ),
        ] {
            let place = differing(&broker, setting, value);
            let started = run(Consumer::start(place.config(), required(), |_| {}));
            let refused = started.err().map(|error| error.code());
            assert_eq!(refused, code, "{setting} {value}, required");
            if let Some(code) = code {
                run(async {
                    let host = Host::start(place.config(), Config::default()).await;
                    host.wait_for(
                        |event| matches!(event, ConsumerEvent::Archive(found) if found.code() == code),
                    )
                    .await;
                });
            }
        }
    });
}

#[test]
fn an_archived_record_tells_where_it_stood_and_what_the_host_knew() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 1);
        broker.append(&place.topic, 0, &[Some(POISON), None]);
        run(async {
            let config = place.config().disclosure(Disclosure::Full);
            let policy = Config::default().archiving(Archiving::Required);
            let mut host = Host::start(config, policy).await;
            let known = RecordIds::none()
                .thread_id("a thread")
                .tenant_id("a tenant")
                .node_id("a node")
                .parent_trace_id("a trace")
                .span_id("a span");
            let record = host.next(JOIN).await.unwrap();
            record.reject(Cause::BadFrame, known);
            host.until("both are archived", |status| {
                status
                    .policy
                    .counters
                    .settled(Cause::BadFrame, Disposition::Archived)
                    == 1
                    && status
                        .policy
                        .counters
                        .settled(Cause::NullPayload, Disposition::Archived)
                        == 1
            })
            .await;
            let _ = host.shutdown().await;
        });
        let letters = broker.letters(&place.archive);
        let of = |offset| {
            let stood = |letter: &&DeadLetter| letter.source.offset.unwrap().get() == offset;
            letters.iter().find(stood).unwrap()
        };
        let (host_s, policy_s) = (of(0), of(1));
        for letter in [host_s, policy_s] {
            assert_eq!(letter.source.topic.as_deref(), Some(&*place.topic));
            assert_eq!(letter.source.partition, Some(0));
        }
        assert_eq!(host_s.payload.whole(), Some(POISON.as_bytes()));
        let ids = |letter: &DeadLetter| {
            [
                letter.thread_id.clone(),
                letter.tenant_id.clone(),
                letter.node_id.clone(),
                letter.parent_trace_id.clone(),
                letter.span_id.clone(),
            ]
        };
        let told = ["a thread", "a tenant", "a node", "a trace", "a span"];
        assert_eq!(ids(host_s), told.map(|id| Some(id.to_owned())));
        // Nobody looked into it; the key is the thread's id.
        assert_eq!(policy_s.payload, Payload::Null);
        let key = Some("thread-1".to_owned());
        assert_eq!(ids(policy_s), [key, None, None, None, None]);
        let cause = |letter: &DeadLetter| letter.provenance.as_ref().unwrap().cause;
        assert_eq!(cause(host_s), Cause::BadFrame);
        assert_eq!(cause(policy_s), Cause::NullPayload);
    });
}

/// The longest payload that a letter within `budget` holds whole.
fn largest(place: &Place, format: LetterFormat, budget: usize) -> usize {
    // What a letter takes beside its payload depends on names and numbers, so it is found by trying.
    let fits = |len: usize| {
        let payload = vec![b'x'; len];
        let trace_id = "00000000-0000-8000-8000-000000000000";
        let mut record = RejectedRecord::new(
            &place.topic,
            0,
            1,
            Some(&payload),
            CAUSE,
            Duration::from_secs(1_800_000_000),
            trace_id,
        );
        (record.attempt, record.assignment, record.backlog) = (1, 1, Backlog::Old);
        (record.consumer_id, record.message_count) = ("dashstream-kafka", 1);
        record.timestamp_ms = Some(1_800_000_000_000);
        let source = source(String::new());
        (record.key, record.headers) = (source.key.as_deref(), &source.headers);
        (record.group, record.thread_id) = (&place.group, None);
        let letter = record.encode(format, Disclosure::Full, Form::Full, budget);
        letter.unwrap().form() == Form::Full
    };
    let (mut whole, mut cut) = (0, budget);
    while cut - whole > 1 {
        let middle = whole.midpoint(cut);
        *if fits(middle) { &mut whole } else { &mut cut } = middle;
    }
    whole
}

#[test]
fn a_payload_that_just_fits_is_archived_whole_and_one_byte_more_is_held() {
    within(LIMIT, || {
        let broker = Broker::start();
        let formats = [LetterFormat::Versioned, LetterFormat::Record].into_iter();
        let each = formats.flat_map(|format| {
            let shown = Disclosure::ALL
                .into_iter()
                .filter(move |shown| format.can_show(*shown));
            shown.flat_map(move |shown| {
                [false, true].map(|accepts_reduced| (format, shown, accepts_reduced))
            })
        });
        let threads: Vec<_> = each
            .map(|(format, disclosure, accepts_reduced)| {
                let place = Place::new(&broker, 1);
                thread::spawn(move || whole_or_held(&place, format, disclosure, accepts_reduced))
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

/// A record with everything that a record may have.
fn source(payload: String) -> KafkaRecord {
    KafkaRecord {
        key: Some("thread-1".into()),
        value: Some(payload.into()),
        headers: vec![
            ("traceparent".into(), Some("00-a-b-01".into())),
            ("dashstream.dlq.version".into(), None),
        ],
        timestamp_ms: Some(*WRITTEN_MS),
    }
}

fn whole_or_held(
    place: &Place,
    format: LetterFormat,
    disclosure: Disclosure,
    accepts_reduced: bool,
) {
    const BUDGET: usize = 6_000;
    let broker = Broker::at(&place.brokers);
    let most = largest(place, format, BUDGET);
    let records = [most - 1, most, most + 1, most * 2].map(|len| source("x".repeat(len)));
    broker.append_records(&place.topic, 0, &records);
    let is_full = disclosure == Disclosure::Full;
    let is_record = format == LetterFormat::Record;
    // How many letters are full ones, how many are cut, and how many records are passed.
    let (full, cut, passed) = match (is_full, is_record, accepts_reduced) {
        (false, false, _) => (4, 0, 4),
        (false, true, _) => (0, 4, 4),
        (true, _, true) => (2, 2, 4),
        (true, _, false) => (2, 0, 2),
    };
    run(async {
        let config = place.config().letter_bytes(BUDGET).unwrap();
        let config = config.letters(format, disclosure).unwrap();
        let policy = Config::default()
            .archiving(Archiving::Required)
            .accept_reduced(accepts_reduced)
            .outstanding_max(1);
        if is_record && !is_full && !accepts_reduced {
            let refused = Consumer::start(config, policy, |_| {}).await;
            assert_eq!(
                refused.err().map(|error| error.code()),
                Some("letters_reduced")
            );
            return;
        }
        let mut host = Host::start(config, policy).await;
        // One at a time, so that the record behind a held one is not met.
        for _ in 0..4.min(passed + 1) {
            let record = host.next(JOIN).await.unwrap();
            record.reject(CAUSE, RecordIds::none());
        }
        host.until("archived", |status| {
            let tally = &status.policy.counters;
            let acked = Form::ALL.map(|form| tally.archive_acked(CAUSE, form));
            acked == [full, cut]
        })
        .await;
        if passed < 4 {
            let poison = (HeldBy::Archive, Some(CAUSE), Some(2));
            host.until("held", |status| held(status, 0) == Some(poison))
                .await;
        }
        let _ = host.shutdown().await;
    });
    if is_record && !is_full && !accepts_reduced {
        return;
    }
    let committed = broker.committed(&place.group, &place.topic, 0);
    assert_eq!(committed, Some(passed), "{disclosure:?} {accepts_reduced}");
    let letters = broker.letters(&place.archive);
    assert_eq!(letters.len() as i64, passed);
    for letter in letters {
        let offset = letter.source.offset.unwrap().get();
        let sent = &records[offset as usize];
        let form = letter.provenance.as_ref().unwrap().form;
        let fits = if is_full { offset < 2 } else { !is_record };
        assert_eq!(form == Form::Full, fits, "{disclosure:?} {offset}");
        assert_eq!(
            letter.payload.whole() == sent.value.as_deref(),
            is_full && fits
        );
        let whole = (is_record && is_full && fits).then(|| sent.clone());
        assert_eq!(letter.record(), whole, "{disclosure:?} {offset}");
    }
}

#[test]
fn a_letter_tells_how_often_its_handler_tried_and_not_how_often_it_was_sent() {
    within(LIMIT, || {
        let broker = Broker::embedded();
        let place = Place::new(&broker, 1);
        broker.append(&place.topic, 0, &[Some(POISON), Some(POISON), None]);
        broker.set_writable(false);
        run(async {
            let policy = Config::default()
                .ordering(dashstream_policy::Ordering::Unordered)
                .archiving(Archiving::Required);
            let mut host = Host::start(place.config(), policy).await;
            for _ in 0..2 {
                let record = host.next(JOIN).await.unwrap();
                match record.offset() {
                    0 => record.reject(CAUSE, RecordIds::none()),
                    _ => record.release(CAUSE, RecordIds::none()),
                }
            }
            for attempt in [2, 3] {
                let record = host.next(JOIN).await.unwrap();
                assert_eq!((record.offset(), record.attempt()), (1, attempt));
                record.release(CAUSE, RecordIds::none());
            }
            host.until("every letter has failed more than once", |status| {
                status.policy.archive.failed_in_a_row > 6
            })
            .await;
            broker.set_writable(true);
            host.until("archived", |status| {
                status.policy.archive == ArchiveStatus::default()
            })
            .await;
            let _ = host.shutdown().await;
        });
        let mut attempts: Vec<_> = broker
            .letters(&place.archive)
            .into_iter()
            .map(|letter| {
                let attempts = letter.provenance.unwrap().attempt;
                (letter.source.offset.unwrap().get(), attempts)
            })
            .collect();
        attempts.sort_unstable();
        attempts.dedup();
        assert_eq!(attempts, [(0, 1), (1, 3), (2, 0)]);
    });
}

/// A held record has the time that its age leaves it, where records are deleted for their age.
#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn a_held_record_says_when_retention_may_take_it() {
    within(LIMIT, || {
        let broker = Broker::start();
        let source = USUAL.map(|(name, usual)| match name {
            "retention.ms" => (name, "3600000"),
            _ => (name, usual),
        });
        let kept = USUAL.map(|(name, usual)| match name {
            "retention.ms" => (name, "-1"),
            _ => (name, usual),
        });
        for (source, within) in [(source, Some(3_540..=3_600)), (kept, None)] {
            let place = Place::set(&broker, &source, &USUAL);
            broker.append(&place.topic, 0, &[Some(POISON)]);
            run(async {
                let policy = Config::default().mode(Mode::Pause);
                let mut host = Host::start(place.config(), policy).await;
                assert_eq!(host.judge(1, JOIN, CAUSE).await, [(0, 0)]);
                host.until("held", |status| held(status, 0).is_some()).await;
                let left = |status: &Status| status.partitions.first().and_then(|of| of.loss_in);
                match within {
                    Some(within) => {
                        let is_near = |left: Duration| within.contains(&left.as_secs());
                        host.until("it is known", |status| left(status).is_some_and(is_near))
                            .await;
                    }
                    None => {
                        // As long as it takes to ask.
                        tokio::time::sleep(Duration::from_secs(3)).await;
                        assert_eq!(left(&host.status()), None);
                    }
                }
                let _ = host.shutdown().await;
            });
        }
    });
}
