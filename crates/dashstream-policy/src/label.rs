//! Enums whose values are words, the codes of errors, and methods that show or set a field: each is said in one place.

/// Declares enums of label values: variants, words and their order. The words are stable.
macro_rules! labels {
    ($(
        $(#[$meta:meta])*
        $Name:ident {
            $( $(#[$vmeta:meta])* $Variant:ident = $word:literal, )+
        }
    )+) => {$(
        $(#[$meta])*
        #[expect(
            clippy::exhaustive_enums,
            reason = "a host that shows or maps the values matches all of them; a new one is a major release"
        )]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "trace", derive(serde::Serialize, serde::Deserialize))]
        pub enum $Name {
            $( $(#[$vmeta])* #[cfg_attr(feature = "trace", serde(rename = $word))] $Variant, )+
        }

        impl $Name {
            // A macro cannot count its variants, so the length is that of the array of words.
            /// Every value, in the order of the labels.
            pub const ALL: [Self; [$( $word ),+].len()] = [$( Self::$Variant ),+];

            /// The stable word for metrics, logs, configurations and traces.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self {
                    $( Self::$Variant => $word, )+
                }
            }
        }
    )+};
}

/// Gives each variant of an error, or of another answer, its code. The codes are stable.
macro_rules! codes {
    ($(
        $Name:ident {
            $( $Variant:ident = $word:literal, )+
        }
    )+) => {$(
        impl $Name {
            /// A stable name for logs, labels and answers.
            #[must_use]
            pub const fn code(&self) -> &'static str {
                // `{ .. }` fits variants with and without fields.
                match self {
                    $( Self::$Variant { .. } => $word, )+
                }
            }
        }
    )+};
}

/// Methods that show one field each.
macro_rules! getters {
    ($Type:ident: $( $(#[$doc:meta])* $field:ident: $Value:ty, )+) => {
        impl $Type {$(
            $(#[$doc])*
            #[must_use]
            pub const fn $field(&self) -> $Value {
                self.$field
            }
        )+}
    };
}

/// Methods that set one field each.
macro_rules! setters {
    ($Type:ident: $( $(#[$doc:meta])* $field:ident: $Value:ty, )+) => {
        impl $Type {$(
            $(#[$doc])*
            #[must_use]
            pub const fn $field(mut self, $field: $Value) -> Self {
                self.$field = $field;
                self
            }
        )+}
    };
}
