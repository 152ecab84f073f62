//! The task between the Kafka consumer and the workers: which worker a record goes to, and once a second a
//! snapshot.

use core::hash::{Hash as _, Hasher as _};
use core::num::NonZeroUsize;
use core::sync::atomic::Ordering::Relaxed;
use core::time::Duration;
use std::hash::DefaultHasher;
use std::sync::Arc;

use dashstream_kafka::Record;
use dashstream_policy::Ordering;
use dashstream_reducer::Runs;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::consumer::events::Events;
use crate::consumer::observe::{Observer, Seen};
use crate::consumer::shared::Shared;
use crate::consumer::unowned::UnownedWatch;
use crate::consumer::work::Work;
use crate::consumer::{Ended, OBSERVE_EVERY};
use crate::monitor::Monitor;
use crate::reason_code::ReasonCode;

/// The consumer, with everything that is told or asked while it runs.
pub(crate) struct Dispatch {
    pub(crate) consumer: dashstream_kafka::Consumer,
    pub(crate) monitor: Monitor,
    pub(crate) events: Events,
    pub(crate) shared: Shared,
    pub(crate) senders: Vec<UnboundedSender<Work>>,
    pub(crate) workers: Vec<JoinHandle<Runs>>,
    pub(crate) observer: Observer,
    pub(crate) unowned: UnownedWatch,
    pub(crate) archives: bool,
    pub(crate) observed: watch::Sender<()>,
    pub(crate) division: Division,
}

/// Which worker a record goes to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Division {
    pub(crate) ordering: Ordering,
    pub(crate) workers: NonZeroUsize,
}

impl Division {
    /// The worker that the partition belongs to, or the key where only records of one key are ordered: so a
    /// run has one worker.
    pub(crate) fn worker_of(self, partition: i32, key: Option<&[u8]>) -> usize {
        let of = match self.ordering {
            Ordering::Partition | Ordering::Unordered => usize::try_from(partition).ok(),
            Ordering::Key => {
                // Its keys are fixed, unlike those of a `RandomState`: a read-back must find the same worker.
                let mut hasher = DefaultHasher::new();
                key.hash(&mut hasher);
                // The lower half fits into `usize` on every platform, and its bits are as good as any.
                usize::try_from(hasher.finish() & u64::from(u32::MAX)).ok()
            }
        };
        of.unwrap_or(0) % self.workers
    }

    /// Whether the worker may have runs of the partition.
    pub(crate) fn reaches(self, partition: i32, worker: usize) -> bool {
        self.ordering == Ordering::Key || self.worker_of(partition, None) == worker
    }
}

impl Dispatch {
    /// Runs until it is asked to stop, the `Consumer` is dropped, or the Kafka client has ended by itself.
    pub(crate) async fn run(mut self, mut stop: oneshot::Receiver<()>) -> Ended {
        let mut tick = interval(OBSERVE_EVERY);
        // A late tick is not made up for: two snapshots in quick succession say nothing new.
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let on_request = loop {
            tokio::select! {
                // Cancel safe: a record that is not returned when another branch is taken is there for the
                // next call.
                record = self.consumer.recv() => match record {
                    Some(record) => self.hand_on(record),
                    None => break false,
                },
                _ = tick.tick() => {
                    // In this order a snapshot has what the workers reported at the tick before: it waits for
                    // none of them.
                    self.observe();
                    self.tell(|| Work::Tick);
                }
                // Also when the sender is dropped, with the `Consumer`.
                _ = &mut stop => break true,
            }
        };
        self.close(on_request).await
    }

    fn hand_on(&self, record: Record) {
        let worker = self.division.worker_of(record.partition(), record.key());
        // A worker lives for as long as this task; a record that it did not get would count as dropped.
        if let Some(sender) = self.senders.get(worker) {
            let _gone = sender.send(Work::Record(record));
        }
    }

    fn tell(&self, work: impl Fn() -> Work) {
        for sender in &self.senders {
            let _gone = sender.send(work());
        }
    }

    /// Takes a snapshot of everything, and has it judged.
    fn observe(&mut self) {
        self.events.left_out(self.monitor.now());
        // None until the consumer's thread has published its first state.
        let Some(status) = self.consumer.status() else {
            return;
        };
        let workers = self.shared.sum();
        let observed = self.observer.observe(Seen {
            status: &status,
            stored_at: &self.events.stored_at(),
            catching_up: &workers.catching_up().collect(),
            runs: workers.runs,
            archives: self.archives,
            // Gates follow from the windows alone and not from this state, which so cannot keep itself up.
            archive_failing: self.monitor.gates().is_open(ReasonCode::ArchiveFailing),
            group: self.unowned.known(),
        });
        let _verdict = self.monitor.observe(observed);
        self.observed.send_replace(());
    }

    async fn close(mut self, on_request: bool) -> Ended {
        // Before it leaves the group: after that it has no partitions to show.
        self.observe();
        let (_, snapshot, verdict) = self.monitor.verdict();
        // Before the shutdown, whose revocations would make the workers forget the runs that `Ended` is to
        // have. Relaxed: the message that starts the shutdown orders it before them.
        self.shared.leaving.store(true, Relaxed);
        let closing = self.consumer.shutdown().await;
        tracing::info!(?closing, "the consumer has left the group");
        self.events.left_out(Duration::MAX);
        // Only after the shutdown, which waits for the verdicts on what the workers still have.
        for sender in &self.senders {
            let _gone = sender.send(Work::End);
        }
        let mut runs = Vec::with_capacity(self.workers.len());
        for mut worker in self.workers {
            // Those that were in time were waited for above; one that hangs does not keep the process.
            match timeout(WORKER_ENDS_WITHIN, &mut worker).await {
                Ok(ended) => runs.extend(ended.ok()),
                Err(_) => worker.abort(),
            }
        }
        // The last snapshot of the metrics has the letters that were acknowledged and the runs that were
        // followed during the shutdown. What else is observed is as it was before.
        let mut observed = snapshot.observed.clone();
        observed.runs = self.shared.sum().runs;
        self.monitor.metrics().observe(self.monitor.now(), observed);
        Ended {
            closing,
            on_request,
            snapshot: Arc::unwrap_or_clone(snapshot),
            verdict,
            monitor: self.monitor,
            runs,
        }
    }
}

/// Time for a worker to give back what is left in its queue: records that are fenced by then.
const WORKER_ENDS_WITHIN: Duration = Duration::from_secs(1);
