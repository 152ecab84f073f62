//! Every kind of hostile record is refused for its cause.

use dashstream::codec::Decoder;
use dashstream::{cause_of, decode_options};
use dashstream_demo::{Hostile, Rng};

#[test]
fn the_decoder_refuses_each_kind_for_its_cause() {
    for limit in [256 * 1024, 10 * 1024 * 1024] {
        let kinds = Hostile::under(limit);
        assert_eq!(kinds.contains(&Hostile::Oversize), limit == 256 * 1024);
        for kind in kinds {
            let mut decoder = Decoder::new(decode_options(limit));
            let Some(value) = kind.value("run-1", limit, &mut Rng::new(7)) else {
                assert_eq!(kind, Hostile::NullPayload);
                continue;
            };
            let error = decoder.decode(&value).unwrap_err();
            let (cause, name) = (cause_of(error.fault()), kind.name());
            assert_eq!(cause, Some(kind.cause()), "{name} under {limit}: {error}");
        }
    }
}
