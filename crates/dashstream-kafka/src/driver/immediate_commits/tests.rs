use super::*;
use crate::topics::at;

const PATIENCE: Duration = Duration::from_secs(5);

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn send(commits: &mut Commits, now: Duration) -> Option<Vec<(i32, i64)>> {
    let sent = commits.due(now, PATIENCE)?;
    commits.sent = Some((now, sent.clone()));
    let number = |(at, next): (TopicPartition, i64)| (at.partition(), next);
    Some(sent.into_iter().map(number).collect())
}

#[test]
fn one_commit_is_under_way_and_the_latest_of_each_partition_follows() {
    let mut commits = Commits::default();
    assert_eq!(send(&mut commits, ms(0)), None);
    commits.want(at(0), 5);
    assert_eq!(send(&mut commits, ms(0)), Some(vec![(0, 5)]));
    commits.want(at(0), 6);
    commits.want(at(1), 3);
    commits.want(at(0), 2);
    assert_eq!(send(&mut commits, ms(4_999)), None);
    commits.answered(ms(4_999), true);
    assert_eq!(send(&mut commits, ms(4_999)), Some(vec![(0, 2), (1, 3)]));
    commits.answered(ms(5_000), true);
    assert_eq!(send(&mut commits, ms(5_000)), None);
}

#[test]
fn an_answer_is_waited_for_no_longer_than_a_request_may_take() {
    for (after, sent) in [(4_999, false), (5_000, true), (5_001, true)] {
        let mut commits = Commits::default();
        commits.want(at(0), 5);
        assert!(send(&mut commits, ms(0)).is_some());
        commits.want(at(0), 6);
        assert_eq!(send(&mut commits, ms(after)).is_some(), sent, "{after}");
    }
}

#[test]
fn what_failed_is_sent_again_after_a_while_unless_it_is_outdated_or_not_ours() {
    let mut commits = Commits::default();
    for partition in 0..3 {
        commits.want(at(partition), 5);
    }
    assert!(send(&mut commits, ms(0)).is_some());
    commits.want(at(1), 7);
    commits.forget(at(2));
    commits.answered(ms(10), false);
    assert_eq!(send(&mut commits, ms(509)), None);
    assert_eq!(send(&mut commits, ms(510)), Some(vec![(0, 5), (1, 7)]));
}
