use super::*;

#[test]
fn a_text_is_cut_by_what_it_takes_when_written() {
    assert_eq!(cut("abc", 3), "abc");
    assert_eq!(cut("abcd", 3), "abc");
    assert_eq!(cut("a\"b", 3), "a\"");
    assert_eq!(cut("\u{1}b", 6), "\u{1}");
    assert_eq!(cut("\u{1}b", 5), "");
    assert_eq!(cut("aé", 2), "a");
}

#[test]
fn both_spellings_of_hexadecimal_are_as_documented_and_no_other_is_read() {
    assert_eq!(hex(&[0x0a, 0x1b]), "0a1b");
    assert_eq!(hex_list(&[0x0a, 0x1b]), "[0a, 1b]");
    for bytes in [&[][..], &[0], &[0xff, 0, 7]] {
        assert_eq!(unhex(&hex(bytes)).as_deref(), Some(bytes));
        assert_eq!(unhex_list(&hex_list(bytes)).as_deref(), Some(bytes));
    }
    for text in ["0", "0A", "0x", "0g", " 00"] {
        assert_eq!(unhex(text), None, "{text}");
    }
    for text in ["[", "[0a,1b]", "0a, 1b", "[0a, ]", "[0a1b]", "[0A]"] {
        assert_eq!(unhex_list(text), None, "{text}");
    }
}
