//! The values an option can take, and parsers whose messages name what was wrong.

use core::fmt::Display;
use core::str::FromStr;
use core::time::Duration;

use clap::ValueEnum;

/// The shape of the closing report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a closed choice of the command line"
)]
pub enum Report {
    /// One JSON document on one line.
    Json,
}

/// An address of type `T`.
pub(crate) fn address<T: FromStr<Err: Display>>(
    name: &'static str,
) -> impl Fn(&str) -> Result<T, String> + Clone {
    move |given| {
        given
            .trim()
            .parse()
            .map_err(|error| format!("{name}: {error}"))
    }
}

/// A span of time with a unit: ms, s, m or h; one second to one day.
pub(super) fn span(name: &'static str) -> impl Fn(&str) -> Result<Duration, String> + Clone {
    move |given| {
        let given = given.trim();
        let digits = given.bytes().take_while(u8::is_ascii_digit).count();
        given
            .split_at_checked(digits)
            .and_then(|(number, unit)| {
                let number: u64 = number.parse().ok()?;
                let factor = match unit {
                    "ms" => 1,
                    "s" => 1_000,
                    "m" => 60_000,
                    "h" => 3_600_000,
                    _ => return None,
                };
                number.checked_mul(factor).map(Duration::from_millis)
            })
            .filter(|span| (SPAN_MIN..=SPAN_MAX).contains(span))
            .ok_or_else(|| {
                format!("{name} must be a span from 1s to 24h, such as 20s, 1500ms or 2m")
            })
    }
}

const SPAN_MIN: Duration = Duration::from_secs(1);
const SPAN_MAX: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_needs_a_unit_and_its_bounds() {
        let parse = span("--for");
        assert_eq!(parse("1000ms"), Ok(SPAN_MIN));
        assert_eq!(parse("20s"), Ok(Duration::from_secs(20)));
        assert_eq!(parse("24h"), Ok(SPAN_MAX));
        let bad = [
            "999ms",
            "86401s",
            "25h",
            "",
            "20",
            "s",
            "20 s",
            "99999999999999999999s",
            "é",
        ];
        for bad in bad {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
