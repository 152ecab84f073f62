//! The consumer as a host sees it, and the thread behind it.

use core::fmt;
use core::time::Duration;
use std::sync::{Arc, Mutex};
use std::thread;

use dashstream_dlq::{Disclosure, LetterFormat};
use dashstream_policy::{Archiving, Breaker, CommandOutcome, OperatorCommand};
use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use tokio::sync::oneshot;

use crate::admin::Admin;
use crate::archive::{self, Archive};
use crate::client_code::ClientCode;
use crate::clock::Clock;
use crate::config::{Config, check_topic};
use crate::consumer_event::ConsumerEvent;
use crate::crash_loop::CrashLoopGuard;
use crate::delivery_queue::{DeliveryQueue, QueuedRecord};
use crate::driver::{self, Client, Context, Driver, Parts, Step, Wiring};
use crate::driver_message::DriverMessage;
use crate::error::{ConfigError, StartError};
use crate::inbox::{Inbox, Receiver};
use crate::mutex::lock;
use crate::partition_queues::PartitionQueues;
use crate::record::Record;
use crate::recorded_engine::RecordedEngine;
use crate::settings;
use crate::status::{Closing, Status};
use crate::topics::Topics;
use crate::watermark_poller::WatermarkPoller;

/// A member of a consumer group whose offsets move only for the policy's reasons.
///
/// It polls on a thread of its own, paused or not, so that a host that is slow or waits for an
/// operator does not lose its place in the group. Dropping it closes it without waiting for
/// anything: records that are out are read again by the next member. [`Consumer::shutdown`] waits.
pub struct Consumer {
    handle: Handle,
    /// Records on their way to the host; empty between two calls.
    taken: Vec<QueuedRecord>,
    // Each is answered once by the thread: when nothing more will be stored, and when the client is
    // gone.
    drained: Option<oneshot::Receiver<Closing>>,
    closed: Option<oneshot::Receiver<()>>,
    shutdown_limit: Duration,
}

/// Asks and orders a running consumer, from any thread. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    queue: Arc<DeliveryQueue>,
    status: Arc<Mutex<Option<Arc<Status>>>>,
    clock: Clock,
}

impl Consumer {
    /// Checks the topics, joins the group, and starts to consume.
    ///
    /// `events` is told what happens, on the consumer's thread: it must not block.
    ///
    /// # Errors
    ///
    /// [`StartError`] when the configuration, the client or the broker refuses, or when the archive
    /// topic that the policy requires does not exist or would lose records as it is set. The group
    /// was not joined then. A topic that seems not to exist is asked for again, until
    /// [`Config::request_timeout`] is over: it may have been created a moment ago. The outcome is known
    /// after at most four times that, and of two seconds where that is longer.
    pub async fn start(
        config: Config,
        policy: dashstream_policy::Config,
        events: impl FnMut(&ConsumerEvent) + Send + 'static,
    ) -> Result<Self, StartError> {
        let tenth = config.commit_interval.checked_div(10).unwrap_or_default();
        let (inbox, messages) = Inbox::open(tenth.min(LINGER_MAX));
        let (ready, started) = oneshot::channel();
        let (drained_tx, drained) = oneshot::channel();
        let (closed_tx, closed) = oneshot::channel();
        let clock = Clock::start();
        let status = Arc::new(Mutex::new(None));
        let queue = Arc::new(DeliveryQueue::new(
            Arc::clone(&inbox),
            Topics::new(config.topics()),
            policy.ordering,
        ));
        let handle = Handle {
            queue: Arc::clone(&queue),
            status: Arc::clone(&status),
            clock,
        };
        let shutdown_limit = config
            .drain_timeout
            .saturating_add(config.request_timeout)
            .saturating_add(SHUTDOWN_MARGIN);
        thread::Builder::new()
            .name("dashstream-kafka".to_owned())
            .spawn(move || {
                let commit_within = config.request_timeout;
                let wiring = Wiring {
                    clock,
                    sender: inbox,
                    queue,
                    events: Box::new(events),
                    status,
                };
                let client = prepare(&config, policy, wiring);
                match client {
                    Ok((client, inbox)) => {
                        // An error means that the future of `start` was dropped. The client then leaves the
                        // group here.
                        if ready.send(Ok(())).is_err() {
                            return;
                        }
                        run(&client, inbox, &messages);
                        let closing = finish(&client, commit_within);
                        // Whoever waited may have given up; the rest is the same.
                        let _gone = drained_tx.send(closing);
                        // The last reference, since `run` has dropped the partition queues that hold others:
                        // the client leaves the group and closes its connections here.
                        drop(client);
                        let _gone = closed_tx.send(());
                    }
                    Err(error) => {
                        let _gone = ready.send(Err(error));
                    }
                }
            })
            .map_err(|_| StartError::Thread)?;
        // No answer at all means that the thread has panicked.
        started.await.map_err(|_| StartError::Thread)??;
        Ok(Self {
            handle,
            taken: Vec::new(),
            drained: Some(drained),
            closed: Some(closed),
            shutdown_limit,
        })
    }

    /// Waits for the next record. It returns nothing once the consumer is closed: by
    /// [`Consumer::shutdown`], or by an error that the client cannot recover from.
    ///
    /// Records that are ordered with each other ([`Ordering`](dashstream_policy::Ordering); by default
    /// all of a partition) come one at a time: the next after the verdict on this one, and behind one
    /// that failed nothing until it has passed. So a host that processes several records at once has
    /// as many out as there are partitions, or keys.
    ///
    /// No record behind a held one is handed out, however many had arrived before it was held. What
    /// the host had already is fenced: its verdict changes nothing, and the record comes again.
    ///
    /// It is cancel safe: a record is either returned or still there for the next call.
    pub async fn recv(&mut self) -> Option<Record> {
        let queue = &self.handle.queue;
        // Nothing is awaited after this, so that a record that was taken is always returned.
        queue.next(1, &mut self.taken).await;
        let taken = self.taken.pop()?;
        Some(Record::new(taken, Arc::clone(queue)))
    }

    /// Waits for records, and returns up to `max` of those that are there, at least one; none once the
    /// consumer is closed. It costs a fraction of as many calls of [`Consumer::recv`].
    ///
    /// Those of a partition, or of a key, stand in the order of their offsets and are a batch: the next
    /// of them come when each of these has its verdict. The first that is released or deferred ends the
    /// batch: whatever verdict follows on those behind it, they come again, after it. So a host that
    /// wants no record processed twice stops there.
    ///
    /// It is cancel safe, as [`Consumer::recv`] is.
    pub async fn recv_batch(&mut self, max: usize) -> Vec<Record> {
        let queue = &self.handle.queue;
        queue.next(max.max(1), &mut self.taken).await;
        let record = |taken| Record::new(taken, Arc::clone(queue));
        self.taken.drain(..).map(record).collect()
    }

    /// A handle to ask and to order.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// The consumer's state, at most a fraction of a second old while it is healthy.
    #[must_use]
    pub fn status(&self) -> Option<Arc<Status>> {
        self.handle.status()
    }

    /// Takes no more records, waits for those with the host and with the archive, commits what is
    /// stored, and leaves the group.
    ///
    /// Records that were received and not yet looked at count as with the host: they are dropped
    /// here, and read again by the next member. It returns in bounded time, whatever the broker does:
    /// after [`Config::drain_timeout`] and [`Config::request_timeout`] and a few seconds at the
    /// latest. It needs a tokio runtime with its timer.
    pub async fn shutdown(mut self) -> Closing {
        let queue = &self.handle.queue;
        queue.tell(DriverMessage::Drain);
        // Until then they count as with the host, and a drain would wait for them for its whole time.
        queue.tell(DriverMessage::Unread(queue.close()));
        let mut closing = Closing {
            unfinished: 0,
            unarchived: 0,
            committed: false,
            closed: false,
        };
        // The thread may be inside a call of the client that takes long, so that this wait has its own bound.
        if let Some(drained) = self.drained.take()
            && let Ok(Ok(answer)) = tokio::time::timeout(self.shutdown_limit, drained).await
        {
            closing = answer;
        }
        if let Some(closed) = self.closed.take() {
            let closed = tokio::time::timeout(CLOSE_TIMEOUT, closed).await;
            closing.closed = matches!(closed, Ok(Ok(())));
        }
        closing
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        // Also runs at the end of `shutdown`, where both are closed already and neither call does anything.
        self.handle.queue.close();
        self.handle.queue.tell(DriverMessage::Stop);
    }
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer").finish_non_exhaustive()
    }
}

impl Handle {
    /// The consumer's state, at most a fraction of a second old while it is healthy; nothing before
    /// its thread has begun.
    #[must_use]
    pub fn status(&self) -> Option<Arc<Status>> {
        lock(&self.status).clone()
    }

    /// Gives an operator's order and waits for what became of it; nothing when the consumer ends before it
    /// answers.
    pub async fn order(&self, order: OperatorCommand) -> Option<CommandOutcome> {
        let (reply, answer) = oneshot::channel();
        self.queue.tell(DriverMessage::Order(order, reply));
        // A closed inbox drops the reply with the message, which ends this wait.
        answer.await.ok()
    }

    /// Passes on what the host's rate gate says.
    pub fn breaker(&self, breaker: Breaker) {
        self.queue.tell(DriverMessage::Breaker(breaker));
    }

    /// The time on the clock of [`Status`] and of the policy: since the consumer was started.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.clock.now()
    }

    /// The time of day, since the Unix epoch: what the time stamps of records are compared with.
    #[must_use]
    pub fn time_of_day(&self) -> Duration {
        Clock::time_of_day()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}

/// Checks what can be checked before the group is joined, makes the clients, and joins.
fn prepare(
    config: &Config,
    policy: dashstream_policy::Config,
    wiring: Wiring,
) -> Result<(Arc<Client>, Arc<Inbox>), StartError> {
    settings::check(config)?;
    let archiving = policy.archiving;
    if archiving != Archiving::Off {
        check_topic("archive_topic", &config.archive_topic)?;
    }
    let by_reference =
        config.letter_format == LetterFormat::Record && config.disclosure != Disclosure::Full;
    // Such letters only name their source, so that a required archive would hold every rejection.
    if archiving == Archiving::Required && by_reference && !policy.accept_reduced {
        return Err(ConfigError::LettersReduced.into());
    }
    let (config, policy) = &ordered(config, policy);
    let policy = policy.clone().keep_polling(KEEP_POLLING);
    let in_flight = policy.archive_in_flight_max;
    let engine = RecordedEngine::new(policy, config.trace.clone())?;
    let admin = Arc::new(Admin::new(config)?);
    let partitions = admin.all_partitions()?.len();
    let archive_topic = archive::check(&admin, config, archiving, &wiring.sender)?;
    let guard = CrashLoopGuard::open(config)?;
    let archive = match archiving {
        Archiving::Off => None,
        Archiving::BestEffort | Archiving::Required => {
            let answers = Arc::clone(&wiring.sender);
            Some(Archive::new(config, in_flight, answers)?)
        }
    };
    let poller = WatermarkPoller::start(
        wiring.clock,
        Arc::clone(&admin),
        config.clone(),
        Arc::clone(&wiring.sender),
    )
    .map_err(|_| StartError::Thread)?;
    let parts = Parts {
        admin,
        poller,
        archive,
        archive_topic,
        guard,
        wiring,
    };
    let inbox = Arc::clone(&parts.wiring.sender);
    let context = Context::new(config, Driver::new(config, engine, parts));
    let settings = settings::consumer(config, partitions);
    let mut client: Client = settings
        .create_with_context(context)
        .map_err(|error| settings::culprit(&settings, config, &error))?;
    let woken = Arc::clone(&inbox);
    // The thread waits in its inbox, not in a poll, so that the client has to wake it.
    client.set_nonempty_callback(move || woken.wake());
    client
        .subscribe(&config.topics().collect::<Vec<_>>())
        .map_err(|_| StartError::Client)?;
    Ok((Arc::new(client), inbox))
}

/// Orders the two limits of a send, so that an answer hardly ever comes after the engine has given the
/// send up: the client gives a letter up after the shorter one, and the engine waits for its answer.
fn ordered(
    config: &Config,
    mut policy: dashstream_policy::Config,
) -> (Config, dashstream_policy::Config) {
    let mut config = config.clone();
    config.archive_timeout = config.archive_timeout.min(policy.archive_timeout);
    let answered = config.archive_timeout.saturating_add(ANSWER_MARGIN);
    policy.archive_timeout = policy.archive_timeout.max(answered);
    (config, policy)
}

/// Drives the engine until the consumer is to close.
fn run(client: &Arc<Client>, sender: Arc<Inbox>, inbox: &Receiver) {
    let context = client.context();
    let mut queues = PartitionQueues::new(Arc::clone(client), sender);
    loop {
        let step = context
            .driver()
            .step(client, inbox, queues.is_without_room());
        match step {
            Step::Poll(time) => {
                // While the client has more, messages are looked at between two batches without a wait.
                if !poll_batch(client, &mut queues) {
                    let linger = context.driver().linger(inbox, queues.is_without_room());
                    inbox.wait(time, linger);
                }
            }
            Step::Wait(time) => {
                let linger = context.driver().linger(inbox, true);
                inbox.wait(time, linger);
            }
            Step::Close => return,
        }
    }
}

/// Polls what the client has, up to [`BATCH`] records, and says whether it may have more.
fn poll_batch(client: &Client, queues: &mut PartitionQueues) -> bool {
    let context = client.context();
    let mut more = true;
    for _ in 0..BATCH {
        match client.poll(Duration::ZERO) {
            Some(Ok(message)) => {
                let mut driver = context.driver();
                let at = driver
                    .topics()
                    .partition(message.topic(), message.partition());
                if let Some(at) = at
                    && !driver.polled(client, at, vec![driver::owned(at, &message)])
                {
                    break;
                }
            }
            Some(Err(error)) => context.driver().poll_failed(&error),
            // A callback ends a poll as well, perhaps with records behind it. It may have been a rebalance,
            // and a new partition needs its own queue before its records come.
            None if context.was_called_back() => queues.follow(),
            None => {
                more = false;
                queues.mark_fresh_as_nonempty();
                break;
            }
        }
    }
    more |= queues.poll(BATCH);
    context.driver().perform(client);
    more
}

/// Commits what is stored, and waits for it for at most `within`. Until then the client commits by itself,
/// but for offsets that are committed at once (`immediate_commits`).
fn finish(client: &Client, within: Duration) -> Closing {
    let context = client.context();
    context.driver().close();
    let (unfinished, unarchived) = context.driver().left_behind();
    // Before the client's own commit, which passes over offsets that are lower than the last one.
    context.driver().commit_last(client);
    // The client does not always answer an asynchronous commit, and a synchronous one may wait for a
    // coordinator for ever; so the committed offsets are read back.
    match client.commit_consumer_state(CommitMode::Async) {
        Ok(()) | Err(KafkaError::ConsumerCommit(RDKafkaErrorCode::NoOffset)) => {}
        Err(error) => context.driver().consumer_failed(ClientCode::of(&error)),
    }
    let mut committed = false;
    let clock = Clock::start();
    while !committed && clock.now() < within {
        // Polled so that callbacks are served meanwhile. Records that still arrive are not looked at: nothing
        // of them is stored.
        let _unread = client.poll(FINISH_POLL);
        committed = context.driver().is_committed();
    }
    Closing {
        unfinished,
        unarchived,
        committed,
        closed: false,
    }
}

/// How long the engine leaves the client alone before it pauses instead: short, since rebalances of
/// the whole group wait for the next poll.
const KEEP_POLLING: Duration = Duration::from_secs(1);

/// How long after its limit the client may say that a letter timed out: it looks once a second, and its
/// answer has to come through two threads.
const ANSWER_MARGIN: Duration = Duration::from_secs(2);

/// How long what the host accepts waits for more of it, beside a tenth of the time after which it is
/// committed: at most a hundred wake-ups a second are for it alone.
const LINGER_MAX: Duration = Duration::from_millis(10);

/// Records of one batch: little enough that messages wait for less than a millisecond.
const BATCH: usize = 256;

const FINISH_POLL: Duration = Duration::from_millis(20);

/// What a shutdown may take beyond the waits that are configured.
const SHUTDOWN_MARGIN: Duration = Duration::from_secs(1);

/// Longest wait for the client to leave the group and close its connections.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
