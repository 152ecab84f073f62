use dashstream_codec::Decoder;

use super::*;

#[test]
fn what_is_hostile_is_small_unless_its_size_is_the_point() {
    for kind in Hostile::ALL {
        let value = kind
            .value("run-1", 256 * 1024, &mut Rng::new(7))
            .unwrap_or_default();
        let bytes = value.len();
        if kind == Hostile::Oversize {
            assert!(bytes > 256 * 1024);
        } else {
            assert!(bytes < 4 * 1024, "{}: {bytes}", kind.name());
        }
    }
}

#[test]
fn the_batch_behind_the_heap_bomb_is_a_real_one() {
    // With limits that a fool would set it decodes, so that nothing but the budget stops it.
    let limits = dashstream_codec::DecodeLimits::new()
        .with_heap_bytes(1 << 40)
        .with_elements(u32::MAX);
    let options = dashstream_codec::DecodeOptions::new().with_limits(limits);
    let value = Hostile::HeapBomb
        .value("run-1", 256 * 1024, &mut Rng::new(7))
        .unwrap();
    let decoded = Decoder::new(options).decode(&value).unwrap();
    assert_eq!(decoded.facts.elements, BLOCK_BYTES_MAX / 4);
    assert!(decoded.facts.heap_bytes > 32 * u64::from(BLOCK_BYTES_MAX));
}
