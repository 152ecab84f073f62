//! Errors that last, and how long they are said to.

use std::collections::BTreeMap;
use std::time::Duration;

use dashstream_kafka::policy::{Archiving, Cause, Command, Config};
use dashstream_kafka::{ClientRole, ErrorClass, Fact, Status};
use rdkafka::mocking::MockCluster;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use crate::support::host::{Host, POISON, Place, run};
use crate::support::{Broker, within};

const LIMIT: Duration = Duration::from_secs(90);
const JOIN: Duration = Duration::from_secs(20);
const CAUSE: Cause = Cause::DecodeError;

/// The permanent errors that stand: whose they are, and the protocol's numbers.
fn permanent(status: &Status) -> Vec<(ClientRole, i32)> {
    let errors = status.standing_errors.iter();
    errors
        .filter(|error| error.code.class() == ErrorClass::Permanent)
        .map(|error| (error.client, error.code.number()))
        .collect()
}

#[test]
fn a_broker_that_is_away_is_one_fact_until_it_is_back() {
    within(LIMIT, || {
        let broker = Broker::embedded();
        let place = Place::new(&broker, 1);
        run(async {
            // The clients come back as soon as the broker does.
            let config = place.config();
            let config = config.set("reconnect.backoff.max.ms", "300").unwrap();
            let mut host = Host::start(config, Config::default()).await;
            host.until("a member", |status| status.partitions.len() == 1)
                .await;
            broker.set_up(false);
            host.until("the outage repeats itself", |status| {
                let mut errors = status.standing_errors.iter();
                errors.any(|error| error.times >= 3)
            })
            .await;
            let mut facts = BTreeMap::new();
            for fact in host.facts() {
                if let Fact::ClientError(code) = fact {
                    *facts.entry(code.number()).or_insert(0) += 1;
                }
            }
            // Several clients may report the same; none of them more than once.
            assert!(
                !facts.is_empty() && facts.values().all(|times| *times <= 3),
                "{facts:?}"
            );
            assert_eq!(permanent(&host.status()), []);

            broker.set_up(true);
            broker.append(&place.topic, 0, &[Some("good")]);
            assert_eq!(host.judge(1, JOIN, CAUSE).await, [(0, 0)]);
            host.until("nothing stands", |status| status.standing_errors.is_empty())
                .await;
        });
    });
}

/// A cluster in this process that can be told to refuse.
fn refusing() -> (
    MockCluster<'static, rdkafka::producer::DefaultProducerContext>,
    Place,
) {
    let cluster = MockCluster::new(1).unwrap();
    let place = Place::not_made(&Broker::at(&cluster.bootstrap_servers()));
    for topic in [&place.topic, &place.archive] {
        cluster.create_topic(topic, 1, 1).unwrap();
    }
    (cluster, place)
}

const OFTEN: usize = 10_000;

#[test]
fn a_group_that_may_not_be_joined_stands_until_it_is_joined() {
    within(LIMIT, || {
        let (cluster, place) = refusing();
        let refused = RDKafkaRespErr::RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;
        cluster.request_errors(RDKafkaApiKey::JoinGroup, &[refused; OFTEN]);
        run(async {
            let mut host = Host::start(place.config(), Config::default()).await;
            let stands = [(ClientRole::Consumer, refused as i32)];
            host.until("refused", |status| permanent(status) == stands)
                .await;
            let since = host.status().standing_errors[0].since;
            tokio::time::sleep(Duration::from_secs(3)).await;
            let error = host.status().standing_errors[0];
            assert_eq!(
                (error.since, permanent(&host.status())),
                (since, stands.to_vec())
            );

            cluster.clear_request_errors(RDKafkaApiKey::JoinGroup);
            Broker::at(&place.brokers).append(&place.topic, 0, &[Some("good")]);
            assert_eq!(host.judge(1, JOIN, CAUSE).await, [(0, 0)]);
            assert_eq!(permanent(&host.status()), []);
        });
    });
}

#[test]
fn an_archive_that_may_not_be_written_stands_until_it_acknowledges() {
    within(LIMIT, || {
        for archiving in [Archiving::BestEffort, Archiving::Required] {
            let (cluster, place) = refusing();
            let broker = Broker::at(&place.brokers);
            broker.append(&place.topic, 0, &[Some(POISON)]);
            let refused = RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
            cluster.request_errors(RDKafkaApiKey::Produce, &[refused]);
            run(async {
                let policy = Config::default().archiving(archiving);
                let mut host = Host::start(place.config(), policy).await;
                assert_eq!(host.judge(1, JOIN, CAUSE).await, [(0, 0)]);
                let stands = [(ClientRole::Archive, refused as i32)];
                host.until("refused", |status| permanent(status) == stands)
                    .await;
                tokio::time::sleep(Duration::from_secs(1)).await;
                assert_eq!(permanent(&host.status()), stands);

                if archiving == Archiving::Required {
                    host.order(0, Command::SkipOne).await;
                } else {
                    broker.append(&place.topic, 0, &[Some(POISON)]);
                    assert_eq!(host.judge(1, JOIN, CAUSE).await, [(0, 1)]);
                }
                host.until("acknowledged", |status| permanent(status).is_empty())
                    .await;
            });
        }
    });
}
