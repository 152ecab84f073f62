use std::collections::BTreeSet;

use dashstream_testkit::rng::SplitMix64;

use super::*;

#[test]
fn ranges_are_what_a_set_of_numbers_is() {
    let mut rng = SplitMix64::new(5);
    for _ in 0..300 {
        let (mut coverage, mut model) = (SequenceRanges::default(), BTreeSet::new());
        for _ in 0..20 {
            let number = 1 + rng.below(24);
            if rng.chance(1, 12) {
                let mut gaps = SequenceRanges::default();
                coverage.add_gaps(number, &mut gaps);
                for at in 0..26 {
                    let is_gap = (1..=number).contains(&at) && !model.contains(&at);
                    assert_eq!(gaps.contains(at), is_gap, "{model:?} {number} {at}");
                }
                coverage.insert_up_to(number);
                model.extend(0..=number);
            } else {
                coverage.insert(number);
                model.insert(number);
            }
            assert_eq!(coverage.highest(), *model.last().unwrap());
            for start in 0..26 {
                let below = model.range(..=start).next_back().copied();
                assert_eq!(coverage.highest_up_to(start), below);
                assert_eq!(coverage.contains(start), model.contains(&start));
                for end in 0..26 {
                    let spans = (start + 1..=end).all(|number| model.contains(&number));
                    assert_eq!(coverage.spans(start, end), spans, "{model:?} {start} {end}");
                    let missing = (start + 1..=end).filter(|number| !model.contains(number));
                    assert_eq!(coverage.missing(start, end), missing.count() as u64);
                }
            }
        }
    }
}

#[test]
fn the_oldest_range_is_forgotten_first() {
    let mut coverage = SequenceRanges::default();
    for step in 0..=RANGES_MAX as u64 {
        coverage.insert(1 + step * 2);
    }
    assert!(!coverage.contains(1) && coverage.contains(3));
    assert_eq!(coverage.ranges.len(), RANGES_MAX);
}

#[test]
fn the_last_number_does_not_overflow() {
    let mut coverage = SequenceRanges::default();
    coverage.insert(u64::MAX);
    coverage.insert(u64::MAX - 1);
    assert!(coverage.spans(u64::MAX - 2, u64::MAX));
    assert!(!coverage.spans(u64::MAX - 3, u64::MAX));
}
