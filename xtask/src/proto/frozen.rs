//! The schema as it is compiled, against what was compiled before: numbers, types and names that other
//! languages were built from.

use dashstream_testkit::frozen::{Frozen, check};
use protox::prost_reflect::{
    Cardinality, DescriptorPool, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor,
};

use crate::proto::SCHEMA;
use crate::sh;

#[test]
fn the_schema_is_frozen() {
    let include = sh::root().join("proto");
    let descriptors = protox::compile([SCHEMA], [&include]).unwrap();
    let pool = DescriptorPool::from_file_descriptor_set(descriptors).unwrap();
    let file = pool.get_file_by_name(SCHEMA).unwrap();
    let mut lines = vec![format!("package {}", file.package_name())];
    file.messages().for_each(|each| message(&each, &mut lines));
    file.enums().for_each(|each| enumeration(&each, &mut lines));
    check(
        &Frozen {
            manifest_dir: include.to_str().unwrap(),
            file: "frozen.txt",
            about: "The schema: every field with its number and type, every value with its number.",
            test: "-p xtask frozen",
        },
        &lines,
    );
}

fn message(message: &MessageDescriptor, lines: &mut Vec<String>) {
    let name = message.full_name();
    for field in message.fields() {
        let (number, of) = (field.number(), kind(&field));
        let oneof = field.containing_oneof();
        let oneof = oneof.map(|one| format!(" in {}", one.name()));
        let oneof = oneof.unwrap_or_default();
        lines.push(format!("{name}.{} = {number} {of}{oneof}", field.name()));
    }
    let own = message.child_messages();
    own.filter(|child| !child.is_map_entry())
        .for_each(|child| self::message(&child, lines));
    message
        .child_enums()
        .for_each(|child| enumeration(&child, lines));
}

fn enumeration(of: &EnumDescriptor, lines: &mut Vec<String>) {
    let name = of.full_name();
    lines.extend(
        of.values()
            .map(|value| format!("{name}.{} = {}", value.name(), value.number())),
    );
}

fn kind(field: &FieldDescriptor) -> String {
    if field.is_map()
        && let Kind::Message(entry) = field.kind()
    {
        let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
        return format!("map<{}, {}>", kind(&key), kind(&value));
    }
    let packed = if field.is_packed() { "packed " } else { "" };
    let repeated = match field.cardinality() {
        Cardinality::Repeated => "repeated ",
        Cardinality::Optional | Cardinality::Required => "",
    };
    let name = match field.kind() {
        Kind::Message(child) => child.full_name().to_owned(),
        Kind::Enum(child) => child.full_name().to_owned(),
        scalar => format!("{scalar:?}").to_lowercase(),
    };
    format!("{packed}{repeated}{name}")
}
