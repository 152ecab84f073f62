use dashstream_policy::FailureReason;

use super::*;

#[test]
fn every_producer_error_has_one_of_the_three_reasons() {
    let reason = |code| FailureReason::from(fault(&KafkaError::MessageProduction(code)));
    use RDKafkaErrorCode as Code;
    for (code, label) in [
        (Code::MessageTimedOut, "timeout"),
        (Code::RequestTimedOut, "timeout"),
        (Code::QueueFull, "backpressure"),
        (Code::MessageSizeTooLarge, "kafka_error"),
        (Code::TopicAuthorizationFailed, "kafka_error"),
        (Code::NotEnoughReplicas, "kafka_error"),
        (Code::PurgeQueue, "kafka_error"),
        (Code::AllBrokersDown, "kafka_error"),
    ] {
        assert_eq!(reason(code).label(), label, "{code:?}");
    }
    assert_eq!(fault(&KafkaError::Canceled), ArchiveFault::Broker);
}
