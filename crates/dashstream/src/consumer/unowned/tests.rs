use std::collections::BTreeMap;

use dashstream_kafka::Config;

use super::*;

#[test]
fn records_without_an_owner_keep_their_first_moment_until_they_have_one() {
    let at = Duration::from_secs;
    let waiting = |records| Ok(Some(BTreeMap::from([(0, 2), (3, records)])));
    let mut known = Known::default();
    let shown = |records| Some(UnownedPartitions::new(at(10), 2, records).numbers(vec![0, 3]));
    note(&mut known, at(10), waiting(5));
    assert_eq!(known.unowned, shown(7));
    note(&mut known, at(20), waiting(8));
    assert_eq!(known.unowned, shown(10));
    // No answer is no news.
    let error = Config::new("", "t", "g").unwrap_err().into();
    note(&mut known, at(30), Err(error));
    assert_eq!(known.unowned, shown(10));
    for answer in [Ok(None), Ok(Some(BTreeMap::new()))] {
        note(&mut known, at(40), waiting(5));
        note(&mut known, at(50), answer);
        assert_eq!(known.unowned, None);
    }
}
