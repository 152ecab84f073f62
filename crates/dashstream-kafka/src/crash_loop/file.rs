//! Marks in a file.

use core::fmt::Write as _;
use core::str::FromStr;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::crash_loop::{CrashMark, CrashMarks, Suspect};
use crate::error::MarkerError;

impl CrashMarks {
    /// What was saved last, or the default where nothing ever was.
    pub(super) fn load(path: &Path) -> Result<Self, MarkerError> {
        match fs::read_to_string(path) {
            Ok(text) => parse(&text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(MarkerError::Io(error.kind())),
        }
    }

    /// Replaces what was saved, and returns once that survives the end of the process.
    ///
    /// A new file beside it is on the disk before it is renamed into place, and on Unix the folder after
    /// that: after a power cut there are the old marks or the new ones.
    pub(super) fn save(&self, path: &Path) -> Result<(), MarkerError> {
        let written = (|| {
            let beside = beside(path);
            let mut file = File::create(&beside)?;
            file.write_all(text(self).as_bytes())?;
            file.sync_all()?;
            drop(file);
            fs::rename(&beside, path)?;
            sync_folder(path)
        })();
        written.map_err(|error: io::Error| MarkerError::Io(error.kind()))
    }
}

/// Where a file is written before it is renamed into place.
pub(crate) fn beside(path: &Path) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    beside.into()
}

/// Makes the name survive as well as what is in the file. Other systems have no call for it.
fn sync_folder(path: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    let folder = path.parent().filter(|name| !name.as_os_str().is_empty());
    File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

fn text(marks: &CrashMarks) -> String {
    // Neither name has a line break: a topic is checked by Kafka's rule, and the guard escapes the group.
    let mut text = format!("{FIRST}\n{}\n{}\n", marks.topic, marks.group);
    for (partition, mark) in &marks.partitions {
        let shown = |at: Option<i64>| at.map_or_else(|| NONE.to_owned(), |at| at.to_string());
        let suspect = mark.suspect.map(|suspect| suspect.offset);
        let deaths = mark.suspect.map_or(0, |suspect| suspect.deaths);
        let (below, out, suspect) = (shown(mark.handed_below), shown(mark.out), shown(suspect));
        // Writing to a string does not fail.
        let _ok = writeln!(text, "{partition} {below} {out} {suspect} {deaths}");
    }
    text
}

fn parse(text: &str) -> Result<CrashMarks, MarkerError> {
    let mut lines = text.lines();
    let mut head = |line| lines.next().ok_or(MarkerError::Malformed { line });
    if head(1)? != FIRST {
        return Err(MarkerError::Malformed { line: 1 });
    }
    let (topic, group) = (head(2)?.to_owned(), head(3)?.to_owned());
    let mut partitions = BTreeMap::new();
    for (text, line) in lines.zip(4..) {
        let (partition, mark) = mark(text).ok_or(MarkerError::Malformed { line })?;
        partitions.insert(partition, mark);
    }
    Ok(CrashMarks {
        topic,
        group,
        partitions,
    })
}

fn mark(line: &str) -> Option<(i32, CrashMark)> {
    let mut words = line.split(' ');
    let partition = words.next()?.parse().ok()?;
    let handed_below = offset(words.next()?)?;
    let out = offset(words.next()?)?;
    let suspect = offset(words.next()?)?;
    let deaths = words.next()?.parse().ok()?;
    let suspect = suspect.map(|offset| Suspect { offset, deaths });
    // `text` never writes deaths without a suspect.
    let whole = words.next().is_none() && (suspect.is_some() || deaths == 0);
    whole.then_some((
        partition,
        CrashMark {
            handed_below,
            out,
            suspect,
        },
    ))
}

/// An offset or none; nothing for a word that is neither.
fn offset(word: &str) -> Option<Option<i64>> {
    if word == NONE {
        return Some(None);
    }
    let offset = i64::from_str(word).ok().filter(|offset| *offset >= 0)?;
    Some(Some(offset))
}

const FIRST: &str = "dashstream-crash-marks 1";
const NONE: &str = "-";

#[cfg(test)]
mod tests;
