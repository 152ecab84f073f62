use dashstream_testkit::rng::SplitMix64;

use super::*;

fn text(value: f64, dialect: Dialect) -> String {
    String::from_utf8(NumberText::of_f64(value, dialect).as_bytes().to_vec()).unwrap()
}

#[test]
fn the_current_dialect_is_that_of_serde_json() {
    let mut rng = SplitMix64::new(1);
    for round in 0..200_000_u64 {
        let value = match round % 4 {
            0 => f64::from_bits(rng.next_u64()),
            1 => (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64,
            2 => rng.next_u64() as i64 as f64,
            _ => (rng.below(1_000_000) as f64) * 10_f64.powi(rng.below(40) as i32 - 20),
        };
        if value.is_finite() {
            assert_eq!(
                text(value, Dialect::Current),
                serde_json::to_string(&value).unwrap()
            );
        }
    }
}

#[test]
fn the_dialects_differ_where_the_printers_do() {
    // value, current, ryu, JavaScript
    let rows = [
        (1.0, "1.0", "1.0", "1"),
        (-0.0, "-0.0", "-0.0", "0"),
        (0.0, "0.0", "0.0", "0"),
        (1e-5, "0.00001", "0.00001", "0.00001"),
        (9.9e-6, "9.9e-6", "9.9e-6", "0.0000099"),
        (1e-6, "1e-6", "1e-6", "0.000001"),
        (1e-7, "1e-7", "1e-7", "1e-7"),
        (
            1e15,
            "1000000000000000.0",
            "1000000000000000.0",
            "1000000000000000",
        ),
        (1e16, "1e+16", "1e16", "10000000000000000"),
        (1.5e20, "1.5e+20", "1.5e20", "150000000000000000000"),
        (1e21, "1e+21", "1e21", "1e+21"),
        (0.1, "0.1", "0.1", "0.1"),
        // Half way between two shortest texts: the even one.
        (
            2_207_668_850_344_023.25,
            "2207668850344023.2",
            "2207668850344023.2",
            "2207668850344023.2",
        ),
        (123.456, "123.456", "123.456", "123.456"),
        (5e-324, "5e-324", "5e-324", "5e-324"),
        (
            f64::MAX,
            "1.7976931348623157e+308",
            "1.7976931348623157e308",
            "1.7976931348623157e+308",
        ),
        (-2.5e-8, "-2.5e-8", "-2.5e-8", "-2.5e-8"),
    ];
    for (value, current, ryu, javascript) in rows {
        assert_eq!(text(value, Dialect::Current), current);
        assert_eq!(text(value, Dialect::Ryu), ryu);
        assert_eq!(text(value, Dialect::JavaScript), javascript);
    }
}

#[test]
fn integers_print_in_full() {
    for value in [0, 1, -1, 9, 10, 99, 100, i64::MAX, i64::MIN] {
        assert_eq!(
            NumberText::of_i64(value).as_bytes(),
            value.to_string().as_bytes()
        );
    }
    for value in [0, 9, 10, u64::MAX, 10_u64.pow(19), 10_u64.pow(19) - 1] {
        assert_eq!(
            NumberText::of_u64(value).as_bytes(),
            value.to_string().as_bytes()
        );
        assert_eq!(decimal_len(value), value.to_string().len() as u64);
    }
}

#[test]
fn integers_and_floats_compare_by_value() {
    let equal = |integer: i128, float| equals_integer(float, integer);
    assert!(equal(1, 1.0) && equal(0, -0.0) && equal(1 << 53, 9_007_199_254_740_992.0));
    // One more rounds to the same float, and is not the same number.
    assert!(!equal((1 << 53) + 1, 9_007_199_254_740_992.0));
    assert!(!equal(i128::from(u64::MAX), 18_446_744_073_709_551_616.0));
    assert!(!equal(-1, -1.5));
    assert!(!equal(1, 1.5));
    assert!(!equal(1, f64::MAX));
}
