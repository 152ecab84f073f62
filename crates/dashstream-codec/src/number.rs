//! Numbers as attributes and metrics carry them: exact, or not at all.

/// A number without loss: whole numbers keep all of their 64 bits.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "these are the numbers that the wire and JSON share"
)]
pub enum Number {
    /// A whole number in the range of `i64`.
    Int(i64),
    /// A whole number above that range.
    Unsigned(u64),
    /// Any other finite number.
    Float(f64),
}

impl Number {
    /// Reads a number from text, which has to be a number as a whole, white space around it aside.
    ///
    /// The grammar is that of existing viewers: an optional minus, then digits with an optional fraction,
    /// where either the digits before the point or those after it may be missing, then an optional
    /// exponent. There is no plus in front, no hexadecimal, no underscore, no infinity. Text that is no
    /// number is `None`, as is a number beyond the range of `f64`; text that merely begins with a number
    /// is no number.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Shape::Whole = shape(text.as_bytes())? {
            if let Ok(whole) = text.parse() {
                return Some(Self::Int(whole));
            }
            if let Ok(whole) = text.parse() {
                return Some(Self::Unsigned(whole));
            }
        }
        Self::finite(text.parse().ok()?)
    }

    /// The number as `f64`, rounded when it is a whole number of more than 53 bits.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "said in the documentation")]
    pub const fn as_f64(self) -> f64 {
        match self {
            Self::Int(whole) => whole as f64,
            Self::Unsigned(whole) => whole as f64,
            Self::Float(float) => float,
        }
    }

    /// The number as `i64`, when it is a whole number in its range and was written as one.
    #[must_use]
    pub const fn as_i64(self) -> Option<i64> {
        match self {
            Self::Int(whole) => Some(whole),
            Self::Unsigned(_) | Self::Float(_) => None,
        }
    }

    /// The number as `u64`, when it is a whole number in its range and was written as one.
    #[must_use]
    pub const fn as_u64(self) -> Option<u64> {
        match self {
            Self::Int(whole) if whole >= 0 => Some(whole.cast_unsigned()),
            Self::Unsigned(whole) => Some(whole),
            Self::Int(_) | Self::Float(_) => None,
        }
    }

    pub(crate) const fn finite(float: f64) -> Option<Self> {
        if float.is_finite() {
            Some(Self::Float(float))
        } else {
            None
        }
    }
}

enum Shape {
    Whole,
    Other,
}

/// How a number is written, or `None` when the text is no number.
fn shape(text: &[u8]) -> Option<Shape> {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let (before, text) = digits(text);
    let (after, text, point) = match text.strip_prefix(b".") {
        Some(text) => {
            let (after, text) = digits(text);
            (after, text, true)
        }
        None => (0, text, false),
    };
    if before == 0 && after == 0 {
        return None;
    }
    match text {
        [] => Some(if point { Shape::Other } else { Shape::Whole }),
        [b'e' | b'E', exponent @ ..] => {
            let exponent = match exponent {
                [b'+' | b'-', unsigned @ ..] => unsigned,
                unsigned => unsigned,
            };
            match digits(exponent) {
                (1.., []) => Some(Shape::Other),
                _ => None,
            }
        }
        _ => None,
    }
}

/// How many digits are in front, and the rest.
fn digits(text: &[u8]) -> (usize, &[u8]) {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (count, text.get(count..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_keep_all_of_their_bits() {
        assert_eq!(
            Number::parse("9007199254740993"),
            Some(Number::Int(9_007_199_254_740_993))
        );
        assert_eq!(
            Number::parse("-9223372036854775808"),
            Some(Number::Int(i64::MIN))
        );
        assert_eq!(
            Number::parse("9223372036854775808"),
            Some(Number::Unsigned(1 << 63))
        );
        assert_eq!(
            Number::parse("18446744073709551615"),
            Some(Number::Unsigned(u64::MAX))
        );
        assert_eq!(
            Number::parse("18446744073709551616"),
            Some(Number::Float(18_446_744_073_709_551_616.0))
        );
    }

    #[test]
    fn the_grammar_takes_these() {
        let floats = [
            ("0.5", 0.5),
            (".5", 0.5),
            ("5.", 5.0),
            ("-.5", -0.5),
            ("1e3", 1000.0),
            ("1E+3", 1000.0),
            ("1.5e-3", 0.0015),
            ("  2.5\n", 2.5),
        ];
        for (text, value) in floats {
            assert_eq!(Number::parse(text), Some(Number::Float(value)), "{text}");
        }
        assert_eq!(Number::parse(" 42 "), Some(Number::Int(42)));
        assert_eq!(Number::parse("007"), Some(Number::Int(7)));
        assert_eq!(Number::parse("-0"), Some(Number::Int(0)));
    }

    #[test]
    fn the_grammar_refuses_these() {
        let refused = [
            "", " ", "-", ".", "-.", "e5", ".e5", "1e", "1e+", "1e5x", "+1", "0x10", "1_000",
            "NaN", "nan", "inf", "Infinity", "-inf", "1e400", "-1e400", "1 2", "1,5", "--1",
            "1.2.3", "١٢", "1e5.0", "123abc", "12\u{0}",
        ];
        for text in refused {
            assert_eq!(Number::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn exact_conversions_do_not_round() {
        assert_eq!(Number::Int(-1).as_u64(), None);
        assert_eq!(Number::Int(7).as_u64(), Some(7));
        assert_eq!(Number::Unsigned(u64::MAX).as_u64(), Some(u64::MAX));
        assert_eq!(Number::Unsigned(u64::MAX).as_i64(), None);
        assert_eq!(Number::Float(1.0).as_i64(), None);
    }
}
