use super::*;

#[test]
fn a_call_takes_no_more_than_the_150_bytes_that_the_documentation_counts_with() {
    assert!(size_of::<(Duration, Call)>() <= 150);
}
