use super::*;

#[test]
fn a_quantile_is_at_most_a_32nd_off_and_exact_below_16_us() {
    for micros in (0..100_000).chain((17..26).map(|power| (1 << power) + 12_345)) {
        let shown = middle(bucket(micros));
        let error = shown.abs_diff(micros);
        assert!(error * 32 <= micros, "{micros} us is shown as {shown}");
        assert!(micros >= LINEAR || error == 0, "{micros} us is exact");
    }
}

#[test]
fn buckets_rise_by_one_and_the_last_holds_what_is_beyond() {
    let mut last = 0;
    for micros in 0..(1_u64 << 20) {
        let now = bucket(micros);
        assert!(now == last || now == last + 1, "{micros}");
        last = now;
    }
    for (micros, at) in [
        ((1 << 26) - 1, BUCKETS - 1),
        (1 << 26, BUCKETS - 1),
        (u64::MAX, BUCKETS - 1),
    ] {
        assert_eq!(bucket(micros), at);
    }
    assert_eq!(bucket((1 << 26) - (1 << 21) - 1), BUCKETS - 2);
    assert_eq!(BUCKETS as u64, LINEAR * (DOUBLINGS + 1));
}

#[test]
fn quantiles_are_the_smallest_that_so_many_are_not_above() {
    let mut counts = vec![0; BUCKETS];
    assert_eq!(quantiles(&counts), [None; 4], "nothing");
    counts[3] = 1;
    let only = Some(Duration::from_micros(3));
    assert_eq!(quantiles(&counts), [only; 4]);
    counts[3] = 900;
    counts[5] = 90;
    counts[7] = 9;
    counts[9] = 1;
    let micros = |n| Some(Duration::from_micros(n));
    let shown = [micros(3), micros(3), micros(5), micros(7)];
    assert_eq!(quantiles(&counts), shown);
    counts[3] = 899;
    counts[5] = 91;
    assert_eq!(quantiles(&counts)[1], micros(5));
}
