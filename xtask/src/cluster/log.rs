//! What a gateway logs of each record, read back.

/// A partition and an offset.
pub(super) type Place = (i64, i64);

/// One line of a gateway's log that is about partitions or records.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A partition was assigned, and goes on where the group had committed, or at its start; nothing where the
    /// member could not learn that, so that its client did.
    Assigned(i64, Option<i64>),
    /// A record was polled, of so many bytes if it has a value.
    Received(Place, Option<usize>),
    /// It was decided: processed, or rejected for a cause.
    Decided(Place, Option<String>),
}

/// The events of a log. A gateway that is killed may leave half a line at the end.
pub(super) fn events(log: &[u8]) -> Vec<Event> {
    let whole = log.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
    let (whole, _) = log.split_at(whole);
    let text = String::from_utf8_lossy(whole);
    text.lines().filter_map(event).collect()
}

fn event(line: &str) -> Option<Event> {
    let (_, said) = line.split_once(": ")?;
    let field = |name: &str| {
        let mut words = said.split(' ').filter_map(|word| word.split_once('='));
        words.find(|(own, _)| *own == name).map(|(_, value)| value)
    };
    let number = |name: &str| field(name)?.parse::<i64>().ok();
    let place = || Some((number("partition")?, number("offset")?));
    if said.starts_with("partition assigned ") {
        let is_known = field("is_known") != Some("false");
        let begins = is_known.then(|| number("committed").unwrap_or(0));
        return Some(Event::Assigned(number("partition")?, begins));
    }
    if said.starts_with("record received ") {
        let bytes = number("bytes").and_then(|bytes| usize::try_from(bytes).ok());
        return Some(Event::Received(place()?, bytes));
    }
    if said.starts_with("record decided ") {
        let cause = field("cause").map(|cause| cause.trim_matches('"').to_owned());
        return Some(Event::Decided(place()?, cause));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_about_records_are_read_and_half_a_line_is_not() {
        let log = "2026-11-30T20:46:55.000001Z  INFO dashstream::consumer::events: partition assigned partition=1 committed=40 is_known=true\n\
             2026-11-30T20:46:55.000002Z TRACE dashstream::consumer::events: record received partition=1 offset=40 bytes=12\n\
             2026-11-30T20:46:55.000003Z DEBUG dashstream::consumer::worker: record refused partition=1 offset=40 code=\"x\" bytes=12\n\
             2026-11-30T20:46:55.000004Z TRACE dashstream::consumer::shared: record decided partition=1 offset=40 cause=\"bad_frame\"\n\
             2026-11-30T20:46:55.000005Z  INFO dashstream::consumer::events: partition assigned partition=2 is_known=true\n\
             2026-11-30T20:46:55.000006Z TRACE dashstream::consumer::events: record received partition=2 offset=0\n\
             2026-11-30T20:46:55.000007Z TRACE dashstream::consumer::shared: record decided partition=2 offset=0\n\
             2026-11-30T20:46:55.000008Z  INFO dashstream::consumer::events: partition assigned partition=3 is_known=false\n\
             2026-11-30T20:46:55.000009Z TRACE dashstream::consumer::shared: record decided partition=2 offset=1";
        let expected = [
            Event::Assigned(1, Some(40)),
            Event::Received((1, 40), Some(12)),
            Event::Decided((1, 40), Some("bad_frame".to_owned())),
            Event::Assigned(2, Some(0)),
            Event::Received((2, 0), None),
            Event::Decided((2, 0), None),
            Event::Assigned(3, None),
        ];
        assert_eq!(events(log.as_bytes()), expected);
    }
}
