//! A consumer of a Kafka topic: records in, each decoded within limits, applied to its run, shown to a
//! handler, counted, and given back to the policy.

mod builder;
mod dispatch;
mod events;
mod handler;
mod observe;
mod read_back;
mod shared;
mod throttle;
mod unowned;
mod work;
mod worker;

use core::fmt;
use core::time::Duration;

use dashstream_kafka::{Closing, Handle, StartError};
use dashstream_reducer::Runs;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

pub use self::builder::Builder;
pub use self::handler::{Handler, Message, Verdict as HandlerVerdict};
use crate::health::Verdict;
use crate::monitor::Monitor;
use crate::snapshot::Snapshot;

/// A running member of a consumer group, with its workers.
///
/// Dropping it stops it as [`Consumer::shutdown`] does, without waiting.
pub struct Consumer {
    monitor: Monitor,
    kafka: Handle,
    /// Changes with each snapshot, and ends with the consumer.
    observed: watch::Receiver<()>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Ended>,
}

/// How a consumer ended, and what there was at its end.
#[derive(Debug)]
#[non_exhaustive]
pub struct Ended {
    /// Whether anything was left behind.
    pub closing: Closing,
    /// Whether it was asked to. Otherwise the Kafka client had an error that it cannot recover from.
    pub on_request: bool,
    /// The one taken last before it left the group. What was counted while it left is in the
    /// [`latest`](crate::Metrics::latest) of `monitor`.
    pub snapshot: Snapshot,
    /// What that was judged to be.
    pub verdict: Verdict,
    /// Metrics and clock, for the pages.
    pub monitor: Monitor,
    /// The runs of each worker that had come to its end within [`Consumer::shutdown`]'s time.
    pub runs: Vec<Runs>,
}

/// Says why [`Builder::run`] could not consume.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The consumer did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// No threads were to be had for its runtime.
    #[error("no threads for the consumer's runtime")]
    Runtime,
    /// The Kafka client had an error that it cannot recover from, or the consumer's task is gone.
    #[error("the consumer ended by itself")]
    EndedEarly,
}

impl RunError {
    /// A name for logs and tests that does not change between releases.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Start(error) => error.code(),
            Self::Runtime => "runtime",
            Self::EndedEarly => "ended_early",
        }
    }
}

impl Consumer {
    /// Configures a consumer.
    pub fn builder(kafka: dashstream_kafka::Config) -> Builder {
        Builder::new(kafka)
    }

    /// Metrics, verdict and clock, for pages and logs.
    #[must_use]
    pub const fn monitor(&self) -> &Monitor {
        &self.monitor
    }

    /// The Kafka consumer's state, and where an operator's commands go.
    #[must_use]
    pub const fn kafka(&self) -> &Handle {
        &self.kafka
    }

    /// Waits for the next snapshot, which is taken about once a second; `false` once the consumer has
    /// ended by itself. Cancel safe.
    pub async fn observed(&mut self) -> bool {
        self.observed.changed().await.is_ok()
    }

    /// Consumes until a snapshot is such that `until` says so, then shuts down.
    ///
    /// # Errors
    ///
    /// [`RunError::EndedEarly`].
    pub async fn run(
        mut self,
        mut until: impl FnMut(&Snapshot) -> bool,
    ) -> Result<Ended, RunError> {
        // The watch carries no value, and may skip a snapshot: the newest one is read from the metrics.
        while self.observed().await {
            if until(&self.monitor.metrics().latest()) {
                break;
            }
        }
        // Also where it has ended by itself: this collects what its task returned.
        let ended = self.shutdown().await?;
        if ended.on_request {
            Ok(ended)
        } else {
            Err(RunError::EndedEarly)
        }
    }

    /// Takes no more records, waits for those with the handlers and the archive, commits, and leaves the
    /// group. It returns in bounded time, see
    /// [`kafka::Consumer::shutdown`](dashstream_kafka::Consumer::shutdown): what a handler hangs on is
    /// left behind, and read again.
    ///
    /// # Errors
    ///
    /// [`RunError::EndedEarly`] when the consumer's task is gone, with its runtime for example.
    pub async fn shutdown(self) -> Result<Ended, RunError> {
        // Fails where the task has ended by itself. What it returned is there all the same.
        let _gone = self.stop.send(());
        self.task.await.map_err(|_| RunError::EndedEarly)
    }
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer").finish_non_exhaustive()
    }
}

/// How often a snapshot is taken.
const OBSERVE_EVERY: Duration = Duration::from_secs(1);
