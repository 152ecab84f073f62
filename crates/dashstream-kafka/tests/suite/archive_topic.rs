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
                let facts = host.facts();
                let [Fact::Archive(finding @ ArchiveFinding::Unanswered { .. })] = facts[..] else {
                    panic!("{facts:?}");
                };
                assert!(!finding.is_fatal());
                host.until("the status says so", |status| {
                    status.archive_findings == [finding]
                })
                .await;
                drop(host);
            }
            let policy = Config::default().archiving(Archiving::Off);
            let host = Host::start(place.config(), policy).await;
            assert_eq!(host.facts(), [], "nobody asked");
        });
    });
}

/// What the broker at hand tells of a topic that was made with these settings.
fn findings(broker: &Broker, settings: &[(&str, &str)]) -> Vec<ArchiveFinding> {
    let place = Place::with_archive(broker, settings);
    run(async {
        let host = Host::start(place.config(), Config::default()).await;
        let facts = host.facts().into_iter();
        let found = facts.filter_map(|fact| match fact {
            Fact::Archive(finding) => Some(finding),
            _ => None,
        });
        found.collect()
    })
}

#[test]
fn a_topic_that_would_lose_evidence_is_found_where_the_broker_tells() {
    within(LIMIT, || {
        let broker = Broker::start();
        let told = findings(&broker, &[]);
        if told
            .iter()
            .any(|finding| matches!(finding, ArchiveFinding::Unanswered { .. }))
        {
            // This broker tells nothing, and the consumer says that it knows nothing.
            assert_eq!(told.len(), 1, "{told:?}");
            return;
        }
        let unknown = |setting| told.contains(&ArchiveFinding::Unknown { setting });
        for (setting, value, code) in [
            ("max.message.bytes", "1000", "archive_records_too_small"),
            ("cleanup.policy", "compact", "archive_compacted"),
            ("retention.ms", "60000", "archive_kept_too_short"),
            ("retention.bytes", "1000", "archive_kept_too_little"),
        ] {
            let found = findings(&broker, &[(setting, value)]);
            let is_found = found.iter().any(|finding| finding.code() == code);
            assert!(is_found || unknown(setting), "{setting}: {found:?}");
            if !is_found {
                continue;
            }
            let place = Place::with_archive(&broker, &[(setting, value)]);
            let required = Config::default().archiving(Archiving::Required);
            let refused = run(Consumer::start(place.config(), required, |_| {}));
            assert_eq!(refused.err().map(|error| error.code()), Some(code));
        }
    });
}
