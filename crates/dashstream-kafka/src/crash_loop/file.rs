//! Marks in a file.

use core::fmt::Write as _;
use core::str::FromStr;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::crash_loop::{CrashMark, CrashMarker, CrashMarks, MarkerError, Suspect};

/// Keeps marks in a file of its own.
///
/// Each save writes a new file beside it, waits for the disk (`fsync`), renames it into place, and
/// on Unix waits for the folder too: after a power cut there are the old marks or the new ones. The
/// file has one line for each partition and is removed by nobody; delete it when its topic is made
/// anew, since offsets begin again then.
#[derive(Debug)]
pub struct MarkerFile {
    path: PathBuf,
    beside: PathBuf,
}

impl MarkerFile {
    /// Keeps marks at `path`, whose folder must exist. Nothing is read or written yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let mut beside = path.clone().into_os_string();
        beside.push(".new");
        Self {
            path,
            beside: beside.into(),
        }
    }

    /// Where the marks are.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl CrashMarker for MarkerFile {
    fn load(&self) -> Result<CrashMarks, MarkerError> {
        match fs::read_to_string(&self.path) {
            Ok(text) => parse(&text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(CrashMarks::default()),
            Err(error) => Err(MarkerError::Io(error.kind())),
        }
    }

    fn save(&self, marks: &CrashMarks) -> Result<(), MarkerError> {
        let written = (|| {
            let mut file = File::create(&self.beside)?;
            file.write_all(text(marks).as_bytes())?;
            file.sync_all()?;
            drop(file);
            fs::rename(&self.beside, &self.path)?;
            sync_folder(&self.path)
        })();
        written.map_err(|error: io::Error| MarkerError::Io(error.kind()))
    }
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
    let mut text = format!("{FIRST}\n{}\n{}\n", marks.topic, marks.group);
    for (partition, mark) in &marks.partitions {
        let shown = |offset: Option<i64>| offset.map_or_else(none, |offset| offset.to_string());
        let (suspect, deaths) = match mark.suspect {
            Some(suspect) => (Some(suspect.offset), suspect.deaths),
            None => (None, 0),
        };
        let (below, out, suspect) = (shown(mark.handed_below), shown(mark.out), shown(suspect));
        // Writing to a string does not fail.
        let _ok = writeln!(text, "{partition} {below} {out} {suspect} {deaths}");
    }
    text
}

fn none() -> String {
    NONE.to_owned()
}

fn parse(text: &str) -> Result<CrashMarks, MarkerError> {
    let mut lines = text.lines();
    let mut head = |line| lines.next().ok_or(MarkerError::Malformed { line });
    if head(1)? != FIRST {
        return Err(MarkerError::Malformed { line: 1 });
    }
    let (topic, group) = (head(2)?.to_owned(), head(3)?.to_owned());
    let mut partitions = BTreeMap::new();
    for (at, line) in lines.enumerate() {
        let line_number = at.saturating_add(4);
        let (partition, mark) = mark(line).ok_or(MarkerError::Malformed { line: line_number })?;
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
