//! What stands before a partition's committed offset, read again for the states of its runs alone.

use core::time::Duration;
use std::collections::BTreeMap;

use dashstream_codec::Decoder;
use dashstream_kafka::dlq::KafkaRecord;
use dashstream_kafka::{Admin, Config, StartError, TopicReader};
use dashstream_reducer::Position;
use tokio::sync::mpsc::{Sender, channel};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::consumer::dispatch::Division;
use crate::run_tracker::RunTracker;

/// How far it is read back, and by which client.
#[derive(Clone, Debug)]
pub(crate) struct ReadBack {
    pub(crate) kafka: Config,
    pub(crate) records: u32,
    pub(crate) time: Duration,
}

/// An offset and what stands there.
type Earlier = (i64, KafkaRecord);

impl ReadBack {
    /// Applies to `runs` what stands before `next`, as far as `mine` says that it is this worker's. Where not
    /// all of it could be read in time, the partition's runs are as unknown as without.
    pub(crate) async fn apply(
        &self,
        now: Duration,
        (partition, next): (i32, i64),
        (mine, worker): (Division, usize),
        decoder: &mut Decoder,
        runs: &mut RunTracker,
    ) {
        let (sender, mut earlier) = channel(AHEAD);
        let (kafka, records) = (self.kafka.clone(), self.records);
        let reader = spawn_blocking(move || read(&kafka, records, partition, next, &sender));
        // When the time is over the receiver goes with this future, and the reader ends at its next record.
        // Its thread cannot be aborted.
        let applied = timeout(self.time, async {
            let mut applied = 0_u64;
            while let Some((offset, record)) = earlier.recv().await {
                if mine.worker_of(partition, record.key.as_deref()) != worker {
                    continue;
                }
                // A record that the decoder refuses belongs to no run.
                if let Some(Ok(decoded)) = record.value.map(|value| decoder.decode(&value)) {
                    let position = Position { partition, offset };
                    runs.apply_again(now, position, &decoded.message);
                    applied = applied.saturating_add(1);
                }
            }
            let read = reader.await;
            // The reader panicked, and may not have come to the end.
            read.map_or(Err(StartError::Thread), |read| read.map(|()| applied))
        })
        .await;
        match applied {
            Ok(Ok(applied)) => tracing::info!(partition, next, applied, "runs read back"),
            Ok(Err(error)) => {
                // Some may have been applied. To a run without what lies behind them the next record would be
                // a gap.
                runs.runs_mut().forget_partition(partition);
                tracing::warn!(
                    partition,
                    code = error.code(),
                    "runs not read back: {error}"
                );
            }
            Err(_) => {
                runs.runs_mut().forget_partition(partition);
                tracing::warn!(partition, "runs not read back in time");
            }
        }
    }
}

/// Reads the records before `next`, at most so many offsets, until nobody takes them any more.
fn read(
    kafka: &Config,
    records: u32,
    partition: i32,
    next: i64,
    earlier: &Sender<Earlier>,
) -> Result<(), StartError> {
    let log = Admin::new(kafka)?.watermarks(partition)?;
    // Kept within the log, as `TopicReader::within` asks: retention may have removed the beginning, and
    // `next` lies beyond the end of a topic that was created again. A range that is left empty is passed
    // over.
    let from = next.saturating_sub(records.into()).max(log.start);
    let range = from..next.min(log.end);
    let topic = kafka.topic_name();
    let mut reader = TopicReader::within(kafka, topic, &BTreeMap::from([(partition, range)]))?;
    while let Some(((_, offset), record)) = reader.read()? {
        if earlier.blocking_send((offset, record)).is_err() {
            break;
        }
    }
    Ok(())
}

/// Records that the client may be ahead of the worker: the largest take 10 MiB each.
const AHEAD: usize = 8;
