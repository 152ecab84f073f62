//! Names and formats that others rely on, as text files that are checked in and only grow.
//!
//! A test collects what the code says today, one line a fact, and [`check`] compares all of it with
//! the file. A line that is gone or different fails; a new line fails too, and says how to add it,
//! so that what is added is added on purpose and is seen in review.
//!
//! What stands behind ` # ` in a line is a note, usually the name in the code. It is compared, so
//! that two swapped names are noticed, and may be rewritten.

mod source;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

pub use source::names;

/// One file of frozen lines.
#[derive(Clone, Copy, Debug)]
pub struct Frozen<'a> {
    /// The folder of the crate: `env!("CARGO_MANIFEST_DIR")`.
    pub manifest_dir: &'a str,
    /// The file in it: `tests/frozen/names.txt`.
    pub file: &'a str,
    /// What the lines are and who relies on them. The first line of the file.
    pub about: &'a str,
    /// The arguments of `cargo test` that select this test: `-p dashstream-codec frozen`.
    pub test: &'a str,
}

/// Compares `now` with the file, or extends the file where the variable `FROZEN` is `add`.
///
/// # Panics
///
/// When the two differ, with every difference. With `FROZEN=add` only when a line is gone: nothing
/// here removes one.
#[expect(
    clippy::disallowed_methods,
    reason = "a person asks a test to write by a variable; there is nobody to pass an argument"
)]
pub fn check(frozen: &Frozen<'_>, now: &[String]) {
    let path = Path::new(frozen.manifest_dir).join(frozen.file);
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let difference = Difference::between(&kept, now);
    if difference.is_none() {
        return;
    }
    if std::env::var("FROZEN").is_ok_and(|how| how == "add") && difference.gone.is_empty() {
        let folder = path.parent().expect("a file has a folder");
        fs::create_dir_all(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        let text = frozen.text(now);
        return fs::write(&path, text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    }
    panic!("{}", difference.explain(frozen));
}

impl Frozen<'_> {
    fn text(&self, now: &[String]) -> String {
        let mut text = format!(
            "# {}\n# Frozen: a line is never removed or changed. A new one is added together with the\n\
             # change that needs it, by: FROZEN=add cargo test {}\n\
             # What is behind \" # \" says where the line comes from, and may change.\n",
            self.about, self.test
        );
        for line in now {
            text.push_str(line);
            text.push('\n');
        }
        text
    }
}

/// How a file and the code differ, as lines.
#[derive(Debug, Default, PartialEq, Eq)]
struct Difference {
    gone: Vec<String>,
    new: Vec<String>,
    /// The key, the notes in the file, the notes now.
    moved: Vec<(String, String, String)>,
}

impl Difference {
    fn between(kept: &str, now: &[String]) -> Self {
        let kept = by_key(kept.lines().filter(|line| !line.starts_with('#')));
        let now = by_key(now.iter().map(String::as_str));
        let mut difference = Self::default();
        for (key, notes) in &kept {
            let left = now.get(key).map_or(0, Vec::len);
            // One line for each time that the key is said less often.
            difference
                .gone
                .extend((left..notes.len()).map(|_| (*key).to_owned()));
        }
        for (key, notes) in &now {
            let before = kept.get(key).map_or(&[][..], Vec::as_slice);
            if before.len() < notes.len() {
                let mut left = before.to_vec();
                let is_new = |note: &&&str| match left.iter().position(|kept| kept == *note) {
                    Some(at) => {
                        left.swap_remove(at);
                        false
                    }
                    None => true,
                };
                let added = notes.iter().filter(is_new).take(notes.len() - before.len());
                difference.new.extend(added.map(|note| line(key, note)));
            } else if before.len() == notes.len() && before != notes {
                let shown = |notes: &[&str]| notes.join(", ");
                difference
                    .moved
                    .push(((*key).to_owned(), shown(before), shown(notes)));
            }
        }
        difference
    }

    fn is_none(&self) -> bool {
        *self == Self::default()
    }

    fn explain(&self, frozen: &Frozen<'_>) -> String {
        let mut text = format!("{} is not what the code says.\n", frozen.file);
        let add = format!("FROZEN=add cargo test {}", frozen.test);
        if !self.gone.is_empty() {
            text.push_str(
                "\nGONE or changed. Others rely on these lines: put them back (CONTRIBUTING.md, \"Frozen\").\n",
            );
            for line in &self.gone {
                let _ok = writeln!(text, "  - {line}");
            }
        }
        if !self.new.is_empty() {
            let _ok = writeln!(
                text,
                "\nNEW. If it is meant to stay for good: {add}, and commit {}.",
                frozen.file
            );
            for line in &self.new {
                let _ok = writeln!(text, "  + {line}");
            }
        }
        if !self.moved.is_empty() {
            let _ok = writeln!(
                text,
                "\nMOVED. If only the name in the code changed, and what is meant did not: {add}"
            );
            for (key, before, now) in &self.moved {
                let _ok = writeln!(text, "  ~ {key}: was {before}, is {now}");
            }
        }
        text
    }
}

/// The notes of each key, sorted.
fn by_key<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, Vec<&'a str>> {
    let mut all = BTreeMap::<_, Vec<_>>::new();
    for line in lines {
        let (key, note) = line.split_once(" # ").unwrap_or((line, ""));
        all.entry(key.trim_end()).or_default().push(note);
    }
    for notes in all.values_mut() {
        notes.sort_unstable();
    }
    all
}

fn line(key: &str, note: &str) -> String {
    if note.is_empty() {
        key.to_owned()
    } else {
        format!("{key} # {note}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: &str = "# a head\ncode a # X::A\ncode a # Y::A\ncode b # X::B\nplain\n";

    fn between(now: &[&str]) -> Difference {
        let now: Vec<_> = now.iter().map(|line| (*line).to_owned()).collect();
        Difference::between(KEPT, &now)
    }

    #[test]
    fn the_same_lines_in_any_order_are_no_difference() {
        let now = ["plain", "code b # X::B", "code a # Y::A", "code a # X::A"];
        assert!(between(&now).is_none());
    }

    #[test]
    fn a_key_that_is_said_once_less_is_gone() {
        let difference = between(&["code a # X::A", "code b # X::B", "plain"]);
        assert_eq!(difference.gone, ["code a"]);
        assert!(difference.new.is_empty());
    }

    #[test]
    fn a_renamed_key_is_gone_and_new() {
        let now = ["code a # X::A", "code a # Y::A", "code c # X::B", "plain"];
        let difference = between(&now);
        assert_eq!(difference.gone, ["code b"]);
        assert_eq!(difference.new, ["code c # X::B"]);
    }

    #[test]
    fn an_added_key_is_new_and_nothing_else() {
        let now = [
            "code a # X::A",
            "code a # Y::A",
            "code a # Z::A",
            "code b # X::B",
            "plain",
            "more",
        ];
        let difference = between(&now);
        assert_eq!(difference.new, ["code a # Z::A", "more"]);
        assert!(difference.gone.is_empty() && difference.moved.is_empty());
    }

    #[test]
    fn two_swapped_names_are_noticed() {
        let now = ["code a # X::B", "code a # Y::A", "code b # X::A", "plain"];
        let moved = |key: &str, before: &str, now: &str| {
            (key.to_owned(), before.to_owned(), now.to_owned())
        };
        assert_eq!(
            between(&now).moved,
            [
                moved("code a", "X::A, Y::A", "X::B, Y::A"),
                moved("code b", "X::B", "X::A"),
            ]
        );
    }

    #[test]
    fn the_message_says_what_to_run() {
        let frozen = Frozen {
            manifest_dir: "",
            file: "tests/frozen/names.txt",
            about: "Names.",
            test: "-p x frozen",
        };
        let text = between(&["code a # X::A", "code a # Y::A", "plain", "new"]).explain(&frozen);
        for line in [
            "  - code b\n",
            "  + new\n",
            "FROZEN=add cargo test -p x frozen",
        ] {
            assert!(text.contains(line), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_back_as_no_difference() {
        let frozen = Frozen {
            manifest_dir: "",
            file: "f",
            about: "Names.",
            test: "-p x frozen",
        };
        let now = ["a # A".to_owned(), "b".to_owned()];
        assert!(Difference::between(&frozen.text(&now), &now).is_none());
    }
}
