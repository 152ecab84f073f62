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
        // A start that did not move, or that went back with a new log, has no speed to reckon with.
        let moved = u128::try_from(low.checked_sub(before)?).ok()?;
        let left = self.offset.saturating_sub(low).max(0);
        let left = u128::try_from(left).ok()?;
        let took = seen.saturating_sub(then).as_nanos();
        // In 128 bits, since offsets times nanoseconds are more than 64 hold.
        let nanos = left.saturating_mul(took).checked_div(moved)?;
        let left = Duration::from_nanos(u64::try_from(nanos).ok()?);
        // The forecast is as of the last answer; the time since then is gone already.
        Some(left.saturating_sub(now.saturating_sub(seen)))
    }
}

#[cfg(test)]
mod tests;
