//! The flags that stand for a variable, and the table in Markdown.

use clap::parser::ArgMatches;
use clap::{Arg, Command};
use dashstream::{Given, VARIABLES, Values, Variable};

/// Adds the flags that stand for a variable.
pub(crate) fn flags(command: Command) -> Command {
    VARIABLES.iter().filter_map(arg).fold(command, Command::arg)
}

fn arg(row: &Variable) -> Option<Arg> {
    let flag = own_flag(row)?;
    let allowed = match row.values {
        Values::Text(_) | Values::Path => String::new(),
        Values::Words(_) | Values::Whole(..) => format!(": {}", row.values),
    };
    let (about, default, name) = (row.about, row.default, row.name);
    Some(Arg::new(flag).long(flag).help(format!(
        "{about}{allowed} [env: {name}] [default: {default}]"
    )))
}

/// The flag of a row that `Args` does not declare.
fn own_flag(row: &Variable) -> Option<&'static str> {
    row.flag.filter(|_| !row.about.is_empty())
}

/// Reads every variable of the table, from its flag or else from `env`.
pub(crate) fn read(
    matches: &ArgMatches,
    env: impl Fn(&str) -> Option<String>,
) -> Result<Given, String> {
    let given = Given::read(|row| by_flag(matches, row).or_else(|| env(row.name)));
    given.map_err(|error| named(matches, &error.to_string()))
}

fn by_flag(matches: &ArgMatches, row: &Variable) -> Option<String> {
    matches.get_one::<String>(own_flag(row)?).cloned()
}

/// Puts the flag that a value came from beside the variable's name in `why`.
pub(crate) fn named(matches: &ArgMatches, why: &str) -> String {
    let flags = VARIABLES
        .iter()
        .filter(|row| by_flag(matches, row).is_some());
    flags.fold(why.to_owned(), |why, row| {
        let (name, flag) = (row.name, row.flag.unwrap_or_default());
        why.replace(name, &format!("--{flag} ({name})"))
    })
}

/// The table in Markdown, as the README has it.
#[must_use]
pub fn variables_table() -> String {
    let row = |row: &Variable| {
        let flag = row.flag.map(|flag| format!("`--{flag}`"));
        let (name, values) = (row.name, row.values.to_string());
        let (flag, default, goes) = (flag.unwrap_or_default(), row.default, row.goes);
        format!("| `{name}` | {flag} | {default} | {values} | {goes} |\n")
    };
    VARIABLES.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_has_this_table() {
        let readme = include_str!("../README.md");
        let table = variables_table();
        assert!(readme.contains(&table), "the table should be:\n{table}");
    }

    #[test]
    fn no_flag_of_its_own_is_there_twice() {
        flags(Command::new("test")).debug_assert();
    }
}
