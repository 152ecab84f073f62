//! The table answers every event with exactly one row, and the README shows the table that decides.

use core::fmt::Write;

use super::{
    ANY, Answer, Bucket, Event, Grade, OffsetMove, PartitionMove, Row, Send, TABLE, When, decide,
};
use crate::{Archiving, Disposition, Mode};

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
            for &answer in ANY {
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
        for &answer in ANY {
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
    let readme = include_str!("../../README.md");
    assert!(
        readme.contains(&markdown()),
        "README.md should contain:\n\n{}",
        markdown()
    );
}

/// The table as the README shows it, one line a row.
fn markdown() -> String {
    let mut text = String::from(
        "| # | mode | archive | answer | offset | partition | sent | counted as | health |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for row in TABLE {
        let [mode, archiving, answer] = when(row);
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {} | {mode} | {archiving} | {answer} | {} | {} | {} | {} | {} |",
            row.number,
            offset(row.offset),
            partition(row.partition),
            send(row.send),
            bucket(row.bucket),
            grade(row.grade),
        );
    }
    text
}

fn when(row: &Row) -> [String; 3] {
    match row.when {
        When::Unprocessable {
            mode,
            archiving,
            answers,
        } => {
            let mode = match mode {
                Mode::Skip => "skip",
                Mode::Pause => "pause",
            };
            let archiving: Vec<_> = archiving.iter().copied().map(self::archiving).collect();
            let answers = if answers.len() == ANY.len() {
                String::from("any")
            } else {
                let answers: Vec<_> = answers.iter().copied().map(answer).collect();
                answers.join(" or ")
            };
            [mode.to_owned(), archiving.join(" or "), answers]
        }
        When::Exactly(event) => [event_words(event).to_owned(), String::new(), String::new()],
    }
}

const fn archiving(archiving: Archiving) -> &'static str {
    match archiving {
        Archiving::Off => "off",
        Archiving::BestEffort => "best effort",
        Archiving::Required => "required",
    }
}

const fn answer(answer: Answer) -> &'static str {
    match answer {
        Answer::Pending => "none yet",
        Answer::Acked => "acked",
        Answer::ReducedAcked => "reduced acked",
        Answer::Transient => "failed, may pass",
        Answer::TooLarge => "too large",
        Answer::Refused => "refused for good",
    }
}

const fn event_words(event: Event) -> &'static str {
    match event {
        Event::Unprocessable { .. } => "cannot be processed",
        Event::OrderedRetry => "operator: retry",
        Event::OrderedSkip => "operator: skip, once rows 1 to 8 settle it",
        Event::Revoked => "revoked",
        Event::Fenced => "of an old assignment or send",
        Event::Unfetchable => "no record to be had",
        Event::Overtaken => "behind a record put on hold",
    }
}

const fn offset(offset: OffsetMove) -> &'static str {
    match offset {
        OffsetMove::Settle => "settle",
        OffsetMove::Hold => "hold",
        OffsetMove::Forget => "forget",
        OffsetMove::Unchanged => "",
    }
}

const fn partition(partition: PartitionMove) -> &'static str {
    match partition {
        PartitionMove::Run => "run",
        PartitionMove::PauseAndSeek => "pause, seek back",
        PartitionMove::SeekAndResume => "seek, resume",
        PartitionMove::Leave => "leave",
        PartitionMove::Unchanged => "",
    }
}

const fn send(send: Send) -> &'static str {
    match send {
        Send::Nothing => "",
        Send::Full => "full",
        Send::Again => "again, later",
        Send::Reduced => "reduced, once",
    }
}

const fn bucket(bucket: Bucket) -> &'static str {
    match bucket {
        Bucket::Final(disposition) => disposition.label(),
        Bucket::Pending => "(pending)",
        Bucket::Blocked => "(blocked)",
        Bucket::None => "",
    }
}

const fn grade(grade: Grade) -> &'static str {
    match grade {
        Grade::Pass => "pass",
        Grade::Warn => "warn",
        Grade::Fail => "fail",
    }
}
