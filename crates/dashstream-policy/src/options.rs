//! The choices that a configuration is made of.

labels! {
    /// What happens to a record that cannot be processed.
    #[derive(Default)]
    Mode {
        /// Go on without it, once the archive setting is satisfied.
        #[default]
        Skip = "skip",
        /// Stop at it and wait for an operator.
        Pause = "pause",
    }

    /// How far a pause reaches.
    #[derive(Default)]
    Scope {
        /// Every partition of the consumer stops, as `KAFKA_ON_DECODE_ERROR=pause` always meant.
        #[default]
        Consumer = "consumer",
        /// Only the partition that holds the record stops.
        Partition = "partition",
    }

    /// Which records of a partition are processed one after another. A record that failed, that was
    /// deferred or that waits for its dead letter stops those behind it that it is ordered with.
    #[derive(Default)]
    Ordering {
        /// All records of a partition, in the order of their offsets.
        #[default]
        Partition = "partition",
        /// Those of a partition with the same key, and those without a key among themselves.
        Key = "key",
        /// No record waits for another.
        Unordered = "unordered",
    }

    /// Whether a rejected record goes to the dead-letter queue, and whether its offset waits for the
    /// acknowledgement.
    #[derive(Default)]
    Archiving {
        /// Nothing is archived.
        Off = "off",
        /// Each record is sent once; the offset does not wait for the answer.
        #[default]
        BestEffort = "best_effort",
        /// The offset waits until the archive has acknowledged the record.
        Required = "required",
    }

    /// What a record without a value means in a topic.
    #[derive(Default)]
    NullPayload {
        /// It is handed to the handler like any other record: a tombstone that the handler knows.
        Process = "process",
        /// It is settled at once and counted as ignored.
        Ignore = "ignore",
        /// It cannot be processed, for the cause [`crate::Cause::NullPayload`].
        #[default]
        Unprocessable = "unprocessable",
    }

    /// What an open breaker does.
    #[derive(Default)]
    Escalation {
        /// The configured mode stays in force.
        #[default]
        Off = "off",
        /// While the breaker is open, [`Mode::Skip`] acts as [`Mode::Pause`]. What was held then stays
        /// held after the breaker has closed: a pause empties the window that closes it.
        Pause = "pause",
    }
}
