//! A label as a value: its name, all of its values, and the text and the place of each.

use core::fmt;

/// A label with all of its values. A series exists for each of them from the start, and no other can
/// appear.
///
/// It is a value and no trait, so that the enum of any crate can be one: neither that crate nor this
/// has to know the other.
#[expect(
    clippy::exhaustive_structs,
    reason = "a host writes labels as literals; there is nothing else to say about one"
)]
#[derive(Clone, Copy)]
pub struct Label<K: 'static> {
    /// The name in the exposition.
    pub name: &'static str,
    /// Every value, in the order in which the series are printed.
    pub values: &'static [K],
    /// The text of a value in the exposition.
    pub text: fn(K) -> &'static str,
    /// The place of a value among `values`.
    pub index: fn(K) -> usize,
}

impl Label<()> {
    /// No label: one series.
    pub const NONE: Self = Self {
        name: "",
        values: &[()],
        text: |()| "",
        index: |()| 0,
    };
}

impl<K: Copy> Label<K> {
    /// The texts of the values, in their order.
    #[must_use]
    pub fn texts(&self) -> Vec<&'static str> {
        let texts = self.values.iter().map(|value| (self.text)(*value));
        texts.collect()
    }

    /// The value of this text; `None` when there is none.
    #[must_use]
    pub fn value(&self, text: &str) -> Option<K> {
        let mut values = self.values.iter().copied();
        values.find(|value| (self.text)(*value) == text)
    }

    /// Whether every value is where `index` says.
    pub(crate) fn is_sound(&self) -> bool {
        let mut values = self.values.iter().enumerate();
        // Cells are found by `index` and printed by the order of `values`: were they different, an event
        // would be shown under the name of another kind.
        !self.values.is_empty() && values.all(|(at, value)| (self.index)(*value) == at)
    }
}

impl<K> fmt::Debug for Label<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Label({:?}, {} values)", self.name, self.values.len())
    }
}
