//! One thing that happens to the consumer. A `pick` chooses among what is there at that moment, so
//! that a trace stays meaningful when steps are taken out of it.

use dashstream_policy::ArchiveFault;
use dashstream_testkit::rng::SplitMix64;

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The group assigns partition `.0`, also when it is assigned already.
    Assign(usize),
    /// The group takes partition `.0` away; the client commits what is stored if `.1`.
    Revoke(usize, bool),
    /// Somebody else works off up to `.1` records of partition `.0` while it is not ours.
    Elsewhere(usize, u32),
    /// The client fetches the next record of a partition into the host's hand.
    Fetch(usize),
    /// The host offers the oldest record in its hand for a partition.
    Offer(usize),
    /// A handler gives a record back.
    Finish(u32, Outcome),
    /// The archive answers a send.
    Answer(u32, Answer),
    /// Time passes, in milliseconds, with a tick whenever one is due.
    Pass(u64),
    /// Time runs backwards by this many milliseconds for one tick.
    Backwards(u64),
    /// An operator orders a retry.
    Retry(usize),
    /// An operator orders to skip one.
    Skip(usize),
    /// An operator gives up everything before the held offset plus this; before this offset, where
    /// the log was created again.
    SkipTo(usize, u32),
    /// An operator pauses.
    Pause(usize),
    /// The rate gate opens or closes the breaker.
    Breaker(bool),
    /// The client commits what is stored.
    Commit,
    /// The process dies and starts again.
    Crash,
    /// The next store fails.
    FailStore,
    /// The next seek fails.
    FailSeek,
    /// The next seek is carried out and answered later.
    DelaySeek,
    /// A delayed seek is carried out and answered.
    Late,
    /// A failure that the archive kept back is told.
    LateFailure,
    /// Retention deletes up to `.1` records at the front of a partition.
    Retain(usize, u32),
    /// A record is appended to partition `.0`.
    Produce(usize),
    /// The topic of partition `.0` is deleted and created again, with `.1` records. It is left out
    /// where the new log reaches the committed position: nobody could tell it from the old one.
    Recreate(usize, u32),
    /// Compaction deletes one record of a partition.
    Compact(usize, u32),
    /// An input of an assignment that never was.
    Stale(usize),
    /// The process is told to stop: it takes nothing more and finishes what it has.
    Drain,
    /// The process ends after that, if nothing is under way.
    Leave,
}

/// What a handler says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Done,
    /// Unprocessable, for the cause of this number.
    Unprocessable(usize),
    /// Failed for a reason that may pass, and for this cause if it does not.
    Failed(usize),
    /// The host has no resources for it now.
    Defer,
}

/// What the archive does with a send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Writes and acknowledges.
    Ack,
    /// Writes and acknowledges twice.
    AckTwice,
    /// Writes; the acknowledgement is lost.
    Silent,
    /// Writes; the host reports a timeout, then the acknowledgement after all.
    LateAck,
    /// Writes less than was sent, and says so.
    Cut,
    /// Does not write.
    Fail(ArchiveFault),
    /// Does not write and does not answer.
    Vanish,
    /// Does not write; the failure is told at [`Step::LateFailure`].
    LateFail,
}

const FAULTS: [ArchiveFault; 5] = [
    ArchiveFault::TimedOut,
    ArchiveFault::QueueFull,
    ArchiveFault::Broker,
    ArchiveFault::TooLarge,
    ArchiveFault::Refused,
];

impl Step {
    /// Draws a step.
    #[must_use]
    pub fn draw(rng: &mut SplitMix64, partitions: usize) -> Self {
        let p = rng.index(partitions);
        let pick = rng.below(64) as u32;
        match rng.below(100) {
            0..=4 => Self::Assign(p),
            5..=6 => Self::Revoke(p, rng.chance(1, 2)),
            7 => Self::Elsewhere(p, pick % 4),
            8..=29 => Self::Fetch(p),
            30..=49 => Self::Offer(p),
            50..=66 => Self::Finish(pick, outcome(rng)),
            67..=76 => Self::Answer(pick, answer(rng)),
            77..=80 => Self::Pass([1, 150, 2_000, 6_000, 30_000][rng.index(5)]),
            81 => Self::Backwards(500),
            82..=83 => Self::Retry(p),
            84..=85 => Self::Skip(p),
            86 => Self::SkipTo(p, pick % 5),
            87 => Self::Pause(p),
            88 => Self::Breaker(rng.chance(1, 2)),
            89 => Self::Commit,
            90 if pick < 20 => Self::Drain,
            90 => Self::Leave,
            91 => Self::Crash,
            92 => Self::FailStore,
            93 => Self::FailSeek,
            94 => Self::DelaySeek,
            95 => Self::Late,
            96 => Self::LateFailure,
            97 => Self::Retain(p, 1 + pick % 3),
            98 if pick < 24 => Self::Compact(p, pick),
            98 if pick < 44 => Self::Produce(p),
            98 => Self::Recreate(p, pick % 5),
            _ => Self::Stale(p),
        }
    }
}

fn outcome(rng: &mut SplitMix64) -> Outcome {
    let cause = rng.index(10);
    match rng.below(10) {
        0..=4 => Outcome::Done,
        5..=6 => Outcome::Unprocessable(cause),
        7..=8 => Outcome::Failed(cause),
        _ => Outcome::Defer,
    }
}

fn answer(rng: &mut SplitMix64) -> Answer {
    match rng.below(15) {
        12 => Answer::Cut,
        13..=14 => Answer::LateFail,
        0..=3 => Answer::Ack,
        4 => Answer::AckTwice,
        5 => Answer::Silent,
        6 => Answer::LateAck,
        7..=10 => Answer::Fail(FAULTS[rng.index(FAULTS.len())]),
        _ => Answer::Vanish,
    }
}
