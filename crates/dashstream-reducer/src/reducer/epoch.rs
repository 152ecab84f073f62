//! Which numbering a message belongs to: a producer that starts again under the same thread id counts
//! from 1 again.

use crate::reducer::{Position, Stamp};

/// The numbering that is followed, and what has come up against it.
#[derive(Clone, Debug, Default)]
pub(super) struct Epoch {
    /// How many began before this one.
    earlier: u64,
    /// Where the message stands that began it. What stands before belongs to an earlier one.
    began: Option<Position>,
    /// The furthest place that was looked at.
    reached: Option<Position>,
    /// The latest header time among its messages.
    time: Option<i64>,
    /// Where times tell it from the epoch before: what is left over from there.
    before: Option<Before>,
    /// Messages in a row that seemed to be left over from the epoch before.
    leftovers: u8,
    /// Messages in a row that seemed to be late.
    late: u8,
    /// A number came again with another message: another producer may be writing by now.
    reused: bool,
    /// The last number that was too far away to be believed.
    jumped_to: Option<u64>,
}

/// By what a message of the epoch before is known.
#[derive(Clone, Copy, Debug)]
struct Before {
    /// The latest time that came from there.
    latest: i64,
    /// The number and the time of the message that began this epoch: another with that number or a
    /// higher one, and an earlier time, is not of it.
    first: (u64, i64),
}

/// What a message carries, as far as its epoch depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// The beginning of a run, with a complete state or without.
    Start,
    /// A complete state.
    Full,
    Part,
}

/// The message id that is remembered under a number, against the one that comes now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Id {
    Same,
    Other,
    /// None is remembered, or the message has none.
    Unknown,
}

/// What a run knows about the number of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) content: Content,
    /// It comes with a complete state.
    pub(super) is_full: bool,
    pub(super) id: Id,
    /// The number was taken, or is contained in a full state.
    pub(super) covered: bool,
    /// It was never taken, and is not above the last full state.
    pub(super) contained: bool,
    /// The highest number that was taken; `None` when none was.
    pub(super) highest: Option<u64>,
    /// There is a state that is right as of some number.
    pub(super) has_state: bool,
}

/// How a message relates to the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// It belongs to the epoch, and its number is new.
    Ours,
    Duplicate,
    /// From before the last full state, or from an earlier epoch.
    Stale,
    /// Stale as far as can be told: the next full state of its kind is believed.
    Straggler,
    /// The number is taken, and it cannot be told by whom.
    Reused,
    /// By its time it is from the epoch before.
    Leftover,
    /// The number is too far away to be believed.
    Jump,
    /// It begins another epoch.
    Another,
}

/// Where a message stands in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    BeforeEpoch,
    /// Where the run has been.
    Passed,
    New,
    /// No position, or in another partition than the last: the order of arrival counts.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Clock {
    /// Not after the end of the epoch before.
    Before,
    NotLater,
    Later,
    Unknown,
}

impl Before {
    const fn has(&self, sequence: u64, time: i64) -> bool {
        let (first, began) = self.first;
        time <= self.latest || sequence >= first && time < began.saturating_sub(JITTER_US)
    }
}

impl Epoch {
    pub(super) const fn earlier(&self) -> u64 {
        self.earlier
    }

    /// Decides whose message this is. Costs nothing that grows.
    pub(super) fn relation(
        &self,
        sequence: u64,
        stamp: &Stamp,
        of: &Facts,
        jump_max: u64,
    ) -> Relation {
        if of.id == Id::Same {
            return Relation::Duplicate;
        }
        let place = self.place(stamp.position());
        match place {
            Place::BeforeEpoch => return Relation::Stale,
            // A record is never changed: what stands there was looked at.
            Place::Passed if of.covered => {
                return match of.id {
                    Id::Same => Relation::Duplicate,
                    // Left over from the epoch before, and seen again.
                    Id::Other if self.clock(sequence, stamp.time_us()) == Clock::Before => {
                        Relation::Stale
                    }
                    Id::Other => Relation::Reused,
                    Id::Unknown if of.contained => Relation::Stale,
                    Id::Unknown => Relation::Duplicate,
                };
            }
            Place::Passed | Place::New | Place::Unknown => {}
        }
        let clock = self.clock(sequence, stamp.time_us());
        if clock == Clock::Before {
            return Relation::Leftover;
        }
        let below = of.highest.is_some_and(|highest| sequence <= highest);
        // A producer stamps its messages in their order, or nearly so where it has several threads.
        let is_later = match clock {
            Clock::Later => of.covered || self.is_well_after(stamp.time_us()),
            Clock::Before | Clock::NotLater | Clock::Unknown => false,
        };
        if below && is_later && place != Place::Passed {
            return Relation::Another;
        }
        if !below && self.is_well_before(stamp.time_us()) {
            return match place {
                // A higher number at an earlier place and time: of a run that was not held then.
                Place::BeforeEpoch | Place::Passed => Relation::Stale,
                Place::New | Place::Unknown => Relation::Leftover,
            };
        }
        if of.covered {
            return match of.content {
                Content::Start => self.start_again(sequence, stamp, of, (place, clock)),
                // By its time it was made before the full state that contains it.
                Content::Full | Content::Part
                    if clock == Clock::NotLater
                        && of.contained
                        && of.id == Id::Unknown
                        && self.late < IN_A_ROW_MAX =>
                {
                    Relation::Stale
                }
                Content::Full if self.reused => Relation::Another,
                // Nothing is shown, so that nothing is lost by waiting for one more of its kind.
                Content::Full | Content::Part
                    if of.contained && of.id == Id::Unknown && !of.has_state =>
                {
                    Relation::Straggler
                }
                Content::Full | Content::Part => Relation::Reused,
            };
        }
        let distance = of.highest.map_or(0, |highest| highest.abs_diff(sequence));
        if distance > jump_max {
            // Two that lie together are believed where nothing is known that speaks against them, and a
            // full state that goes on from one is in any case.
            let near = self.jumped_near(sequence, jump_max);
            let goes_on = near.is_some_and(|to| to < sequence);
            return match (of.is_full, of.has_state) {
                (true, false) => Relation::Another,
                (true, true) if goes_on => Relation::Another,
                (false, false) if near.is_some_and(|to| to != sequence) => Relation::Another,
                (true | false, _) => Relation::Jump,
            };
        }
        // One that is earlier than what was taken fills a place among it.
        if below && self.reused && of.content == Content::Full && clock != Clock::NotLater {
            return Relation::Another;
        }
        Relation::Ours
    }

    /// A start whose number is taken: the producer begins again, or the start comes late.
    fn start_again(
        &self,
        sequence: u64,
        stamp: &Stamp,
        of: &Facts,
        (place, clock): (Place, Clock),
    ) -> Relation {
        let late = of
            .highest
            .is_some_and(|highest| highest.saturating_sub(sequence) <= LATE_MAX);
        let only_contained = of.contained && of.id == Id::Unknown;
        match clock {
            Clock::NotLater if only_contained => return Relation::Stale,
            Clock::NotLater => return Relation::Reused,
            Clock::Unknown if only_contained && late => return Relation::Stale,
            Clock::Before | Clock::Later | Clock::Unknown => {}
        }
        // Without an id it may be the same again, which changes nothing where nothing came after it.
        let is_known_to_be_another = stamp.message_id().is_some() || place == Place::New;
        if is_known_to_be_another || of.highest == Some(sequence) {
            Relation::Another
        } else {
            Relation::Reused
        }
    }

    /// A message was taken into the epoch.
    pub(super) fn take(&mut self, stamp: &Stamp) {
        self.time = self.time.max(stamp.time_us());
        self.leftovers = 0;
        self.late = 0;
    }

    /// A message was looked at, whatever became of it.
    pub(super) fn reach(&mut self, stamp: &Stamp) {
        if let Some(position) = stamp.position()
            && self
                .reached
                .and_then(|reached| position.is_after(&reached))
                .unwrap_or(true)
        {
            self.reached = Some(position);
        }
    }

    /// Another epoch begins with this message.
    pub(super) fn begin(&mut self, sequence: u64, stamp: &Stamp) {
        // Where times went back they tell nothing about what may be left over.
        let before = match (self.time, stamp.time_us()) {
            (Some(latest), Some(time)) if time > latest => Some(Before {
                latest,
                first: (sequence, time),
            }),
            (Some(_) | None, _) => None,
        };
        *self = Self {
            earlier: self.earlier.saturating_add(1),
            began: stamp.position(),
            reached: self.reached,
            time: stamp.time_us(),
            before,
            ..Self::default()
        };
    }

    pub(super) const fn reused(&mut self) {
        self.reused = true;
    }

    /// A message seemed to come late. Many in a row do not: then the clock went back.
    pub(super) const fn late(&mut self) {
        self.late = self.late.saturating_add(1);
    }

    /// A message seemed to be left over. Many in a row are not: then the clock went back.
    pub(super) const fn leftover(&mut self) {
        self.leftovers = self.leftovers.saturating_add(1);
        if self.leftovers >= IN_A_ROW_MAX {
            self.before = None;
            self.time = None;
            self.reused = true;
        }
    }

    /// A number near this one that was not believed. What it came with was dropped.
    pub(super) fn jumped_near(&self, sequence: u64, jump_max: u64) -> Option<u64> {
        self.jumped_to
            .filter(|to| to.abs_diff(sequence) <= jump_max)
    }

    pub(super) const fn jumped(&mut self, to: u64) {
        self.jumped_to = Some(to);
    }

    /// A full state made the run right.
    pub(super) const fn settle(&mut self) {
        self.reused = false;
        self.late = 0;
        self.jumped_to = None;
    }

    fn is_well_after(&self, time: Option<i64>) -> bool {
        let latest = self.time.zip(time);
        latest.is_some_and(|(latest, time)| time > latest.saturating_add(JITTER_US))
    }

    fn is_well_before(&self, time: Option<i64>) -> bool {
        let latest = self.time.zip(time);
        latest.is_some_and(|(latest, time)| time < latest.saturating_sub(JITTER_US))
    }

    fn place(&self, position: Option<Position>) -> Place {
        let Some(position) = position else {
            return Place::Unknown;
        };
        let is_after = |other: Option<Position>| other.and_then(|other| position.is_after(&other));
        if self
            .began
            .is_some_and(|began| began.is_after(&position) == Some(true))
        {
            return Place::BeforeEpoch;
        }
        match is_after(self.reached) {
            Some(true) => Place::New,
            Some(false) => Place::Passed,
            None => Place::Unknown,
        }
    }

    fn clock(&self, sequence: u64, time: Option<i64>) -> Clock {
        let Some(time) = time else {
            return Clock::Unknown;
        };
        if self.before.is_some_and(|before| before.has(sequence, time)) {
            return Clock::Before;
        }
        match self.time {
            Some(latest) if time > latest => Clock::Later,
            Some(_) => Clock::NotLater,
            None => Clock::Unknown,
        }
    }
}

/// Microseconds by which the times of one producer may be out of the order of its numbers: its threads
/// stamp a message some time before they number it.
const JITTER_US: i64 = 1_000_000;

/// Places by which a start may come late where neither position nor time is known.
const LATE_MAX: u64 = 64;

/// Messages in a row that may be late, or left over from the epoch before.
const IN_A_ROW_MAX: u8 = 8;
