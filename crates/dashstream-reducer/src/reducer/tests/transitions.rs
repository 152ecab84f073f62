use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use super::table::{ANYWHERE, Kind, Place, SYNC_STATES, SyncState, TRANSITIONS, kinds, printed};
use crate::patch::Encoded;
use crate::reducer::{Outcome, Position, Reducer, ReducerLimits, ResyncReason, Stamp, Update};

#[test]
fn the_documentation_is_printed_from_the_table() {
    let (documented, printed) = (include_str!("../transitions.md"), printed());
    let mut lines = documented.lines().zip(printed.lines());
    let first = lines.find(|(documented, printed)| documented != printed);
    assert!(documented == printed, "{first:?}; all of it:\n{printed}");
}

/// Every message in every place to runs in every state: each has one row, ends as that row says,
/// and no row says what never happens.
#[test]
fn every_message_ends_as_its_row_says_and_every_outcome_occurs() {
    let mut seen = BTreeSet::new();
    let mut met = BTreeSet::new();
    for place in ANYWHERE.iter().copied() {
        for kind in kinds() {
            let rows = TRANSITIONS.iter().enumerate();
            let mut rows = rows.filter(|(_, row)| row.is_of(kind, place));
            let (index, row) = rows.next().unwrap_or_else(|| panic!("{place:?} {kind:?}"));
            assert!(rows.next().is_none(), "{place:?} {kind:?} has two rows");
            // Numbers mean the same wherever they begin.
            for origin in [0, 1 << 40, u64::MAX - 3_000_000] {
                for state in SYNC_STATES {
                    for run in runs(state, origin) {
                        let Some(outcome) = run.take(place, kind) else {
                            continue;
                        };
                        let at = row.outcomes(state).position(|code| code == outcome);
                        assert!(
                            at.is_some(),
                            "{outcome} of {state:?} {place:?} {kind:?}: {}",
                            row.message
                        );
                        seen.insert((index, state, at));
                        met.insert((state, place, kind));
                    }
                }
            }
        }
    }
    for (index, row) in TRANSITIONS.iter().enumerate() {
        for state in SYNC_STATES {
            for (at, outcome) in row.outcomes(state).enumerate() {
                let occurs = seen.contains(&(index, state, Some(at)));
                assert!(occurs, "{outcome} of {state:?}, {}", row.message);
            }
        }
    }
    // A run in step has seen every number up to the highest: nothing is late.
    let never = |state, place| state == SyncState::InStep && place == Place::Late;
    for state in SYNC_STATES {
        for place in ANYWHERE.iter().copied() {
            for kind in kinds() {
                let expected = !never(state, place);
                assert_eq!(
                    met.contains(&(state, place, kind)),
                    expected,
                    "{state:?} {place:?} {kind:?}"
                );
            }
        }
    }
}

/// A run, and which number stands in which place.
struct Scene {
    run: Reducer,
    origin: u64,
    places: BTreeMap<Place, u64>,
    start: Option<u64>,
    given: i64,
    has_epoch_before: bool,
}

/// Where the messages of a scene begin in the log and in time; the epoch before lies below both.
const BEGUN: i64 = 100;

impl Scene {
    /// A run that was given these messages, within a budget of kept diffs.
    fn new(origin: u64, buffered: usize, given: &[(u64, Kind)], places: &[(Place, u64)]) -> Self {
        let limits = ReducerLimits {
            buffered_diffs: buffered,
            ..ReducerLimits::default()
        };
        let mut scene = Self {
            run: Reducer::new(limits),
            origin,
            places: places.iter().copied().collect(),
            start: None,
            given: BEGUN,
            has_epoch_before: false,
        };
        if given.first().is_some_and(|(_, kind)| *kind == Kind::Start) {
            scene.epoch_before();
        }
        for (number, kind) in given {
            if *kind == Kind::Start {
                scene.start = Some(*number);
            }
            let stamp = scene.stamp(*number);
            let _outcome = give(&mut scene.run, stamp, *kind, &ADOPTED);
        }
        scene
    }

    /// As a new one, in doubt about who writes.
    fn in_doubt(origin: u64, given: &[(u64, Kind)], places: &[(Place, u64)]) -> Self {
        let mut scene = Self::new(origin, 9, given, places);
        let stamp = Stamp::new(origin + 3).with_message_id(&[0xEE; 16]);
        let outcome = give(&mut scene.run, stamp, Kind::Other, &ADOPTED);
        assert_eq!(outcome, Outcome::Resync(ResyncReason::SequenceReused));
        scene
    }

    /// Another producer that wrote under the same numbers.
    fn epoch_before(&mut self) {
        for (number, kind) in [(2, Kind::Start), (3, Kind::Other)] {
            let stamp = Stamp::new(self.origin + number)
                .with_message_id(&[0xBB; 16])
                .with_position(position(number.cast_signed()))
                .with_time_us(number.cast_signed());
            let _outcome = give(&mut self.run, stamp, kind, &ADOPTED);
        }
        self.has_epoch_before = true;
    }

    /// The next record of the log: its time is that of its number.
    fn stamp(&mut self, number: u64) -> Stamp {
        self.given += 1;
        Stamp::new(self.origin + number)
            .with_message_id(&id(number))
            .with_position(position(self.given))
            .with_time_us(BEGUN + number.cast_signed())
    }

    /// Gives the run one message and answers what became of it; `None` if the run has no such place.
    fn take(mut self, place: Place, kind: Kind) -> Option<String> {
        let is_start = matches!(
            kind,
            Kind::Start | Kind::StartWithoutState | Kind::RefusedStart
        );
        let number = match place {
            Place::None => None,
            // The same id means the same message.
            Place::Again if is_start => Some(self.start?),
            Place::Passed => Some(*self.places.get(&Place::Again)?),
            Place::Earlier | Place::Later => Some(*self.places.get(&Place::Reused)?),
            Place::Untimed => Some(*self.places.get(&Place::Contained)?),
            Place::Leftover | Place::Before if self.has_epoch_before => {
                Some(*self.places.get(&Place::Next)?)
            }
            Place::Leftover | Place::Before => return None,
            Place::Again
            | Place::Reused
            | Place::Contained
            | Place::Next
            | Place::Late
            | Place::Ahead
            | Place::Jump => Some(*self.places.get(&place)?),
        };
        let sequence = number.map_or(0, |number| self.origin + number);
        let usual = self.stamp(number.unwrap_or(0));
        let stamp = match place {
            Place::None => Stamp::new(0).with_message_id(&id(0)),
            Place::Again
            | Place::Contained
            | Place::Next
            | Place::Late
            | Place::Ahead
            | Place::Jump => usual,
            Place::Passed => Stamp::new(sequence).with_position(position(BEGUN + 1)),
            Place::Reused => Stamp::new(sequence).with_message_id(&[0xFF; 16]),
            Place::Earlier => usual.with_message_id(&[0xFD; 16]).with_time_us(BEGUN + 1),
            Place::Untimed => usual.with_time_us(0),
            Place::Later => usual.with_message_id(&[0xFE; 16]).with_time_us(1_000),
            Place::Leftover => usual.with_time_us(3),
            Place::Before => usual.with_position(position(3)),
        };
        let outcome = give(&mut self.run, stamp, kind, &UNKNOWN);
        let resync = self.run.needs_resync();
        match outcome {
            Outcome::Applied(_) | Outcome::Recovered { .. } | Outcome::Unchanged => {
                assert_eq!(resync, None);
            }
            Outcome::Resync(reason) => {
                assert_eq!(resync, Some(reason));
                assert!(ResyncReason::CODES.contains(&reason.code()));
            }
            Outcome::Buffered | Outcome::Waiting => assert_ne!(resync, None),
            Outcome::Duplicate | Outcome::Stale => {}
            Outcome::Quarantined => panic!("only runs have a quarantine"),
        }
        Some(match outcome {
            Outcome::Resync(reason) => format!("resync({})", reason.code()),
            other => other.code().to_owned(),
        })
    }
}

const fn position(offset: i64) -> Position {
    Position {
        partition: 7,
        offset,
    }
}

fn runs(state: SyncState, origin: u64) -> Vec<Scene> {
    use Kind::{Diff, DiffOnUnknownBase as Adopting, Other, RefusedDiff, Start};
    use Place::{Again, Ahead, Contained, Jump, Late, Next, Reused};

    const FAR: u64 = 3_000_000;

    let begun = [(2, Start), (3, Adopting)];
    let scene = |buffered, more: &[(u64, Kind)], places: &[(Place, u64)]| {
        Scene::new(origin, buffered, &[&begun, more].concat(), places)
    };
    match state {
        SyncState::InStep => {
            let places = [
                (Again, 3),
                (Reused, 3),
                (Contained, 1),
                (Next, 4),
                (Ahead, 6),
                (Jump, FAR),
            ];
            vec![scene(9, &[], &places), scene(0, &[], &places)]
        }
        SyncState::Missing => {
            let mut runs = Vec::new();
            for (buffered, later) in [
                (9, Diff),
                (1, Diff),
                (9, RefusedDiff),
                (9, Other),
                (0, Other),
            ] {
                let places = [
                    (Again, 3),
                    (Reused, 5),
                    (Contained, 1),
                    (Next, 4),
                    (Ahead, 6),
                    (Jump, FAR),
                ];
                runs.push(scene(buffered, &[(5, later)], &places));
                let places = [
                    (Again, 6),
                    (Reused, 6),
                    (Contained, 1),
                    (Next, 4),
                    (Late, 5),
                    (Ahead, 7),
                    (Jump, FAR),
                ];
                runs.push(scene(buffered, &[(6, later)], &places));
            }
            runs
        }
        SyncState::Full => {
            let mut runs = Vec::new();
            for buffered in [9, 0] {
                // Nothing was seen; a run was met midstream; its trust ended; what was kept is lost.
                runs.push(Scene::new(origin, buffered, &[], &[(Next, 1), (Ahead, 3)]));
                let places = [
                    (Again, 5),
                    (Reused, 5),
                    (Late, 3),
                    (Next, 6),
                    (Ahead, 8),
                    (Jump, FAR),
                ];
                runs.push(Scene::new(origin, buffered, &[(5, Diff)], &places));
                runs.push(Scene::new(origin, buffered, &[(5, Other)], &places));
                let places = [
                    (Again, 3),
                    (Reused, 4),
                    (Contained, 1),
                    (Next, 5),
                    (Ahead, 7),
                    (Jump, FAR),
                ];
                runs.push(scene(buffered, &[(4, RefusedDiff)], &places));
                let places = [
                    (Again, 6),
                    (Reused, 6),
                    (Contained, 1),
                    (Next, 5),
                    (Ahead, 8),
                    (Jump, FAR),
                ];
                runs.push(scene(buffered, &[(4, RefusedDiff), (6, Other)], &places));
            }
            let places = [
                (Again, 5),
                (Reused, 5),
                (Contained, 1),
                (Late, 4),
                (Next, 6),
                (Ahead, 8),
                (Jump, FAR),
            ];
            runs.push(scene(0, &[(5, Diff)], &places));
            let places = [
                (Again, 3),
                (Reused, 3),
                (Contained, 1),
                (Next, 4),
                (Ahead, 6),
                (Jump, FAR),
            ];
            runs.push(Scene::in_doubt(origin, &begun, &places));
            runs
        }
    }
}

/// The base of the first diff after a full state, which is taken up, and one that nobody has seen.
const ADOPTED: [u8; 16] = [3; 16];
const UNKNOWN: [u8; 16] = [2; 16];

fn id(number: u64) -> [u8; 16] {
    u128::from(number).to_le_bytes()
}

fn give(run: &mut Reducer, stamp: Stamp, kind: Kind, base: &[u8]) -> Outcome {
    let replace = |path| {
        [Encoded {
            op: 2,
            path,
            value: b"1",
            ..Encoded::default()
        }]
    };
    let (there, nowhere) = (replace("/n"), replace("/none"));
    let (state, cut): (&[u8], &[u8]) = (br#"{"n":0}"#, br#"{"n":"#);
    let wrong: &[u8] = &[7; 32];
    let diff = |operations: &'static str, hash, base| Update::Diff {
        operations: match operations {
            "none" => there[..0].into(),
            "refused" => nowhere.as_slice().into(),
            _ => there.as_slice().into(),
        },
        hash,
        base,
    };
    let checkpoint: &[u8] = &[1; 16];
    let update = match kind {
        Kind::Other => Update::Other,
        Kind::End => Update::End,
        Kind::Announcement => Update::Checkpoint {
            id: checkpoint,
            state: &[],
        },
        Kind::NoChange => diff("none", &[], &[]),
        Kind::Diff => diff("", &[], &[]),
        Kind::RefusedDiff => diff("refused", &[], &[]),
        Kind::DiffOnUnknownBase => diff("", &[], base),
        Kind::DiffWithWrongHash => diff("", wrong, &[]),
        Kind::State => Update::Snapshot { state, hash: &[] },
        Kind::Checkpoint => Update::Checkpoint {
            id: checkpoint,
            state,
        },
        Kind::RefusedState => Update::Snapshot {
            state: cut,
            hash: &[],
        },
        Kind::StateWithWrongHash => Update::Snapshot { state, hash: wrong },
        Kind::PoisonedCheckpoint => Update::PoisonedCheckpoint { id: checkpoint },
        Kind::Start => Update::Start { state: Some(state) },
        Kind::StartWithoutState => Update::Start { state: None },
        Kind::RefusedStart => Update::Start { state: Some(cut) },
        Kind::Lost => Update::Lost,
    };
    run.apply(Duration::ZERO, stamp, update)
}
