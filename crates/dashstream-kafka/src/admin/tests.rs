use super::*;

#[test]
fn what_waits_is_unknown_where_a_partition_gave_no_answer() {
    let left = of_first(&[0, 1]);
    let marks = |numbers: &[i32]| {
        let marks = Watermarks { low: 2, high: 5 };
        let of = of_first(numbers);
        of.into_iter()
            .map(|of| (of, marks))
            .collect::<BTreeMap<_, _>>()
    };
    let committed = [(left[0], Some(5)), (left[1], None)].into();
    let waiting = |known: &[i32], start| waiting(&left, &committed, &marks(known), start);
    let three = BTreeMap::from([(1, 3)]);
    assert_eq!(waiting(&[0, 1], Start::Earliest), Some(three));
    assert_eq!(waiting(&[0, 1], Start::Latest), Some(BTreeMap::new()));
    for known in [[].as_slice(), &[0], &[1]] {
        assert_eq!(waiting(known, Start::Earliest), None, "{known:?}");
    }
}

/// Version 1; `a` with 0 and 2, `b` with 7; no data of an assignor.
const ASSIGNMENT: &[u8] = b"\0\x01\0\0\0\x02\
    \0\x01a\0\0\0\x02\0\0\0\0\0\0\0\x02\
    \0\x01b\0\0\0\x01\0\0\0\x07\xff\xff\xff\xff";

#[test]
fn a_members_partitions_of_a_topic_are_read_from_its_assignment() {
    assert_eq!(owned(ASSIGNMENT, "a"), Some(vec![0, 2]));
    assert_eq!(owned(ASSIGNMENT, "b"), Some(vec![7]));
    assert_eq!(owned(ASSIGNMENT, "c"), Some(vec![]));
    let topics = ASSIGNMENT.len() - 4;
    for len in 0..topics {
        let (short, _) = ASSIGNMENT.split_at(len);
        assert_eq!(owned(short, "a"), None, "{len} bytes");
    }
    assert_eq!(owned(b"\0\x01\0\0\0\0", "a"), Some(vec![]));
    assert_eq!(owned(b"\0\x01\x7f\xff\xff\xff", "a"), None);
    assert_eq!(owned(b"\0\x01\xff\xff\xff\xff", "a"), Some(vec![]));
}
