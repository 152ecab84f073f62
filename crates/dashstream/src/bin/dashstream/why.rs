//! What became of a record, as far as letters and the group's commits tell.

use std::io;

use dashstream_dlq::{DeadLetter, rfc3339};
use dashstream_kafka::{Admin, StartError, TopicReader};
use serde_json::json;

use crate::args::{Args, Why};
use crate::failure::{Failure, Found};
use crate::records::LETTER_BYTES_MAX;
use crate::text::{place, say, shown};

pub(crate) fn why(args: &Args, why: &Why, out: &mut impl io::Write) -> Result<Found, Failure> {
    let default = format!("{}-dlq", why.topic);
    let archive = why.archive.as_deref().unwrap_or(&default);
    let config = args
        .client(&why.topic, &why.group)?
        .archive_topic(archive)?;
    let admin = Admin::new(&config)?;
    let (partition, offset) = why.place;
    // Before the letters are read. A required letter is acknowledged before the offset passes its record: in
    // the other order both could happen in between, and the record would seem to have been processed.
    let committed = admin.committed()?;
    let committed = committed
        .get(&partition)
        .ok_or(Failure::NoRecord(why.place))?;
    let log = admin.watermarks(partition)?;
    if offset >= log.end {
        return Err(Failure::NoRecord(why.place));
    }
    let mut letters = 0_u64;
    match TopicReader::whole(&config, archive) {
        Ok(mut reader) => {
            while let Some((at, record)) = reader.read()? {
                let letter = DeadLetter::read(&record, LETTER_BYTES_MAX);
                let Some(letter) = letter.ok().filter(|letter| is_of(letter, why)) else {
                    continue;
                };
                letters = letters.saturating_add(1);
                let (cause, time) = (letter.cause(), rfc3339(letter.at));
                let at = place(at);
                say!(args, out, {"letter": at, "cause": cause, "rejected_at": time},
                    "rejected at {time} for {}: letter {at} of {archive}", shown(cause))?;
            }
        }
        // Without the topic there is no letter.
        Err(StartError::NoSuchTopic { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let (state, words) = match (*committed, letters) {
        (None, _) => (
            "uncommitted",
            "the group has committed nothing in this partition",
        ),
        // A committed offset is that of the next record to be read.
        (Some(next), _) if next <= offset => (
            "waiting",
            "the group's offset has not passed it: not read yet, in work, or held",
        ),
        (Some(_), 0) => (
            "passed",
            "the group's offset has passed it, and no letter names it: processed, or skipped",
        ),
        (Some(_), _) => ("rejected", "the group's offset has passed it"),
    };
    let is_there = offset >= log.start;
    if args.json {
        let line = json!({
            "state": state,
            "committed": committed,
            "letters": letters,
            "in_topic": is_there,
        });
        writeln!(out, "{line}")?;
    } else {
        writeln!(out, "{words}")?;
        if !is_there {
            writeln!(out, "the topic does not hold it any more")?;
        }
    }
    Ok(Found::NothingWrong)
}

/// Whether a letter names this record and, if it names a group at all, this group's rejection.
fn is_of(letter: &DeadLetter, why: &Why) -> bool {
    let (partition, offset) = why.place;
    let source = &letter.source;
    source
        .topic
        .as_ref()
        .is_none_or(|topic| *topic == why.topic)
        && source.partition == Some(partition)
        && source.offset.is_some_and(|at| at.get() == offset)
        && letter
            .group
            .as_ref()
            .is_none_or(|group| *group == why.group)
}
