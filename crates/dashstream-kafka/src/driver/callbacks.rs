//! The client's callbacks, which run inside a poll on the thread that polls.

use core::error::Error;
use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};

use rdkafka::ClientContext;
use rdkafka::client::OAuthToken;
use rdkafka::consumer::{Consumer as _, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::types::RDKafkaRespErr;

use crate::client_code::ClientCode;
use crate::config::Config;
use crate::consumer_calls;
use crate::driver::{Client, Driver};
use crate::mutex::lock;
use crate::oauth::Tokens;
use crate::topics::Topics;

/// Gives the client's callbacks the driver. They run inside a poll, on the thread that polls.
pub(crate) struct Context {
    topics: Topics,
    tokens: Tokens,
    // Only the polling thread locks it, and never around a poll: a callback inside that poll would wait for
    // its own thread for ever.
    driver: Mutex<Driver>,
    /// Whether a poll ended with a callback since this was last asked.
    called_back: AtomicBool,
}

impl Context {
    pub(crate) fn new(config: &Config, driver: Driver) -> Self {
        Self {
            topics: Topics::new(config.topics()),
            tokens: config.tokens.clone(),
            driver: Mutex::new(driver),
            called_back: AtomicBool::new(false),
        }
    }

    pub(crate) fn was_called_back(&self) -> bool {
        // Relaxed is enough: the polling thread alone sets and reads it. It is atomic since callbacks get
        // `&self`.
        self.called_back.swap(false, Ordering::Relaxed)
    }

    pub(crate) fn driver(&self) -> MutexGuard<'_, Driver> {
        lock(&self.driver)
    }
}

impl ClientContext for Context {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn generate_oauth_token(&self, _config: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.called_back.store(true, Ordering::Relaxed);
        self.tokens.next()
    }

    fn error(&self, _error: KafkaError, _reason: &str) {
        // The poll that this error ends returns it too, with whether it is fatal. Here it would count twice.
    }

    fn stats_raw(&self, json: &[u8]) {
        self.called_back.store(true, Ordering::Relaxed);
        self.driver().measured(json);
    }
}

impl ConsumerContext for Context {
    fn rebalance(&self, client: &Client, event: RDKafkaRespErr, list: &mut TopicPartitionList) {
        self.called_back.store(true, Ordering::Relaxed);
        let partitions = self.topics.partitions(list);
        // This is asked at each rebalance, since the group settles which protocol its members use (KIP-429).
        let cooperative = matches!(client.rebalance_protocol(), RebalanceProtocol::Cooperative);
        let mut driver = self.driver();
        if event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            // Every partition gets its start explicitly. Where nothing is committed, the client would apply
            // `auto.offset.reset`, which is `error` here.
            let starts = driver.starts(&partitions);
            let offsets = starts
                .iter()
                .map(|(partition, beginning)| (*partition, beginning.assign));
            if let Err(error) = consumer_calls::assign(client, &self.topics, offsets, cooperative) {
                driver.consumer_failed(ClientCode::of(&error));
                return;
            }
            // A pause survives revocation and assignment in the client, so the state is set whatever it was;
            // a partition that is still paused from before would stand still without an error.
            if let Err(code) = consumer_calls::set_paused(client, &self.topics, &partitions, false)
            {
                driver.consumer_failed(code);
            }
            // The client has to have them first: the engine's answers are pauses and seeks of these
            // partitions.
            driver.assigned(client, &starts);
        } else {
            // The engine is told first: the client refuses to store an offset for a partition that is not
            // assigned, and commits what is stored when it unassigns.
            driver.revoked(client, &partitions, client.assignment_lost());
            if let Err(error) =
                consumer_calls::unassign(client, &self.topics, &partitions, cooperative)
            {
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
