//! Routing facts of a payload, read without decoding it.

use core::num::NonZeroU64;

use crate::error::DecodeError;
use crate::header::HeaderView;
use crate::kind::Kind;
use crate::wire::{Input, Key, LEN, WireError};

/// What a message is and where it belongs.
///
/// When the decoder accepts a payload, then this is what its message says too: a payload that names a
/// second kind or header with other values is refused by both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Peek<'a> {
    /// What the record carries.
    pub kind: Kind,
    /// The message's header. A batch's is the envelope's, which has no sequence.
    pub header: Option<HeaderView<'a>>,
}

impl<'a> Peek<'a> {
    /// Reads the routing facts of a protobuf payload, without its frame byte, in one pass over the keys
    /// of the message and of the header. Nothing is allocated.
    ///
    /// `fields` bounds the keys read; [`DecodeLimits::fields`](crate::DecodeLimits::fields) is what the
    /// decoder would read. What is not a header is skipped, so that a payload may pass here and be
    /// refused by the decoder.
    #[inline]
    pub(crate) fn of_payload(payload: &'a [u8], fields: u32) -> Result<Self, DecodeError> {
        let mut scan = Scan {
            fields_left: fields,
            limit: fields,
        };
        let mut input = Input::new(payload);
        // Filled where it is returned: moving it costs a tenth of reading it.
        // The kind stands for nothing until `found` is set.
        let mut peek = Self {
            kind: Kind::Event,
            header: None,
        };
        let mut found = false;
        while let Some(key) = input.key()? {
            scan.spend(1)?;
            let Some(kind) = Kind::from_number(key.number()) else {
                scan.skip(&mut input, key, DEPTH)?;
                continue;
            };
            let body = body(&mut input, key)?;
            if found {
                scan.again(body, kind, &peek)?;
            } else {
                found = true;
                peek.kind = kind;
                scan.message(body, &mut peek)?;
            }
        }
        if found {
            Ok(peek)
        } else {
            Err(DecodeError::NoMessage { len: payload.len() })
        }
    }

    /// The run, or nothing when there is no header.
    #[must_use]
    pub fn thread_id(&self) -> Option<&'a str> {
        self.header.map(|header| header.thread_id)
    }

    /// The message's place in its thread's order, if it has one.
    #[must_use]
    pub fn sequence(&self) -> Option<NonZeroU64> {
        self.header?.sequence()
    }
}

/// The value of a message field.
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn body<'a>(input: &mut Input<'a>, key: Key) -> Result<&'a [u8], WireError> {
    if key.wire_type() != LEN {
        return Err(key.wrong());
    }
    input.bytes()
}

struct Scan {
    fields_left: u32,
    limit: u32,
}

impl Scan {
    /// Reads the headers among the fields of a message.
    #[inline(always)]
    fn message<'a>(&mut self, body: &'a [u8], peek: &mut Peek<'a>) -> Result<(), DecodeError> {
        let mut input = Input::new(body);
        while let Some(key) = input.key()? {
            self.spend(1)?;
            if key.number() != 1 {
                // One level is taken by the message; a header takes another.
                self.skip(&mut input, key, DEPTH - 1)?;
                // The fields of a usual form that follow are skipped together, but never a header.
                self.spend(input.skip_short(self.fields_left))?;
                continue;
            }
            let bytes = self::body(&mut input, key)?;
            match &mut peek.header {
                None => {
                    let header = peek.header.insert(HeaderView::default());
                    self.spend(header.merge(bytes, DEPTH - 2)?)?;
                }
                Some(header) => self.header_again(header, bytes)?,
            }
        }
        Ok(())
    }

    /// Another message: protobuf merges the same kind and replaces another. Either way the first one has to
    /// have said the same already.
    #[cold]
    fn again<'a>(
        &mut self,
        body: &'a [u8],
        kind: Kind,
        first: &Peek<'a>,
    ) -> Result<(), DecodeError> {
        // A header that only the second one has is a difference too; one that only the first has is none.
        let mut merged = *first;
        self.message(body, &mut merged)?;
        if kind == first.kind && merged == *first {
            Ok(())
        } else {
            Err(DecodeError::HeaderMismatch)
        }
    }

    /// Another header of the same message, which has to say the same.
    #[cold]
    fn header_again<'a>(
        &mut self,
        header: &HeaderView<'a>,
        bytes: &'a [u8],
    ) -> Result<(), DecodeError> {
        let mut merged = *header;
        self.spend(merged.merge(bytes, DEPTH - 2)?)?;
        if merged == *header {
            Ok(())
        } else {
            Err(DecodeError::HeaderMismatch)
        }
    }

    #[inline(always)]
    fn spend(&mut self, fields: u32) -> Result<(), DecodeError> {
        let limit = self.limit;
        let left = self.fields_left.checked_sub(fields);
        self.fields_left = left.ok_or(DecodeError::TooManyFields { limit })?;
        Ok(())
    }

    #[inline(always)]
    fn skip(&mut self, input: &mut Input<'_>, key: Key, depth: u32) -> Result<(), DecodeError> {
        let skipped = input.skip(key, depth)?;
        // Only groups have fields in them: for all else there is nothing to spend.
        if skipped > 0 {
            self.spend(skipped)?;
        }
        Ok(())
    }
}

/// Levels of groups, counted as the decoder counts them.
const DEPTH: u32 = crate::DecodeLimits::DEPTH_MAX;
