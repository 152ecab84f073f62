//! Any calls in any order: nothing panics, the accounts close, the drain ends, and no store passes
//! what was taken.

use core::time::Duration;

use dashstream_policy::{
    Action, ArchiveFault, ArchiveId, ArchiveResult, Archiving, Breaker, Cause, Command, Config,
    Delivered, Delivery, Engine, Epoch, Escalation, Fault, FetchFault, Input, Intake, Mode, Offset,
    Order, Scope, Signature, TopicId, TopicPartition,
};

/// Reads `bytes` as a configuration and calls, two bytes a call, and carries them out.
pub(crate) fn check(bytes: &[u8]) {
    let Some((first, calls)) = bytes.split_first() else {
        return;
    };
    let mut engine = Engine::<()>::new(config(*first)).expect("in range");
    let (mut tokens, mut sent): (Vec<Delivered>, Vec<ArchiveId>) = (Vec::new(), Vec::new());
    let mut now = Duration::ZERO;
    for call in calls.chunks_exact(2) {
        let &[what, with] = call else { continue };
        let partition = TopicPartition::new(TopicId::new(0), i32::from(with & 1));
        let epoch = Epoch::new(u64::from(with >> 1 & 3));
        let offset = Offset::new(i64::from(with >> 3)).expect("small");
        let cause = Cause::ALL[usize::from(with) % Cause::ALL.len()];
        let fault = Fault::new(cause, (), usize::from(with));
        let order = |command| {
            let signature = Signature::new("who", "why").expect("short");
            Input::Order(Order::new(partition, command, signature))
        };
        let token = (!tokens.is_empty()).then(|| usize::from(with) % tokens.len().max(1));
        match (what % 20, token) {
            (0, _) => engine.handle(
                now,
                Input::Assigned {
                    partition,
                    epoch,
                    committed: (with & 8 != 0).then_some(offset),
                    low: (with & 16 != 0).then_some(offset),
                },
            ),
            (1, _) => engine.handle(now, Input::Revoked { partition, epoch }),
            (2..=6, _) => {
                let delivery = Delivery::new(partition, epoch, offset).null(what > 200);
                match engine.delivered(now, delivery) {
                    Intake::Take(token) => tokens.push(token),
                    Intake::Condemned(record) => engine.condemn(now, record, (), 1),
                    _ => {}
                }
            }
            (7..=8, Some(at)) => engine.done(now, tokens.swap_remove(at)),
            (9, Some(at)) => engine.unprocessable(now, tokens.swap_remove(at), fault),
            (10, Some(at)) => engine.failed(now, tokens.swap_remove(at), fault),
            (11, _) if !sent.is_empty() => {
                let id = sent[usize::from(with) % sent.len()];
                let result = match with >> 5 {
                    0..=2 => ArchiveResult::Acked,
                    3 => ArchiveResult::Failed(ArchiveFault::TooLarge),
                    4 => ArchiveResult::Failed(ArchiveFault::Refused),
                    _ => ArchiveResult::Failed(ArchiveFault::Broker),
                };
                engine.handle(now, Input::Archived { id, result });
            }
            (12, _) => {
                let (to, ok) = (offset, what < 200);
                engine.handle(
                    now,
                    Input::Sought {
                        partition,
                        epoch,
                        to,
                        ok,
                    },
                );
            }
            (13, _) => engine.handle(now, order(Command::Retry)),
            (14, _) => engine.handle(now, order(Command::SkipOne)),
            (15, _) => engine.handle(now, order(Command::SkipTo(offset))),
            (16, _) => engine.handle(now, order(Command::Pause)),
            (17, _) => {
                let low = (with & 8 != 0).then_some(offset);
                let gone = FetchFault::OutOfRange { low };
                let fault = if what < 128 {
                    gone
                } else {
                    FetchFault::Undecodable
                };
                engine.handle(
                    now,
                    Input::FetchFailed {
                        partition,
                        epoch,
                        fault,
                    },
                );
            }
            (18, _) => {
                now = Duration::from_millis(u64::from(with) * 40).max(now);
                engine.handle(now, Input::Tick);
            }
            _ => {
                let open = with & 1 == 0;
                let breaker = if open { Breaker::Open } else { Breaker::Closed };
                engine.handle(now, Input::Breaker(breaker));
            }
        }
        drain(&mut engine, &mut tokens, &mut sent);
    }
}

fn drain(engine: &mut Engine<()>, tokens: &mut Vec<Delivered>, sent: &mut Vec<ArchiveId>) {
    let mut actions = 0;
    while let Some(action) = engine.poll_action() {
        actions += 1;
        assert!(actions < 1_000, "the drain ends");
        match action {
            Action::Archive(send) => {
                assert!(engine.evidence(send.id).is_some());
                sent.push(send.id);
            }
            Action::Retry { delivered, .. } => tokens.push(delivered),
            _ => {}
        }
    }
    assert!(engine.tally().closes());
    let status = engine.status();
    for of in &status.partitions {
        if let (Some(stored), Some(position)) = (of.stored, of.position) {
            assert!(stored.position() <= position, "{of:?}");
        }
    }
}

fn config(byte: u8) -> Config {
    let archiving = match byte & 3 {
        0 => Archiving::Off,
        1 => Archiving::BestEffort,
        _ => Archiving::Required,
    };
    Config::default()
        .archiving(archiving)
        .mode(if byte & 4 == 0 {
            Mode::Skip
        } else {
            Mode::Pause
        })
        .scope(if byte & 8 == 0 {
            Scope::Consumer
        } else {
            Scope::Partition
        })
        .escalation(if byte & 16 == 0 {
            Escalation::Off
        } else {
            Escalation::Pause
        })
        .accept_reduced(byte & 32 == 0)
        .outstanding_max(1 + usize::from(byte >> 6))
}
