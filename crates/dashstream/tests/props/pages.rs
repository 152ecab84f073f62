//! What holds for any text that is read as a page, a rule file, a dashboard or an expression.

use core::time::Duration;
use std::sync::LazyLock;

use dashstream::metrics::lint::{check, expressions};
use dashstream::metrics::{ScrapeDifference, compare};
use dashstream::{Metrics, Options};

static METRICS: LazyLock<Option<Metrics>> =
    LazyLock::new(|| Metrics::register(Options::default(), Duration::ZERO).ok());

/// Reading it ends, and what is said about it points into it.
pub(crate) fn reading_ends(text: &str) {
    let lines = text.lines().count();
    let metrics = METRICS.as_ref();
    let families = metrics.map_or(&[][..], |metrics| metrics.catalogue().families());
    assert!(!families.is_empty());
    let differences = compare(text, families, &[("partition", vec!["0".into()])]);
    for difference in &differences {
        let (ScrapeDifference::Malformed { line }
        | ScrapeDifference::DoubleFamily { line }
        | ScrapeDifference::DoubleSeries { line }
        | ScrapeDifference::UnknownSeries { line, .. }
        | ScrapeDifference::UnknownMetric { line }) = difference
        else {
            continue;
        };
        assert!(
            (1..=lines).contains(line),
            "{difference:?} of {lines} lines"
        );
    }
    for (line, expression) in expressions(text) {
        assert!((1..=lines).contains(&line));
        let _ = check(families, line, &expression);
    }
    let _ = check(families, 1, text);
}
