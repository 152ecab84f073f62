//! One record's way: decode within limits, apply to its run, count, and give it back to the policy.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dashstream as metrics;
use dashstream_codec::v1::DashStreamMessage;
use dashstream_codec::{DecodeLimits, DecodeOptions, Decoded, Decoder};
use dashstream_kafka::{Handle, Record, RecordIds};
use dashstream_policy::{Backlog, Cause};
use dashstream_reducer::{ApplySummary, Counts, Effect, Position, Runs, RunsLimits};

use crate::causes::{self, Undecoded};
use crate::clock::unix_micros;
use crate::events::{Rejected, outcome};
use crate::throttle::{Line, Throttle};
use dashstream_demo::{Decision, Ledger};

/// Everything that records pass through, and what came of them.
#[derive(Debug)]
pub(crate) struct Pipeline {
    clock: Handle,
    decoder: Decoder,
    runs: Runs,
    metrics: metrics::Metrics,
    ledger: Option<Arc<Ledger>>,
    throttle: Arc<Throttle>,
    counted: Counted,
    /// What the runs had counted when the metrics were last brought up to it.
    shown: Counts,
    catching_up: BTreeSet<i32>,
}

/// How many records were decided, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) received: u64,
    pub(crate) decoded: u64,
    pub(crate) unprocessable: BTreeMap<Cause, u64>,
    /// The first offset met in each partition.
    pub(crate) first: BTreeMap<i32, i64>,
}

impl Pipeline {
    pub(crate) fn new(
        clock: Handle,
        max_payload_bytes: usize,
        metrics: metrics::Metrics,
        ledger: Option<Arc<Ledger>>,
        throttle: Arc<Throttle>,
    ) -> Self {
        Self {
            clock,
            decoder: Decoder::new(decoding(max_payload_bytes)),
            runs: Runs::new(RunsLimits::default()),
            metrics,
            ledger,
            throttle,
            counted: Counted::default(),
            shown: Counts::default(),
            catching_up: BTreeSet::new(),
        }
    }

    /// Decides about one record. What becomes of its offset is not decided here.
    pub(crate) fn take(&mut self, record: Record) {
        let now = self.clock.now();
        let (partition, offset) = (record.partition(), record.offset());
        let backlog = record.backlog();
        match backlog {
            Backlog::Old => self.catching_up.insert(partition),
            Backlog::Current => self.catching_up.remove(&partition),
        };
        let decision = match self.decode(&record) {
            Ok(decoded) => {
                self.apply(now, Position { partition, offset }, decoded);
                self.metrics.record(now, processed(backlog));
                record.accept();
                Decision::Processed
            }
            Err(Undecoded::Host) => {
                if let Some(left_out) = self.throttle.pass(Line::RecordDeferred, now) {
                    tracing::warn!(
                        partition,
                        offset,
                        left_out,
                        "no memory for a record, which is deferred"
                    );
                }
                // It is decided, and counted, when it comes again.
                record.defer();
                return;
            }
            Err(Undecoded::Record(cause)) => {
                self.metrics.record(now, outcome(cause, backlog));
                let ids = self.ids(&record);
                record.reject(cause, ids);
                Decision::Unprocessable(cause)
            }
        };
        self.count(partition, offset, decision);
    }

    /// Enters what the policy decided without asking here.
    pub(crate) fn rejected(&mut self, records: Vec<Rejected>) {
        for record in records {
            let decision = Decision::Unprocessable(record.cause);
            self.count(record.partition, record.offset, decision);
        }
    }

    fn count(&mut self, partition: i32, offset: i64, decision: Decision) {
        let tick = |count: &mut u64| *count = count.saturating_add(1);
        tick(&mut self.counted.received);
        match decision {
            Decision::Processed => tick(&mut self.counted.decoded),
            Decision::Unprocessable(cause) => {
                tick(self.counted.unprocessable.entry(cause).or_default());
            }
        }
        let first = self.counted.first.entry(partition).or_insert(offset);
        *first = offset.min(*first);
        if let Some(ledger) = &self.ledger {
            ledger.decided(partition, offset, decision);
        }
    }

    /// Tells the runs that time has passed.
    pub(crate) fn tick(&mut self) {
        let now = self.clock.now();
        self.runs.handle_timeout(now);
        self.drain_effects();
        self.count_resyncs();
        while let Some(message) = self.runs.poll_quarantined() {
            if let Some(left_out) = self.throttle.pass(Line::MessageOfNoRun, now) {
                tracing::warn!(cause = ?message.cause, left_out, "message of no run");
            }
        }
    }

    /// Brings the metric up to what the runs have counted; a run may have recovered meanwhile.
    fn count_resyncs(&mut self) {
        let counts = self.runs.counts();
        for ((code, count), (_, before)) in counts.resyncs().zip(self.shown.resyncs()) {
            let reason = metrics::ResyncReason::LABEL.value(code);
            if let (Some(runs), Some(reason)) = (self.metrics.runs(), reason) {
                runs.resyncs.add(reason, count.saturating_sub(before));
            }
        }
        self.shown = counts;
    }

    pub(crate) const fn counted(&self) -> &Counted {
        &self.counted
    }

    pub(crate) const fn runs(&self) -> &Runs {
        &self.runs
    }

    /// Partitions whose last record was written before this session.
    pub(crate) const fn catching_up(&self) -> &BTreeSet<i32> {
        &self.catching_up
    }

    /// What `/health` shows of the runs.
    pub(crate) fn run_facts(&self) -> metrics::RunFacts {
        let counts = self.runs.counts();
        let mut facts = metrics::RunFacts::default();
        facts.synced = u64::try_from(counts.synced).unwrap_or(u64::MAX);
        facts.needs_resync = u64::try_from(counts.waiting).unwrap_or(u64::MAX);
        facts.refused = counts.refused().map(|(_, count)| count).sum();
        facts
    }

    fn decode(&mut self, record: &Record) -> Result<Decoded, Undecoded> {
        let Some(payload) = record.payload() else {
            // The policy lets these through only where it says to process them.
            return Err(Undecoded::Record(Cause::NullPayload));
        };
        self.decoder.decode(payload).map_err(|error| {
            tracing::debug!(
                partition = record.partition(),
                offset = record.offset(),
                code = error.code(),
                bytes = payload.len(),
                "record refused"
            );
            causes::of_decoder(error.fault())
        })
    }

    /// What the dead letter is told beside the record: its key, which is the thread's id where producers
    /// keep to the convention, and where in the payload it was refused.
    fn ids(&mut self, record: &Record) -> RecordIds {
        let mut ids = RecordIds::none();
        if let Some(thread) = record.key().and_then(|key| core::str::from_utf8(key).ok()) {
            ids = ids.thread_id(thread);
        }
        match record
            .payload()
            .and_then(|bytes| self.decoder.diagnose(bytes))
        {
            Some(diagnosis) => ids.detail(&diagnosis.to_string()),
            None => ids,
        }
    }

    /// Hands a message to its run. A run that cannot follow is not a record that cannot be processed.
    fn apply(&mut self, now: Duration, position: Position, decoded: Decoded) {
        if let Some(header) = decoded.message.header() {
            let late = unix_micros().saturating_sub(header.timestamp_us);
            let stage = metrics::LatencyStage::ProducerToConsumer;
            self.metrics.latency(now, stage, late);
        }
        let message = DashStreamMessage {
            message: Some(decoded.message),
        };
        let tally = self.runs.apply_message_at(now, position, &message);
        self.count_updates(&tally);
        self.drain_effects();
    }

    fn count_updates(&self, tally: &ApplySummary) {
        let Some(runs) = self.metrics.runs() else {
            return;
        };
        runs.duplicates.add((), tally.duplicate);
        runs.reorders.add((), tally.stale);
        if tally.missing > 0 {
            runs.gap(tally.missing);
        }
    }

    /// The wire has no way to ask a producer for a snapshot, so that a request is only noted: the run
    /// waits for the next one.
    fn drain_effects(&mut self) {
        while let Some((thread, effect)) = self.runs.poll_effect() {
            let Effect::RequestSnapshot { reason, attempt } = effect;
            tracing::debug!(?thread, reason = reason.code(), attempt, "run out of step");
        }
    }
}

const fn processed(backlog: Backlog) -> metrics::Outcome {
    match backlog {
        Backlog::Current => metrics::Outcome::Processed,
        Backlog::Old => metrics::Outcome::OldProcessed,
    }
}

/// The limits that belong to a longest value: the payload within a compressed one may be as long,
/// and the heap is in the same proportion to it as in the decoder's defaults, 64 MiB for 10 MiB.
pub(crate) fn decoding(max_payload_bytes: usize) -> DecodeOptions {
    let default = DecodeLimits::new();
    let limits = default.clone().with_payload_bytes(max_payload_bytes);
    if max_payload_bytes >= default.payload_bytes() {
        return DecodeOptions::new().with_limits(limits);
    }
    // A limit that is raised takes the others along; one that is lowered leaves them where they are, and
    // who sends less here may also ask for less.
    let share = |of: usize| u64::try_from(of).unwrap_or(u64::MAX);
    let heap = default
        .heap_bytes()
        .saturating_mul(share(max_payload_bytes))
        .checked_div(share(default.payload_bytes()));
    DecodeOptions::new().with_limits(limits.with_heap_bytes(heap.unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use dashstream_reducer::ResyncReason;

    use super::*;

    #[test]
    fn runs_and_metrics_name_the_same_reasons() {
        assert_eq!(metrics::ResyncReason::LABEL.texts(), ResyncReason::CODES);
    }
}
