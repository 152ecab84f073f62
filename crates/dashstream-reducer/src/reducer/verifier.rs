//! When hashes are checked, and what that may cost.

use core::time::Duration;

use crate::document::Document;
use crate::hash::{HashVerdict, Hasher, Unproven, usable};
use crate::patch::Applied;
use crate::reducer::ReducerLimits;

/// The last state of a run that matched its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proof {
    /// The number of the message that carried the hash. The state was right as of it.
    pub sequence: u64,
    /// When the hash was checked.
    pub at: Duration,
}

/// One run's hasher, its budget, and what it has proved.
#[derive(Clone, Debug)]
pub(super) struct Verifier {
    hasher: Hasher,
    /// The shortest time between two checks.
    interval: Duration,
    /// Bytes that the state which the hasher remembers holds alone, at most.
    pinned: u64,
    fuel: HashBudget,
    /// When a hash was last checked.
    last: Option<Duration>,
    /// The hash of the state as it is, which was not checked.
    waiting: Option<Waiting>,
    pub(super) proof: Option<Proof>,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    sequence: u64,
    hash: [u8; HASH_BYTES],
    /// When it may be checked.
    at: Duration,
}

impl Verifier {
    pub(super) fn new(limits: &ReducerLimits) -> Self {
        Self {
            hasher: Hasher::new(),
            interval: limits.hash_interval,
            pinned: 0,
            fuel: HashBudget::new(limits.hash_bytes_per_second),
            last: None,
            waiting: None,
            proof: None,
        }
    }

    /// Whether a diff's hash is to be checked at once, fuel permitting.
    pub(super) fn is_due(&self, now: Duration, hash: &[u8]) -> bool {
        hash.len() == HASH_BYTES && self.interval != Duration::MAX && now >= self.due_at()
    }

    /// The state was changed by a message with this hash: checks it if it is `due` and paid for, or
    /// keeps it until it is.
    pub(super) fn diff(
        &mut self,
        (now, due): (Duration, bool),
        (sequence, hash): (u64, &[u8]),
        (state, applied): (&Document, Applied),
        given: &mut HashBudget,
    ) -> HashVerdict {
        self.waiting = None;
        self.pin(applied.left_to_earlier);
        let hash = match usable(hash) {
            Ok(hash) => hash,
            Err(why) => return HashVerdict::NotComparable(why),
        };
        if self.interval != Duration::MAX {
            let at = self.due_at().max(now);
            // Also if it is due now: `check` takes it from here, unless the budget is spent.
            self.waiting = Some(Waiting { sequence, hash, at });
        }
        if due {
            self.check(now, state, given)
        } else {
            HashVerdict::NotComparable(Unproven::NotDue)
        }
    }

    /// Checks the hash that waits, if it is time.
    pub(super) fn handle_timeout(
        &mut self,
        now: Duration,
        state: &Document,
        given: &mut HashBudget,
    ) -> Option<HashVerdict> {
        let is_time = self.waiting.is_some_and(|waiting| now >= waiting.at);
        is_time.then(|| self.check(now, state, given))
    }

    /// When a hash that waits may be checked.
    pub(super) fn next_at(&self) -> Option<Duration> {
        self.waiting.map(|waiting| waiting.at)
    }

    /// Checks a full state's hash: its text was read as a whole anyway.
    pub(super) fn full(
        &mut self,
        now: Duration,
        (sequence, hash): (u64, &[u8]),
        state: &Document,
    ) -> HashVerdict {
        self.waiting = None;
        if hash.len() == HASH_BYTES {
            // Counts as a check: the hash of the next diff is not due at once.
            self.last = Some(now);
        }
        self.verify(now, (sequence, hash), state, &mut 0)
    }

    /// The state is no longer that of the hash that waits.
    pub(super) const fn drop_waiting(&mut self) {
        self.waiting = None;
    }

    /// The run has no state any more.
    pub(super) fn forget(&mut self) {
        self.forget_last();
        self.waiting = None;
        self.proof = None;
    }

    pub(super) fn bytes(&self) -> u64 {
        self.hasher.bytes().saturating_add(self.pinned)
    }

    fn check(&mut self, now: Duration, state: &Document, given: &mut HashBudget) -> HashVerdict {
        let Some(waiting) = &mut self.waiting else {
            return HashVerdict::NotComparable(Unproven::NoHash);
        };
        let cost = self.hasher.cost(state);
        let own_at = self.fuel.at_least(now, cost);
        let given_at = given.at_least(now, cost);
        let (Some(own_at), Some(given_at)) = (own_at, given_at) else {
            // A budget of 0: nothing will ever be hashed.
            self.waiting = None;
            return HashVerdict::NotComparable(Unproven::OutOfFuel);
        };
        let at = own_at.max(given_at);
        if at > now {
            waiting.at = at.max(now.saturating_add(self.interval));
            return HashVerdict::NotComparable(Unproven::OutOfFuel);
        }
        let Waiting { sequence, hash, .. } = *waiting;
        self.waiting = None;
        self.last = Some(now);
        let mut spent = cost;
        let verdict = self.verify(now, (sequence, &hash), state, &mut spent);
        self.fuel.spend(spent);
        given.spend(spent);
        verdict
    }

    fn due_at(&self) -> Duration {
        self.last
            .map_or(Duration::ZERO, |last| last.saturating_add(self.interval))
    }

    fn verify(
        &mut self,
        now: Duration,
        (sequence, hash): (u64, &[u8]),
        state: &Document,
        spent: &mut u64,
    ) -> HashVerdict {
        // Adds what other dialects cost, which are hashed from the beginning.
        let verdict = self.hasher.verify_counting(state, hash, spent);
        // Where hashes were compared, the hasher remembers this very state, which the run holds anyway.
        self.pinned = 0;
        match verdict {
            // What the hasher remembers is the run's own state.
            HashVerdict::Match | HashVerdict::Drift => {
                self.proof = Some(Proof { sequence, at: now });
            }
            HashVerdict::NotComparable(Unproven::WideNumber | Unproven::LoneSurrogate) => {}
            // It would keep a state that the run has not: the refuted one, or an earlier one where none was
            // hashed.
            HashVerdict::Mismatch
            | HashVerdict::NotComparable(
                Unproven::NoHash | Unproven::HashLength | Unproven::NotDue | Unproven::OutOfFuel,
            ) => self.forget_last(),
        }
        verdict
    }

    /// The state that the hasher remembers, if it does, holds more by itself now.
    fn pin(&mut self, bytes: u64) {
        if bytes > 0 && self.hasher.remembers() {
            self.pinned = self.pinned.saturating_add(bytes);
            if self.pinned > PINNED_MAX {
                self.forget_last();
            }
        }
    }

    /// What the hasher remembers is not needed any more, or is no longer counted.
    pub(super) fn forget_last(&mut self) {
        self.hasher.forget();
        self.pinned = 0;
    }
}

/// Bytes of text that may be hashed, by time. A text that is longer than what is saved up is hashed when as
/// much is saved up as can be, and the rest is owed: over time no more is hashed, and no state is so large
/// that it is never checked.
#[derive(Clone, Debug)]
pub(crate) struct HashBudget {
    per_second: u64,
    /// Below zero what is owed.
    left: i64,
    /// The part of a byte that time has brought, in units of [`NANOS`]: without it a budget that is asked often
    /// would never grow.
    rest: u64,
    at: Duration,
}

impl HashBudget {
    pub(crate) fn new(per_second: u64) -> Self {
        Self {
            per_second,
            left: signed(most(per_second)),
            rest: 0,
            at: Duration::ZERO,
        }
    }

    /// When `bytes` may be hashed: `now` or later, or never.
    fn at_least(&mut self, now: Duration, bytes: u64) -> Option<Duration> {
        let most = most(self.per_second);
        // In 128 bits: at 24 MiB a second what ten minutes bring exceeds 64.
        let new = now.saturating_sub(self.at).as_nanos();
        let new = new.saturating_mul(self.per_second.into());
        let new = new.saturating_add(self.rest.into());
        self.rest = u64::try_from(new % NANOS).unwrap_or(0);
        let new = signed(u64::try_from(new / NANOS).unwrap_or(u64::MAX));
        self.left = self.left.saturating_add(new).min(signed(most));
        self.at = self.at.max(now);
        // What is saved up at most has to do: `spend` takes the rest below zero.
        let missing = signed(bytes.min(most)).saturating_sub(self.left).max(0);
        let missing = u128::from(missing.unsigned_abs()).saturating_mul(MICROS);
        let micros = missing.div_ceil(u128::from(self.per_second.max(1)));
        let wait = Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX));
        (self.per_second > 0).then(|| now.saturating_add(wait))
    }

    fn spend(&mut self, bytes: u64) {
        self.left = self.left.saturating_sub(signed(bytes));
    }
}

const fn most(per_second: u64) -> u64 {
    per_second.saturating_mul(SECONDS)
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Seconds for which unused bytes are saved up.
const SECONDS: u64 = 2;

const MICROS: u128 = 1_000_000;

const NANOS: u128 = 1_000_000_000;

/// SHA-256; a hash of another length proves nothing, and costs nothing.
const HASH_BYTES: usize = 32;

/// Bytes that may be held for a shorter way to the next hash.
const PINNED_MAX: u64 = 1 << 20;
