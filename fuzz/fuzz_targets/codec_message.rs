//! Messages drawn from a seed hold every property, also when they are damaged.
#![no_main]

#[path = "../../crates/dashstream-codec/tests/props/message.rs"]
mod message;
#[path = "../../crates/dashstream-codec/tests/props/record.rs"]
#[allow(dead_code, reason = "the targets share its properties")]
mod record;
#[path = "../../crates/dashstream-codec/tests/props/sample.rs"]
mod sample;

use dashstream_codec::v1;
use prost::Message as _;

libfuzzer_sys::fuzz_target!(|input: (u64, Vec<(u16, u8)>)| {
    let (seed, damage) = input;
    let drawn = sample::message(seed);
    let mut bytes = vec![0];
    let whole = v1::DashStreamMessage { message: Some(drawn.clone()) };
    whole.encode(&mut bytes).expect("a vector grows");
    message::entries_are_the_events(&drawn);
    message::written_messages_read_the_same(drawn);
    for (at, with) in damage {
        let at = usize::from(at) % bytes.len();
        bytes[at] ^= with;
    }
    record::decodes_within_budget(&bytes);
    record::peek_agrees(&bytes);
    record::view_equals_owned(&bytes);
    record::decoding_is_stable(&bytes);
});
