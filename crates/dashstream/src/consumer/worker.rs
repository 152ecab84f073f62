//! One record's way: decode within limits, apply to its run, ask the handler, count, and give it back.

use core::future::poll_fn;
use core::panic::AssertUnwindSafe;
use core::pin::pin;
use core::task::Poll;
use std::collections::BTreeMap;
use std::panic::catch_unwind;

use dashstream_codec::{self as codec, Decoded, Decoder};
use dashstream_kafka::{Handle, Record, RecordIds};
use dashstream_policy::{Backlog, Cause};
use dashstream_reducer::{Effect, Position, Runs};
use tokio::sync::mpsc::UnboundedReceiver;
use tracing::Instrument as _;

use crate::consumer::dispatch::Division;
use crate::consumer::handler::{Handler, Message, Verdict};
use crate::consumer::read_back::ReadBack;
use crate::consumer::shared::{Shared, WorkerReport};
use crate::consumer::throttle::Line;
use crate::consumer::work::Work;
use crate::fault::cause_of;
use crate::handle::Recorder;
use crate::outcome::Outcome;
use crate::run_tracker::RunTracker;

/// Whoever decides about the records of some partitions, one after the other.
pub(crate) struct Worker<H> {
    pub(crate) number: usize,
    /// What a panic is answered with a clone of.
    pub(crate) pristine: H,
    pub(crate) handler: H,
    pub(crate) kafka: Handle,
    pub(crate) decoder: Decoder,
    pub(crate) runs: RunTracker,
    pub(crate) recorder: Recorder,
    pub(crate) shared: Shared,
    /// The last record of each partition, and whether it was there before this session.
    pub(crate) last: BTreeMap<i32, (i64, Backlog)>,
    /// Whether a span is opened for each record.
    pub(crate) spans: bool,
    pub(crate) read_back: Option<ReadBack>,
    pub(crate) division: Division,
    /// Attempts after which the engine rejects a record that is given back.
    pub(crate) attempts_max: u32,
}

impl<H: Handler + Clone> Worker<H> {
    pub(crate) async fn run(mut self, mut work: UnboundedReceiver<Work>) -> Runs {
        while let Some(next) = work.recv().await {
            match next {
                Work::Record(record) if self.spans => {
                    let span = span(&record);
                    self.take(record).instrument(span).await;
                }
                Work::Record(record) => self.take(record).await,
                Work::Assigned(partition, next) => self.read_back(partition, next).await,
                Work::Revoked(partition) => {
                    self.runs.runs_mut().forget_partition(partition);
                    self.last.remove(&partition);
                }
                Work::Tick => self.tick(),
                Work::End => break,
            }
        }
        // What the last records did to the runs is reported: `Dispatch::close` shows it.
        self.tick();
        self.runs.into_runs()
    }

    async fn read_back(&mut self, partition: i32, next: i64) {
        let (Some(back), true) = (
            self.read_back.clone(),
            self.division.reaches(partition, self.number),
        ) else {
            return;
        };
        let (now, mine) = (self.kafka.now(), (self.division, self.number));
        back.apply(
            now,
            (partition, next),
            mine,
            &mut self.decoder,
            &mut self.runs,
        )
        .await;
        self.drain_effects();
    }

    /// Decides about one record. What becomes of its offset is not decided here.
    async fn take(&mut self, record: Record) {
        let now = self.kafka.now();
        let (partition, offset) = (record.partition(), record.offset());
        let backlog = record.backlog();
        self.last.insert(partition, (offset, backlog));
        let verdict = match self.decode(&record) {
            Ok(decoded) => {
                let position = Position { partition, offset };
                // Before the handler is asked, which sees the run as of this record. A record that comes
                // again is known by its position, and does not change the run twice.
                let _summary = self.runs.apply(now, position, &decoded.message);
                self.drain_effects();
                let verdict = self.ask(&record, &decoded.message).await;
                // Not of an attempt behind which the record comes again.
                if matches!(verdict, Some(Verdict::Accept | Verdict::Reject(_))) {
                    self.latency(&decoded.message);
                }
                verdict
            }
            Err(Some(cause)) => Some(Verdict::Reject(cause)),
            Err(None) => {
                if let Some(left_out) = self.shared.throttle.pass(Line::RecordDeferred, now) {
                    tracing::warn!(
                        partition,
                        offset,
                        left_out,
                        "no memory for a record, which is deferred"
                    );
                }
                Some(Verdict::Defer)
            }
        };
        match verdict {
            Some(Verdict::Accept) => {
                self.recorder.record(now, processed(backlog));
                // Before its offset can move: who is told of it knows of all that is committed.
                self.shared.decide(partition, offset, None);
                record.accept();
            }
            // The engine counts what it rejects.
            Some(Verdict::Reject(cause)) => {
                let ids = self.ids(&record);
                self.shared.decide(partition, offset, Some(cause));
                record.reject(cause, ids);
            }
            // The record comes again, or the engine rejects and counts it when its attempts or their time are
            // spent. The ids are for that case.
            Some(Verdict::Release(cause)) => {
                let ids = self.ids(&record);
                self.released(&record, cause);
                record.release(cause, ids);
            }
            Some(Verdict::Defer) => record.defer(),
            // The handler panicked. A record that is dropped counts as released.
            None => {
                self.released(&record, Cause::Dropped);
                drop(record);
            }
        }
    }

    /// Tells of the rejection that the engine makes of a record's last attempt.
    fn released(&self, record: &Record, cause: Cause) {
        if record.attempt() >= self.attempts_max {
            self.shared
                .decide(record.partition(), record.offset(), Some(cause));
        }
    }

    /// The handler's verdict; `None` where it panicked.
    async fn ask(&mut self, record: &Record, content: &codec::Message) -> Option<Verdict> {
        let message = Message {
            record,
            content,
            runs: self.runs.runs(),
        };
        let handler = &mut self.handler;
        let answer = {
            // `handle` is called within the block, so that a panic of the call is caught as one of a poll is.
            let mut asked = pin!(async move { handler.handle(message).await });
            poll_fn(|cx| {
                // What a panic leaves half done is not used again: the future is not polled any more, and the
                // handler is replaced below.
                let polled = catch_unwind(AssertUnwindSafe(|| asked.as_mut().poll(cx)));
                polled.map_or(Poll::Ready(None), |polled| polled.map(Some))
            })
            .await
        };
        if answer.is_none() {
            self.handler = self.pristine.clone();
        }
        answer
    }

    /// Tells the runs that time has passed, and says how this worker is.
    fn tick(&mut self) {
        let now = self.kafka.now();
        self.runs.tick(now);
        self.drain_effects();
        while let Some(message) = self.runs.runs_mut().poll_quarantined() {
            if let Some(left_out) = self.shared.throttle.pass(Line::MessageOfNoRun, now) {
                tracing::warn!(cause = ?message.cause, left_out, "message of no run");
            }
        }
        let report = WorkerReport {
            runs: self.runs.counts(),
            last: self.last.clone(),
        };
        self.shared.report(self.number, report);
    }

    /// The cause of a record that is refused; nothing in it where the fault is the host's.
    fn decode(&mut self, record: &Record) -> Result<Decoded, Option<Cause>> {
        let Some(payload) = record.payload() else {
            // Such a record comes here only where the policy says `NullPayload::Process`, and there is
            // nothing to decode.
            return Err(Some(Cause::NullPayload));
        };
        self.decoder.decode(payload).map_err(|error| {
            tracing::debug!(
                partition = record.partition(),
                offset = record.offset(),
                code = error.code(),
                bytes = payload.len(),
                "record refused"
            );
            cause_of(error.fault())
        })
    }

    /// What the dead letter is told beside the record: its key, which is the thread's id where producers
    /// keep to the convention, and where in the payload it was refused.
    fn ids(&mut self, record: &Record) -> RecordIds {
        let mut ids = RecordIds::none();
        if let Some(thread) = record.key().and_then(|key| core::str::from_utf8(key).ok()) {
            ids = ids.thread_id(thread);
        }
        // Checks the payload once more, which only records that are refused or given back pay for.
        match record
            .payload()
            .and_then(|bytes| self.decoder.diagnose(bytes))
        {
            Some(diagnosis) => ids.detail(&diagnosis.to_string()),
            None => ids,
        }
    }

    /// Records how long after its producer's stamp a message was processed.
    fn latency(&mut self, message: &codec::Message) {
        if let Some(header) = message.header() {
            let wall = self.kafka.time_of_day().as_micros();
            let late = i64::try_from(wall)
                .unwrap_or(i64::MAX)
                .saturating_sub(header.timestamp_us);
            // A producer's stamp may be any number: the difference saturates, and is then no plausible
            // latency.
            self.recorder.latency(self.kafka.now(), late);
        }
    }

    /// The wire has no way to ask a producer for a snapshot, so that a request is only noted: the run
    /// waits for the next one.
    fn drain_effects(&mut self) {
        while let Some((thread, effect)) = self.runs.runs_mut().poll_effect() {
            let Effect::RequestSnapshot { reason, attempt } = effect;
            tracing::debug!(?thread, reason = reason.code(), attempt, "run out of step");
        }
    }
}

const fn processed(backlog: Backlog) -> Outcome {
    match backlog {
        Backlog::Current => Outcome::Processed,
        Backlog::Old => Outcome::OldProcessed,
    }
}

/// A record's span, with the trace context that its headers carry (W3C Trace Context's `traceparent`).
fn span(record: &Record) -> tracing::Span {
    let parent = record.headers().find(|(name, _)| *name == "traceparent");
    let parent = parent.and_then(|(_, value)| core::str::from_utf8(value?).ok());
    tracing::info_span!(
        "record",
        topic = record.topic(),
        partition = record.partition(),
        offset = record.offset(),
        attempt = record.attempt(),
        traceparent = parent
    )
}
