//! The judge finds each fault that is planted, and nothing where there is none.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

fn base64(text: &str) -> Option<String> {
    Some(STANDARD.encode(text))
}

fn record(number: i64) -> Record {
    let headers = [
        ("source", base64("demo")),
        ("source", base64("")),
        ("note", None),
    ];
    Record {
        key: base64("run-1"),
        value: base64(&format!("value {number}")),
        headers: headers.map(|(name, value)| (name.to_owned(), value)).into(),
    }
}

fn letter(place: Place, source: &Record) -> Record {
    let mut letter = source.clone();
    letter.headers.extend([
        (SOURCE_TOPIC.to_owned(), base64(TOPIC)),
        (SOURCE_PARTITION.to_owned(), base64(&place.0.to_string())),
        (SOURCE_OFFSET.to_owned(), base64(&place.1.to_string())),
        ("dashstream.dlq.version".to_owned(), base64("1")),
    ]);
    letter
}

fn cause(place: Place) -> Option<String> {
    (place.1 == POISON).then(|| "bad_frame".to_owned())
}

fn taken(topic: &BTreeMap<Place, Record>, place: Place) -> [Event; 2] {
    let bytes = topic.get(&place).and_then(Record::bytes);
    [
        Event::Received(place, bytes),
        Event::Decided(place, cause(place)),
    ]
}

/// Ten records in each partition, of which one is rejected. A member of the group was killed when it had
/// committed five and taken six; another took over, and archived once more what was archived already.
fn sound() -> Evidence {
    let partitions = 0..i64::try_from(PARTITIONS).unwrap();
    let places = || {
        partitions
            .clone()
            .flat_map(|p| (0..10).map(move |o| (p, o)))
    };
    let topic: BTreeMap<Place, Record> = places().map(|place| (place, record(place.1))).collect();
    let log = |from: i64, until: i64| {
        let of_each = |partition| {
            let first = [Event::Assigned(partition, Some(from))];
            let taken = (from..until).flat_map(|offset| taken(&topic, (partition, offset)));
            first.into_iter().chain(taken).collect::<Vec<_>>()
        };
        partitions.clone().flat_map(of_each).collect::<Vec<_>>()
    };
    let rejected = || partitions.clone().map(|partition| (partition, POISON));
    let letters = rejected()
        .chain(rejected())
        .zip(0..)
        .map(|(place, number)| {
            let source = record(place.1);
            ((0, number), letter(place, &source))
        });
    Evidence {
        acknowledged: topic.len(),
        letters: letters.collect(),
        reference: vec![log(0, 10)],
        group: vec![log(0, 6), log(5, 10)],
        committed: partitions
            .clone()
            .map(|partition| (partition, 10))
            .collect(),
        topic,
    }
}

/// What is found once `spoil` has changed something: the names of the faults.
fn found(spoil: impl FnOnce(&mut Evidence)) -> Vec<&'static str> {
    let mut evidence = sound();
    spoil(&mut evidence);
    let findings = judge(&evidence);
    let faults = findings.faults().into_iter();
    let faults: Vec<_> = faults
        .filter(|(_, places)| !places.is_empty())
        .map(|(name, _)| name)
        .collect();
    assert_eq!(findings.check().is_err(), !faults.is_empty());
    faults
}

#[test]
fn what_is_sound_has_duplicates_and_no_faults() {
    let findings = judge(&sound());
    let expected = Findings {
        records: (40, 4),
        compared: (8, 24),
        duplicates: (4, 4),
        assignments: 8,
        ..Findings::default()
    };
    assert_eq!(findings, expected);
    assert!(findings.check().is_ok());
}

#[test]
fn a_record_that_nobody_decided_is_lost() {
    let forget =
        |log: &mut Vec<Event>| log.retain(|event| !matches!(event, Event::Decided((1, 8), _)));
    assert_eq!(
        found(|e| e.group.iter_mut().for_each(forget)),
        ["lost writes"]
    );
    let forgotten = found(|e| e.reference.iter_mut().for_each(forget));
    assert_eq!(forgotten, ["lost writes", "wrong verdicts"]);
}

#[test]
fn an_acknowledged_record_that_the_topic_does_not_hold_is_lost() {
    assert_eq!(found(|e| e.acknowledged += 1), ["lost writes"]);
    let gone = found(|e| assert!(e.topic.remove(&(2, 4)).is_some()));
    assert_eq!(gone, ["lost writes", "aborted reads", "skips in send"]);
}

#[test]
fn a_poll_of_what_the_topic_does_not_hold_is_an_aborted_read() {
    let other = found(|e| {
        let held = e.topic.get_mut(&(3, 2)).unwrap();
        held.value = base64("another value");
    });
    assert_eq!(other, ["aborted reads"]);
}

#[test]
fn a_poll_that_goes_back_within_an_assignment_is_nonmonotonic() {
    let again = found(|e| {
        let again = taken(&e.topic, (3, 9));
        e.group.last_mut().unwrap().extend(again);
    });
    assert_eq!(again, ["nonmonotonic polls"]);
    let before = found(|e| {
        let early = [Event::Assigned(3, Some(6))].into_iter();
        let log = early.chain(taken(&e.topic, (3, 5)));
        e.group.push(log.collect());
    });
    assert_eq!(before, ["nonmonotonic polls"]);
}

#[test]
fn a_poll_beyond_the_next_record_is_a_skip() {
    let beyond = |log: Vec<Event>| found(|e| e.group.push(log));
    let topic = sound().topic;
    let assigned = |events: [Event; 2]| [Event::Assigned(0, Some(4))].into_iter().chain(events);
    let skipped = beyond(assigned(taken(&topic, (0, 5))).collect());
    assert_eq!(skipped, ["skips in poll"]);
    // Where a member could not learn where it began, its first poll may be anywhere, and no later one.
    let unknown = |events: [Event; 2]| [Event::Assigned(0, None)].into_iter().chain(events);
    let first = || unknown(taken(&topic, (0, 5)));
    assert!(
        beyond(first().collect())
            .iter()
            .all(|what| *what != "skips in poll")
    );
    let later = first().chain(taken(&topic, (0, 7)));
    assert!(beyond(later.collect()).contains(&"skips in poll"));
    let unassigned = beyond(taken(&topic, (0, 0)).into());
    assert_eq!(unassigned, ["skips in poll"]);
}

#[test]
fn an_offset_that_passes_a_rejected_record_without_a_letter_is_passed_poison() {
    let passed = found(|e| {
        e.letters
            .retain(|(_, letter)| source(letter) != Some((2, POISON)))
    });
    assert_eq!(passed, ["passed poison"]);
    let waiting = found(|e| {
        e.letters
            .retain(|(_, letter)| source(letter) != Some((2, POISON)));
        e.committed.insert(2, POISON);
    });
    assert_eq!(waiting, ["unseen"], "not passed, so that it needs none yet");
}

#[test]
fn a_letter_that_differs_in_one_byte_is_wrong_the_second_one_as_well() {
    for index in [0, 5] {
        let changed =
            |change: fn(&mut Record)| found(|e| change(&mut e.letters.get_mut(index).unwrap().1));
        let changes: [fn(&mut Record); 8] = [
            |letter| letter.value = base64("valuE 3"),
            |letter| letter.value = None,
            |letter| letter.key = base64("run-2"),
            |letter| letter.key = None,
            |letter| letter.headers.swap(0, 1),
            |letter| letter.headers.get_mut(2).unwrap().1 = base64(""),
            |letter| drop(letter.headers.remove(2)),
            |letter| letter.headers.insert(3, ("added".to_owned(), None)),
        ];
        for change in changes {
            assert_eq!(changed(change), ["wrong letters"]);
        }
    }
}

#[test]
fn a_letter_of_another_place_leaves_its_record_without_one() {
    let elsewhere = found(|e| {
        e.letters.truncate(PARTITIONS);
        let (_, letter) = e.letters.first_mut().unwrap();
        letter.headers.push((SOURCE_OFFSET.to_owned(), base64("4")));
    });
    assert_eq!(elsewhere, ["passed poison", "wrong letters"]);
    let nowhere = found(|e| {
        let (_, letter) = e.letters.first_mut().unwrap();
        letter
            .headers
            .push((SOURCE_OFFSET.to_owned(), base64("400")));
    });
    assert_eq!(nowhere, ["wrong letters"]);
}

#[test]
fn a_verdict_that_is_not_the_writers_is_wrong() {
    let other = found(|e| {
        let log = e.group.first_mut().unwrap();
        let decided = log.iter_mut().find_map(|event| match event {
            Event::Decided((0, 3), cause) => Some(cause),
            _ => None,
        });
        *decided.unwrap() = None;
    });
    assert_eq!(other, ["wrong verdicts"]);
    let twice = found(|e| {
        let log = e.group.first_mut().unwrap();
        log.push(Event::Decided((0, 1), None));
    });
    assert_eq!(twice, ["wrong verdicts"], "decided more often than polled");
}

#[test]
fn what_nobody_has_passed_is_unseen() {
    let waiting = found(|e| assert_eq!(e.committed.insert(0, 9), Some(10)));
    assert_eq!(waiting, ["unseen"]);
}

/// The offset of the record that is rejected, in each partition.
const POISON: i64 = 3;
