//! What a decoder's refusal is to the policy, and so in every count of it.
//!
//! Neither crate knows the other. The match is over every variant, so that a new one does not build until
//! it is given its place here.

use dashstream_codec::FaultClass;
use dashstream_policy::Cause;

/// The cause of a record that a decoder refused; `None` where the fault is the host's, which lacks memory
/// now: nothing is known against the record then, and it is to be deferred.
///
/// # Examples
///
/// ```
/// use dashstream::codec::{DecodeOptions, Decoder};
/// use dashstream::policy::Cause;
///
/// let error = Decoder::new(DecodeOptions::new()).decode(b"").unwrap_err();
/// assert_eq!(dashstream::cause_of(error.fault()), Some(Cause::Empty));
/// ```
#[must_use]
pub const fn cause_of(fault: FaultClass) -> Option<Cause> {
    Some(match fault {
        FaultClass::Host => return None,
        FaultClass::Empty => Cause::Empty,
        FaultClass::Oversize => Cause::Oversize,
        FaultClass::BadFrame => Cause::BadFrame,
        FaultClass::Decompression => Cause::DecompressionRefused,
        FaultClass::Truncated => Cause::Truncated,
        FaultClass::Malformed => Cause::DecodeError,
        FaultClass::OverBudget => Cause::HeapBudget,
        FaultClass::SchemaVersion => Cause::SchemaTooNew,
        FaultClass::Header => Cause::HeaderMismatch,
    })
}
