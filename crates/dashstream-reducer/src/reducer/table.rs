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

/// Which number a message has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    None,
    /// One that was seen, with the same message id.
    Again,
    /// One that was seen, with another message id.
    Reused,
    /// One that was not seen, from before a full state.
    Contained,
    /// The one after the last that was taken.
    Next,
    /// Another one below the highest.
    Late,
    /// One that leaves a gap.
    Ahead,
}

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Other,
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
        kinds: &[Kind::Other],
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
            Place::Reused,
            Place::Contained,
            Place::Next,
            Place::Late,
            Place::Ahead,
        ],
        in_step: &["resync(lost)"],
        missing: &["resync(lost)"],
        full: &["resync(lost)"],
    },
    Row {
        message: "start, the same again",
        kinds: &[Kind::Start, Kind::StartWithoutState, Kind::RefusedStart],
        places: &[Place::Again],
        in_step: &["duplicate"],
        missing: &["duplicate"],
        full: &["duplicate"],
    },
    Row {
        message: "start with a state; a number that was reached begins a new epoch",
        kinds: &[Kind::Start],
        places: ANYWHERE,
        in_step: &["applied"],
        missing: &["recovered"],
        full: &["recovered"],
    },
    Row {
        message: "start without a state",
        kinds: &[Kind::StartWithoutState],
        places: ANYWHERE,
        in_step: &["resync(no_snapshot)"],
        missing: &["resync(no_snapshot)"],
        full: &["resync(no_snapshot)"],
    },
    Row {
        message: "start with a state that is refused",
        kinds: &[Kind::RefusedStart],
        places: ANYWHERE,
        in_step: &["resync(snapshot_refused)"],
        missing: &["resync(snapshot_refused)"],
        full: &["resync(snapshot_refused)"],
    },
    Row {
        message: "seen before, same id",
        kinds: PLACED,
        places: &[Place::Again],
        in_step: &["duplicate"],
        missing: &["duplicate"],
        full: &["duplicate"],
    },
    Row {
        message: "seen before, other id",
        kinds: PLACED,
        places: &[Place::Reused],
        in_step: &["resync(sequence_reused)"],
        missing: &["resync(sequence_reused)"],
        full: &["resync(sequence_reused)"],
    },
    Row {
        message: "contained in a full state",
        kinds: PLACED,
        places: &[Place::Contained],
        in_step: &["stale"],
        missing: &["stale"],
        full: &["stale"],
    },
    Row {
        message: "no state, next",
        kinds: &[Kind::Other, Kind::Announcement],
        places: &[Place::Next],
        in_step: &["unchanged"],
        missing: &["recovered", "waiting", "resync(patch_refused)"],
        full: &["waiting"],
    },
    Row {
        message: "no state, later",
        kinds: &[Kind::Other, Kind::Announcement],
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

/// Where a start may stand that is not the same again.
const ANYWHERE: &[Place] = &[
    Place::Reused,
    Place::Contained,
    Place::Next,
    Place::Late,
    Place::Ahead,
];

/// Messages that a number which was taken makes old news.
const PLACED: &[Kind] = &[
    Kind::Other,
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
