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

#[test]
fn the_first_byte_to_escape_is_found_wherever_it_stands() {
    for len in 0..80 {
        assert_eq!(first_escape(&vec![b'x'; len]), len);
        for at in 0..len {
            for byte in 0..=255_u8 {
                // What stands behind it must not matter, nor what a byte before it borrows from it.
                let mut text = vec![0x20; len];
                text[at] = byte;
                let expected = if extra_of(byte) > 0 { at } else { len };
                assert_eq!(first_escape(&text), expected, "{byte:#x} at {at} of {len}");
                text[at..].fill(byte);
                assert_eq!(
                    first_escape(&text),
                    expected,
                    "{byte:#x} from {at} of {len}"
                );
            }
        }
    }
}

#[test]
fn a_string_that_is_known_to_be_plain_is_the_same() {
    for len in [0, 1, INLINE_MAX, INLINE_MAX + 1, 1_000] {
        let text = "ä".repeat(len / 2) + &"x".repeat(len % 2);
        let (plain, new) = (Text::plain(&text), Text::new(&text));
        assert_eq!(plain.as_str(), new.as_str());
        assert_eq!(plain.canonical_len(), new.canonical_len());
        assert_eq!(plain.heap_bytes(), new.heap_bytes());
    }
}
