//! Wire types and the heap table from the schema: protox compiles it, prost-build writes the types,
//! and the table of shapes is written here from the same descriptor. Nobody needs protoc.

#[cfg(test)]
mod frozen;
mod json;

use core::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use protox::prost_reflect::{
    Cardinality, DescriptorPool, FieldDescriptor, Kind, MessageDescriptor,
};

use crate::sh;

const SCHEMA: &str = "dashstream/v1/dashstream.proto";
const PACKAGE: &str = "dashstream.v1";
const CODEC: &str = "crates/dashstream-codec/src/generated";
const COMMAND: &str = "crates/dashstream/src/bin/dashstream/generated";

/// Writes the generated files; with `check`, fails when one of them differs from what is there.
pub(crate) fn run(check: bool) -> Result<()> {
    let include = sh::root().join("proto");
    let descriptors = protox::compile([SCHEMA], [&include])?;
    let pool = DescriptorPool::from_file_descriptor_set(descriptors.clone())?;
    let reached = reached(&pool)?;
    let files = [
        (CODEC, "v1.rs", types(descriptors)?),
        (CODEC, "shapes.rs", shapes(&reached)?),
        (COMMAND, "json.rs", json::functions(&reached)?),
    ];
    for (folder, name, text) in files {
        let path = sh::root().join(folder).join(name);
        let text = format(&text)?;
        if check {
            if fs::read_to_string(&path).unwrap_or_default() != text {
                bail!(
                    "{} differs from {SCHEMA}: run `cargo xtask proto`",
                    path.display()
                );
            }
        } else {
            fs::write(&path, text).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

fn types(descriptors: protox::prost_reflect::prost_types::FileDescriptorSet) -> Result<String> {
    let module = prost_build::Module::from_protobuf_package_name(PACKAGE);
    let requests = descriptors
        .file
        .into_iter()
        .map(|file| (module.clone(), file))
        .collect();
    let mut modules = prost_build::Config::new()
        .btree_map(["."])
        .bytes(["."])
        .generate(requests)?;
    let types = modules.remove(&module).context("the package has types")?;
    Ok(format!(
        "// Generated from {SCHEMA} by `cargo xtask proto`. Do not edit.\n\n{types}"
    ))
}

/// The messages that a record can carry, the root first, entries of maps among them.
fn reached(pool: &DescriptorPool) -> Result<Vec<MessageDescriptor>> {
    let root = pool
        .get_message_by_name(&format!("{PACKAGE}.DashStreamMessage"))
        .context("the schema has a root message")?;
    let mut reached = vec![root];
    let mut next = 0;
    while let Some(message) = reached.get(next).cloned() {
        next += 1;
        for field in message.fields() {
            if let Kind::Message(child) = field.kind()
                && !reached.contains(&child)
            {
                reached.push(child);
            }
        }
    }
    Ok(reached)
}

/// One shape a message: what the walk needs to know to follow the wire and to charge what decoding will
/// allocate.
fn shapes(reached: &[MessageDescriptor]) -> Result<String> {
    let mut out = format!(
        "// Generated from {SCHEMA} by `cargo xtask proto`. Do not edit.\n\n\
         use super::v1;\nuse crate::shape::{{Field, Shape, element, leaf}};\n\n"
    );
    for message in reached {
        shape(&mut out, message)?;
    }
    Ok(out)
}

fn shape(out: &mut String, message: &MessageDescriptor) -> Result<()> {
    let name = shape_name(message);
    let numbers: Vec<u32> = message.fields().map(|field| field.number()).collect();
    let last = numbers.iter().copied().max().unwrap_or(0);
    if last >= 16 {
        bail!("{name}: the walk's tables hold field numbers below 16");
    }
    writeln!(out, "/// `{}`", message.full_name())?;
    let mut names = vec![String::new()];
    let mut fields = vec!["Field::UNKNOWN".to_owned()];
    let mut slot = 0;
    for number in 1..=last {
        if let Some(field) = message.get_field(number) {
            names.push(field.name().to_owned());
            fields.push(entry(&field, &mut slot)?);
        } else {
            names.push(String::new());
            fields.push("Field::UNKNOWN".to_owned());
        }
    }
    let (title, fields) = (message.name(), fields.join(", "));
    writeln!(
        out,
        "pub(crate) static {name}: Shape = Shape::new({title:?}, &{names:?}, &[{fields}]);\n"
    )?;
    Ok(())
}

/// The constructor call for one field. Fields that grow a container count in a slot of their frame.
fn entry(field: &FieldDescriptor, slot: &mut u8) -> Result<String> {
    let mut next_slot = || {
        let this = *slot;
        *slot += 1;
        this
    };
    let text = if field.is_map() {
        let Kind::Message(entry) = field.kind() else {
            bail!("a map without an entry")
        };
        let value = entry.map_entry_value_field();
        format!(
            "Field::map({}, &{}, leaf::<{}>())",
            next_slot(),
            shape_name(&entry),
            rust(&value)?
        )
    } else if field.cardinality() == Cardinality::Repeated {
        let slot = next_slot();
        let ty = rust(field)?;
        match field.kind() {
            Kind::Message(child) => {
                format!(
                    "Field::messages({slot}, &{}, element::<{ty}>())",
                    shape_name(&child)
                )
            }
            Kind::String => format!("Field::strings({slot}, element::<{ty}>())"),
            Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => {
                format!("Field::fixed32s({slot}, element::<{ty}>())")
            }
            Kind::Uint32
            | Kind::Uint64
            | Kind::Int32
            | Kind::Int64
            | Kind::Bool
            | Kind::Enum(_) => {
                format!("Field::varints({slot}, element::<{ty}>())")
            }
            kind => bail!(
                "{}: a repeated {kind:?} needs a rule here",
                field.full_name()
            ),
        }
    } else {
        match field.kind() {
            Kind::Message(child) => format!("Field::message(&{})", shape_name(&child)),
            Kind::String => "Field::STRING".into(),
            Kind::Bytes => "Field::BYTES".into(),
            Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => "Field::FIXED32".into(),
            Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => "Field::FIXED64".into(),
            _ => "Field::VARINT".into(),
        }
    };
    Ok(text)
}

/// The Rust type that prost stores an element or a map value as.
fn rust(field: &FieldDescriptor) -> Result<String> {
    Ok(match field.kind() {
        Kind::Message(child) => format!("v1::{}", child.name()),
        Kind::String => "alloc::string::String".into(),
        Kind::Bytes => "bytes::Bytes".into(),
        Kind::Uint32 | Kind::Fixed32 => "u32".into(),
        Kind::Uint64 | Kind::Fixed64 => "u64".into(),
        Kind::Int32 | Kind::Sfixed32 | Kind::Enum(_) => "i32".into(),
        Kind::Int64 | Kind::Sfixed64 => "i64".into(),
        Kind::Float => "f32".into(),
        Kind::Double => "f64".into(),
        kind => bail!("{}: no Rust type for {kind:?}", field.full_name()),
    })
}

/// `Event` is `EVENT`; the entry of `Event.attributes` is `EVENT_ATTRIBUTES_ENTRY`.
fn shape_name(message: &MessageDescriptor) -> String {
    let path = message
        .full_name()
        .trim_start_matches(PACKAGE)
        .trim_start_matches('.');
    let mut name = String::new();
    let mut after_lower = false;
    for letter in path.chars() {
        if letter == '.' || (letter.is_uppercase() && after_lower) {
            name.push('_');
        }
        if letter != '.' {
            name.push(letter.to_ascii_uppercase());
        }
        after_lower = letter.is_lowercase();
    }
    name
}

fn format(text: &str) -> Result<String> {
    let mut rustfmt = Command::new("rustfmt")
        .current_dir(sh::root())
        .args(["--edition", "2024", "--emit", "stdout"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("rustfmt could not be started")?;
    rustfmt
        .stdin
        .take()
        .context("rustfmt reads")?
        .write_all(text.as_bytes())?;
    let output = rustfmt.wait_with_output()?;
    if !output.status.success() {
        bail!("rustfmt: {}", output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}
