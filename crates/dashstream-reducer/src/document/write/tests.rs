use dashstream_testkit::rng::SplitMix64;

use super::*;
use crate::document::node::Float;

#[test]
fn numbers_are_written_as_they_print() {
    let mut rng = SplitMix64::new(5);
    for round in 0..60_000_u64 {
        let whole = rng.below(10_u64.pow(1 + (round % 12) as u32)) as f64;
        let value = match round % 5 {
            0 => f64::from_bits(rng.next_u64()),
            _ => whole / 10_f64.powi(rng.below(9) as i32),
        };
        for value in [value, -value] {
            if !value.is_finite() {
                continue;
            }
            for dialect in [Dialect::Current, Dialect::Ryu, Dialect::JavaScript] {
                let mut text = Vec::new();
                write(&Node::Float(Float::new(value)), dialect, &mut text);
                let printed = NumberText::of_f64(value, dialect);
                assert_eq!(text, printed.as_bytes(), "{value}");
            }
            let text = serde_json::to_string(&value).unwrap();
            let mut written = Vec::new();
            write(
                &Node::Float(Float::new(value)),
                Dialect::Current,
                &mut written,
            );
            assert_eq!(written, text.as_bytes());
        }
    }
}
