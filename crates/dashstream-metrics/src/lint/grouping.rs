//! The labels by which an expression groups and matches: each must be one that its metrics have.

use crate::family::Family;
use crate::lint::tokens::Token;
use crate::lint::{Ours, SCRAPE_LABELS, has_label, is_call};

/// Words that stand before a list of labels in parentheses.
const CLAUSES: &[&str] = &[
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
];

/// Words that are neither labels nor metrics.
const KEYWORDS: &[&str] = &["and", "or", "unless", "bool", "offset", "atan2"];

/// Functions after which there are labels that no metric has.
const LABEL_MAKERS: &[&str] = &["label_replace", "label_join", "count_values"];

/// The grouping labels that none of the expression's metrics has, with one of the metrics.
///
/// Nothing is said of expressions with metrics of others, whose labels are not known here.
pub(super) fn unknown<'f, 'a>(ours: Ours<'f>, tokens: &[Token<'a>]) -> Vec<(&'f Family, &'a str)> {
    let mut metrics: Vec<&'f Family> = Vec::new();
    let mut labels = Vec::new();
    let mut rest = tokens;
    while let Some((token, after)) = rest.split_first() {
        rest = match token {
            Token::Word(_) if token.is_one_of(CLAUSES) && is_call(after) => {
                let (list, after) = up_to(')', after);
                labels.extend(names(list));
                after
            }
            // Labels of a selector are checked against its own metric, by `matchers`; a range holds no
            // labels.
            Token::Sign('{') => up_to('}', after).1,
            Token::Sign('[') => up_to(']', after).1,
            // A label that the expression itself makes may be grouped by, though no metric has it.
            Token::Word(word) if LABEL_MAKERS.contains(word) => return Vec::new(),
            Token::Word(word) if ours.has_prefix(word) => {
                metrics.extend(ours.find(word));
                after
            }
            // The labels of a metric from elsewhere are not known: any name may be one of them.
            Token::Word(_) if is_foreign(token) && !is_applied(after) => return Vec::new(),
            Token::Word(_) | Token::Text(_) | Token::Sign(_) => after,
        };
    }
    let Some(&first) = metrics.first() else {
        return Vec::new();
    };
    let is_known = |label: &&str| {
        // One metric that has the label is enough: which metrics a clause groups is not worked out here.
        SCRAPE_LABELS.contains(label) || metrics.iter().any(|metric| has_label(metric, label))
    };
    labels.retain(|label| !is_known(label));
    labels.into_iter().map(|label| (first, label)).collect()
}

/// Whether the word between these tokens is a label: in a list behind a clause, or before the operator of a
/// matcher in braces.
pub(super) fn is_label(before: &[Token<'_>], after: &[Token<'_>]) -> bool {
    let opened = before
        .iter()
        .rposition(|token| matches!(token, Token::Sign('(' | ')' | '{' | '}')));
    let Some((head, opened)) = opened.and_then(|at| Some((before.get(..at)?, before.get(at)?)))
    else {
        return false;
    };
    match opened {
        Token::Sign('(') => head.last().is_some_and(|token| token.is_one_of(CLAUSES)),
        Token::Sign('{') => matches!(after.first(), Some(Token::Sign('=' | '!'))),
        Token::Sign(_) | Token::Word(_) | Token::Text(_) => false,
    }
}

/// Whether the word before is a function or an aggregation: its arguments follow, or what it groups by.
fn is_applied(after: &[Token<'_>]) -> bool {
    let first = after.first();
    is_call(after) || first.is_some_and(|token| token.is_one_of(&["by", "without"]))
}

/// Whether a bare word is a metric that the catalogue says nothing about. `up` has the labels of its
/// scrape and no others.
fn is_foreign(token: &Token<'_>) -> bool {
    let Token::Word(word) = token else {
        return false;
    };
    let is_number = word.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        || token.is_one_of(&["inf", "nan"]);
    !is_number && *word != "up" && !token.is_one_of(KEYWORDS) && !token.is_one_of(CLAUSES)
}

/// What stands before the next `end`, and what stands behind it.
fn up_to<'t, 'a>(end: char, tokens: &'t [Token<'a>]) -> (&'t [Token<'a>], &'t [Token<'a>]) {
    let at = tokens.iter().position(|token| *token == Token::Sign(end));
    let (list, after) = tokens.split_at(at.unwrap_or(tokens.len()));
    (list, after.get(1..).unwrap_or_default())
}

/// The labels of a list; none of one that a dashboard's variable fills in.
fn names<'a>(list: &[Token<'a>]) -> Vec<&'a str> {
    if list.contains(&Token::Sign('$')) {
        return Vec::new();
    }
    let words = list.iter().filter_map(|token| match token {
        Token::Word(word) => Some(*word),
        Token::Text(_) | Token::Sign(_) => None,
    });
    words.collect()
}
