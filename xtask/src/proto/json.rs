//! The functions that show a message as JSON: one a message, each field under its name in the schema.

use core::fmt::Write as _;

use anyhow::{Context as _, Result};
use protox::prost_reflect::{Cardinality, FieldDescriptor, Kind, MessageDescriptor};

use super::{SCHEMA, shape_name};

/// The functions for these messages, the root first: of the root that of its oneof alone, which is what a
/// decoder returns.
pub(super) fn functions(reached: &[MessageDescriptor]) -> Result<String> {
    let mut out = format!(
        "// Generated from {SCHEMA} by `cargo xtask proto`. Do not edit.\n\n\
         use dashstream_codec::v1;\nuse serde_json::{{Map, Value, json}};\n\n\
         use super::value::{{bytes, entries, float, list, word}};\n\n"
    );
    let (root, others) = reached.split_first().context("the schema has a root")?;
    let choice = root.oneofs().next().context("the root is a oneof")?;
    writeln!(
        out,
        "pub(crate) fn message(message: &v1::dash_stream_message::Message) -> Value {{\n\
         let (name, value) = match message {{ {} }};\n\
         Value::Object(Map::from_iter([(name.to_owned(), value)]))\n}}\n",
        arms("v1::dash_stream_message::Message", choice.fields())
    )?;
    for message in others.iter().filter(|message| !message.is_map_entry()) {
        function(&mut out, message)?;
    }
    Ok(out)
}

fn function(out: &mut String, message: &MessageDescriptor) -> Result<()> {
    let (name, of) = (function_name(message), message.name());
    let plain: Vec<_> = message
        .fields()
        .filter(|field| field.containing_oneof().is_none())
        .collect();
    writeln!(
        out,
        "fn {name}(message: &v1::{of}) -> Value {{\nlet mut out = Map::new();"
    )?;
    for field in plain {
        let own = field.name();
        writeln!(out, "out.insert({own:?}.to_owned(), {});", shown(&field))?;
    }
    for oneof in message.oneofs() {
        let (own, module) = (oneof.name(), function_name(message));
        let mut variant = variant(own);
        variant.insert_str(0, &format!("v1::{module}::"));
        writeln!(
            out,
            "if let Some(chosen) = &message.{own} {{\n\
             let (name, value) = match chosen {{ {} }};\n\
             out.insert(name.to_owned(), value);\n}}",
            arms(&variant, oneof.fields())
        )?;
    }
    writeln!(out, "Value::Object(out)\n}}\n")?;
    Ok(())
}

fn arms(of: &str, fields: impl Iterator<Item = FieldDescriptor>) -> String {
    fields.fold(String::new(), |arms, field| {
        let (name, variant, value) = (field.name(), variant(field.name()), one(&field, "it"));
        format!("{arms}{of}::{variant}(it) => ({name:?}, {value}),\n")
    })
}

/// The value of a field of `message`.
fn shown(field: &FieldDescriptor) -> String {
    let own = match field.name() {
        "type" => "message.r#type".to_owned(),
        name => format!("message.{name}"),
    };
    if let (true, Kind::Message(entry)) = (field.is_map(), field.kind()) {
        return format!("entries(&{own}, {})", each(&entry.map_entry_value_field()));
    }
    if field.cardinality() == Cardinality::Repeated {
        return format!("list(&{own}, {})", each(field));
    }
    match field.kind() {
        Kind::Message(child) => {
            format!(
                "{own}.as_ref().map_or(Value::Null, {})",
                function_name(&child)
            )
        }
        _ => one(field, &format!("&{own}")),
    }
}

/// What shows an element of a list or of a map.
fn each(field: &FieldDescriptor) -> String {
    match field.kind() {
        Kind::Message(child) => function_name(&child),
        Kind::Bytes => "bytes".to_owned(),
        _ => format!("|it| {}", one(field, "it")),
    }
}

/// The value behind a reference.
fn one(field: &FieldDescriptor, it: &str) -> String {
    match field.kind() {
        Kind::Message(child) => format!("{}({it})", function_name(&child)),
        Kind::Bytes => format!("bytes({it})"),
        Kind::Float | Kind::Double => format!("float(*{it})"),
        Kind::Enum(of) => {
            let within = of
                .parent_message()
                .map(|parent| function_name(&parent) + "::");
            let of = within.unwrap_or_default() + of.name();
            format!("word(*{it}, v1::{of}::try_from(*{it}).map(|it| it.as_str_name()))")
        }
        _ => format!("json!({it})"),
    }
    .replace("*&", "")
}

/// `event` for `Event`, which is also the module of its oneofs.
fn function_name(message: &MessageDescriptor) -> String {
    shape_name(message).to_lowercase()
}

/// `StringValue` for `string_value`.
fn variant(field: &str) -> String {
    let words = field.split('_').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    words.collect()
}
