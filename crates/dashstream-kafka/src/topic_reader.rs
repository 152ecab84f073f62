//! Reads a topic from start to end without joining a group.

use core::fmt;
use core::ops::Range;
use core::time::Duration;
use std::collections::BTreeMap;

use bytes::Bytes;
use dashstream_dlq::{KafkaRecord, LetterPlace};
use rdkafka::consumer::{Consumer as _, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Headers as _, Message as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::admin::Admin;
use crate::client_code::ClientCode;
use crate::clock::Patience;
use crate::config::Config;
use crate::error::{StartError, asked};
use crate::query_client::{QueryClient, QueryContext};
use crate::settings;

/// Reads ranges of a topic's partitions, and then ends. It commits nothing, and what belongs to a
/// transaction that was aborted is passed over.
pub struct TopicReader {
    consumer: QueryClient,
    topic: String,
    /// What is not read yet, of each partition that is not read to its end.
    open: BTreeMap<i32, Rest>,
    patience: Duration,
}

/// What is left of a partition.
struct Rest {
    next: i64,
    end: i64,
    /// Nothing more of it can be read now.
    is_hidden: bool,
}

impl TopicReader {
    /// Reads all that `topic` holds now: from the first offset of each partition to what is the next one
    /// at this moment, or to the first transaction that is open.
    ///
    /// # Errors
    ///
    /// [`StartError::NoSuchTopic`]; those of an unanswered question.
    pub fn whole(config: &Config, topic: &str) -> Result<Self, StartError> {
        Self::within(config, topic, &ranges(config, topic)?)
    }

    /// Reads of `topic` these ranges of offsets, by partition. They have to lie within what the partitions
    /// hold: what retention takes meanwhile is an error of [`TopicReader::read`].
    ///
    /// # Errors
    ///
    /// [`StartError`] when the client library refuses a setting.
    pub fn within(
        config: &Config,
        topic: &str,
        ranges: &BTreeMap<i32, Range<i64>>,
    ) -> Result<Self, StartError> {
        let mut reader = Self::new(config)?;
        reader.open(topic, ranges)?;
        Ok(reader)
    }

    /// Reads the record at one place of `topic`; none where there is none.
    ///
    /// # Errors
    ///
    /// Those of [`TopicReader::whole`] and of [`TopicReader::read`]: [`StartError::NotReadable`] behind a
    /// transaction that is open.
    pub fn one(
        config: &Config,
        topic: &str,
        place: LetterPlace,
    ) -> Result<Option<KafkaRecord>, StartError> {
        if !ranges(config, topic)?.contains_key(&place.0) {
            return Ok(None);
        }
        SourceReader::new(config).record_at(topic, place)
    }

    /// A reader of nothing, for [`TopicReader::open`].
    pub(crate) fn new(config: &Config) -> Result<Self, StartError> {
        Self::with(config, "read_committed")
    }

    /// One whose ranges are those of the log, behind an open transaction as well.
    fn of_the_log(config: &Config) -> Result<Self, StartError> {
        Self::with(config, "read_uncommitted")
    }

    fn with(config: &Config, isolation: &str) -> Result<Self, StartError> {
        let mut settings = settings::admin(config);
        settings
            // Nothing else tells that a partition is read to its end where its last offsets hold no record.
            .set("enable.partition.eof", "true")
            .set("isolation.level", isolation)
            // A start that retention has taken is an error. Any
            // other value would read on elsewhere without a word.
            .set("auto.offset.reset", "error");
        Ok(Self {
            consumer: QueryContext::client(config, &settings)?,
            topic: String::new(),
            open: BTreeMap::new(),
            patience: config.request_timeout.max(PATIENCE_MIN),
        })
    }

    /// Reads these ranges. Once for a reader: what the client has fetched of an earlier assignment may
    /// still come after another one, and would be taken for what stands there.
    pub(crate) fn open(
        &mut self,
        topic: &str,
        ranges: &BTreeMap<i32, Range<i64>>,
    ) -> Result<(), StartError> {
        let mut list = TopicPartitionList::new();
        self.open.clear();
        topic.clone_into(&mut self.topic);
        for (partition, range) in ranges.iter().filter(|(_, range)| !range.is_empty()) {
            // Cannot fail: rdkafka refuses only negative offsets here, and a log has none.
            let _ok = list.add_partition_offset(topic, *partition, Offset::Offset(range.start));
            let rest = Rest {
                next: range.start,
                end: range.end,
                is_hidden: false,
            };
            self.open.insert(*partition, rest);
        }
        self.consumer
            .assign(&list)
            .map_err(|error| failed(topic, &error))
    }

    /// The next record and where it stands, partitions in any order; none at the end of all.
    ///
    /// # Errors
    ///
    /// [`StartError`] when the broker refuses or does not have the range any more, or gives nothing for 10 s
    /// or [`Config::request_timeout`]: [`StartError::NotReadable`] where it has more before the end and does not
    /// show it yet. The next call goes on where this one was.
    pub fn read(&mut self) -> Result<Option<(LetterPlace, KafkaRecord)>, StartError> {
        let patience = Patience::new(self.patience);
        let mut last = None;
        while !self.open.is_empty() {
            let left = patience.left();
            if left.is_zero() {
                return Err(self.unfinished(last));
            }
            match self.consumer.poll(left.min(POLL)) {
                None => {}
                Some(Err(KafkaError::PartitionEOF(partition))) => self.pause_at(partition)?,
                Some(Err(error)) => {
                    let code = ClientCode::of(&error);
                    // It is returned if it lasts; otherwise the next poll may bring records again.
                    last = Some(code);
                    if code.is_permanent() || is_gone(code) || is_out_of_range(code) {
                        return Err(failed(&self.topic, &error));
                    }
                }
                Some(Ok(message)) => {
                    let (partition, offset) = (message.partition(), message.offset());
                    let rest = self.open.get_mut(&partition);
                    // A partition that was read to its end stays assigned,
                    // so that records behind that end still come.
                    let Some(rest) = rest.filter(|_| message.topic() == self.topic) else {
                        continue;
                    };
                    (rest.next, rest.is_hidden) = (offset.saturating_add(1), false);
                    let end = rest.end;
                    if rest.next >= end {
                        self.open.remove(&partition);
                    }
                    // A record at the end or behind it shows that the
                    // last offsets before the end hold no record.
                    if offset < end {
                        return Ok(Some(((partition, offset), owned(&message))));
                    }
                }
            }
        }
        Ok(None)
    }

    /// The client has read all that can be read now. That is less than there is while a transaction is
    /// open, or while a new leader has not caught up; what it has passed without a record are gaps.
    fn pause_at(&mut self, partition: i32) -> Result<(), StartError> {
        let positions = self
            .consumer
            .position()
            .map_err(|error| failed(&self.topic, &error))?;
        let position = positions.find_partition(&self.topic, partition);
        if let Some(rest) = self.open.get_mut(&partition) {
            // The client has no position before it has read the first record or marker of
            // a transaction. A position may be ahead of `next`, since it also passes gaps.
            if let Some(Offset::Offset(position)) = position.map(|position| position.offset()) {
                rest.next = position.max(rest.next);
            }
            rest.is_hidden = true;
            if rest.next >= rest.end {
                self.open.remove(&partition);
            }
        }
        Ok(())
    }

    /// Why a reader whose time is over is not at the end.
    fn unfinished(&self, last: Option<ClientCode>) -> StartError {
        // Only partitions that the client has read as far as it
        // can: of the others nobody knows why they are silent.
        let hidden = self.open.values().filter(|rest| rest.is_hidden);
        let offsets = hidden.fold(0_u64, |sum, rest| {
            sum.saturating_add(rest.end.abs_diff(rest.next))
        });
        match last {
            None if offsets > 0 => StartError::NotReadable { offsets },
            code => {
                let silent = ClientCode::new(RDKafkaErrorCode::OperationTimedOut);
                StartError::unanswered(asked::TOPIC, code.unwrap_or(silent))
            }
        }
    }

    /// What a partition holds; none where it does not exist.
    fn range(&self, topic: &str, partition: i32) -> Result<Option<Range<i64>>, StartError> {
        match self
            .consumer
            .fetch_watermarks(topic, partition, self.patience)
        {
            Ok((low, high)) => Ok(Some(low..high)),
            Err(error) if is_gone(ClientCode::of(&error)) => Ok(None),
            Err(error) => Err(failed(topic, &error)),
        }
    }

    pub(crate) fn group(&self) -> Option<ConsumerGroupMetadata> {
        self.consumer.group_metadata()
    }
}

impl fmt::Debug for TopicReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TopicReader")
            .field("topic", &self.topic)
            .field("open", &self.open.keys())
            .finish_non_exhaustive()
    }
}

/// Reads single records. Those of a partition that are asked for in order, as letters name them, come from
/// one reader; another order costs a new client for each, about half a second.
pub(crate) struct SourceReader {
    config: Config,
    /// By topic and partition.
    open: BTreeMap<(String, i32), OpenSource>,
}

struct OpenSource {
    reader: TopicReader,
    /// The first offset that it may still give.
    next: i64,
}

impl SourceReader {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            config: config.clone(),
            open: BTreeMap::new(),
        }
    }

    /// The record at one place; none where there is none any more.
    pub(crate) fn record_at(
        &mut self,
        topic: &str,
        (partition, offset): LetterPlace,
    ) -> Result<Option<KafkaRecord>, StartError> {
        let key = (topic.to_owned(), partition);
        // Taken out, and put back only if it had the record: a
        // reader that failed or has gone too far is of no more use.
        if let Some(mut open) = self.open.remove(&key) {
            let near = open.next..open.next.saturating_add(NEAR_RECORDS);
            if near.contains(&offset)
                && let Ok(Some(record)) = open.forward_to(offset)
            {
                self.open.insert(key, open);
                return Ok(Some(record));
            }
        }
        // A reader that has read on may also have come to the end that it was opened with, or have
        // failed. Only a new one, which begins at the offset, can tell that the record is gone.
        let mut reader = TopicReader::new(&self.config)?;
        let patience = Patience::new(reader.patience);
        let range = loop {
            let range = reader.range(topic, partition)?;
            let Some(range) = range.filter(|range| range.start <= offset) else {
                return Ok(None);
            };
            if offset < range.end {
                break range;
            }
            // What a transaction that is open hides is not gone.
            let log = TopicReader::of_the_log(&self.config)?.range(topic, partition)?;
            if log.is_none_or(|log| log.end <= offset) {
                return Ok(None);
            }
            if !patience.again() {
                let offsets = offset.abs_diff(range.end).saturating_add(1);
                return Err(StartError::NotReadable { offsets });
            }
        };
        reader.open(topic, &BTreeMap::from([(partition, offset..range.end)]))?;
        let next = offset;
        let mut open = OpenSource { reader, next };
        let record = open.forward_to(offset)?;
        // Any of them may go: another reader takes time and changes no result.
        if self.open.len() >= READERS_MAX {
            self.open.pop_first();
        }
        self.open.insert(key, open);
        Ok(record)
    }
}

impl OpenSource {
    /// Reads on to this offset; none where another record comes behind it, or none at all.
    fn forward_to(&mut self, offset: i64) -> Result<Option<KafkaRecord>, StartError> {
        while let Some(((_, at), record)) = self.reader.read()? {
            self.next = at.saturating_add(1);
            if at >= offset {
                return Ok((at == offset).then_some(record));
            }
        }
        Ok(None)
    }
}

/// Each is a client with a thread and a connection to each broker that it reads from.
const READERS_MAX: usize = 16;

/// Further ahead than this, a new reader is there sooner: about what one fetch brings.
const NEAR_RECORDS: i64 = 1_000;

/// What each partition of a topic holds, up to the first open transaction.
pub(crate) fn ranges(
    config: &Config,
    topic: &str,
) -> Result<BTreeMap<i32, Range<i64>>, StartError> {
    held(&Admin::new(&Config {
        topic: topic.to_owned(),
        ..config.clone()
    })?)
}

/// What each partition of the topic holds, as far as the client is shown it.
pub(crate) fn held(admin: &Admin) -> Result<BTreeMap<i32, Range<i64>>, StartError> {
    let mut ranges = BTreeMap::new();
    for partition in admin.partitions()? {
        ranges.insert(partition, admin.watermarks(partition)?);
    }
    Ok(ranges)
}

fn owned(message: &rdkafka::message::BorrowedMessage<'_>) -> KafkaRecord {
    let headers = message
        .headers()
        .into_iter()
        .flat_map(|headers| headers.iter());
    KafkaRecord {
        key: message.key().map(Bytes::copy_from_slice),
        value: message.payload().map(Bytes::copy_from_slice),
        headers: headers
            .map(|header| (header.key.into(), header.value.map(Bytes::copy_from_slice)))
            .collect(),
        timestamp_ms: message.timestamp().to_millis(),
    }
}

/// The topic or the partition does not exist.
fn is_gone(code: ClientCode) -> bool {
    matches!(
        code.raw(),
        RDKafkaErrorCode::UnknownTopicOrPartition
            | RDKafkaErrorCode::UnknownTopic
            | RDKafkaErrorCode::UnknownPartition
    )
}

/// The log does not have the position. The client has stopped the partition, and reads nothing more of it.
fn is_out_of_range(code: ClientCode) -> bool {
    code.raw() == RDKafkaErrorCode::AutoOffsetReset
}

fn failed(topic: &str, error: &KafkaError) -> StartError {
    let code = ClientCode::of(error);
    if is_gone(code) {
        return StartError::NoSuchTopic {
            what: asked::TOPIC,
            name: topic.into(),
        };
    }
    StartError::unanswered(asked::TOPIC, code)
}

const POLL: Duration = Duration::from_millis(100);

/// Least time without a record before a reader gives up: a leader that moves takes as long.
const PATIENCE_MIN: Duration = Duration::from_secs(10);
