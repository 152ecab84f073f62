use super::*;

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
