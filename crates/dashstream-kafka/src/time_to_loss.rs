//! When retention may take a held record.

use core::time::Duration;

/// What retention has to do with one held record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HeldRecord {
    pub(crate) offset: i64,
    /// Its age by the time of day, where it has a timestamp.
    pub(crate) age: Option<Duration>,
    /// The log's start when it was first seen since the record is held, and when that was.
    pub(crate) low_before: Option<(Duration, i64)>,
    /// The same as it was last seen.
    pub(crate) low: Option<(Duration, i64)>,
}

impl HeldRecord {
    /// The earliest time until it may be gone: by its age, since a segment goes as a whole with its
    /// newest record, and by how fast the log's start comes nearer, whatever moves it.
    pub(crate) fn loss_in(&self, now: Duration, retention: Option<Duration>) -> Option<Duration> {
        let by_time = self.age.zip(retention);
        let by_time = by_time.map(|(age, retention)| retention.saturating_sub(age));
        by_time.into_iter().chain(self.by_size(now)).min()
    }

    fn by_size(&self, now: Duration) -> Option<Duration> {
        let ((then, before), (seen, low)) = self.low_before.zip(self.low)?;
        let moved = u128::try_from(low.checked_sub(before)?).ok()?;
        let left = self.offset.saturating_sub(low).max(0);
        let left = u128::try_from(left).ok()?;
        let took = seen.saturating_sub(then).as_nanos();
        let nanos = left.saturating_mul(took).checked_div(moved)?;
        let left = Duration::from_nanos(u64::try_from(nanos).ok()?);
        Some(left.saturating_sub(now.saturating_sub(seen)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_record_is_lost_when_it_is_as_old_as_retention_and_not_before() {
        for (age, left) in [(59, 1), (60, 0), (61, 0)] {
            let held = HeldRecord {
                age: Some(s(age)),
                ..HeldRecord::default()
            };
            assert_eq!(held.loss_in(s(9), Some(s(60))), Some(s(left)));
            assert_eq!(held.loss_in(s(9), None), None, "kept for ever, or unknown");
        }
        let unknown = HeldRecord::default();
        assert_eq!(unknown.loss_in(s(9), Some(s(60))), None, "no timestamp");
    }

    #[test]
    fn a_log_whose_start_comes_nearer_takes_the_record_when_it_is_there() {
        let held = |low| HeldRecord {
            offset: 1_000,
            age: None,
            low_before: Some((s(10), 100)),
            low: Some((s(20), low)),
        };
        // Ten records a second, and a look five seconds later.
        assert_eq!(held(200).loss_in(s(25), None), Some(s(75)));
        for (low, left) in [(999, 0), (1_000, 0), (1_001, 0)] {
            assert_eq!(held(low).loss_in(s(25), None), Some(s(left)));
        }
        assert_eq!(held(100).loss_in(s(25), None), None, "it does not move");
        assert_eq!(held(99).loss_in(s(25), None), None, "another log");
        // The nearer of the two.
        let old = HeldRecord {
            age: Some(s(50)),
            ..held(200)
        };
        assert_eq!(old.loss_in(s(25), Some(s(60))), Some(s(10)));
        assert_eq!(old.loss_in(s(25), Some(s(600))), Some(s(75)));
    }
}
