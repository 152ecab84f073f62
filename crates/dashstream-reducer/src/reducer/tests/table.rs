//! Every transition of a run, as one value: the table in the documentation is printed from it, and a
//! test goes through all of it.

use Kind::{
    Announcement, Checkpoint, Diff, DiffOnUnknownBase, DiffWithWrongHash, End, Lost, NoChange,
    Other, PoisonedCheckpoint, RefusedDiff, RefusedStart, RefusedState, Start, StartWithoutState,
    State, StateWithWrongHash,
};
use Place::{
    Again, Ahead, Before, Contained, Earlier, Jump, Late, Later, Leftover, Next, Passed, Reused,
    Untimed,
};

/// How a run stands when a message comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SyncState {
    InStep,
    /// The state is right as of a place, and messages after it are missing.
    Missing,
    /// There is no state, or it is not known to be right.
    Full,
}

/// How a message's number, id, position and time relate to those already seen. Every message has an
/// id; where nothing else is said it has a new position, and a time that is not later than its number
/// allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// No number.
    None,
    /// One that was seen, with the same message id.
    Again,
    /// One that was seen, without an id, at a position that was passed.
    Passed,
    /// One that was seen, with another message id and without a time.
    Reused,
    /// One that was seen, with another message id and a time before that of what was taken last.
    Earlier,
    /// One that was seen or is missing, with another message id and a time after all others.
    Later,
    /// One that was not seen, from before a full state and by its time made before it.
    Contained,
    /// One that was not seen, from before a full state, without a time.
    Untimed,
    /// The one after the last that was taken.
    Next,
    /// Another one below the highest.
    Late,
    /// One that leaves a gap.
    Ahead,
    /// One that is too far away to be believed.
    Jump,
    /// Any number, with a time from before the epoch.
    Leftover,
    /// Any number, at a position from before the epoch.
    Before,
}

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Other,
    End,
    Announcement,
    NoChange,
    Diff,
    RefusedDiff,
    DiffOnUnknownBase,
    DiffWithWrongHash,
    State,
    Checkpoint,
    RefusedState,
    StateWithWrongHash,
    PoisonedCheckpoint,
    Start,
    StartWithoutState,
    RefusedStart,
    Lost,
}

/// One line: what becomes of these messages, in each state. Several outcomes in a cell: which one
/// depends on what else the run was given.
pub(super) struct Row {
    pub(super) message: &'static str,
    kinds: &'static [&'static [Kind]],
    places: &'static [Place],
    /// In step, waiting for missing messages, waiting for a full state; or one for all.
    outcomes: &'static [&'static str],
}

macro_rules! rows {
    ($($message:literal, $kinds:expr, $places:expr => $($outcome:literal),+;)+) => {
        &[$(Row { message: $message, kinds: $kinds, places: $places, outcomes: &[$($outcome),+] }),+]
    };
}

pub(super) const TRANSITIONS: &[Row] = rows! {
    "no state, no number",
        &[&[Other, End]], &[Place::None] => "unchanged", "waiting", "waiting";
    "anything else without a number",
        &[STARTS, DIFFS, FULL_STATES, &[Announcement, RefusedState, StateWithWrongHash, PoisonedCheckpoint]], &[Place::None] => "resync(no_sequence)";
    "the host lost one",
        &[&[Lost]], ANYWHERE => "resync(lost)";
    "from before the epoch, by its position",
        ANYTHING, &[Before] => "stale";
    "from before the epoch, by its time",
        ANYTHING, &[Leftover] => "resync(sequence_reused)";
    "seen before, same id or at a position that was passed",
        ANYTHING, &[Again, Passed] => "duplicate";
    "of another epoch, by its time: complete state",
        &[FULL_STATES, &[Start]], &[Later] => "applied", "recovered", "recovered";
    "of another epoch, by its time: no complete state",
        PARTS, &[Later] => "resync(no_snapshot)";
    "of another epoch, by its time: state that is refused",
        &[&[RefusedStart, RefusedState]], &[Later] => "resync(snapshot_refused)";
    "of another epoch, by its time: state whose hash differs",
        &[&[StateWithWrongHash]], &[Later] => "resync(hash_mismatch)";
    "of another epoch, by its time: checkpoint that cannot be read",
        &[&[PoisonedCheckpoint]], &[Later] => "resync(poisoned_checkpoint)";
    "start with a state, another under a number that was seen",
        &[&[Start]], &[Reused] => "applied", "recovered", "recovered";
    "start without a state, likewise",
        &[&[StartWithoutState]], &[Reused] => "resync(no_snapshot)";
    "start with a state that is refused, likewise",
        &[&[RefusedStart]], &[Reused] => "resync(snapshot_refused)";
    "full state, another under a number that was seen",
        &[FULL_STATES], &[Reused] => "resync(sequence_reused)", "resync(sequence_reused)", "resync(sequence_reused) recovered";
    "full state that is refused, likewise",
        &[&[RefusedState]], &[Reused] => "resync(sequence_reused)", "resync(sequence_reused)", "resync(sequence_reused) resync(snapshot_refused)";
    "full state whose hash differs, likewise",
        &[&[StateWithWrongHash]], &[Reused] => "resync(sequence_reused)", "resync(sequence_reused)", "resync(sequence_reused) resync(hash_mismatch)";
    "anything else, another under a number that was seen",
        &[NOTHING, DIFFS, &[PoisonedCheckpoint]], &[Reused] => "resync(sequence_reused)";
    "another under a number that was seen, by its time not the latest",
        ANYTHING, &[Earlier] => "resync(sequence_reused)";
    "contained in a full state, and by its time made before it",
        ANYTHING, &[Contained] => "stale";
    "start, contained in a full state, without a time",
        &[STARTS], &[Untimed] => "stale";
    "full state, contained in another, without a time",
        &[FULL_STATES], &[Untimed] => "resync(sequence_reused)", "resync(sequence_reused)", "stale recovered";
    "full state that is refused, likewise contained",
        &[&[RefusedState]], &[Untimed] => "resync(sequence_reused)", "resync(sequence_reused)", "stale resync(snapshot_refused)";
    "full state whose hash differs, likewise contained",
        &[&[StateWithWrongHash]], &[Untimed] => "resync(sequence_reused)", "resync(sequence_reused)", "stale resync(hash_mismatch)";
    "anything else, likewise contained",
        &[NOTHING, DIFFS, &[PoisonedCheckpoint]], &[Untimed] => "resync(sequence_reused)", "resync(sequence_reused)", "stale";
    "complete state, too far away",
        &[FULL_STATES, &[Start]], &[Jump] => "resync(gap)", "waiting", "recovered";
    "state that is refused, too far away",
        &[&[RefusedStart, RefusedState]], &[Jump] => "resync(gap)", "waiting", "resync(snapshot_refused)";
    "state whose hash differs, too far away",
        &[&[StateWithWrongHash]], &[Jump] => "resync(gap)", "waiting", "resync(hash_mismatch)";
    "anything else, too far away",
        &[NOTHING, DIFFS, &[StartWithoutState, PoisonedCheckpoint]], &[Jump] => "resync(gap)", "waiting", "waiting";
    "start with a state",
        &[&[Start]], NEW => "applied", "recovered waiting resync(patch_refused)", "recovered waiting resync(gap)";
    "start without a state",
        &[&[StartWithoutState]], NEW => "resync(no_snapshot)";
    "start with a state that is refused",
        &[&[RefusedStart]], NEW => "resync(snapshot_refused)", "resync(snapshot_refused)", "resync(snapshot_refused) waiting";
    "no state, next",
        &[NOTHING], &[Next] => "unchanged", "recovered waiting resync(patch_refused)", "waiting";
    "no state, later",
        &[NOTHING], &[Late, Ahead] => "resync(gap)", "waiting", "waiting";
    "diff without operations, next",
        &[&[NoChange]], &[Next] => "unchanged", "recovered buffered waiting resync(patch_refused)", "buffered waiting";
    "diff, next",
        &[&[Diff]], &[Next] => "applied", "recovered buffered waiting resync(patch_refused)", "buffered waiting";
    "diff that is refused, next",
        &[&[RefusedDiff]], &[Next] => "resync(patch_refused)", "resync(patch_refused) waiting", "buffered waiting";
    "diff on a checkpoint that was never seen, next",
        &[&[DiffOnUnknownBase]], &[Next] => "resync(unknown_base)", "resync(unknown_base) waiting", "buffered waiting";
    "diff whose hash differs, next",
        &[&[DiffWithWrongHash]], &[Next] => "resync(hash_mismatch)", "resync(hash_mismatch) waiting", "buffered waiting";
    "any diff, later",
        &[DIFFS], &[Late, Ahead] => "resync(gap)", "buffered waiting", "buffered waiting";
    "full state",
        &[FULL_STATES], NEW => "applied", "recovered waiting resync(patch_refused)", "recovered waiting resync(gap)";
    "full state that is refused",
        &[&[RefusedState]], NEW => "resync(snapshot_refused)", "resync(snapshot_refused)", "resync(snapshot_refused) waiting";
    "full state whose hash differs",
        &[&[StateWithWrongHash]], NEW => "resync(hash_mismatch)", "resync(hash_mismatch)", "resync(hash_mismatch) waiting";
    "checkpoint that cannot be read",
        &[&[PoisonedCheckpoint]], NEW => "resync(poisoned_checkpoint)";
};

/// Messages that say nothing about the state.
const NOTHING: &[Kind] = &[Other, End, Announcement];

const DIFFS: &[Kind] = &[
    NoChange,
    Diff,
    RefusedDiff,
    DiffOnUnknownBase,
    DiffWithWrongHash,
];

const FULL_STATES: &[Kind] = &[State, Checkpoint];

const STARTS: &[Kind] = &[Start, StartWithoutState, RefusedStart];

/// Messages that bring no complete state, whatever they mean to.
const PARTS: &[&[Kind]] = &[NOTHING, DIFFS, &[StartWithoutState]];

/// Every message but the host's own.
const ANYTHING: &[&[Kind]] = &[
    NOTHING,
    DIFFS,
    FULL_STATES,
    &[RefusedState, StateWithWrongHash, PoisonedCheckpoint],
    STARTS,
];

const NEW: &[Place] = &[Next, Late, Ahead];

pub(super) const SYNC_STATES: [SyncState; 3] =
    [SyncState::InStep, SyncState::Missing, SyncState::Full];

pub(super) const ANYWHERE: &[Place] = &[
    Place::None,
    Again,
    Passed,
    Reused,
    Earlier,
    Later,
    Contained,
    Untimed,
    Next,
    Late,
    Ahead,
    Jump,
    Leftover,
    Before,
];

/// Every message.
pub(super) fn kinds() -> impl Iterator<Item = Kind> {
    ANYTHING.iter().copied().flatten().copied().chain([Lost])
}

impl Row {
    pub(super) fn is_of(&self, kind: Kind, place: Place) -> bool {
        self.kinds.iter().any(|kinds| kinds.contains(&kind)) && self.places.contains(&place)
    }

    pub(super) fn outcomes(&self, state: SyncState) -> impl Iterator<Item = &'static str> {
        let cell = self.outcomes.get(state as usize);
        cell.unwrap_or(&self.outcomes[0]).split(' ')
    }
}

/// The table as it stands in the documentation.
pub(super) fn printed() -> String {
    let mut text = String::from(
        "| message | in step | waiting for missing messages | waiting for a full state |\n\
         |---|---|---|---|\n",
    );
    for row in TRANSITIONS {
        text.push_str(&format!("| {} |", row.message));
        for state in SYNC_STATES {
            let cell: Vec<_> = row.outcomes(state).collect();
            text.push_str(&format!(" `{}` |", cell.join("`, `")));
        }
        text.push('\n');
    }
    text
}
