//! What a group has passed that would have been rejected here.

use std::collections::BTreeMap;
use std::io;

use dashstream_codec::{DecodeOptions, Decoder};
use dashstream_kafka::{Admin, TopicReader};

use crate::args::{Args, Shadow};
use crate::failure::{Failure, Found};
use crate::inspect::refusal;
use crate::records::Refusal;
use crate::text::{place, say};

pub(crate) fn shadow(
    args: &Args,
    shadow: &Shadow,
    out: &mut impl io::Write,
) -> Result<Found, Failure> {
    let config = args.client(&shadow.topic, &shadow.group)?;
    let admin = Admin::new(&config)?;
    let mut ranges = BTreeMap::new();
    for (partition, next) in admin.committed()? {
        // Without a committed offset the group has passed nothing here.
        let Some(next) = next else { continue };
        let log = admin.watermarks(partition)?;
        let from = shadow
            .last
            .map_or(log.start, |last| next.saturating_sub(last));
        // Retention may have removed what was passed, and a topic that was created again ends before `next`.
        // The reader passes over a range that is empty.
        ranges.insert(partition, from.max(log.start)..next.min(log.end));
    }
    // A name with a slip of the pen in it would look like a group that has done everything right.
    if ranges.is_empty() {
        return Err(Failure::NoGroup(shadow.group.clone()));
    }
    let mut reader = TopicReader::within(&config, &shadow.topic, &ranges)?;
    let mut decoder = Decoder::new(DecodeOptions::new());
    let (mut records, mut rejected) = (0_u64, 0_u64);
    while let Some((at, record)) = reader.read()? {
        records = records.saturating_add(1);
        let why = Refusal::of(&mut decoder, record.value.as_deref());
        let why = why.and_then(|why| Some((why.cause()?.label(), why)));
        let Some((cause, why)) = why else { continue };
        rejected = rejected.saturating_add(1);
        let (at, why) = (place(at), refusal(&why));
        say!(args, out, {"record": at, "cause": cause, "why": why},
            "{at:<12} {cause:<22} {why}")?;
    }
    say!(args, out, {"records": records, "rejected": rejected},
        "{records} records passed, {rejected} would have been rejected")?;
    Ok(if rejected == 0 {
        Found::NothingWrong
    } else {
        Found::Faults
    })
}
