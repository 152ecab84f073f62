//! Sends dead letters again: produced, remembered and committed in one transaction.

mod ledger;
mod producer;

use core::fmt;
use core::time::Duration;
use std::collections::BTreeMap;

use dashstream_dlq::{
    DeadLetter, LetterPlace, Redrive, RedriveOptions, RedriveOutcome, RedriveReport, RedriveStep,
    Redriven,
};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer as _, ThreadedProducer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use self::ledger::Ledger;
use self::producer::{OversizeReports, TRANSACTION_TIMEOUT, encoded_bytes, init, producer};
use crate::admin::Admin;
use crate::client_code::ClientCode;
use crate::clock::{Clock, Patience, sleep};
use crate::config::{Config, LETTER_BYTES_MAX};
use crate::error::{StartError, asked};
use crate::topic_reader::{SourceReader, TopicReader, held};

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
    /// With a thread that takes the broker's answers.
    producer: ThreadedProducer<OversizeReports>,
    answers: OversizeReports,
    /// The least size that each topic has refused.
    refused_bytes: BTreeMap<String, usize>,
    config: Config,
    admin: Admin,
    /// How many partitions each target has; none where there is no such topic.
    targets: BTreeMap<String, Option<usize>>,
    ends: BTreeMap<i32, i64>,
    clock: Clock,
    timeout: Duration,
    /// Why it failed. It cannot go on then, since the reader does not give again what was read and not sent.
    failed: Option<RedriveError>,
}

/// The letters of one transaction.
#[derive(Default)]
struct Batch {
    sent: Vec<(LetterPlace, DeadLetter, Redriven)>,
    /// Where each partition goes on.
    next: BTreeMap<i32, i64>,
    more: bool,
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
        // Ends of the log, not of what is readable: letters that an open transaction hides belong
        // to this redrive too. They are waited for, or left to a later run under this name.
        let held = held(&Admin::of_the_log(config)?)?;
        let ledger = ledger::topic(&config.topic)?;
        // Before the first note is written: a broker that creates missing
        // topics by itself would create one that is not compacted.
        ledger::create(config, &ledger)?;
        // The client gives a record up after `TRANSACTION_TIMEOUT`. A commit
        // that waited for less could end before the answers that it depends on.
        let timeout = config.request_timeout.max(TRANSACTION_TIMEOUT);
        let answers = OversizeReports::new(config);
        let producer = producer(config, answers.clone())?;
        // Before the ledger is read: this aborts what a process that died has left open and
        // fences one that still runs, so that nobody adds a note to the ledger after it was read.
        init(&producer, timeout)?;
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
            answers,
            refused_bytes: BTreeMap::new(),
            config: config.clone(),
            admin,
            targets: BTreeMap::new(),
            ends: BTreeMap::new(),
            clock: Clock::start(),
            timeout,
            failed: None,
        };
        // The first start under this name. All ends are written in one transaction,
        // so that the ledger has an end for each partition or for none.
        if ends.is_empty() {
            ends = held
                .iter()
                .map(|(partition, range)| (*partition, range.end))
                .collect();
            redriver.fix(&ends)?;
        }
        // Also after `init`: until then a predecessor may have committed.
        let committed = redriver.admin.committed()?;
        let mut to_read = BTreeMap::new();
        for (partition, range) in held {
            let from = committed.get(&partition).copied().flatten();
            // Letters that retention has deleted since are passed
            // over, since no reader can begin below the log's start.
            let from = from.unwrap_or(range.start).max(range.start);
            // A partition that was added after the ends were fixed gets an empty range.
            let end = ends.get(&partition).copied().unwrap_or(range.start);
            to_read.insert(partition, from..end);
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
        let ledger = ledger::topic(&config.topic)?;
        // Without a ledger nothing was ever sent again from this archive topic.
        if ledger::exists(config, &ledger)? {
            // No redrive has an empty name, so that no ends are collected.
            let ledger = Ledger::read(config, &ledger, "")?;
            let sent = ledger.sent.into_iter();
            sent.for_each(|sent| redrive.sent_before(sent));
        }
        let held = held(&Admin::of_the_log(config)?)?;
        let mut reader = TopicReader::within(config, &config.topic, &held)?;
        let mut source = SourceReader::new(config);
        while let Some((place, record)) = reader.read()? {
            let letter = DeadLetter::read(&record, LETTER_BYTES_MAX);
            decide(&mut redrive, &mut source, place, &letter)?;
        }
        Ok(redrive.report().clone())
    }

    /// Sends some of the letters in one transaction, after the wait that the rate asks for, and says
    /// whether there are more. At most 500 letters, 8 MiB and about a second.
    ///
    /// A record that its topic is too small for is named, and the others are sent in another transaction.
    ///
    /// # Errors
    ///
    /// [`RedriveError`], now and at every later call; nothing of this transaction is seen by a reader of
    /// committed records, and a new redrive under this name goes on before it. Letters that are not readable
    /// within 10 s or [`Config::request_timeout`], such as those behind a transaction that is open, are
    /// [`StartError::NotReadable`] once all before them are sent; so are those whose record is not readable.
    pub fn step(&mut self) -> Result<bool, RedriveError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let wait = self.redrive.wait(self.clock.now());
        if !wait.is_zero() {
            sleep(wait);
        }
        let done = self.read_some().and_then(|batch| self.send_all(batch));
        match &done {
            // `redrive` counts a letter when it is decided on.
            // Only what is in a committed transaction is reported.
            Ok(_) => self.committed = self.redrive.report().clone(),
            Err(error) => {
                self.failed = Some(error.clone());
                // It also fails where no transaction was begun. Where
                // one stays open, the next start of a redrive ends it.
                let _ended = self.producer.abort_transaction(self.timeout);
            }
        }
        done
    }

    /// What became of the letters so far in this run, without a transaction that failed.
    #[must_use]
    pub const fn report(&self) -> &RedriveReport {
        &self.committed
    }

    fn read_some(&mut self) -> Result<Batch, RedriveError> {
        let mut batch = Batch::default();
        let (mut letters, mut bytes) = (0_usize, 0_usize);
        let time = Patience::new(STEP_TIME);
        batch.more = loop {
            // Asked before a letter is read, since the reader gives
            // none twice: one that was read has to be in this batch.
            if letters >= STEP_LETTERS || bytes >= STEP_BYTES || time.left().is_zero() {
                break true;
            }
            // The wait grows with each letter to be sent. The caller waits for the rate
            // between two batches, not within one, where a transaction would stay open.
            if letters > 0 && self.redrive.wait(self.clock.now()) > RATE_BURST {
                break true;
            }
            let (place, record) = match self.reader.read() {
                Ok(Some(read)) => read,
                Ok(None) => break false,
                // What was read before is sent first. The next batch
                // meets the same error with nothing read and returns it.
                Err(StartError::NotReadable { .. }) if letters > 0 => break true,
                Err(error) => return Err(error.into()),
            };
            letters = letters.saturating_add(1);
            bytes = bytes.saturating_add(record.bytes());
            let letter = DeadLetter::read(&record, LETTER_BYTES_MAX);
            let step = match decide(&mut self.redrive, &mut self.source, place, &letter) {
                // What was read before is sent first. This letter was taken off the reader, so that the
                // next step returns the error, and the next start begins with this letter.
                Err(error @ RedriveError::Start(StartError::NotReadable { .. })) if letters > 1 => {
                    self.failed = Some(error);
                    break true;
                }
                step => step?,
            };
            // Also behind a letter that is not sent: the group has
            // to pass it, or the next start would read it again.
            batch.next.insert(place.0, place.1.saturating_add(1));
            if let (Some(redriven), Ok(letter)) = (step, letter) {
                if self.partitions_of(&redriven.topic)?.is_some() {
                    batch.sent.push((place, letter, redriven));
                } else {
                    let why = RedriveOutcome::NoTarget;
                    self.redrive.unsendable(place, &letter, why);
                }
            }
        };
        // All was read. Between the last letter and the end are only gaps,
        // markers and records of aborted transactions, and the group passes them.
        if !batch.more {
            batch.next.clone_from(&self.ends);
        }
        Ok(batch)
    }

    /// Sends what was read in one transaction that commits, and says whether there is more to read.
    ///
    /// A refused record fails its transaction for all of them, so that there is another one without it. The
    /// producer is made anew for that, which ends what the old one has begun: the client waits for the
    /// time of a message to run out before it gives up a transaction itself.
    fn send_all(&mut self, mut batch: Batch) -> Result<bool, RedriveError> {
        // This ends: each turn that is not the last has noted
        // a refused record, and the next one leaves it out.
        loop {
            self.leave_too_large(&mut batch);
            self.begin()?;
            let sent = batch
                .sent
                .iter()
                .try_for_each(|(place, _, redriven)| self.send(*place, redriven));
            let answered = sent.and_then(|()| self.answered());
            // A refusal for size fails the transaction with an error of its own, which says
            // less. So errors are only looked at where no record was refused for its size.
            if self.answers.lock().is_empty() {
                answered?;
                // Within the transaction: the group passes these
                // letters exactly if their records become visible.
                self.store(&batch.next)?;
                self.commit()?;
                return Ok(batch.more);
            }
            // The assignment drops the old producer, which still reports on its records while it ends. Its
            // answers are taken when it is gone, so that none of them is held against the next transaction.
            self.producer = producer(&self.config, self.answers.clone())?;
            init(&self.producer, self.timeout)?;
            let refused = core::mem::take(&mut *self.answers.lock());
            for (place, _, redriven) in &batch.sent {
                if refused.contains(place) {
                    let least = self.refused_bytes.entry(redriven.topic.clone());
                    let least = least.or_insert(usize::MAX);
                    *least = encoded_bytes(&redriven.record).min(*least);
                }
            }
        }
    }

    /// Names the letters whose record is no smaller than one that its topic has refused.
    fn leave_too_large(&mut self, batch: &mut Batch) {
        let (redrive, refused) = (&mut self.redrive, &self.refused_bytes);
        batch.sent.retain(|(place, letter, redriven)| {
            let least = refused.get(&redriven.topic);
            // By size, not only the records that were refused: one refusal spares
            // the transactions that larger records for the same topic would fail.
            let fits = least.is_none_or(|least| encoded_bytes(&redriven.record) < *least);
            if !fits {
                redrive.unsendable(*place, letter, RedriveOutcome::TooLarge);
            }
            fits
        });
    }

    /// Waits until every record is answered, or one is refused for its size.
    fn answered(&self) -> Result<(), RedriveError> {
        let patience = Patience::new(self.timeout);
        // The count includes records whose report is being handed
        // over, so that at 0 every refusal is in `answers`.
        while self.answers.lock().is_empty() && self.producer.in_flight_count() > 0 {
            if patience.left().is_zero() {
                let code = ClientCode::new(RDKafkaErrorCode::MessageTimedOut);
                return Err(RedriveError::Transaction { code });
            }
            sleep(ANSWER_TIME);
        }
        Ok(())
    }

    /// How many partitions a topic has; none where it does not exist. It is asked for
    /// before anything is sent, since a broker may create a topic that a producer asks for.
    fn partitions_of(&mut self, topic: &str) -> Result<Option<usize>, RedriveError> {
        if let Some(known) = self.targets.get(topic) {
            return Ok(*known);
        }
        let found = match self.admin.partitions_now(topic, asked::TOPIC) {
            Ok(partitions) => Some(partitions.len()),
            Err(StartError::NoSuchTopic { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        self.targets.insert(topic.to_owned(), found);
        Ok(found)
    }

    fn send(&self, place: LetterPlace, redriven: &Redriven) -> Result<(), RedriveError> {
        let record = &redriven.record;
        let topic = &redriven.topic;
        let mut sent = BaseRecord::with_opaque_to(topic, Box::new(place));
        (sent.key, sent.payload) = (record.key.as_deref(), record.value.as_deref());
        // The source topic may have been created again with fewer partitions.
        // Without a number the partitioner chooses one by the key.
        let partitions = self.targets.get(topic).copied().flatten().unwrap_or(0);
        let there = |partition: &i32| usize::try_from(*partition).is_ok_and(|p| p < partitions);
        sent.partition = redriven.partition.filter(there);
        let headers = record.headers.iter();
        sent.headers = Some(headers.fold(OwnedHeaders::new(), |headers, (key, value)| {
            let value = value.as_deref();
            headers.insert(Header { key, value })
        }));
        if let Err((error, _record)) = self.producer.send(sent) {
            // The client itself refuses a record for its size: it
            // was not queued, and no note must say that it was sent.
            return self.answers.note(&error, place);
        }
        let key = ledger::key(&redriven.identity);
        let value = ledger::value(&self.name, place, redriven);
        self.remember(place, &key, &value)
    }

    fn remember(&self, place: LetterPlace, key: &str, value: &str) -> Result<(), RedriveError> {
        // Under the place of its letter, so that a refusal of the note leaves that letter out.
        let note = BaseRecord::with_opaque_to(&self.ledger, Box::new(place));
        let sent = self
            .producer
            .send(note.key(key.as_bytes()).payload(value.as_bytes()));
        sent.map_err(|(error, _record)| RedriveError::of(&error))
    }

    /// Fixes the end of this name's redrive for every later start of it.
    fn fix(&self, ends: &BTreeMap<i32, i64>) -> Result<(), RedriveError> {
        self.begin()?;
        for (partition, end) in ends {
            let key = ledger::end_key(&self.name, *partition);
            self.remember((*partition, *end), &key, &end.to_string())?;
        }
        self.commit()
    }

    fn begin(&self) -> Result<(), RedriveError> {
        let begun = self.producer.begin_transaction();
        begun.map_err(|error| RedriveError::of(&error))
    }

    fn store(&self, next: &BTreeMap<i32, i64>) -> Result<(), RedriveError> {
        let mut offsets = TopicPartitionList::new();
        for (partition, next) in next {
            // Cannot fail: rdkafka refuses only negative offsets here, and a log has none.
            let offset = Offset::Offset(*next);
            let _ok = offsets.add_partition_offset(&self.archive, *partition, offset);
        }
        // The group is always there, since `under` names one.
        // Where no letter was read there is nothing to store.
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
        // `ReadSource` does not come here: `source_read` never returns
        // it, and `letter` only for a letter that is readable.
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
        // What reads a consumed topic elsewhere reads the archive topic here.
        topic: config.archive_topic.clone(),
        group: format!("dashstream-redrive-{name}"),
        ..config.clone()
    })
}

/// A redrive that cannot go on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RedriveError {
    /// A name that is no part of a group's name: letters, digits, `.`, `_` and `-`, at most 100 bytes.
    #[error("a redrive's name has 1 to 100 letters, digits, '.', '_' or '-'")]
    Name,
    /// The broker did not answer, or refused the login or a right, or a topic is missing.
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
        // A fenced producer gets INVALID_PRODUCER_EPOCH from older brokers and PRODUCER_FENCED
        // from newer ones (KIP-588). `Fenced` is the client's own code for later calls.
        let is_fenced = matches!(
            code.raw(),
            RDKafkaErrorCode::ProducerFenced
                | RDKafkaErrorCode::InvalidProducerEpoch
                | RDKafkaErrorCode::Fenced
        );
        if is_fenced {
            return Self::Fenced;
        }
        // It sorts out refused logins, certificates and rights. What is left is about the transaction itself.
        let refused = StartError::unanswered(asked::TRANSACTION, code);
        if matches!(refused, StartError::Unreachable { .. }) {
            Self::Transaction { code }
        } else {
            Self::Start(refused)
        }
    }
}

/// Room for the prefix within the 249 bytes of a name.
const NAME_BYTES_MAX: usize = 100;

/// How often the broker's answers are looked for.
const ANSWER_TIME: Duration = Duration::from_millis(2);

const STEP_LETTERS: usize = 500;
const STEP_BYTES: usize = 8 * 1024 * 1024;
const STEP_TIME: Duration = Duration::from_secs(1);

/// A transaction takes some milliseconds, so that a rate is kept over this long.
const RATE_BURST: Duration = Duration::from_millis(100);
