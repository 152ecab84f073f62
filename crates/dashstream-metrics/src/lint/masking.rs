//! Finds the `or` whose right side is there whatever happens, so that what is missing looks like a number.

use crate::lint::Ours;
use crate::lint::tokens::Token;

/// Operators that end the right side of an `or`.
const SET_OPERATORS: &[&str] = &["or", "and", "unless"];

/// Functions whose value is there when the metric in them is not.
const ABSENT: &[&str] = &["absent", "absent_over_time"];

/// Whether the right side of an `or` is there when nothing of the catalogue is: a `vector(…)`, a product
/// with 0, or, behind one of its metrics, a number made of `up`, of `absent(…)` or of others' metrics.
///
/// A comparison that drops what does not hold (`or up == 0`) says something, and so does `absent(…)` alone.
pub(super) fn masks(ours: Ours<'_>, before: &[Token<'_>], rest: &[Token<'_>]) -> bool {
    let side = right_side(rest);
    let has = |words: &[&str]| side.iter().any(|token| token.is_one_of(words));
    // Both are numbers whatever stands on the left, so that the left side is not asked for.
    if has(&["vector"]) || multiplies_by_zero(side) {
        return true;
    }
    let plain = outside(side);
    let of_ours = |token: &Token<'_>| matches!(token, Token::Word(name) if ours.has_prefix(name));
    let is_sign = |token: &Token<'_>, signs: &str| matches!(token, Token::Sign(sign) if signs.contains(*sign));
    // Only signs outside of selectors: the `=` of a label matcher compares nothing here.
    let compares = plain.iter().any(|token| is_sign(token, "<>=!"));
    // A comparison without `bool` drops what does not hold, so that it yields no number to hide behind;
    // with `bool` it yields 0 or 1 always.
    if !before.iter().any(of_ours) || plain.iter().any(of_ours) || compares && !has(&["bool"]) {
        return false;
    }
    has(&["up", "bool", "clamp", "clamp_min", "clamp_max"])
        || plain.iter().any(|token| is_sign(token, "+-*/%^"))
}

/// Whether 0 is a factor, in whatever parentheses and with whatever sign.
fn multiplies_by_zero(side: &[Token<'_>]) -> bool {
    let is_zero = |token: Option<&Token<'_>>| match token {
        // Every way of writing 0, as `0.0` or `0e3`. Rust does not parse hexadecimal numbers, which PromQL
        // has.
        Some(Token::Word(word)) => word.parse() == Ok(0.0_f64) || matches!(*word, "0x0" | "0X0"),
        Some(Token::Text(_) | Token::Sign(_)) | None => false,
    };
    let wraps = |token: &&Token<'_>| !matches!(token, Token::Sign('(' | ')' | '-' | '+'));
    // The factors are the nearest tokens on both sides that are neither parentheses nor signs.
    side.iter().enumerate().any(|(at, token)| {
        let (before, after) = side.split_at_checked(at).unwrap_or_default();
        *token == Token::Sign('*')
            && (is_zero(before.iter().rfind(wraps)) || is_zero(after.iter().skip(1).find(wraps)))
    })
}

/// The tokens that stand neither in a selector's braces nor in the parentheses of [`ABSENT`].
fn outside<'a>(side: &[Token<'a>]) -> Vec<Token<'a>> {
    let mut plain = Vec::new();
    let mut rest = side;
    while let Some((token, after)) = rest.split_first() {
        let called = |word| ABSENT.contains(word) && after.first() == Some(&Token::Sign('('));
        rest = match token {
            Token::Sign('{') => behind(after, '{', '}'),
            Token::Word(word) if called(word) => {
                behind(after.get(1..).unwrap_or_default(), '(', ')')
            }
            Token::Word(_) | Token::Text(_) | Token::Sign(_) => {
                plain.push(*token);
                after
            }
        };
    }
    plain
}

/// What is behind the sign that closes; `tokens` begin behind the one that opens.
fn behind<'t, 'a>(tokens: &'t [Token<'a>], open: char, close: char) -> &'t [Token<'a>] {
    let mut depth = 1_usize;
    let end = tokens.iter().position(|token| {
        if *token == Token::Sign(open) {
            depth = depth.saturating_add(1);
        } else if *token == Token::Sign(close) {
            depth = depth.saturating_sub(1);
        }
        depth == 0
    });
    let end = end.map_or(tokens.len(), |end| end.saturating_add(1));
    tokens.get(end..).unwrap_or_default()
}

/// The tokens up to the next operator of the same depth, or to the parenthesis that closes around it.
fn right_side<'t, 'a>(rest: &'t [Token<'a>]) -> &'t [Token<'a>] {
    let mut depth = 0_usize;
    let end = rest.iter().position(|token| match token {
        Token::Sign('(') => {
            depth = depth.saturating_add(1);
            false
        }
        Token::Sign(')') => match depth.checked_sub(1) {
            Some(less) => {
                depth = less;
                false
            }
            // One more is closed than was opened: it is the parenthesis around the whole `or`.
            None => true,
        },
        Token::Word(_) => depth == 0 && token.is_one_of(SET_OPERATORS),
        Token::Text(_) | Token::Sign(_) => false,
    });
    rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
}
