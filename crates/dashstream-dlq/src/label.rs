//! Enums whose values are words: each word stands in one place.

/// Declares enums of words: variants, words and their order. The words are stable.
macro_rules! labels {
    (
        $(#[$meta:meta])*
        $Name:ident {
            $( $(#[$vmeta:meta])* $Variant:ident = $word:literal, )+
        }
    ) => {
        $(#[$meta])*
        pub enum $Name {
            $( $(#[$vmeta])* $Variant, )+
        }

        impl $Name {
            /// Every value, in the order of their declaration.
            // The length is counted from the words, so that a new variant cannot be missing here.
            pub const ALL: [Self; [$( $word ),+].len()] = [$( Self::$Variant ),+];

            /// The stable word for letters, configurations and reports.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self {
                    $( Self::$Variant => $word, )+
                }
            }
        }
    };
}

pub(crate) use labels;
