//! Holds Prometheus rules and Grafana dashboards against the catalogue of metrics.

use core::time::Duration;
use std::io;
use std::path::PathBuf;

use dashstream::metrics::lint;
use dashstream::{Metrics, Options};
use serde_json::json;

use crate::args::{Args, read};
use crate::failure::{Failure, Found};
use crate::text::shown;

/// Finds metrics, labels and values that do not exist, `or` with a constant, and, unless it is `partial`,
/// metrics that all the files together leave unwatched.
pub(crate) fn lint(
    args: &Args,
    files: &[PathBuf],
    partial: bool,
    out: &mut impl io::Write,
) -> Result<Found, Failure> {
    let metrics = Metrics::register(Options::default(), Duration::ZERO);
    let metrics = metrics.map_err(io::Error::other)?;
    let families = metrics.catalogue().families();
    let mut found = Found::NothingWrong;
    let mut say = |file: Option<&PathBuf>, what: String| {
        found = Found::Faults;
        let file = file.map(|path| path.display().to_string());
        if args.json {
            return writeln!(out, "{}", json!({"file": file, "finding": what}));
        }
        let file = file.map_or_else(String::new, |file| format!("{file}: "));
        writeln!(out, "{}", shown(&format!("{file}{what}")))
    };
    let mut all = Vec::new();
    for path in files {
        let expressions = lint::expressions(&String::from_utf8_lossy(&read(path)?));
        // A file in which nothing is found was not checked, which must not look like success.
        if expressions.is_empty() {
            say(Some(path), "no expression found".to_owned())?;
        }
        for (line, expression) in &expressions {
            for finding in lint::check(families, *line, expression) {
                say(Some(path), finding.to_string())?;
            }
        }
        // Kept for the end: what one file leaves unwatched another may watch.
        all.extend(expressions);
    }
    if !partial {
        for finding in lint::unwatched(families, &all) {
            say(None, finding.to_string())?;
        }
    }
    Ok(found)
}
