//! The conformance test itself: a host that keeps the contract passes it, and six that do not are found out.
#![cfg(feature = "testing")]
#![allow(
    clippy::allow_attributes,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

use core::time::Duration;
use std::collections::VecDeque;

use dashstream_policy::testing::{Event, Mistake, Testbed, conforms};
use dashstream_policy::{
    Action, Admission, Archiving, Config, Delivered, Input, Mode, Scope, StoreOffset,
};

/// What a host gets wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Planted {
    Nothing,
    LeavesOut,
    Reorders,
    StoresAfterRevoke,
    AnswersNoSeek,
    HandsOutBehindHold,
    TimeRunsBack,
}

/// A host as small as one can be: it has no threads, and does at once what it is asked for.
struct Small {
    planted: Planted,
    last_store: Option<StoreOffset>,
    /// What it took and has not handed out, where it gets that wrong.
    kept: VecDeque<Delivered>,
    events: u32,
}

impl Small {
    const fn new(planted: Planted) -> Self {
        Self {
            planted,
            last_store: None,
            kept: VecDeque::new(),
            events: 0,
        }
    }

    fn drain(&mut self, now: Duration, bed: &mut Testbed) {
        if self.planted == Planted::Reorders {
            let mut actions = Vec::new();
            while let Some(action) = bed.poll_action() {
                actions.push(action);
            }
            for action in actions.into_iter().rev() {
                self.perform(now, action, bed);
            }
        }
        while let Some(action) = bed.poll_action() {
            self.perform(now, action, bed);
        }
    }

    fn perform(&mut self, now: Duration, action: Action<i64>, bed: &mut Testbed) {
        match action {
            Action::Store(store) => {
                bed.store(&store);
                self.last_store = Some(store);
                let (partition, assignment) = (store.partition(), store.assignment());
                let next = store.next();
                let stored = Input::Stored {
                    partition,
                    assignment,
                    next,
                    ok: true,
                };
                bed.handle(now, stored);
            }
            Action::Archive(send) => bed.archive(send),
            Action::Pause { .. } if self.planted == Planted::LeavesOut => {}
            Action::Pause { partition, .. } => bed.pause(partition),
            Action::Resume { partition, .. } => bed.resume(partition),
            Action::Seek {
                partition,
                assignment,
                to,
            } => {
                bed.seek(partition, to);
                if self.planted != Planted::AnswersNoSeek {
                    let sought = Input::SeekCompleted {
                        partition,
                        assignment,
                        to,
                        ok: true,
                    };
                    bed.handle(now, sought);
                }
            }
            Action::Deliver { delivered, .. } => bed.hand_out(delivered),
            Action::StopPolling | Action::ResumePolling | Action::Count(_) | Action::Audit(_) => {}
        }
    }
}

impl Small {
    fn on_event(&mut self, now: Duration, event: Event, bed: &mut Testbed) {
        self.events += 1;
        let mut now = now;
        if self.planted == Planted::TimeRunsBack && self.events == 9 {
            now = Duration::ZERO;
        }
        match event {
            Event::Assigned(partition, assignment, committed) => {
                let assigned = Input::Assigned {
                    partition,
                    assignment,
                    committed,
                    low: None,
                };
                bed.handle(now, assigned);
            }
            Event::Revoked(partition, assignment) => {
                let revoked = Input::Revoked {
                    partition,
                    assignment,
                };
                bed.handle(now, revoked);
                let theirs = |store: &StoreOffset| store.partition() == partition;
                if let Some(store) = self.last_store.filter(theirs)
                    && self.planted == Planted::StoresAfterRevoke
                {
                    bed.store(&store);
                }
            }
            Event::Fetched(delivery) => match bed.delivered(now, delivery) {
                Admission::Take(record) if self.planted == Planted::HandsOutBehindHold => {
                    self.kept.push_back(record);
                }
                Admission::Take(record) => bed.hand_out(record),
                Admission::Queue(record) => bed.queue(now, record, 0),
                Admission::Rejected(rejected) => bed.rejected(now, rejected, 0),
                Admission::Ignored
                | Admission::Duplicate
                | Admission::Fenced
                | Admission::Refused(_) => {}
            },
            Event::Accepted(record) => bed.accept(now, record),
            Event::Rejected(record, cause, payload) => bed.reject(now, record, cause, payload),
            Event::Archived(id, attempt, result) => {
                let archived = Input::Archived {
                    id,
                    attempt,
                    result,
                };
                bed.handle(now, archived);
            }
            Event::Ordered(order) => bed.handle(now, Input::Command(order)),
            Event::Tick => bed.handle(now, Input::Tick),
        }
        self.drain(now, bed);
        if self.events.is_multiple_of(2)
            && let Some(record) = self.kept.pop_front()
        {
            bed.hand_out(record);
        }
    }
}

/// The configurations that differ in what a rejection does.
fn configs() -> [Config; 4] {
    let pausing = Config::default().mode(Mode::Pause);
    [
        Config::default(),
        Config::default().archiving(Archiving::Required),
        pausing
            .clone()
            .scope(Scope::Partition)
            .archiving(Archiving::Off),
        pausing.archiving(Archiving::Required),
    ]
}

/// The mistakes that are found in some hundred schedules, each once.
fn found(planted: Planted) -> Vec<Mistake> {
    let mut found: Vec<Mistake> = Vec::new();
    for config in configs() {
        for seed in 0..100 {
            let mut host = Small::new(planted);
            let mistake = conforms(
                |now, event, bed| host.on_event(now, event, bed),
                &config,
                seed,
            );
            let mistake = mistake.err();
            found.extend(mistake.filter(|mistake| !found.contains(mistake)));
        }
    }
    found
}

#[test]
fn a_host_that_keeps_the_contract_makes_no_mistake() {
    assert_eq!(found(Planted::Nothing), []);
}

#[test]
fn each_planted_mistake_is_found_and_named() {
    let has = |planted, is: fn(&Mistake) -> bool| {
        let found = found(planted);
        assert!(found.iter().any(is), "{planted:?}: {found:?}");
    };
    // A pause that is left out is seen when the seek behind it comes too early.
    has(Planted::LeavesOut, |mistake| {
        matches!(mistake, Mistake::LeftOut(_) | Mistake::OutOfOrder { .. })
    });
    has(Planted::Reorders, |mistake| {
        matches!(mistake, Mistake::OutOfOrder { .. })
    });
    has(Planted::StoresAfterRevoke, |mistake| {
        *mistake == Mistake::StoreAfterRevoke
    });
    has(Planted::AnswersNoSeek, |mistake| {
        matches!(mistake, Mistake::Unanswered(_))
    });
    has(Planted::HandsOutBehindHold, |mistake| {
        matches!(mistake, Mistake::BehindHold { .. })
    });
    has(Planted::TimeRunsBack, |mistake| {
        *mistake == Mistake::TimeRanBack
    });
}
