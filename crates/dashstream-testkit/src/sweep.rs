//! Malformed neighbours of a valid input: every truncation and every damaged byte.

use crate::rng::SplitMix64;

/// Inputs up to this size are swept at every position.
pub const EXHAUSTIVE_MAX: usize = 4 * 1024;

/// Seeded positions tried in a larger input.
pub const SAMPLES: usize = 2_000;

/// Calls `check` with every proper prefix of `input`, or with [`SAMPLES`] seeded prefixes and one
/// at each of `boundaries` when it is longer than [`EXHAUSTIVE_MAX`].
pub fn truncations(input: &[u8], boundaries: &[usize], mut check: impl FnMut(&[u8])) {
    for cut in positions(input.len(), boundaries) {
        check(&input[..cut]);
    }
}

/// Calls `check` with `input` after changing one byte: its lowest bit, its highest bit, all bits.
///
/// Positions are chosen as in [`truncations`].
pub fn byte_flips(input: &[u8], boundaries: &[usize], mut check: impl FnMut(&[u8])) {
    let mut damaged = input.to_vec();
    for at in positions(input.len(), boundaries) {
        for mask in [0x01, 0x80, 0xFF] {
            damaged[at] ^= mask;
            check(&damaged);
            damaged[at] ^= mask;
        }
    }
}

fn positions(len: usize, boundaries: &[usize]) -> Vec<usize> {
    if len <= EXHAUSTIVE_MAX {
        return (0..len).collect();
    }
    let mut rng = SplitMix64::new(len as u64);
    let mut chosen: Vec<usize> = (0..SAMPLES).map(|_| rng.index(len)).collect();
    chosen.extend(boundaries.iter().copied().filter(|at| *at < len));
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_input_is_swept_at_every_position() {
        let mut lengths = Vec::new();
        truncations(b"abc", &[], |prefix| lengths.push(prefix.len()));
        assert_eq!(lengths, [0, 1, 2]);

        let mut damaged = Vec::new();
        byte_flips(b"a", &[], |bytes| damaged.push(bytes.to_vec()));
        assert_eq!(damaged, [[0x60], [0xE1], [0x9E]]);
    }

    #[test]
    fn a_long_input_is_swept_at_its_boundaries_too() {
        let input = vec![0; EXHAUSTIVE_MAX + 1];
        let mut seen = false;
        truncations(&input, &[4096], |prefix| seen |= prefix.len() == 4096);
        assert!(seen);
    }
}
