//! What is generated from a catalogue: alert rules, a dashboard, and a table.

use core::fmt::Write as _;

use crate::family::{AlertCoverage, Family, MetricKind};
use crate::health::{Level, Rule};
use crate::label::Label;

/// An alert, as a rule file writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Alert {
    /// Its name.
    pub name: String,
    /// The expression that fires it, without a single quote.
    pub expr: String,
    /// How long it must hold, such as `2m`.
    pub lasts: &'static str,
    /// `warning` or `critical`.
    pub severity: &'static str,
    /// What is wrong: a plain scalar of YAML.
    pub summary: String,
    /// Where the runbook says what to do.
    pub runbook: Option<String>,
}

/// A catalogue and what is around it.
#[expect(
    clippy::exhaustive_structs,
    reason = "everything that a generated file depends on"
)]
#[derive(Clone, Copy, Debug)]
pub struct Artefacts<'a> {
    /// The name of the scrape job, in lower case.
    pub job: &'a str,
    /// The name in the alerts and titles.
    pub title: &'a str,
    /// The families.
    pub families: &'a [Family],
    /// Groups that an instance may leave out: their families are missed only where others of the group are.
    pub optional: &'a [&'a str],
    /// For the name of an open label, a gauge whose sum is above 0 where the label has values.
    pub open: &'a [(&'a str, &'a str)],
    /// What the files say about where they come from.
    pub note: &'a str,
}

impl Alert {
    /// An alert of this name on this expression.
    pub fn new(
        name: impl Into<String>,
        severity: &'static str,
        lasts: &'static str,
        summary: impl Into<String>,
        expr: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            expr: expr.into(),
            lasts,
            severity,
            summary: summary.into(),
            runbook: None,
        }
    }

    /// The alert of a rule: it does nothing but watch the rule's series in the `health` family. It is
    /// critical when the rule can fail.
    #[must_use]
    pub fn of_rule<K: Copy, C, E>(
        title: &str,
        health: &str,
        codes: Label<K>,
        rule: &Rule<K, C, E>,
    ) -> Self {
        let code = (codes.text)(rule.code);
        // Only the worst level: the warnings of a rule that can fail are on the page and fire nothing.
        let (level, severity) = match rule.worst {
            Level::Fail => ("fail", "critical"),
            Level::Pass | Level::Warn => ("warn", "warning"),
        };
        let expr =
            format!("max by (instance) ({health}{{reason=\"{code}\",level=\"{level}\"}}) == 1");
        let name = format!("{title}{}", camel(code));
        let mut alert = Self::new(name, severity, "0m", rule.summary, expr);
        alert.runbook = Some(format!("{}#{code}", rule.runbook));
        alert
    }
}

impl Artefacts<'_> {
    /// The rule file: `alerts`, one for a target that is down, and one for the absence of each family.
    #[must_use]
    pub fn alerts(&self, alerts: &[Alert]) -> String {
        let Self {
            job, title, note, ..
        } = self;
        let mut out = format!(
            "# {note}\n# The scrape job is called {job}.\ngroups:\n  - name: {job}\n    rules:\n"
        );
        for alert in alerts {
            rule(&mut out, alert, None);
        }
        let _ = writeln!(out, "  - name: {job}_missing\n    rules:");
        let up = self.up();
        let down = Alert::new(
            format!("{title}TargetDown"),
            "critical",
            "1m",
            "An instance is not scraped",
            // Without any target of the job there is no `up` at all, so that `up == 0` yields nothing.
            format!("absent({up}) or {up} == 0"),
        );
        rule(&mut out, &down, None);
        for family in self.families {
            let missing = Alert::new(
                format!("{title}MetricMissing"),
                "critical",
                "1m",
                "A metric of the catalogue is not exported",
                self.missing(family),
            );
            rule(&mut out, &missing, Some(family.name));
        }
        out
    }

    /// True when nobody exports the family, or one scraped instance does not. One with an open label is
    /// expected where the label has values, and one of an optional group where others of it are.
    #[must_use]
    pub fn missing(&self, family: &Family) -> String {
        let (up, sample) = (self.up(), sample(family));
        let mut opens = self.open.iter();
        // The family may rightly have no series while its label has no values, so that its plain absence
        // says nothing: `there` must be above 0.
        if let Some((_, there)) = opens.find(|(label, _)| {
            family
                .labels
                .iter()
                .any(|l| l.name == *label && l.values.is_none())
        }) {
            return format!(
                "(absent({sample}) and on () sum({there}) > 0) or (sum by (job, instance) ({there}) > 0 unless on (job, instance) {sample})"
            );
        }
        if self.optional.contains(&family.group) {
            // Without the family itself, which is the one in question, and without open ones, which may
            // have no series although the group is fed.
            let others = self.families.iter().filter(|other| {
                other.group == family.group && other.name != family.name && !is_open(other)
            });
            let others: Vec<String> = others.map(self::sample).collect();
            let others = others.join("|");
            return format!(
                "count by (job, instance) ({{__name__=~\"{others}\"}}) unless on (job, instance) {sample}"
            );
        }
        // `absent` fires when no instance exports it. It is silent as soon as one does; `unless` then names
        // each scraped instance that does not.
        format!("absent({sample}) or ({up} == 1 unless on (job, instance) {sample})")
    }

    /// The table of the families, as Markdown.
    #[must_use]
    pub fn table(&self) -> String {
        let mut out = format!(
            "# Metrics\n\n{}\n\n| metric | kind | labels | `/health` | watched by | meaning |\n|---|---|---|---|---|---|\n",
            self.note
        );
        for family in self.families {
            let labels = family.labels.iter().map(|label| match &label.values {
                Some(values) => format!("{}: {}", label.name, values.join(", ")),
                None => format!("{}: those assigned", label.name),
            });
            let labels: Vec<_> = labels.collect();
            let watched = match family.alert {
                AlertCoverage::Alert(name) => name.into(),
                AlertCoverage::Waived(reason) => format!("absence only: {reason}"),
            };
            let health = family
                .health
                .map_or(String::new(), |path| format!("`{path}`"));
            let (name, kind) = (family.name, family.kind.as_str());
            let _ = writeln!(
                out,
                "| `{name}` | {kind} | {} | {health} | {watched} | {} |",
                labels.join("; "),
                family.help
            );
        }
        out
    }

    /// The dashboard: a table of what is missing, and a panel for each family.
    #[cfg(feature = "serde")]
    #[must_use]
    pub fn dashboard(&self) -> String {
        use serde_json::json;
        let source = json!({"type": "prometheus", "uid": "${datasource}"});
        let targets = self.families.iter().enumerate().map(|(at, family)| {
            json!({
                "refId": format!("M{at}"),
                "expr": self.missing(family),
                "legendFormat": family.name,
                "instant": true,
            })
        });
        let mut panels = vec![json!({
            "id": 1,
            "type": "table",
            "title": "Missing instrumentation: every row is a metric that is not exported",
            "gridPos": {"h": 8, "w": 24, "x": 0, "y": 0},
            "datasource": source,
            "targets": targets.collect::<Vec<_>>(),
        })];
        // Three panels a row, below the table.
        let rows = (8_u32..).step_by(7);
        let places = rows.flat_map(|y| [0_u32, 8, 16].map(|x| (x, y)));
        for ((id, (x, y)), family) in (2_u32..).zip(places).zip(self.families) {
            panels.push(json!({
                "id": id,
                "type": "timeseries",
                "title": family.name,
                "description": family.help,
                "gridPos": {"h": 7, "w": 8, "x": x, "y": y},
                "datasource": source,
                // Missing samples stay a gap in the graph and are not joined or shown as 0.
                "fieldConfig": {"defaults": {"noValue": "missing", "custom": {"spanNulls": false}}, "overrides": []},
                "targets": [{"refId": "A", "expr": panel(family), "legendFormat": legend(family)}],
            }));
        }
        let dashboard = json!({
            "uid": format!("{}-catalogue", self.job),
            "title": self.title,
            "description": self.note,
            "schemaVersion": 38,
            "refresh": "30s",
            "time": {"from": "now-1h", "to": "now"},
            "templating": {"list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}]},
            "panels": panels,
        });
        format!("{dashboard:#}\n")
    }

    fn up(&self) -> String {
        format!("up{{job=\"{}\"}}", self.job)
    }
}

/// What a panel shows of a family. A rate looks back five minutes; `and` lets it end when its series
/// ends, as a gauge does.
#[must_use]
pub fn panel(family: &Family) -> String {
    let labels = family.labels.iter().map(|label| label.name);
    let by: Vec<_> = ["instance"].into_iter().chain(labels).collect();
    let (by, name) = (by.join(", "), family.name);
    match family.kind {
        MetricKind::Counter => format!("sum by ({by}) (rate({name}[5m]) and {name})"),
        MetricKind::Gauge => format!("max by ({by}) ({name})"),
        MetricKind::Histogram => format!(
            "histogram_quantile(0.99, sum by ({by}, le) (rate({name}_bucket[5m]) and {name}_bucket))"
        ),
    }
}

/// A sample that every scrape of the family has.
#[must_use]
pub fn sample(family: &Family) -> String {
    match family.kind {
        MetricKind::Counter | MetricKind::Gauge => family.name.into(),
        // A histogram has no series of its bare name.
        MetricKind::Histogram => format!("{}_count", family.name),
    }
}

/// Whether the family may have no series: one of its labels has values that come and go.
#[must_use]
pub fn is_open(family: &Family) -> bool {
    family.labels.iter().any(|label| label.values.is_none())
}

#[cfg(feature = "serde")]
fn legend(family: &Family) -> String {
    let labels = family.labels.iter();
    let labels = labels.map(|label| format!(" {{{{{}}}}}", label.name));
    format!("{{{{instance}}}}{}", labels.collect::<String>())
}

fn rule(out: &mut String, alert: &Alert, metric: Option<&str>) {
    let Alert {
        name,
        expr,
        lasts,
        severity,
        summary,
        runbook,
    } = alert;
    let _ = writeln!(
        out,
        // Nothing is escaped: `Alert` demands an expression without a single quote, and a summary that is a
        // plain scalar of YAML.
        "      - alert: {name}\n        expr: '{expr}'\n        for: {lasts}\n        labels:\n          severity: {severity}"
    );
    if let Some(metric) = metric {
        // All absences share one alert name, and are told apart by this label.
        let _ = writeln!(out, "          metric: {metric}");
    }
    let _ = writeln!(out, "        annotations:\n          summary: {summary}");
    if let Some(runbook) = runbook {
        let _ = writeln!(out, "          runbook_url: {runbook}");
    }
}

/// `broker_refusal` as `BrokerRefusal`.
fn camel(code: &str) -> String {
    let words = code.split('_').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    words.collect()
}
