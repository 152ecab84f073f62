//! What the encoder writes, the strictest decoder reads.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a property may panic: that is how it fails"
)]

use core::cell::RefCell;

use dashstream_testkit::alloc;
use dashstream_zstd::{Decoder, Encoder, Level, Limits, Plan};

use super::oracle;

/// Checks `data`: a byte for the level and the checksum, a byte for how often the rest repeats.
pub fn check(data: &[u8]) {
    let [choice, times, seed @ ..] = data else {
        return;
    };
    let content = seed.repeat(1 + usize::from(*times));
    check_content(&content, level(*choice), choice & 0x80 != 0);
}

fn level(choice: u8) -> Level {
    // The slow levels are for tests that know how much content they have.
    Level::new(i32::from(choice & 0x07) + 1).expect("1 to 8")
}

/// Checks one message of at most the default output limit.
pub fn check_content(content: &[u8], level: Level, checksum: bool) {
    with_both(level, checksum, |encoder, decoder| {
        check_with(content, checksum, encoder, decoder);
    });
}

/// Hands out the encoder and the decoder that this thread keeps: a context costs more than most
/// messages, and whatever it saw before, it has to be as good as new.
fn with_both(level: Level, checksum: bool, body: impl FnOnce(&mut Encoder, &mut Decoder)) {
    type Kept = Vec<((Level, bool), Encoder, Decoder)>;
    thread_local! {
        static KEPT: RefCell<Kept> = const { RefCell::new(Vec::new()) };
    }
    KEPT.with_borrow_mut(|kept| {
        let key = (level, checksum);
        let at = kept
            .iter()
            .position(|(it, ..)| *it == key)
            .unwrap_or_else(|| {
                let encoder = Encoder::new(level).with_checksum(checksum);
                kept.push((key, encoder, Decoder::new(Limits::new())));
                kept.len() - 1
            });
        let (_, encoder, decoder) = &mut kept[at];
        body(encoder, decoder);
    });
}

fn check_with(content: &[u8], checksum: bool, encoder: &mut Encoder, decoder: &mut Decoder) {
    let frame = encoder.compress(content).expect("memory");

    let plan = Plan::inspect(&frame, decoder.limits());
    let plan = plan.expect("the encoder keeps to the default limits");
    assert_eq!(plan.declared_bytes(), Some(content.len() as u64));
    assert_eq!((plan.frames, plan.skippable_frames), (1, 0));
    assert_eq!(plan.has_checksum, checksum);

    let mut output = decoder.decompress(&frame).expect("a frame of our own");
    assert!(output == content, "other content");
    assert_eq!(
        output.capacity(),
        content.len(),
        "exactly the output is allocated"
    );
    for step in [oracle::STRICT, oracle::WHOLE] {
        assert!(oracle::streaming(&frame, content.len(), step).as_deref() == Some(content));
    }
    assert!(oracle::one_shot(&frame, content.len()).as_deref() == Some(content));

    // Both sides again, with what they have: nothing more is allocated.
    let mut reused = Vec::with_capacity(zstd_safe::compress_bound(content.len()));
    let (again, usage) = alloc::measure(|| {
        let written = encoder.compress_into(content, &mut reused);
        let read = decoder.decompress_into(&frame, &mut output);
        (written, read)
    });
    assert_eq!(again, (Ok(frame.len()), Ok(content.len())));
    assert!(
        (&reused, output.as_slice()) == (&frame, content),
        "another outcome"
    );
    assert_eq!(usage, alloc::Usage::default());

    // Sealed or not, a frame that lost its end is refused before it is decoded.
    let cut = frame.len() - 1;
    assert_eq!(
        Plan::inspect(&frame[..cut], decoder.limits()).map_err(|r| r.code()),
        Err("truncated")
    );
}
