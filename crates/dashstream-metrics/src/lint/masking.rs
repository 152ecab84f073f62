//! Finds the `or` whose right side is there whatever happens, so that what is missing looks like a number.

use crate::lint::tokens::Token;

/// Operators that end the right side of an `or`.
const SET_OPERATORS: &[&str] = &["or", "and", "unless"];

/// Whether `or` is followed by a constant: a `vector(…)`, or a product with 0, wherever in its right side.
pub(super) fn masks(rest: &[Token<'_>]) -> bool {
    let side = right_side(rest);
    let is_zero = |token: Option<&Token<'_>>| match token {
        Some(Token::Word(word)) => word.parse::<f64>() == Ok(0.0),
        Some(Token::Text(_) | Token::Sign(_)) | None => false,
    };
    side.iter().enumerate().any(|(at, token)| match token {
        Token::Word("vector") => true,
        Token::Sign('*') => {
            let before = at.checked_sub(1).and_then(|at| side.get(at));
            is_zero(before) || is_zero(side.get(at.saturating_add(1)))
        }
        Token::Word(_) | Token::Text(_) | Token::Sign(_) => false,
    })
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
            None => true,
        },
        Token::Word(word) => depth == 0 && SET_OPERATORS.contains(word),
        Token::Text(_) | Token::Sign(_) => false,
    });
    rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
}
