use super::*;

const fn token(text: &str) -> Token<'_> {
    Token {
        text: text.as_bytes(),
        escaped: true,
    }
}

fn tokens(text: &str) -> Vec<String> {
    Pointer::parse(text)
        .unwrap()
        .tokens()
        .map(|token| token.with_name(|name| String::from_utf8(name.to_vec()).unwrap()))
        .collect()
}

#[test]
fn tokens_are_split_and_unescaped_in_the_order_of_the_rfc() {
    assert_eq!(tokens(""), Vec::<String>::new());
    assert_eq!(tokens("/"), [""]);
    assert_eq!(tokens("/a//b/"), ["a", "", "b", ""]);
    assert_eq!(tokens("/~01/~10/~0~1"), ["~1", "/0", "~/"]);
    assert_eq!(Pointer::parse("/a//b/").unwrap().len(), 4);
}

#[test]
fn a_stray_tilde_or_a_missing_slash_is_malformed() {
    for text in ["a", "~", "/~", "/~2", "/a~/b", "a/b", "#/a", "/~~0"] {
        assert_eq!(
            Pointer::parse(text).unwrap_err(),
            PatchErrorKind::Pointer,
            "{text}"
        );
    }
}

#[test]
fn an_index_has_one_spelling() {
    let place = |text| token(text).place(3);
    assert_eq!((place("0"), place("3"), place("-")), (Ok(0), Ok(3), Ok(3)));
    for text in [
        "01", "+1", "-1", "1e0", "1.0", " 1", "", "１", "0x1", "00", "--",
    ] {
        assert_eq!(place(text), Err(PatchErrorKind::Index), "{text}");
    }
    for text in ["4", "18446744073709551616", "99999999999999999999999999"] {
        assert_eq!(place(text), Err(PatchErrorKind::OutOfBounds), "{text}");
    }
    assert_eq!(token("3").element(3), Err(PatchErrorKind::OutOfBounds));
    assert_eq!(token("-").element(3), Err(PatchErrorKind::OutOfBounds));
    assert_eq!(token("2").element(3), Ok(2));
}
