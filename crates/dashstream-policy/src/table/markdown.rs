//! The table as the README shows it.

use core::fmt::Write;

use crate::{Archiving, Mode};

use super::{Answer, Bucket, Event, Grade, OffsetMove, PartitionMove, Row, Send, TABLE, When};

/// Writes [`TABLE`] as a Markdown table, one line a row.
#[must_use]
pub fn markdown() -> String {
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
            let answers = if answers.len() == Answer::ALL.len() {
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
