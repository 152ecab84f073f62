use super::*;

#[test]
fn whole_numbers_keep_all_of_their_bits() {
    assert_eq!(
        Number::parse("9007199254740993"),
        Some(Number::Int(9_007_199_254_740_993))
    );
    assert_eq!(
        Number::parse("-9223372036854775808"),
        Some(Number::Int(i64::MIN))
    );
    assert_eq!(
        Number::parse("9223372036854775808"),
        Some(Number::Unsigned(1 << 63))
    );
    assert_eq!(
        Number::parse("18446744073709551615"),
        Some(Number::Unsigned(u64::MAX))
    );
    assert_eq!(
        Number::parse("18446744073709551616"),
        Some(Number::Float(18_446_744_073_709_551_616.0))
    );
}

#[test]
fn the_grammar_takes_these() {
    let floats = [
        ("0.5", 0.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("-.5", -0.5),
        ("1e3", 1000.0),
        ("1E+3", 1000.0),
        ("1.5e-3", 0.0015),
        ("  2.5\n", 2.5),
    ];
    for (text, value) in floats {
        assert_eq!(Number::parse(text), Some(Number::Float(value)), "{text}");
    }
    assert_eq!(Number::parse(" 42 "), Some(Number::Int(42)));
    assert_eq!(Number::parse("007"), Some(Number::Int(7)));
    assert_eq!(Number::parse("-0"), Some(Number::Int(0)));
}

#[test]
fn the_grammar_refuses_these() {
    let refused = [
        "", " ", "-", ".", "-.", "e5", ".e5", "1e", "1e+", "1e5x", "+1", "0x10", "1_000", "NaN",
        "nan", "inf", "Infinity", "-inf", "1e400", "-1e400", "1 2", "1,5", "--1", "1.2.3", "١٢",
        "1e5.0", "123abc", "12\u{0}",
    ];
    for text in refused {
        assert_eq!(Number::parse(text), None, "{text:?}");
    }
}
