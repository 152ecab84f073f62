//! What the walk charges: heap, levels, elements and fields, each against its limit.

use super::Walk;
use crate::error::DecodeError;
use crate::shape::{Field, FieldKind, SLOTS, vec_growth};

impl<T> Walk<'_, T> {
    #[inline(always)]
    pub(super) fn blob(&mut self, value: &[u8]) {
        // An empty `Bytes` allocates nothing, so that it does not count as one to be copied.
        self.blobs = self.blobs.saturating_add(u32::from(!value.is_empty()));
        self.blob_bytes = self.blob_bytes.saturating_add(value.len() as u64);
    }

    #[cfg_attr(debug_assertions, inline(never))]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn below(&self, left: u32) -> Result<u32, DecodeError> {
        let limit = self.options.limits.depth();
        left.checked_sub(1).ok_or(DecodeError::TooDeep { limit })
    }

    #[cfg_attr(debug_assertions, inline(never))]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn charge(&mut self, heap: u64) -> Result<(), DecodeError> {
        let limit = self.options.limits.heap_bytes();
        // Taken from what is left and not added up, so that no sum can wrap.
        let left = self.heap_left.checked_sub(heap);
        self.heap_left = left.ok_or(DecodeError::HeapBudget { limit })?;
        Ok(())
    }

    /// Charges what one more element makes a list or map allocate.
    #[cfg_attr(debug_assertions, inline(never))]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn grow(
        &mut self,
        level: &mut Level,
        field: &Field,
        growth: impl Fn(u32, u32) -> u64,
    ) -> Result<(), DecodeError> {
        // Never missing: `Shape::new` asserts that a slot is below `SLOTS`.
        let Some(count) = level.counts.get_mut(usize::from(field.slot)) else {
            return Ok(());
        };
        // A `BTreeMap` cannot be reserved, so that it grows step by step also where lists do not.
        let bytes = if level.exact && field.kind != FieldKind::Map {
            u64::from(field.unit)
        } else {
            growth(*count, field.unit)
        };
        // It does not saturate: a payload is at most 1 GiB, and an element at least one byte.
        *count = count.saturating_add(1);
        // Most elements go into room that is charged already.
        if bytes == 0 {
            return Ok(());
        }
        self.charge(bytes.saturating_mul(level.scale))
    }

    /// Charges what `count` more numbers make a list allocate.
    #[inline(always)]
    pub(super) fn grow_by(
        &mut self,
        level: &mut Level,
        field: &Field,
        count: u32,
    ) -> Result<(), DecodeError> {
        // One step a number, because growth depends on how many there are. Only lists that are merged come
        // here: the one message with lists of numbers, TokenChunk, is never nested.
        if !level.exact {
            return (0..count).try_for_each(|_| self.grow(level, field, vec_growth));
        }
        let Some(before) = level.counts.get_mut(usize::from(field.slot)) else {
            return Ok(());
        };
        *before = before.saturating_add(count);
        let bytes = u64::from(field.unit).saturating_mul(count.into());
        self.charge(bytes.saturating_mul(level.scale))
    }

    #[cfg_attr(debug_assertions, inline(never))]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn element(&mut self) -> Result<(), DecodeError> {
        let limit = self.options.limits.elements();
        let left = self.elements_left.checked_sub(1);
        self.elements_left = left.ok_or(DecodeError::TooManyElements { limit })?;
        Ok(())
    }

    #[cfg_attr(debug_assertions, inline(never))]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn fields(&mut self, count: u32) -> Result<(), DecodeError> {
        let limit = self.options.limits.fields();
        let left = self.fields_left.checked_sub(count);
        self.fields_left = left.ok_or(DecodeError::TooManyFields { limit })?;
        Ok(())
    }

    /// The scale for a message field. When it occurs again, what was charged in such fields before
    /// is charged as merged first.
    #[cfg_attr(debug_assertions, inline(never))]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn enter(&mut self, level: &mut Level, number: u32) -> Result<u64, DecodeError> {
        // `Shape::new` admits numbers up to 15, so that every field has a bit.
        let bit = 1_u16.checked_shl(number).unwrap_or(0);
        if level.seen & bit == 0 {
            level.seen |= bit;
            return Ok(level.scale);
        }
        // `once` is the sum over all message fields of this level, not of this field alone: an upper bound
        // that needs no counter for each. It is taken, since no charge is to be multiplied twice.
        let before = core::mem::take(&mut level.once);
        self.charge(before.saturating_mul(MERGED - 1))?;
        Ok(MERGED)
    }
}

/// The state of one message that is being walked.
pub(super) struct Level {
    pub(super) scale: u64,
    pub(super) counts: [u32; SLOTS],
    /// The lists of this message are reserved before they are filled.
    pub(super) exact: bool,
    /// Message fields seen, by number.
    seen: u16,
    /// What was charged once in message fields.
    once: u64,
}

impl Level {
    #[inline(always)]
    pub(super) const fn new(scale: u64) -> Self {
        Self {
            scale,
            counts: [0; SLOTS],
            exact: false,
            seen: 0,
            once: 0,
        }
    }

    #[inline(always)]
    pub(super) const fn leave(&mut self, scale: u64, before: u64, after: u64) {
        // In a field that occurs again everything was charged as merged at once.
        if scale < MERGED {
            self.once = self.once.saturating_add(before.saturating_sub(after));
        }
    }
}

/// How many times what is merged is charged.
pub(super) const MERGED: u64 = 4;
