//! What a redrive meets at its edges: the largest letters, sources that are not readable yet, ranges that are gone.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use dashstream_kafka::dlq::{
    Disclosure, LetterFormat, RedriveOptions, RedriveOutcome, RejectedRecord,
};
use dashstream_kafka::policy::{Cause, Form};
use dashstream_kafka::{RedriveError, Redriver, StartError, TopicReader};
use rdkafka::producer::Producer as _;
use rdkafka::types::RDKafkaRespErr;

use crate::redrive::{by_number, committed, into, letter, run, source, written};
use crate::support::host::Place;
use crate::support::{Broker, unique, within};

const LIMIT: Duration = Duration::from_secs(240);

#[test]
fn a_range_that_the_log_does_not_have_is_an_error_at_once() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 1);
        broker.fill(&place.topic, 0, 3);
        let range = BTreeMap::from([(0, 10..12)]);
        let mut reader = TopicReader::within(&place.config(), &place.topic, &range).unwrap();
        let begun = Instant::now();
        let refused = reader.read().unwrap_err();
        assert!(begun.elapsed() < Duration::from_secs(8), "{refused:?}");
        let StartError::Unreachable { code, .. } = refused else {
            panic!("{refused:?}");
        };
        let reset = RDKafkaRespErr::RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET;
        assert_eq!(code.number(), reset as i32);
    });
}

#[test]
fn a_dry_run_waits_for_no_ledger() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 1);
        let config = place.config();
        let config = config.request_timeout(Duration::from_secs(20)).unwrap();
        let begun = Instant::now();
        let report = Redriver::dry_run(&config, RedriveOptions::default()).unwrap();
        assert_eq!(report.letters(), 0);
        assert!(begun.elapsed() < Duration::from_secs(15));
    });
}

#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn letters_as_large_as_a_configuration_may_allow_are_sent() {
    within(LIMIT, || {
        let broker = Broker::outside();
        let room = [("max.message.bytes", "70000000")];
        let place = Place::set(&broker, &room, &room);
        let target = unique("large");
        broker.create(&target, 1, &room);
        let mut large = source(1);
        large.value = Some(vec![b'x'; 20 * 1024 * 1024].into());
        let rejected = {
            let at = Duration::from_secs(1_800_000_000);
            let value = large.value.as_deref();
            let mut of = RejectedRecord::new(&place.topic, 0, 1, value, Cause::Oversize, at, "id");
            (of.key, of.headers) = (large.key.as_deref(), &large.headers);
            let bytes = 32 * 1024 * 1024;
            let letter = of.encode(LetterFormat::Record, Disclosure::Full, Form::Full, bytes);
            written(&letter.unwrap())
        };
        broker.append_records(&place.archive, 0, &[rejected]);
        let config = place.config();
        let dry = Redriver::dry_run(&config, into(&target)).unwrap();
        assert_eq!(dry.total(RedriveOutcome::Sent), 1, "{dry:?}");
        let done = run(&config, "all", into(&target));
        assert_eq!(done.report(), &dry);
        let sent = by_number(committed(&config, &target));
        assert_eq!(sent[&1].value, large.value);
    });
}

/// A host may read what is not committed, so that a letter may name a record behind an open transaction.
#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn a_source_behind_an_open_transaction_is_not_readable_yet_and_not_gone() {
    within(LIMIT, || {
        let broker = Broker::outside();
        let place = Place::new(&broker, 1);
        let config = place.config();
        let target = broker.topic(1);
        broker.append_records(&place.topic, 0, &[source(0)]);
        let open = broker.append_open(&place.topic, 0, &source(1));
        broker.append_records(&place.topic, 0, &[source(2)]);
        let hashed = |offset| letter(&place, offset, &source(offset), Disclosure::Hashed);
        // The last one names an offset that no log ever had.
        let letters = [hashed(0), hashed(2), hashed(9)];
        broker.append_records(&place.archive, 0, &letters);
        let mut redriver = Redriver::start(&config, "all", into(&target)).unwrap();
        assert_eq!(
            redriver.step(),
            Ok(true),
            "what stands before it is sent first"
        );
        assert_eq!(redriver.report().total(RedriveOutcome::Sent), 1);
        for _ in 0..2 {
            let Err(RedriveError::Start(StartError::NotReadable { .. })) = redriver.step() else {
                panic!("not readable");
            };
        }
        let group = "dashstream-redrive-all";
        assert_eq!(broker.committed(group, &place.archive, 0), Some(1));
        drop(redriver);
        let one = TopicReader::one(&config, &place.topic, (0, 2));
        assert!(
            matches!(one, Err(StartError::NotReadable { .. })),
            "{one:?}"
        );
        open.abort_transaction(LIMIT).unwrap();
        let rest = run(&config, "all", into(&target));
        assert_eq!(rest.report().total(RedriveOutcome::Sent), 1);
        assert_eq!(rest.report().total(RedriveOutcome::SourceGone), 1);
        let found = by_number(committed(&config, &target));
        assert_eq!(found.into_keys().collect::<Vec<_>>(), [0, 2]);
    });
}
