//! As much of PromQL's syntax as telling names from labels and strings needs.

/// One token of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A name, a keyword or a number.
    Word(&'a str),
    /// What stands between quotes.
    Text(&'a str),
    /// Anything else.
    Sign(char),
}

impl Token<'_> {
    /// Whether this is one of PromQL's keywords, which may be written in any case.
    pub(super) fn is_one_of(&self, keywords: &[&str]) -> bool {
        let is = |word: &str| {
            keywords
                .iter()
                .any(|keyword| word.eq_ignore_ascii_case(keyword))
        };
        matches!(self, Self::Word(word) if is(word))
    }
}

/// The tokens of `expression`; a string that does not end reaches to the end.
pub(super) fn tokens(expression: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = expression.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '"' | '\'' | '`' => quoted(rest, first),
            // A comment of PromQL, as in block scalars of rule files: an apostrophe in one begins no
            // string.
            '#' => {
                rest = rest
                    .split_once('\n')
                    .map_or("", |(_, after)| after)
                    .trim_start();
                continue;
            }
            _ if is_word(first) => {
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
                (Token::Word(word), after)
            }
            _ => {
                let after = rest.strip_prefix(first).unwrap_or_default();
                (Token::Sign(first), after)
            }
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    tokens
}

fn quoted(text: &str, quote: char) -> (Token<'_>, &str) {
    let body = text.strip_prefix(quote).unwrap_or_default();
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        if c == quote && !escaped {
            let (inside, after) = body.split_at_checked(at).unwrap_or((body, ""));
            return (
                Token::Text(inside),
                after.strip_prefix(quote).unwrap_or_default(),
            );
        }
        // Two backslashes are one character, so that a quote behind them ends the string.
        // A string in backticks has no escapes.
        escaped = c == '\\' && !escaped && quote != '`';
    }
    (Token::Text(body), "")
}

const fn is_word(c: char) -> bool {
    // Names of recording rules hold colons; numbers hold points.
    c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '.')
}
