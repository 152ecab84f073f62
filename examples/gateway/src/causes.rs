//! What a decoder's refusal is to the policy, and so in every count of it.
//!
//! Neither crate knows the other. The match is over every variant, so that a new one does not build until
//! it is given its place here.

use dashstream_codec::FaultClass;
use dashstream_policy::Cause;

/// Whose fault it is that a record was not decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Undecoded {
    /// The record's, for this cause.
    Record(Cause),
    /// The host's, which lacks memory now. Nothing is known against the record.
    Host,
}

/// What a decoder's refusal is to the policy.
pub(crate) const fn of_decoder(class: FaultClass) -> Undecoded {
    Undecoded::Record(match class {
        FaultClass::Host => return Undecoded::Host,
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
                let causes::Undecoded::Record(cause) = causes::of_decoder(error.fault()) else {
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
