//! Listing letters, and sending them again.

use std::io::{self, Write as _};

use dashstream_dlq::{
    DeadLetter, LetterPlace, RedriveOptions, RedriveOutcome, RedriveReport, rfc3339,
};
use dashstream_kafka::{Redriver, TopicReader};
use serde_json::json;

use crate::args::{Args, Filter, List, Redrive, read};
use crate::failure::{Failure, Found};
use crate::records::LETTER_BYTES_MAX;
use crate::text::{letter_json, place, say, shown, source};

pub(crate) fn list(args: &Args, list: &List, out: &mut impl io::Write) -> Result<Found, Failure> {
    let config = args.config(&list.topic)?;
    let filter = list.filter.options();
    let mut reader = TopicReader::whole(&config, &list.topic)?;
    let mut found = Found::NothingWrong;
    while let Some((at, record)) = reader.read()? {
        match DeadLetter::read(&record, LETTER_BYTES_MAX) {
            Ok(letter) if filter.selects(at, &letter) => line(args, at, &letter, out)?,
            Ok(_) => {}
            Err(error) => {
                found = Found::Faults;
                say!(args, out, {"letter": place(at), "error": error.code()},
                    "{:<12} no letter: {error}", place(at))?;
            }
        }
    }
    Ok(found)
}

fn line(
    args: &Args,
    at: LetterPlace,
    letter: &DeadLetter,
    out: &mut impl io::Write,
) -> io::Result<()> {
    if args.json {
        return writeln!(out, "{}", letter_json(at, letter, json!({})));
    }
    let (place, time, cause) = (place(at), rfc3339(letter.at), shown(letter.cause()));
    let (from, bytes) = (source(letter), letter.size);
    let how = match letter.record() {
        Some(_) => "record",
        None => "reference",
    };
    writeln!(
        out,
        "{place:<12} {time} {cause:<22} {from:<30} {bytes:>9} B {how}"
    )
}

pub(crate) fn redrive(
    args: &Args,
    redrive: &Redrive,
    out: &mut impl io::Write,
) -> Result<Found, Failure> {
    let config = args.config(&redrive.topic)?;
    let mut options = redrive.filter.options();
    let only = || redrive.only.iter().copied();
    options.letters = (!redrive.only.is_empty()).then(|| only().collect());
    options.target.clone_from(&redrive.to);
    (options.rate, options.redrives_max) = (redrive.rate, redrive.max);
    options.force = redrive.force;
    // Read before anything is sent: a file that is missing ends the command with nothing done.
    for (at, path) in &redrive.mend {
        options.mended.insert(*at, read(path)?.into());
    }
    // `--dry-run` wins where both are given: nothing is begun under the name.
    let name = redrive.name.as_deref().filter(|_| !redrive.dry_run);
    let Some(name) = name else {
        let report = Redriver::dry_run(&config, options)?;
        return result(args, &report, true, out);
    };
    let mut redriver = Redriver::start(&config, name, options)?;
    while redriver.step()? {
        progress(args, redriver.report(), out)?;
    }
    result(args, redriver.report(), false, out)
}

fn progress(args: &Args, report: &RedriveReport, out: &mut impl io::Write) -> io::Result<()> {
    let (letters, sent) = (report.letters(), report.total(RedriveOutcome::Sent));
    if args.json {
        // Flushed line by line, so that a program that reads it sees how far it is.
        writeln!(out, "{}", json!({"letters": letters, "sent": sent}))?;
        return out.flush();
    }
    // Not a part of the result, and no reason to end when nobody can be told.
    let _told = writeln!(io::stderr(), "{letters} letters, {sent} sent");
    Ok(())
}

/// The histogram, and what cannot be sent.
fn result(
    args: &Args,
    report: &RedriveReport,
    is_dry: bool,
    out: &mut impl io::Write,
) -> Result<Found, Failure> {
    for (outcome, cause, letters) in report.counts().filter(|(_, _, letters)| *letters > 0) {
        let is_sent = outcome == RedriveOutcome::Sent;
        let outcome = if is_sent && is_dry {
            "would_send"
        } else {
            outcome.label()
        };
        say!(args, out, {"outcome": outcome, "cause": cause, "letters": letters},
            "{outcome:<16} {:<24} {letters}", shown(cause))?;
    }
    for (at, outcome) in report.unsent() {
        let (at, outcome) = (place(*at), outcome.label());
        say!(args, out, {"letter": at, "outcome": outcome}, "{outcome:<16} letter {at}")?;
    }
    Ok(match report.unsent() {
        [] => Found::NothingWrong,
        [_, ..] => Found::Faults,
    })
}

impl Filter {
    fn options(&self) -> RedriveOptions {
        let mut options = RedriveOptions::default();
        options.causes = self.cause.iter().cloned().collect();
        (options.from, options.until) = (self.from, self.until);
        options.source.clone_from(&self.source);
        options
    }
}
