use super::*;

fn read(values: Values, given: &str) -> Result<String, String> {
    let row = Variable::new("X", values);
    row.read(given).map_err(|error| error.to_string())
}

#[test]
fn a_word_ignores_case_and_takes_a_hyphen_for_an_underscore() {
    let words = Values::Words(&["off", "best_effort", "SCRAM-SHA-256"]);
    for (given, word) in [
        ("OFF", "off"),
        ("best-effort", "best_effort"),
        ("Best_Effort", "best_effort"),
        ("scram-sha-256", "SCRAM-SHA-256"),
    ] {
        assert_eq!(read(words, given), Ok(word.to_owned()));
    }
    let refused = Err("X must be one of: off, best_effort, SCRAM-SHA-256".to_owned());
    for given in ["of", "offf", "best effort", "scram_sha_256", ""] {
        assert_eq!(read(words, given), refused, "{given}");
    }
}

#[test]
fn a_whole_number_is_in_its_range() {
    let range = Values::Whole(2, 4);
    let refused = Err("X must be a whole number from 2 to 4".to_owned());
    assert_eq!(read(range, "1"), refused);
    assert_eq!(read(range, "2"), Ok("2".to_owned()));
    assert_eq!(read(range, "+4"), Ok("4".to_owned()));
    for bad in ["5", "-3", "three", "", "3.0", "99999999999999999999"] {
        assert_eq!(read(range, bad), refused, "{bad}");
    }
}

#[test]
fn no_variable_is_there_twice() {
    let mut names: Vec<_> = VARIABLES.iter().map(|row| row.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), VARIABLES.len());
}
