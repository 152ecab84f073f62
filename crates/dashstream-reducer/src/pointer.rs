//! RFC 6901 pointers.

use std::borrow::Cow;

use crate::document::Node;
use crate::patch::PatchErrorKind;

/// A well-formed pointer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pointer<'a> {
    text: &'a str,
    /// How many tokens; 0 names the root.
    count: usize,
}

impl<'a> Pointer<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, PatchErrorKind> {
        let mut count = 0_usize;
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            match byte {
                b'/' => count = count.saturating_add(1),
                _ if count == 0 => return Err(PatchErrorKind::Pointer),
                //= rfc6901#section-3
                //# escaped         = "~" ( "0" / "1" )
                b'~' if !matches!(bytes.next(), Some(b'0' | b'1')) => {
                    return Err(PatchErrorKind::Pointer);
                }
                _ => {}
            }
        }
        Ok(Self { text, count })
    }

    pub(crate) const fn len(&self) -> usize {
        self.count
    }

    pub(crate) const fn text(&self) -> &'a str {
        self.text
    }

    pub(crate) fn tokens(&self) -> Tokens<'a> {
        Tokens {
            rest: self.text.strip_prefix('/'),
        }
    }

    /// Whether `other` names something inside what this names.
    pub(crate) fn contains(&self, other: &Self) -> bool {
        // Escaping is the same everywhere, so comparing text compares tokens.
        other
            .text
            .strip_prefix(self.text)
            .is_some_and(|rest| rest.starts_with('/'))
    }
}

/// The tokens of a pointer that were not yet taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tokens<'a> {
    /// What follows the next slash; `None` at the end.
    rest: Option<&'a str>,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let rest = self.rest?;
        let (token, rest) = match rest.split_once('/') {
            Some((token, rest)) => (token, Some(rest)),
            None => (rest, None),
        };
        self.rest = rest;
        Some(Token(token))
    }
}

/// One token, still escaped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'a>(&'a str);

impl<'a> Token<'a> {
    /// The member's name. Allocates only when something is escaped.
    pub(crate) fn name(self) -> Cow<'a, str> {
        if self.0.contains('~') {
            //= rfc6901#section-4
            //# by first transforming any occurrence of the sequence '~1' to '/', and then
            //# transforming any occurrence of the sequence '~0' to '~'.
            Cow::Owned(self.0.replace("~1", "/").replace("~0", "~"))
        } else {
            Cow::Borrowed(self.0)
        }
    }

    /// The index of an element that exists in an array of `len`.
    pub(crate) fn element(self, len: usize) -> Result<usize, PatchErrorKind> {
        match self.number()? {
            Some(index) if index < len => Ok(index),
            _ => Err(PatchErrorKind::OutOfBounds),
        }
    }

    /// The place for a new element in an array of `len`; `-` is the end.
    pub(crate) fn place(self, len: usize) -> Result<usize, PatchErrorKind> {
        if self.0 == "-" {
            return Ok(len);
        }
        match self.number()? {
            Some(index) if index <= len => Ok(index),
            _ => Err(PatchErrorKind::OutOfBounds),
        }
    }

    /// `None` for an index that no array reaches.
    fn number(self) -> Result<Option<usize>, PatchErrorKind> {
        //= rfc6901#section-4
        //# array-index = %x30 / ( %x31-39 *(%x30-39) )
        match self.0.as_bytes() {
            [b'0'] => Ok(Some(0)),
            [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit) => {
                Ok(self.0.parse().ok())
            }
            // The element after the last, which is none.
            b"-" => Ok(None),
            _ => Err(PatchErrorKind::Index),
        }
    }

    /// The child of `node` that the token names.
    pub(crate) fn child(self, node: &Node) -> Result<&Node, PatchErrorKind> {
        match node {
            Node::Array(tree) => tree
                .get(self.element(tree.len())?)
                .ok_or(PatchErrorKind::OutOfBounds),
            Node::Object(tree) => tree
                .member(self.name().as_bytes())
                .ok_or(PatchErrorKind::NotFound),
            Node::Null
            | Node::Bool(_)
            | Node::Int(_)
            | Node::UInt(_)
            | Node::Float(_)
            | Node::String(_) => Err(PatchErrorKind::NotFound),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<String> {
        Pointer::parse(text)
            .unwrap()
            .tokens()
            .map(|token| token.name().into_owned())
            .collect()
    }

    #[test]
    fn tokens_are_split_and_unescaped_in_the_order_of_the_rfc() {
        assert_eq!(tokens(""), Vec::<String>::new());
        assert_eq!(tokens("/"), [""]);
        assert_eq!(tokens("/a//b/"), ["a", "", "b", ""]);
        assert_eq!(tokens("/~01/~10/~0~1"), ["~1", "/0", "~/"]);
        assert_eq!(Pointer::parse("/a//b/").unwrap().len(), 4);
    }

    #[test]
    fn a_stray_tilde_or_a_missing_slash_is_malformed() {
        for text in ["a", "~", "/~", "/~2", "/a~/b", "a/b", "#/a", "/~~0"] {
            assert_eq!(
                Pointer::parse(text).unwrap_err(),
                PatchErrorKind::Pointer,
                "{text}"
            );
        }
    }

    #[test]
    fn an_index_has_one_spelling() {
        let place = |text| Token(text).place(3);
        assert_eq!((place("0"), place("3"), place("-")), (Ok(0), Ok(3), Ok(3)));
        for text in [
            "01", "+1", "-1", "1e0", "1.0", " 1", "", "１", "0x1", "00", "--",
        ] {
            assert_eq!(place(text), Err(PatchErrorKind::Index), "{text}");
        }
        for text in ["4", "18446744073709551616", "99999999999999999999999999"] {
            assert_eq!(place(text), Err(PatchErrorKind::OutOfBounds), "{text}");
        }
        assert_eq!(Token("3").element(3), Err(PatchErrorKind::OutOfBounds));
        assert_eq!(Token("-").element(3), Err(PatchErrorKind::OutOfBounds));
        assert_eq!(Token("2").element(3), Ok(2));
    }
}
