//! What holds for any text that is read as a page, a rule file, a dashboard or an expression.

use core::time::Duration;
use std::sync::LazyLock;

use dashstream_metrics::lint::{Expression, check, expressions};
use dashstream_metrics::{
    Metrics, Options, Registry, ScrapeDifference, SelfScrape, compare, self_scrape,
};

/// What a page of ours may have: the catalogue.
static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    let mut registry = Registry::new();
    let metrics = Metrics::register(&mut registry, Options::default(), Duration::ZERO);
    assert!(metrics.is_ok());
    registry
});

/// Reading it ends, and what is said about it points into it.
pub(crate) fn reading_ends(text: &str) {
    let lines = text.lines().count();
    let differences = compare(text, &REGISTRY, &[0]);
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
    let seen = self_scrape(text, &REGISTRY, &[0]);
    assert_eq!(seen == SelfScrape::Complete, differences.is_empty());

    for expression in expressions(text) {
        assert!((1..=lines).contains(&expression.line));
        let _ = check(&expression);
    }
    let _ = check(&Expression {
        line: 1,
        text: text.into(),
    });
}
