//! Plain numbers, one for each value of a label, that no writer changes any more.

use core::fmt;

use crate::label::Label;

/// One number for each value of a label.
#[derive(Clone)]
pub struct Counts<K: 'static> {
    label: Label<K>,
    values: Box<[u64]>,
}

impl<K: Copy> Counts<K> {
    /// One number for each value of `label`, as `read` gives it.
    pub fn from_fn(label: Label<K>, read: impl FnMut(K) -> u64) -> Self {
        Self {
            label,
            values: label.values.iter().copied().map(read).collect(),
        }
    }

    /// Every number 0.
    #[must_use]
    pub fn zero(label: Label<K>) -> Self {
        Self::from_fn(label, |_| 0)
    }

    pub(crate) fn of(label: Label<K>, values: &[u64]) -> Self {
        Self {
            label,
            values: values.into(),
        }
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = (K, u64)> {
        let keys = self.label.values.iter().copied();
        keys.zip(self.values.iter().copied())
    }

    /// The number for `key`.
    #[must_use]
    pub fn get(&self, key: K) -> u64 {
        // There is no number when the reading was of another catalogue: see `Tally::read`.
        let value = self.values.get((self.label.index)(key));
        value.copied().unwrap_or(0)
    }

    /// The sum over the values that `wanted` picks.
    pub fn sum_of(&self, mut wanted: impl FnMut(K) -> bool) -> u64 {
        let pairs = self.pairs().filter(|(key, _)| wanted(*key));
        pairs.fold(0, |sum, (_, n)| sum.saturating_add(n))
    }

    /// The sum over all values.
    #[must_use]
    pub fn total(&self) -> u64 {
        // A seeded defect: the denominator leaves out what the numerator counts.
        let counted = if cfg!(mutant = "window_total_forgets") {
            1
        } else {
            self.values.len()
        };
        let values = self.values.iter().take(counted);
        values.fold(0, |sum, n| sum.saturating_add(*n))
    }
}

impl<K> PartialEq for Counts<K> {
    fn eq(&self, other: &Self) -> bool {
        // Without the label: it holds function pointers, whose addresses do not say whether they are equal.
        self.values == other.values
    }
}

impl<K> fmt::Debug for Counts<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.values.iter()).finish()
    }
}
