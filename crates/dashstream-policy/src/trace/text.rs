//! Writing a trace as text. What is written here is what [`super::read`] accepts.

use core::fmt::{self, Display, Formatter};
use core::time::Duration;

use crate::{
    ArchiveFault, ArchiveResult, Breaker, Command, Config, Delivery, Epoch, FetchFault, Form,
    Input, Offset, Order, TopicPartition,
};

use super::{Call, Trace};
use crate::input::LogEnd;

/// The version of the text form that is written and read.
pub const VERSION: u32 = 2;

pub(super) const MAGIC: &str = "dashstream-policy-trace";
pub(super) const POLL: &str = "poll";
pub(super) const END: &str = "end";
pub(super) const NONE: &str = "-";

/// The answers of an archive, each with its word.
pub(super) const ANSWERS: [(ArchiveResult, &str); 7] = [
    (ArchiveResult::Acked(Form::Full), "acked"),
    (ArchiveResult::Acked(Form::Reduced), "acked_reduced"),
    (ArchiveResult::Failed(ArchiveFault::TimedOut), "timed_out"),
    (ArchiveResult::Failed(ArchiveFault::QueueFull), "queue_full"),
    (ArchiveResult::Failed(ArchiveFault::Broker), "broker"),
    (ArchiveResult::Failed(ArchiveFault::TooLarge), "too_large"),
    (ArchiveResult::Failed(ArchiveFault::Refused), "refused"),
];

/// The text form; see the module.
impl Display for Trace {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Head(&self.config))?;
        for (now, call) in &self.calls {
            writeln!(f, "{}", Line(*now, call))?;
        }
        if self.is_cut {
            return Ok(());
        }
        writeln!(f, "{END}")
    }
}

/// The first lines: what this is, and the configuration.
pub(super) struct Head<'a>(pub(super) &'a Config);

impl Display for Head<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let config = self.0;
        writeln!(f, "{MAGIC} {VERSION}")?;
        writeln!(f, "mode {}", config.mode.label())?;
        writeln!(f, "scope {}", config.scope.label())?;
        writeln!(f, "archiving {}", config.archiving.label())?;
        writeln!(f, "accept_reduced {}", config.accept_reduced)?;
        writeln!(f, "null_payload {}", config.null_payload.label())?;
        for (topic, meaning) in &config.null_payload_of {
            writeln!(f, "null_payload_of {} {}", topic.get(), meaning.label())?;
        }
        writeln!(f, "escalation {}", config.escalation.label())?;
        writeln!(
            f,
            "retry {} {} {} {}",
            config.attempts_max,
            config.retry_for_max.as_nanos(),
            config.retry_backoff.first().as_nanos(),
            config.retry_backoff.longest().as_nanos(),
        )?;
        writeln!(f, "outstanding {}", config.outstanding_max)?;
        writeln!(f, "archive_in_flight {}", config.archive_in_flight_max)?;
        writeln!(f, "archive_bytes {}", config.archive_bytes_max)?;
        writeln!(
            f,
            "archive_timing {} {} {}",
            config.archive_timeout.as_nanos(),
            config.archive_backoff.first().as_nanos(),
            config.archive_backoff.longest().as_nanos(),
        )?;
        writeln!(f, "keep_polling {}", config.keep_polling.as_nanos())
    }
}

/// One call, without the end of its line.
pub(super) struct Line<'a>(pub(super) Duration, pub(super) &'a Call);

impl Display for Line<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(now, call) = self;
        if **call == Call::Poll {
            return f.write_str(POLL);
        }
        write!(f, "{} ", now.as_nanos())?;
        match call {
            Call::Handle(input) => write_input(f, input),
            Call::Delivered(delivery) => write_delivery(f, delivery),
            Call::Done(serial) => write!(f, "done {serial}"),
            Call::Unprocessable(serial, cause, bytes) => {
                write!(f, "unprocessable {serial} {} {bytes}", cause.label())
            }
            Call::Failed(serial, cause, bytes) => {
                write!(f, "failed {serial} {} {bytes}", cause.label())
            }
            Call::Condemn(serial, bytes) => write!(f, "condemn {serial} {bytes}"),
            Call::Defer(serial) => write!(f, "defer {serial}"),
            Call::Poll => Ok(()),
        }
    }
}

fn write_delivery(f: &mut Formatter<'_>, delivery: &Delivery) -> fmt::Result {
    let at = At(delivery.partition, delivery.epoch);
    let value = if delivery.null { "null" } else { "value" };
    let age = delivery.age.label();
    write!(f, "delivered {at} {} {value} {age}", delivery.offset.get())
}

fn write_input(f: &mut Formatter<'_>, input: &Input) -> fmt::Result {
    match input {
        Input::Assigned {
            partition,
            epoch,
            committed,
            low,
        } => {
            let at = At(*partition, *epoch);
            write!(f, "assigned {at} {} {}", Maybe(*committed), Maybe(*low))
        }
        Input::Revoked { partition, epoch } => write!(f, "revoked {}", At(*partition, *epoch)),
        Input::FetchFailed {
            partition,
            epoch,
            fault,
        } => {
            let at = At(*partition, *epoch);
            match fault {
                FetchFault::OutOfRange { low } => write!(f, "out_of_range {at} {}", Maybe(*low)),
                FetchFault::Undecodable => write!(f, "undecodable {at}"),
                FetchFault::Truncated => write!(f, "truncated {at}"),
            }
        }
        Input::Log {
            partition,
            epoch,
            log,
        } => {
            let at = At(*partition, *epoch);
            write!(f, "log {at} {} {}", log.low.get(), log.high.get())
        }
        Input::Archived {
            id,
            attempt,
            result,
        } => {
            let word = ANSWERS.iter().find(|(answer, _)| answer == result);
            let word = word.map_or(NONE, |(_, word)| word);
            write!(f, "archived {} {attempt} {word}", id.get())
        }
        Input::Stored {
            partition,
            epoch,
            next,
            ok,
        } => {
            let at = At(*partition, *epoch);
            write!(f, "stored {at} {} {}", next.get(), outcome(*ok))
        }
        Input::Sought {
            partition,
            epoch,
            to,
            ok,
        } => {
            let at = At(*partition, *epoch);
            write!(f, "sought {at} {} {}", to.get(), outcome(*ok))
        }
        Input::Order(order) => write_order(f, order),
        Input::Breaker(Breaker::Closed) => f.write_str("breaker closed"),
        Input::Breaker(Breaker::Open) => f.write_str("breaker open"),
        Input::Drain => f.write_str("drain"),
        Input::Tick => f.write_str("tick"),
    }
}

fn write_order(f: &mut Formatter<'_>, order: &Order) -> fmt::Result {
    write!(
        f,
        "order {} {} ",
        order.partition(),
        order.command().label()
    )?;
    match order.command() {
        Command::SkipTo(to) => write!(f, "{} ", to.get())?,
        Command::Retry | Command::SkipOne | Command::Pause => {}
    }
    let signature = order.signature();
    write!(
        f,
        "{} {}",
        Escaped(signature.who()),
        Escaped(signature.why())
    )?;
    match order.end {
        LogEnd::Known(log) => write!(f, " {} {}", log.low.get(), log.high.get()),
        LogEnd::Unknown => write!(f, " {NONE}"),
        LogEnd::Unsaid => Ok(()),
    }
}

const fn outcome(ok: bool) -> &'static str {
    if ok { "ok" } else { "failed" }
}

struct At(TopicPartition, Epoch);

impl Display for At {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, self.1.get())
    }
}

struct Maybe(Option<Offset>);

impl Display for Maybe {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(offset) => write!(f, "{}", offset.get()),
            None => f.write_str(NONE),
        }
    }
}

/// One word: everything but visible ASCII is written as `%` and two digits, and so is `%`.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for byte in self.0.bytes() {
            if byte.is_ascii_graphic() && byte != b'%' {
                write!(f, "{}", char::from(byte))?;
            } else {
                write!(f, "%{byte:02X}")?;
            }
        }
        Ok(())
    }
}
