//! Shows what the policy engine asks for when the second of three records cannot be processed, and
//! what a tool that sends dead letters again reads from the archive afterwards.
//!
//! `dead_letter_decision skip`, `dead_letter_decision pause`
//!
//! There is no Kafka here: the engine performs nothing, so a print-out is a host and a list is an
//! archive.
#![expect(clippy::disallowed_macros, reason = "a command-line tool prints")]

use core::time::Duration;

use anyhow::bail;
use dashstream_dlq::{
    DeadLetter, Disclosure, ENCODED_BYTES_DEFAULT, EncodedRecord, LETTER_BYTES_DEFAULT,
    LetterFormat, RejectedRecord,
};
use dashstream_policy::{
    Action, Admission, ArchiveRequest, Archiving, Assignment, Cause, Config, Delivery, Engine,
    Input, Mode, Offset, TopicPartition,
};

fn main() -> anyhow::Result<()> {
    let mode = match std::env::args().nth(1).as_deref() {
        None | Some("skip") => Mode::Skip,
        Some("pause") => Mode::Pause,
        Some(other) => bail!("{other} is neither skip nor pause"),
    };
    let config = Config::default().mode(mode).archiving(Archiving::Required);
    let mut engine = Engine::new(config)?;
    let mut archive = Vec::new();
    let partition = TopicPartition::new(0, 0);
    let assignment = Assignment::new(1);
    let (committed, low) = (Some(Offset::ZERO), None);
    engine.handle(
        at(0),
        Input::Assigned {
            partition,
            assignment,
            committed,
            low,
        },
    );
    drain(&mut engine, &mut archive, at(0))?;

    for (second, bytes) in (1_u64..).zip([b"good".as_slice(), b"poison", b"good"]) {
        let offset = Offset::new(i64::try_from(second)?.saturating_sub(1))?;
        println!("delivered {}", offset.get());
        let delivery = Delivery::new(partition, assignment, offset);
        match engine.delivered(at(second), delivery) {
            Admission::Take(record) if bytes == b"poison" => {
                engine.reject(
                    at(second),
                    record,
                    Cause::DecodeError,
                    bytes.to_vec(),
                    bytes.len(),
                );
            }
            Admission::Take(record) => engine.accept(at(second), record),
            Admission::Queue(record) => engine.queue(at(second), record, bytes.to_vec()),
            Admission::Rejected(_)
            | Admission::Ignored
            | Admission::Duplicate
            | Admission::Fenced
            | Admission::Refused(_) => println!("  not taken"),
        }
        drain(&mut engine, &mut archive, at(second))?;
    }

    for value in &archive {
        let letter = DeadLetter::read_json(value, LETTER_BYTES_DEFAULT)?;
        let again = letter.payload.whole().map_or(0, <[u8]>::len);
        println!("archived {letter:?}: {again} bytes can be sent again");
    }
    Ok(())
}

/// Carries out every action by printing it; the archive answers at once.
fn drain(
    engine: &mut Engine<Vec<u8>>,
    archive: &mut Vec<Vec<u8>>,
    now: Duration,
) -> anyhow::Result<()> {
    while let Some(action) = engine.poll_action() {
        println!("  {action:?}");
        if let Action::Archive(send) = action {
            let payload = engine.payload(send.id).map(Vec::as_slice);
            let letter = dead_letter(&send, payload, now)?;
            archive.push(letter.value().unwrap_or_default().to_vec());
            let (id, attempt) = (send.id, send.attempt);
            let result = Ok(letter.form());
            engine.handle(
                now,
                Input::Archived {
                    id,
                    attempt,
                    result,
                },
            );
        }
    }
    Ok(())
}

/// The dead letter of a record: all of the record, since nobody else reads this archive.
fn dead_letter<'a>(
    send: &ArchiveRequest,
    payload: Option<&'a [u8]>,
    now: Duration,
) -> anyhow::Result<EncodedRecord<'a>> {
    let (partition, offset) = (send.partition.partition(), send.offset.get());
    let trace_id = "00000000-0000-4000-8000-000000000001";
    let record = RejectedRecord::new(
        "events", partition, offset, payload, send.cause, now, trace_id,
    );
    Ok(record.encode(
        LetterFormat::Versioned,
        Disclosure::Full,
        send.form,
        ENCODED_BYTES_DEFAULT,
    )?)
}

const fn at(second: u64) -> Duration {
    Duration::from_secs(second)
}
