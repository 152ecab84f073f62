//! The expressions of the generated dashboard, as its panels ask them.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::artefacts;

/// Metrics and expressions.
#[derive(Clone)]
pub(super) struct Dashboard {
    /// The table of missing metrics: each row is there when its metric is not.
    pub(super) rows: Vec<(String, String)>,
    /// One panel for each metric.
    pub(super) panels: Vec<(String, String)>,
}

impl Dashboard {
    pub(super) fn read() -> Result<Self> {
        let text = std::fs::read_to_string(artefacts::folder().join("dashboard.json"))?;
        let dashboard: Value = serde_json::from_str(&text)?;
        let panels = array(&dashboard, "/panels")?;
        let (table, graphs) = panels.split_first().context("the dashboard has no panel")?;
        let read = Self {
            rows: array(table, "/targets")?
                .iter()
                .map(|target| pair(target, "/legendFormat", "/expr"))
                .collect::<Result<_>>()?,
            panels: graphs
                .iter()
                .map(|panel| pair(panel, "/title", "/targets/0/expr"))
                .collect::<Result<_>>()?,
        };
        let families = artefacts::families()?;
        let all = families.len();
        ensure!(read.rows.len() == all && read.panels.len() == all);
        // The gateway has no clients that it sends messages to, and no replay buffer.
        let absent = |name: &str| {
            let mut families = families.iter().filter(|family| family.name == name);
            families.any(|family| ["breaker", "clients", "replay"].contains(&family.group))
        };
        let exported = |list: Vec<(String, String)>| {
            list.into_iter().filter(|(name, _)| !absent(name)).collect()
        };
        Ok(Self {
            rows: exported(read.rows),
            panels: exported(read.panels),
        })
    }

    /// The expression of the metric's row in the table of missing metrics.
    pub(super) fn row(&self, metric: &str) -> Result<&str> {
        find(&self.rows, metric)
    }

    /// The expression of the metric's own panel.
    pub(super) fn panel(&self, metric: &str) -> Result<&str> {
        find(&self.panels, metric)
    }
}

fn find<'a>(all: &'a [(String, String)], metric: &str) -> Result<&'a str> {
    let found = all.iter().find(|(name, _)| name == metric);
    found
        .map(|(_, expr)| expr.as_str())
        .with_context(|| format!("the dashboard has no {metric}"))
}

fn array<'a>(value: &'a Value, path: &str) -> Result<&'a Vec<Value>> {
    let found = value.pointer(path).and_then(Value::as_array);
    found.with_context(|| format!("no {path} in the dashboard"))
}

fn pair(value: &Value, name: &str, expr: &str) -> Result<(String, String)> {
    let text = |path: &str| {
        let found = value.pointer(path).and_then(Value::as_str);
        found
            .map(str::to_owned)
            .with_context(|| format!("no {path} in {value}"))
    };
    Ok((text(name)?, text(expr)?))
}
