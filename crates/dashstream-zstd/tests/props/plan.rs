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
        1 => UnknownSize::Evidence,
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

    let mut decoder = Decoder::new(limits.clone());
    let mut output = Vec::new();
    let result = decoder.decompress_into(input, &mut output);
    match (plan, result) {
        (Err(refusal), result) => {
            assert_eq!(result, Err(DecompressError::Refused(refusal)));
            assert_eq!(output.capacity(), 0);
            if is_malformed(&refusal) {
                let content = oracle::streaming(input, OUTPUT as usize);
                let both = content.is_some() && oracle::one_shot(input, OUTPUT as usize).is_some();
                assert!(!both, "libzstd decodes what is refused as {refusal:?}");
            }
        }
        (Ok(plan), Ok(size)) => {
            let size = size as u64;
            assert_eq!(size, output.len() as u64);
            assert!(plan.output_bytes_min() <= size && size <= plan.output_bytes_max());
            assert!(size <= limits.output_bytes());
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
                plan.output_bytes_max() <= bound,
                "no bound is worse than libzstd's"
            );
            if (plan.frames(), plan.skippable_frames()) == (1, 0) {
                assert_eq!(
                    zstd_safe::find_frame_compressed_size(input),
                    Ok(input.len())
                );
            }
            let streaming = oracle::streaming(input, OUTPUT as usize);
            assert!(
                streaming.as_deref() == Some(output.as_slice()),
                "streaming disagrees"
            );
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
            assert!(output.capacity() as u64 <= plan.output_bytes_max().min(limits.output_bytes()));
            let streaming = oracle::streaming(input, OUTPUT as usize);
            match error {
                DecompressError::OutputTooLarge { limit } => {
                    assert_eq!(
                        plan.declared_bytes(),
                        None,
                        "a declared size was judged before"
                    );
                    assert!(streaming.is_none_or(|content| content.len() as u64 > limit));
                }
                _ => {
                    let one_shot = oracle::one_shot(input, OUTPUT as usize);
                    assert!(
                        streaming.is_none() || one_shot.is_none(),
                        "libzstd decodes what ends as {error:?}"
                    );
                }
            }
        }
    }
}

/// Whether the format, and not a limit, is the reason.
fn is_malformed(refusal: &Refusal) -> bool {
    match refusal {
        Refusal::Truncated { .. }
        | Refusal::BadMagic { .. }
        | Refusal::LegacyMagic { .. }
        | Refusal::ReservedBit { .. }
        | Refusal::ReservedBlock { .. }
        | Refusal::MalformedBlock { .. }
        | Refusal::BlockTooLarge { .. }
        | Refusal::DictionaryRequired { .. }
        | Refusal::DeclaredBelowProof { .. }
        | Refusal::DeclaredAboveProof { .. }
        | Refusal::TrailingBytes { .. } => true,
        // No content at all is well-formed for libzstd, and the others are limits.
        _ => false,
    }
}
