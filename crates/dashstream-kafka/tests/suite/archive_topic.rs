//! The start-up check of the archive topic, by what the broker at hand tells.

use std::time::Duration;

use dashstream_kafka::policy::{Archiving, Config};
use dashstream_kafka::{ArchiveFinding, Consumer, Fact};

use crate::support::host::{Host, Place, run};
use crate::support::{Broker, within};

const LIMIT: Duration = Duration::from_secs(60);

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
