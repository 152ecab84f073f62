use rdkafka::error::RDKafkaErrorCode as Code;

use super::*;

const ALL: [Served; 4] = [
    Served::Fetched,
    Served::Member,
    Served::Observed,
    Served::Archived,
];

fn at(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// What ends an error that was reported at 0, `after` that.
fn ended_by(client: ClientRole, code: Code, after: Duration) -> Vec<Served> {
    let is_over = |served: &Served| {
        let mut standing = Standing::default();
        assert!(standing.reported(Duration::ZERO, client, ClientCode::new(code)));
        let ended = standing.served(after, *served);
        assert_eq!(ended, standing.list().is_empty());
        ended
    };
    ALL.into_iter().filter(is_over).collect()
}

#[test]
fn an_error_begins_once_however_often_it_is_repeated() {
    let mut standing = Standing::default();
    let code = ClientCode::new(Code::AllBrokersDown);
    let client = ClientRole::Consumer;
    let begun = (0..740).filter(|n| standing.reported(at(80 * n), client, code));
    assert_eq!(begun.count(), 1);
    let error = StandingError {
        client,
        code,
        since: Duration::ZERO,
        last: at(80 * 739),
        times: 740,
    };
    assert_eq!(standing.list(), [error]);
    assert!(standing.reported(at(60_000), ClientRole::Admin, code));
}

#[test]
fn what_may_pass_ends_with_any_answer_once_it_is_quiet() {
    for code in [Code::AllBrokersDown, Code::BrokerTransportFailure] {
        for client in [ClientRole::Consumer, ClientRole::Archive] {
            assert_eq!(ended_by(client, code, at(4_999)), []);
            assert_eq!(ended_by(client, code, at(5_000)), ALL);
            assert_eq!(ended_by(client, code, at(5_001)), ALL);
        }
    }
}

#[test]
fn a_refusal_ends_when_the_one_that_was_refused_is_served_and_never_with_time() {
    let (soon, day) = (at(1), at(86_400_000));
    for (client, code, by) in [
        (
            ClientRole::Consumer,
            Code::GroupAuthorizationFailed,
            &[Served::Member][..],
        ),
        (
            ClientRole::Consumer,
            Code::TopicAuthorizationFailed,
            &[Served::Fetched],
        ),
        (
            ClientRole::Consumer,
            Code::ClusterAuthorizationFailed,
            &[Served::Fetched, Served::Member],
        ),
        (
            ClientRole::Archive,
            Code::TopicAuthorizationFailed,
            &[Served::Archived],
        ),
        (
            ClientRole::Admin,
            Code::GroupAuthorizationFailed,
            &[Served::Observed],
        ),
    ] {
        assert_eq!(ended_by(client, code, soon), by, "{client:?} {code:?}");
        assert_eq!(ended_by(client, code, day), by, "{client:?} {code:?}");
    }
}

#[test]
fn a_refused_connection_is_there_again_when_nobody_complains_for_a_minute() {
    let (client, code) = (ClientRole::Archive, Code::Authentication);
    assert_eq!(ended_by(client, code, at(59_999)), [Served::Archived]);
    assert_eq!(ended_by(client, code, at(60_000)), ALL);
    assert_eq!(ended_by(client, code, at(60_001)), ALL);
}
