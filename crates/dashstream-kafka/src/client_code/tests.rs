use super::*;

#[test]
fn refusals_last_and_outages_pass() {
    use RDKafkaErrorCode as Code;
    let is_permanent = |code| ClientCode::new(code).is_permanent();
    for code in [
        Code::TopicAuthorizationFailed,
        Code::GroupAuthorizationFailed,
        Code::ClusterAuthorizationFailed,
        Code::Authentication,
        Code::SaslAuthenticationFailed,
        Code::UnsupportedSASLMechanism,
        Code::SSL,
        Code::Fatal,
        Code::Fenced,
        Code::ProducerFenced,
        Code::InvalidProducerEpoch,
        Code::FencedInstanceId,
        Code::InvalidSessionTimeout,
        Code::InconsistentGroupProtocol,
    ] {
        assert!(is_permanent(code), "{code:?}");
    }
    for code in [
        Code::AllBrokersDown,
        Code::BrokerTransportFailure,
        Code::OperationTimedOut,
        Code::MessageTimedOut,
        Code::NotEnoughReplicas,
        Code::UnknownTopicOrPartition,
        Code::FencedLeaderEpoch,
        Code::RebalanceInProgress,
        Code::UnknownMemberId,
    ] {
        assert!(!is_permanent(code), "{code:?}");
    }
}
