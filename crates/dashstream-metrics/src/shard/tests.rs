use super::*;

#[test]
fn shards_are_a_power_of_two_and_at_most_256() {
    for (asked, used) in [
        (1, 1),
        (2, 2),
        (3, 4),
        (255, 256),
        (256, 256),
        (257, 256),
        (usize::MAX, 256),
    ] {
        let asked = NonZeroUsize::new(asked).unwrap();
        assert_eq!(rounded(asked).get(), used, "{asked} shards");
    }
}

#[test]
fn a_thread_keeps_its_shard() {
    let shards = NonZeroUsize::new(4).unwrap();
    let first = current(shards);
    assert!(first < 4 && current(shards) == first);
    assert_eq!(current(NonZeroUsize::MIN), 0);
}
