//! How places, letters and strangers' texts are shown.

use dashstream_dlq::{DeadLetter, LetterPlace, rfc3339};
use serde_json::{Value, json};

/// Writes a line: a JSON object where `--json` asks for it, and text otherwise.
macro_rules! say {
    ($args:ident, $out:ident, $object:tt, $($text:tt)+) => {
        match $args.json {
            true => writeln!($out, "{}", serde_json::json!($object)),
            false => writeln!($out, $($text)+),
        }
    };
}

pub(crate) use say;

pub(crate) fn place((partition, offset): LetterPlace) -> String {
    format!("{partition}:{offset}")
}

/// A text that a stranger wrote, without what a terminal would take for orders.
pub(crate) fn shown(text: &str) -> String {
    // Control characters are escaped, ESC and line ends among them: a text stays on its line and moves no
    // cursor. In JSON they are escaped anyway.
    text.escape_debug().to_string()
}

/// Where the record stood, as far as the letter says.
pub(crate) fn source(letter: &DeadLetter) -> String {
    let from = &letter.source;
    let number = |number: Option<i64>| number.map_or_else(|| "?".to_owned(), |n| n.to_string());
    let (partition, offset) = (
        number(from.partition.map(i64::from)),
        number(from.offset.map(|offset| offset.get())),
    );
    format!(
        "{} {partition}:{offset}",
        shown(from.topic.as_deref().unwrap_or("?"))
    )
}

/// What a list shows of a letter, and `more`.
pub(crate) fn letter_json(at: LetterPlace, letter: &DeadLetter, more: Value) -> Value {
    let mut line = json!({
        "letter": place(at),
        "rejected_at": rfc3339(letter.at),
        "cause": letter.cause(),
        "source_topic": letter.source.topic,
        "source_partition": letter.source.partition,
        "source_offset": letter.source.offset.map(|offset| offset.get()),
        "bytes": letter.size,
        "has_record": letter.record().is_some(),
    });
    if let (Some(line), Value::Object(more)) = (line.as_object_mut(), more) {
        line.extend(more);
    }
    line
}
