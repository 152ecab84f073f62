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
                    // A line's end is kept, since a comment of PromQL ends there.
                    'n' => text.push('\n'),
                    't' | 'r' => text.push(' '),
                    // Some writers of JSON escape `<`, `>` and `&` in this way.
                    'u' => {
                        let digits: String = chars.by_ref().take(4).collect();
                        let character = u32::from_str_radix(&digits, 16).ok();
                        text.push(character.and_then(char::from_u32).unwrap_or(' '));
                    }
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
    let more: Vec<&str> = after
        .iter()
        .take_while(|line| line.trim().is_empty() || self::indent(line) > indent)
        .map(|line| line.trim())
        .collect();
    if value.starts_with(['|', '>']) || value.is_empty() {
        return Some(more.join("\n"));
    }
    // A plain or a quoted scalar may go on over lines that are indented deeper; YAML folds them into one.
    let value = [&[value], &*more].concat().join(" ");
    let value = value.trim_end();
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
