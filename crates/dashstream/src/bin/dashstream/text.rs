//! How places and strangers' texts are shown.

use dashstream_dlq::{DeadLetter, LetterPlace};

pub(crate) fn place((partition, offset): LetterPlace) -> String {
    format!("{partition}:{offset}")
}

/// A text that a stranger wrote, without what a terminal would take for orders.
pub(crate) fn shown(text: &str) -> String {
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
