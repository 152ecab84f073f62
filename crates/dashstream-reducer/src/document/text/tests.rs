use super::*;

#[test]
fn every_byte_below_128_is_escaped_as_serde_json_does() {
    let all: String = (0..128_u8).map(char::from).collect();
    for text in [
        all.as_str(),
        "",
        "é\u{1}é",
        "exactly twenty-two byte",
        "\u{10FFFF}\n",
    ] {
        let expected = serde_json::to_vec(text).unwrap();
        let mut written = Vec::new();
        Text::new(text).write_between([b'"'], [b'"'], &mut written);
        assert_eq!(written, expected);
        assert_eq!(Text::new(text).canonical_len(), expected.len() as u64);
        assert_eq!(Text::new(text).as_str(), text);
    }
}

#[test]
fn twenty_two_bytes_stay_in_place_and_twenty_three_do_not() {
    assert!(matches!(
        Text::new(&"x".repeat(INLINE_MAX)),
        Text::Inline { .. }
    ));
    assert!(matches!(
        Text::new(&"x".repeat(INLINE_MAX + 1)),
        Text::Shared { .. }
    ));
}
