//! A host that carries everything out at once and remembers what it was asked.

use core::time::Duration;

use dashstream_policy::{
    Action, Admission, ArchiveFault, ArchiveRequest, Assignment, Cause, Command, CommandOutcome,
    Config, Delivered, Delivery, Engine, Form, Input, LogRange, Offset, Operator, OperatorCommand,
    PartitionState, TopicPartition,
};

pub(crate) const P: TopicPartition = TopicPartition::new(0, 0);
pub(crate) const Q: TopicPartition = TopicPartition::new(0, 1);
pub(crate) const EPOCH: Assignment = Assignment::new(1);

pub(crate) fn at(offset: i64) -> Offset {
    Offset::new(offset).expect("an offset")
}

pub(crate) fn log(low: i64, high: i64) -> LogRange {
    let (low, high) = (at(low), at(high));
    LogRange { low, high }
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A host that carries everything out at once and remembers what it was asked.
pub(crate) struct Host {
    pub(crate) engine: Engine<()>,
    pub(crate) now: Duration,
    pub(crate) actions: Vec<Action<()>>,
    /// Records that came back and were not asked for yet.
    pub(crate) kept: Vec<Delivered>,
}

impl Host {
    pub(crate) fn new(config: Config) -> Self {
        let engine = Engine::new(config).expect("in range");
        let mut host = Self {
            engine,
            now: secs(1),
            actions: Vec::new(),
            kept: Vec::new(),
        };
        for partition in [P, Q] {
            host.tell(Input::Assigned {
                partition,
                assignment: EPOCH,
                committed: Some(Offset::ZERO),
                low: Some(Offset::ZERO),
            });
        }
        host.actions.clear();
        host
    }

    pub(crate) fn tell(&mut self, input: Input) {
        self.engine.handle(self.now, input);
        self.drain();
    }

    pub(crate) fn offer(&mut self, partition: TopicPartition, offset: i64) -> Admission {
        let delivery = Delivery::new(partition, EPOCH, at(offset));
        let intake = self.engine.delivered(self.now, delivery);
        self.drain();
        intake
    }

    pub(crate) fn take(&mut self, partition: TopicPartition, offset: i64) -> Delivered {
        match self.offer(partition, offset) {
            Admission::Take(record) => record,
            other => panic!("{offset} was not taken: {other:?}"),
        }
    }

    pub(crate) fn done(&mut self, record: Delivered) {
        self.engine.accept(self.now, record);
        self.drain();
    }

    pub(crate) fn poison(&mut self, partition: TopicPartition, offset: i64, cause: Cause) {
        self.poison_of(partition, offset, cause, 1);
    }

    /// A record that cannot be processed, with this many bytes of evidence.
    pub(crate) fn poison_of(
        &mut self,
        partition: TopicPartition,
        offset: i64,
        cause: Cause,
        bytes: usize,
    ) {
        let record = self.take(partition, offset);
        self.engine.reject(self.now, record, cause, (), bytes);
        self.drain();
    }

    pub(crate) fn defer(&mut self, record: Delivered) {
        self.engine.defer(self.now, record, ());
        self.drain();
    }

    /// The records that came back since this was asked last.
    pub(crate) fn came_back(&mut self) -> Vec<Delivered> {
        let is_retry = |action: &Action<()>| matches!(action, Action::Deliver { .. });
        let (back, rest) = core::mem::take(&mut self.actions)
            .into_iter()
            .partition(is_retry);
        self.actions = rest;
        let record = |action| match action {
            Action::Deliver { delivered, .. } => Some(delivered),
            _ => None,
        };
        Vec::into_iter(back).filter_map(record).collect()
    }

    /// Gives an order for P, whose log goes from 0 to 100.
    pub(crate) fn order(&mut self, command: Command) -> CommandOutcome {
        self.order_within(command, log(0, 100).into())
    }

    pub(crate) fn order_within(
        &mut self,
        command: Command,
        log: Option<LogRange>,
    ) -> CommandOutcome {
        let operator = Operator::new("ann", "seen and understood").expect("short");
        let order = OperatorCommand::new(P, command, operator);
        self.tell(Input::Command(order.within(log)));
        self.actions
            .iter()
            .rev()
            .find_map(|action| match action {
                Action::Audit(audit) => Some(audit.outcome),
                _ => None,
            })
            .expect("every order is audited")
    }

    pub(crate) fn archive(&mut self, result: Result<Form, ArchiveFault>) {
        let send = self.last_send();
        self.answer(&send, result);
    }

    /// Answers one send, however long ago it was.
    pub(crate) fn answer(&mut self, send: &ArchiveRequest, result: Result<Form, ArchiveFault>) {
        self.tell(Input::Archived {
            id: send.id,
            attempt: send.attempt,
            result,
        });
    }

    pub(crate) fn last_send(&self) -> ArchiveRequest {
        self.actions
            .iter()
            .rev()
            .find_map(|action| match action {
                Action::Archive(send) => Some(*send),
                _ => None,
            })
            .expect("something was sent")
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
        self.tell(Input::Tick);
    }

    pub(crate) fn drain(&mut self) {
        while let Some(action) = self.engine.poll_action() {
            if let Action::Seek {
                partition,
                assignment,
                to,
            } = action
            {
                let ok = true;
                self.engine.handle(
                    self.now,
                    Input::SeekCompleted {
                        partition,
                        assignment,
                        to,
                        ok,
                    },
                );
            }
            self.actions.push(action);
        }
    }

    pub(crate) fn stored(&self, partition: TopicPartition) -> Option<i64> {
        self.actions.iter().rev().find_map(|action| match action {
            Action::Store(store) if store.partition() == partition => Some(store.next().get()),
            _ => None,
        })
    }

    pub(crate) fn state(&self, partition: TopicPartition) -> PartitionState {
        let status = self.engine.status();
        let of = status
            .partitions
            .iter()
            .find(|of| of.partition == partition);
        of.expect("assigned").state
    }
}
