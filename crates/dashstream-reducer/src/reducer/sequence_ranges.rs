//! Which sequence numbers of a run have been seen.

/// Ranges kept. Messages are late by a few places at most; what falls out was a gap long ago.
const RANGES_MAX: usize = 16;

/// The sequence numbers seen, as disjoint ranges that do not touch, lowest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SequenceRanges {
    ranges: Vec<(u64, u64)>,
}

impl SequenceRanges {
    /// The highest number seen; 0 when none was.
    pub(super) fn highest(&self) -> u64 {
        self.ranges.last().map_or(0, |(_, to)| *to)
    }

    /// The highest number seen that is not above `most`.
    pub(super) fn highest_up_to(&self, most: u64) -> Option<u64> {
        let mut ranges = self.ranges.iter().rev();
        let (_, to) = ranges.find(|(from, _)| *from <= most)?;
        Some((*to).min(most))
    }

    pub(super) fn contains(&self, sequence: u64) -> bool {
        self.ranges
            .iter()
            .any(|(from, to)| (*from..=*to).contains(&sequence))
    }

    /// Whether every number after `start` has been seen, up to and including `end`.
    pub(super) fn spans(&self, start: u64, end: u64) -> bool {
        // Ranges that touch are joined, so that a single one has to reach from the next number to `end`.
        start >= end
            || self
                .ranges
                .iter()
                .any(|(from, to)| *from <= start.saturating_add(1) && *to >= end)
    }

    /// How many numbers after `start`, up to and including `end`, have not been seen.
    pub(super) fn missing(&self, start: u64, end: u64) -> u64 {
        let seen = self.ranges.iter().map(|(from, to)| {
            let (from, to) = ((*from).max(start.saturating_add(1)), (*to).min(end));
            // 0 for a range outside, where `from` lies above `to`.
            to.saturating_add(1).saturating_sub(from)
        });
        let seen = seen.fold(0_u64, u64::saturating_add);
        end.saturating_sub(start).saturating_sub(seen)
    }

    pub(super) fn insert(&mut self, sequence: u64) {
        // Mostly the number after the last.
        if let Some((_, to)) = self.ranges.last_mut()
            && to.checked_add(1) == Some(sequence)
        {
            *to = sequence;
            return;
        }
        self.insert_range(sequence, sequence);
    }

    /// Takes everything up to `sequence` for seen: a full state contains it.
    pub(super) fn insert_up_to(&mut self, sequence: u64) {
        self.insert_range(0, sequence);
    }

    /// Adds to `gaps` what has not been seen up to `end`, from 1.
    pub(super) fn add_gaps(&self, end: u64, gaps: &mut Self) {
        let mut next = 1_u64;
        for (from, to) in &self.ranges {
            if *from > next && next <= end {
                gaps.insert_range(next, from.saturating_sub(1).min(end));
            }
            next = next.max(to.saturating_add(1));
        }
        if next <= end {
            gaps.insert_range(next, end);
        }
    }

    /// Bytes of the table.
    pub(super) fn bytes(&self) -> u64 {
        (self.ranges.capacity() as u64).saturating_mul(size_of::<(u64, u64)>() as u64)
    }

    fn insert_range(&mut self, mut from: u64, mut to: u64) {
        self.ranges.retain(|(a, b)| {
            // Saturating, since 0 and `u64::MAX` are numbers like any other.
            let touches = *a <= to.saturating_add(1) && *b >= from.saturating_sub(1);
            if touches {
                from = from.min(*a);
                to = to.max(*b);
            }
            !touches
        });
        let at = self.ranges.partition_point(|(a, _)| *a < from);
        self.ranges.insert(at, (from, to));
        if self.ranges.len() > RANGES_MAX {
            // The lowest goes, also where it holds the cursor: its numbers count as not seen from then on, and
            // what changes the state is held against the cursor itself.
            self.ranges.remove(0);
        }
    }
}

#[cfg(test)]
mod tests;
