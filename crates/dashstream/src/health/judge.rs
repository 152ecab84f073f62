//! The verdict: a pure function of a snapshot, the time, a policy, and which gates were open.

use core::time::Duration;

use dashstream_metrics::Level;

use crate::health::case::Case;
use crate::health::policy::HealthPolicy;
use crate::health::rules::rules;
use crate::health::verdict::{Gates, Status, Verdict};
use crate::snapshot::Snapshot;

/// Judges `snapshot` at `now`.
///
/// `previous` is [`Verdict::gates`] of the verdict before, or the default at the start: gates open
/// and close at different bounds, so that a verdict does not flap. The result depends on nothing
/// else, so a verdict can be repeated from a recorded snapshot.
pub fn judge(
    now: Duration,
    snapshot: &Snapshot,
    policy: &HealthPolicy,
    previous: Gates,
) -> Verdict {
    let case = Case::new(now, snapshot, policy, previous);
    let reasons = dashstream_metrics::judge(&rules(), &case);
    let levels = reasons.iter().map(|reason| reason.level);
    let level = levels.max().unwrap_or(Level::Pass);
    let status = if level == Level::Fail {
        Status::Degraded
    } else {
        case.connection()
    };
    let Case {
        rates, mut gates, ..
    } = case;
    // Reasons that pass are among them: `note` keeps warnings and failures only.
    let found = reasons.iter().map(|reason| (reason.code, reason.level));
    gates.active_reasons.note(now, found);
    Verdict {
        status,
        level,
        reasons,
        rates,
        gates,
        snapshot_age: snapshot.age(now),
    }
}
