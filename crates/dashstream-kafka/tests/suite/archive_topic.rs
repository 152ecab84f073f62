//! The archive topic: what the start-up check finds, and what stands in it afterwards.

use std::thread;
use std::time::Duration;

use dashstream_kafka::policy::envelope::{DeadLetter, Disclosure, Payload};
use dashstream_kafka::policy::{Archiving, Cause, Config, Disposition};
use dashstream_kafka::{ArchiveFinding, ArchiveTopic, Consumer, Evidence, Fact};

use crate::support::host::{Host, POISON, Place, run};
use crate::support::{Broker, within};

const LIMIT: Duration = Duration::from_secs(60);
const JOIN: Duration = Duration::from_secs(20);

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
                assert!(host.saw(&Fact::Archive(finding)) && !finding.is_fatal());
                drop(host);
            }
            let policy = Config::default().archiving(Archiving::Off);
            let host = Host::start(place.config(), policy).await;
            assert_eq!(host.facts(), [], "nobody asked");
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
                    let exists = ArchiveTopic::Exists { partitions: 1 };
                    host.until("the archive's topic is there", |status| {
                        status.archive_topic == exists
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
        let usual = run(async { Host::start(usual.config(), required()).await.facts() });
        if let [Fact::Archive(ArchiveFinding::Unanswered { .. })] = usual[..] {
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
                        |fact| matches!(fact, Fact::Archive(found) if found.code() == code),
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
            let known = Evidence::none()
                .thread_id("a thread")
                .tenant_id("a tenant")
                .node_id("a node")
                .parent_trace_id("a trace")
                .span_id("a span");
            let record = host.next(JOIN).await.unwrap();
            record.unprocessable(Cause::BadFrame, known);
            host.until("both are archived", |status| {
                status
                    .policy
                    .tally
                    .settled(Cause::BadFrame, Disposition::Archived)
                    == 1
                    && status
                        .policy
                        .tally
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
