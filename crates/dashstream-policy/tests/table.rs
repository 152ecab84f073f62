//! The table answers every event with exactly one row, and the README shows the table that decides.

use dashstream_policy::table::{
    Answer, Bucket, Event, OffsetMove, PartitionMove, Send, TABLE, decide, markdown,
};
use dashstream_policy::{Archiving, Disposition, Mode};

const MODES: [Mode; 2] = [Mode::Skip, Mode::Pause];
const ARCHIVINGS: [Archiving; 3] = [Archiving::Off, Archiving::BestEffort, Archiving::Required];

fn events() -> Vec<Event> {
    let mut events = vec![
        Event::OrderedRetry,
        Event::OrderedSkip,
        Event::Revoked,
        Event::Fenced,
        Event::Unfetchable,
        Event::Overtaken,
    ];
    for mode in MODES {
        for archiving in ARCHIVINGS {
            for answer in Answer::ALL {
                events.push(Event::Unprocessable {
                    mode,
                    archiving,
                    answer,
                });
            }
        }
    }
    events
}

#[test]
fn every_event_is_answered_by_exactly_one_row_and_every_row_answers_one() {
    let mut answered = vec![0; TABLE.len()];
    for event in events() {
        let rows: Vec<_> = TABLE.iter().filter(|row| row.answers(event)).collect();
        assert_eq!(rows.len(), 1, "{event:?}");
        assert_eq!(decide(event).number, rows[0].number);
        answered[usize::from(rows[0].number) - 1] += 1;
    }
    assert!(answered.iter().all(|times| *times > 0), "{answered:?}");
}

#[test]
fn an_offset_passes_a_record_only_by_configuration_acknowledgement_or_order() {
    for event in events() {
        let row = decide(event);
        let allowed = matches!(
            event,
            Event::Unprocessable {
                mode: Mode::Skip,
                archiving: Archiving::Off | Archiving::BestEffort,
                ..
            } | Event::Unprocessable {
                mode: Mode::Skip,
                archiving: Archiving::Required,
                answer: Answer::Acked | Answer::ReducedAcked,
            } | Event::OrderedSkip
        );
        assert_eq!(row.offset == OffsetMove::Settle, allowed, "{event:?}");
    }
}

#[test]
fn a_pause_always_seeks_back_and_holds() {
    for row in TABLE {
        if row.partition == PartitionMove::PauseAndSeek {
            assert_eq!(row.offset, OffsetMove::Hold, "row {}", row.number);
            assert_eq!(row.bucket, Bucket::Blocked, "row {}", row.number);
        }
    }
}

#[test]
fn every_disposition_is_given_by_some_row_and_nothing_is_sent_where_the_archive_is_off() {
    for disposition in Disposition::ALL {
        let given = TABLE
            .iter()
            .any(|row| row.bucket == Bucket::Final(disposition));
        assert!(given, "{}", disposition.label());
    }
    for mode in MODES {
        for answer in Answer::ALL {
            let archiving = Archiving::Off;
            let row = decide(Event::Unprocessable {
                mode,
                archiving,
                answer,
            });
            assert_eq!(row.send, Send::Nothing);
        }
    }
}

#[test]
fn the_readme_shows_the_table_that_decides() {
    let readme = include_str!("../README.md");
    assert!(
        readme.contains(&markdown()),
        "README.md should contain:\n\n{}",
        markdown()
    );
}
