use super::*;

#[test]
fn names_compare_as_their_bytes_do() {
    let long = "y".repeat(30);
    let names = [
        "",
        "\0",
        "\0\0",
        "a",
        "a\0",
        "a\0b",
        "ab",
        "exactly_sixteen_",
        "exactly_sixteen_\0",
        "exactly_sixteen_a",
        "exactly_sixteen_abcdef",
        "exactly_sixteen_abcdefg",
        "é",
        "\u{10FFFF}",
        &long,
    ];
    for a in names {
        for b in names {
            let name = Name::new(b.as_bytes());
            let key = Text::new(a);
            assert_eq!(name.is(&key), a == b, "{a:?} {b:?}");
            assert_eq!(name.is_before(&key), b < a, "{a:?} {b:?}");
        }
    }
}
