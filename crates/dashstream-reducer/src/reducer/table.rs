//! Every transition of a run, as one value: the table in the documentation is printed from it, and a
//! test goes through all of it.

mod tests;

/// How a run stands when a message comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
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
enum Place {
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
enum Kind {
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

/// One line: what becomes of these messages, in each standing. Several outcomes: which one depends on
/// what else the run was given.
struct Row {
    message: &'static str,
    kinds: &'static [Kind],
    places: &'static [Place],
    in_step: &'static [&'static str],
    missing: &'static [&'static str],
    full: &'static [&'static str],
}

const TRANSITIONS: &[Row] = &[
    Row {
        message: "no state, no number",
        kinds: &[Kind::Other, Kind::End],
        places: &[Place::None],
        in_step: &["unchanged"],
        missing: &["waiting"],
        full: &["waiting"],
    },
    Row {
        message: "anything else without a number",
        kinds: &[
            Kind::Announcement,
            Kind::NoChange,
            Kind::Diff,
            Kind::RefusedDiff,
            Kind::DiffOnUnknownBase,
            Kind::DiffWithWrongHash,
            Kind::State,
            Kind::Checkpoint,
            Kind::RefusedState,
            Kind::StateWithWrongHash,
            Kind::PoisonedCheckpoint,
            Kind::Start,
            Kind::StartWithoutState,
            Kind::RefusedStart,
        ],
        places: &[Place::None],
        in_step: &["resync(no_sequence)"],
        missing: &["resync(no_sequence)"],
        full: &["resync(no_sequence)"],
    },
    Row {
        message: "the host lost one",
        kinds: &[Kind::Lost],
        places: &[
            Place::None,
            Place::Again,
            Place::Passed,
            Place::Reused,
            Place::Earlier,
            Place::Later,
            Place::Contained,
            Place::Untimed,
            Place::Next,
            Place::Late,
            Place::Ahead,
            Place::Jump,
            Place::Leftover,
            Place::Before,
        ],
        in_step: &["resync(lost)"],
        missing: &["resync(lost)"],
        full: &["resync(lost)"],
    },
    Row {
        message: "from before the epoch, by its position",
        kinds: ANYTHING,
        places: &[Place::Before],
        in_step: &["stale"],
        missing: &["stale"],
        full: &["stale"],
    },
    Row {
        message: "from before the epoch, by its time",
        kinds: ANYTHING,
        places: &[Place::Leftover],
        in_step: &["resync(sequence_reused)"],
        missing: &["resync(sequence_reused)"],
        full: &["resync(sequence_reused)"],
    },
    Row {
        message: "seen before, same id or at a position that was passed",
        kinds: ANYTHING,
        places: &[Place::Again, Place::Passed],
        in_step: &["duplicate"],
        missing: &["duplicate"],
        full: &["duplicate"],
    },
    Row {
        message: "of another epoch, by its time: complete state",
        kinds: &[Kind::Start, Kind::State, Kind::Checkpoint],
        places: &[Place::Later],
        in_step: &["applied"],
        missing: &["recovered"],
        full: &["recovered"],
    },
    Row {
        message: "of another epoch, by its time: no complete state",
        kinds: PARTS,
        places: &[Place::Later],
        in_step: &["resync(no_snapshot)"],
        missing: &["resync(no_snapshot)"],
        full: &["resync(no_snapshot)"],
    },
    Row {
        message: "of another epoch, by its time: state that is refused",
        kinds: &[Kind::RefusedStart, Kind::RefusedState],
        places: &[Place::Later],
        in_step: &["resync(snapshot_refused)"],
        missing: &["resync(snapshot_refused)"],
        full: &["resync(snapshot_refused)"],
    },
    Row {
        message: "of another epoch, by its time: state whose hash differs",
        kinds: &[Kind::StateWithWrongHash],
        places: &[Place::Later],
        in_step: &["resync(hash_mismatch)"],
        missing: &["resync(hash_mismatch)"],
        full: &["resync(hash_mismatch)"],
    },
    Row {
        message: "of another epoch, by its time: checkpoint that cannot be read",
        kinds: &[Kind::PoisonedCheckpoint],
        places: &[Place::Later],
        in_step: &["resync(poisoned_checkpoint)"],
        missing: &["resync(poisoned_checkpoint)"],
        full: &["resync(poisoned_checkpoint)"],
    },
    Row {
        message: "start with a state, another under a number that was seen",
        kinds: &[Kind::Start],
        places: &[Place::Reused],
        in_step: &["applied"],
        missing: &["recovered"],
        full: &["recovered"],
    },
    Row {
        message: "start without a state, likewise",
        kinds: &[Kind::StartWithoutState],
        places: &[Place::Reused],
        in_step: &["resync(no_snapshot)"],
        missing: &["resync(no_snapshot)"],
        full: &["resync(no_snapshot)"],
    },
    Row {
        message: "start with a state that is refused, likewise",
        kinds: &[Kind::RefusedStart],
        places: &[Place::Reused],
        in_step: &["resync(snapshot_refused)"],
        missing: &["resync(snapshot_refused)"],
        full: &["resync(snapshot_refused)"],
    },
    Row {
        message: "full state, another under a number that was seen",
        kinds: &[Kind::State, Kind::Checkpoint],
        places: &[Place::Reused],
        in_step: &["resync(sequence_reused)"],
        missing: &["resync(sequence_reused)"],
        full: &["resync(sequence_reused)", "recovered"],
    },
    Row {
        message: "full state that is refused, likewise",
        kinds: &[Kind::RefusedState],
        places: &[Place::Reused],
        in_step: &["resync(sequence_reused)"],
        missing: &["resync(sequence_reused)"],
        full: &["resync(sequence_reused)", "resync(snapshot_refused)"],
    },
    Row {
        message: "full state whose hash differs, likewise",
        kinds: &[Kind::StateWithWrongHash],
        places: &[Place::Reused],
        in_step: &["resync(sequence_reused)"],
        missing: &["resync(sequence_reused)"],
        full: &["resync(sequence_reused)", "resync(hash_mismatch)"],
    },
    Row {
        message: "anything else, another under a number that was seen",
        kinds: &[
            Kind::Other,
            Kind::End,
            Kind::Announcement,
            Kind::NoChange,
            Kind::Diff,
            Kind::RefusedDiff,
            Kind::DiffOnUnknownBase,
            Kind::DiffWithWrongHash,
            Kind::PoisonedCheckpoint,
        ],
        places: &[Place::Reused],
        in_step: &["resync(sequence_reused)"],
        missing: &["resync(sequence_reused)"],
        full: &["resync(sequence_reused)"],
    },
    Row {
        message: "another under a number that was seen, by its time not the latest",
        kinds: ANYTHING,
        places: &[Place::Earlier],
        in_step: &["resync(sequence_reused)"],
        missing: &["resync(sequence_reused)"],
        full: &["resync(sequence_reused)"],
    },
    Row {
        message: "contained in a full state, and by its time made before it",
        kinds: ANYTHING,
        places: &[Place::Contained],
        in_step: &["stale"],
        missing: &["stale"],
        full: &["stale"],
    },
    Row {
        message: "start, contained in a full state, without a time",
        kinds: STARTS,
        places: &[Place::Untimed],
        in_step: &["stale"],
        missing: &["stale"],
        full: &["stale"],
    },
    Row {
        message: "full state, contained in another, without a time",
        kinds: &[Kind::State, Kind::Checkpoint],
        places: &[Place::Untimed],
        in_step: &["resync(sequence_reused)"],
        missing: &["resync(sequence_reused)"],
        full: &["stale", "recovered"],
    },
    Row {
        message: "full state that is refused, likewise contained",
        kinds: &[Kind::RefusedState],
        places: &[Place::Untimed],
        in_step: &["resync(sequence_reused)"],
        missing: &["resync(sequence_reused)"],
        full: &["stale", "resync(snapshot_refused)"],
    },
    Row {
        message: "full state whose hash differs, likewise contained",
        kinds: &[Kind::StateWithWrongHash],
        places: &[Place::Untimed],
        in_step: &["resync(sequence_reused)"],
        missing: &["resync(sequence_reused)"],
        full: &["stale", "resync(hash_mismatch)"],
    },
    Row {
        message: "anything else, likewise contained",
        kinds: &[
            Kind::Other,
            Kind::End,
            Kind::Announcement,
            Kind::NoChange,
            Kind::Diff,
            Kind::RefusedDiff,
            Kind::DiffOnUnknownBase,
            Kind::DiffWithWrongHash,
            Kind::PoisonedCheckpoint,
        ],
        places: &[Place::Untimed],
        in_step: &["resync(sequence_reused)"],
        missing: &["resync(sequence_reused)"],
        full: &["stale"],
    },
    Row {
        message: "complete state, too far away",
        kinds: &[Kind::Start, Kind::State, Kind::Checkpoint],
        places: &[Place::Jump],
        in_step: &["resync(gap)"],
        missing: &["waiting"],
        full: &["recovered"],
    },
    Row {
        message: "state that is refused, too far away",
        kinds: &[Kind::RefusedStart, Kind::RefusedState],
        places: &[Place::Jump],
        in_step: &["resync(gap)"],
        missing: &["waiting"],
        full: &["resync(snapshot_refused)"],
    },
    Row {
        message: "state whose hash differs, too far away",
        kinds: &[Kind::StateWithWrongHash],
        places: &[Place::Jump],
        in_step: &["resync(gap)"],
        missing: &["waiting"],
        full: &["resync(hash_mismatch)"],
    },
    Row {
        message: "anything else, too far away",
        kinds: &[
            Kind::Other,
            Kind::End,
            Kind::Announcement,
            Kind::NoChange,
            Kind::Diff,
            Kind::RefusedDiff,
            Kind::DiffOnUnknownBase,
            Kind::DiffWithWrongHash,
            Kind::PoisonedCheckpoint,
            Kind::StartWithoutState,
        ],
        places: &[Place::Jump],
        in_step: &["resync(gap)"],
        missing: &["waiting"],
        full: &["waiting"],
    },
    Row {
        message: "start with a state",
        kinds: &[Kind::Start],
        places: NEW,
        in_step: &["applied"],
        missing: &["recovered", "waiting", "resync(patch_refused)"],
        full: &["recovered", "waiting", "resync(gap)"],
    },
    Row {
        message: "start without a state",
        kinds: &[Kind::StartWithoutState],
        places: NEW,
        in_step: &["resync(no_snapshot)"],
        missing: &["resync(no_snapshot)"],
        full: &["resync(no_snapshot)"],
    },
    Row {
        message: "start with a state that is refused",
        kinds: &[Kind::RefusedStart],
        places: NEW,
        in_step: &["resync(snapshot_refused)"],
        missing: &["resync(snapshot_refused)"],
        full: &["resync(snapshot_refused)", "waiting"],
    },
    Row {
        message: "no state, next",
        kinds: &[Kind::Other, Kind::End, Kind::Announcement],
        places: &[Place::Next],
        in_step: &["unchanged"],
        missing: &["recovered", "waiting", "resync(patch_refused)"],
        full: &["waiting"],
    },
    Row {
        message: "no state, later",
        kinds: &[Kind::Other, Kind::End, Kind::Announcement],
        places: &[Place::Late, Place::Ahead],
        in_step: &["resync(gap)"],
        missing: &["waiting"],
        full: &["waiting"],
    },
    Row {
        message: "diff without operations, next",
        kinds: &[Kind::NoChange],
        places: &[Place::Next],
        in_step: &["unchanged"],
        missing: &["recovered", "buffered", "waiting", "resync(patch_refused)"],
        full: &["buffered", "waiting"],
    },
    Row {
        message: "diff, next",
        kinds: &[Kind::Diff],
        places: &[Place::Next],
        in_step: &["applied"],
        missing: &["recovered", "buffered", "waiting", "resync(patch_refused)"],
        full: &["buffered", "waiting"],
    },
    Row {
        message: "diff that is refused, next",
        kinds: &[Kind::RefusedDiff],
        places: &[Place::Next],
        in_step: &["resync(patch_refused)"],
        missing: &["resync(patch_refused)", "waiting"],
        full: &["buffered", "waiting"],
    },
    Row {
        message: "diff on a checkpoint that was never seen, next",
        kinds: &[Kind::DiffOnUnknownBase],
        places: &[Place::Next],
        in_step: &["resync(unknown_base)"],
        missing: &["resync(unknown_base)", "waiting"],
        full: &["buffered", "waiting"],
    },
    Row {
        message: "diff whose hash differs, next",
        kinds: &[Kind::DiffWithWrongHash],
        places: &[Place::Next],
        in_step: &["resync(hash_mismatch)"],
        missing: &["resync(hash_mismatch)", "waiting"],
        full: &["buffered", "waiting"],
    },
    Row {
        message: "any diff, later",
        kinds: &[
            Kind::NoChange,
            Kind::Diff,
            Kind::RefusedDiff,
            Kind::DiffOnUnknownBase,
            Kind::DiffWithWrongHash,
        ],
        places: &[Place::Late, Place::Ahead],
        in_step: &["resync(gap)"],
        missing: &["buffered", "waiting"],
        full: &["buffered", "waiting"],
    },
    Row {
        message: "full state",
        kinds: &[Kind::State, Kind::Checkpoint],
        places: NEW,
        in_step: &["applied"],
        missing: &["recovered", "waiting", "resync(patch_refused)"],
        full: &["recovered", "waiting", "resync(gap)"],
    },
    Row {
        message: "full state that is refused",
        kinds: &[Kind::RefusedState],
        places: NEW,
        in_step: &["resync(snapshot_refused)"],
        missing: &["resync(snapshot_refused)"],
        full: &["resync(snapshot_refused)", "waiting"],
    },
    Row {
        message: "full state whose hash differs",
        kinds: &[Kind::StateWithWrongHash],
        places: NEW,
        in_step: &["resync(hash_mismatch)"],
        missing: &["resync(hash_mismatch)"],
        full: &["resync(hash_mismatch)", "waiting"],
    },
    Row {
        message: "checkpoint that cannot be read",
        kinds: &[Kind::PoisonedCheckpoint],
        places: NEW,
        in_step: &["resync(poisoned_checkpoint)"],
        missing: &["resync(poisoned_checkpoint)"],
        full: &["resync(poisoned_checkpoint)"],
    },
];

const NEW: &[Place] = &[Place::Next, Place::Late, Place::Ahead];

const STARTS: &[Kind] = &[Kind::Start, Kind::StartWithoutState, Kind::RefusedStart];

/// Every message but the host's own.
const ANYTHING: &[Kind] = &[
    Kind::Other,
    Kind::End,
    Kind::Announcement,
    Kind::NoChange,
    Kind::Diff,
    Kind::RefusedDiff,
    Kind::DiffOnUnknownBase,
    Kind::DiffWithWrongHash,
    Kind::State,
    Kind::Checkpoint,
    Kind::RefusedState,
    Kind::StateWithWrongHash,
    Kind::PoisonedCheckpoint,
    Kind::Start,
    Kind::StartWithoutState,
    Kind::RefusedStart,
];

/// Messages that bring no complete state, whatever they mean to.
const PARTS: &[Kind] = &[
    Kind::Other,
    Kind::End,
    Kind::Announcement,
    Kind::NoChange,
    Kind::Diff,
    Kind::RefusedDiff,
    Kind::DiffOnUnknownBase,
    Kind::DiffWithWrongHash,
    Kind::StartWithoutState,
];

impl Row {
    const fn outcomes(&self, standing: Standing) -> &'static [&'static str] {
        match standing {
            Standing::InStep => self.in_step,
            Standing::Missing => self.missing,
            Standing::Full => self.full,
        }
    }
}

/// The table as it stands in the documentation.
fn printed() -> String {
    let mut text = String::from(
        "| message | in step | waiting for missing messages | waiting for a full state |\n\
         |---|---|---|---|\n",
    );
    for row in TRANSITIONS {
        text.push_str(&format!("| {} |", row.message));
        for cell in [row.in_step, row.missing, row.full] {
            text.push_str(&format!(" `{}` |", cell.join("`, `")));
        }
        text.push('\n');
    }
    text
}
