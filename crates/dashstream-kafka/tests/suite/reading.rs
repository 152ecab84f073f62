//! What a host reads of a record, and as which kind of member.

use std::time::Duration;

use dashstream_kafka::policy::{Cause, Config};
use dashstream_kafka::{Admin, ConsumerEvent};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use crate::support::host::{Host, Place, run};
use crate::support::{Broker, within};

const LIMIT: Duration = Duration::from_secs(60);
const JOIN: Duration = Duration::from_secs(20);

#[test]
fn headers_come_in_their_order_with_and_without_a_value() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 1);
        let producer: BaseProducer = broker.client().create().unwrap();
        let headers = [("a", Some("1")), ("b", None), ("a", Some(""))];
        let written = headers
            .iter()
            .fold(OwnedHeaders::new(), |all, (key, value)| {
                all.insert(Header { key, value: *value })
            });
        let record = BaseRecord::<str, str>::to(&place.topic).headers(written);
        producer.send(record.payload("p")).unwrap();
        producer.flush(JOIN).unwrap();
        run(async {
            let mut host = Host::start(place.config(), Config::default()).await;
            let record = host.next(JOIN).await.unwrap();
            let read: Vec<_> = record.headers().collect();
            let expected = headers.map(|(name, value)| (name, value.map(str::as_bytes)));
            assert_eq!(read, expected);
            record.accept();
            let _ = host.shutdown().await;
        });
    });
}

#[test]
fn the_client_s_statistics_are_events_that_name_topics_and_partitions() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 1);
        broker.fill(&place.topic, 0, 3);
        run(async {
            let mut host = Host::start(place.config(), Config::default()).await;
            assert_eq!(host.judge(3, JOIN, Cause::DecodeError).await.len(), 3);
            let read_all = format!("/topics/{}/partitions/0/app_offset", place.topic);
            host.wait_for(|event| {
                let ConsumerEvent::Statistics(json) = event else {
                    return false;
                };
                let statistics: serde_json::Value = serde_json::from_str(json).unwrap();
                statistics.pointer(&read_all) == Some(&3.into())
            })
            .await;
            let _ = host.shutdown().await;
        });
    });
}

#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn a_member_by_the_protocol_of_kip_848_consumes_and_commits() {
    within(LIMIT, || {
        let broker = Broker::outside();
        let place = Place::new(&broker, 2);
        broker.fill(&place.topic, 0, 10);
        broker.fill(&place.topic, 1, 10);
        run(async {
            let config = dashstream_kafka::Config::new(&place.brokers, &place.topic, &place.group)
                .and_then(|config| config.archive_topic(&place.archive))
                .and_then(|config| config.max_poll_interval(Duration::from_secs(10)))
                .and_then(|config| config.set("group.protocol", "consumer"));
            let mut host = Host::start(config.unwrap(), Config::default()).await;
            assert_eq!(host.judge(20, JOIN, Cause::DecodeError).await.len(), 20);
            // Such a group is described to newer questions only, and nobody says that its partitions are nobody's.
            broker.fill(&place.topic, 0, 1);
            let admin = Admin::new(&place.config()).unwrap();
            assert_eq!((admin.unowned(), admin.owner(0)), (Ok(None), Ok(None)));
            assert_eq!(host.judge(1, JOIN, Cause::DecodeError).await, [(0, 10)]);
            let closing = host.shutdown().await;
            assert!(closing.committed, "{closing:?}");
        });
        for (partition, next) in [(0, 11), (1, 10)] {
            let committed = broker.committed(&place.group, &place.topic, partition);
            assert_eq!(committed, Some(next));
        }
    });
}
