//! Histogram edges, the same as those of existing consumers so that quantiles stay comparable.

use crate::cells::Edges;

/// A latency beyond this is a clock that differs, as in existing consumers.
pub(crate) const LATENCY_PLAUSIBLE_MS: u64 = 60_000;

pub(crate) const LATENCY_MS: Edges = Edges {
    edges: &[100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000],
    divisor: 1,
};

pub(crate) const GAP_SIZE: Edges = Edges {
    edges: &[1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 5000, 10_000],
    divisor: 1,
};

/// In microseconds; printed in seconds.
pub(crate) const LAG_POLL: Edges = Edges {
    edges: &[
        10_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000,
    ],
    divisor: 1_000_000,
};

pub(crate) const REPLAY_MS: Edges = Edges {
    edges: &[10, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000],
    divisor: 1,
};

pub(crate) const REDIS_MS: Edges = Edges {
    edges: &[1, 5, 10, 25, 50, 100, 250, 500, 1000],
    divisor: 1,
};
