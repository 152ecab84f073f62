//! What the windows stand for, and whether they could show everything.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::document::Fields;
use crate::document::unprocessable::by;
use crate::labels::{WindowLength, WindowMisfit};
use crate::snapshot::Snapshot;

/// Both windows that rates are judged over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowsPart {
    /// The last 120 seconds.
    pub short: WindowPart,
    /// The last hour.
    pub long: WindowPart,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub other: Fields,
}

/// One window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowPart {
    /// Its length.
    pub seconds: u64,
    /// The time it stands for: less after a start.
    pub covered_seconds: f64,
    /// Records in it.
    pub messages: u64,
    /// Records that it could not show, since the start, by reason.
    pub misfits: BTreeMap<String, u64>,
    /// Readings of it, since the start, that were too small.
    pub torn_readings: u64,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub other: Fields,
}

impl WindowsPart {
    pub(super) fn new(snapshot: &Snapshot) -> Self {
        Self {
            short: WindowPart::new(snapshot, WindowLength::Short),
            long: WindowPart::new(snapshot, WindowLength::Long),
            other: Fields::new(),
        }
    }
}

impl WindowPart {
    fn new(snapshot: &Snapshot, window: WindowLength) -> Self {
        let windows = &snapshot.windows;
        let readings = windows.outcomes(window);
        Self {
            seconds: readings.window.as_secs(),
            covered_seconds: readings.covered.as_secs_f64(),
            messages: readings.counts.total(),
            misfits: by(WindowMisfit::LABEL, |reason| {
                windows.misfits(window, reason)
            }),
            torn_readings: windows.torn(window),
            other: Fields::new(),
        }
    }
}
