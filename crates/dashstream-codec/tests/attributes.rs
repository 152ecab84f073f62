//! Attributes and metrics by type, as values and for people.

use dashstream_codec::v1::{
    AttributeValue, Event, MetricValue, Metrics, attribute_value, metric_value,
};
use dashstream_codec::{Number, StateKey};

fn string(text: &str) -> AttributeValue {
    value(attribute_value::Value::StringValue(text.into()))
}

const fn value(value: attribute_value::Value) -> AttributeValue {
    AttributeValue { value: Some(value) }
}

fn event<const N: usize>(attributes: [(&str, AttributeValue); N]) -> Event {
    let attributes = attributes
        .map(|(key, value)| (key.to_owned(), value))
        .into();
    Event {
        attributes,
        ..Event::default()
    }
}

#[test]
fn int_and_float_wrappers_are_numbers() {
    let event = event([
        ("int", value(attribute_value::Value::IntValue(42))),
        (
            "large",
            value(attribute_value::Value::IntValue((1 << 53) + 1)),
        ),
        ("float", value(attribute_value::Value::FloatValue(0.25))),
        ("zero", value(attribute_value::Value::IntValue(0))),
        (
            "infinite",
            value(attribute_value::Value::FloatValue(f64::INFINITY)),
        ),
        ("truth", value(attribute_value::Value::BoolValue(true))),
        ("nothing", AttributeValue { value: None }),
    ]);
    assert_eq!(event.number("int"), Some(Number::Int(42)));
    assert_eq!(
        event.number("large"),
        Some(Number::Int(9_007_199_254_740_993))
    );
    assert_eq!(event.number("float"), Some(Number::Float(0.25)));
    assert_eq!(event.number("zero"), Some(Number::Int(0)));
    for absent in ["infinite", "truth", "nothing", "not there"] {
        assert_eq!(event.number(absent), None, "{absent}");
    }
    // A wrapper is of one type: an int is no text, though its text would be empty.
    assert_eq!(event.text("int"), None);
    assert_eq!(event.truth("truth"), Some(true));
    assert_eq!(event.truth("int"), None);
}

#[test]
fn text_that_begins_with_a_number_is_absent_and_not_that_number() {
    let event = event([
        ("partial", string("123abc")),
        ("whole", string("123")),
        ("spaced", string(" -1.5e3 ")),
    ]);
    assert_eq!(event.number("partial"), None);
    assert_eq!(event.text("partial"), Some("123abc"));
    assert_eq!(event.number("whole"), Some(Number::Int(123)));
    assert_eq!(event.number("spaced"), Some(Number::Float(-1500.0)));
}

#[test]
fn metrics_follow_the_same_rules() {
    let metric = |value| MetricValue {
        value: Some(value),
        ..MetricValue::default()
    };
    let metrics = Metrics {
        metrics: [
            ("int".to_owned(), metric(metric_value::Value::IntValue(7))),
            (
                "float".to_owned(),
                metric(metric_value::Value::FloatValue(1.5)),
            ),
            (
                "partial".to_owned(),
                metric(metric_value::Value::StringValue("123abc".into())),
            ),
            (
                "text".to_owned(),
                metric(metric_value::Value::StringValue("123".into())),
            ),
        ]
        .into(),
        ..Metrics::default()
    };
    assert_eq!(metrics.number("int"), Some(Number::Int(7)));
    assert_eq!(metrics.number("float"), Some(Number::Float(1.5)));
    assert_eq!(metrics.number("partial"), None);
    assert_eq!(metrics.number("text"), Some(Number::Int(123)));
    assert_eq!(metrics.metrics["int"].text(), None);
    assert_eq!(metrics.metrics["int"].truth(), None);
}

#[test]
fn a_duration_is_the_events_own_field() {
    let duration = |micros| {
        Event {
            duration_us: micros,
            ..Event::default()
        }
        .duration()
    };
    assert_eq!(
        duration(1_500).map(|duration| duration.as_micros()),
        Some(1_500)
    );
    assert_eq!(duration(0), None);
    assert_eq!(duration(-1), None);
    let attribute = event([("duration_us", value(attribute_value::Value::IntValue(9)))]);
    assert_eq!(attribute.duration(), None);
}

#[test]
fn the_first_state_attribute_is_the_state_even_when_it_cannot_be_had() {
    let source = |event: &Event| {
        event
            .state()
            .map(|(key, text)| (key, text.map(str::to_owned)))
    };
    let all = event([
        ("state", string("3")),
        ("state_json", string("2")),
        ("initial_state_json", string("1")),
    ]);
    assert_eq!(
        source(&all),
        Some((StateKey::InitialStateJson, Some("1".into())))
    );
    let second = event([("state", string("3")), ("state_json", string("2"))]);
    assert_eq!(
        source(&second),
        Some((StateKey::StateJson, Some("2".into())))
    );
    let no_text = event([("state", value(attribute_value::Value::IntValue(3)))]);
    assert_eq!(source(&no_text), Some((StateKey::State, None)));
    assert_eq!(source(&event([])), None);
}
