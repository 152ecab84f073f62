//! Number text in three dialects, and comparison by value.

use core::fmt::{self, Write};

use crate::hash::Dialect;

/// The text of one number, on the stack.
#[derive(Clone, Copy)]
pub(crate) struct NumberText {
    len: u8,
    bytes: [u8; TEXT_MAX],
}

/// The longest is a sign, `0.`, five zeros and 17 digits; whole numbers take 21 digits at most.
const TEXT_MAX: usize = 32;

impl NumberText {
    const EMPTY: Self = Self {
        len: 0,
        bytes: [0; TEXT_MAX],
    };

    pub(crate) fn of_i64(value: i64) -> Self {
        let mut text = Self::EMPTY;
        if value < 0 {
            text.push(b'-');
        }
        text.push_decimal(value.unsigned_abs());
        text
    }

    pub(crate) fn of_u64(value: u64) -> Self {
        let mut text = Self::EMPTY;
        text.push_decimal(value);
        text
    }

    /// The shortest digits that read back as `value`, laid out as `dialect` does.
    pub(crate) fn of_f64(value: f64, dialect: Dialect) -> Self {
        let shortest = Shortest::of(value);
        match dialect {
            Dialect::Current => shortest.rust_text(true),
            Dialect::Ryu => shortest.rust_text(false),
            Dialect::JavaScript => shortest.javascript_text(),
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    pub(crate) const fn len(&self) -> u8 {
        self.len
    }

    fn push(&mut self, byte: u8) {
        // Every text fits, so that none is cut.
        if let Some(slot) = self.bytes.get_mut(usize::from(self.len)) {
            *slot = byte;
            self.len = self.len.saturating_add(1);
        }
    }

    fn push_all(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.push(*byte);
        }
    }

    fn push_zeros(&mut self, count: i32) {
        for _ in 0..count {
            self.push(b'0');
        }
    }

    fn trim_zeros(&mut self) {
        while self.as_bytes().last() == Some(&b'0') {
            self.len = self.len.saturating_sub(1);
        }
    }

    fn push_decimal(&mut self, mut value: u64) {
        let len = decimal_len(value);
        let start = usize::from(self.len);
        let end = start.saturating_add(usize::try_from(len).unwrap_or(0));
        // The last digit comes first, so that it is filled from the end.
        for slot in self.bytes.get_mut(start..end).into_iter().flatten().rev() {
            *slot = b'0'.saturating_add(u8::try_from(value % 10).unwrap_or(0));
            value /= 10;
        }
        self.len = u8::try_from(end).unwrap_or(0);
    }
}

impl Write for NumberText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push_all(text.as_bytes());
        Ok(())
    }
}

/// The digits of a number with few decimals, and how many of them stand behind the point.
#[inline]
fn decimal(value: f64) -> Option<(u64, i32)> {
    // All powers of ten here, and all integers below the bound, are exact floats.
    const BOUND: f64 = 1e15;
    let magnitude = value.abs();
    let mut power = 1.0;
    for decimals in 0..=DECIMALS {
        let scaled = magnitude * power;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "a number that this changes is not a whole one from 0 to 10^15"
        )]
        let (whole, is_whole) = (scaled as u64, scaled as u64 as f64 == scaled);
        // Division rounds correctly, so that these digits read back as the value. A number has no
        // two spellings of 15 digits or fewer: they are the shortest.
        if is_whole && scaled < BOUND && (scaled / power).to_bits() == magnitude.to_bits() {
            return Some((whole, decimals));
        }
        power *= 10.0;
    }
    None
}

/// How many bytes the canonical text of an integer takes.
pub(crate) const fn decimal_len(value: u64) -> u64 {
    match value.checked_ilog10() {
        _ if value < 10 => 1,
        Some(log) => (log as u64).saturating_add(1),
        None => 1,
    }
}

/// Decimals up to which the digits of a number are sought by arithmetic.
const DECIMALS: i32 = 6;

/// A finite number as its shortest decimal digits: 0.digits × 10^point. Zero has none.
struct Shortest {
    negative: bool,
    digits: NumberText,
    point: i32,
}

impl Shortest {
    fn of(value: f64) -> Self {
        Self::few(value).unwrap_or_else(|| Self::any(value))
    }

    /// Of a number with few decimals, as most are, found by arithmetic.
    fn few(value: f64) -> Option<Self> {
        let (whole, decimals) = decimal(value)?;
        let mut digits = NumberText::of_u64(whole);
        let point = i32::from(digits.len).saturating_sub(decimals);
        // A single 0 goes as well: zero has no digits.
        digits.trim_zeros();
        Some(Self {
            negative: value.is_sign_negative(),
            digits,
            point,
        })
    }

    fn any(value: f64) -> Self {
        // serde_json finds the digits: the shortest that read back exactly, the even ones when two
        // are equally near. (The standard library rounds such ties up.) Only digits and exponent
        // are taken from its text, since its layout has changed before.
        let mut text = NumberText::EMPTY;
        if let Some(number) = serde_json::Number::from_f64(value.abs()) {
            // Cannot fail: a `NumberText` takes whatever it is given. The sign is kept apart.
            let _ = write!(text, "{number}");
        }
        let text = core::str::from_utf8(text.as_bytes()).unwrap_or_default();
        let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        // Digits alone decide: both `0.00012` and `1.2e-4` come out as 12 and -3.
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let mut digits = NumberText::EMPTY;
        let mut zeros = 0_i32;
        for byte in whole.bytes().chain(fraction.bytes()) {
            if byte == b'0' && digits.len == 0 {
                // In front of the first other digit it only moves the point.
                zeros = zeros.saturating_add(1);
            } else {
                digits.push(byte);
            }
        }
        digits.trim_zeros();
        Self {
            negative: value.is_sign_negative(),
            digits,
            point: i32::try_from(whole.len())
                .unwrap_or(0)
                .saturating_add(exponent.parse().unwrap_or(0))
                .saturating_sub(zeros),
        }
    }

    fn len(&self) -> i32 {
        i32::from(self.digits.len)
    }

    /// As both float printers of serde_json lay numbers out; only one writes a plus sign.
    fn rust_text(&self, plus: bool) -> NumberText {
        let mut text = NumberText::EMPTY;
        if self.negative {
            text.push(b'-');
        }
        if self.digits.as_bytes().is_empty() {
            text.push_all(b"0.0");
        } else if self.point > 16 || self.point <= -5 {
            // 0.00001 and 1000000000000000.0 are written in full, 1e-6 and 1e+16 are not.
            self.push_exponent(&mut text, plus);
        } else if self.point >= self.len() {
            text.push_all(self.digits.as_bytes());
            text.push_zeros(self.point.saturating_sub(self.len()));
            text.push_all(b".0");
        } else {
            self.push_fraction(&mut text);
        }
        text
    }

    /// As ECMAScript's Number::toString lays numbers out.
    fn javascript_text(&self) -> NumberText {
        let mut text = NumberText::EMPTY;
        if self.digits.as_bytes().is_empty() {
            text.push(b'0'); // of -0 as well
            return text;
        }
        if self.negative {
            text.push(b'-');
        }
        // The bounds of ECMA-262, Number::toString, where `point` is called n.
        if self.point > 21 || self.point <= -6 {
            self.push_exponent(&mut text, true);
        } else if self.point >= self.len() {
            text.push_all(self.digits.as_bytes());
            text.push_zeros(self.point.saturating_sub(self.len()));
        } else {
            self.push_fraction(&mut text);
        }
        text
    }

    /// With a point inside or before the digits.
    fn push_fraction(&self, text: &mut NumberText) {
        let digits = self.digits.as_bytes();
        match usize::try_from(self.point) {
            Ok(whole) if whole > 0 => {
                text.push_all(digits.get(..whole).unwrap_or_default());
                text.push(b'.');
                text.push_all(digits.get(whole..).unwrap_or_default());
            }
            _ => {
                text.push_all(b"0.");
                text.push_zeros(self.point.saturating_neg());
                text.push_all(digits);
            }
        }
    }

    fn push_exponent(&self, text: &mut NumberText, plus: bool) {
        if let Some((first, rest)) = self.digits.as_bytes().split_first() {
            text.push(*first);
            if !rest.is_empty() {
                text.push(b'.');
                text.push_all(rest);
            }
        }
        text.push(b'e');
        // One digit stands in front of the point.
        let exponent = self.point.saturating_sub(1);
        if exponent < 0 {
            text.push(b'-');
        } else if plus {
            text.push(b'+');
        }
        text.push_decimal(u64::from(exponent.unsigned_abs()));
    }
}

/// Whether a float has the value of an integer of 64 bits, which is not rounded.
pub(crate) fn equals_integer(float: f64, integer: i128) -> bool {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "beyond 128 bits it is the largest or smallest, and no integer of 64 bits"
    )]
    let whole = float as i128;
    float.fract() == 0.0 && whole == integer
}

#[cfg(test)]
mod tests;
