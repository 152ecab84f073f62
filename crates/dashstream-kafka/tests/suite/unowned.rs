//! Partitions that no member of a group owns.

use std::collections::BTreeMap;
use std::time::Duration;

use dashstream_kafka::Admin;
use dashstream_kafka::policy::{Cause, Config};

use crate::support::host::{Host, Place, run};
use crate::support::{Broker, within};

const LIMIT: Duration = Duration::from_secs(90);
const JOIN: Duration = Duration::from_secs(20);

/// Nothing when the broker does not describe groups: the embedded one does not.
fn unowned(admin: &Admin) -> Option<BTreeMap<i32, u64>> {
    admin.unowned().ok().flatten()
}

#[test]
fn records_wait_for_nobody_until_a_member_has_their_partition() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 2);
        let admin = Admin::new(&place.config()).unwrap();
        broker.fill(&place.topic, 1, 3);
        let Some(waiting) = unowned(&admin) else {
            return;
        };
        assert_eq!(waiting, BTreeMap::from([(1, 3)]));
        run(async {
            let mut host = Host::start(place.config(), Config::default()).await;
            host.until("both partitions", |status| status.partitions.len() == 2)
                .await;
            assert_eq!(unowned(&admin), Some(BTreeMap::new()));
            let judged = host.judge(3, JOIN, Cause::DecodeError).await;
            assert_eq!(judged.len(), 3);
            let _closing = host.shutdown().await;
        });
        // What the group has committed waits no more.
        assert_eq!(unowned(&admin), Some(BTreeMap::new()));
        broker.fill(&place.topic, 0, 1);
        broker.fill(&place.topic, 1, 2);
        assert_eq!(unowned(&admin), Some(BTreeMap::from([(0, 1), (1, 2)])));
    });
}

#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn partitions_that_are_added_are_named_at_once_and_read_within_a_minute() {
    within(LIMIT, || {
        let broker = Broker::outside();
        let place = Place::new(&broker, 1);
        let admin = Admin::new(&place.config()).unwrap();
        run(async {
            let mut host = Host::start(place.config(), Config::default()).await;
            host.until("a member", |status| status.partitions.len() == 1)
                .await;
            broker.add_partitions(&place.topic, 3);
            broker.fill(&place.topic, 2, 4);
            assert_eq!(unowned(&admin), Some(BTreeMap::from([(2, 4)])));
            let minute = Duration::from_secs(60);
            let judged = host.judge(4, minute, Cause::DecodeError).await;
            let expected: Vec<_> = (0..4).map(|offset| (2, offset)).collect();
            assert_eq!(judged, expected);
            assert_eq!(unowned(&admin), Some(BTreeMap::new()));
            let _closing = host.shutdown().await;
        });
    });
}
