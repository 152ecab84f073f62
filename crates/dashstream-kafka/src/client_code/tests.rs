use super::*;

#[test]
fn refusals_last_and_outages_pass() {
    use RDKafkaErrorCode as Code;
    let class = |code| ClientCode::new(code).class();
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
        assert_eq!(class(code), ErrorClass::Permanent, "{code:?}");
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
        assert_eq!(class(code), ErrorClass::Transient, "{code:?}");
    }
}
