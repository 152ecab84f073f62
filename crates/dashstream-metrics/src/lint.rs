//! Holds expressions of dashboards and rules against a catalogue.
//!
//! Reads Prometheus rule files (YAML) and Grafana dashboards (JSON) by their `expr` fields, without a
//! parser for either: what it cannot find it cannot judge, so it says how many expressions it read.

mod extract;
mod grouping;
mod masking;
mod tokens;

use std::collections::BTreeSet;

use thiserror::Error;

pub use extract::expressions;

use crate::family::{AlertCoverage, Family};
use tokens::{Token, tokens};

/// What is wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Problem {
    /// A metric that begins as one of the catalogue's and that the catalogue does not have.
    #[error("line {line}: unknown metric {name}")]
    UnknownMetric {
        /// The line that the expression begins on, from 1.
        line: usize,
        /// The name.
        name: Box<str>,
    },
    /// A label that the metric does not have.
    #[error("line {line}: {metric} has no label {label}")]
    UnknownLabel {
        /// The line that the expression begins on, from 1.
        line: usize,
        /// The metric.
        metric: &'static str,
        /// The label.
        label: Box<str>,
    },
    /// A label value that never occurs.
    #[error("line {line}: {metric}: label {label} is never {value}")]
    UnknownValue {
        /// The line that the expression begins on, from 1.
        line: usize,
        /// The metric.
        metric: &'static str,
        /// The label.
        label: Box<str>,
        /// The value.
        value: Box<str>,
    },
    /// A series that is missing would look like a number.
    #[error("line {line}: `or` with what is always there hides a missing series")]
    Masking {
        /// The line that the expression begins on, from 1.
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

/// What is wrong with the expression that begins on `line`, held against the families of a catalogue.
///
/// Names that begin with the first word of one of the families are taken for the catalogue's.
#[must_use]
pub fn check(families: &[Family], line: usize, expression: &str) -> Vec<Problem> {
    let ours = Ours(families);
    let tokens = tokens(expression);
    let mut problems = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        // Cannot fail, since `at` is below the length; `rest` begins with the token itself, which is cut
        // off.
        let (before, rest) = tokens.split_at_checked(at).unwrap_or_default();
        let rest = rest.get(1..).unwrap_or_default();
        match token {
            Token::Word(_) if token.is_one_of(&["or"]) => {
                if masking::masks(ours, before, rest) {
                    problems.push(Problem::Masking { line });
                }
            }
            Token::Word("__name__") => {
                for name in names_matched(rest).filter(|name| ours.has_prefix(name)) {
                    if ours.find(name).is_none() {
                        let name = name.into();
                        problems.push(Problem::UnknownMetric { line, name });
                    }
                }
            }
            // A label, in a matcher or a list of them, whose first word happens to be that of a family.
            Token::Word(_) if grouping::is_label(before, rest) => {}
            // A call is a function whose first word happens to be that of a family, as
            // `histogram_quantile(`.
            Token::Word(name) if ours.has_prefix(name) && !is_call(rest) => match ours.find(name) {
                Some(family) => matchers(family, rest, line, &mut problems),
                None => problems.push(Problem::UnknownMetric {
                    line,
                    name: (*name).into(),
                }),
            },
            Token::Word(_) | Token::Text(_) | Token::Sign(_) => {}
        }
    }
    let grouped = grouping::unknown(ours, &tokens).into_iter();
    problems.extend(grouped.map(|(family, label)| Problem::UnknownLabel {
        line,
        metric: family.name,
        label: label.into(),
    }));
    problems
}

/// The families that no expression mentions although the catalogue wants them watched.
#[must_use]
pub fn unwatched(families: &[Family], expressions: &[(usize, String)]) -> Vec<Problem> {
    let ours = Ours(families);
    let mut seen = BTreeSet::new();
    for (_, expression) in expressions {
        for token in tokens(expression) {
            // Texts too: `{__name__=~"a|b"}` names its metrics within quotes.
            let (Token::Word(text) | Token::Text(text)) = token else {
                continue;
            };
            let names = text.split('|').filter_map(|name| ours.find(name));
            seen.extend(names.map(|family| family.name));
        }
    }
    let watched = families
        .iter()
        .filter(|family| matches!(family.alert, AlertCoverage::Alert(_)));
    let unseen = watched.filter(|family| !seen.contains(family.name));
    let problem = |family: &Family| Problem::Unwatched {
        metric: family.name,
    };
    unseen.map(problem).collect()
}

/// The families that expressions are held against.
#[derive(Clone, Copy)]
struct Ours<'f>(&'f [Family]);

impl<'f> Ours<'f> {
    /// Whether a name begins as one of the families does.
    fn has_prefix(self, name: &str) -> bool {
        let first = |name: &str| name.split_once('_').map(|(first, _)| first.to_owned());
        // Both need an underscore: a bare word such as `rate` or `job` begins no metric of a catalogue.
        let prefix = first(name);
        prefix.is_some() && self.0.iter().any(|family| first(family.name) == prefix)
    }

    /// The family that a sample of this name belongs to.
    fn find(self, name: &str) -> Option<&'f Family> {
        self.0.iter().find(|family| family.has_sample(name))
    }
}

fn is_call(rest: &[Token<'_>]) -> bool {
    rest.first() == Some(&Token::Sign('('))
}

/// The names that a matcher on `__name__` picks, as far as they are plain.
fn names_matched<'a>(rest: &[Token<'a>]) -> impl Iterator<Item = &'a str> + use<'a> {
    // The operator is one sign (`=`) or two (`=~`), so that the text is the third token at the latest.
    let text = rest.iter().take(3).find_map(|token| match token {
        Token::Text(text) => Some(*text),
        Token::Word(_) | Token::Sign(_) => None,
    });
    let names = text.unwrap_or_default().split('|');
    names.filter(|name| is_plain(name))
}

/// Checks the `{label="value"}` block behind a metric, if there is one.
fn matchers(family: &Family, rest: &[Token<'_>], line: usize, out: &mut Vec<Problem>) {
    let metric = family.name;
    if rest.first() != Some(&Token::Sign('{')) {
        return;
    }
    let block = rest.iter().skip(1);
    let block = block.take_while(|token| **token != Token::Sign('}'));
    let mut label = None;
    for token in block {
        match token {
            Token::Word(word) => {
                // Kept until the next word, for the text behind the operator.
                label = Some(*word);
                if !has_label(family, word) {
                    let label = (*word).into();
                    out.push(Problem::UnknownLabel {
                        line,
                        metric,
                        label,
                    });
                }
            }
            Token::Text(text) => {
                let Some(label) = label else { continue };
                // The alternatives of a regular expression are values too. One that is more than a plain word
                // is not judged, because nothing here evaluates regular expressions.
                for value in text.split('|').filter(|value| is_plain(value)) {
                    if !may_be(family, label, value) {
                        out.push(Problem::UnknownValue {
                            line,
                            metric,
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

fn has_label(family: &Family, label: &str) -> bool {
    family.has_label(label) || SCRAPE_LABELS.contains(&label)
}

fn may_be(family: &Family, label: &str, value: &str) -> bool {
    let spec = family.labels.iter().find(|spec| spec.name == label);
    let values = spec.and_then(|spec| spec.values.as_ref());
    // What has no list of values may be anything: open labels, `le`, and what the scrape adds.
    values.is_none_or(|values| values.contains(&value))
}

fn is_plain(value: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !value.is_empty() && value.bytes().all(is_word)
}
