//! Carries out what the policy engine asks for, and tells it what happened. It decides nothing.

mod actions;
mod assignment;
mod callbacks;
mod delivery;
mod housekeeping;
mod immediate_commits;
mod inbox_messages;
mod log_range;

mod statistics;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use dashstream_policy::{Assignment, CommandOutcome, Delivered, Input, TopicPartition};
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tokio::sync::oneshot;

pub(crate) use self::callbacks::Context;
pub(crate) use self::delivery::{Polled, owned};
use crate::admin::Admin;
use crate::archive::Archive;
use crate::archive_finding::ArchiveFinding;
use crate::client_code::ClientCode;
use crate::clock::Clock;
use crate::config::Config;
use crate::consumer_event::ConsumerEvent;
use crate::crash_loop::CrashLoopGuard;
use crate::delivery_queue::{DeliveryId, DeliveryQueue, QueuedRecord};
use crate::inbox::{Inbox, Receiver};
use crate::recorded_engine::RecordedEngine;
use crate::stall_detector::Progress;
use crate::standing_errors::{ClientRole, Served, Standing};
use crate::status::Status;
use crate::topics::Topics;
use crate::watermark_poller::WatermarkPoller;
use crate::watermarks::Watermarks;

pub(crate) type Client = BaseConsumer<Context>;

/// The engine, and everything it is told and asks for.
pub(crate) struct Driver {
    engine: RecordedEngine,
    admin: Arc<Admin>,
    poller: WatermarkPoller,
    archive: Option<Archive>,
    archive_partitions: Option<usize>,
    archive_findings: Vec<ArchiveFinding>,
    guard: Option<CrashLoopGuard>,
    wiring: Wiring,
    topics: Topics,
    config: Config,
    partitions: BTreeMap<TopicPartition, Partition>,
    assignment: u64,
    taking: bool,
    phase: Phase,
    drain_until: Option<Duration>,
    with_host: usize,
    /// Records for the host that are put down together.
    outgoing: Vec<QueuedRecord>,
    /// Records that the host accepted, on their way to the engine; empty between two steps.
    accepted: Vec<Delivered>,
    /// When accepted records were last taken: a batch of them is due one linger later.
    accepted_at: Duration,
    /// Records that the host deferred and that did not get a verdict since.
    deferred: BTreeSet<DeliveryId>,
    received: u64,
    client_errors: u64,
    last_client_error: Option<(Duration, ClientCode)>,
    standing: Standing,
    order: Option<oneshot::Sender<CommandOutcome>>,
    /// Orders that wait for the broker's answer.
    orders: VecDeque<log_range::WaitingOrder>,
    commits: immediate_commits::Commits,
    /// What the client said last about its fetching, until it is looked at.
    statistics: Vec<statistics::Fetching>,
    watermarks_asked: Duration,
    /// How long topics keep records at least, where something is held and the broker tells.
    retention: BTreeMap<u16, Duration>,
    /// When partitions were last looked after.
    checked: Duration,
    trouble: Trouble,
    /// The last watermarks contradict what was seen before, so that the broker is asked again soon.
    doubted: bool,
    /// The client has stopped at least one partition, since the broker's log does not have its position.
    position_refused: bool,
    rebalancing: bool,
    published: Option<Duration>,
}

/// What the driver works with.
pub(crate) struct Parts {
    pub(crate) admin: Arc<Admin>,
    pub(crate) poller: WatermarkPoller,
    /// There whenever the policy archives.
    pub(crate) archive: Option<Archive>,
    /// What the start-up check found.
    pub(crate) archive_topic: (Option<usize>, Vec<ArchiveFinding>),
    /// There where crash loops are looked for.
    pub(crate) guard: Option<CrashLoopGuard>,
    pub(crate) wiring: Wiring,
}

/// The driver's ends of what connects it to the host.
pub(crate) struct Wiring {
    pub(crate) clock: Clock,
    /// For whatever answers to the inbox.
    pub(crate) sender: Arc<Inbox>,
    pub(crate) queue: Arc<DeliveryQueue>,
    pub(crate) events: Box<dyn FnMut(&ConsumerEvent) + Send>,
    pub(crate) status: Arc<Mutex<Option<Arc<Status>>>>,
}

/// An assigned partition.
struct Partition {
    assignment: Assignment,
    progress: Progress,
    paused: bool,
    watermarks: Option<(Duration, Watermarks)>,
    /// Records below it were there before this consumer followed the topic.
    old_below: i64,
    /// What was last stored under this assignment.
    stored: Option<i64>,
    /// What was committed when it was assigned.
    committed: Option<i64>,
    /// Whether an offset was stored that is lower than one before it: an operator went back in the log.
    went_back: bool,
    /// When its position was last set.
    sought: Option<Duration>,
    /// The highest end of its log seen under this assignment.
    highest: i64,
    /// Whether the last answer of the broker had its position beyond the log's end, or the end before
    /// where it was.
    is_doubted: bool,
    /// Whether the client may have stopped it although the log has its position.
    is_suspect: bool,
    /// Whether the host gave a record of it back since it was last looked after.
    returned: bool,
    /// Timestamps of records that had a verdict other than acceptance and that no offset passed.
    judged: BTreeMap<i64, i64>,
    /// The log's start when it was first seen since a record is held, and when that was.
    low_before: Option<(Duration, i64)>,
}

impl Partition {
    /// Whether its position was set so shortly before that an error then may be about an earlier one.
    fn was_sought_before(&self, seen: Option<Duration>) -> bool {
        let since = self.sought.zip(seen);
        since.is_some_and(|(sought, seen)| seen.saturating_sub(sought) < SEEK_ECHO)
    }
}

/// Errors that the client reports without saying where, until the partition is found.
#[derive(Clone, Copy, Debug, Default)]
struct Trouble {
    /// A batch could not be decoded.
    undecodable: Option<Duration>,
    /// A position is one that the broker no longer has, or not yet.
    out_of_range: Option<Duration>,
}

/// How far the consumer is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It consumes, or waits for partitions.
    Running,
    /// It finishes what it took.
    Draining,
    Closed,
}

/// What the driver's thread does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Poll what the client has, then wait for more, for at most so long.
    Poll(Duration),
    /// Leave the client alone and wait for a message for at most so long.
    Wait(Duration),
    /// End.
    Close,
}

impl Driver {
    pub(crate) fn new(config: &Config, engine: RecordedEngine, parts: Parts) -> Self {
        let (archive_partitions, archive_findings) = parts.archive_topic;
        let mut driver = Self {
            engine,
            admin: parts.admin,
            poller: parts.poller,
            archive: parts.archive,
            archive_partitions,
            archive_findings: Vec::new(),
            guard: parts.guard,
            wiring: parts.wiring,
            topics: Topics::new(config.topics()),
            config: config.clone(),
            partitions: BTreeMap::new(),
            assignment: 0,
            taking: true,
            phase: Phase::Running,
            drain_until: None,
            with_host: 0,
            outgoing: Vec::new(),
            accepted: Vec::new(),
            accepted_at: Duration::ZERO,
            deferred: BTreeSet::new(),
            received: 0,
            client_errors: 0,
            last_client_error: None,
            standing: Standing::default(),
            order: None,
            orders: VecDeque::new(),
            commits: immediate_commits::Commits::default(),
            statistics: Vec::new(),
            watermarks_asked: Duration::ZERO,
            retention: BTreeMap::new(),
            checked: Duration::ZERO,
            trouble: Trouble::default(),
            doubted: false,
            position_refused: false,
            rebalancing: false,
            published: None,
        };
        // The method is used so that each finding of the start-up check is an event as well.
        driver.archive_found(archive_findings);
        driver
    }

    /// Takes in what arrived, does what is due, and says what comes next.
    ///
    /// `is_full` where the client has records that there is no room for: what the host accepted makes it.
    pub(crate) fn step(&mut self, client: &Client, inbox: &Receiver, is_full: bool) -> Step {
        // Before the first record there is something to show, and what came of actions that were
        // asked for inside a rebalance is answered here.
        self.perform(client);
        // The messages are taken before what was accepted: an acceptance that the host gave before one of
        // them must not reach the engine behind it. A hold would forget the record, and it would come again.
        self.on_messages(client, inbox.take());
        let since = self.wiring.clock.now().saturating_sub(self.accepted_at);
        // Where there is no room, what the host accepted makes it, and does not linger.
        if self.on_accepted(is_full || !self.taking || since >= inbox.linger()) {
            self.perform(client);
        }
        self.deliver_in_turn();
        self.push_outgoing();
        let now = self.wiring.clock.now();
        // The client calls back with statistics inside a poll, and what follows from them needs the client.
        let statistics = core::mem::take(&mut self.statistics);
        self.fetching(client, now, &statistics);
        let due = self.engine.engine().poll_timeout();
        // Any input moves the engine's time on. Without one, only a tick carries out what is due.
        if due.is_some_and(|due| due <= now) {
            self.tell(client, Input::Tick);
        }
        if now.saturating_sub(self.checked) >= CHECK_INTERVAL {
            self.checked = now;
            self.check_partitions(now);
        }
        self.publish(now);
        if self.phase == Phase::Closed {
            return Step::Close;
        }
        if self.phase == Phase::Draining {
            let over = self.drain_until.is_some_and(|until| until <= now);
            // What the host still has when the time is over is not stored; the next member reads it again.
            if over || (self.with_host == 0 && self.is_idle()) {
                return Step::Close;
            }
            // Everything is paused, but the client is polled, so that the group does not take this member for
            // dead. The engine refuses a record that still arrives, and the next member reads it again.
            return Step::Poll(DRAIN_POLL);
        }
        // This is asked again, since the tick and what came before it may have set other timers.
        let due = self.engine.engine().poll_timeout();
        let quiet = due.map_or(WAIT, |due| due.saturating_sub(now).min(WAIT));
        if self.taking {
            Step::Poll(quiet)
        } else {
            Step::Wait(quiet)
        }
    }

    /// Takes note of an error that polling returned.
    pub(crate) fn poll_failed(&mut self, error: &KafkaError) {
        let now = self.wiring.clock.now();
        let code = ClientCode::of(error);
        self.consumer_failed(code);
        if matches!(error, KafkaError::MessageConsumptionFatal(_)) {
            // The client cannot go on: a new consumer has to be made.
            self.phase = Phase::Closed;
            return;
        }
        if UNDECODABLE.contains(&code.raw()) {
            // The client repeats this error as long as it lasts, so that the broker is asked only once.
            if self.trouble.undecodable.is_none() {
                self.trouble.undecodable = Some(now);
                self.ask_watermarks(now);
            }
        } else if code.raw() == RDKafkaErrorCode::AutoOffsetReset {
            // This one is said once for each partition that is stopped, perhaps while another one is
            // still looked for.
            self.position_refused = true;
            self.trouble.out_of_range = Some(now);
            self.ask_watermarks(now);
        }
    }

    /// Takes note of the client's statistics.
    pub(crate) fn measured(&mut self, json: &[u8]) {
        // Statistics that cannot be read are passed over: nothing relies on any single set, and more follow.
        if let Ok(statistics) = serde_json::from_slice(json) {
            self.statistics = statistics::read(&statistics, &self.topics);
        }
        if let Ok(json) = core::str::from_utf8(json) {
            self.report(&ConsumerEvent::Statistics(json.into()));
        }
    }

    pub(crate) fn consumer_failed(&mut self, code: ClientCode) {
        self.client_failed(ClientRole::Consumer, code);
    }

    /// Counts an error, and reports it if it does not stand already.
    pub(super) fn client_failed(&mut self, client: ClientRole, code: ClientCode) {
        let now = self.wiring.clock.now();
        self.client_errors = self.client_errors.saturating_add(1);
        self.last_client_error = Some((now, code));
        if self.standing.reported(now, client, code) {
            self.report(&ConsumerEvent::ClientError(code));
            // The status is renewed at the next step instead of when it is due.
            self.published = None;
        }
    }

    /// Ends the errors that an answer of the broker shows to be over.
    pub(super) fn served(&mut self, now: Duration, served: Served) {
        if self.standing.served(now, served) {
            self.published = None;
        }
    }

    pub(crate) fn committed(&mut self, result: Result<(), ClientCode>) {
        let ok = match result {
            Ok(()) => {
                self.served(self.wiring.clock.now(), Served::Member);
                true
            }
            // The client answers like this when nothing was stored since the last commit. It is no failure.
            Err(code) if code.raw() == RDKafkaErrorCode::NoOffset => true,
            Err(code) => {
                self.consumer_failed(code);
                false
            }
        };
        self.commits.answered(self.wiring.clock.now(), ok);
        self.report(&ConsumerEvent::Committed { ok });
    }

    /// Whether the broker has everything that was stored, as a client outside the group reads it.
    pub(crate) fn is_committed(&self) -> bool {
        let stored: BTreeMap<TopicPartition, (i64, bool)> = self
            .partitions
            .iter()
            .filter_map(|(at, of)| Some((*at, (of.stored?, of.went_back))))
            .collect();
        if stored.is_empty() {
            return true;
        }
        let partitions: Vec<_> = stored.keys().copied().collect();
        // Another client is asked: the consumer's own knows what it has sent, not what the broker has kept.
        let Ok(committed) = self.admin.committed_of(&partitions) else {
            return false;
        };
        stored.iter().all(|(at, (next, went_back))| {
            let has = committed.get(at).copied().flatten();
            // A higher offset is fine, since another member may own the partition by now. After an operator
            // went back it proves nothing: it may be the old commit.
            has == Some(*next) || (!went_back && has > Some(*next))
        })
    }

    /// Ends the stream of records and shows that this consumer is closed.
    pub(crate) fn close(&mut self) {
        // The queue ends first, so that records that are still outgoing are dropped below and not handed out.
        self.wiring.queue.end();
        if let Some(guard) = &mut self.guard {
            guard.end();
        }
        self.deliver_in_turn();
        self.push_outgoing();
        self.write_trace();
        // Whoever gave an order that was not carried out learns that the consumer is closed.
        self.orders.clear();
        self.phase = Phase::Closed;
        self.published = None;
        self.publish(self.wiring.clock.now());
    }

    /// Records with the host, and records that wait for the archive.
    pub(crate) fn left_behind(&self) -> (usize, usize) {
        let archive = self.engine.engine().status().archive;
        // Each of the three is a letter whose record is not settled: sent, to be sent, or to be sent again.
        let sends = archive.in_flight.saturating_add(archive.waiting);
        (self.with_host, sends.saturating_add(archive.again))
    }

    /// Whether nothing is under way that a shutdown would wait for. To the engine a record is still
    /// out that nobody looked at or that was dropped; it never comes back.
    fn is_idle(&self) -> bool {
        let engine = self.engine.engine();
        // So the archive decides: the acknowledgement of a letter still lets an offset move.
        engine.is_idle() || {
            let archive = engine.status().archive;
            archive.in_flight == 0 && archive.waiting == 0 && archive.again == 0
        }
    }

    /// Gives the engine an input, and carries out what follows.
    fn tell(&mut self, client: &Client, input: Input) {
        self.engine.handle(self.wiring.clock.now(), input);
        self.perform(client);
    }

    fn write_trace(&mut self) {
        if let Some(written) = self.engine.write() {
            let ok = written.is_ok();
            self.report(&ConsumerEvent::TraceWritten { ok });
        }
    }

    fn report(&mut self, event: &ConsumerEvent) {
        (self.wiring.events)(event);
    }
}

/// Longest wait. Whatever there is to do ends it; this is for what looks at the time.
const WAIT: Duration = Duration::from_millis(50);

/// The host has something to do, but all that there is room for is with it.
const LINGER_WITHOUT_ROOM: Duration = Duration::from_millis(1);

const DRAIN_POLL: Duration = Duration::from_millis(10);

/// How often partitions are looked after: for stalls and watermarks, of which the fastest are this fast.
const CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// How often the status is renewed at most, unless something worth seeing happened.
const PUBLISH_INTERVAL: Duration = Duration::from_millis(100);

/// Errors of the client that mean a batch cannot be decoded. It repeats them about twice a second.
const UNDECODABLE: [RDKafkaErrorCode; 3] = [
    RDKafkaErrorCode::BadCompression,
    RDKafkaErrorCode::BadMessage,
    RDKafkaErrorCode::InvalidMessage,
];

/// How long a partition must not have moved before an undecodable batch is looked for in it: several
/// repeats of the client's error.
const UNDECODABLE_PATIENCE: Duration = Duration::from_secs(2);

/// How long after a position was set an error may still be about the one before.
const SEEK_ECHO: Duration = Duration::from_secs(5);
