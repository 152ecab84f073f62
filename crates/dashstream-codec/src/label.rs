//! Enums whose variants have words that others rely on.

/// Declares such an enum, with every value in order and the word of each.
macro_rules! labels {
    (
        $(#[$meta:meta])*
        $Name:ident {
            $( $(#[$vmeta:meta])* $Variant:ident = $word:literal, )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $Name {
            $( $(#[$vmeta])* $Variant, )+
        }

        impl $Name {
            /// Every value, in order.
            pub const ALL: [Self; [$( $word ),+].len()] = [$( Self::$Variant ),+];

            /// Its word, which does not change between releases.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$Variant => $word, )+
                }
            }
        }
    };
}
pub(crate) use labels;
