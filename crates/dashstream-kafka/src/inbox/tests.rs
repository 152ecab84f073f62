use std::thread;

use tokio::sync::oneshot;

use super::*;
use crate::clock::Clock;

const LONG: Duration = Duration::from_secs(20);
const LINGER: Duration = Duration::from_millis(20);

/// How long the receiver waits when `send` is called meanwhile.
fn waited(send: impl FnOnce(&Inbox) + Send + 'static) -> Duration {
    let (inbox, receiver) = Inbox::open(LINGER);
    let begun = Clock::start();
    let sender = thread::spawn(move || send(&inbox));
    receiver.wait(LONG);
    sender.join().unwrap();
    begun.now()
}

#[test]
fn what_cannot_wait_ends_the_waiting_and_nothing_does_not() {
    assert!(waited(|inbox| inbox.send(DriverMessage::Drain)) < LONG);
    assert!(waited(Inbox::wake) < LONG);
    let (_inbox, receiver) = Inbox::open(LINGER);
    let begun = Clock::start();
    receiver.wait(Duration::from_millis(30));
    assert!(begun.now() >= Duration::from_millis(30));
}

#[test]
fn what_was_accepted_waits_for_company_and_no_longer() {
    let time = waited(Inbox::wake_soon);
    assert!((LINGER..LONG).contains(&time), "{time:?}");
    let (inbox, receiver) = Inbox::open(LINGER);
    inbox.wake_soon();
    inbox.is_on_it();
    let begun = Clock::start();
    receiver.wait(LINGER * 4);
    assert!(begun.now() >= LINGER * 4, "it was taken meanwhile");
}

#[test]
fn what_was_sent_before_is_not_waited_for() {
    let (inbox, receiver) = Inbox::open(LINGER);
    inbox.send(DriverMessage::Drain);
    let begun = Clock::start();
    receiver.wait(LONG);
    assert!(begun.now() < LONG);
    assert_eq!(receiver.take().len(), 1);
    assert!(receiver.take().is_empty());
}

#[test]
fn who_waits_for_an_answer_learns_that_the_receiver_is_gone() {
    use dashstream_policy::{Command, Operator, OperatorCommand, TopicId, TopicPartition};
    let order = || {
        let at = TopicPartition::new(TopicId::new(0), 0);
        OperatorCommand::new(at, Command::Retry, Operator::new("me", "why").unwrap())
    };
    let (inbox, receiver) = Inbox::open(LINGER);
    let (reply, mut before) = oneshot::channel();
    inbox.send(DriverMessage::Order(order(), reply));
    drop(receiver);
    assert!(inbox.is_closed());
    let (reply, mut after) = oneshot::channel();
    inbox.send(DriverMessage::Order(order(), reply));
    for answer in [&mut before, &mut after] {
        assert!(answer.try_recv().is_err());
    }
}
