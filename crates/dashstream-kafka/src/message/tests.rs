use super::*;

#[test]
fn an_id_of_256_bytes_is_kept_whole_and_the_next_byte_is_not() {
    for len in [255, 256] {
        assert_eq!(cut(&"x".repeat(len)).len(), len);
    }
    assert_eq!(cut(&"x".repeat(257)).len(), 256);
    // A character that straddles the end is left out, not split.
    assert_eq!(cut(&"ä".repeat(129)).len(), 256);
    assert_eq!(cut(&format!("x{}", "ä".repeat(128))).len(), 255);
}

#[test]
fn debug_shows_sizes_and_no_content() {
    let message = Message {
        partition: crate::topics::at(0),
        offset: 7,
        key: Some(Bytes::from_static(b"marker")),
        payload: Some(Bytes::from_static(b"marker")),
        headers: Some(Arc::new([("marker".into(), None)])),
        timestamp_ms: None,
        backlog: Backlog::Current,
    };
    assert!(!format!("{message:?}").contains("marker"));
}
