//! What follows from the catalogue, and records to try a consumer with.

use std::io;

use dashstream_codec::prost::bytes::Bytes;
use dashstream_codec::v1::{Event, Header, StateDiff};
use dashstream_codec::{EncodeOptions, Encoder, Message};
use dashstream_dlq::KafkaRecord;

use crate::args::Generated;
use crate::capture;
use crate::failure::{Failure, Found};

pub(crate) fn generate(
    what: Generated,
    records: u32,
    bad_every: u32,
    out: &mut impl io::Write,
) -> Result<Found, Failure> {
    let text = match what {
        Generated::Alerts => include_str!("../../../artefacts/alerts.yml"),
        Generated::Dashboard => include_str!("../../../artefacts/dashboard.json"),
        Generated::Metrics => include_str!("../../../artefacts/METRICS.md"),
        Generated::Records => return try_out(records, bad_every, out),
    };
    out.write_all(text.as_bytes())?;
    Ok(Found::NothingWrong)
}

/// Ten runs in turn, each a full state and then events, the same at each call, a millisecond apart.
fn try_out(records: u32, bad_every: u32, out: &mut impl io::Write) -> Result<Found, Failure> {
    let mut encoder = Encoder::new(EncodeOptions::new());
    for number in 0..records {
        let (run, turn) = (number % RUNS, number / RUNS);
        let thread = format!("generated-{run}");
        let millis = FIRST_MS.saturating_add(number.into());
        let header = Some(Header {
            // Ids and times follow from the number, so that each call writes the same records.
            message_id: Bytes::copy_from_slice(&u128::from(number).to_be_bytes()),
            timestamp_us: millis.saturating_mul(1_000),
            thread_id: thread.clone(),
            sequence: u64::from(turn).saturating_add(1),
            ..Header::default()
        });
        let mut message = match turn {
            0 => Message::StateDiff(StateDiff {
                header,
                full_state: Bytes::from_static(b"{\"generated\":true}"),
                ..StateDiff::default()
            }),
            _ => Message::Event(Event {
                header,
                node_id: "generated".to_owned(),
                ..Event::default()
            }),
        };
        let encoded = encoder.encode(&mut message).map_err(io::Error::other)?;
        // None for 0, where no record is bad.
        let turn_of_bad = number.checked_rem(bad_every);
        let value = if turn_of_bad.is_some_and(|rest| rest == bad_every.saturating_sub(1)) {
            // The beginning of JSON, which no frame begins with.
            b"{\"not\": \"a frame\"}"
        } else {
            encoded.record
        };
        let record = KafkaRecord {
            key: Some(thread.into()),
            value: Some(Bytes::copy_from_slice(value)),
            headers: Vec::new(),
            timestamp_ms: Some(millis),
        };
        capture::write((0, number.into()), &record, out)?;
    }
    Ok(Found::NothingWrong)
}

const RUNS: u32 = 10;

/// 2025-01-01T00:00:00Z.
const FIRST_MS: i64 = 1_735_689_600_000;
