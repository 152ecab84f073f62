//! The engine, and the file that its calls are written to when something is held.

use core::time::Duration;
use std::{fs, io};

use dashstream_policy::trace::TracedEngine;
use dashstream_policy::{Cause, Config, ConfigError, Delivered};

use crate::config::TraceFile;
use crate::crash_loop::beside;
use crate::message::RejectedMessage;

/// An engine that is recorded as far as the configuration says: by default not at all.
#[derive(Debug)]
pub(crate) struct RecordedEngine {
    traced: TracedEngine<RejectedMessage>,
    file: Option<TraceFile>,
    /// How many calls the file has, and whether it says that there were more.
    written: (usize, bool),
}

impl RecordedEngine {
    pub(crate) fn new(policy: Config, file: Option<TraceFile>) -> Result<Self, ConfigError> {
        let calls_max = file.as_ref().map_or(0, |file| file.calls_max);
        Ok(Self {
            traced: TracedEngine::new(policy, calls_max)?,
            file,
            written: (0, false),
        })
    }

    /// As [`TracedEngine::reject`], with the memory that the record takes.
    pub(crate) fn reject(
        &mut self,
        now: Duration,
        of: Delivered,
        cause: Cause,
        kept: RejectedMessage,
    ) {
        let bytes = kept.bytes();
        self.traced.reject(now, of, cause, kept, bytes);
    }

    /// As [`TracedEngine::release`], with the memory that the record takes.
    pub(crate) fn release(
        &mut self,
        now: Duration,
        of: Delivered,
        cause: Cause,
        kept: RejectedMessage,
    ) {
        let bytes = kept.bytes();
        self.traced.release(now, of, cause, kept, bytes);
    }

    /// Writes the recording, unless there is none or the file has all of it. The file is there whole or
    /// not at all.
    pub(crate) fn write(&mut self) -> Option<io::Result<()>> {
        let file = self.file.as_ref()?;
        let trace = self.traced.trace();
        // Calls are only added, up to a limit, and what comes after it is noted once.
        let all = (trace.len(), trace.is_cut());
        if all == self.written {
            return None;
        }
        // The file is renamed into place, so that a process that dies while it writes leaves the earlier one.
        let beside = beside(&file.path);
        let written =
            fs::write(&beside, trace.to_string()).and_then(|()| fs::rename(&beside, &file.path));
        // After a failure it is written again at the next occasion, which may be the last: a recording that is
        // full grows no more.
        if written.is_ok() {
            self.written = all;
        }
        Some(written)
    }
}

impl core::ops::Deref for RecordedEngine {
    type Target = TracedEngine<RejectedMessage>;

    fn deref(&self) -> &Self::Target {
        &self.traced
    }
}

impl core::ops::DerefMut for RecordedEngine {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.traced
    }
}

#[cfg(test)]
mod tests;
