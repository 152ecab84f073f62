//! Which numbering a message belongs to: a producer that starts again under the same thread id counts
//! from 1 again.

use crate::reducer::sequence_ranges::SequenceRanges;
use crate::reducer::{Position, Stamp};

/// The numbering that is followed, and what has come up against it.
#[derive(Clone, Debug, Default)]
pub(super) struct Epoch {
    /// How many began before this one.
    pub(super) earlier: u64,
    /// Where the message stands that began it. What stands before belongs to an earlier one.
    began: Option<Position>,
    /// The furthest place that was looked at.
    pub(super) reached: Option<Position>,
    /// The latest header time among its messages.
    time: Option<i64>,
    /// The latest time of the epoch before, where this one's are later: what is not later is left over
    /// from there.
    before: Option<i64>,
    /// The lowest number that was taken since the run is held, and its time: another with that number or
    /// a higher one, and an earlier time, is of an earlier epoch.
    first: Option<(u64, i64)>,
    /// Messages in a row that seemed to be left over from the epoch before.
    leftovers: u8,
    /// Messages in a row that seemed to be late.
    late: u8,
    /// The highest number that came again with another message: another producer may be writing by now.
    doubt: Option<u64>,
    /// Numbers that were too far away to be believed. What they came with was dropped.
    jumped: SequenceRanges,
    /// The time of the message that was taken last, and of the one that made the last full state.
    last: Option<i64>,
    full: Option<i64>,
    /// A message was taken from a place that was passed: if there is an epoch before, it is of that one.
    filled: bool,
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
    /// Likewise, and from a place that was passed: that epoch had ended before the run was held.
    Ended,
    /// The number is too far away to be believed.
    Jump,
    /// It begins another epoch.
    Another,
}

/// Where a message stands in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LogPlace {
    BeforeEpoch,
    /// Before the record that was looked at last.
    Passed,
    /// In that record, which may hold several messages.
    Reached,
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

impl Epoch {
    /// Decides whose message this is. Costs nothing that grows.
    pub(super) fn relation(
        &self,
        sequence: u64,
        stamp: &Stamp,
        of: &Facts,
        jump_max: u64,
    ) -> Relation {
        // From the surest to the least sure: the id, the place in the log, the time, and what the message
        // carries.
        if of.id == Id::Same {
            return Relation::Duplicate;
        }
        let place = self.place(stamp);
        match place {
            LogPlace::BeforeEpoch => return Relation::Stale,
            // A record is never changed: what stands there was looked at.
            LogPlace::Passed | LogPlace::Reached if of.covered => {
                return match of.id {
                    // Left over from the epoch before, and seen again.
                    Id::Other if self.clock(sequence, stamp.time_us()) == Clock::Before => {
                        Relation::Stale
                    }
                    // No redelivery of the message that was taken: two producers wrote under this number.
                    Id::Other => Relation::Reused,
                    // It was never taken itself: a full state stands for it.
                    Id::Unknown if of.contained => Relation::Stale,
                    Id::Same | Id::Unknown => Relation::Duplicate,
                };
            }
            LogPlace::Passed | LogPlace::Reached | LogPlace::New | LogPlace::Unknown => {}
        }
        let clock = self.clock(sequence, stamp.time_us());
        if clock == Clock::Before {
            return self.left_over(place);
        }
        let below = of.highest.is_some_and(|highest| sequence <= highest);
        // A producer stamps its messages in their order, or nearly so where it has several threads.
        let is_later = clock == Clock::Later && (of.covered || self.is_well_after(stamp.time_us()));
        // A lower number with a later time: the producer counts anew. What stands at a place that was passed
        // was written before that.
        if below && is_later && !matches!(place, LogPlace::Passed | LogPlace::Reached) {
            return Relation::Another;
        }
        // A higher number with a time well before the latest: an earlier epoch whose numbers went further.
        if !below && self.is_well_before(stamp.time_us()) {
            return self.left_over(place);
        }
        if of.covered {
            return match of.content {
                Content::Start => self.start_again(sequence, stamp, of, (place, clock)),
                // By its time it was made before the full state that contains it.
                Content::Full | Content::Part
                    if clock == Clock::NotLater
                        && self.is_made_before_full(stamp, of)
                        && self.late < IN_A_ROW_MAX =>
                {
                    Relation::Stale
                }
                Content::Full if self.is_believed_in_doubt(sequence, stamp.time_us(), clock) => {
                    Relation::Another
                }
                // Nothing is shown, so that nothing is lost by waiting for one more of its kind.
                Content::Full | Content::Part
                    if of.contained && of.id == Id::Unknown && !of.has_state =>
                {
                    Relation::Straggler
                }
                Content::Full | Content::Part => Relation::Reused,
            };
        }
        // The first number of a run has nothing to be far from.
        let distance = of.highest.map_or(0, |highest| highest.abs_diff(sequence));
        if distance > jump_max {
            // While there is no state, a full state is believed at once, and anything else if another number
            // came near it. Where there is a state, only a full state is believed, and only if it follows
            // such a number. What stands at a place that was passed may be of any epoch.
            let near = self.jumped_near(sequence, jump_max);
            let goes_on = near.is_some_and(|to| to < sequence);
            return match (of.is_full, of.has_state) {
                _ if place == LogPlace::Passed => Relation::Jump,
                (true, false) => Relation::Another,
                (true, true) if goes_on => Relation::Another,
                (false, false) if near.is_some_and(|to| to != sequence) => Relation::Another,
                (true | false, _) => Relation::Jump,
            };
        }
        // While another producer may be writing, a full state below the highest number is taken for its
        // beginning, unless by its time it fills a gap of this epoch.
        if below && self.doubt.is_some() && of.content == Content::Full && clock != Clock::NotLater
        {
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
        (place, clock): (LogPlace, Clock),
    ) -> Relation {
        let late = of
            .highest
            .is_some_and(|highest| highest.saturating_sub(sequence) <= LATE_MAX);
        let only_contained = of.contained && of.id == Id::Unknown;
        match clock {
            // Made before what was taken: it comes late, or the clock went back.
            Clock::NotLater if self.is_made_before_full(stamp, of) => return Relation::Stale,
            Clock::NotLater => return Relation::Reused,
            // Without a time the number decides: little below the highest it comes late.
            Clock::Unknown if only_contained && late => return Relation::Stale,
            Clock::Before | Clock::Later | Clock::Unknown => {}
        }
        // Without an id it may be the same again, which changes nothing where nothing came after it.
        let is_known_to_be_another = stamp.message_id().is_some() || place == LogPlace::New;
        if is_known_to_be_another || of.highest == Some(sequence) {
            Relation::Another
        } else {
            Relation::Reused
        }
    }

    /// Whether a full state under a number that was taken begins an epoch: somebody else writes.
    ///
    /// One that is not later lacks what was taken since, unless the clock went back: it is made well
    /// before the latest, and its number goes on from what came since it did, or it is one of many.
    fn is_believed_in_doubt(&self, sequence: u64, time: Option<i64>, clock: Clock) -> bool {
        self.doubt.is_some_and(|doubt| {
            clock != Clock::NotLater
                || self.is_well_before(time) && sequence > doubt
                || self.late >= IN_A_ROW_MAX
        })
    }

    /// Whether a message that was never taken was made before the full state whose number is higher.
    fn is_made_before_full(&self, stamp: &Stamp, of: &Facts) -> bool {
        let times = self.full.zip(stamp.time_us());
        let is_later = times.is_some_and(|(full, time)| time > full.saturating_add(JITTER_US));
        of.contained && of.id == Id::Unknown && !is_later
    }

    /// A message of an earlier epoch.
    const fn left_over(&self, place: LogPlace) -> Relation {
        if matches!(place, LogPlace::Passed | LogPlace::Reached) && !self.filled {
            // It ended before the first message that was taken, and nothing from there was filled in: the
            // state has nothing of it.
            Relation::Ended
        } else {
            Relation::Leftover
        }
    }

    /// A message was taken into the epoch.
    pub(super) fn take(&mut self, sequence: u64, stamp: &Stamp) {
        // Before `reach` moves on: the place is judged by the messages before this one.
        self.filled |= self.place(stamp) == LogPlace::Passed;
        self.last = stamp.time_us();
        if let Some(time) = stamp.time_us() {
            self.time = self.time.max(Some(time));
            if self.first.is_none_or(|(first, _)| sequence < first) {
                self.first = Some((sequence, time));
            }
        }
        // Only messages in a row count.
        self.leftovers = 0;
        self.late = 0;
    }

    /// A message was looked at, whatever became of it.
    pub(super) fn reach(&mut self, stamp: &Stamp) {
        if let Some(position) = stamp.position()
            && self
                .reached
                .and_then(|reached| position.is_after(&reached))
                // In another partition offsets are not comparable: the partition that was read last counts.
                .unwrap_or(true)
        {
            self.reached = Some(position);
        }
    }

    /// Another epoch begins with this message.
    pub(super) fn begin(&mut self, stamp: &Stamp) {
        // Where times went back they tell nothing about what may be left over. A message without a time,
        // `None`, is less than any time, so that it keeps none either.
        let before = self.time.filter(|latest| stamp.time_us() > Some(*latest));
        *self = Self {
            earlier: self.earlier.saturating_add(1),
            began: stamp.position(),
            // The log goes on, while all else is that of the epoch before.
            reached: self.reached,
            before,
            ..Self::default()
        };
    }

    /// A number that was taken came with another message.
    pub(super) fn reused(&mut self, sequence: u64) {
        self.doubt = self.doubt.max(Some(sequence));
    }

    /// A message seemed to come late. Many in a row do not: then the clock went back.
    pub(super) const fn late(&mut self) {
        self.late = self.late.saturating_add(1);
    }

    /// A message seemed to be left over. Many in a row are not: then the clock went back.
    pub(super) fn leftover(&mut self, stamp: &Stamp) {
        self.ended(stamp);
        self.leftovers = self.leftovers.saturating_add(1);
        if self.leftovers >= IN_A_ROW_MAX {
            // What made them look old is forgotten. A doubt lets the next full state begin an epoch; it is
            // about 0 since no number came twice.
            self.before = None;
            self.first = None;
            self.time = None;
            self.doubt = self.doubt.max(Some(0));
        }
    }

    /// An earlier epoch reaches as far as this message, if that is a place that was passed.
    pub(super) fn ended(&mut self, stamp: &Stamp) {
        if self.place(stamp) == LogPlace::Passed {
            self.began = stamp.position();
        }
    }

    /// The highest number near this one that was not believed.
    pub(super) fn jumped_near(&self, sequence: u64, jump_max: u64) -> Option<u64> {
        let far = sequence.saturating_add(jump_max);
        let highest = self.jumped.highest_up_to(far);
        highest.filter(|to| to.abs_diff(sequence) <= jump_max)
    }

    pub(super) fn jumped(&mut self, to: u64) {
        self.jumped.insert(to);
    }

    /// Bytes of the tables.
    pub(super) fn bytes(&self) -> u64 {
        self.jumped.bytes()
    }

    /// A full state made the run right.
    pub(super) fn settle(&mut self) {
        self.doubt = None;
        self.late = 0;
        self.jumped = SequenceRanges::default();
        // `take` noted the time of the message that made it.
        self.full = self.last;
    }

    fn is_well_after(&self, time: Option<i64>) -> bool {
        let latest = self.time.zip(time);
        latest.is_some_and(|(latest, time)| time > latest.saturating_add(JITTER_US))
    }

    fn is_well_before(&self, time: Option<i64>) -> bool {
        let latest = self.time.zip(time);
        latest.is_some_and(|(latest, time)| time < latest.saturating_sub(JITTER_US))
    }

    fn place(&self, stamp: &Stamp) -> LogPlace {
        let Some(position) = stamp.position() else {
            return LogPlace::Unknown;
        };
        let is_after = |other: Option<Position>| other.and_then(|other| position.is_after(&other));
        if self
            .began
            .is_some_and(|began| began.is_after(&position) == Some(true))
        {
            return LogPlace::BeforeEpoch;
        }
        match is_after(self.reached) {
            Some(true) => LogPlace::New,
            Some(false) if self.reached == Some(position) => LogPlace::Reached,
            Some(false) => LogPlace::Passed,
            None => LogPlace::Unknown,
        }
    }

    fn clock(&self, sequence: u64, time: Option<i64>) -> Clock {
        let Some(time) = time else {
            return Clock::Unknown;
        };
        let is_left_over = self.before.is_some_and(|latest| time <= latest);
        let is_before_first = self.first.is_some_and(|(first, began)| {
            sequence >= first && time < began.saturating_sub(JITTER_US)
        });
        if is_left_over || is_before_first {
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
