//! The client's callbacks, which run inside a poll on the thread that polls.

use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rdkafka::consumer::{Consumer as _, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, Statistics};

use crate::client;
use crate::client_code::ClientCode;
use crate::driver::{Client, Driver};

/// Gives the client's callbacks the driver. They run inside a poll, on the thread that polls.
pub(crate) struct Context {
    topic: String,
    // Only the polling thread takes it, and never while it polls, so nobody ever waits for it.
    driver: Mutex<Driver>,
    /// Whether a poll ended with a callback since this was last asked.
    called_back: AtomicBool,
}

impl Context {
    pub(crate) const fn new(topic: String, driver: Driver) -> Self {
        Self {
            topic,
            driver: Mutex::new(driver),
            called_back: AtomicBool::new(false),
        }
    }

    pub(crate) fn was_called_back(&self) -> bool {
        self.called_back.swap(false, Ordering::Relaxed)
    }

    pub(crate) fn driver(&self) -> MutexGuard<'_, Driver> {
        self.driver.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Context {
    fn error(&self, _error: KafkaError, _reason: &str) {
        // The poll that calls this returns the same error.
    }

    fn stats(&self, statistics: Statistics) {
        self.called_back.store(true, Ordering::Relaxed);
        self.driver().measured(&statistics);
    }
}

impl ConsumerContext for Context {
    fn rebalance(&self, client: &Client, event: RDKafkaRespErr, list: &mut TopicPartitionList) {
        self.called_back.store(true, Ordering::Relaxed);
        let partitions: Vec<i32> = list
            .elements_for_topic(&self.topic)
            .iter()
            .map(|element| element.partition())
            .collect();
        let cooperative = matches!(client.rebalance_protocol(), RebalanceProtocol::Cooperative);
        let mut driver = self.driver();
        if event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            let starts = driver.starts(&partitions);
            let offsets = starts
                .iter()
                .map(|(partition, beginning)| (*partition, beginning.assign));
            if let Err(error) = client::assign(client, &self.topic, offsets, cooperative) {
                driver.consumer_failed(ClientCode::of(&error));
                return;
            }
            // A pause survives an assignment, so the state is set whatever it was.
            if let Err(code) = client::set_paused(client, &self.topic, &partitions, false) {
                driver.consumer_failed(code);
            }
            driver.assigned(client, &starts);
        } else {
            driver.revoked(client, &partitions, client.assignment_lost());
            if let Err(error) = client::unassign(client, &self.topic, &partitions, cooperative) {
                driver.consumer_failed(ClientCode::of(&error));
            }
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, _offsets: &TopicPartitionList) {
        self.called_back.store(true, Ordering::Relaxed);
        let result = result.map_err(|error| ClientCode::of(&error));
        self.driver().committed(result);
    }
}
