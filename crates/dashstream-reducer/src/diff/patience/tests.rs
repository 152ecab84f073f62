use dashstream_testkit::rng::SplitMix64;

use super::*;

#[test]
fn the_longest_rise_is_as_long_as_the_longest_of_all_rises() {
    let mut rng = SplitMix64::new(9);
    for _ in 0..500 {
        let len = rng.index(9);
        let mut olds: Vec<usize> = (0..len).collect();
        for at in (1..len).rev() {
            olds.swap(at, rng.index(at + 1));
        }
        let pairs: Vec<_> = olds.iter().copied().enumerate().collect();
        let found = longest_increasing_subsequence(&pairs);
        assert!(
            found
                .windows(2)
                .all(|two| two[0] < two[1] && two[0].1 < two[1].1)
        );
        let best = (0..1_u32 << len)
            .filter(|chosen| {
                let chosen: Vec<_> = (0..len).filter(|at| chosen >> at & 1 == 1).collect();
                chosen.windows(2).all(|two| olds[two[0]] < olds[two[1]])
            })
            .map(u32::count_ones)
            .max();
        assert_eq!(Some(found.len() as u32), best, "{olds:?}");
    }
}
