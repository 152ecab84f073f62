//! From JSON to the keys that letters have, each once, with plain values.

use core::fmt;
use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::letter::LetterError;

/// The keys of a value that some shape knows. Texts are borrowed unless they hold escapes.
#[derive(Debug, Default)]
pub(super) struct Keys<'a> {
    values: BTreeMap<&'static str, Plain<'a>>,
    twice: Option<&'static str>,
    unknown: bool,
}

/// A value without parts.
#[derive(Debug)]
enum Plain<'a> {
    Null,
    Bool(bool),
    Integer(i128),
    Text(Cow<'a, str>),
    /// A list, an object, or a number with a fraction: no key of a letter has one.
    Other,
}

impl<'a> Keys<'a> {
    pub(super) fn scan(value: &'a [u8]) -> Result<Self, LetterError> {
        let keys: Self = serde_json::from_slice(value).map_err(|error| {
            if error.is_data() {
                // The only complaint about types is that the whole is no object.
                LetterError::UnknownShape
            } else {
                let (line, column) = (error.line(), error.column());
                LetterError::NotJson { line, column }
            }
        })?;
        match keys.twice {
            Some(key) => Err(LetterError::Twice { key }),
            None => Ok(keys),
        }
    }

    pub(super) fn has(&self, key: &'static str) -> bool {
        self.values.contains_key(key)
    }

    /// Refuses what a shape with exactly these keys does not have.
    pub(super) fn only(&self, allowed: &[&str]) -> Result<(), LetterError> {
        if self.unknown || !self.values.keys().all(|key| allowed.contains(key)) {
            return Err(LetterError::UnknownKey);
        }
        Ok(())
    }

    /// A text that is always there.
    pub(super) fn text(&self, key: &'static str) -> Result<&str, LetterError> {
        self.nullable_text(key)?.ok_or(LetterError::Kind { key })
    }

    /// A text or null; always there.
    pub(super) fn nullable_text(&self, key: &'static str) -> Result<Option<&str>, LetterError> {
        match self.required(key)? {
            Plain::Text(text) => Ok(Some(text)),
            Plain::Null => Ok(None),
            Plain::Bool(_) | Plain::Integer(_) | Plain::Other => Err(LetterError::Kind { key }),
        }
    }

    /// A text, if the key is there.
    pub(super) fn text_if_there(&self, key: &'static str) -> Result<Option<&str>, LetterError> {
        if self.has(key) {
            self.text(key).map(Some)
        } else {
            Ok(None)
        }
    }

    /// A text, if the key is there and not null.
    pub(super) fn text_or_nothing(&self, key: &'static str) -> Result<Option<&str>, LetterError> {
        if self.has(key) {
            self.nullable_text(key)
        } else {
            Ok(None)
        }
    }

    /// A number that is always there.
    pub(super) fn number<T: TryFrom<i128>>(&self, key: &'static str) -> Result<T, LetterError> {
        self.nullable_number(key)?.ok_or(LetterError::Kind { key })
    }

    /// A number or null; always there.
    pub(super) fn nullable_number<T: TryFrom<i128>>(
        &self,
        key: &'static str,
    ) -> Result<Option<T>, LetterError> {
        let wrong = LetterError::Kind { key };
        match self.required(key)? {
            Plain::Integer(number) => T::try_from(*number).map(Some).map_err(|_| wrong),
            Plain::Null => Ok(None),
            Plain::Bool(_) | Plain::Text(_) | Plain::Other => Err(wrong),
        }
    }

    pub(super) fn flag(&self, key: &'static str) -> Result<bool, LetterError> {
        match self.required(key)? {
            Plain::Bool(flag) => Ok(*flag),
            Plain::Null | Plain::Integer(_) | Plain::Text(_) | Plain::Other => {
                Err(LetterError::Kind { key })
            }
        }
    }

    /// One of a few words.
    pub(super) fn one_of<T: Copy>(
        &self,
        key: &'static str,
        all: &[T],
        label: fn(T) -> &'static str,
    ) -> Result<T, LetterError> {
        let text = self.text(key)?;
        let found = all.iter().copied().find(|value| label(*value) == text);
        found.ok_or(LetterError::Value { key })
    }

    fn required(&self, key: &'static str) -> Result<&Plain<'a>, LetterError> {
        self.values.get(key).ok_or(LetterError::Missing { key })
    }
}

/// Every key of every shape.
const KNOWN: [&str; 38] = [
    "age",
    "assignment_epoch",
    "attempt",
    "cause",
    "consumer_id",
    "disclosure",
    "engine_version",
    "envelope_version",
    "error",
    "error_type",
    "first_bytes_hex",
    "form",
    "kafka_offset",
    "kafka_partition",
    "last_bytes_hex",
    "message_count",
    "message_size",
    "node_id",
    "original_payload_base64",
    "original_payload_included_bytes",
    "original_payload_sha256",
    "original_payload_size_bytes",
    "original_payload_truncated",
    "parent_trace_id",
    "payload_first_hex",
    "payload_is_null",
    "payload_last_hex",
    "payload_sha256",
    "payload_truncation_note",
    "record_timestamp_ms",
    "source_offset",
    "source_partition",
    "source_topic",
    "span_id",
    "tenant_id",
    "thread_id",
    "timestamp",
    "trace_id",
];

impl<'de> Deserialize<'de> for Keys<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Keys<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut keys = Keys::default();
                while let Some(Key(key)) = map.next_key()? {
                    let Some(key) = key else {
                        keys.unknown = true;
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    };
                    if keys.values.insert(key, map.next_value()?).is_some() {
                        keys.twice = Some(key);
                    }
                }
                Ok(keys)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// A key that some shape has.
struct Key(Option<&'static str>);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;

        impl Visitor<'_> for Name {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E>(self, text: &str) -> Result<Key, E> {
                Ok(Key(KNOWN.iter().copied().find(|known| *known == text)))
            }
        }

        deserializer.deserialize_identifier(Name)
    }
}

impl<'de> Deserialize<'de> for Plain<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Value;

        impl<'de> Visitor<'de> for Value {
            type Value = Plain<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Plain::Null)
            }

            fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
                Ok(Plain::Bool(flag))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Plain::Integer(number.into()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Plain::Integer(number.into()))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(Plain::Other)
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Plain::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Plain::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Plain::Other)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Plain::Other)
            }
        }

        deserializer.deserialize_any(Value)
    }
}
