//! The log: one line an event, whatever strangers put into its fields.

use core::fmt::{self, Debug, Write};
use std::io::IsTerminal as _;

use tracing::field::{Field, Visit};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::Writer;

/// Logs to stderr what `filter` lets through, for the whole process.
///
/// Control characters in messages and fields are escaped, those of libraries included: a thread's id
/// or a broker's answer can neither begin a line of its own nor speak to a terminal.
pub fn start_log(filter: &str) {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(EnvFilter::new(filter))
        .fmt_fields(OneLine)
        .init();
}

/// Writes fields so that each stays within its line.
struct OneLine;

impl<'writer> FormatFields<'writer> for OneLine {
    fn format_fields<R: RecordFields>(&self, to: Writer<'writer>, fields: R) -> fmt::Result {
        let mut line = Line {
            to,
            empty: true,
            result: Ok(()),
        };
        fields.record(&mut line);
        line.result
    }
}

struct Line<'writer> {
    to: Writer<'writer>,
    empty: bool,
    result: fmt::Result,
}

impl Line<'_> {
    fn write(&mut self, field: &Field, value: fmt::Arguments<'_>) -> fmt::Result {
        // What the `log` crate adds of its own repeats the event's metadata.
        if field.name().starts_with("log.") {
            return Ok(());
        }
        if !core::mem::replace(&mut self.empty, false) {
            self.to.write_char(' ')?;
        }
        if field.name() != "message" {
            write!(self.to, "{}=", field.name())?;
        }
        Escaping(&mut self.to).write_fmt(value)
    }
}

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.result = self
            .result
            .and_then(|()| self.write(field, format_args!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.record_debug(field, &format_args!("{value}"));
        } else {
            self.record_debug(field, &value);
        }
    }
}

/// Escapes what is not printable. Quotes and backslashes stay: `Debug` has escaped its own.
struct Escaping<'a, W>(&'a mut W);

impl<W: Write> Write for Escaping<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                ' '..='~' => self.0.write_char(c)?,
                _ => write!(self.0, "{}", c.escape_debug())?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(event: impl FnOnce()) -> String {
        let shared = Shared::default();
        let writer = shared.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .without_time()
            .with_target(false)
            .fmt_fields(OneLine)
            .finish();
        tracing::subscriber::with_default(subscriber, event);
        let bytes = shared.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    /// A forged line, an escape sequence, a line separator and a right-to-left override.
    const STRANGER: &str =
        "t\n2026-01-01 ERROR forged \u{1b}[2J\u{1b}]0;x\u{7} \r \u{85} \u{2028} \u{202e} \u{9b}1m";

    #[test]
    fn a_strangers_text_stays_in_its_line_however_it_is_logged() {
        let error = io::Error::other(STRANGER);
        let lines = [
            logged(|| tracing::warn!(thread = %STRANGER, "message")),
            logged(|| tracing::warn!(thread = ?STRANGER, "message")),
            logged(|| tracing::warn!(thread = STRANGER, "message")),
            logged(|| tracing::warn!("{STRANGER}")),
            logged(|| tracing::warn!(error = &error as &dyn core::error::Error, "message")),
            logged(|| {
                tracing::warn_span!("span", thread = %STRANGER).in_scope(|| tracing::warn!("x"))
            }),
        ];
        for line in lines {
            let text = line.strip_suffix('\n').unwrap();
            assert!(text.contains("forged"), "{line}");
            let bad = text.chars().find(|c| {
                c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}')
            });
            assert_eq!(bad, None, "{line:?}");
        }
    }

    #[test]
    fn what_is_printable_is_left_alone() {
        let line =
            logged(|| tracing::info!(count = 3, word = "an \"ä\" \\", code = %"a'b", "said: ü"));
        assert_eq!(
            line,
            " INFO said: ü count=3 word=\"an \\\"ä\\\" \\\\\" code=a'b\n"
        );
    }
}
