//! The series of the rules' tests, and the ranges that the rules look back over.

/// What of `values`, in the notation of `promtool test rules`, is scraped when every `step`th sample
/// is. Values that the notation cannot thin stand as they are.
pub(crate) fn thinned(values: &str, step: usize) -> String {
    let mut at = 0;
    let parts = values.split(' ').filter_map(|part| {
        let run = Run::read(part);
        let (first, next) = (at, at + run.map_or(1, |run| run.repeats + 1));
        at = next;
        let Some(run) = run else {
            return (first % step == 0).then(|| part.to_owned());
        };
        let skipped = (step - first % step) % step;
        let left = (run.repeats + 1).checked_sub(skipped + 1)? / step;
        Some(run.from(skipped, step, left))
    });
    parts.collect::<Vec<_>>().join(" ")
}

/// `start+changexrepeats`: a value, and then `repeats` more.
#[derive(Clone, Copy)]
struct Run {
    start: i64,
    change: i64,
    repeats: usize,
}

impl Run {
    fn read(part: &str) -> Option<Self> {
        let (values, repeats) = part.split_once('x')?;
        let sign = values.get(1..)?.find(['+', '-']).map(|at| at + 1);
        let (start, change) = match sign {
            None => (values, "0"),
            Some(at) => values.split_at(at),
        };
        Some(Self {
            start: start.parse().ok()?,
            change: change.parse().ok()?,
            repeats: repeats.parse().ok()?,
        })
    }

    fn from(self, skipped: usize, step: usize, repeats: usize) -> String {
        let times = |n: usize| self.change * i64::try_from(n).unwrap_or(i64::MAX);
        let (start, change) = (self.start + times(skipped), times(step));
        format!("{start}{change:+}x{repeats}")
    }
}

/// The first range of `expr` that is too short for Prometheus's default scrape interval of a minute:
/// two scrapes of 60 s have to be in it, and half of one for their jitter.
pub(crate) fn short_range(expr: &str) -> Option<&str> {
    expr.split('[')
        .skip(1)
        .filter_map(|rest| rest.split([']', ':']).next())
        .find(|range| seconds(range).is_none_or(|seconds| seconds < RANGE_MIN))
}

fn seconds(range: &str) -> Option<u64> {
    let (number, factor) = match range.strip_suffix('s') {
        Some(number) => (number, 1),
        None => match range.strip_suffix('m') {
            Some(number) => (number, 60),
            None => (range.strip_suffix('h')?, 3_600),
        },
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

const RANGE_MIN: u64 = 150;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_keeps_the_values_that_a_rarer_scrape_would_see() {
        assert_eq!(thinned("0+15x160", 4), "0+60x40");
        assert_eq!(thinned("0+15x160", 1), "0+15x160");
        assert_eq!(thinned("77x160", 4), "77+0x40");
        assert_eq!(thinned("-1x160", 4), "-1+0x40");
        // 0 15 30 45 60, 7 6 5 4, 9: scraped are 0 60, then the last of the four, then nothing.
        assert_eq!(thinned("0+15x4 7-1x3 9", 4), "0+60x1 4-4x0");
        assert_eq!(thinned("1 2 3 4 5", 4), "1 5");
    }

    #[test]
    fn a_range_of_two_scrapes_and_a_half_is_long_enough_and_a_second_less_is_not() {
        for (range, short) in [("149s", true), ("150s", false), ("151s", false)] {
            let expr = format!("changes(a[{range}]) == 0 and rate(b[1h]) > 0");
            assert_eq!(short_range(&expr).is_some(), short, "{range}");
        }
        assert_eq!(short_range("rate(a[5m]) + changes(b[1m])"), Some("1m"));
        assert_eq!(short_range("rate(a[5m:30s])"), None);
        assert_eq!(short_range("a > 1"), None);
        assert_eq!(short_range("rate(a[$range])"), Some("$range"));
    }
}
