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
    receiver.wait(LONG, LINGER);
    sender.join().unwrap();
    begun.now()
}

#[test]
fn what_cannot_wait_ends_the_waiting_and_nothing_does_not() {
    assert!(waited(|inbox| inbox.send(DriverMessage::Drain)) < LONG);
    assert!(waited(Inbox::wake) < LONG);
    let (_inbox, receiver) = Inbox::open(LINGER);
    let begun = Clock::start();
    receiver.wait(Duration::from_millis(30), LINGER);
    assert!(begun.now() >= Duration::from_millis(30));
}

#[test]
fn what_was_accepted_waits_for_company_and_no_longer() {
    let time = waited(|inbox| inbox.wake_soon(false));
    assert!((LINGER..LONG).contains(&time), "{time:?}");
    let (inbox, receiver) = Inbox::open(LINGER);
    inbox.wake_soon(false);
    inbox.clear_wake_soon();
    let begun = Clock::start();
    receiver.wait(LINGER * 4, LINGER);
    assert!(begun.now() >= LINGER * 4, "it was taken meanwhile");
}

#[test]
fn what_makes_room_for_a_host_that_waits_does_not_wait_for_company() {
    for (linger, host_waits) in [(Duration::ZERO, false), (LONG, true)] {
        // Longer than any of the other waits, so that waiting for company would be seen.
        let (inbox, receiver) = Inbox::open(LONG * 2);
        let begun = Clock::start();
        let sender = {
            let inbox = Arc::clone(&inbox);
            thread::spawn(move || {
                // The receiver has said by then that it is without room.
                while !inbox.state().is_without_room {
                    thread::yield_now();
                }
                inbox.wake_soon(host_waits);
            })
        };
        receiver.wait(LONG, linger);
        sender.join().unwrap();
        assert!(begun.now() < LONG, "{linger:?} {host_waits}");
        assert!(!inbox.state().is_without_room);
    }
}

#[test]
fn what_was_sent_before_is_not_waited_for() {
    let (inbox, receiver) = Inbox::open(LINGER);
    inbox.send(DriverMessage::Drain);
    let begun = Clock::start();
    receiver.wait(LONG, LINGER);
    assert!(begun.now() < LONG);
    assert_eq!(receiver.take().len(), 1);
    assert!(receiver.take().is_empty());
}

#[test]
fn who_waits_for_an_answer_learns_that_the_receiver_is_gone() {
    use dashstream_policy::{Command, Operator, OperatorCommand, TopicPartition};
    let order = || {
        let at = TopicPartition::new(0, 0);
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
