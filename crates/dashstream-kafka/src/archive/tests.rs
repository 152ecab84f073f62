use std::collections::BTreeSet;

use super::*;

#[test]
fn a_trace_id_is_a_uuid_that_depends_on_the_place_alone() {
    let id = trace_id("g", 1, 2, "t");
    assert_eq!(id, trace_id("g", 1, 2, "t"));
    assert_eq!(id.len(), 36);
    let bytes = id.as_bytes();
    for dash in [8, 13, 18, 23] {
        assert_eq!(bytes[dash], b'-');
    }
    assert_eq!(bytes[14], b'8');
    assert!(matches!(bytes[19], b'8' | b'9' | b'a' | b'b'));
}

#[test]
fn no_two_places_share_a_trace_id() {
    let mut ids = BTreeSet::new();
    for (group, topic) in [("g", "t"), ("gt", ""), ("", "gt"), ("t", "g")] {
        for partition in 0..8 {
            for offset in 0..64 {
                assert!(ids.insert(trace_id(group, partition, offset, topic)));
            }
        }
    }
}
