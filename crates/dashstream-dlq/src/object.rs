//! From a JSON object to the struct of a shape, with errors that name the key.

use core::fmt;
use std::collections::BTreeMap;

use serde::de::value::MapDeserializer;
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, IgnoredAny, IntoDeserializer, MapAccess,
    Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::value::RawValue;

use crate::LetterError;

/// Reads `value`, which has to be one object, into a struct. The value of a key that the
/// struct does not have is not kept; the struct says whether such a key is an error.
pub(crate) fn read<'a, T: Deserialize<'a>>(value: &'a [u8]) -> Result<T, LetterError> {
    T::deserialize(Object(value)).map_err(|Flaw(error)| error)
}

/// An error that names the key. serde_json's own says only in words what is wrong, and not in which key.
#[derive(Debug)]
struct Flaw(LetterError);

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::error::Error for Flaw {}

impl de::Error for Flaw {
    fn custom<T: fmt::Display>(_: T) -> Self {
        // serde's text may quote the value, so that it is dropped.
        Self(LetterError::UnknownShape)
    }

    fn missing_field(key: &'static str) -> Self {
        Self(LetterError::Missing { key })
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self(LetterError::UnknownKey)
    }
}

struct Object<'a>(&'a [u8]);

impl<'de> Deserializer<'de> for Object<'de> {
    type Error = Flaw;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Flaw> {
        // Two stages: first the known keys with their values as text, then the struct from these. serde_json
        // alone would report a wrong type in words that may quote the value, and without the key.
        let mut json = serde_json::Deserializer::from_slice(self.0);
        let keys = Keys(fields).deserialize(&mut json);
        let keys = keys.and_then(|keys| json.end().map(|()| keys));
        let keys = keys.map_err(|error| match error.is_data() {
            // The only complaint about types is that the whole is no object.
            true => Flaw(LetterError::UnknownShape),
            false => Flaw(LetterError::NotJson {
                line: error.line(),
                column: error.column(),
            }),
        })?;
        if let Some(key) = keys.twice {
            return Err(Flaw(LetterError::Twice { key }));
        }
        // All other keys are handed on as one: no struct has a field without a name, so that one with
        // `deny_unknown_fields` refuses it and any other passes over it.
        let known = keys.values.into_iter();
        let known = known.map(|(key, value)| (key, Value { key, value }));
        let value = RawValue::NULL;
        let other = keys.has_other.then_some(("", Value { key: "", value }));
        visitor.visit_map(MapDeserializer::new(known.chain(other)))
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Flaw> {
        // Not reached: every shape derives `Deserialize` for a struct and asks for one.
        Err(de::Error::invalid_type(Unexpected::Map, &visitor))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// Takes these keys out of an object.
struct Keys(&'static [&'static str]);

#[derive(Default)]
struct Found<'a> {
    // Slices of the input: nothing of a value is copied before its field asks for it.
    values: BTreeMap<&'static str, &'a RawValue>,
    twice: Option<&'static str>,
    has_other: bool,
}

impl<'de> DeserializeSeed<'de> for Keys {
    type Value = Found<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Keys {
    type Value = Found<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found<'de>, A::Error> {
        let mut found = Found::default();
        // A `String`, since a key that is written with escapes cannot be borrowed from the input.
        while let Some(key) = map.next_key::<String>()? {
            let Some(key) = self.0.iter().copied().find(|known| *known == key) else {
                found.has_other = true;
                // serde_json skips a value, ignored or raw, without recursion: depth costs no stack here.
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            // Noted and reported at the end: the error of this trait is serde_json's and cannot hold the key.
            if found.values.insert(key, map.next_value()?).is_some() {
                found.twice = Some(key);
            }
        }
        Ok(found)
    }
}

/// The value of a key.
struct Value<'a> {
    key: &'static str,
    value: &'a RawValue,
}

impl<'de> Deserializer<'de> for Value<'de> {
    type Error = Flaw;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Flaw> {
        let wrong = Flaw(LetterError::Kind { key: self.key });
        self.value.deserialize_any(visitor).map_err(|_| wrong)
    }

    // Not forwarded to `deserialize_any`: the visitor of an `Option` takes null or `visit_some`,
    // and refuses a text or a number that is handed to it directly.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Flaw> {
        let wrong = Flaw(LetterError::Kind { key: self.key });
        self.value.deserialize_option(visitor).map_err(|_| wrong)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Flaw> for Value<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
