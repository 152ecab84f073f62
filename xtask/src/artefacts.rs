//! What is generated from the catalogue: alert rules, a dashboard, and a table. The tests of the rules are
//! generated where they are run.

use core::fmt::Write as _;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use dashstream_metrics::{CATALOGUE, Kind, LabelValues, Metric, Watch};
use serde_json::{Value, json};

use crate::alerts::{ALERTS, Alert, Series};
use crate::{series, sh};

const NOTE: &str = "Generated from the catalogue by `cargo xtask artefacts`; do not edit.";
const UP: &str = "up{job=\"dashstream\"}";

/// Where the artefacts stand.
pub(crate) fn folder() -> PathBuf {
    sh::root().join("crates/dashstream-metrics/artefacts")
}

pub(crate) fn run(check: bool) -> Result<()> {
    consistent()?;
    let files = [
        ("alerts.yml", rules()),
        ("dashboard.json", dashboard()?),
        ("METRICS.md", table()),
    ];
    for (name, text) in files {
        let path = folder().join(name);
        if !check {
            fs::create_dir_all(folder())?;
            fs::write(&path, text).with_context(|| path.display().to_string())?;
        } else if fs::read_to_string(&path).ok().as_deref() != Some(&text) {
            bail!(
                "{} differs from the catalogue: run `cargo xtask artefacts`",
                path.display()
            );
        }
    }
    Ok(())
}

/// Each watched metric is in its alert's expression, and each alert watches some metric.
fn consistent() -> Result<()> {
    let mut used = BTreeSet::new();
    for metric in CATALOGUE {
        let Watch::Alert(name) = metric.watch else {
            continue;
        };
        let Some(alert) = ALERTS.iter().find(|alert| alert.name == name) else {
            bail!("{} is watched by {name}, which does not exist", metric.name);
        };
        if !alert.expr.contains(metric.name) {
            bail!("{name} does not look at {}", metric.name);
        }
        used.insert(name);
    }
    let awkward = |alert: &&Alert| alert.summary.contains('\'') || alert.summary.contains(": ");
    if let Some(alert) = ALERTS.iter().find(awkward) {
        bail!("{}: its summary is no plain scalar of YAML", alert.name);
    }
    for alert in ALERTS {
        if let Some(short) = series::short_range(alert.expr) {
            bail!("{}: [{short}] may hold one scrape of 60 s only", alert.name);
        }
    }
    for metric in CATALOGUE {
        if let Some(short) = series::short_range(&panel(metric)) {
            bail!("the panel of {}: [{short}] is too short", metric.name);
        }
    }
    match ALERTS.iter().find(|alert| !used.contains(alert.name)) {
        Some(alert) => bail!("{} watches nothing", alert.name),
        None => Ok(()),
    }
}

/// A sample that every scrape of the metric has.
fn sample(metric: &Metric) -> String {
    match metric.kind {
        Kind::Counter | Kind::Gauge => metric.name.into(),
        Kind::Histogram => format!("{}_count", metric.name),
    }
}

fn of_partitions(metric: &Metric) -> bool {
    metric
        .labels
        .iter()
        .any(|label| label.values == LabelValues::Partitions)
}

/// True when nobody exports the metric, or one scraped instance does not. Metrics of partitions
/// are expected of instances that have some.
pub(crate) fn missing(metric: &Metric) -> String {
    let sample = sample(metric);
    if of_partitions(metric) {
        format!(
            "(absent({sample}) and on () sum(dashstream_partitions) > 0) or (sum by (job, instance) (dashstream_partitions) > 0 unless on (job, instance) {sample})"
        )
    } else {
        format!("absent({sample}) or ({UP} == 1 unless on (job, instance) {sample})")
    }
}

fn rules() -> String {
    let mut out = format!(
        "# {NOTE}\n# The scrape job is called dashstream.\ngroups:\n  - name: dashstream\n    rules:\n"
    );
    for alert in ALERTS {
        rule(
            &mut out,
            alert.name,
            alert.expr,
            alert.for_,
            &[("severity", alert.severity)],
            alert.summary,
        );
    }
    out.push_str("  - name: dashstream_missing\n    rules:\n");
    let down = format!("absent({UP}) or {UP} == 0");
    rule(
        &mut out,
        "DashstreamTargetDown",
        &down,
        "1m",
        &[("severity", "critical")],
        "An instance is not scraped",
    );
    for metric in CATALOGUE {
        let labels = [("severity", "critical"), ("metric", metric.name)];
        rule(
            &mut out,
            "DashstreamMetricMissing",
            &missing(metric),
            "1m",
            &labels,
            "A metric of the catalogue is not exported",
        );
    }
    out
}

fn rule(
    out: &mut String,
    name: &str,
    expr: &str,
    for_: &str,
    labels: &[(&str, &str)],
    summary: &str,
) {
    let _ = writeln!(
        out,
        "      - alert: {name}\n        expr: '{expr}'\n        for: {for_}\n        labels:"
    );
    for (label, value) in labels {
        let _ = writeln!(out, "          {label}: {value}");
    }
    let _ = writeln!(out, "        annotations:\n          summary: {summary}");
}

/// Cases for each alert: it fires and it does not, scraped every 15 s and every 60 s; and one in which no
/// series is there.
pub(crate) fn tests() -> String {
    let mut out =
        format!("# {NOTE}\nrule_files:\n  - alerts.yml\nevaluation_interval: 60s\ntests:\n");
    for alert in ALERTS {
        for every in [15, 60] {
            let name = |what| format!("{} {what} at {every} s", alert.name);
            case(&mut out, &name("fires"), every, alert.firing);
            expect(&mut out, alert.name, &[firing(alert)]);
            case(&mut out, &name("is quiet"), every, alert.quiet);
            expect(&mut out, alert.name, &[]);
        }
    }
    no_series(&mut out);
    every_metric(&mut out);
    down(&mut out);
    out
}

/// Without its series no alert can fire: the one on their absence does.
fn no_series(out: &mut String) {
    let up = [("up", "job=\"dashstream\"", "1x160")];
    case(out, "no alert has its series", 15, &up);
    for alert in ALERTS {
        expect(out, alert.name, &[]);
    }
    let missing: Vec<_> = CATALOGUE
        .iter()
        .filter(|metric| !of_partitions(metric))
        .flat_map(missing_alerts)
        .collect();
    expect(out, "DashstreamMetricMissing", &missing);
}

/// With every metric there, and then with each one gone while the others stay.
fn every_metric(out: &mut String) {
    let all = |without: Option<&str>| -> Vec<(String, String)> {
        let mut series = vec![(String::from("up"), String::from("1x160"))];
        let metrics = CATALOGUE
            .iter()
            .filter(|metric| Some(metric.name) != without);
        series.extend(metrics.map(|metric| (sample(metric), String::from("1x160"))));
        series
    };
    let write = |out: &mut String, name: &str, series: &[(String, String)]| {
        let _ = writeln!(
            out,
            "  - name: {name}\n    interval: 15s\n    input_series:"
        );
        for (name, values) in series {
            let _ = writeln!(
                out,
                "      - {{series: '{name}{{job=\"dashstream\",instance=\"a\"}}', values: '{values}'}}"
            );
        }
        out.push_str("    alert_rule_test:\n");
    };
    write(out, "every metric is there", &all(None));
    expect(out, "DashstreamMetricMissing", &[]);
    expect(out, "DashstreamTargetDown", &[]);
    for metric in CATALOGUE {
        write(
            out,
            &format!("{} alone is missing", metric.name),
            &all(Some(metric.name)),
        );
        let expected = missing_alerts(metric);
        expect(out, "DashstreamMetricMissing", &expected);
    }
}

fn down(out: &mut String) {
    case(
        out,
        "the target is down",
        15,
        &[("up", "job=\"dashstream\"", "0x160")],
    );
    expect(
        out,
        "DashstreamTargetDown",
        &[(
            "severity: critical, job: dashstream, instance: a".into(),
            "An instance is not scraped".into(),
        )],
    );
    case(out, "there is no target", 15, &[("other", "", "0x160")]);
    expect(
        out,
        "DashstreamTargetDown",
        &[(
            "severity: critical, job: dashstream".into(),
            "An instance is not scraped".into(),
        )],
    );
}

fn missing_alerts(metric: &Metric) -> [(String, String); 2] {
    let name = metric.name;
    [
        format!("severity: critical, metric: {name}"),
        format!("severity: critical, metric: {name}, job: dashstream, instance: a"),
    ]
    .map(|labels| (labels, "A metric of the catalogue is not exported".into()))
}

fn firing(alert: &Alert) -> (String, String) {
    let mut labels = format!("severity: {}, instance: a", alert.severity);
    for (label, value) in alert.labels {
        let _ = write!(labels, ", {label}: '{value}'");
    }
    (labels, alert.summary.into())
}

/// `series` has a value for every 15 seconds; each of `every` seconds is a scrape.
fn case(out: &mut String, name: &str, every: usize, series: &[Series]) {
    let _ = writeln!(
        out,
        "  - name: {name}\n    interval: {every}s\n    input_series:"
    );
    for (metric, labels, values) in series {
        let values = series::thinned(values, every / 15);
        let comma = if labels.is_empty() { "" } else { "," };
        let _ = writeln!(
            out,
            "      - {{series: '{metric}{{{labels}{comma}instance=\"a\"}}', values: '{values}'}}"
        );
    }
    out.push_str("    alert_rule_test:\n");
}

/// Twenty minutes in; the longest alert waits for fifteen.
fn expect(out: &mut String, alert: &str, expected: &[(String, String)]) {
    let _ = writeln!(out, "      - eval_time: 20m\n        alertname: {alert}");
    if expected.is_empty() {
        out.push_str("        exp_alerts: []\n");
        return;
    }
    out.push_str("        exp_alerts:\n");
    for (labels, summary) in expected {
        let _ = writeln!(
            out,
            "          - {{exp_labels: {{{labels}}}, exp_annotations: {{summary: '{summary}'}}}}"
        );
    }
}

fn dashboard() -> Result<String> {
    let mut panels = vec![json!({
        "id": 1,
        "type": "table",
        "title": "Missing instrumentation: every row is a metric that is not exported",
        "gridPos": {"h": 8, "w": 24, "x": 0, "y": 0},
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "targets": CATALOGUE.iter().enumerate().map(|(at, metric)| json!({
            "refId": format!("M{at}"),
            "expr": missing(metric),
            "legendFormat": metric.name,
            "instant": true,
        })).collect::<Vec<_>>(),
    })];
    // Three panels a row, below the table.
    let places = (8_u32..)
        .step_by(7)
        .flat_map(|y| [0_u32, 8, 16].map(|x| (x, y)));
    for ((id, (x, y)), metric) in (2_u32..).zip(places).zip(CATALOGUE) {
        panels.push(json!({
            "id": id,
            "type": "timeseries",
            "title": metric.name,
            "description": metric.help,
            "gridPos": {"h": 7, "w": 8, "x": x, "y": y},
            "datasource": {"type": "prometheus", "uid": "${datasource}"},
            // A gap stays a gap: absence is no number.
            "fieldConfig": {"defaults": {"noValue": "missing", "custom": {"spanNulls": false}}, "overrides": []},
            "targets": [{"refId": "A", "expr": panel(metric), "legendFormat": legend(metric)}],
        }));
    }
    let dashboard: Value = json!({
        "uid": "dashstream-catalogue",
        "title": "DashStream",
        "description": NOTE,
        "schemaVersion": 38,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}]},
        "panels": panels,
    });
    Ok(serde_json::to_string_pretty(&dashboard)? + "\n")
}

/// A rate looks back five minutes; `and` lets it end when its series ends, as a gauge does.
fn panel(metric: &Metric) -> String {
    let by: Vec<_> = ["instance"]
        .into_iter()
        .chain(metric.labels.iter().map(|label| label.name))
        .collect();
    let (by, name) = (by.join(", "), metric.name);
    match metric.kind {
        Kind::Counter => format!("sum by ({by}) (rate({name}[5m]) and {name})"),
        Kind::Gauge => format!("max by ({by}) ({name})"),
        Kind::Histogram => {
            format!(
                "histogram_quantile(0.99, sum by ({by}, le) (rate({name}_bucket[5m]) and {name}_bucket))"
            )
        }
    }
}

fn legend(metric: &Metric) -> String {
    let labels = metric
        .labels
        .iter()
        .map(|label| format!(" {{{{{}}}}}", label.name));
    format!("{{{{instance}}}}{}", labels.collect::<String>())
}

fn table() -> String {
    let mut out = format!(
        "# Metrics\n\n{NOTE}\n\n| metric | kind | labels | `/health` | watched by | meaning |\n|---|---|---|---|---|---|\n"
    );
    for metric in CATALOGUE {
        let labels: Vec<_> = metric
            .labels
            .iter()
            .map(|label| match label.values {
                LabelValues::Closed(values) => format!("{}: {}", label.name, values.join(", ")),
                LabelValues::Partitions => format!("{}: those assigned", label.name),
            })
            .collect();
        let watch = match metric.watch {
            Watch::Alert(name) => name.into(),
            Watch::Waived(reason) => format!("absence only: {reason}"),
        };
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} | {watch} | {} |",
            metric.name,
            metric.kind.as_str(),
            labels.join("; "),
            metric
                .health
                .map_or(String::new(), |path| format!("`{path}`")),
            metric.help
        );
    }
    out
}
