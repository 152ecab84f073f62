//! Shows what the policy engine asks for when the second of three records cannot be processed.
//!
//! `dead_letter_decision skip`, `dead_letter_decision pause`
//!
//! There is no Kafka here: the engine performs nothing, so a print-out is a host.
#![expect(clippy::disallowed_macros, reason = "a command-line tool prints")]

use core::time::Duration;

use anyhow::bail;
use dashstream_policy::{
    Action, ArchiveResult, Archiving, Cause, Config, Delivery, Engine, Epoch, Fault, Input, Intake,
    Mode, Offset, TopicId, TopicPartition,
};

fn main() -> anyhow::Result<()> {
    let mode = match std::env::args().nth(1).as_deref() {
        None | Some("skip") => Mode::Skip,
        Some("pause") => Mode::Pause,
        Some(other) => bail!("{other} is neither skip nor pause"),
    };
    let config = Config::default().mode(mode).archiving(Archiving::Required);
    let mut engine = Engine::new(config)?;
    let partition = TopicPartition::new(TopicId::new(0), 0);
    let epoch = Epoch::new(1);
    let (committed, low) = (Some(Offset::ZERO), None);
    engine.handle(
        at(0),
        Input::Assigned {
            partition,
            epoch,
            committed,
            low,
        },
    );
    drain(&mut engine, at(0));

    for (second, bytes) in (1_u64..).zip([b"good".as_slice(), b"poison", b"good"]) {
        let offset = Offset::new(i64::try_from(second)?.saturating_sub(1))?;
        println!("delivered {}", offset.get());
        let delivery = Delivery::new(partition, epoch, offset);
        match engine.delivered(at(second), delivery) {
            Intake::Take(record) if bytes == b"poison" => {
                let fault = Fault::new(Cause::DecodeError, bytes.to_vec(), bytes.len());
                engine.unprocessable(at(second), record, fault);
            }
            Intake::Take(record) => engine.done(at(second), record),
            Intake::Condemned(_)
            | Intake::Ignored
            | Intake::Duplicate
            | Intake::Fenced
            | Intake::Refused(_) => println!("  not taken"),
        }
        drain(&mut engine, at(second));
    }
    Ok(())
}

/// Carries out every action by printing it; the archive answers at once.
fn drain(engine: &mut Engine<Vec<u8>>, now: Duration) {
    while let Some(action) = engine.poll_action() {
        println!("  {action:?}");
        if let Action::Archive(send) = action {
            let result = ArchiveResult::Acked;
            engine.handle(
                now,
                Input::Archived {
                    id: send.id,
                    result,
                },
            );
        }
    }
}

const fn at(second: u64) -> Duration {
    Duration::from_secs(second)
}
