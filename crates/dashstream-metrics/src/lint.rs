//! Holds expressions of dashboards and rules against the catalogue.
//!
//! Reads Prometheus rule files (YAML) and Grafana dashboards (JSON) by their `expr` fields, without a
//! parser for either: what it cannot find it cannot judge, so it says how many expressions it read.

mod extract;
mod grouping;
mod tokens;

use std::collections::BTreeSet;

use thiserror::Error;

pub use extract::{Expression, expressions};

use crate::catalogue::{CATALOGUE, Kind, LabelValues, Metric, Watch};
use tokens::{Token, tokens};

/// What is wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Finding {
    /// A metric with one of the catalogue's prefixes that the catalogue does not have.
    #[error("line {line}: unknown metric {name}")]
    UnknownMetric {
        /// Where.
        line: usize,
        /// The name.
        name: Box<str>,
    },
    /// A label that the metric does not have.
    #[error("line {line}: {metric} has no label {label}")]
    UnknownLabel {
        /// Where.
        line: usize,
        /// The metric.
        metric: &'static str,
        /// The label.
        label: Box<str>,
    },
    /// A label value that never occurs.
    #[error("line {line}: {metric}: label {label} is never {value}")]
    UnknownValue {
        /// Where.
        line: usize,
        /// The metric.
        metric: &'static str,
        /// The label.
        label: Box<str>,
        /// The value.
        value: Box<str>,
    },
    /// A series that is missing would look like a number.
    #[error("line {line}: `or vector(…)` hides a missing series")]
    Masking {
        /// Where.
        line: usize,
    },
    /// No expression mentions the metric, and the catalogue does not waive it.
    #[error("{metric} is watched by no expression")]
    Unwatched {
        /// The metric.
        metric: &'static str,
    },
}

/// Labels that a scrape or a service discovery adds to every series.
const SCRAPE_LABELS: &[&str] = &[
    "job",
    "instance",
    "namespace",
    "pod",
    "service",
    "container",
    "node",
    "cluster",
    "endpoint",
];

/// Names that begin so are the catalogue's.
const PREFIXES: &[&str] = &["websocket_", "dashstream_", "replay_buffer_"];

/// What is wrong with one expression.
#[must_use]
pub fn check(expression: &Expression) -> Vec<Finding> {
    let tokens = tokens(&expression.text);
    let line = expression.line;
    let mut findings = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let rest = tokens.get(at.saturating_add(1)..).unwrap_or_default();
        match token {
            Token::Word("or") if masks(rest) => findings.push(Finding::Masking { line }),
            Token::Word(name) if is_ours(name) && !is_call(rest) => match metric_of(name) {
                Some(metric) => matchers(metric, rest, line, &mut findings),
                None => findings.push(Finding::UnknownMetric {
                    line,
                    name: (*name).into(),
                }),
            },
            Token::Word(_) | Token::Text(_) | Token::Sign(_) => {}
        }
    }
    findings.extend(
        grouping::unknown(&tokens)
            .into_iter()
            .map(|(metric, label)| Finding::UnknownLabel {
                line,
                metric: metric.name,
                label: label.into(),
            }),
    );
    findings
}

/// The metrics that no expression mentions although the catalogue wants them watched.
#[must_use]
pub fn unwatched(expressions: &[Expression]) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    for expression in expressions {
        for token in tokens(&expression.text) {
            if let Token::Word(word) = token
                && let Some(metric) = metric_of(word)
            {
                seen.insert(metric.name);
            }
        }
    }
    CATALOGUE
        .iter()
        .filter(|metric| matches!(metric.watch, Watch::Alert(_)) && !seen.contains(metric.name))
        .map(|metric| Finding::Unwatched {
            metric: metric.name,
        })
        .collect()
}

/// Whether `or` is followed by a constant vector, perhaps with a matching clause or in parentheses.
fn masks(rest: &[Token<'_>]) -> bool {
    let mut rest = rest.iter();
    let mut token = rest.next();
    if let Some(Token::Word("on" | "ignoring")) = token {
        token = rest.by_ref().find(|token| **token == Token::Sign(')'));
        if token.is_some() {
            token = rest.next();
        }
    }
    while let Some(Token::Sign('(')) = token {
        token = rest.next();
    }
    matches!(token, Some(Token::Word("vector")))
}

fn is_call(rest: &[Token<'_>]) -> bool {
    rest.first() == Some(&Token::Sign('('))
}

fn is_ours(name: &str) -> bool {
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// The metric that a sample of this name belongs to.
fn metric_of(name: &str) -> Option<&'static Metric> {
    CATALOGUE.iter().find(|metric| {
        name.strip_prefix(metric.name)
            .is_some_and(|suffix| match metric.kind {
                Kind::Counter | Kind::Gauge => suffix.is_empty(),
                Kind::Histogram => ["_bucket", "_sum", "_count"].contains(&suffix),
            })
    })
}

/// Checks the `{label="value"}` block behind a metric, if there is one.
fn matchers(metric: &'static Metric, rest: &[Token<'_>], line: usize, out: &mut Vec<Finding>) {
    if rest.first() != Some(&Token::Sign('{')) {
        return;
    }
    let block = rest
        .iter()
        .skip(1)
        .take_while(|token| **token != Token::Sign('}'));
    let mut label = None;
    for token in block {
        match token {
            Token::Word(word) => {
                label = Some(*word);
                if !has_label(metric, word) {
                    out.push(Finding::UnknownLabel {
                        line,
                        metric: metric.name,
                        label: (*word).into(),
                    });
                }
            }
            Token::Text(text) => {
                let Some(label) = label else { continue };
                // A regular expression's alternatives are values too; other expressions are not judged.
                for value in text.split('|').filter(|value| is_plain(value)) {
                    if !may_be(metric, label, value) {
                        out.push(Finding::UnknownValue {
                            line,
                            metric: metric.name,
                            label: label.into(),
                            value: value.into(),
                        });
                    }
                }
            }
            Token::Sign(_) => {}
        }
    }
}

fn has_label(metric: &Metric, label: &str) -> bool {
    metric.labels.iter().any(|spec| spec.name == label)
        || (metric.kind == Kind::Histogram && label == "le")
        || SCRAPE_LABELS.contains(&label)
}

fn may_be(metric: &Metric, label: &str, value: &str) -> bool {
    metric
        .labels
        .iter()
        .find(|spec| spec.name == label)
        .is_none_or(|spec| match spec.values {
            LabelValues::Closed(values) => values.contains(&value),
            LabelValues::Partitions => value.parse::<i32>().is_ok(),
        })
}

fn is_plain(value: &str) -> bool {
    !value.is_empty()
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
