//! Label values are enums: a series exists for each of them from the start, and no other can appear.

/// A label whose values are known in full when the program is compiled.
///
/// Sealed: the labels of the catalogue are the crate's own.
pub trait Label: Copy + Eq + core::fmt::Debug + sealed::Sealed + 'static {
    /// The label's name in the exposition.
    const NAME: &'static str;
    /// Every value, in the order in which the series are printed.
    const VALUES: &'static [Self];
    /// The texts of the values, in the same order.
    const TEXTS: &'static [&'static str];

    /// The value's text in the exposition.
    fn as_str(self) -> &'static str;

    /// The value of this text; `None` when there is none.
    #[must_use]
    fn from_text(text: &str) -> Option<Self> {
        Self::VALUES
            .iter()
            .copied()
            .find(|value| value.as_str() == text)
    }
}

/// What selects one cell of a family: nothing, one label, or two.
///
/// Sealed, for the same reason as [`Label`].
pub trait Key: Copy + sealed::Sealed + 'static {
    /// How many cells the family has.
    const COUNT: usize;

    /// This key's cell, below [`Key::COUNT`].
    fn index(self) -> usize;

    /// Every key, in the order of the cells.
    fn all() -> impl Iterator<Item = Self>;
}

impl Key for () {
    const COUNT: usize = 1;

    fn index(self) -> usize {
        0
    }

    fn all() -> impl Iterator<Item = Self> {
        core::iter::once(())
    }
}

impl<L: Label + Key, M: Label + Key> Key for (L, M) {
    const COUNT: usize = L::COUNT.saturating_mul(M::COUNT);

    fn index(self) -> usize {
        self.0
            .index()
            .saturating_mul(M::COUNT)
            .saturating_add(self.1.index())
    }

    fn all() -> impl Iterator<Item = Self> {
        L::VALUES
            .iter()
            .flat_map(|l| M::VALUES.iter().map(|m| (*l, *m)))
    }
}

pub(crate) mod sealed {
    /// Only this crate implements the label traits.
    #[expect(unnameable_types, reason = "sealing is the point")]
    pub trait Sealed {}

    impl Sealed for () {}
    impl<L: super::Label, M: super::Label> Sealed for (L, M) {}
}

/// Declares label enums: the variants, their texts and their order stand in one place.
macro_rules! labels {
    ($(
        $(#[$meta:meta])*
        $Name:ident ($label:literal) {
            $( $(#[$vmeta:meta])* $Variant:ident = $text:literal, )+
        }
    )+) => {$(
        $(#[$meta])*
        #[expect(
            clippy::exhaustive_enums,
            reason = "a host maps its own enums to this one without `_`, so a new value must break its build"
        )]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $Name {
            $( $(#[$vmeta])* $Variant, )+
        }

        impl $Name {
            /// The value's text in the exposition and in the health document.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$Variant => $text, )+
                }
            }
        }

        impl $crate::label::sealed::Sealed for $Name {}

        impl $crate::label::Label for $Name {
            const NAME: &'static str = $label;
            const VALUES: &'static [Self] = &[ $( Self::$Variant, )+ ];
            const TEXTS: &'static [&'static str] = &[ $( $text, )+ ];

            fn as_str(self) -> &'static str {
                self.as_str()
            }
        }

        impl $crate::label::Key for $Name {
            const COUNT: usize = [ $( $text, )+ ].len();

            fn index(self) -> usize {
                self as usize
            }

            fn all() -> impl Iterator<Item = Self> {
                <Self as $crate::label::Label>::VALUES.iter().copied()
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $Name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl core::fmt::Display for $Name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )+};
}

pub(crate) use labels;
