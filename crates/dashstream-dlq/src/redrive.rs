//! Redrive: which letters are sent again, as what, and how many of them came to which end.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::date::rfc3339;
use crate::label::labels;
use crate::letter::{DeadLetter, LetterError};
use crate::record::{Header, KafkaRecord};
use crate::text::hex;

/// How often a record has been sent again. It travels with the record, as text.
pub const REDRIVES: &str = "dashstream.dlq.redrives";

/// When a record was first rejected, RFC 3339. It travels with the record.
const FIRST_SEEN: &str = "dashstream.dlq.first_seen";

/// The hash of the value that a mended one took the place of.
const MENDED: &str = "dashstream.dlq.mended";

/// Where a letter stands: its partition and offset in the archive topic.
pub type LetterPlace = (i32, i64);

/// Which letters are sent again, where to and how fast. The default: all of them, each at most three
/// times, to where they came from, as fast as it goes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RedriveOptions {
    /// Only letters of these causes, see [`DeadLetter::cause`]; of all where there are none.
    pub causes: BTreeSet<String>,
    /// Only letters of records that were rejected then or later, since the Unix epoch.
    pub from: Option<Duration>,
    /// Only letters of records that were rejected before.
    pub until: Option<Duration>,
    /// Only letters of this topic's records.
    pub source: Option<String>,
    /// Only these letters.
    pub letters: Option<BTreeSet<LetterPlace>>,
    /// The topic that they are sent to, in place of the one that they came from.
    pub target: Option<String>,
    /// Records that have been sent again this often are left. Default: 3, what a retry usually has.
    pub redrives_max: u32,
    /// Sends letters again that were sent under this or another name.
    pub force: bool,
    /// Records a second; 0 counts as 1.
    pub rate: Option<u32>,
    /// Values in place of what stands in these letters.
    pub mended: BTreeMap<LetterPlace, Bytes>,
}

impl Default for RedriveOptions {
    fn default() -> Self {
        Self {
            causes: BTreeSet::new(),
            from: None,
            until: None,
            source: None,
            letters: None,
            target: None,
            redrives_max: 3,
            force: false,
            rate: None,
            mended: BTreeMap::new(),
        }
    }
}

impl RedriveOptions {
    /// Whether a letter at `place` is one of those that were asked for.
    #[must_use]
    pub fn selects(&self, place: LetterPlace, letter: &DeadLetter) -> bool {
        (self.causes.is_empty() || self.causes.contains(letter.cause()))
            && self.from.is_none_or(|from| letter.at >= from)
            && self.until.is_none_or(|until| letter.at < until)
            && (self.source.is_none() || self.source == letter.source.topic)
            && self
                .letters
                .as_ref()
                .is_none_or(|only| only.contains(&place))
    }
}

/// What to do with a letter.
#[expect(clippy::exhaustive_enums, reason = "a host has to do each of them")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedriveStep {
    /// Send this record. It is counted as sent.
    Send(Redriven),
    /// Read the record where it stood, and call [`Redrive::source_read`] with what was there.
    ReadSource {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The offset.
        offset: i64,
    },
    /// Nothing. It is counted.
    Leave(RedriveOutcome),
}

/// A record to be sent, and what to remember of it.
#[expect(clippy::exhaustive_structs, reason = "a host has to use each part")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redriven {
    /// The topic.
    pub topic: String,
    /// The partition, where it goes back to where it came from.
    pub partition: Option<i32>,
    /// The record, without a timestamp: it is as old as its sending, so that no retention takes it.
    pub record: KafkaRecord,
    /// What tells it from others, see [`DeadLetter::identity`].
    pub identity: [u8; 32],
}

labels! {
    /// What became of a letter.
    #[expect(clippy::exhaustive_enums, reason = "a report shows each of them")]
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    RedriveOutcome {
        /// It was sent, or would be.
        Sent = "sent",
        /// It is not among those that were asked for.
        Filtered = "filtered",
        /// It was sent before, under this name or another, or by another letter of the same record.
        AlreadySent = "already_sent",
        /// It has been sent as often as it may be.
        Exhausted = "exhausted",
        /// All of the record is not in the letter, and it is gone from where it stood.
        SourceGone = "source_gone",
        /// Another record is now where it stood.
        SourceDiffers = "source_differs",
        /// It does not say where it came from, or there is no such topic.
        NoTarget = "no_target",
        /// The topic takes no record that is so large.
        TooLarge = "too_large",
        /// It is no letter.
        Unreadable = "unreadable",
    }
}

/// How many letters came to which end, by cause, and which of them could not be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RedriveReport {
    counts: BTreeMap<(RedriveOutcome, String), u64>,
    unsent: Vec<(LetterPlace, RedriveOutcome)>,
}

impl RedriveReport {
    /// Letters by what became of them and by cause, in order. Beyond the first hundred causes of an
    /// outcome the word is `other`; of what is no letter it is the code of the error.
    pub fn counts(&self) -> impl Iterator<Item = (RedriveOutcome, &str, u64)> {
        let counts = self.counts.iter();
        counts.map(|((outcome, cause), count)| (*outcome, &**cause, *count))
    }

    /// Letters that came to this end.
    #[must_use]
    pub fn total(&self, outcome: RedriveOutcome) -> u64 {
        let counts = self.counts().filter(|(own, _, _)| *own == outcome);
        counts
            .map(|(_, _, count)| count)
            .fold(0, u64::saturating_add)
    }

    /// Letters that were looked at.
    #[must_use]
    pub fn letters(&self) -> u64 {
        self.counts.values().copied().fold(0, u64::saturating_add)
    }

    /// The first hundred letters that were asked for and cannot be sent, and why.
    #[must_use]
    pub fn unsent(&self) -> &[(LetterPlace, RedriveOutcome)] {
        &self.unsent
    }

    fn count(&mut self, place: LetterPlace, outcome: RedriveOutcome, cause: &str) {
        let count = self.counts.entry(self.key(outcome, cause)).or_insert(0);
        *count = count.saturating_add(1);
        let is_fine = matches!(
            outcome,
            RedriveOutcome::Sent | RedriveOutcome::Filtered | RedriveOutcome::AlreadySent
        );
        if !is_fine && self.unsent.len() < NAMED_MAX {
            self.unsent.push((place, outcome));
        }
    }

    /// Where a letter is counted, and was counted before.
    fn key(&self, outcome: RedriveOutcome, cause: &str) -> (RedriveOutcome, String) {
        let key = (outcome, cause.to_owned());
        if self.counts.contains_key(&key) {
            return key;
        }
        // Words of causes come from the letters, which may come from anybody: without a bound the report
        // would grow with them.
        let named = self.counts.keys().filter(|(own, _)| *own == outcome);
        match named.count() {
            0..NAMED_MAX => key,
            _ => (outcome, OTHER.to_owned()),
        }
    }
}

/// Causes of an outcome, and letters that cannot be sent, that a report names.
const NAMED_MAX: usize = 100;

/// All causes that have no name of their own in the report.
const OTHER: &str = "other";

/// Decides on one letter after the other. The host reads, sends and remembers.
///
/// A record is sent once for all its letters, unless it is forced; about 50 bytes are kept for each
/// that was sent.
#[derive(Clone, Debug)]
pub struct Redrive {
    options: RedriveOptions,
    sent: BTreeSet<[u8; 32]>,
    report: RedriveReport,
    started: Option<Duration>,
}

impl Redrive {
    /// Starts with nothing sent.
    #[must_use]
    pub fn new(options: RedriveOptions) -> Self {
        Self {
            options,
            sent: BTreeSet::new(),
            report: RedriveReport::default(),
            started: None,
        }
    }

    /// Learns that a record was sent in an earlier run, under whatever name.
    pub fn sent_before(&mut self, identity: [u8; 32]) {
        self.sent.insert(identity);
    }

    /// Decides on a record of the archive topic, which stands at `place` and was read with `letter`.
    pub fn letter(
        &mut self,
        place: LetterPlace,
        letter: &Result<DeadLetter, LetterError>,
    ) -> RedriveStep {
        let letter = match letter {
            Ok(letter) => letter,
            Err(error) => {
                // Of what is no letter only the place is known, so that no other choice can leave it out.
                let outcome = match &self.options.letters {
                    Some(only) if !only.contains(&place) => RedriveOutcome::Filtered,
                    Some(_) | None => RedriveOutcome::Unreadable,
                };
                self.report.count(place, outcome, error.code());
                return RedriveStep::Leave(outcome);
            }
        };
        // First: a letter that was not asked for is counted as that, sent or not.
        if !self.options.selects(place, letter) {
            return self.leave(place, letter, RedriveOutcome::Filtered);
        }
        if self.sent.contains(&letter.identity()) && !self.options.force {
            return self.leave(place, letter, RedriveOutcome::AlreadySent);
        }
        // The letter first: the source may be gone by now, and reading it is a request to a broker.
        if let Some(record) = letter.record() {
            return self.send(place, letter, record);
        }
        let source = &letter.source;
        match (&source.topic, source.partition, source.offset) {
            (Some(topic), Some(partition), Some(offset)) => RedriveStep::ReadSource {
                topic: topic.clone(),
                partition,
                offset: offset.get(),
            },
            (None, _, _) => self.leave(place, letter, RedriveOutcome::NoTarget),
            // A producer's letter: its record never stood anywhere.
            (Some(_), _, _) => self.source_read(place, letter, None),
        }
    }

    /// Goes on with a letter whose record was to be read where it stood: there it is, or it is gone.
    pub fn source_read(
        &mut self,
        place: LetterPlace,
        letter: &DeadLetter,
        record: Option<KafkaRecord>,
    ) -> RedriveStep {
        match record {
            Some(record) if letter.is_of(&record) => self.send(place, letter, record),
            Some(_) => self.leave(place, letter, RedriveOutcome::SourceDiffers),
            None => self.leave(place, letter, RedriveOutcome::SourceGone),
        }
    }

    /// Counts a letter that was to be sent and cannot be: its topic does not exist, or takes no record that
    /// is so large.
    pub fn unsendable(&mut self, place: LetterPlace, letter: &DeadLetter, why: RedriveOutcome) {
        // `send` has counted it already. Taken back, so that each letter is counted once.
        let key = self.report.key(RedriveOutcome::Sent, letter.cause());
        if let Some(count) = self.report.counts.get_mut(&key) {
            *count = count.saturating_sub(1);
        }
        // It was not sent: another letter of this record must not be taken for a repetition.
        self.sent.remove(&letter.identity());
        self.leave(place, letter, why);
    }

    /// What became of the letters so far.
    #[must_use]
    pub const fn report(&self) -> &RedriveReport {
        &self.report
    }

    /// How long to wait at `now` before the next letter is decided on, for the rate. `now` counts from
    /// any origin and never goes back.
    pub fn wait(&mut self, now: Duration) -> Duration {
        let started = *self.started.get_or_insert(now);
        let Some(rate) = self.options.rate else {
            return Duration::ZERO;
        };
        // From the start and not since the last call, so that what one wait misses the next makes up for.
        let sent = u32::try_from(self.report.total(RedriveOutcome::Sent)).unwrap_or(u32::MAX);
        let due = Duration::from_secs(1).saturating_mul(sent);
        let due = due.checked_div(rate.max(1)).unwrap_or(due);
        started.saturating_add(due).saturating_sub(now)
    }

    fn send(
        &mut self,
        place: LetterPlace,
        letter: &DeadLetter,
        mut record: KafkaRecord,
    ) -> RedriveStep {
        // From the record's own headers, so that the count holds across names, runs and letters, also
        // where the record is read where it stood.
        let (counted, redrives) = redrives(&record.headers);
        if redrives >= self.options.redrives_max {
            return self.leave(place, letter, RedriveOutcome::Exhausted);
        }
        let Some(topic) = self
            .options
            .target
            .as_ref()
            .or(letter.source.topic.as_ref())
        else {
            return self.leave(place, letter, RedriveOutcome::NoTarget);
        };
        // One count in each record: the new one is added last, and the headers do not grow with redrives.
        if let Some(at) = counted {
            record.headers.remove(at);
        }
        // Kept from the first redrive on: a later letter has the time of a later rejection.
        if !record.headers.iter().any(|(name, _)| **name == *FIRST_SEEN) {
            record.headers.push(text(FIRST_SEEN, rfc3339(letter.at)));
        }
        if let Some(mended) = self.options.mended.get(&place) {
            let before = record.value.replace(mended.clone()).unwrap_or_default();
            record
                .headers
                .push(text(MENDED, hex(&Sha256::digest(&before))));
        }
        record
            .headers
            .push(text(REDRIVES, redrives.saturating_add(1).to_string()));
        record.timestamp_ms = None;
        let goes_back = letter.source.topic.as_ref() == Some(topic);
        let redriven = Redriven {
            topic: topic.clone(),
            // Another topic may have other partitions, and there the key decides.
            partition: letter.source.partition.filter(|_| goes_back),
            record,
            identity: letter.identity(),
        };
        // Before the host has sent it: a second letter of the record may come in the same transaction.
        // `unsendable` takes it back.
        self.sent.insert(redriven.identity);
        self.report
            .count(place, RedriveOutcome::Sent, letter.cause());
        RedriveStep::Send(redriven)
    }

    fn leave(
        &mut self,
        place: LetterPlace,
        letter: &DeadLetter,
        outcome: RedriveOutcome,
    ) -> RedriveStep {
        self.report.count(place, outcome, letter.cause());
        RedriveStep::Leave(outcome)
    }
}

/// The last header that counts redrives, and its count. One that is no number is the source's own and
/// counts nothing.
fn redrives(headers: &[Header]) -> (Option<usize>, u32) {
    // From the end, where `send` has put it.
    let counts = headers.iter().enumerate().rev();
    let count = counts
        .filter(|(_, (name, _))| **name == *REDRIVES)
        .find_map(|(at, (_, value))| {
            let text = core::str::from_utf8(value.as_deref()?).ok()?;
            Some((at, text.parse().ok()?))
        });
    count.map_or((None, 0), |(at, count)| (Some(at), count))
}

fn text(name: &str, value: String) -> Header {
    (name.into(), Some(value.into()))
}
