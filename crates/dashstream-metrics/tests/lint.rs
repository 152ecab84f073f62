//! The lint: expressions are found whole, and judged by what PromQL says of them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use core::time::Duration;

use dashstream_metrics::lint::{Problem, check, expressions};
use dashstream_metrics::{AlertCoverage, Catalogue, LabelSpec, MetricDesc, MetricKind, Reading};

fn problems(expression: &str) -> Vec<Problem> {
    let (catalogue, ()) = Catalogue::<Reading>::build(Duration::ZERO, |c| {
        let desc = MetricDesc::new("topic_lag", "Help.", AlertCoverage::Waived("a test"));
        let label = LabelSpec {
            name: "topic_id",
            values: None,
        };
        c.derive(desc, MetricKind::Gauge, vec![label], |_, _| {});
    })
    .unwrap();
    check(catalogue.families(), 1, expression)
}

#[test]
fn an_expression_is_found_whole_however_it_is_written() {
    for (file, expression) in [
        (
            "expr: sum(a)\n  or vector(0)\nfor: 1m",
            "sum(a) or vector(0)",
        ),
        (
            "- expr: sum(a)\n    or vector(0)\n  for: 1m",
            "sum(a) or vector(0)",
        ),
        ("expr: 'a'\nfor: 1m", "a"),
        ("expr: \"a or\n  b\"\nfor: 1m", "a or b"),
        ("expr: 'a or\n\n  b'\n", "a or  b"),
        ("expr: |\n  a # why\n  or b\nfor: 1m", "a # why\nor b"),
        (r#"{"expr": "a # why\nor b"}"#, "a # why\nor b"),
        (r#"{"expr": "a \u003e 0"}"#, "a > 0"),
    ] {
        assert_eq!(expressions(file), [(1, expression.to_owned())], "{file}");
    }
}

#[test]
fn what_hides_a_missing_metric_is_found_in_any_case_and_behind_comments() {
    for expression in [
        "topic_lag or vector(0)",
        "topic_lag OR vector(0)",
        "topic_lag # why\nor vector(0)",
        r#"topic_lag{topic_id=~`\`} or vector(0)"#,
        "topic_lag Or up BOOL == 1",
    ] {
        assert_eq!(
            problems(expression),
            [Problem::Masking { line: 1 }],
            "{expression}"
        );
    }
}

#[test]
fn labels_are_held_against_the_metric_and_not_taken_for_one() {
    for expression in [
        "sum by (topic_id) (topic_lag)",
        "sum BY (topic_id, job) (topic_lag)",
        r#"topic_lag{topic_id="1",topic_id!~"2"}"#,
        "topic_lag > on (topic_id) up",
    ] {
        assert_eq!(problems(expression), [], "{expression}");
    }
    for expression in ["sum by (topic) (topic_lag)", "sum BY (topic) (topic_lag)"] {
        let problem = Problem::UnknownLabel {
            line: 1,
            metric: "topic_lag",
            label: "topic".into(),
        };
        assert_eq!(problems(expression), [problem], "{expression}");
    }
    for expression in [
        "topic_gone",
        "sum(topic_gone)",
        "(topic_gone)",
        r#"up{job="x"} > topic_gone"#,
    ] {
        let name = "topic_gone".into();
        let problem = Problem::UnknownMetric { line: 1, name };
        assert_eq!(problems(expression), [problem], "{expression}");
    }
}
