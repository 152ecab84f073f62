//! Records that wait for each other, and how much of the room one partition may take.

use dashstream_policy::{
    Action, Admission, Archiving, Backoff, Cause, Command, CommandOutcome, Config, Count,
    Delivered, Delivery, Engine, Form, HeldBy, Input, Mode, Ordering, PartitionState,
    PartitionStatus, RefusalReason, TopicPartition,
};

use crate::host::{EPOCH, Host, P, Q, at, secs};

impl Host {
    fn keyed(&mut self, offset: i64, key: Option<u64>) -> Admission {
        let delivery = Delivery::new(P, EPOCH, at(offset)).key(key);
        let admission = self.engine.delivered(self.now, delivery);
        self.drain();
        admission
    }

    fn taken(&mut self, offset: i64, key: Option<u64>) -> Delivered {
        match self.keyed(offset, key) {
            Admission::Take(record) => record,
            other => panic!("{offset} was not taken: {other:?}"),
        }
    }

    fn queued(&mut self, offset: i64, key: Option<u64>) {
        match self.keyed(offset, key) {
            Admission::Queue(record) => self.queue(record),
            other => panic!("{offset} is not to wait: {other:?}"),
        }
    }

    fn queue(&mut self, record: Delivered) {
        self.engine.queue(self.now, record, ());
        self.drain();
    }

    fn fail(&mut self, record: Delivered) {
        self.engine
            .release(self.now, record, Cause::DecodeError, (), 1);
        self.drain();
    }

    fn reject(&mut self, record: Delivered) {
        self.engine
            .reject(self.now, record, Cause::DecodeError, (), 1);
        self.drain();
    }

    /// What was handed out again, as offset and attempt.
    fn again(&mut self) -> Vec<(i64, u32)> {
        let again = self.came_back();
        let seen = again.iter().map(|of| (of.offset().get(), of.attempt()));
        let seen = seen.collect();
        again.into_iter().for_each(|record| self.kept.push(record));
        seen
    }

    fn kept(&mut self, offset: i64) -> Delivered {
        let place = self.kept.iter().position(|of| of.offset() == at(offset));
        self.kept.remove(place.expect("it came back"))
    }

    fn of_p(&self) -> PartitionStatus {
        let status = self.engine.status();
        *status.partitions.first().expect("assigned")
    }
}

fn three_attempts() -> Config {
    let wait = Backoff::new(secs(1), secs(1));
    Config::default().retry(3, secs(60), wait)
}

#[test]
fn a_record_that_fails_is_tried_three_times_before_the_next_of_its_partition() {
    let mut host = Host::new(three_attempts());
    let (a, b) = (host.taken(0, Some(1)), host.taken(1, Some(2)));
    host.fail(a);
    host.queue(b);
    host.queued(2, Some(3));
    assert_eq!((host.again(), host.of_p().queued), (vec![], 2));
    for attempt in [2, 3] {
        host.pass(secs(1));
        assert_eq!(host.again(), [(0, attempt)]);
        let a = host.kept(0);
        host.fail(a);
    }
    // After the last attempt it is dropped, and what waited comes in its order.
    assert_eq!(host.again(), [(1, 1), (2, 1)]);
    for offset in [1, 2] {
        let record = host.kept(offset);
        host.done(record);
    }
    assert_eq!((host.stored(P), host.of_p().queued), (Some(3), 0));
}

#[test]
fn by_key_only_the_records_with_the_same_key_wait_and_those_without_one_for_each_other() {
    let mut host = Host::new(three_attempts().ordering(Ordering::Key));
    let (a, none) = (host.taken(0, Some(1)), host.taken(1, None));
    host.fail(a);
    host.fail(none);
    host.queued(2, Some(1));
    host.queued(3, None);
    let other = host.taken(4, Some(2));
    host.done(other);
    host.pass(secs(1));
    assert_eq!(host.again(), [(0, 2), (1, 2)]);
    let none = host.kept(1);
    host.done(none);
    assert_eq!(host.again(), [(3, 1)]);
    let a = host.kept(0);
    host.done(a);
    assert_eq!(host.again(), [(2, 1)]);
}

#[test]
fn unordered_records_wait_for_nothing() {
    let mut host = Host::new(three_attempts().ordering(Ordering::Unordered));
    let a = host.taken(0, Some(1));
    host.fail(a);
    let b = host.taken(1, Some(1));
    host.queue(b);
    assert_eq!(host.again(), [(1, 1)]);
}

#[test]
fn a_record_that_waits_for_its_letter_or_for_resources_stops_those_behind_it() {
    let mut host = Host::new(three_attempts().archiving(Archiving::Required));
    let (a, b) = (host.taken(0, None), host.taken(1, None));
    host.reject(a);
    host.queue(b);
    assert_eq!(host.again(), []);
    host.archive(Ok(Form::Full));
    assert_eq!(host.again(), [(1, 1)]);
    let b = host.kept(1);
    let c = host.taken(2, None);
    host.defer(b);
    host.queue(c);
    host.pass(secs(1));
    assert_eq!(host.again(), [(1, 1)]);
    let b = host.kept(1);
    host.done(b);
    assert_eq!(host.again(), [(2, 1)]);
}

#[test]
fn a_batch_that_is_judged_out_of_order_still_goes_on_in_order() {
    let mut host = Host::new(three_attempts());
    let [a, b, c] = [0, 1, 2].map(|offset| host.taken(offset, None));
    host.fail(b);
    host.queue(c);
    host.fail(a);
    host.pass(secs(1));
    // The second was due as well, and waits for the first.
    assert_eq!(host.again(), [(0, 2)]);
    let a = host.kept(0);
    host.done(a);
    assert_eq!(host.again(), [(1, 2)]);
    let b = host.kept(1);
    host.done(b);
    assert_eq!(host.again(), [(2, 1)]);
}

#[test]
fn the_time_that_a_record_waits_for_another_is_none_of_its_attempts() {
    let wait = Backoff::new(secs(1), secs(1));
    let mut host = Host::new(Config::default().retry(5, secs(4), wait));
    let (a, b) = (host.taken(0, None), host.taken(1, None));
    host.defer(a);
    host.queue(b);
    host.pass(secs(100));
    assert_eq!(host.again(), [(0, 1)]);
    let a = host.kept(0);
    host.done(a);
    assert_eq!(host.again(), [(1, 1)]);
    let b = host.kept(1);
    host.fail(b);
    host.pass(secs(1));
    assert_eq!(host.again(), [(1, 2)]);
}

#[test]
fn a_drain_leaves_what_waits_to_the_next_consumer() {
    let mut host = Host::new(three_attempts());
    let (a, b) = (host.taken(0, None), host.taken(1, None));
    host.fail(a);
    host.queue(b);
    host.tell(Input::Drain);
    host.pass(secs(1));
    assert_eq!(host.again(), [(0, 2)]);
    let a = host.kept(0);
    host.done(a);
    assert_eq!((host.again(), host.stored(P)), (vec![], Some(1)));
    assert!(host.engine.is_idle());
}

#[test]
fn a_hold_keeps_what_is_settled_behind_it_and_the_first_unsettled_record_after_it_is_the_held_one()
{
    let config = Config::default().mode(Mode::Pause).ordering(Ordering::Key);
    let mut host = Host::new(config);
    let [held, done, out] =
        [0_i64, 1, 2].map(|offset| host.taken(offset, Some(offset.unsigned_abs())));
    host.done(done);
    host.reject(held);
    let by = |state| {
        matches!(
            state,
            PartitionState::Held {
                by: HeldBy::Policy,
                ..
            }
        )
    };
    assert!(by(host.state(P)));
    // Its place is gone, so that this changes nothing.
    host.done(out);
    host.order(Command::Retry);
    let held = host.taken(0, Some(0));
    assert_eq!(host.keyed(1, Some(1)), Admission::Duplicate);
    let out = host.taken(2, Some(2));
    host.done(out);
    host.done(held);
    assert_eq!(host.stored(P), Some(3));
    let status = host.of_p();
    assert_eq!((status.outstanding, status.bytes), (0, 0));
}

#[test]
fn a_partition_takes_its_share_of_the_records_and_leaves_the_others_theirs() {
    // Two partitions: two records each.
    for (of_partition, share) in [(None, 2), (Some(3), 3)] {
        let config = Config::default()
            .outstanding_max(4)
            .partition_outstanding_max(of_partition);
        let mut host = Host::new(config);
        let slow: Vec<_> = (0..share).map(|offset| host.take(P, offset)).collect();
        assert!(!host.engine.has_room(P) && host.engine.has_room(Q));
        assert_eq!(
            host.offer(P, share),
            Admission::Refused(RefusalReason::Full)
        );
        // It is paused, so that it is not fetched and refused again and again.
        let assignment = EPOCH;
        let pause = Action::Pause {
            partition: P,
            assignment,
        };
        assert!(host.actions.contains(&pause));
        assert_eq!(host.state(P), PartitionState::Waiting);
        for offset in 0..100 {
            let record = host.take(Q, offset);
            host.done(record);
        }
        assert_eq!(host.stored(Q), Some(100));
        slow.into_iter().for_each(|record| host.done(record));
        let again = host.take(P, share);
        host.done(again);
        assert_eq!(host.stored(P), Some(share + 1));
    }
}

#[test]
fn a_partition_takes_its_share_of_the_bytes_and_one_record_more() {
    // Two partitions: 50 bytes each.
    for (bytes, fits) in [(49, true), (50, false), (51, false)] {
        let mut host = Host::new(Config::default().outstanding_bytes_max(100));
        let first = host
            .engine
            .delivered(host.now, Delivery::new(P, EPOCH, at(0)).bytes(bytes));
        let Admission::Take(first) = first else {
            panic!("the first record has room");
        };
        assert_eq!(
            (host.engine.has_room(P), host.engine.has_room(Q)),
            (fits, true)
        );
        assert_eq!(host.of_p().bytes, bytes);
        let huge = host
            .engine
            .delivered(host.now, Delivery::new(Q, EPOCH, at(0)).bytes(1_000));
        assert!(matches!(huge, Admission::Take(_)));
        // What is settled takes nothing.
        host.done(first);
        assert_eq!(host.of_p().bytes, 0);
        assert!(host.engine.has_room(P) && !host.engine.has_room(Q));
    }
}

/// A host that reads several records at once reads as many as the engine says.
#[test]
fn as_many_records_are_taken_as_there_is_room_for_and_no_more() {
    let config = Config::default;
    for (config, bytes, fits) in [
        (config().outstanding_max(10), 1, 5),
        (
            config()
                .outstanding_max(4)
                .partition_outstanding_max(Some(9)),
            1,
            4,
        ),
        // Two partitions: 50 bytes each, and one record beyond.
        (config().outstanding_bytes_max(100), 10, 5),
        (config().outstanding_bytes_max(100), 13, 4),
        (config().outstanding_bytes_max(100), 51, 1),
    ] {
        let mut host = Host::new(config);
        let (records, mut left) = host.engine.room(P);
        for (taken, offset) in (0_i64..).enumerate() {
            let delivery = Delivery::new(P, EPOCH, at(offset)).bytes(bytes);
            let admission = host.engine.delivered(host.now, delivery);
            let has_room = taken < records && left > 0;
            if taken == fits {
                assert_eq!(admission, Admission::Refused(RefusalReason::Full));
                assert!(!has_room, "{taken}: {records}, {left}");
                break;
            }
            assert!(matches!(admission, Admission::Take(_)), "{admission:?}");
            assert!(has_room, "{taken}: {records}, {left}");
            left = left.saturating_sub(bytes);
        }
        let (records, bytes) = host.engine.room(P);
        assert!(records == 0 || bytes == 0);
    }
}

/// A partition that was full, held at 0 with everything from 1 to 7 settled behind it.
fn full_and_held(config: Config) -> Host {
    let config = config
        .mode(Mode::Pause)
        .archiving(Archiving::Off)
        .outstanding_max(32)
        .partition_outstanding_max(Some(8));
    let mut host = Host::new(config);
    let mut records: Vec<_> = (0..8).map(|offset| host.take(P, offset)).collect();
    assert_eq!(host.offer(P, 8), Admission::Refused(RefusalReason::Full));
    let held = records.remove(0);
    records.into_iter().for_each(|record| host.done(record));
    host.reject(held);
    assert_eq!(host.of_p().outstanding, 8);
    host.actions.clear();
    host
}

#[test]
fn a_full_partition_goes_on_after_a_retry_though_its_hold_has_kept_nearly_all_its_share() {
    let mut host = full_and_held(Config::default());
    let offset = Some(at(0));
    let applied = CommandOutcome::Applied { offset };
    assert_eq!(host.order(Command::Retry), applied);
    assert_eq!(host.state(P), PartitionState::Running);
    assert!(host.engine.has_room(P));
    let record = host.take(P, 0);
    for offset in 1..8 {
        assert_eq!(host.offer(P, offset), Admission::Duplicate);
    }
    assert_eq!(host.offer(P, 8), Admission::Refused(RefusalReason::Full));
    host.done(record);
    assert_eq!(host.stored(P), Some(8));
    let record = host.take(P, 8);
    host.done(record);
    assert_eq!(host.stored(P), Some(9));
}

#[test]
fn what_a_hold_kept_is_passed_once_what_was_to_be_read_again_before_it_is_gone() {
    // The held record itself is gone, and all that was read behind it.
    let mut host = full_and_held(Config::default());
    host.order(Command::Retry);
    assert_eq!(host.offer(P, 8), Admission::Refused(RefusalReason::Held));
    let by = HeldBy::RecordDeleted;
    assert!(matches!(host.state(P), PartitionState::Held { by: is, .. } if is == by));

    // A record behind it that was given up is gone, and the share is smaller than what was kept.
    let config = Config::default().mode(Mode::Pause).outstanding_max(32);
    let mut host = Host::new(config);
    let mut records: Vec<_> = (0..8).map(|offset| host.take(P, offset)).collect();
    let (held, _given_up) = (records.remove(0), records.remove(0));
    records.into_iter().for_each(|record| host.done(record));
    host.reject(held);
    for number in 2..8 {
        host.tell(Input::Assigned {
            partition: TopicPartition::new(0, number),
            assignment: EPOCH,
            committed: None,
            low: None,
        });
    }
    host.order(Command::Retry);
    let record = host.take(P, 0);
    host.done(record);
    assert_eq!(host.stored(P), Some(1));
    let record = host.take(P, 8);
    assert_eq!(host.stored(P), Some(8));
    host.done(record);
    assert_eq!(host.stored(P), Some(9));
}

#[test]
fn a_partition_without_room_for_its_bytes_waits_until_the_others_leave_it_some() {
    let config = Config::default().outstanding_bytes_max(16);
    let mut engine = Engine::<()>::new(config).expect("in range");
    let now = secs(1);
    let assign = |partition| Input::Assigned {
        partition,
        assignment: EPOCH,
        committed: Some(at(0)),
        low: None,
    };
    let record = |partition, offset| Delivery::new(partition, EPOCH, at(offset)).bytes(4);
    let actions = |engine: &mut Engine<()>| {
        let all = core::iter::from_fn(|| engine.poll_action());
        // A host that asks in a loop for ever would hang here.
        let some: Vec<_> = all.take(100).collect();
        some
    };
    engine.handle(now, assign(P));
    let mut of_p = Vec::new();
    for offset in 0..4 {
        let Admission::Take(record) = engine.delivered(now, record(P, offset)) else {
            panic!("room");
        };
        of_p.push(record);
    }
    engine.handle(now, assign(Q));
    actions(&mut engine);
    let Admission::Take(small) = engine.delivered(now, Delivery::new(Q, EPOCH, at(0)).bytes(1))
    else {
        panic!("one record is taken whatever the others have");
    };
    let full = Admission::Refused(RefusalReason::Full);
    assert_eq!(engine.delivered(now, record(Q, 1)), full);
    let (partition, assignment) = (Q, EPOCH);
    let pause = Action::Pause {
        partition,
        assignment,
    };
    let refused = Action::Count(Count::Refused(RefusalReason::Full));
    assert_eq!(actions(&mut engine), [refused, pause]);
    assert_eq!(actions(&mut engine), []);
    assert!(!engine.has_room(Q));
    // The other partition settles records, and this one has none.
    let to = at(1);
    let seek = Action::Seek {
        partition,
        assignment,
        to,
    };
    let mut seen = Vec::new();
    for record in of_p {
        engine.accept(now, record);
        seen.push(actions(&mut engine).contains(&seek));
    }
    // 13, 9, 5 and 1 of 16 bytes are taken; a quarter of its share is 2.
    assert_eq!(seen, [true, false, false, false]);
    engine.accept(now, small);
}

#[test]
fn a_full_partition_is_shown_as_one_that_waits_until_it_is_resumed() {
    let config = Config::default().partition_outstanding_max(Some(8));
    let mut host = Host::new(config);
    let records: Vec<_> = (0..8).map(|offset| host.take(P, offset)).collect();
    assert_eq!(host.offer(P, 8), Admission::Refused(RefusalReason::Full));
    let mut seen = Vec::new();
    for record in records.into_iter().take(2) {
        host.done(record);
        let resumed = host.actions.iter();
        let resumed = resumed
            .filter(|action| matches!(action, Action::Resume { .. }))
            .count();
        seen.push((resumed, host.state(P), host.engine.has_room(P)));
    }
    let expected = [
        (0, PartitionState::Waiting, false),
        (1, PartitionState::Running, true),
    ];
    assert_eq!(seen, expected);
}
