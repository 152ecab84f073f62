//! A Kafka cluster inside this process, for examples, tests and a gateway without a broker.

use core::fmt;
use core::time::Duration;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use rdkafka::client::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::message::DeliveryResult;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{
    BaseProducer, BaseRecord, DefaultProducerContext, Producer as _, ProducerContext,
};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use crate::client_code::ClientCode;
use crate::mutex::lock;

/// A one-broker Kafka cluster that lives as long as this value, on a loopback port of its own.
///
/// It is librdkafka's mock broker: the same client code runs with it and with a real one. It keeps
/// at most 5 MiB and 100,000 records a partition and silently drops the oldest beyond that; committed
/// offsets live as long as the cluster; it shows aborted records and has no maximum record size. A
/// group takes about three seconds to form.
#[derive(Debug)]
pub struct Embedded {
    brokers: String,
    jobs: mpsc::Sender<Job>,
    producer: Mutex<Option<Producing>>,
}

/// Says why an embedded cluster, or a topic in it, could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddedError {
    /// The client library refused.
    #[error("the embedded cluster refused: {0}")]
    Client(ClientCode),
    /// Its thread could not be started, or has ended.
    #[error("the embedded cluster's thread is gone")]
    Thread,
}

impl EmbeddedError {
    /// A name for logs and tests that does not change between releases.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Client(_) => "client",
            Self::Thread => "thread",
        }
    }
}

/// Work for the thread that owns the cluster, which may not move between threads.
type Job = Box<dyn FnOnce(&Cluster) + Send>;
type Cluster = MockCluster<'static, DefaultProducerContext>;

impl Embedded {
    /// Starts a cluster with no topics.
    ///
    /// # Errors
    ///
    /// [`EmbeddedError`] when no socket or thread is to be had.
    pub fn start() -> Result<Self, EmbeddedError> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let (ready, started) = mpsc::channel();
        thread::Builder::new()
            .name("embedded-kafka".to_owned())
            .spawn(move || {
                let cluster = match MockCluster::new(1) {
                    Ok(cluster) => cluster,
                    Err(error) => {
                        let _gone = ready.send(Err(EmbeddedError::Client(ClientCode::of(&error))));
                        return;
                    }
                };
                let _gone = ready.send(Ok(cluster.bootstrap_servers()));
                // Ends when the last sender, the handle, is dropped.
                for job in queue {
                    job(&cluster);
                }
            })
            .map_err(|_| EmbeddedError::Thread)?;
        let brokers = started.recv().map_err(|_| EmbeddedError::Thread)??;
        Ok(Self {
            brokers,
            jobs,
            producer: Mutex::new(None),
        })
    }

    /// The bootstrap list for [`Config::new`](crate::Config::new).
    #[must_use]
    pub fn brokers(&self) -> &str {
        &self.brokers
    }

    /// Creates a topic.
    ///
    /// # Errors
    ///
    /// [`EmbeddedError::Client`] when it exists already or its name is illegal.
    pub fn create_topic(&self, name: &str, partitions: u16) -> Result<(), EmbeddedError> {
        let name = name.to_owned();
        self.ask(move |cluster| cluster.create_topic(&name, i32::from(partitions), 1))?
            .map_err(|error| EmbeddedError::Client(ClientCode::of(&error)))
    }

    /// Appends a record to the partition that its key leads to, or to any one without a key, and waits until
    /// the broker has it: for examples and tests, not for load.
    ///
    /// # Errors
    ///
    /// [`EmbeddedError::Client`] when the broker refuses, or has not answered within ten seconds.
    pub fn produce(
        &self,
        topic: &str,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
    ) -> Result<(), EmbeddedError> {
        let client = |error: KafkaError| EmbeddedError::Client(ClientCode::of(&error));
        // Held until the answer is there, so that no record of another caller is sent in between.
        let mut producer = lock(&self.producer);
        let producer = match &mut *producer {
            Some(producer) => producer,
            none => none.insert(Producing::new(&self.brokers).map_err(client)?),
        };
        let mut record = BaseRecord::<[u8], [u8]>::to(topic);
        (record.key, record.payload) = (key, value);
        let sent = producer.client.send(record);
        sent.map_err(|(error, _)| client(error))?;
        // This also calls `delivery`, on this thread, so that the outcome is there when it returns.
        let outcome_within = PRODUCE_WITHIN.saturating_add(GIVE_UP_WITHIN);
        producer.client.flush(outcome_within).map_err(client)?;
        let refused = lock(&producer.refused).take();
        refused.map_or(Ok(()), |code| Err(EmbeddedError::Client(code)))
    }

    /// Takes the broker away, or brings it back, to see what an outage looks like.
    ///
    /// # Errors
    ///
    /// [`EmbeddedError`].
    pub fn set_available(&self, available: bool) -> Result<(), EmbeddedError> {
        self.ask(move |cluster| {
            // -1 names all brokers.
            if available {
                cluster.broker_up(-1)
            } else {
                cluster.broker_down(-1)
            }
        })?
        .map_err(|error| EmbeddedError::Client(ClientCode::of(&error)))
    }

    /// Lets every write fail from now on, or succeed again, while reads and groups go on: an archive
    /// that is down.
    ///
    /// # Errors
    ///
    /// [`EmbeddedError`].
    pub fn set_writable(&self, writable: bool) -> Result<(), EmbeddedError> {
        self.ask(move |cluster| {
            // First, since errors that are pushed add to those that are left.
            cluster.clear_request_errors(RDKafkaApiKey::Produce);
            if !writable {
                // One that a client tries again until its time is over, as in an outage.
                let error = RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS;
                cluster.request_errors(RDKafkaApiKey::Produce, &[error; REFUSED_WRITES]);
            }
        })
    }

    fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Cluster) -> T + Send + 'static,
    ) -> Result<T, EmbeddedError> {
        let (reply, answer) = mpsc::channel();
        self.jobs
            .send(Box::new(move |cluster| {
                let _gone = reply.send(job(cluster));
            }))
            .map_err(|_| EmbeddedError::Thread)?;
        answer.recv().map_err(|_| EmbeddedError::Thread)
    }
}

/// A client that appends.
struct Producing {
    client: BaseProducer<Delivery>,
    /// Why the last record was not appended, if it was not.
    refused: Arc<Mutex<Option<ClientCode>>>,
}

impl Producing {
    fn new(brokers: &str) -> Result<Self, KafkaError> {
        let refused = Arc::default();
        let client = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("linger.ms", "0")
            // A record that is given up does not wait on: it would be appended behind an error.
            .set("message.timeout.ms", crate::settings::ms(PRODUCE_WITHIN))
            .create_with_context(Delivery(Arc::clone(&refused)))?;
        Ok(Self { client, refused })
    }
}

impl fmt::Debug for Producing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producing").finish_non_exhaustive()
    }
}

struct Delivery(Arc<Mutex<Option<ClientCode>>>);

impl ClientContext for Delivery {}

impl ProducerContext for Delivery {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): Self::DeliveryOpaque) {
        let refused = result.as_ref().err();
        let refused = refused.map(|(error, _)| ClientCode::of(error));
        *lock(&self.0) = refused;
    }
}

/// The cluster is in this process: an answer takes milliseconds.
const PRODUCE_WITHIN: Duration = Duration::from_secs(10);

/// The client looks about once a second for records whose time is over.
const GIVE_UP_WITHIN: Duration = Duration::from_secs(5);

/// The broker counts failures down. At ten attempts a second these last a quarter of an hour.
const REFUSED_WRITES: usize = 10_000;
