//! Reading a trace from its text form.

use core::fmt::Write;
use core::str::FromStr;
use core::time::Duration;

use thiserror::Error;

use crate::{
    Age, ArchiveId, Archiving, Backoff, Breaker, Cause, Command, Config, Delivery, Epoch,
    Escalation, FetchFault, Input, LogRange, Mode, NextOffset, NullPayload, Offset, Order, Scope,
    Signature, TopicId, TopicPartition,
};

use super::text::{ANSWERS, END, Head, Line, MAGIC, NONE, POLL, VERSION};
use super::{Call, Trace};

/// A text that is no trace, or none that is read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TraceError {
    /// The first line is another.
    #[error("the text does not begin as a trace does")]
    NotATrace,
    /// Written by another version of the format.
    #[error("version {found} of the format, {known} is read")]
    Version {
        /// The text's version.
        found: u32,
        /// The one that is read here.
        known: u32,
    },
    /// A line that the format does not have there, or not in this spelling.
    #[error("line {line} is not as the format has it")]
    Line {
        /// Which one, from 1.
        line: usize,
    },
    /// More calls than asked for.
    #[error("more than {limit} calls")]
    TooLong {
        /// What was asked for.
        limit: usize,
    },
}

codes! {
    TraceError {
        NotATrace = "trace_unknown",
        Version = "trace_version",
        Line = "trace_line",
        TooLong = "trace_too_long",
    }
}

impl Trace {
    /// Reads the text form of at most `calls_max` calls. Takes about 150 bytes of memory a call and
    /// nothing beyond.
    ///
    /// # Errors
    ///
    /// [`TraceError`] for anything but what a trace's `Display` writes, or the beginning of it.
    pub fn parse(text: &str, calls_max: usize) -> Result<Self, TraceError> {
        let mut lines = Lines::of(text);
        lines.first()?;
        let config = lines.config()?;
        let mut written = Head(&config).to_string();
        if !text.starts_with(&written) {
            // What it means is clear, how it is spelt is not what is written: a leading zero, say.
            return Err(TraceError::Line {
                line: first_difference(text, &written),
            });
        }
        let mut calls = Vec::new();
        while let Some(line) = lines.next() {
            if line == END {
                return match lines.rest {
                    "" => Ok(Self {
                        config,
                        calls,
                        is_cut: false,
                    }),
                    _ => Err(lines.refuse_next()),
                };
            }
            let (now, call) = read(line).ok_or_else(|| lines.refuse())?;
            written.clear();
            // Writing to a string cannot fail.
            let _ = write!(written, "{}", Line(now, &call));
            if written != line {
                return Err(lines.refuse());
            }
            if calls.len() >= calls_max {
                return Err(TraceError::TooLong { limit: calls_max });
            }
            calls.push((now, call));
        }
        Ok(Self {
            config,
            calls,
            is_cut: true,
        })
    }
}

/// The number of the first line in which two texts differ.
fn first_difference(text: &str, other: &str) -> usize {
    let same = text.lines().zip(other.lines()).take_while(|(l, o)| l == o);
    same.count().saturating_add(1)
}

/// The whole lines of a text. What follows the last line feed is no line.
struct Lines<'a> {
    rest: &'a str,
    number: usize,
}

impl<'a> Lines<'a> {
    const fn of(text: &'a str) -> Self {
        Self {
            rest: text,
            number: 0,
        }
    }

    fn next(&mut self) -> Option<&'a str> {
        let (line, rest) = self.rest.split_once('\n')?;
        self.rest = rest;
        self.number = self.number.saturating_add(1);
        Some(line)
    }

    const fn refuse(&self) -> TraceError {
        TraceError::Line { line: self.number }
    }

    /// As [`Lines::refuse`], for the line that follows or is not there.
    const fn refuse_next(&self) -> TraceError {
        TraceError::Line {
            line: self.number.saturating_add(1),
        }
    }

    fn first(&mut self) -> Result<(), TraceError> {
        let mut words = Words::of(self.next().ok_or(TraceError::NotATrace)?);
        if words.next() != Some(MAGIC) {
            return Err(TraceError::NotATrace);
        }
        let found = words.number().ok_or(TraceError::NotATrace)?;
        if found != VERSION {
            return Err(TraceError::Version {
                found,
                known: VERSION,
            });
        }
        Ok(())
    }

    /// The words of the next line, which has to begin with `name`.
    fn setting(&mut self, name: &str) -> Result<Words<'a>, TraceError> {
        let line = self.next().ok_or_else(|| self.refuse_next())?;
        let mut words = Words::of(line);
        match words.next() {
            Some(word) if word == name => Ok(words),
            _ => Err(self.refuse()),
        }
    }

    fn value<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Words<'a>) -> Option<T>,
    ) -> Result<T, TraceError> {
        let mut words = self.setting(name)?;
        read(&mut words).ok_or_else(|| self.refuse())
    }

    fn config(&mut self) -> Result<Config, TraceError> {
        let mut config = Config::default()
            .mode(self.value("mode", |w| w.one_of(&Mode::ALL, Mode::label))?)
            .scope(self.value("scope", |w| w.one_of(&Scope::ALL, Scope::label))?)
            .archiving(self.value("archiving", |w| w.one_of(&Archiving::ALL, Archiving::label))?)
            .accept_reduced(self.value("accept_reduced", Words::number)?)
            .null_payload(self.value("null_payload", Words::null_payload)?);
        while self.rest.starts_with("null_payload_of ") {
            let (topic, meaning) = self.value("null_payload_of", |words| {
                Some((TopicId::new(words.number()?), words.null_payload()?))
            })?;
            config = config.null_payload_of(topic, meaning);
        }
        config = config.escalation(self.value("escalation", |w| {
            w.one_of(&Escalation::ALL, Escalation::label)
        })?);
        let (attempts, total, backoff) = self.value("retry", |words| {
            Some((words.number()?, words.time()?, words.backoff()?))
        })?;
        config = config
            .retry(attempts, total, backoff)
            .outstanding_max(self.value("outstanding", Words::number)?)
            .archive_in_flight_max(self.value("archive_in_flight", Words::number)?)
            .archive_bytes_max(self.value("archive_bytes", Words::number)?);
        let (timeout, backoff) = self.value("archive_timing", |words| {
            Some((words.time()?, words.backoff()?))
        })?;
        Ok(config
            .archive_timing(timeout, backoff)
            .keep_polling(self.value("keep_polling", Words::time)?))
    }
}

/// The call of a line. Words that are left over show when the call is written again.
fn read(line: &str) -> Option<(Duration, Call)> {
    if line == POLL {
        return Some((Duration::ZERO, Call::Poll));
    }
    let mut words = Words::of(line);
    let now = words.time()?;
    let name = words.next()?;
    let call = match name {
        "delivered" => Call::Delivered(words.delivery()?),
        "done" => Call::Done(words.number()?),
        "unprocessable" => Call::Unprocessable(words.number()?, words.cause()?, words.number()?),
        "failed" => Call::Failed(words.number()?, words.cause()?, words.number()?),
        "condemn" => Call::Condemn(words.number()?, words.number()?),
        "defer" => Call::Defer(words.number()?),
        _ => Call::Handle(words.input(name)?),
    };
    Some((now, call))
}

/// The words of one line. Each reader takes as many as it needs; `None`: it is none of its kind.
struct Words<'a>(core::str::Split<'a, char>);

impl<'a> Words<'a> {
    fn of(line: &'a str) -> Self {
        Self(line.split(' '))
    }

    fn next(&mut self) -> Option<&'a str> {
        self.0.next()
    }

    fn number<T: FromStr>(&mut self) -> Option<T> {
        self.next()?.parse().ok()
    }

    fn one_of<T: Copy>(&mut self, all: &[T], label: fn(T) -> &'static str) -> Option<T> {
        let word = self.next()?;
        all.iter().copied().find(|value| label(*value) == word)
    }

    fn null_payload(&mut self) -> Option<NullPayload> {
        self.one_of(&NullPayload::ALL, NullPayload::label)
    }

    fn cause(&mut self) -> Option<Cause> {
        self.one_of(&Cause::ALL, Cause::label)
    }

    fn outcome(&mut self) -> Option<bool> {
        match self.next()? {
            "ok" => Some(true),
            "failed" => Some(false),
            _ => None,
        }
    }

    fn time(&mut self) -> Option<Duration> {
        const NANOS: u128 = 1_000_000_000;
        let nanos: u128 = self.number()?;
        let (seconds, rest) = (nanos.checked_div(NANOS)?, nanos.checked_rem(NANOS)?);
        Some(Duration::new(
            seconds.try_into().ok()?,
            rest.try_into().ok()?,
        ))
    }

    fn backoff(&mut self) -> Option<Backoff> {
        Some(Backoff::new(self.time()?, self.time()?))
    }

    fn offset(&mut self) -> Option<Offset> {
        Offset::new(self.number()?).ok()
    }

    /// An offset, or the word that says there is none.
    fn maybe_offset(&mut self) -> Option<Option<Offset>> {
        match self.next()? {
            NONE => Some(None),
            word => Some(Some(Offset::new(word.parse().ok()?).ok()?)),
        }
    }

    fn next_offset(&mut self) -> Option<NextOffset> {
        NextOffset::read(self.number()?)
    }

    fn partition(&mut self) -> Option<TopicPartition> {
        let (topic, partition) = self.next()?.split_once('/')?;
        let topic = TopicId::new(topic.parse().ok()?);
        Some(TopicPartition::new(topic, partition.parse().ok()?))
    }

    fn place(&mut self) -> Option<(TopicPartition, Epoch)> {
        Some((self.partition()?, Epoch::new(self.number()?)))
    }

    fn delivery(&mut self) -> Option<Delivery> {
        let (partition, epoch) = self.place()?;
        let offset = self.offset()?;
        let null = match self.next()? {
            "value" => false,
            "null" => true,
            _ => return None,
        };
        let age = self.one_of(&Age::ALL, Age::label)?;
        Some(Delivery::new(partition, epoch, offset).null(null).age(age))
    }

    fn input(&mut self, name: &str) -> Option<Input> {
        match name {
            "order" => return self.order().map(Input::Order),
            "archived" => return self.archived(),
            "breaker" => return self.breaker().map(Input::Breaker),
            "drain" => return Some(Input::Drain),
            "tick" => return Some(Input::Tick),
            _ => {}
        }
        let (partition, epoch) = self.place()?;
        let failed = |fault| Input::FetchFailed {
            partition,
            epoch,
            fault,
        };
        Some(match name {
            "assigned" => Input::Assigned {
                partition,
                epoch,
                committed: self.maybe_offset()?,
                low: self.maybe_offset()?,
            },
            "revoked" => Input::Revoked { partition, epoch },
            "out_of_range" => failed(FetchFault::OutOfRange {
                low: self.maybe_offset()?,
            }),
            "undecodable" => failed(FetchFault::Undecodable),
            "truncated" => failed(FetchFault::Truncated),
            "log" => Input::Log {
                partition,
                epoch,
                log: self.log()?,
            },
            "stored" => Input::Stored {
                partition,
                epoch,
                next: self.next_offset()?,
                ok: self.outcome()?,
            },
            "sought" => Input::Sought {
                partition,
                epoch,
                to: self.offset()?,
                ok: self.outcome()?,
            },
            _ => return None,
        })
    }

    fn archived(&mut self) -> Option<Input> {
        let id = ArchiveId(self.number()?);
        let attempt = self.number()?;
        let word = self.next()?;
        let (result, _) = *ANSWERS.iter().find(|(_, known)| *known == word)?;
        Some(Input::Archived {
            id,
            attempt,
            result,
        })
    }

    fn breaker(&mut self) -> Option<Breaker> {
        match self.next()? {
            "closed" => Some(Breaker::Closed),
            "open" => Some(Breaker::Open),
            _ => None,
        }
    }

    fn order(&mut self) -> Option<Order> {
        let partition = self.partition()?;
        let command = match self.next()? {
            "retry" => Command::Retry,
            "skip_one" => Command::SkipOne,
            "skip_to" => Command::SkipTo(self.offset()?),
            "pause" => Command::Pause,
            _ => return None,
        };
        let (who, why) = (self.unescaped()?, self.unescaped()?);
        let signature = Signature::new(&who, &why).ok()?;
        let order = Order::new(partition, command, signature);
        // Orders of older traces say nothing of the log.
        Some(match self.maybe_offset() {
            None => order,
            Some(None) => order.within(None),
            Some(Some(low)) => {
                let high = self.offset()?;
                order.within(Some(LogRange { low, high }))
            }
        })
    }

    fn log(&mut self) -> Option<LogRange> {
        Some(LogRange {
            low: self.offset()?,
            high: self.offset()?,
        })
    }

    fn unescaped(&mut self) -> Option<String> {
        let mut rest = self.next()?.as_bytes();
        let mut bytes = Vec::with_capacity(rest.len());
        while let Some((&byte, behind)) = rest.split_first() {
            rest = behind;
            if byte == b'%' {
                let (digits, behind) = rest.split_at_checked(2)?;
                rest = behind;
                bytes.push(u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?);
            } else {
                bytes.push(byte);
            }
        }
        String::from_utf8(bytes).ok()
    }
}
