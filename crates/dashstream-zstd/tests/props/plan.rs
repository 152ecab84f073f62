//! Whatever the input: what is accepted libzstd accepts as well, twice over, and nothing else is
//! refused as malformed.

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
use dashstream_zstd::{Decoder, DecompressError, Limits, Plan, Refusal, UnknownSize};

use super::oracle;

/// The output limit here: small, so that the limits themselves are met often.
const OUTPUT: u64 = 256 * 1024;

/// Checks `data`, whose first byte chooses the limits.
pub fn check(data: &[u8]) {
    if let Some((&choice, input)) = data.split_first() {
        check_input(input, &limits(choice));
    }
}

/// Every kind of limits that a byte can choose.
pub fn limits(choice: u8) -> Limits {
    let unknown = match choice & 3 {
        0 => UnknownSize::Reject,
        _ => UnknownSize::Bounded,
    };
    let several = u32::from(choice >> 2 & 3);
    Limits::new()
        .with_output_bytes(OUTPUT)
        .with_unknown_size(unknown)
        .with_frames(1 + several)
        .with_skippable_frames(several)
}

/// Checks one input under `limits`.
pub fn check_input(input: &[u8], limits: &Limits) {
    let (plan, usage) = alloc::measure(|| Plan::inspect(input, limits));
    assert_eq!(usage, alloc::Usage::default(), "a plan allocates nothing");

    with_decoder(limits, |decoder| check_against(plan, input, decoder));
}

/// Hands out the decoder that this thread keeps for these limits: whatever it saw before, it has to
/// be as good as new.
pub fn with_decoder(limits: &Limits, body: impl FnOnce(&mut Decoder)) {
    thread_local! {
        static KEPT: RefCell<Vec<Decoder>> = const { RefCell::new(Vec::new()) };
    }
    KEPT.with_borrow_mut(|kept| {
        let at = kept
            .iter()
            .position(|it| it.limits() == limits)
            .unwrap_or_else(|| {
                kept.push(Decoder::new(limits.clone()));
                kept.len() - 1
            });
        body(&mut kept[at]);
    });
}

fn check_against(plan: Result<Plan, Refusal>, input: &[u8], decoder: &mut Decoder) {
    let limits = decoder.limits().clone();
    let mut output = Vec::new();
    let result = decoder.decompress_into(input, &mut output);
    match (plan, result) {
        (Err(refusal), result) => {
            assert_eq!(result, Err(DecompressError::Refused(refusal)));
            assert_eq!(output.capacity(), 0);
            if is_malformed(&refusal) {
                assert!(
                    !libzstd_accepts(input),
                    "libzstd decodes what is refused as {refusal:?}"
                );
            }
        }
        (Ok(plan), Ok(size)) => {
            let size = size as u64;
            assert_eq!(size, output.len() as u64);
            assert!(plan.output_bytes_min <= size && size <= plan.output_bytes_max);
            assert!(size <= limits.output_bytes());
            // The work of a plan: a block takes four bytes, but for 16 without content.
            assert!(plan.blocks <= input.len() as u64 / 4 + 16);
            if let Some(declared) = plan.declared_bytes() {
                assert_eq!(declared, size);
                assert!(
                    matches!(zstd_safe::find_decompressed_size(input), Ok(Some(it)) if it == size)
                );
                assert_eq!(
                    output.capacity() as u64,
                    size,
                    "exactly the output is allocated"
                );
            }
            let bound = zstd_safe::decompress_bound(input).expect("libzstd can walk it too");
            assert!(
                plan.output_bytes_max <= bound,
                "no bound is worse than libzstd's"
            );
            if (plan.frames, plan.skippable_frames) == (1, 0) {
                assert_eq!(
                    zstd_safe::find_frame_compressed_size(input),
                    Ok(input.len())
                );
            }
            for step in [oracle::STRICT, oracle::WHOLE] {
                let streaming = oracle::streaming(input, OUTPUT as usize, step);
                let size = streaming.as_ref().map(Vec::len);
                assert!(
                    streaming.as_deref() == Some(output.as_slice()),
                    "fed by {step} bytes, streaming yields {size:?} bytes of {}",
                    output.len()
                );
            }
            let one_shot = oracle::one_shot(input, output.len());
            assert!(
                one_shot.as_deref() == Some(output.as_slice()),
                "one-shot disagrees"
            );
            assert!(
                decoder.decompress(input).as_ref() == Ok(&output),
                "another outcome"
            );
        }
        (Ok(plan), Err(error)) => {
            assert!(output.is_empty(), "something is left after an error");
            assert!(output.capacity() as u64 <= plan.output_bytes_max.min(limits.output_bytes()));
            if let DecompressError::OutputTooLarge { limit } = error {
                assert_eq!(
                    plan.declared_bytes(),
                    None,
                    "a declared size was judged before"
                );
                // Streaming alone does not count: it takes a frame that declares more than is left and
                // holds less than that, when its last block is empty.
                let streaming = oracle::streaming(input, OUTPUT as usize, oracle::STRICT);
                let fits = streaming.is_some_and(|content| content.len() as u64 <= limit);
                assert!(!fits || oracle::one_shot(input, OUTPUT as usize).is_none());
            } else {
                assert!(
                    !libzstd_accepts(input),
                    "libzstd decodes what ends as {error:?}"
                );
            }
        }
    }
}

/// Whether libzstd decodes `input` both block by block and at once, each with checks of its own.
fn libzstd_accepts(input: &[u8]) -> bool {
    oracle::streaming(input, OUTPUT as usize, oracle::STRICT).is_some()
        && oracle::one_shot(input, OUTPUT as usize).is_some()
}

/// Whether the format, and not a limit, is the reason. No content at all is well-formed for libzstd.
fn is_malformed(refusal: &Refusal) -> bool {
    const MALFORMED: [&str; 11] = [
        "truncated",
        "bad_magic",
        "legacy_magic",
        "reserved_bit",
        "reserved_block",
        "malformed_block",
        "block_too_large",
        "dictionary_required",
        "declared_below_proof",
        "declared_above_proof",
        "trailing_bytes",
    ];
    MALFORMED.contains(&refusal.code())
}
