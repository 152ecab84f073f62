//! Finds the `expr` fields of rule files and dashboards.

/// The `expr` fields of a rule file (YAML: plain, quoted or block scalars) or a dashboard (JSON), each with
/// the line that it begins on, from 1, and without what the file's format adds.
#[must_use]
pub fn expressions(file: &str) -> Vec<(usize, String)> {
    let lines: Vec<&str> = file.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let number = at.saturating_add(1);
        found.extend(json(line).map(|text| (number, text)));
        let after = lines.get(number..).unwrap_or_default();
        found.extend(yaml(line, after).map(|text| (number, text)));
    }
    found
}

/// Every `"expr": "…"` of a line, so that dashboards on one line are read as well.
fn json(line: &str) -> impl Iterator<Item = String> {
    line.split("\"expr\"").skip(1).filter_map(|field| {
        let value = field
            .trim_start()
            .strip_prefix(':')?
            .trim_start()
            .strip_prefix('"')?;
        let mut text = String::new();
        let mut chars = value.chars();
        loop {
            match chars.next()? {
                '"' => return Some(text),
                '\\' => match chars.next()? {
                    'n' | 't' | 'r' => text.push(' '),
                    other => text.push(other),
                },
                other => text.push(other),
            }
        }
    })
}

fn yaml(line: &str, after: &[&str]) -> Option<String> {
    let trimmed = line.trim_start();
    let field = trimmed.strip_prefix("- ").unwrap_or(trimmed);
    let value = field.strip_prefix("expr:")?.trim();
    // A block in the first field of a list item is indented deeper than the field, not only than the dash.
    let indent = line.len().saturating_sub(field.len());
    // A block scalar, whatever indicators its header has, or a value that begins on the next line: it ends
    // before the first line that is indented no deeper than the field.
    if value.starts_with(['|', '>']) || value.is_empty() {
        let block: Vec<&str> = after
            .iter()
            .take_while(|line| line.trim().is_empty() || self::indent(line) > indent)
            .map(|line| line.trim())
            .collect();
        return Some(block.join("\n"));
    }
    let quoted = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    Some(match (quoted('\''), quoted('"')) {
        // In single quotes YAML doubles the quote; in double quotes it has a backslash.
        (Some(text), _) => text.replace("''", "'"),
        (None, Some(text)) => text.replace("\\\"", "\""),
        (None, None) => value.into(),
    })
}

fn indent(line: &str) -> usize {
    line.len().saturating_sub(line.trim_start().len())
}
