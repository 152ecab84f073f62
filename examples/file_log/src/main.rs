//! Consumes a file of records, each behind its length in four bytes (big endian), with the offset of the
//! next one in a file of its own: `file_log LOG OFFSET LETTERS DONE` reads to the end of LOG. What is
//! processed is written to DONE and what cannot be to LETTERS, a line each, and only then does the offset
//! pass it. Killed at any point it goes on there: what was written and not yet stored is done again.
#![expect(clippy::disallowed_methods, reason = "a program reads the clock")]

use core::time::Duration;
use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use dashstream::codec::{DecodeOptions, Decoder};
use dashstream::policy::{self, Action, Admission, Archiving, Assignment, Delivery};
use dashstream::policy::{Engine, Input, Offset, TopicPartition};
use dashstream::{HealthPolicy, Metrics, Monitor, Observation, Options, Outcome, cause_of};

const LOG: TopicPartition = TopicPartition::new(0, 0);
const FIRST: Assignment = Assignment::new(1);

fn main() -> Result<()> {
    let files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [log, offset, letters, done] = files.as_slice() else {
        bail!("usage: file_log LOG OFFSET LETTERS DONE");
    };
    let begun = Instant::now();
    let metrics = Metrics::register(
        Options::default().without_clients().without_breaker(),
        Duration::ZERO,
    )?;
    let monitor = Monitor::new(metrics, HealthPolicy::default(), move || begun.elapsed());
    let (mut decoder, mut done) = (Decoder::new(DecodeOptions::new()), append(done)?);
    let mut letters = append(letters)?;
    drop(append(offset)?);
    let text = fs::read_to_string(offset)?;
    let mut next: i64 = if text.is_empty() { 0 } else { text.parse()? };
    // By default a rejected record's offset does not wait for its letter.
    let policy = policy::Config::default().archiving(Archiving::Required);
    let mut engine = Engine::new(policy)?;
    let assigned = Input::Assigned {
        partition: LOG,
        assignment: FIRST,
        committed: Some(Offset::new(next)?),
        low: None,
    };
    engine.handle(Duration::ZERO, assigned);
    drain(&mut engine, Duration::ZERO, offset, &mut letters)?;
    let mut records = BufReader::new(File::open(log)?);
    for at in 0..next {
        read(&mut records)?.with_context(|| format!("the log ends at {at}, before the offset"))?;
    }
    while let Some(record) = read(&mut records)? {
        let now = monitor.now();
        let delivery = Delivery::new(LOG, FIRST, Offset::new(next)?);
        let Admission::Take(token) = engine.delivered(now, delivery) else {
            bail!("record {next} was not taken");
        };
        let outcome = match decoder.decode(&record) {
            Ok(decoded) => {
                write_line(&mut done, &format!("{next} {:?}", decoded.message.kind()))?;
                engine.accept(now, token);
                Outcome::Processed
            }
            Err(error) => {
                let cause = cause_of(error.fault()).context("no memory: start me again")?;
                let letter = format!("{next} {} {}", cause.label(), error.code());
                engine.reject(now, token, cause, letter, record.len());
                Outcome::Unprocessable(cause)
            }
        };
        monitor.metrics().record(now, outcome);
        drain(&mut engine, now, offset, &mut letters)?;
        next = next.saturating_add(1);
    }
    let verdict = monitor.observe(Observation::default()).level.as_str();
    Ok(writeln!(std::io::stdout(), "{next} {verdict}")?)
}

/// Carries out every action, in order, until there is none: the client is a file, the archive another.
fn drain(engine: &mut Engine<String>, now: Duration, at: &Path, letters: &mut File) -> Result<()> {
    while let Some(action) = engine.poll_action() {
        let answer = match action {
            Action::Store(store) => {
                let new = at.with_extension("new");
                fs::write(&new, store.next().get().to_string())?;
                File::open(&new)?.sync_all()?;
                // Whole or not at all, so that there is always one offset or the other.
                fs::rename(&new, at)?;
                Input::Stored {
                    partition: LOG,
                    assignment: FIRST,
                    next: store.next(),
                    ok: true,
                }
            }
            Action::Archive(send) => {
                let letter = engine.payload(send.id).context("a letter of nothing")?;
                write_line(letters, letter)?;
                letters.sync_data()?;
                Input::Archived {
                    id: send.id,
                    attempt: send.attempt,
                    result: Ok(send.form),
                }
            }
            // Every letter is written, so that nothing is held and read again, and nothing is released.
            Action::Seek { .. } | Action::Deliver { .. } => bail!("{action:?} is not for a file"),
            Action::Pause { .. } | Action::Resume { .. } | Action::StopPolling => continue,
            Action::ResumePolling | Action::Count(_) | Action::Audit(_) => continue,
        };
        engine.handle(now, answer);
    }
    Ok(())
}

/// In one write, so that no line is half there when the process is killed.
fn write_line(file: &mut File, line: &str) -> std::io::Result<()> {
    file.write_all(format!("{line}\n").as_bytes())
}

fn append(path: &Path) -> Result<File> {
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.with_context(|| path.display().to_string())
}

/// The next record, or nothing at the end of what is whole of the log.
fn read(records: &mut BufReader<File>) -> Result<Option<Vec<u8>>> {
    let (mut len, mut record) = ([0; 4], Vec::new());
    match records.read_exact(&mut len) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    // It grows by what is there, whatever the length says.
    let len = u64::from(u32::from_be_bytes(len));
    let read = records.by_ref().take(len).read_to_end(&mut record)?;
    Ok((u64::try_from(read)? == len).then_some(record))
}
