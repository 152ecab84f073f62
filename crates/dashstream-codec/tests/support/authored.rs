//! What the scripts in `interop/` write of their own, from literals in their language.

use bytes::Bytes;
use dashstream_codec::v1::{self, attribute_value};

/// An event with 64-bit integers that no double holds.
pub(crate) fn event() -> v1::Event {
    let value = |value| v1::AttributeValue { value: Some(value) };
    let list = v1::AttributeArray {
        values: vec![
            value(attribute_value::Value::IntValue(1)),
            value(attribute_value::Value::StringValue(String::new())),
        ],
    };
    let map = v1::AttributeMap {
        values: [(
            "k".to_owned(),
            value(attribute_value::Value::BoolValue(true)),
        )]
        .into(),
    };
    let attributes = [
        (
            "int",
            attribute_value::Value::IntValue(-9_007_199_254_740_993),
        ),
        ("float", attribute_value::Value::FloatValue(0.1)),
        ("text", attribute_value::Value::StringValue("123abc".into())),
        ("truth", attribute_value::Value::BoolValue(false)),
        (
            "bytes",
            attribute_value::Value::BytesValue(Bytes::from_static(&[0, 255])),
        ),
        ("list", attribute_value::Value::ArrayValue(list)),
        ("map", attribute_value::Value::MapValue(map)),
    ];
    v1::Event {
        header: Some(header(9_007_199_254_740_993, v1::MessageType::Event)),
        event_type: v1::EventType::LlmEnd as i32,
        node_id: "plan".into(),
        attributes: attributes
            .map(|(key, member)| (key.to_owned(), value(member)))
            .into(),
        duration_us: i64::MAX,
        llm_request_id: String::new(),
    }
}

/// A diff of three operations, with the largest sequence.
pub(crate) fn diff() -> v1::StateDiff {
    let operation =
        |op: v1::diff_operation::OpType, path: &str, value: &'static [u8]| v1::DiffOperation {
            op: op as i32,
            path: path.into(),
            value: Bytes::from_static(value),
            ..v1::DiffOperation::default()
        };
    let moved = operation(v1::diff_operation::OpType::Move, "/b", b"");
    let tested = operation(v1::diff_operation::OpType::Test, "", b"raw");
    v1::StateDiff {
        header: Some(header(u64::MAX, v1::MessageType::StateDiff)),
        base_checkpoint_id: Bytes::from_static(&[1; 16]),
        operations: vec![
            operation(v1::diff_operation::OpType::Add, "/a/-", br#"{"x":1}"#),
            v1::DiffOperation {
                from: "/c".into(),
                ..moved
            },
            v1::DiffOperation {
                encoding: v1::ValueEncoding::Raw as i32,
                ..tested
            },
        ],
        state_hash: Bytes::from_static(&[2; 32]),
        full_state: Bytes::new(),
    }
}

fn header(sequence: u64, kind: v1::MessageType) -> v1::Header {
    v1::Header {
        message_id: Bytes::from_static(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]),
        timestamp_us: 1_764_000_000_000_000,
        tenant_id: "acme".into(),
        thread_id: "interop-\u{DF}-\u{1F600}".into(),
        sequence,
        r#type: kind as i32,
        schema_version: 1,
        ..v1::Header::default()
    }
}
