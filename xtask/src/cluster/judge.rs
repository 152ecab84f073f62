//! Whether what brokers hold and gateways logged is what at-least-once delivery allows.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};

use super::evidence::Record;
use super::log::{Event, Place};
use super::{PARTITIONS, TOPIC};
use crate::group::Offsets;

/// What there is to judge by.
pub(super) struct Evidence {
    /// How many records the brokers acknowledged to the writer.
    pub(super) acknowledged: usize,
    /// What the topic holds.
    pub(super) topic: BTreeMap<Place, Record>,
    /// What the archive holds, with where it stands there.
    pub(super) letters: Vec<(Place, Record)>,
    /// The logs of the group of the writer, whose verdicts its ledger has confirmed.
    pub(super) reference: Vec<Vec<Event>>,
    /// The logs of the group whose members were killed.
    pub(super) group: Vec<Vec<Event>>,
    /// Where both groups go on.
    pub(super) committed: Offsets,
}

/// What was found, each with the places where. Only the last four are no faults.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Findings {
    /// Acknowledged, and not in the topic, or passed by a group of which nobody has decided it.
    pub(super) lost: Vec<String>,
    /// Polled, and not what the topic holds there.
    pub(super) aborted: Vec<String>,
    /// Offsets between two records of the topic at which it holds none.
    pub(super) skipped_sends: Vec<String>,
    /// A poll beyond the record that was next in its assignment.
    pub(super) skipped_polls: Vec<String>,
    /// A poll of a record that was polled before in the same assignment, or before it began.
    pub(super) nonmonotonic: Vec<String>,
    /// In the topic, and not passed by the group.
    pub(super) unseen: Vec<String>,
    /// Rejected and passed, without a letter.
    pub(super) passed_poison: Vec<String>,
    /// Letters that are not equal to their source, or have none.
    pub(super) wrong_letters: Vec<String>,
    /// Decided otherwise than the writer's ledger has it, or more often than polled.
    pub(super) wrong_verdicts: Vec<String>,
    /// Records and those of them that were rejected.
    pub(super) records: (usize, usize),
    /// Letters that were compared with their sources, and headers of those sources.
    pub(super) compared: (usize, usize),
    /// Decisions and letters about a record that has one already.
    pub(super) duplicates: (usize, usize),
    /// Assignments of a partition to a member of the group.
    pub(super) assignments: usize,
}

/// Compares all that there is.
pub(super) fn judge(evidence: &Evidence) -> Findings {
    let mut found = Findings::default();
    sends(evidence, &mut found);
    let reference = polls(evidence, &evidence.reference, &mut found);
    found.assignments = 0;
    let group = polls(evidence, &evidence.group, &mut found);
    let decisions = group.decided.values().map(Vec::len).sum::<usize>();
    found.duplicates.0 = decisions - group.decided.len();
    let verdicts = reference.decided.iter();
    let verdicts = verdicts.filter_map(|(place, verdicts)| Some((*place, verdicts.first()?)));
    let verdicts: BTreeMap<Place, &Option<String>> = verdicts.collect();
    for (place, decided) in reference.decided.iter().chain(&group.decided) {
        let expected = verdicts.get(place);
        if !decided.iter().all(|verdict| Some(&verdict) == expected) {
            let what = format!("{decided:?}, the writer's group {expected:?}");
            found.wrong_verdicts.push(at(*place, &what));
        }
    }
    let rejected = verdicts.iter().filter(|(_, verdict)| verdict.is_some());
    let rejected: BTreeSet<Place> = rejected.map(|(place, _)| *place).collect();
    found.records = (evidence.topic.len(), rejected.len());
    letters(evidence, &rejected, &mut found);
    found
}

/// The producer numbers what it sends and the brokers drop nothing, so that offsets have no gaps.
fn sends(evidence: &Evidence, found: &mut Findings) {
    let (written, held) = (evidence.acknowledged, evidence.topic.len());
    if written != held {
        let what = format!("{written} acknowledged, {held} in the topic");
        found.lost.push(what);
    }
    let mut next = BTreeMap::new();
    for place @ (partition, offset) in evidence.topic.keys() {
        let expected = next.insert(*partition, offset + 1).unwrap_or(0);
        if *offset != expected {
            let what = format!("follows {}", expected - 1);
            found.skipped_sends.push(at(*place, &what));
        }
        if !is_passed(evidence, *place) {
            found.unseen.push(at(*place, "not passed"));
        }
    }
    if next.len() != PARTITIONS {
        let what = format!("records in {} of {PARTITIONS} partitions", next.len());
        found.skipped_sends.push(what);
    }
}

/// What one group's members polled and decided.
#[derive(Default)]
struct Polls {
    polled: BTreeMap<Place, usize>,
    decided: BTreeMap<Place, Vec<Option<String>>>,
}

/// Each log is one member's. Polls of a partition follow one another from where its assignment began,
/// which is where the group had committed.
fn polls(evidence: &Evidence, logs: &[Vec<Event>], found: &mut Findings) -> Polls {
    let mut polls = Polls::default();
    for log in logs {
        let mut next = BTreeMap::new();
        for event in log {
            match event {
                Event::Assigned(partition, begins) => {
                    found.assignments += 1;
                    next.insert(*partition, *begins);
                }
                Event::Received(place @ (partition, offset), bytes) => {
                    *polls.polled.entry(*place).or_default() += 1;
                    match evidence.topic.get(place) {
                        Some(record) if record.bytes() == *bytes => {}
                        held => {
                            let held = held.map(Record::bytes);
                            let what = format!("polled {bytes:?} bytes, held {held:?}");
                            found.aborted.push(at(*place, &what));
                        }
                    }
                    let expected = next.insert(*partition, Some(offset + 1));
                    let what = format!("expected {expected:?}");
                    match expected {
                        // Where it was to begin nobody but its client knows; what is passed unread is found below.
                        Some(None) => {}
                        Some(Some(expected)) if expected == *offset => {}
                        Some(Some(expected)) if expected > *offset => {
                            found.nonmonotonic.push(at(*place, &what));
                        }
                        Some(Some(_)) | None => found.skipped_polls.push(at(*place, &what)),
                    }
                }
                Event::Decided(place, cause) => {
                    let decided = polls.decided.entry(*place).or_default();
                    decided.push(cause.clone());
                }
            }
        }
    }
    for place in evidence.topic.keys() {
        if is_passed(evidence, *place) && !polls.decided.contains_key(place) {
            let polled = polls.polled.get(place).copied().unwrap_or(0);
            let what = format!("passed, polled {polled} times, never decided");
            found.lost.push(at(*place, &what));
        }
    }
    for (place, decided) in &polls.decided {
        let polled = polls.polled.get(place).copied().unwrap_or(0);
        if decided.len() > polled {
            let what = format!("polled {polled} times, decided {}", decided.len());
            found.wrong_verdicts.push(at(*place, &what));
        }
    }
    polls
}

/// Each rejected record has a letter before the group passes it, and each letter is its record.
fn letters(evidence: &Evidence, rejected: &BTreeSet<Place>, found: &mut Findings) {
    let mut named = BTreeSet::new();
    for (place, letter) in &evidence.letters {
        let source = source(letter);
        match source.and_then(|source| Some((source, evidence.topic.get(&source)?))) {
            Some((source, record)) => {
                found.compared.0 += 1;
                found.compared.1 += record.headers.len();
                if let Some(part) = differs(letter, record) {
                    let what = format!("the {part} of {source:?} is another");
                    found.wrong_letters.push(at(*place, &what));
                }
                if !rejected.contains(&source) {
                    let what = format!("{source:?} was not rejected");
                    found.wrong_letters.push(at(*place, &what));
                }
                if !named.insert(source) {
                    found.duplicates.1 += 1;
                }
            }
            None => {
                let what = format!("names {source:?}, which is not there");
                found.wrong_letters.push(at(*place, &what));
            }
        }
    }
    for place in rejected.difference(&named) {
        if is_passed(evidence, *place) {
            found
                .passed_poison
                .push(at(*place, "passed without a letter"));
        }
    }
}

/// Where the record stood that a letter is about.
fn source(letter: &Record) -> Option<Place> {
    letter.header(SOURCE_TOPIC).filter(|topic| topic == TOPIC)?;
    let number = |name| letter.header(name)?.parse().ok();
    Some((number(SOURCE_PARTITION)?, number(SOURCE_OFFSET)?))
}

/// The part in which a letter is not its record. Behind the record's own headers stand those of the
/// letter, and no others.
fn differs(letter: &Record, record: &Record) -> Option<&'static str> {
    let own = letter.headers.strip_prefix(record.headers.as_slice());
    let is_own = |name: &str| OWN_NAMES.iter().any(|own| name.starts_with(own));
    [
        ("key", letter.key == record.key),
        ("value", letter.value == record.value),
        (
            "headers",
            own.is_some_and(|own| own.iter().all(|(name, _)| is_own(name))),
        ),
    ]
    .into_iter()
    .find_map(|(part, is_equal)| (!is_equal).then_some(part))
}

fn is_passed(evidence: &Evidence, (partition, offset): Place) -> bool {
    evidence
        .committed
        .get(&partition)
        .is_some_and(|next| offset < *next)
}

fn at((partition, offset): Place, what: &str) -> String {
    format!("{partition}:{offset} {what}")
}

impl Findings {
    fn faults(&self) -> [(&'static str, &[String]); 9] {
        [
            ("lost writes", &self.lost),
            ("aborted reads", &self.aborted),
            ("skips in send", &self.skipped_sends),
            ("skips in poll", &self.skipped_polls),
            ("nonmonotonic polls", &self.nonmonotonic),
            ("unseen", &self.unseen),
            ("passed poison", &self.passed_poison),
            ("wrong letters", &self.wrong_letters),
            ("wrong verdicts", &self.wrong_verdicts),
        ]
    }

    /// Fails where there is a fault, with some of the places.
    pub(super) fn check(&self) -> Result<()> {
        let mut text = String::new();
        for (name, places) in self.faults().into_iter().filter(|(_, all)| !all.is_empty()) {
            let shown = places.get(..SHOWN_MAX).unwrap_or(places);
            text += &format!("\n{} {name}: {shown:#?}", places.len());
        }
        // Nothing is found where nothing was done.
        if [
            self.records.0,
            self.records.1,
            self.compared.0,
            self.compared.1,
        ]
        .contains(&0)
        {
            text += "\nnothing was compared";
        }
        if !text.is_empty() {
            bail!("{text}");
        }
        Ok(())
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((records, rejected), (decisions, letters)) = (self.records, self.duplicates);
        let ((compared, headers), assignments) = (self.compared, self.assignments);
        writeln!(
            f,
            "cluster: {records} records, {rejected} of them rejected; {compared} letters compared, \
             with {headers} headers of their sources"
        )?;
        write!(f, "cluster:")?;
        for (index, (name, places)) in self.faults().into_iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma} {} {name}", places.len())?;
        }
        write!(
            f,
            "\ncluster: duplicates: {decisions} records, {letters} letters, in {assignments} assignments"
        )
    }
}

const SHOWN_MAX: usize = 10;

// KIP-1191.
const SOURCE_TOPIC: &str = "__dlq.errors.topic";
const SOURCE_PARTITION: &str = "__dlq.errors.partition";
const SOURCE_OFFSET: &str = "__dlq.errors.offset";

/// How the names of a letter's own headers begin.
const OWN_NAMES: [&str; 2] = ["__dlq.", "dashstream.dlq."];

#[cfg(test)]
mod tests;
