//! Any calls in any order: nothing panics, the accounts close, the drain ends, no store goes back,
//! passes what was taken or outlives its assignment, and the recording of it all, written as text
//! and read again, does the same.

use core::time::Duration;
use std::collections::BTreeMap;

use dashstream_policy::trace::{Trace, TracedEngine};
use dashstream_policy::{
    Action, Admission, ArchiveFault, ArchiveId, Archiving, Assignment, Backlog, Breaker, Cause,
    Command, Config, Delivered, Delivery, Escalation, FetchFault, Form, Input, LogRange, Mode,
    NullPayload, Offset, Operator, OperatorCommand, Ordering, Scope, StoreOffset, StoreReason,
    TopicPartition,
};

/// Calls that are carried out of one input: a fuzzer learns nothing from longer ones.
const CALLS_MAX: usize = 400;

/// Reads `bytes` as a configuration and calls, two bytes a call, and carries them out.
pub(crate) fn check(bytes: &[u8]) {
    let Some((first, calls)) = bytes.split_first() else {
        return;
    };
    let mut host = Host {
        engine: TracedEngine::new(config(*first), usize::MAX).expect("in range"),
        now: Duration::ZERO,
        tokens: Vec::new(),
        sent: Vec::new(),
        stored: BTreeMap::new(),
        last_store: None,
        actions: Vec::new(),
    };
    for call in calls.chunks_exact(2).take(CALLS_MAX) {
        let &[what, with] = call else { continue };
        host.call(what, with);
        host.drain();
    }
    host.replays();
}

struct Host {
    engine: TracedEngine<()>,
    now: Duration,
    tokens: Vec<Delivered>,
    sent: Vec<(ArchiveId, u32)>,
    /// The assignment of each partition, and the last store under it.
    stored: BTreeMap<TopicPartition, (Option<Assignment>, i64)>,
    last_store: Option<StoreOffset>,
    actions: Vec<String>,
}

impl Host {
    fn call(&mut self, what: u8, with: u8) {
        let partition = TopicPartition::new(0, i32::from(with & 1));
        let assignment = Assignment::new(u64::from(with >> 1 & 3));
        let offset = Offset::new(i64::from(with >> 3)).expect("small");
        let cause = Cause::ALL[usize::from(with) % Cause::ALL.len()];
        let high = Offset::new(i64::from(with >> 2)).expect("small");
        let log = LogRange {
            low: Offset::ZERO,
            high,
        };
        let order = |command| {
            let operator = Operator::new("who", "why, in words").expect("short");
            let order = OperatorCommand::new(partition, command, operator);
            Input::Command(if what > 64 {
                order.within((with > 7).then_some(log))
            } else {
                order
            })
        };
        let token = (!self.tokens.is_empty()).then(|| usize::from(with) % self.tokens.len().max(1));
        let input = match (what % 22, token) {
            (0, _) => {
                let (of, last) = self.stored.entry(partition).or_insert((None, -1));
                let newest = self
                    .engine
                    .engine()
                    .status()
                    .partitions
                    .iter()
                    .find(|status| status.partition == partition)
                    .is_none_or(|status| status.assignment < assignment);
                if newest {
                    (*of, *last) = (Some(assignment), -1);
                }
                Input::Assigned {
                    partition,
                    assignment,
                    committed: (with & 8 != 0).then_some(offset),
                    low: (with & 16 != 0).then_some(offset),
                }
            }
            (1, _) => {
                if let Some((of, _)) = self.stored.get_mut(&partition)
                    && *of == Some(assignment)
                {
                    *of = None;
                }
                Input::Revoked {
                    partition,
                    assignment,
                }
            }
            (2..=6, _) => {
                let backlog = if what & 1 == 0 {
                    Backlog::Current
                } else {
                    Backlog::Old
                };
                let delivery = Delivery::new(partition, assignment, offset)
                    .null(what > 200)
                    .key(what.is_multiple_of(3).then_some(u64::from(with % 2)))
                    .bytes(usize::from(what));
                return self.offer(delivery.backlog(backlog));
            }
            (7..=8, Some(at)) => {
                let token = self.tokens.swap_remove(at);
                return self.engine.accept(self.now, token);
            }
            (9, Some(at)) => {
                let token = self.tokens.swap_remove(at);
                return self
                    .engine
                    .reject(self.now, token, cause, (), usize::from(with));
            }
            (10, Some(at)) => {
                let token = self.tokens.swap_remove(at);
                if what > 192 {
                    return self.engine.queue(self.now, token, ());
                }
                if what > 128 {
                    return self.engine.defer(self.now, token, ());
                }
                return self
                    .engine
                    .release(self.now, token, cause, (), usize::from(with));
            }
            (11, _) if !self.sent.is_empty() => Input::Archived {
                id: self.sent[usize::from(with) % self.sent.len()].0,
                attempt: self.sent[usize::from(with) % self.sent.len()].1,
                result: match with >> 5 {
                    0..=1 => Ok(Form::Full),
                    2 => Ok(Form::Reduced),
                    3 => Err(ArchiveFault::TooLarge),
                    4 => Err(ArchiveFault::Refused),
                    _ => Err(ArchiveFault::Broker),
                },
            },
            (12, _) if what > 220 => Input::Log {
                partition,
                assignment,
                log,
            },
            (12, _) => Input::SeekCompleted {
                partition,
                assignment,
                to: offset,
                ok: what < 200,
            },
            (13, _) => order(Command::Retry),
            (14, _) => order(Command::SkipOne),
            (15, _) => order(Command::SkipTo(offset)),
            (16, _) => order(Command::Pause),
            (17, _) => Input::FetchFailed {
                partition,
                assignment,
                fault: if what > 220 {
                    FetchFault::Truncated
                } else if what < 128 {
                    let low = (with & 8 != 0).then_some(offset);
                    FetchFault::OutOfRange { low }
                } else {
                    FetchFault::Undecodable
                },
            },
            (18, _) => {
                self.now = Duration::from_millis(u64::from(with) * 40).max(self.now);
                Input::Tick
            }
            (20, _) if what > 200 => Input::Drain,
            (21, _) => match self.last_store.take() {
                Some(store) => Input::Stored {
                    partition: store.partition(),
                    assignment: store.assignment(),
                    next: store.next(),
                    ok: with & 1 == 0,
                },
                None => Input::Tick,
            },
            (_, _) => Input::Breaker(if with & 1 == 0 {
                Breaker::Open
            } else {
                Breaker::Closed
            }),
        };
        self.engine.handle(self.now, input);
    }

    fn offer(&mut self, delivery: Delivery) {
        match self.engine.delivered(self.now, delivery) {
            Admission::Take(token) => self.tokens.push(token),
            Admission::Queue(token) => self.engine.queue(self.now, token, ()),
            Admission::Rejected(record) => self.engine.rejected(self.now, record, (), 1),
            _ => {}
        }
    }

    fn drain(&mut self) {
        let mut actions = 0;
        while let Some(action) = self.engine.poll_action() {
            actions += 1;
            assert!(actions < 1_000, "the drain ends");
            self.actions.push(format!("{action:?}"));
            match action {
                Action::Archive(send) => {
                    assert!(self.engine.engine().payload(send.id).is_some());
                    self.sent.push((send.id, send.attempt));
                }
                Action::Deliver { delivered, .. } => self.tokens.push(delivered),
                Action::Store(store) => self.store(store),
                _ => {}
            }
        }
        let engine = self.engine.engine();
        assert!(engine.counters().closes());
        for of in &engine.status().partitions {
            if let (Some(stored), Some(position)) = (of.stored, of.position) {
                assert!(stored.position() <= position, "{of:?}");
            }
        }
    }

    fn store(&mut self, store: StoreOffset) {
        let (assignment, last) = self
            .stored
            .get_mut(&store.partition())
            .expect("it was assigned");
        assert_eq!(
            *assignment,
            Some(store.assignment()),
            "no store for an old assignment"
        );
        let goes_back = store.reason() == StoreReason::Ordered && store.commit_now();
        assert!(
            store.next().get() >= *last || goes_back,
            "stores go back by order only"
        );
        *last = store.next().get();
        self.last_store = Some(store);
    }

    fn replays(&self) {
        let text = self.engine.trace().to_string();
        let read = Trace::parse(&text, self.engine.trace().len()).expect("it was written so");
        assert_eq!(read.to_string(), text);
        assert_eq!(&read, self.engine.trace());
        let actions = read.replay().expect("the same engine");
        let actions: Vec<_> = actions.iter().map(|action| format!("{action:?}")).collect();
        assert_eq!(actions, self.actions);
    }
}

fn config(byte: u8) -> Config {
    let choose = |bit: u8| byte & bit == 0;
    Config::default()
        .archiving(match byte & 3 {
            0 => Archiving::Off,
            1 => Archiving::BestEffort,
            _ => Archiving::Required,
        })
        .mode(if choose(4) { Mode::Skip } else { Mode::Pause })
        .scope(if choose(8) {
            Scope::Consumer
        } else {
            Scope::Partition
        })
        .escalation(if choose(16) {
            Escalation::Off
        } else {
            Escalation::Pause
        })
        .null_payload(if choose(48) {
            NullPayload::Ignore
        } else {
            NullPayload::Unprocessable
        })
        .accept_reduced(choose(32))
        .ordering(Ordering::ALL[usize::from(byte) % 3])
        .outstanding_bytes_max(1_000)
        .outstanding_max(1 + usize::from(byte >> 6))
}
