//! Where a refused record is wrong, and what it looks like.

use alloc::string::String;
use core::fmt;

use crate::decode::Decoder;
use crate::error::DecodeError;
use crate::frame::{Encoding, Frame};
use crate::hint::Hint;
use crate::stats::PayloadStats;
use crate::trace::PathTrace;
use crate::walk::walk_traced;
use crate::wire::WireError;

/// Where a refused record is wrong, and what it looks like. Nothing of the payload is in it.
///
/// Its `Display` is one line for logs and dead letters.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Diagnosis {
    /// Why the record is refused: what decoding it returns.
    pub error: DecodeError,
    /// Where what is wrong begins, in bytes of the record, or of the payload where
    /// [`decompressed`](Self::decompressed) says so.
    pub offset: Option<usize>,
    /// Whether the offset is one in the payload after decompression.
    pub decompressed: bool,
    /// The field of the schema: `EventBatch.events[1].duration_us`. Numbers stand for fields that the
    /// schema does not have.
    pub path: Option<String>,
    /// Which event of a batch it is, from 0.
    pub event: Option<u32>,
    /// The wire type that the schema gives the field, where it came with another.
    pub expected: Option<&'static str>,
    /// The wire type it came with.
    pub found: Option<&'static str>,
    hint: Option<Hint>,
}

impl Diagnosis {
    /// Which common mistake the record looks like, as a stable name for logs and stored records.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        self.hint.map(Hint::code)
    }
}

impl Decoder {
    /// Says where and why [`decode`](Self::decode) refuses `record`; `None` when it does not.
    ///
    /// Call it after a refusal: it walks the record once more, slower and with allocations, to know where
    /// it is. The record itself still costs no more than its limits allow.
    #[must_use]
    pub fn diagnose(&mut self, record: &[u8]) -> Option<Diagnosis> {
        // `check` fails as `decode` does, and leaves the content of a compressed payload for `locate`.
        let error = self.check(record).err()?;
        let mut diagnosis = Diagnosis {
            error,
            offset: None,
            decompressed: false,
            path: None,
            event: None,
            expected: None,
            found: None,
            hint: None,
        };
        // A record without a frame is refused before its payload is looked at, and has nothing to walk.
        let frame = self.frame(record).ok();
        let start = frame.map_or(0, |frame| record.len().saturating_sub(frame.payload.len()));
        // A record that is refused for some of these may be something else altogether.
        let may_be_of_another_form = match &diagnosis.error {
            DecodeError::Empty | DecodeError::UnknownFrameByte { .. } => {
                diagnosis.offset = Some(0);
                true
            }
            DecodeError::RecordTooLarge { .. } | DecodeError::PayloadTooLarge { .. } => {
                return Some(diagnosis);
            }
            DecodeError::Decompression(error) => {
                diagnosis.offset = error.offset().map(|at| at.saturating_add(start));
                true
            }
            DecodeError::Wire(_)
            | DecodeError::NoMessage { .. }
            | DecodeError::TooDeep { .. }
            | DecodeError::MissingHeader => {
                self.locate(frame, start, &mut diagnosis);
                true
            }
            DecodeError::HeapBudget { .. }
            | DecodeError::TooManyElements { .. }
            | DecodeError::TooManyFields { .. }
            | DecodeError::SchemaVersion { .. }
            | DecodeError::HeaderMismatch
            | DecodeError::Disagreement => {
                self.locate(frame, start, &mut diagnosis);
                false
            }
        };
        if may_be_of_another_form {
            let content = diagnosis.decompressed.then_some(self.content.as_slice());
            diagnosis.hint = Hint::of(record, content);
        }
        Some(diagnosis)
    }

    /// Finds the place where the payload, which begins at `start` when it is stored raw, is refused.
    fn locate(&self, frame: Option<Frame<'_>>, start: usize, diagnosis: &mut Diagnosis) {
        match frame {
            Some(frame) if frame.encoding == Encoding::Raw => {
                self.walk_again(frame.payload, diagnosis);
                diagnosis.offset = diagnosis.offset.map(|at| at.saturating_add(start));
            }
            Some(_) | None => {
                self.walk_again(&self.content, diagnosis);
                diagnosis.decompressed = true;
            }
        }
    }

    /// Walks `payload` once more, to the place where it is refused.
    fn walk_again(&self, payload: &[u8], diagnosis: &mut Diagnosis) {
        let mut trace = PathTrace::new(payload);
        let walked = walk_traced(
            payload,
            &self.options,
            &mut PayloadStats::default(),
            &mut trace,
        );
        match walked {
            // Over the budget with its byte fields: as a whole.
            Ok(_) => return,
            // A budget that the decompressor ran into leaves no content: what is walked is empty, and its
            // error is another one.
            Err(error) if error != diagnosis.error => return,
            Err(DecodeError::HeaderMismatch) => {
                (diagnosis.offset, diagnosis.path) = trace.again.unzip();
                return;
            }
            Err(_) => {}
        }
        if matches!(
            diagnosis.error,
            DecodeError::MissingHeader | DecodeError::SchemaVersion { .. }
        ) {
            // Found at the end of the message that it is about.
            trace.up();
        }
        diagnosis.offset = Some(trace.offset());
        diagnosis.event = trace.event();
        diagnosis.path = Some(trace.path()).filter(|path| !path.is_empty());
        if let DecodeError::Wire(WireError::WrongWireType { .. }) = diagnosis.error {
            let types = trace.wire_types();
            (diagnosis.expected, diagnosis.found) = types.unzip();
        }
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error)?;
        if let Some(path) = &self.path {
            write!(f, ", in {path}")?;
        }
        if let (Some(expected), Some(found)) = (self.expected, self.found) {
            write!(f, ", expected {expected}, found {found}")?;
        }
        if let Some(offset) = self.offset {
            let of = if self.decompressed {
                "decompressed payload"
            } else {
                "record"
            };
            write!(f, ", at byte {offset} of the {of}")?;
        }
        match self.hint {
            Some(hint) => write!(f, "; it looks like this: {hint}"),
            None => Ok(()),
        }
    }
}
