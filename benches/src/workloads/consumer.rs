//! The policy engine's host, without a broker.

use std::time::Duration;

use dashstream_policy::{
    Action, Admission, Assignment, Config, Delivered, Delivery, Engine, Input, Offset,
    TopicPartition,
};

/// Partitions of the consumer; the engine finds each by its name.
const PARTITIONS: i32 = 16;
const EPOCH: Assignment = Assignment::new(1);
/// When everything happens.
pub const NOW: Duration = Duration::from_secs(1);

/// An engine with sixteen partitions, and a host that does everything at once.
#[derive(Debug)]
pub struct Consumer {
    pub engine: Engine<()>,
    next: i64,
    stores: u64,
}

impl Consumer {
    pub fn new() -> Self {
        let mut engine = Engine::new(Config::default()).expect("the default is in range");
        for number in 0..PARTITIONS {
            engine.handle(
                NOW,
                Input::Assigned {
                    partition: partition(number),
                    assignment: EPOCH,
                    committed: Some(Offset::ZERO),
                    low: Some(Offset::ZERO),
                },
            );
        }
        let mut consumer = Self {
            engine,
            next: 0,
            stores: 0,
        };
        consumer.drain();
        (0..1_000).for_each(|_| consumer.one());
        let before = consumer.stores;
        consumer.one();
        assert_eq!(
            consumer.stores,
            before + 1,
            "a record that is done is stored"
        );
        consumer
    }

    fn take(&mut self) -> Delivered {
        let number = self.next % i64::from(PARTITIONS);
        let offset = Offset::new(self.next / i64::from(PARTITIONS)).expect("an offset");
        self.next += 1;
        let delivery = Delivery::new(partition(number as i32), EPOCH, offset);
        match self.engine.delivered(NOW, delivery) {
            Admission::Take(record) => record,
            other => panic!("not taken: {other:?}"),
        }
    }

    pub fn one(&mut self) {
        let record = self.take();
        self.engine.accept(NOW, record);
        self.drain();
    }

    pub fn duplicate(&mut self) {
        let delivery = Delivery::new(partition(0), EPOCH, Offset::ZERO);
        let intake = self.engine.delivered(NOW, delivery);
        assert_eq!(intake, Admission::Duplicate);
        self.drain();
    }

    pub fn batch(&mut self) -> Vec<Delivered> {
        (0..500).map(|_| self.take()).collect()
    }

    pub fn drain(&mut self) {
        while let Some(action) = self.engine.poll_action() {
            if let Action::Store(_) = action {
                self.stores += 1;
            }
        }
    }
}

fn partition(number: i32) -> TopicPartition {
    TopicPartition::new(0, number)
}
