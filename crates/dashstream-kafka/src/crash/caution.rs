//! Which records are handed out one at a time, and which not at all.
//!
//! While all goes well a mark is written once for each [`HANDED_BLOCK`] offsets of a partition: it
//! says below which offset records may be with the host. The process that starts after one that died
//! reads in it where the fatal record must be. It hands those records out one at a time, with a mark
//! before each that is taken back when the record comes back; so the next death has one suspect.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::config::{Config, CrashLoop};
use crate::crash::{CrashMark, CrashMarker, CrashMarks, MarkerError, Suspect};
use crate::desk::Taken;

/// The marks, and the records that wait for their turn.
#[derive(Debug)]
pub(crate) struct Caution {
    marker: Arc<dyn CrashMarker>,
    deaths_max: u32,
    marks: CrashMarks,
    /// Records below these were perhaps with a process that died.
    careful_below: BTreeMap<i32, i64>,
    waiting: VecDeque<Taken>,
    /// The one record that is out, where they go out one at a time.
    out: Option<(i32, i64)>,
    /// The marks differ from what was saved.
    is_dirty: bool,
    failure: Option<MarkerError>,
}

impl Caution {
    /// Reads what earlier processes left, if the configuration has a marker.
    pub(crate) fn open(config: &Config) -> Result<Option<Self>, MarkerError> {
        let Some(CrashLoop { marker, deaths_max }) = &config.crash_loop else {
            return Ok(None);
        };
        let mut marks = marker.load()?;
        // A group may be called anything; what is kept has one line.
        let group = config.group.escape_default().to_string();
        if marks == CrashMarks::default() {
            marks.topic.clone_from(&config.topic);
            marks.group = group;
        } else if (&marks.topic, &marks.group) != (&config.topic, &group) {
            return Err(MarkerError::Foreign);
        }
        let mut careful_below = BTreeMap::new();
        for (partition, mark) in &mut marks.partitions {
            mark.count_death();
            if let Some(below) = mark.handed_below {
                careful_below.insert(*partition, below);
            }
        }
        // The death is counted before anything else can go wrong, and once.
        marker.save(&marks)?;
        Ok(Some(Self {
            marker: Arc::clone(marker),
            deaths_max: *deaths_max,
            marks,
            careful_below,
            waiting: VecDeque::new(),
            out: None,
            is_dirty: false,
            failure: None,
        }))
    }

    /// Whether too many processes died on this record.
    pub(crate) fn condemns(&self, partition: i32, offset: i64) -> bool {
        let mark = self.marks.partitions.get(&partition);
        let suspect = mark.and_then(|mark| mark.suspect);
        suspect.is_some_and(|suspect| suspect.offset == offset && suspect.deaths >= self.deaths_max)
    }

    /// Gives a record back that may be handed out at once, and keeps it for later otherwise.
    pub(crate) fn admit(&mut self, taken: Taken) -> Option<Taken> {
        let (partition, offset) = taken.place();
        if !self.waiting.is_empty() || self.out.is_some() || self.is_careful(partition, offset) {
            self.waiting.push_back(taken);
            return None;
        }
        self.reserve(partition, offset);
        Some(taken)
    }

    /// The next record that has its turn, given whether the host has one.
    pub(crate) fn next(&mut self, host_has_one: bool) -> Option<Taken> {
        if host_has_one {
            return None;
        }
        self.clear_out();
        let taken = self.waiting.pop_front()?;
        let (partition, offset) = taken.place();
        if self.is_careful(partition, offset) {
            self.out = Some((partition, offset));
            self.mark(partition).out = Some(offset);
            self.save();
        } else {
            self.reserve(partition, offset);
        }
        Some(taken)
    }

    /// Whether records wait for their turn.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// A record came back: nobody died of it.
    pub(crate) fn came_back(&mut self, partition: i32, offset: i64) {
        if self.out == Some((partition, offset)) {
            self.clear_out();
        }
        self.acquit(partition, |suspect| suspect == offset);
    }

    /// An operator wants the partition's held record to be met again.
    pub(crate) fn forgive(&mut self, partition: i32) {
        self.acquit(partition, |_| true);
    }

    /// A partition goes on from `next`, by what was committed or is stored.
    pub(crate) fn passed(&mut self, partition: i32, next: i64) {
        self.acquit(partition, |suspect| suspect < next);
    }

    /// Gives records up that the engine has given up.
    pub(crate) fn take_off(&mut self, partition: i32, from: i64) {
        self.waiting.retain(|taken| !taken.is_at(partition, from));
    }

    /// The process ends in order: whatever was out is no suspect.
    pub(crate) fn end(&mut self) {
        for mark in self.marks.partitions.values_mut() {
            mark.handed_below = None;
            mark.out = None;
        }
        self.waiting.clear();
        self.save();
    }

    /// Saves what is not saved yet. Says what went wrong since it was asked last.
    pub(crate) fn flush(&mut self) -> Option<MarkerError> {
        if self.is_dirty {
            self.save();
        }
        self.failure.take()
    }

    fn is_careful(&self, partition: i32, offset: i64) -> bool {
        let below = self.careful_below.get(&partition);
        below.is_some_and(|below| offset < *below)
    }

    /// Says that records up to some way behind `offset` may be with the host.
    fn reserve(&mut self, partition: i32, offset: i64) {
        let mark = self.mark(partition);
        if mark.handed_below.is_none_or(|below| offset >= below) {
            mark.handed_below = Some(offset.saturating_add(HANDED_BLOCK));
            self.save();
        }
    }

    /// Nothing is out any more: it came back, or was given up before the host saw it.
    fn clear_out(&mut self) {
        if let Some((partition, _)) = self.out.take() {
            self.mark(partition).out = None;
            self.is_dirty = true;
        }
    }

    fn acquit(&mut self, partition: i32, is_meant: impl Fn(i64) -> bool) {
        let Some(mark) = self.marks.partitions.get_mut(&partition) else {
            return;
        };
        if mark.suspect.is_some_and(|suspect| is_meant(suspect.offset)) {
            mark.suspect = None;
            self.is_dirty = true;
        }
    }

    fn mark(&mut self, partition: i32) -> &mut CrashMark {
        self.marks.partitions.entry(partition).or_default()
    }

    fn save(&mut self) {
        self.is_dirty = false;
        self.failure = self.marker.save(&self.marks).err().or(self.failure);
    }
}

impl CrashMark {
    /// Counts the death of the process that left this.
    fn count_death(&mut self) {
        let Some(offset) = self.out.take() else {
            return;
        };
        let before = self.suspect.filter(|suspect| suspect.offset == offset);
        let deaths = before.map_or(0, |suspect| suspect.deaths).saturating_add(1);
        self.suspect = Some(Suspect { offset, deaths });
    }
}

/// Offsets of a partition that one mark covers: as many records as may be out by default. After a
/// death at most so many are handed out one at a time that no host had.
const HANDED_BLOCK: i64 = 1_000;

#[cfg(test)]
mod tests {
    use core::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Mutex, PoisonError};

    use super::*;
    use crate::desk::tests::taken;

    /// Marks that outlive a process, and how often they were saved.
    #[derive(Debug, Default)]
    struct Memory(Mutex<(CrashMarks, u32)>);

    impl Memory {
        fn saves(&self) -> u32 {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).1
        }
    }

    impl CrashMarker for Memory {
        fn load(&self) -> Result<CrashMarks, MarkerError> {
            Ok(self.0.lock().unwrap().0.clone())
        }

        fn save(&self, marks: &CrashMarks) -> Result<(), MarkerError> {
            let mut kept = self.0.lock().unwrap();
            kept.0.clone_from(marks);
            kept.1 = kept.1.saturating_add(1);
            Ok(())
        }
    }

    fn open(memory: &Arc<Memory>, deaths: u32) -> Caution {
        let config = Config::new("b", "t", "g")
            .and_then(|config| config.crash_loop(Arc::clone(memory) as _, deaths))
            .unwrap();
        Caution::open(&config).unwrap().unwrap()
    }

    /// Hands out what may be handed out at once. Returns the offsets.
    fn hand_out(caution: &mut Caution, offsets: core::ops::Range<i64>) -> Vec<i64> {
        let taken = taken(0, offsets);
        let now = taken.into_iter().filter_map(|taken| caution.admit(taken));
        now.map(|taken| taken.place().1).collect()
    }

    fn next(caution: &mut Caution) -> Option<i64> {
        caution.next(false).map(|taken| taken.place().1)
    }

    #[test]
    fn one_mark_covers_a_thousand_offsets_while_all_goes_well() {
        let memory = Arc::new(Memory::default());
        for (end, saves) in [(999, 1), (1_000, 1), (1_001, 2)] {
            let mut caution = open(&memory, 3);
            let before = memory.saves();
            for first in (0..end).step_by(500) {
                let batch = first..end.min(first + 500);
                let count = batch.end - batch.start;
                assert_eq!(hand_out(&mut caution, batch).len() as i64, count);
            }
            assert_eq!(memory.saves() - before, saves, "{end}");
            caution.end();
        }
    }

    #[test]
    fn after_a_death_records_go_out_one_at_a_time_and_after_an_orderly_end_they_do_not() {
        let memory = Arc::new(Memory::default());
        let mut caution = open(&memory, 3);
        assert_eq!(hand_out(&mut caution, 0..5), [0, 1, 2, 3, 4]);
        drop(caution);

        let mut caution = open(&memory, 3);
        assert!(hand_out(&mut caution, 0..3).is_empty());
        assert_eq!(caution.next(true).map(|taken| taken.place()), None);
        assert_eq!(next(&mut caution), Some(0));
        assert!(caution.next(true).is_none(), "one is out");
        caution.came_back(0, 0);
        assert_eq!(next(&mut caution), Some(1));
        caution.came_back(0, 1);
        caution.end();

        let mut caution = open(&memory, 3);
        assert_eq!(hand_out(&mut caution, 2..5), [2, 3, 4]);
    }

    /// Dies `deaths` times on record 2, and says whether it is condemned then.
    fn condemned_after(memory: &Arc<Memory>, deaths: u32, deaths_max: u32) -> bool {
        // The first death does not say which record it was.
        assert_eq!(hand_out(&mut open(memory, deaths_max), 0..5).len(), 5);
        for _ in 0..deaths {
            let mut caution = open(memory, deaths_max);
            assert!(hand_out(&mut caution, 0..5).is_empty());
            for offset in 0..2 {
                assert_eq!(next(&mut caution), Some(offset));
                caution.came_back(0, offset);
            }
            assert_eq!(next(&mut caution), Some(2));
        }
        let caution = open(memory, deaths_max);
        assert!(!caution.condemns(0, 1) && !caution.condemns(0, 3) && !caution.condemns(1, 2));
        caution.condemns(0, 2)
    }

    #[test]
    fn a_record_is_condemned_at_its_last_allowed_death_and_not_before() {
        for (deaths, condemned) in [(2, false), (3, true), (4, true)] {
            let memory = Arc::default();
            assert_eq!(condemned_after(&memory, deaths, 3), condemned, "{deaths}");
        }
        // Lowered rejects, raised accepts.
        assert!(condemned_after(&Arc::default(), 2, 2));
        assert!(!condemned_after(&Arc::default(), 4, 5));
    }

    #[test]
    fn a_suspect_is_acquitted_by_coming_back_by_being_passed_and_by_an_operator() {
        let acquit: [fn(&mut Caution); 3] = [
            |caution| caution.came_back(0, 2),
            |caution| caution.passed(0, 3),
            |caution| caution.forgive(0),
        ];
        for acquit in acquit {
            let memory = Arc::new(Memory::default());
            assert!(condemned_after(&memory, 3, 3));
            let mut caution = open(&memory, 3);
            caution.passed(0, 2);
            assert!(caution.condemns(0, 2), "not by the record before it");
            acquit(&mut caution);
            assert!(!caution.condemns(0, 2));
            assert_eq!(caution.flush(), None);
            assert!(!open(&memory, 3).condemns(0, 2), "and that is saved");
        }
    }

    #[test]
    fn a_condemned_record_stays_so_over_an_orderly_end() {
        let memory = Arc::new(Memory::default());
        assert!(condemned_after(&memory, 3, 3));
        open(&memory, 3).end();
        assert!(open(&memory, 3).condemns(0, 2));
    }

    #[test]
    fn marks_of_another_group_are_refused() {
        let memory = Arc::new(Memory::default());
        drop(open(&memory, 3));
        let other = Config::new("b", "t", "other")
            .and_then(|config| config.crash_loop(memory as _, 3))
            .unwrap();
        assert_eq!(Caution::open(&other).err(), Some(MarkerError::Foreign));
    }

    #[test]
    fn a_marker_that_cannot_be_written_is_reported_and_stops_nothing() {
        #[derive(Debug)]
        struct Full(AtomicBool);
        impl CrashMarker for Full {
            fn load(&self) -> Result<CrashMarks, MarkerError> {
                Ok(CrashMarks::default())
            }
            fn save(&self, _: &CrashMarks) -> Result<(), MarkerError> {
                // Works at the start, and never again.
                if self.0.swap(true, Ordering::Relaxed) {
                    return Err(MarkerError::Io(std::io::ErrorKind::StorageFull));
                }
                Ok(())
            }
        }
        let config = Config::new("b", "t", "g")
            .and_then(|config| config.crash_loop(Arc::new(Full(AtomicBool::new(false))), 3))
            .unwrap();
        let mut caution = Caution::open(&config).unwrap().unwrap();
        assert_eq!(hand_out(&mut caution, 0..2), [0, 1]);
        let full = MarkerError::Io(std::io::ErrorKind::StorageFull);
        assert_eq!(caution.flush(), Some(full));
        assert_eq!(caution.flush(), None);
    }
}
