//! Producers that begin again, and all that happens to their messages on the way: what is shown is what
//! replaying the numbers that are claimed makes from scratch.

use core::time::Duration;

use dashstream_reducer::Hasher;
use dashstream_reducer::patch::Encoded;
use dashstream_reducer::{Outcome, Position, Runs, RunsLimits, Stamp, Update};

use super::entropy::Entropy;
use super::patching::document;

/// What one producer process wrote, in order; the number of a message is its place, from 1.
struct Epoch {
    messages: Vec<What>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Start,
    /// Appends its number.
    Diff,
    Snapshot,
    Other,
}

/// One record of the log.
#[derive(Clone, Copy)]
struct Record {
    epoch: usize,
    /// The number that it should have, and the one that it has.
    number: u64,
    written: u64,
}

/// What the consumer is told beside the number and the id.
#[derive(Clone, Copy)]
struct Told {
    times: bool,
    positions: bool,
}

/// What came of a trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub shown: u64,
    pub recovered: u64,
    pub epochs: u64,
    pub evicted: u64,
}

/// What the oracle knows of a run since it is held.
#[derive(Default)]
struct Known {
    /// The newest epoch of which a message came that cannot be of an older one.
    newest: usize,
    /// The highest number that came, by epoch.
    highest: Vec<u64>,
    /// The lowest number that came of the newest epoch.
    lowest: u64,
}

/// Draws what up to three processes wrote under one thread id, loses, delays, repeats and damages some
/// of it, and delivers the rest with redeliveries and evictions.
///
/// Whenever the run says that it is in step, its state is the one that the claimed number had in one of
/// the epochs. Where times are told, it is that of the newest epoch, as of the highest number that came.
pub fn shows_only_what_was_produced(bytes: &[u8]) -> Seen {
    let mut entropy = Entropy::new(bytes);
    let told = Told {
        times: entropy.byte() % 4 != 0,
        positions: entropy.byte() % 2 == 0,
    };
    let epochs = produce(&mut entropy);
    let log = transport(&mut entropy, &epochs);
    let mut limits = RunsLimits::default();
    limits.runs = 2;
    limits.run.hash_interval = Duration::ZERO;
    limits.run.buffered_diffs = entropy.below(12);
    let mut runs = Runs::new(limits);
    let mut known = Known::default();
    let mut seen = Seen::default();
    let (mut at, mut steps) = (0, 0_u64);
    while at < log.len() && steps < 120 {
        steps += 1;
        match entropy.byte() {
            // Others push the run out.
            0..3 => {
                for other in ["x", "y", "z"] {
                    let id = steps.to_le_bytes();
                    let stamp = Stamp::new(steps).with_message_id(&[id, id].concat());
                    let _other = runs.apply(Duration::ZERO, other, stamp, Update::Other);
                }
                seen.evicted += u64::from(runs.get("a").is_none());
            }
            // The consumer goes back: with positions, or where it cannot be known that it does. Times alone
            // bear stragglers, and not a whole epoch that comes again.
            3..10 if told.positions || !told.times => at -= entropy.below(at.min(6) + 1),
            _ => {
                let record = log[at];
                if runs.get("a").is_none() {
                    known = Known::default();
                }
                let outcome = deliver(&mut runs, told, &epochs, at, record);
                at += 1;
                known.note(record);
                seen.recovered += u64::from(matches!(outcome, Outcome::Recovered { .. }));
                check(&runs, told, (&epochs, &log), &known, &mut seen);
            }
        }
    }
    rescue(&mut runs, &epochs, &log);
    seen
}

impl Known {
    fn note(&mut self, record: Record) {
        if record.written != record.number {
            return;
        }
        if self.highest.len() <= record.epoch {
            self.highest.resize(record.epoch + 1, 0);
        }
        // One that goes on where the epoch that is followed stopped cannot be told from its next.
        let followed = self.highest.get(self.newest).copied().unwrap_or(0);
        let is_known = record.number <= followed || followed == 0;
        if is_known && record.epoch > self.newest || followed == 0 {
            self.newest = record.epoch;
            self.lowest = record.number;
        }
        // What comes late from before may be the missing beginning.
        if record.number < self.lowest {
            self.newest = self.newest.min(record.epoch);
            self.lowest = record.number;
        }
        let highest = &mut self.highest[record.epoch];
        *highest = record.number.max(*highest);
    }
}

fn produce(entropy: &mut Entropy<'_>) -> Vec<Epoch> {
    let epochs = 1 + entropy.below(3);
    let message = |entropy: &mut Entropy<'_>| match entropy.byte() {
        0..140 => What::Diff,
        140..200 => What::Snapshot,
        _ => What::Other,
    };
    let epoch = |entropy: &mut Entropy<'_>| {
        let mut messages = vec![What::Start];
        for _ in 0..entropy.below(14) {
            messages.push(message(entropy));
        }
        Epoch { messages }
    };
    (0..epochs).map(|_| epoch(entropy)).collect()
}

/// Wild numbers lie above.
const FAR: u64 = 1 << 32;

/// The log: in the order of writing, but for what was lost, delayed, repeated or damaged on the way.
fn transport(entropy: &mut Entropy<'_>, epochs: &[Epoch]) -> Vec<Record> {
    let mut log: Vec<(usize, Record)> = Vec::new();
    let mut place = 0;
    for (epoch, written) in epochs.iter().enumerate() {
        let lost_in_a_row = entropy.below(6);
        for index in 0..written.messages.len() {
            place += 10;
            let number = index as u64 + 1;
            let record = Record {
                epoch,
                number,
                written: number,
            };
            match entropy.byte() {
                _ if epoch > 0 && index < lost_in_a_row => {}
                0..12 => {}
                12..24 => log.push((place + 10 * entropy.below(5) + 5, record)),
                24..34 => {
                    log.push((place, record));
                    log.push((place + 10 * entropy.below(5) + 5, record));
                }
                34..38 => {
                    let far = [1 << 40, 1 << 62, u64::MAX][entropy.below(3)];
                    log.push((
                        place,
                        Record {
                            written: far,
                            ..record
                        },
                    ));
                }
                _ => log.push((place, record)),
            }
        }
    }
    log.sort_by_key(|(place, _)| *place);
    log.into_iter().map(|(_, record)| record).collect()
}

/// The state after message `number` of an epoch, by replay.
fn state(epochs: &[Epoch], epoch: usize, number: u64) -> String {
    let mut state = format!("[{epoch}");
    for (index, what) in epochs[epoch].messages.iter().enumerate() {
        if *what == What::Diff && (index as u64) < number {
            state.push_str(&format!(",{}", index + 1));
        }
    }
    state.push(']');
    state
}

fn stamp(told: Told, at: usize, record: Record) -> Stamp {
    let mut id = [1; 16];
    id[..8].copy_from_slice(&record.number.to_le_bytes());
    id[8] = record.epoch as u8;
    let mut stamp = Stamp::new(record.written).with_message_id(&id);
    if told.times {
        // A millisecond between two messages, ten seconds between two processes.
        let millis = record.epoch as i64 * 10_000 + record.number as i64;
        stamp = stamp.with_time_us(1_000 * (millis + 1_000));
    }
    if told.positions {
        let (partition, offset) = (0, at as i64);
        stamp = stamp.with_position(Position { partition, offset });
    }
    stamp
}

fn deliver(runs: &mut Runs, told: Told, epochs: &[Epoch], at: usize, record: Record) -> Outcome {
    let stamp = stamp(told, at, record);
    let text = state(epochs, record.epoch, record.number);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let hash = Hasher::new().hash(&document(&value));
    let what = epochs[record.epoch].messages[record.number as usize - 1];
    let appended = record.number.to_string();
    let append = [Encoded {
        op: 0,
        path: "/-",
        value: appended.as_bytes(),
        ..Encoded::default()
    }];
    let update = match what {
        What::Start => Update::Start {
            state: Some(text.as_bytes()),
        },
        What::Diff => Update::Diff {
            operations: append.as_slice().into(),
            hash: &hash,
            base: &[],
        },
        What::Snapshot => Update::Snapshot {
            state: text.as_bytes(),
            hash: &hash,
        },
        What::Other => Update::Other,
    };
    runs.apply(Duration::ZERO, "a", stamp, update)
}

fn check(
    runs: &Runs,
    told: Told,
    (epochs, log): (&[Epoch], &[Record]),
    known: &Known,
    seen: &mut Seen,
) {
    let Some(run) = runs.get("a") else { return };
    seen.epochs = seen.epochs.max(run.epoch());
    let Some(shown) = run.state() else { return };
    let shown = shown.to_string();
    seen.shown += 1;
    let epoch: usize = shown[1..]
        .split([',', ']'])
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let claimed = run.sequence().unwrap();
    if claimed > FAR {
        // Nothing was there to tell that the number is wild: the state is what came with it.
        let came = log.iter().filter(|record| record.written == claimed);
        let mut states = came.map(|record| state(epochs, record.epoch, record.number));
        assert!(
            states.any(|state| state == shown),
            "{shown} as of {claimed}"
        );
        return;
    }
    assert_eq!(shown, state(epochs, epoch, claimed), "as of {claimed}");
    if told.times {
        assert!(
            epoch >= known.newest,
            "epoch {epoch} is shown, {} came",
            known.newest
        );
        assert_eq!(
            shown,
            state(epochs, epoch, known.highest[epoch]),
            "as of the highest"
        );
    }
}

/// After everything else, full states make the run right: two where nothing else tells who writes.
fn rescue(runs: &mut Runs, epochs: &[Epoch], log: &[Record]) {
    let last = epochs.len() - 1;
    let text = state(epochs, last, u64::MAX);
    // Above all that was written before: what is left over from another process ends there.
    let number = 100;
    for next in 1..=2 {
        let record = Record {
            epoch: last,
            number: number + next,
            written: number + next,
        };
        let told = Told {
            times: true,
            positions: true,
        };
        let stamp = stamp(told, log.len() + next as usize, record);
        let full = Update::Snapshot {
            state: text.as_bytes(),
            hash: &[],
        };
        let _outcome = runs.apply(Duration::ZERO, "a", stamp, full);
    }
    let run = runs.get("a").unwrap();
    assert_eq!(
        run.state().map(ToString::to_string),
        Some(text),
        "{:?}",
        run.needs_resync()
    );
}
