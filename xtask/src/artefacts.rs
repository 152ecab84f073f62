//! What is generated from the catalogue: alert rules, a dashboard, and a table. The tests of the rules are
//! generated where they are run.

use core::fmt::Write as _;
use core::time::Duration;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use dashstream::metrics::artefacts::{Alert as Written, Artefacts, is_open, panel, sample};
use dashstream::metrics::{AlertCoverage, Family};
use dashstream::{Metrics, OPTIONAL_GROUPS, Options, ReasonCode};

use crate::alerts::{ALERTS, Alert};
use crate::{series, sh};

const NOTE: &str = "Generated from the catalogue by `cargo xtask artefacts`; do not edit.";

/// Every family of the catalogue, all groups included.
pub(crate) fn families() -> Result<Vec<Family>> {
    let metrics = Metrics::register(Options::default(), Duration::ZERO)?;
    Ok(metrics.catalogue().families().to_vec())
}

fn artefacts(families: &[Family]) -> Artefacts<'_> {
    Artefacts {
        job: "dashstream",
        title: "Dashstream",
        families,
        optional: &OPTIONAL_GROUPS,
        open: &[("partition", "dashstream_partitions")],
        note: NOTE,
    }
}

/// The alerts of the health rules, and the others.
fn alerts() -> Vec<Written> {
    let others = ALERTS.iter().map(|alert| {
        let Alert {
            name,
            severity,
            for_,
            summary,
            expr,
            ..
        } = *alert;
        Written::new(name, severity, for_, summary, expr)
    });
    dashstream::alerts().into_iter().chain(others).collect()
}

/// Where the artefacts stand.
pub(crate) fn folder() -> PathBuf {
    sh::root().join("crates/dashstream/artefacts")
}

pub(crate) fn run(check: bool) -> Result<()> {
    let families = families()?;
    consistent(&families)?;
    let artefacts = artefacts(&families);
    let files = [
        ("alerts.yml", artefacts.alerts(&alerts())),
        ("dashboard.json", artefacts.dashboard()),
        ("METRICS.md", artefacts.table()),
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

/// Each watched metric is in its alert's expression, or read by its rule; and each alert that is no rule's
/// watches some metric.
fn consistent(families: &[Family]) -> Result<()> {
    let rules: Vec<_> = dashstream::alerts()
        .into_iter()
        .map(|alert| alert.name)
        .collect();
    let mut used = BTreeSet::new();
    for family in families {
        let AlertCoverage::Alert(name) = family.alert else {
            continue;
        };
        let looks = match ALERTS.iter().find(|alert| alert.name == name) {
            Some(alert) => alert.expr.contains(family.name),
            None if rules.iter().any(|rule| rule == name) => {
                let codes = ReasonCode::LABEL.values.iter();
                let mut read = codes.flat_map(|code| dashstream::reads(*code));
                read.any(|read| *read == family.name)
            }
            None => bail!("{} is watched by {name}, which does not exist", family.name),
        };
        if !looks {
            bail!("{name} does not look at {}", family.name);
        }
        used.insert(name);
        if let Some(short) = series::short_range(&panel(family)) {
            bail!("the panel of {}: [{short}] is too short", family.name);
        }
    }
    for alert in alerts() {
        if alert.summary.contains('\'') || alert.summary.contains(": ") {
            bail!("{}: its summary is no plain scalar of YAML", alert.name);
        }
        if let Some(short) = series::short_range(&alert.expr) {
            bail!("{}: [{short}] may hold one scrape of 60 s only", alert.name);
        }
    }
    match ALERTS.iter().find(|alert| !used.contains(alert.name)) {
        Some(alert) => bail!("{} watches nothing", alert.name),
        None => Ok(()),
    }
}

/// Cases for each alert: it fires and it does not, scraped every 15 s and every 60 s; and one in which no
/// series is there.
pub(crate) fn tests() -> Result<String> {
    let families = families()?;
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
    for alert in dashstream::alerts() {
        of_rule(&mut out, &alert);
    }
    no_series(&mut out, &families);
    every_metric(&mut out, &families);
    down(&mut out);
    Ok(out)
}

/// The alert of a rule: it fires while its series is 1, and not while it is 0.
fn of_rule(out: &mut String, alert: &Written) {
    let labels = alert.expr.split(['{', '}']).nth(1).unwrap_or_default();
    for (what, values) in [("fires", "1x160"), ("is quiet", "0x160")] {
        let name = format!("{} {what}", alert.name);
        case(out, &name, 15, &[("dashstream_health", labels, values)]);
        let fired = (what == "fires").then(|| {
            let labels = format!("severity: {}, instance: a", alert.severity);
            (labels, alert.summary.clone())
        });
        let runbook = alert.runbook.as_deref();
        expect_with(out, &alert.name, fired.as_slice(), runbook);
    }
}

/// Without its series no alert can fire: the one on their absence does.
fn no_series(out: &mut String, families: &[Family]) {
    let up = [("up", "job=\"dashstream\"", "1x160")];
    case(out, "no alert has its series", 15, &up);
    for alert in alerts() {
        expect(out, &alert.name, &[]);
    }
    let missing = families
        .iter()
        .filter(|family| !is_open(family) && !OPTIONAL_GROUPS.contains(&family.group));
    let missing: Vec<_> = missing.flat_map(missing_alerts).collect();
    expect(out, "DashstreamMetricMissing", &missing);
}

/// With every metric there, and then with each one gone while the others stay.
fn every_metric(out: &mut String, families: &[Family]) {
    let all = |without: Option<&str>| -> Vec<(String, String)> {
        let mut series = vec![(String::from("up"), String::from("1x160"))];
        let families = families
            .iter()
            .filter(|family| Some(family.name) != without);
        series.extend(families.map(|family| (sample(family), String::from("1x160"))));
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
    for family in families {
        let name = format!("{} alone is missing", family.name);
        write(out, &name, &all(Some(family.name)));
        let [anywhere, on_instance] = missing_alerts(family);
        let expected = if OPTIONAL_GROUPS.contains(&family.group) {
            vec![on_instance]
        } else {
            vec![anywhere, on_instance]
        };
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

fn missing_alerts(metric: &Family) -> [(String, String); 2] {
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
fn case(out: &mut String, name: &str, every: usize, series: &[(&str, &str, &str)]) {
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

fn expect(out: &mut String, alert: &str, expected: &[(String, String)]) {
    expect_with(out, alert, expected, None);
}

/// Twenty minutes in; the longest alert waits for fifteen.
fn expect_with(
    out: &mut String,
    alert: &str,
    expected: &[(String, String)],
    runbook: Option<&str>,
) {
    let _ = writeln!(out, "      - eval_time: 20m\n        alertname: {alert}");
    if expected.is_empty() {
        out.push_str("        exp_alerts: []\n");
        return;
    }
    let runbook = runbook.map_or(String::new(), |page| format!(", runbook_url: '{page}'"));
    out.push_str("        exp_alerts:\n");
    for (labels, summary) in expected {
        let _ = writeln!(
            out,
            "          - {{exp_labels: {{{labels}}}, exp_annotations: {{summary: '{summary}'{runbook}}}}}"
        );
    }
}
