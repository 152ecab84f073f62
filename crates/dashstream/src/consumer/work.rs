//! What the dispatcher hands to workers.

use dashstream_kafka::Record;

/// What a worker is given.
#[derive(Debug)]
pub(crate) enum Work {
    Record(Record),
    /// A partition is ours now, and goes on at this offset.
    Assigned(i32, i64),
    /// A partition belongs to somebody else now.
    Revoked(i32),
    Tick,
    /// Nothing more will come.
    End,
}
