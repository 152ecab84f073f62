//! The choices that a configuration is made of.

/// What happens to a record that cannot be processed.
#[expect(
    clippy::exhaustive_enums,
    reason = "the decision table is written over these two"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Go on without it, once the archive setting is satisfied.
    #[default]
    Skip,
    /// Stop at it and wait for an operator.
    Pause,
}

impl Mode {
    /// Every value.
    pub const ALL: [Self; 2] = [Self::Skip, Self::Pause];

    /// The stable word for configurations, logs and traces.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Pause => "pause",
        }
    }
}

/// How far a pause reaches.
#[expect(
    clippy::exhaustive_enums,
    reason = "a consumer is made of partitions and nothing lies between"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Every partition of the consumer stops, as `KAFKA_ON_DECODE_ERROR=pause` always meant.
    #[default]
    Consumer,
    /// Only the partition that holds the record stops.
    Partition,
}

impl Scope {
    /// Every value.
    pub const ALL: [Self; 2] = [Self::Consumer, Self::Partition];

    /// The stable word for configurations, logs and traces.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Consumer => "consumer",
            Self::Partition => "partition",
        }
    }
}

/// What the archive's word counts for.
#[expect(
    clippy::exhaustive_enums,
    reason = "the decision table is written over these three"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Archiving {
    /// Nothing is archived.
    Off,
    /// Each record is sent once; the offset does not wait for the answer.
    #[default]
    BestEffort,
    /// The offset waits until the archive has acknowledged the record.
    Required,
}

impl Archiving {
    /// Every value.
    pub const ALL: [Self; 3] = [Self::Off, Self::BestEffort, Self::Required];

    /// The stable word for configurations, logs and traces.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::BestEffort => "best_effort",
            Self::Required => "required",
        }
    }
}

/// What a record without a value means in a topic.
#[expect(
    clippy::exhaustive_enums,
    reason = "a host that shows its configuration matches all of them"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NullPayload {
    /// It is handed to the handler like any other record: a tombstone that the handler knows.
    Process,
    /// It is settled at once and counted as ignored.
    Ignore,
    /// It cannot be processed, for the cause [`crate::Cause::NullPayload`].
    #[default]
    Unprocessable,
}

impl NullPayload {
    /// Every value.
    pub const ALL: [Self; 3] = [Self::Process, Self::Ignore, Self::Unprocessable];

    /// The stable word for configurations, logs and traces.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Ignore => "ignore",
            Self::Unprocessable => "unprocessable",
        }
    }
}

/// What an open breaker does.
#[expect(
    clippy::exhaustive_enums,
    reason = "a host that shows its configuration matches all of them"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Escalation {
    /// Nothing.
    #[default]
    Off,
    /// While the breaker is open, [`Mode::Skip`] acts as [`Mode::Pause`]. What was held then stays
    /// held after the breaker has closed: a pause empties the window that closes it.
    Pause,
}

impl Escalation {
    /// Every value.
    pub const ALL: [Self; 2] = [Self::Off, Self::Pause];

    /// The stable word for configurations, logs and traces.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Pause => "pause",
        }
    }
}
