//! The records that a command is about: of a topic, a capture, or a file with one value.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::PathBuf;

use dashstream::cause_of;
use dashstream_codec::prost::bytes::Bytes;
use dashstream_codec::{Decoder, Diagnosis};
use dashstream_dlq::{KafkaRecord, LetterPlace};
use dashstream_kafka::TopicReader;
use dashstream_policy::Cause;

use crate::args::{Args, From, read};
use crate::capture;
use crate::failure::{Failure, Found};

/// The largest letter that a consumer can be configured to write, [`dashstream_kafka::Config::letter_bytes`].
pub(crate) const LETTER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A record's value, and where it stands if there is more than one.
pub(crate) type Value = (Option<LetterPlace>, Option<Bytes>);

/// The values that `from` names, in order.
pub(crate) fn values(
    args: &Args,
    from: &From,
) -> Result<Box<dyn Iterator<Item = Result<Value, Failure>>>, Failure> {
    let one = |value| Box::new(core::iter::once(Ok((None, value))));
    if let Some(path) = &from.file {
        return Ok(one(Some(read(path)?.into())));
    }
    if let Some(path) = &from.capture {
        let all = captured(path)?.map(|record| {
            let (place, record) = record?;
            Ok((Some(place), record.value))
        });
        let Some(at) = from.at else {
            return Ok(Box::new(all));
        };
        // A damaged line ends the search: the record might be what stood there.
        let is_it = |found: &Result<Value, Failure>| {
            found.as_ref().map_or(true, |(place, _)| *place == Some(at))
        };
        let found = all.into_iter().find(is_it);
        let (_, value) = found.ok_or(Failure::NoRecord(at))??;
        return Ok(one(value));
    }
    // The arguments leave no other way.
    let (topic, at) = (from.topic.as_deref().unwrap_or_default(), from.place);
    let at = at.unwrap_or_default();
    // No archive is read: this is the name that it has by default.
    let config = args.config("_-dlq")?;
    let record = TopicReader::one(&config, topic, at)?.ok_or(Failure::NoRecord(at))?;
    Ok(one(record.value))
}

/// A record and where it stands.
pub(crate) type Placed = Result<(LetterPlace, KafkaRecord), Failure>;

/// The records of a capture, in its order.
pub(crate) fn captured(path: &PathBuf) -> Result<impl Iterator<Item = Placed> + use<>, Failure> {
    let file = File::open(path).map_err(|error| Failure::File(path.clone(), error))?;
    let path = path.clone();
    let records = capture::read(BufReader::new(file));
    Ok(records.map(move |record| record.map_err(|error| Failure::Capture(path.clone(), error))))
}

/// The records that a topic holds now, partitions in any order.
pub(crate) fn held(
    args: &Args,
    topic: &str,
) -> Result<impl Iterator<Item = Placed> + use<>, Failure> {
    let mut reader = TopicReader::whole(&args.config("_-dlq")?, topic)?;
    Ok(core::iter::from_fn(move || {
        reader.read().map_err(Failure::from).transpose()
    }))
}

/// Writes what a topic holds as a capture.
pub(crate) fn record(args: &Args, topic: &str, out: &mut impl io::Write) -> Result<Found, Failure> {
    for record in held(args, topic)? {
        let (place, record) = record?;
        capture::write(place, &record, out)?;
    }
    Ok(Found::NothingWrong)
}

/// Why a record is refused.
pub(crate) enum Refusal {
    /// There is no value, which is not the same as an empty one.
    NoValue,
    Of(Diagnosis),
}

impl Refusal {
    pub(crate) fn of(decoder: &mut Decoder, value: Option<&[u8]>) -> Option<Self> {
        match value {
            None => Some(Self::NoValue),
            Some(value) => decoder.diagnose(value).map(Self::Of),
        }
    }

    /// What a consumer would reject it for; nothing where only this process lacks memory.
    pub(crate) fn cause(&self) -> Option<Cause> {
        match self {
            Self::NoValue => Some(Cause::NullPayload),
            Self::Of(why) => cause_of(why.error.fault()),
        }
    }
}
