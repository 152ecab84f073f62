//! Reads a page back and compares it with the catalogue: what is promised is what is there.

use std::collections::{BTreeMap, BTreeSet};

use crate::family::{Family, MetricKind};

/// One way in which an exposition differs from the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScrapeDifference {
    /// A line that is no sample and no comment of the format.
    Malformed {
        /// Its number, from 1.
        line: usize,
    },
    /// A metric of the catalogue that is not there.
    MissingMetric {
        /// Its name.
        name: &'static str,
    },
    /// A metric that is there with another type.
    WrongKind {
        /// Its name.
        name: &'static str,
    },
    /// A family that appears a second time.
    DoubleFamily {
        /// The line of the second one, from 1.
        line: usize,
    },
    /// A sample that appears a second time.
    DoubleSeries {
        /// The line of the second one, from 1.
        line: usize,
    },
    /// A series of the catalogue that is not there.
    MissingSeries {
        /// Its metric.
        name: &'static str,
        /// Its labels, as the exposition would print them.
        labels: Box<str>,
    },
    /// A series of a catalogue metric with labels that the catalogue does not have.
    UnknownSeries {
        /// Its metric.
        name: &'static str,
        /// Its line, from 1.
        line: usize,
    },
    /// A sample of a metric that the catalogue does not have.
    UnknownMetric {
        /// Its line, from 1.
        line: usize,
    },
}

/// Compares a page in the text format with the families that it should have.
///
/// `open` has the values that labels without fixed ones have in the snapshot that the page was made
/// from. An empty result means that the page has exactly the series it should have, each once.
#[must_use]
pub fn compare(
    page: &str,
    families: &[Family],
    open: &[(&str, Vec<String>)],
) -> Vec<ScrapeDifference> {
    let mut found = Vec::new();
    let mut kinds = BTreeMap::new();
    // For each sample name, the label sets with the lines that they are on.
    let mut series = BTreeMap::<&str, BTreeMap<&str, usize>>::new();
    for (text, line) in page.lines().zip(1..) {
        if let Some(comment) = text.strip_prefix("# TYPE ") {
            match comment.split_once(' ') {
                Some((name, kind)) => {
                    let before = kinds.insert(name, kind);
                    found.extend(before.map(|_| ScrapeDifference::DoubleFamily { line }));
                }
                None => found.push(ScrapeDifference::Malformed { line }),
            }
        } else if let Some((name, labels)) = sample(text) {
            // Noted as unknown and kept all the same, so that a second line with the same labels is found
            // too.
            if !families.iter().any(|family| family.has_sample(name)) {
                found.push(ScrapeDifference::UnknownMetric { line });
            }
            let before = series.entry(name).or_default().insert(labels, line);
            found.extend(before.map(|_| ScrapeDifference::DoubleSeries { line }));
        } else if !text.is_empty() && !text.starts_with('#') {
            found.push(ScrapeDifference::Malformed { line });
        }
    }
    for family in families {
        let name = family.name;
        match kinds.get(name) {
            None => {
                found.push(ScrapeDifference::MissingMetric { name });
                // Every series of it would be missing too; one difference for the family says as much.
                continue;
            }
            Some(kind) if *kind != family.kind.as_str() => {
                found.push(ScrapeDifference::WrongKind { name });
            }
            Some(_) => {}
        }
        for (suffix, expected) in expected(family, open) {
            let there = series.get(format!("{name}{suffix}").as_str());
            let is_there = |labels: &str| there.is_some_and(|there| there.contains_key(labels));
            // Label blocks are compared as texts: a page of this crate lists labels in the order of the
            // family, and values without escapes.
            let missing = expected.iter().filter(|labels| !is_there(labels));
            found.extend(missing.map(|labels| ScrapeDifference::MissingSeries {
                name,
                labels: labels.as_str().into(),
            }));
            let there = there.into_iter().flatten();
            let unknown = there.filter(|(labels, _)| !expected.contains(**labels));
            found.extend(
                unknown.map(|(_, line)| ScrapeDifference::UnknownSeries { name, line: *line }),
            );
        }
    }
    found
}

/// A sample line's name and label block; `None` when it is no sample.
fn sample(line: &str) -> Option<(&str, &str)> {
    // From the end, because label values may hold blanks. A line with a timestamp behind its value is no
    // sample here; a catalogue's page has none.
    let (series, value) = line.rsplit_once(' ')?;
    value.parse::<f64>().ok()?;
    let (name, labels) = match series.find('{') {
        Some(at) => {
            let (name, labels) = series.split_at_checked(at)?;
            labels.ends_with('}').then_some((name, labels))?
        }
        None => (series, ""),
    };
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':';
    (!name.is_empty() && name.bytes().all(is_word)).then_some((name, labels))
}

/// The label blocks that each of a metric's samples should have.
fn expected(
    metric: &Family,
    open: &[(&str, Vec<String>)],
) -> Vec<(&'static str, BTreeSet<String>)> {
    let mut blocks = vec![String::new()];
    for label in &metric.labels {
        let values: Vec<String> = match &label.values {
            Some(values) => values.iter().map(|value| (*value).into()).collect(),
            None => {
                // An open label without values leaves no block: then the page must have no series of the
                // family.
                let named = open.iter().filter(|(name, _)| *name == label.name);
                named.flat_map(|(_, values)| values.clone()).collect()
            }
        };
        blocks = blocks
            .iter()
            .flat_map(|block| {
                values
                    .iter()
                    .map(move |value| join(block, label.name, value))
            })
            .collect();
    }
    let plain = || blocks.iter().map(|block| braced(block)).collect();
    match metric.kind {
        MetricKind::Counter | MetricKind::Gauge => vec![("", plain())],
        MetricKind::Histogram => {
            let buckets = metric
                .buckets
                .map(|buckets| buckets.texts())
                .unwrap_or_default();
            let buckets = blocks
                .iter()
                .flat_map(|block| buckets.iter().map(move |le| braced(&join(block, "le", le))))
                .collect();
            vec![("_bucket", buckets), ("_sum", plain()), ("_count", plain())]
        }
    }
}

fn join(block: &str, name: &str, value: &str) -> String {
    let comma = if block.is_empty() { "" } else { "," };
    format!("{block}{comma}{name}=\"{value}\"")
}

fn braced(block: &str) -> String {
    if block.is_empty() {
        String::new()
    } else {
        format!("{{{block}}}")
    }
}
