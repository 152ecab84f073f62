//! The replay buffer and what clients ask it for.

use dashstream_metrics::AlertCoverage::{Alert, Waived};
use dashstream_metrics::{Buckets, Counter, Histogram, Label, Registration};

use crate::labels::{RedisOperation, ReplayMode};
use crate::snapshot::Snapshot;

/// What counts the replay buffer and what clients ask it for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Replay {
    /// Times that a client asked to resume.
    pub requests: Counter<ReplayMode>,
    /// Messages that were sent again.
    pub messages: Counter<ReplayMode>,
    /// Stretches that were asked for and are gone.
    pub gaps: Counter<ReplayMode>,
    /// Messages in such stretches.
    pub gap_messages: Counter<ReplayMode>,
    /// How long replays took, in milliseconds.
    pub took: Histogram<ReplayMode>,
    /// Messages found in memory.
    pub memory_hits: Counter<()>,
    /// Messages found in Redis.
    pub redis_hits: Counter<()>,
    /// Messages looked for in Redis and not found.
    pub redis_misses: Counter<()>,
    /// Writes to Redis that were given up before they were tried.
    pub redis_writes_dropped: Counter<()>,
    /// Writes to Redis that failed.
    pub redis_writes_failed: Counter<()>,
    /// Operations on Redis that failed.
    pub redis_errors: Counter<()>,
    /// How long operations on Redis took, in milliseconds.
    pub redis_took: Histogram<RedisOperation>,
}

pub(super) fn declare(c: &mut Registration<Snapshot>) -> Replay {
    c.group("replay");

    instruments! { c: Replay {}
        requests: counter[ReplayMode::LABEL] "websocket_resume_requests_total"
            "Times that a client asked to resume, by where from."
            Waived("replays are what clients ask for");
        messages: counter[ReplayMode::LABEL] "websocket_replay_messages_total"
            "Messages that were sent again."
            Waived("replays are what clients ask for");
        gaps: counter[ReplayMode::LABEL] "websocket_replay_gaps_total"
            "Stretches that a client asked for and that are gone."
            Alert("DashstreamReplayGaps");
        gap_messages: counter[ReplayMode::LABEL] "websocket_replay_gap_messages_total"
            "Messages in stretches that are gone."
            Alert("DashstreamReplayGaps");
        took: histogram[ReplayMode::LABEL, REPLAY_MS] "websocket_replay_latency_ms"
            "Milliseconds that a replay took."
            Waived("a slow replay harms nobody but the client that asked for much");
        memory_hits: counter[Label::NONE] "replay_buffer_memory_hits_total"
            "Messages found in the replay buffer's memory."
            Waived("how the buffer answers is no fault") shown as "replay_buffer.memory_hits";
        redis_hits: counter[Label::NONE] "replay_buffer_redis_hits_total"
            "Messages found in the replay buffer's Redis."
            Waived("how the buffer answers is no fault") shown as "replay_buffer.redis_hits";
        redis_misses: counter[Label::NONE] "replay_buffer_redis_misses_total"
            "Messages that the replay buffer's Redis did not have."
            Waived("how the buffer answers is no fault") shown as "replay_buffer.redis_misses";
        redis_writes_dropped: counter[Label::NONE] "replay_buffer_redis_write_dropped_total"
            "Writes to the replay buffer's Redis that were given up before they were tried."
            Alert("DashstreamReplayBufferWritesLost") shown as "replay_buffer.redis_write_dropped";
        redis_writes_failed: counter[Label::NONE] "replay_buffer_redis_write_failures_total"
            "Writes to the replay buffer's Redis that failed."
            Alert("DashstreamReplayBufferWritesLost") shown as "replay_buffer.redis_write_failures";
        redis_errors: counter[Label::NONE] "dashstream_websocket_redis_errors_total"
            "Failed operations on the replay buffer's Redis."
            Alert("DashstreamRedisErrors");
        redis_took: histogram[RedisOperation::LABEL, REDIS_MS] "dashstream_websocket_redis_latency_ms"
            "Milliseconds that an operation on the replay buffer's Redis took."
            Alert("DashstreamRedisSlow");
    }
}

impl Replay {
    /// What the buffer answered, in the order of [`Totals::replay`](crate::Totals::replay).
    pub(crate) const fn answers(&self) -> [&Counter<()>; 5] {
        [
            &self.memory_hits,
            &self.redis_hits,
            &self.redis_misses,
            &self.redis_writes_dropped,
            &self.redis_writes_failed,
        ]
    }
}

const REPLAY_MS: Buckets = Buckets {
    bounds: &[10, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000],
    divisor: 1,
};

const REDIS_MS: Buckets = Buckets {
    bounds: &[1, 5, 10, 25, 50, 100, 250, 500, 1000],
    divisor: 1,
};
