//! What a seed stands for.

use core::time::Duration;
use std::collections::BTreeMap;

use dashstream_policy::{
    Archiving, Backoff, Config, Escalation, Mode, NullPayload, Ordering, Scope,
};
use dashstream_testkit::rng::SplitMix64;

use crate::Step;

/// A configuration, the logs of two partitions, and what happens.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where it was drawn from.
    pub seed: u64,
    /// What the engine is told to do.
    pub rules: Rules,
    /// What the handler says, shifted: another number gives the same run under other causes.
    pub cause_shift: usize,
    /// Which records are old, shifted: as with the causes.
    pub age_shift: usize,
    /// The partitions' records.
    pub logs: Vec<Log>,
    /// What happens.
    pub steps: Vec<Step>,
    /// Whether the process is drained and left before everything comes to its end.
    pub leaves: bool,
}

/// One partition's records.
#[derive(Clone, Debug)]
pub struct Log {
    /// Whether the record at this offset has no value.
    pub records: BTreeMap<i64, bool>,
    /// A batch that cannot be decoded, from the first offset to before the second.
    pub bad: Option<(i64, i64)>,
}

impl Plan {
    /// Draws the plan of a seed.
    #[must_use]
    pub fn draw(seed: u64) -> Self {
        let mut rng = SplitMix64::new(seed);
        let rules = Rules::draw(&mut rng);
        let logs = (0..2).map(|_| log(&mut rng)).collect();
        let length = 30 + rng.below(170);
        let steps = (0..length).map(|_| Step::draw(&mut rng, 2)).collect();
        Self {
            seed,
            rules,
            cause_shift: 0,
            age_shift: 0,
            logs,
            steps,
            leaves: rng.chance(1, 2),
        }
    }
}

/// What the engine is told to do, as far as the checks have to know it.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Skip or pause.
    pub mode: Mode,
    /// How far a pause reaches.
    pub scope: Scope,
    /// Whether a rejected record goes to the dead-letter queue, and whether its offset waits for the
    /// acknowledgement.
    pub archiving: Archiving,
    /// Whether a reduced envelope counts.
    pub accept_reduced: bool,
    /// What a record without a value means.
    pub null: NullPayload,
    /// What an open breaker does.
    pub escalation: Escalation,
    /// Which records wait for each other.
    pub ordering: Ordering,
    /// Records that may be outstanding.
    pub outstanding: usize,
    /// Records of a partition that may be outstanding, if that is no equal share.
    pub share: Option<usize>,
    /// Units of records that may be outstanding.
    pub bytes: usize,
    /// Attempts at a record.
    pub attempts: u32,
    /// Sends under way at once.
    pub in_flight: usize,
    /// Units of evidence that may wait.
    pub payload: usize,
}

impl Rules {
    fn draw(rng: &mut SplitMix64) -> Self {
        let archiving = match rng.below(4) {
            0 => Archiving::Off,
            1 => Archiving::BestEffort,
            _ => Archiving::Required,
        };
        let null = match rng.below(3) {
            0 => NullPayload::Process,
            1 => NullPayload::Ignore,
            _ => NullPayload::Unprocessable,
        };
        let mode = if rng.chance(1, 2) {
            Mode::Skip
        } else {
            Mode::Pause
        };
        let scope = if rng.chance(1, 2) {
            Scope::Consumer
        } else {
            Scope::Partition
        };
        let escalation = if rng.chance(1, 2) {
            Escalation::Off
        } else {
            Escalation::Pause
        };
        Self {
            mode,
            scope,
            archiving,
            accept_reduced: rng.chance(2, 3),
            null,
            escalation,
            ordering: Ordering::ALL[rng.index(3)],
            outstanding: 1 + rng.index(8),
            share: rng.chance(1, 4).then(|| 1 + rng.index(4)),
            bytes: 1 + rng.index(16),
            attempts: 1 + rng.below(3) as u32,
            in_flight: 1 + rng.index(3),
            payload: 1 + rng.index(6),
        }
    }

    /// The engine's configuration.
    #[must_use]
    pub fn config(&self) -> Config {
        let ms = Duration::from_millis;
        Config::default()
            .mode(self.mode)
            .scope(self.scope)
            .archiving(self.archiving)
            .accept_reduced(self.accept_reduced)
            .null_payload(self.null)
            .escalation(self.escalation)
            .retry(self.attempts, ms(10_000), Backoff::new(ms(100), ms(400)))
            .ordering(self.ordering)
            .outstanding_max(self.outstanding)
            .outstanding_bytes_max(self.bytes)
            .partition_outstanding_max(self.share)
            .archive_in_flight_max(self.in_flight)
            .archive_bytes_max(self.payload)
            .archive_timing(ms(5_000), Backoff::new(ms(100), ms(1_000)))
            .keep_polling(ms(20_000))
    }
}

/// The key of the record at an offset: there are two, and some records have none.
pub(crate) const fn key(offset: i64) -> Option<u64> {
    match offset % 5 {
        4 => None,
        n => Some(1 + n as u64 % 2),
    }
}

/// What the record at an offset takes of the room.
pub(crate) const fn size(offset: i64) -> usize {
    1 + offset as usize % 3
}

fn log(rng: &mut SplitMix64) -> Log {
    let mut records = BTreeMap::new();
    let mut offset = rng.below(3) as i64;
    for _ in 0..6 + rng.below(14) {
        records.insert(offset, rng.chance(1, 6));
        offset += 1 + i64::from(rng.chance(1, 5));
    }
    let bad = rng.chance(1, 4).then(|| {
        let start = rng.below(offset as u64) as i64;
        (start, start + 2)
    });
    Log { records, bad }
}
