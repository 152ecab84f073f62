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
use dashstream::policy::{self, Action, Admission, ArchiveResult, Archiving, Assignment, Delivery};
use dashstream::policy::{Engine, Fault, Input, Offset, TopicId, TopicPartition};
use dashstream::{Facts, HealthPolicy, Metrics, Monitor, Options, Outcome, cause_of};

/// A host of the policy engine whose client is a file and whose archive is another.
struct Host {
    engine: Engine<String>,
    offset: PathBuf,
    letters: File,
    next: i64,
}

const LOG: TopicPartition = TopicPartition::new(TopicId::new(0), 0);
const FIRST: Assignment = Assignment::new(1);

fn main() -> Result<()> {
    let files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [log, offset, letters, done] = files.as_slice() else {
        bail!("usage: file_log LOG OFFSET LETTERS DONE");
    };
    let begun = Instant::now();
    let metrics = Metrics::register(Options::default().without_clients(), Duration::ZERO)?;
    let monitor = Monitor::new(metrics, HealthPolicy::default(), move || begun.elapsed());
    let (mut decoder, mut done) = (Decoder::new(DecodeOptions::new()), append(done)?);
    let mut host = Host::open(offset, letters)?;
    host.drain(Duration::ZERO)?;
    let mut records = BufReader::new(File::open(log)?);
    for at in 0..host.next {
        read(&mut records)?.with_context(|| format!("the log ends at {at}, before the offset"))?;
    }
    while let Some(record) = read(&mut records)? {
        let (now, next) = (monitor.now(), host.next);
        let delivery = Delivery::new(LOG, FIRST, Offset::new(next)?);
        let Admission::Take(token) = host.engine.delivered(now, delivery) else {
            bail!("record {next} was not taken");
        };
        host.next = next.saturating_add(1);
        let outcome = match decoder.decode(&record) {
            Ok(decoded) => {
                write_line(&mut done, &format!("{next} {:?}", decoded.message.kind()))?;
                host.engine.accept(now, token);
                Outcome::Processed
            }
            Err(error) => {
                let cause = cause_of(error.fault()).context("no memory: start me again")?;
                let letter = format!("{next} {} {}", cause.label(), error.code());
                let fault = Fault::new(cause, letter, record.len());
                host.engine.reject(now, token, fault);
                Outcome::Unprocessable(cause)
            }
        };
        monitor.metrics().record(now, outcome);
        host.drain(now)?;
    }
    let verdict = monitor.observe(Facts::default());
    Ok(writeln!(
        std::io::stdout(),
        "{} {}",
        host.next,
        verdict.level.as_str()
    )?)
}

#[rustfmt::skip]
impl Host {
    fn open(offset: &Path, letters: &Path) -> Result<Self> {
        // By default a rejected record's offset does not wait for its letter.
        let policy = policy::Config::default().archiving(Archiving::Required);
        let mut engine = Engine::new(policy)?;
        drop(append(offset)?);
        let stored = fs::read_to_string(offset)?;
        let next = if stored.is_empty() {
            0
        } else {
            stored.parse()?
        };
        let committed = Some(Offset::new(next)?);
        let assigned = Input::Assigned { partition: LOG, assignment: FIRST, committed, low: None };
        engine.handle(Duration::ZERO, assigned);
        let (offset, letters) = (offset.to_owned(), append(letters)?);
        Ok(Self { engine, offset, letters, next })
    }

    /// Carries out every action, in order, until there is none.
    fn drain(&mut self, now: Duration) -> Result<()> {
        while let Some(action) = self.engine.poll_action() {
            let answer = match action {
                Action::Store(store) => {
                    let new = self.offset.with_extension("new");
                    fs::write(&new, store.next().get().to_string())?;
                    File::open(&new)?.sync_all()?;
                    // Whole or not at all, so that there is always one offset or the other.
                    fs::rename(&new, &self.offset)?;
                    Input::Stored { partition: LOG, assignment: FIRST, next: store.next(), ok: true }
                }
                Action::Archive(send) => {
                    let letter = self.engine.payload(send.id).context("a letter of nothing")?;
                    write_line(&mut self.letters, letter)?;
                    self.letters.sync_data()?;
                    let result = ArchiveResult::Acked(send.form);
                    Input::Archived { id: send.id, attempt: send.attempt, result }
                }
                // To where it stands: every letter is written, so that nothing is held and read again.
                Action::Seek { to, .. } => {
                    let ok = to.get() == self.next;
                    Input::SeekCompleted { partition: LOG, assignment: FIRST, to, ok }
                }
                Action::Deliver { .. } => bail!("nothing is released here"),
                Action::Pause { .. } | Action::Resume { .. } => continue,
                Action::StopPolling | Action::ResumePolling | Action::Count(_) | Action::Audit(_) => continue,
            };
            self.engine.handle(now, answer);
        }
        Ok(())
    }
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
