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
        if let Form::Whole = form(text.as_bytes())? {
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

    pub(crate) const fn finite(float: f64) -> Option<Self> {
        if float.is_finite() {
            Some(Self::Float(float))
        } else {
            None
        }
    }
}

enum Form {
    Whole,
    Other,
}

/// How a number is written, or `None` when the text is no number.
fn form(text: &[u8]) -> Option<Form> {
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
        [] => Some(if point { Form::Other } else { Form::Whole }),
        [b'e' | b'E', exponent @ ..] => {
            let exponent = match exponent {
                [b'+' | b'-', unsigned @ ..] => unsigned,
                unsigned => unsigned,
            };
            match digits(exponent) {
                (1.., []) => Some(Form::Other),
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
mod tests;
