//! Sends dead letters again: produced, remembered and committed in one transaction.

mod ledger;

use core::fmt;
use core::time::Duration;
use std::collections::BTreeMap;

use dashstream_dlq::{
    DeadLetter, LETTER_BYTES_DEFAULT, LetterPlace, Redrive, RedriveOptions, RedriveReport,
    RedriveStep, Redriven,
};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use self::ledger::Ledger;
use crate::admin::Admin;
use crate::client_code::ClientCode;
use crate::clock::{Clock, Patience, pause};
use crate::config::Config;
use crate::error::{Asked, StartError};
use crate::settings;
use crate::topic_reader::{SourceReader, TopicReader, ranges};

/// A redrive under a name: it goes through the archive topic as it stood when the name was first used,
/// and can be started again wherever it was ended.
///
/// What is sent, what is remembered of it in the compacted topic `<archive topic>-redriven`, and how far
/// the group `dashstream-redrive-<name>` has come are one transaction, so that a reader with
/// `isolation.level=read_committed` sees each record once, whenever the process dies; another reader
/// may see one of an aborted transaction as well. What was remembered is not sent again under any name.
/// One redrive of an archive topic runs at a time: a second one fences the first.
///
/// It blocks, and reads the clock for the rate alone.
pub struct Redriver {
    redrive: Redrive,
    committed: RedriveReport,
    name: String,
    archive: String,
    ledger: String,
    reader: TopicReader,
    source: SourceReader,
    producer: BaseProducer,
    admin: Admin,
    /// How many partitions each target has; none where there is no such topic.
    targets: BTreeMap<String, Option<usize>>,
    ends: BTreeMap<i32, i64>,
    clock: Clock,
    timeout: Duration,
}

impl Redriver {
    /// Starts, or goes on with, the redrive `name` of the archive topic that `config` names, and fences
    /// another one of this archive topic.
    ///
    /// # Errors
    ///
    /// [`RedriveError`]; nothing was sent.
    pub fn start(
        config: &Config,
        name: &str,
        options: RedriveOptions,
    ) -> Result<Self, RedriveError> {
        let config = &under(config, name)?;
        let held = ranges(config, &config.topic)?;
        let ledger = ledger::topic(&config.topic)?;
        ledger::create(config, &ledger)?;
        let timeout = config.request_timeout.max(TRANSACTION_TIMEOUT);
        let producer = producer(config)?;
        // Ends what a process that died has left open, before the ledger is read.
        producer
            .init_transactions(timeout)
            .map_err(|error| RedriveError::of(&error))?;
        let mut redrive = Redrive::new(options);
        let Ledger { sent, mut ends } = Ledger::read(config, &ledger, name)?;
        sent.into_iter()
            .for_each(|identity| redrive.sent_before(identity));
        let admin = Admin::new(config)?;
        let mut redriver = Self {
            redrive,
            committed: RedriveReport::default(),
            name: name.to_owned(),
            archive: config.topic.clone(),
            ledger,
            reader: TopicReader::new(config)?,
            source: SourceReader::new(config),
            producer,
            admin,
            targets: BTreeMap::new(),
            ends: BTreeMap::new(),
            clock: Clock::start(),
            timeout,
        };
        if ends.is_empty() {
            ends = held
                .iter()
                .map(|(partition, range)| (*partition, range.end))
                .collect();
            redriver.fix(&ends)?;
        }
        let committed = redriver.admin.committed()?;
        let mut to_read = BTreeMap::new();
        for (partition, range) in held {
            let from = committed.get(&partition).copied().flatten();
            let from = from.unwrap_or(range.start).max(range.start);
            let end = ends.get(&partition).copied().unwrap_or(range.start);
            to_read.insert(partition, from..end.min(range.end));
        }
        redriver.reader.open(&redriver.archive, &to_read)?;
        redriver.ends = ends;
        Ok(redriver)
    }

    /// What a redrive with these options would do with everything that the archive topic holds. Sends
    /// nothing and leaves nothing behind; letters that only name their source are read there.
    ///
    /// # Errors
    ///
    /// [`RedriveError`].
    pub fn dry_run(
        config: &Config,
        options: RedriveOptions,
    ) -> Result<RedriveReport, RedriveError> {
        let config = &under(config, "dry-run")?;
        let mut redrive = Redrive::new(options);
        match Ledger::read(config, &ledger::topic(&config.topic)?, "") {
            Ok(ledger) => ledger
                .sent
                .into_iter()
                .for_each(|sent| redrive.sent_before(sent)),
            Err(RedriveError::Start(StartError::NoSuchTopic { .. })) => {}
            Err(error) => return Err(error),
        }
        let mut reader = TopicReader::whole(config, &config.topic)?;
        let mut source = SourceReader::new(config);
        while let Some((place, record)) = reader.read()? {
            let letter = DeadLetter::read(&record, LETTER_BYTES_DEFAULT);
            decide(&mut redrive, &mut source, place, &letter)?;
        }
        Ok(redrive.report().clone())
    }

    /// Sends some of the letters in one transaction, after the wait that the rate asks for, and says
    /// whether there are more. At most 500 letters, 8 MiB and about a second.
    ///
    /// # Errors
    ///
    /// [`RedriveError`]; nothing of this transaction is seen by a reader of committed records, and a
    /// new redrive under this name goes on before it.
    pub fn step(&mut self) -> Result<bool, RedriveError> {
        let wait = self.redrive.wait(self.clock.now());
        if !wait.is_zero() {
            pause(wait);
        }
        self.producer
            .begin_transaction()
            .map_err(|error| RedriveError::of(&error))?;
        match self
            .send_some()
            .and_then(|more| self.commit().map(|()| more))
        {
            Ok(more) => {
                self.committed = self.redrive.report().clone();
                Ok(more)
            }
            Err(error) => {
                // Where this fails too, the next start of a redrive ends the transaction.
                let _ended = self.producer.abort_transaction(self.timeout);
                Err(error)
            }
        }
    }

    /// What became of the letters so far in this run, without a transaction that failed.
    #[must_use]
    pub const fn report(&self) -> &RedriveReport {
        &self.committed
    }

    fn send_some(&mut self) -> Result<bool, RedriveError> {
        let mut read = BTreeMap::new();
        let (mut letters, mut bytes) = (0_usize, 0_usize);
        let time = Patience::new(STEP_TIME);
        let more = loop {
            if letters >= STEP_LETTERS || bytes >= STEP_BYTES || time.left().is_zero() {
                break true;
            }
            if letters > 0 && self.redrive.wait(self.clock.now()) > RATE_BURST {
                break true;
            }
            let Some((place, record)) = self.reader.read()? else {
                break false;
            };
            letters = letters.saturating_add(1);
            bytes = bytes.saturating_add(record.bytes());
            read.insert(place.0, place.1.saturating_add(1));
            let letter = DeadLetter::read(&record, LETTER_BYTES_DEFAULT);
            let step = decide(&mut self.redrive, &mut self.source, place, &letter)?;
            if let (Some(redriven), Ok(letter)) = (step, &letter) {
                match self.partitions_of(&redriven.topic)? {
                    Some(partitions) => self.send(place, &redriven, partitions)?,
                    None => self.redrive.no_target(place, letter),
                }
            }
        };
        if !more {
            read.clone_from(&self.ends);
        }
        self.store(&read)?;
        Ok(more)
    }

    /// How many partitions a topic has. A client would make one that is not there.
    fn partitions_of(&mut self, topic: &str) -> Result<Option<usize>, RedriveError> {
        if let Some(known) = self.targets.get(topic) {
            return Ok(*known);
        }
        let found = match self.admin.partitions_now(topic, Asked::Topic) {
            Ok(partitions) => Some(partitions.len()),
            Err(StartError::NoSuchTopic { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        self.targets.insert(topic.to_owned(), found);
        Ok(found)
    }

    fn send(
        &self,
        place: LetterPlace,
        redriven: &Redriven,
        partitions: usize,
    ) -> Result<(), RedriveError> {
        let record = &redriven.record;
        let mut sent = BaseRecord::<[u8], [u8]>::to(&redriven.topic);
        (sent.key, sent.payload) = (record.key.as_deref(), record.value.as_deref());
        // A topic that was created again may have fewer.
        let there = |partition: &i32| usize::try_from(*partition).is_ok_and(|p| p < partitions);
        sent.partition = redriven.partition.filter(there);
        let headers = record.headers.iter();
        sent.headers = Some(headers.fold(OwnedHeaders::new(), |headers, (key, value)| {
            let value = value.as_deref();
            headers.insert(Header { key, value })
        }));
        self.produce(sent)?;
        let key = ledger::key(&redriven.identity);
        let value = ledger::value(&self.name, place, redriven);
        self.produce(
            BaseRecord::to(&self.ledger)
                .key(key.as_bytes())
                .payload(value.as_bytes()),
        )
    }

    fn produce(&self, record: BaseRecord<'_, [u8], [u8]>) -> Result<(), RedriveError> {
        let sent = self.producer.send(record);
        sent.map_err(|(error, _record)| RedriveError::of(&error))
    }

    /// Fixes the end of this name's redrive for every later start of it.
    fn fix(&self, ends: &BTreeMap<i32, i64>) -> Result<(), RedriveError> {
        self.producer
            .begin_transaction()
            .map_err(|error| RedriveError::of(&error))?;
        for (partition, end) in ends {
            let (key, value) = (ledger::end_key(&self.name, *partition), end.to_string());
            let record = BaseRecord::to(&self.ledger);
            self.produce(record.key(key.as_bytes()).payload(value.as_bytes()))?;
        }
        self.commit()
    }

    fn store(&self, next: &BTreeMap<i32, i64>) -> Result<(), RedriveError> {
        let mut offsets = TopicPartitionList::new();
        for (partition, next) in next {
            // Cannot fail: an offset that a log has is one.
            let offset = Offset::Offset(*next);
            let _ok = offsets.add_partition_offset(&self.archive, *partition, offset);
        }
        let Some(group) = self.reader.group().filter(|_| !next.is_empty()) else {
            return Ok(());
        };
        let stored = self
            .producer
            .send_offsets_to_transaction(&offsets, &group, self.timeout);
        stored.map_err(|error| RedriveError::of(&error))
    }

    fn commit(&self) -> Result<(), RedriveError> {
        let committed = self.producer.commit_transaction(self.timeout);
        committed.map_err(|error| RedriveError::of(&error))
    }
}

impl fmt::Debug for Redriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redriver")
            .field("name", &self.name)
            .field("archive", &self.archive)
            .field("report", &self.committed)
            .finish_non_exhaustive()
    }
}

/// The record to send for a letter, read where it stood if it has to be.
fn decide(
    redrive: &mut Redrive,
    source: &mut SourceReader,
    place: LetterPlace,
    letter: &Result<DeadLetter, dashstream_dlq::LetterError>,
) -> Result<Option<Redriven>, RedriveError> {
    let step = match (redrive.letter(place, letter), letter) {
        (
            RedriveStep::ReadSource {
                topic,
                partition,
                offset,
            },
            Ok(letter),
        ) => {
            let record = source.record_at(&topic, (partition, offset))?;
            redrive.source_read(place, letter, record)
        }
        (step, _) => step,
    };
    Ok(match step {
        RedriveStep::Send(redriven) => Some(redriven),
        RedriveStep::ReadSource { .. } | RedriveStep::Leave(_) => None,
    })
}

/// The configuration of a reader of the archive topic as this redrive's group.
fn under(config: &Config, name: &str) -> Result<Config, RedriveError> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(legal) {
        return Err(RedriveError::Name);
    }
    Ok(Config {
        topic: config.archive_topic.clone(),
        group: format!("dashstream-redrive-{name}"),
        ..config.clone()
    })
}

fn producer(config: &Config) -> Result<BaseProducer, RedriveError> {
    let mut settings = settings::producer(config);
    settings
        // Of the archive topic, not of the name: what another name sends meanwhile is not in the ledger
        // that this one has read.
        .set(
            "transactional.id",
            format!("dashstream-redrive-{}", config.topic),
        )
        .set("queue.buffering.max.messages", "100000")
        .set(
            "message.timeout.ms",
            TRANSACTION_TIMEOUT.as_millis().to_string(),
        )
        // What the broker takes is its topic's to say; the client's own limit is below many of them.
        .set("message.max.bytes", SENT_BYTES_MAX.to_string())
        // What Java producers do, so that a key stays in its partition of another topic.
        .set("partitioner", "murmur2_random");
    let made = settings.create();
    Ok(made.map_err(|error| settings::culprit(&settings, config, &error))?)
}

/// A redrive that cannot go on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RedriveError {
    /// A name that is no part of a group's name: letters, digits, `.`, `_` and `-`, at most 100 bytes.
    #[error("a redrive's name has 1 to 100 letters, digits, '.', '_' or '-'")]
    Name,
    /// The broker did not answer, or a topic is missing.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The topic that remembers what was sent holds something else.
    #[error("the topic that remembers what was sent holds a record that is none of a redrive")]
    Ledger,
    /// Another redrive of this archive topic was started.
    #[error("another redrive of this archive topic was started")]
    Fenced,
    /// The broker or the client refused a transaction, or a record in it.
    #[error("the transaction failed: {code}")]
    Transaction {
        /// The client's error.
        code: ClientCode,
    },
}

impl RedriveError {
    /// A name for logs and tests that does not change between releases.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Name => "redrive_name",
            Self::Start(error) => error.code(),
            Self::Ledger => "redrive_ledger",
            Self::Fenced => "redrive_fenced",
            Self::Transaction { .. } => "redrive_transaction",
        }
    }

    fn of(error: &KafkaError) -> Self {
        let code = ClientCode::of(error);
        let is_fenced = matches!(
            code.raw(),
            RDKafkaErrorCode::ProducerFenced
                | RDKafkaErrorCode::InvalidProducerEpoch
                | RDKafkaErrorCode::Fenced
        );
        if is_fenced {
            return Self::Fenced;
        }
        Self::Transaction { code }
    }
}

/// Room for the prefix within the 249 bytes of a name.
const NAME_BYTES_MAX: usize = 100;

/// The largest letter that is read, and room for the headers of a redrive.
const SENT_BYTES_MAX: usize = LETTER_BYTES_DEFAULT + 64 * 1024;

/// Half of a broker's default `transaction.timeout.ms`, 60 s.
const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(30);

const STEP_LETTERS: usize = 500;
const STEP_BYTES: usize = 8 * 1024 * 1024;
const STEP_TIME: Duration = Duration::from_secs(1);

/// A transaction takes some milliseconds, so that a rate is kept over this long.
const RATE_BURST: Duration = Duration::from_millis(100);
