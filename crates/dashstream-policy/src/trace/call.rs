//! What a recording consists of.

use crate::{Cause, Delivery, Input};

/// One call of the engine. Records are named by their serials.
#[expect(unnameable_types, reason = "only tapes see it, and those are sealed")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    Handle(Input),
    Delivered(Delivery),
    Done(u64),
    Unprocessable(u64, Cause, usize),
    Failed(u64, Cause, usize),
    Condemn(u64, usize),
    Defer(u64),
    Poll,
}
