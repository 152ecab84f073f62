//! Which elements of two stretches of an array belong together.

use core::hash::{Hash, Hasher};
use std::hash::DefaultHasher;

use crate::diff::DiffError;
use crate::diff::element::{ElementMatch, ElementMatcher, work};
use crate::document::{Node, write};
use crate::hash::Dialect;

/// Pairs of places, rising on both sides. Costs the stretches, and the logarithm of their length.
pub(super) fn patience_lcs(
    elements: &mut ElementMatcher<'_>,
    olds: &[&Node],
    news: &[&Node],
) -> Result<Vec<(usize, usize)>, DiffError> {
    if olds.is_empty() || news.is_empty() {
        return Ok(Vec::new());
    }
    let mut text = Vec::new();
    // As in patience diff: what occurs more than once on a side is no anchor, as its pairs are arbitrary.
    let olds_once = once(elements, olds, &mut text)?;
    let news_once = once(elements, news, &mut text)?;
    let mut pairs = Vec::new();
    let mut candidates = news_once.iter().peekable();
    for (mark, old) in olds_once {
        // Both sides are sorted by mark, so that one pass finds what they have in common.
        while candidates.next_if(|(other, _)| *other < mark).is_some() {}
        let Some((_, new)) = candidates.next_if(|(other, _)| *other == mark) else {
            continue;
        };
        let (Some(a), Some(b)) = (olds.get(old), news.get(*new)) else {
            continue;
        };
        // Two marks may be alike by accident, or on purpose.
        if elements.compare(a, b)? != ElementMatch::Unrelated {
            pairs.push((*new, old));
        }
    }
    pairs.sort_unstable();
    Ok(longest_increasing_subsequence(&pairs))
}

/// The marks that occur once, in order, each with its place.
fn once(
    elements: &mut ElementMatcher<'_>,
    nodes: &[&Node],
    text: &mut Vec<u8>,
) -> Result<Vec<(u64, usize)>, DiffError> {
    let mut marks = Vec::with_capacity(nodes.len());
    for (at, node) in nodes.iter().enumerate() {
        marks.push((mark(elements, node, text)?, at));
    }
    marks.sort_unstable();
    Ok(marks
        .chunk_by(|(a, _), (b, _)| a == b)
        .filter_map(|alike| match alike {
            [only] => Some(*only),
            _ => None,
        })
        .collect())
}

/// A number that is the same for elements that may belong together.
fn mark(
    elements: &mut ElementMatcher<'_>,
    node: &Node,
    text: &mut Vec<u8>,
) -> Result<u64, DiffError> {
    // The keys of a new hasher are fixed, so that the same states always differ in the same way.
    let mut hasher = DefaultHasher::new();
    let identity = elements.identity(node);
    identity.hash(&mut hasher);
    if identity.is_none() {
        // Only then is the content looked at: of elements with an identity it may have changed.
        elements.spend(work(node))?;
        text.clear();
        write(node, Dialect::Current, text);
        text.hash(&mut hasher);
    }
    Ok(hasher.finish())
}

/// Of pairs in the order of their new places, the most whose old places rise as well.
fn longest_increasing_subsequence(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // For each length, the pair with the lowest old place that ends a rise of it; for each pair, the
    // one before it.
    let mut ends: Vec<usize> = Vec::new();
    let mut before = Vec::with_capacity(pairs.len());
    let old_of = |index: usize| pairs.get(index).map_or(0, |(_, old)| *old);
    for (index, (_, old)) in pairs.iter().enumerate() {
        // The old places in `ends` rise: bisection finds the longest rise that this pair extends.
        let length = ends.partition_point(|end| old_of(*end) < *old);
        before.push(
            length
                .checked_sub(1)
                .and_then(|shorter| ends.get(shorter))
                .copied(),
        );
        match ends.get_mut(length) {
            Some(end) => *end = index,
            None => ends.push(index),
        }
    }
    let mut rise = Vec::with_capacity(ends.len());
    let mut at = ends.last().copied();
    while let Some(index) = at {
        rise.extend(pairs.get(index).map(|(new, old)| (*old, *new)));
        at = before.get(index).copied().flatten();
    }
    rise.reverse();
    rise
}

#[cfg(test)]
mod tests;
