//! One fault, three vocabularies: the decoder's, the policy's and the metrics'.
//!
//! None of the three crates knows another. Each match below is over every variant, so that a new
//! one in any of them does not build until it is given its place here.

use dashstream_codec::FaultClass;
use dashstream_metrics as metrics;
use dashstream_policy as policy;

/// Whose fault it is that a record was not decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Undecoded {
    /// The record's: what it is to the policy, and under which name it is counted.
    Record(policy::Cause, metrics::Fault),
    /// The host's, which lacks memory now. Nothing is known against the record.
    Host,
}

/// What a decoder's refusal is to the others.
pub(crate) const fn of_decoder(class: FaultClass) -> Undecoded {
    use metrics::Fault;
    use policy::Cause;
    let (cause, fault) = match class {
        FaultClass::Host => return Undecoded::Host,
        FaultClass::Empty => (Cause::BadFrame, Fault::Empty),
        FaultClass::Oversize => (Cause::Oversize, Fault::Oversize),
        FaultClass::BadFrame => (Cause::BadFrame, Fault::BadFrame),
        FaultClass::Decompression => (Cause::DecompressionRefused, Fault::Decompression),
        FaultClass::Truncated => (Cause::DecodeError, Fault::Truncated),
        FaultClass::Malformed => (Cause::DecodeError, Fault::Malformed),
        FaultClass::OverBudget => (Cause::HeapBudget, Fault::OverBudget),
        FaultClass::SchemaVersion => (Cause::SchemaTooNew, Fault::SchemaVersion),
        FaultClass::Header => (Cause::HeaderMismatch, Fault::Header),
    };
    Undecoded::Record(cause, fault)
}

/// How a record is counted that no decoder saw: the policy refused it, or there was none.
pub(crate) const fn of_policy(cause: policy::Cause) -> metrics::Fault {
    match cause {
        policy::Cause::NullPayload => metrics::Fault::NullPayload,
        policy::Cause::Oversize => metrics::Fault::Oversize,
        policy::Cause::BadFrame => metrics::Fault::BadFrame,
        policy::Cause::DecompressionRefused => metrics::Fault::Decompression,
        policy::Cause::DecodeError => metrics::Fault::Malformed,
        policy::Cause::HeapBudget => metrics::Fault::OverBudget,
        policy::Cause::SchemaTooNew => metrics::Fault::SchemaVersion,
        policy::Cause::HeaderMismatch => metrics::Fault::Header,
        policy::Cause::CrashLoop => metrics::Fault::CrashLoop,
        policy::Cause::HandlerRefused => metrics::Fault::HandlerRefused,
        policy::Cause::UndecodableBatch => metrics::Fault::UndecodableBatch,
        policy::Cause::RecordDeleted => metrics::Fault::EvidenceLost,
        policy::Cause::Dropped => metrics::Fault::Dropped,
        policy::Cause::OffsetOutOfRange => metrics::Fault::OffsetOutOfRange,
    }
}

/// The metrics' name of a cause.
pub(crate) const fn label(cause: policy::Cause) -> metrics::Cause {
    match cause {
        policy::Cause::NullPayload => metrics::Cause::NullPayload,
        policy::Cause::Oversize => metrics::Cause::Oversize,
        policy::Cause::BadFrame => metrics::Cause::BadFrame,
        policy::Cause::DecompressionRefused => metrics::Cause::DecompressionRefused,
        policy::Cause::DecodeError => metrics::Cause::DecodeError,
        policy::Cause::HeapBudget => metrics::Cause::HeapBudget,
        policy::Cause::SchemaTooNew => metrics::Cause::SchemaTooNew,
        policy::Cause::HeaderMismatch => metrics::Cause::HeaderMismatch,
        policy::Cause::CrashLoop => metrics::Cause::CrashLoop,
        policy::Cause::HandlerRefused => metrics::Cause::HandlerRefused,
        policy::Cause::UndecodableBatch => metrics::Cause::UndecodableBatch,
        policy::Cause::RecordDeleted => metrics::Cause::EvidenceLost,
        policy::Cause::Dropped => metrics::Cause::Dropped,
        policy::Cause::OffsetOutOfRange => metrics::Cause::OffsetOutOfRange,
    }
}

#[cfg(test)]
mod tests {
    use dashstream_codec::Decoder;
    use dashstream_demo::{Hostile, Rng};

    use crate::{causes, pipeline};

    #[test]
    fn the_decoder_refuses_each_kind_for_its_cause() {
        for limit in [256 * 1024, 10 * 1024 * 1024] {
            let kinds = Hostile::under(limit);
            assert_eq!(kinds.contains(&Hostile::Oversize), limit == 256 * 1024);
            for kind in kinds {
                let mut decoder = Decoder::new(pipeline::decoding(limit));
                let Some(value) = kind.value("run-1", limit, &mut Rng::new(7)) else {
                    assert_eq!(kind, Hostile::NullPayload);
                    continue;
                };
                let error = decoder.decode(&value).unwrap_err();
                let causes::Undecoded::Record(cause, _) = causes::of_decoder(error.fault()) else {
                    panic!("the host's fault: {error}");
                };
                assert_eq!(
                    cause,
                    kind.cause(),
                    "{} under {limit}: {error}",
                    kind.name()
                );
            }
        }
    }
}
