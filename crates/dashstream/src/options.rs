//! What a host lays out and feeds.

use core::num::NonZeroUsize;

/// How the counters are laid out, and which groups of the catalogue the host feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Copies of the hot counters, one for about each thread that records: rounded up to a power of
    /// two, at most 256. The default is 1. A shard takes about 41 KiB.
    pub shards: NonZeroUsize,
    /// Copies that one [`Recorder`](crate::Recorder) each can own, at most 256. The default is none. One takes about
    /// 65 KiB.
    pub recorders: usize,
    /// Whether the host follows the state of runs. The default is yes, of this and the next three.
    pub runs: bool,
    /// Whether the host has clients that it sends messages to.
    pub clients: bool,
    /// Whether the host has a replay buffer.
    pub replay: bool,
    /// Whether the host has a circuit breaker that tells the policy to pause.
    pub breaker: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            shards: NonZeroUsize::MIN,
            recorders: 0,
            runs: true,
            clients: true,
            replay: true,
            breaker: true,
        }
    }
}

impl Options {
    /// The same options with `shards` copies of the hot counters.
    #[must_use]
    pub const fn with_shards(mut self, shards: NonZeroUsize) -> Self {
        self.shards = shards;
        self
    }

    /// The same options with room for `recorders` of [`Metrics::recorder`](crate::Metrics::recorder).
    #[must_use]
    pub const fn with_recorders(mut self, recorders: usize) -> Self {
        self.recorders = recorders;
        self
    }

    /// The same options without clients and without a replay buffer: neither group is exported.
    #[must_use]
    pub const fn without_clients(mut self) -> Self {
        (self.clients, self.replay) = (false, false);
        self
    }

    /// The same options without a circuit breaker: its group is not exported.
    #[must_use]
    pub const fn without_breaker(mut self) -> Self {
        self.breaker = false;
        self
    }
}
