//! The names that a crate's source says, read from its text: an enum that may grow cannot be listed
//! from outside, and a test that lists by hand forgets.

use std::fs;
use std::path::Path;

/// What every `match` in a function called one of `functions` answers, under the crate's `src`: one
/// line `name # Type::Variant` for each arm with a literal. Arms that ask another type are not
/// listed; that type is. So is what a macro `labels!` or `codes!` gives to the variants of a type, a
/// line `Variant = "name",` each.
///
/// It reads code as rustfmt writes it.
///
/// # Panics
///
/// When the source cannot be read, or an arm computes its text, which cannot be listed.
#[must_use]
pub fn names(manifest_dir: &str, functions: &[&str]) -> Vec<String> {
    let mut lines = Vec::new();
    each_file(&Path::new(manifest_dir).join("src"), &mut |path, text| {
        declared(text, &mut lines);
        for function in functions {
            collect(text, function, &mut lines).unwrap_or_else(|arm| {
                panic!(
                    "{}: {function}: {arm:?} is no literal and asks nobody",
                    path.display()
                )
            });
        }
    });
    assert!(
        !lines.is_empty(),
        "{manifest_dir} has no such function: {functions:?}"
    );
    lines.sort();
    lines
}

fn each_file(folder: &Path, body: &mut impl FnMut(&Path, &str)) {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            each_file(&path, body);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text =
                fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            body(&path, &text);
        }
    }
}

/// Adds the arms of every `fn function(` in `text`; fails with an arm that cannot be listed.
fn collect<'a>(text: &'a str, function: &str, lines: &mut Vec<String>) -> Result<(), &'a str> {
    let head = format!("fn {function}(");
    let mut of = "";
    let mut rest = text;
    while let Some(line) = rest.lines().next() {
        if let Some(named) = implemented(line) {
            of = named;
        }
        let is_body = line.contains(&head) && line.ends_with('{');
        let indent = line.len() - line.trim_start().len();
        let end = format!("\n{}}}", &line[..indent]);
        if is_body && let Some(len) = rest.find(&end) {
            arms(&rest[line.len()..len], |variant, name| {
                lines.push(format!("{name} # {of}::{variant}"));
            })?;
        }
        rest = rest.get(line.len() + 1..).unwrap_or_default();
    }
    Ok(())
}

/// Adds what stands in the macros that give words to variants.
fn declared(text: &str, lines: &mut Vec<String>) {
    let (mut is_inside, mut of) = (false, "");
    for line in text.lines() {
        match line {
            "labels! {" | "codes! {" => is_inside = true,
            "}" => is_inside = false,
            _ if !is_inside => {}
            _ => {
                if let Some(named) = line.trim().strip_suffix(" {") {
                    of = named;
                } else if let Some((variant, name)) = line.trim().split_once(" = \"")
                    && let Some(name) = name.strip_suffix("\",")
                {
                    lines.push(format!("{name} # {of}::{variant}"));
                }
            }
        }
    }
}

/// The type of an `impl` line.
fn implemented(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("impl")?;
    let rest = match rest.strip_prefix('<') {
        Some(generic) => generic.split_once("> ")?.1,
        None => rest.strip_prefix(' ')?,
    };
    let named = rest.rsplit(" for ").next()?;
    named.split(['<', ' ']).next()
}

/// Calls `found` with the variants and the literal of each arm. A literal anywhere else is an error.
fn arms<'a>(body: &'a str, mut found: impl FnMut(&'a str, &'a str)) -> Result<(), &'a str> {
    let mut pieces = body.split("=>");
    let mut pattern = pieces.next().unwrap_or_default();
    for piece in pieces {
        let answer = piece.trim_start();
        let literal = answer.strip_prefix('"');
        let (name, behind) = literal
            .and_then(|rest| rest.split_once('"'))
            .unwrap_or(("", answer));
        if behind.contains('"') {
            return Err(answer);
        }
        if literal.is_some() {
            for variant in pattern.split("Self::").skip(1) {
                let end = variant.find(|c: char| !c.is_alphanumeric() && c != '_');
                found(&variant[..end.unwrap_or(variant.len())], name);
            }
        }
        pattern = behind;
    }
    match body.split("=>").next() {
        Some(before) if before.contains('"') => Err(before),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"
impl<'a> Thing<'a> {
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Inner(error) => error.code(),
            Self::One { .. } => "one",
            Self::Two | Self::Three(_) => "many",
        }
    }
}

impl core::fmt::Display for Other {
    fn code(self) -> &'static str {
        match self {
            Self::Four => "four",
        }
    }
}
"#;

    #[test]
    fn every_arm_with_a_literal_is_a_line() {
        let mut lines = Vec::new();
        assert_eq!(collect(SOURCE, "code", &mut lines), Ok(()));
        assert_eq!(
            lines,
            [
                "one # Thing::One",
                "many # Thing::Two",
                "many # Thing::Three",
                "four # Other::Four",
            ]
        );
    }

    #[test]
    fn every_word_that_a_macro_gives_is_a_line() {
        let source = "labels! {\n    /// A doc.\n    Mode {\n        /// Another = \"x\".\n        \
                      Skip = \"skip\",\n    }\n}\n\nconst OTHER: &str = \"a\";\n\
                      codes! {\n    Error {\n        Gone = \"gone\",\n    }\n}\n";
        let mut lines = Vec::new();
        declared(source, &mut lines);
        assert_eq!(lines, ["skip # Mode::Skip", "gone # Error::Gone"]);
    }

    #[test]
    fn an_arm_that_computes_its_text_is_refused() {
        let source = "impl X {\n    fn code(&self) -> &str {\n        match self {\n            \
                      Self::A(x) => if *x { \"a\" } else { \"b\" },\n        }\n    }\n}\n";
        assert!(collect(source, "code", &mut Vec::new()).is_err());
        let constant = "impl X {\n    fn code(&self) -> &str {\n        \"a\"\n    }\n}\n";
        assert!(collect(constant, "code", &mut Vec::new()).is_err());
    }
}
