//! A recorded incident does the same again, action for action.
#![expect(
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    clippy::arithmetic_side_effects,
    reason = "a test may panic: that is how it fails"
)]

use core::time::Duration;

use dashstream_policy::trace::{Recorder, Trace};
use dashstream_policy::{
    Action, ArchiveFault, ArchiveResult, Archiving, Cause, Command, Config, Delivery, Epoch, Fault,
    Input, Intake, Mode, Offset, Order, Signature, TopicId, TopicPartition,
};
use dashstream_testkit::rng::SplitMix64;

const P: TopicPartition = TopicPartition::new(TopicId::new(0), 0);

fn incident(seed: u64, calls_max: usize) -> (Trace, Vec<Action<()>>) {
    let mut rng = SplitMix64::new(seed);
    let mode = if seed.is_multiple_of(2) {
        Mode::Skip
    } else {
        Mode::Pause
    };
    let config = Config::default().mode(mode).archiving(Archiving::Required);
    let mut host = Recorder::<()>::new(config, calls_max).expect("in range");
    let epoch = Epoch::new(1);
    let at = |offset| Offset::new(offset).expect("an offset");
    let (mut actions, mut next) = (Vec::new(), 0);
    host.handle(
        Duration::ZERO,
        Input::Assigned {
            partition: P,
            epoch,
            committed: Some(at(0)),
            low: None,
        },
    );
    for second in 1..200 {
        let now = Duration::from_secs(second);
        match rng.below(6) {
            0 => host.handle(now, Input::Tick),
            1 => {
                let signature = Signature::new("ann", "again").expect("short");
                host.handle(now, Input::Order(Order::new(P, Command::Retry, signature)));
            }
            _ => match host.delivered(now, Delivery::new(P, epoch, at(next))) {
                Intake::Take(record) if rng.chance(1, 3) => {
                    next += 1;
                    host.unprocessable(now, record, Fault::new(Cause::Oversize, (), 9));
                }
                Intake::Take(record) if rng.chance(1, 3) => {
                    next += 1;
                    host.failed(now, record, Fault::new(Cause::HandlerRefused, (), 9));
                }
                Intake::Take(record) => {
                    next += 1;
                    host.done(now, record);
                }
                _ => {}
            },
        }
        while let Some(mut action) = host.poll_action() {
            match &mut action {
                Action::Archive(send) => {
                    let (id, lucky) = (send.id, rng.chance(2, 3));
                    let failed = ArchiveResult::Failed(ArchiveFault::Broker);
                    let result = if lucky { ArchiveResult::Acked } else { failed };
                    host.handle(now, Input::Archived { id, result });
                }
                Action::Seek { to, .. } => {
                    next = to.get();
                    host.handle(
                        now,
                        Input::Sought {
                            partition: P,
                            epoch,
                            to: *to,
                            ok: true,
                        },
                    );
                }
                _ => {}
            }
            actions.push(action);
        }
    }
    (host.trace().clone(), actions)
}

#[test]
fn an_incident_does_the_same_again() {
    for seed in 0..100 {
        let (trace, mut actions) = incident(seed, Trace::CALLS_DEFAULT);
        // Tokens of further attempts stay with the first host; nothing here gives them back.
        actions.shrink_to_fit();
        assert!(!trace.is_cut());
        assert!(
            actions
                .iter()
                .any(|action| matches!(action, Action::Archive(_)))
        );
        assert_eq!(trace.replay(), Ok(actions), "seed {seed}");
    }
}

#[test]
fn a_recording_that_reached_its_limit_says_so_and_replays_its_beginning() {
    let (whole, actions) = incident(2, Trace::CALLS_DEFAULT);
    let full = whole.len();
    for (limit, is_cut) in [(full - 1, true), (full, false), (full + 1, false)] {
        let (trace, _) = incident(2, limit);
        assert_eq!((trace.len(), trace.is_cut()), (limit.min(full), is_cut));
        let replayed = trace.replay().expect("its beginning");
        assert_eq!(replayed.as_slice(), &actions[..replayed.len()]);
    }
}
