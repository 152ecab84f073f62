use dashstream_policy::{StoreReason, TopicPartition};

use super::*;
use crate::options::Options;

/// What is said of the offset's age is of this assignment.
#[test]
fn a_partition_that_is_revoked_leaves_no_time_behind() {
    let metrics = Metrics::register(Options::default(), Duration::ZERO).unwrap();
    let events = Events::new(metrics, Shared::new(1, None), Vec::new());
    let [kept, lost] = [0, 1].map(|number| TopicPartition::new(0, number));
    for partition in [kept, lost] {
        events.on_event(&ConsumerEvent::Stored {
            partition,
            next: 1,
            because: StoreReason::Processed,
        });
    }
    assert_eq!(events.stored_at().len(), 2);
    let (partition, lost) = (lost, true);
    events.on_event(&ConsumerEvent::Revoked { partition, lost });
    assert_eq!(events.stored_at().keys().collect::<Vec<_>>(), [&0]);
}
