//! What the walk knows of a message: its fields, and what decoding each of them allocates.

use alloc::string::String;

use crate::sizes::Sized64;

/// One message of the schema. Its fields, and their names, stand at the index of their number.
#[derive(Debug)]
pub(crate) struct Shape {
    fields: &'static [Field],
    names: &'static [&'static str],
    name: &'static str,
}

impl Shape {
    /// A shape of at most 16 fields, so that one `u16` remembers which of them were seen.
    pub(crate) const fn new(
        name: &'static str,
        names: &'static [&'static str],
        fields: &'static [Field],
    ) -> Self {
        assert!(fields.len() <= 16, "one bit a field");
        // In the order of the fields: `prepared` in `decode` relies on which list has which slot.
        let mut slots = 0_u8;
        let mut rest = fields;
        while let [field, tail @ ..] = rest {
            if field.kind.grows() {
                assert!(
                    field.slot == slots,
                    "each growing field has its own counter"
                );
                slots = slots.saturating_add(1);
            }
            rest = tail;
        }
        assert!(
            slots as usize <= SLOTS,
            "a level has a counter for each growing field"
        );
        Self {
            fields,
            names,
            name,
        }
    }

    #[inline(always)]
    pub(crate) fn field(&self, number: u32) -> &'static Field {
        self.fields.get(number as usize).unwrap_or(&UNKNOWN)
    }

    /// The message's name in the schema.
    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    /// A field's name in the schema; `None` of one that it does not have.
    pub(crate) fn field_name(&self, number: u32) -> Option<&'static str> {
        let name = self.names.get(number as usize)?;
        (!name.is_empty()).then_some(*name)
    }
}

/// One field of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) kind: FieldKind,
    /// The counter of its frame that a growing field uses.
    pub(crate) slot: u8,
    /// Bytes of one element, or of one leaf of a map.
    pub(crate) unit: u32,
    pub(crate) child: Option<&'static Shape>,
}

/// How a field's value is written and stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldKind {
    Unknown,
    Varint,
    Fixed32,
    Fixed64,
    String,
    Bytes,
    Message,
    Messages,
    Strings,
    Varints,
    Fixed32s,
    Map,
}

impl FieldKind {
    pub(crate) const fn grows(self) -> bool {
        match self {
            Self::Unknown
            | Self::Varint
            | Self::Fixed32
            | Self::Fixed64
            | Self::String
            | Self::Bytes
            | Self::Message => false,
            Self::Messages | Self::Strings | Self::Varints | Self::Fixed32s | Self::Map => true,
        }
    }
}

/// Counters in a frame of the walk: no message of the schema has more fields that grow.
pub(crate) const SLOTS: usize = 3;

impl Field {
    pub(crate) const UNKNOWN: Self = Self::plain(FieldKind::Unknown);
    pub(crate) const VARINT: Self = Self::plain(FieldKind::Varint);
    pub(crate) const FIXED32: Self = Self::plain(FieldKind::Fixed32);
    pub(crate) const FIXED64: Self = Self::plain(FieldKind::Fixed64);
    pub(crate) const STRING: Self = Self::plain(FieldKind::String);
    pub(crate) const BYTES: Self = Self::plain(FieldKind::Bytes);

    pub(crate) const fn message(child: &'static Shape) -> Self {
        Self::of(FieldKind::Message, 0, Some(child), 0)
    }

    pub(crate) const fn messages(slot: u8, child: &'static Shape, unit: u32) -> Self {
        Self::of(FieldKind::Messages, slot, Some(child), unit)
    }

    pub(crate) const fn map(slot: u8, entry: &'static Shape, unit: u32) -> Self {
        Self::of(FieldKind::Map, slot, Some(entry), unit)
    }

    pub(crate) const fn strings(slot: u8, unit: u32) -> Self {
        Self::of(FieldKind::Strings, slot, None, unit)
    }

    pub(crate) const fn varints(slot: u8, unit: u32) -> Self {
        Self::of(FieldKind::Varints, slot, None, unit)
    }

    pub(crate) const fn fixed32s(slot: u8, unit: u32) -> Self {
        Self::of(FieldKind::Fixed32s, slot, None, unit)
    }

    const fn plain(kind: FieldKind) -> Self {
        Self::of(kind, 0, None, 0)
    }

    const fn of(kind: FieldKind, slot: u8, child: Option<&'static Shape>, unit: u32) -> Self {
        Self {
            kind,
            slot,
            unit,
            child,
        }
    }
}

static UNKNOWN: Field = Field::UNKNOWN;

/// Bytes that one element of a `Vec<T>` takes.
#[expect(clippy::cast_possible_truncation, reason = "the assertion bounds it")]
pub(crate) const fn element<T: Sized64>() -> u32 {
    // Outside of this range a Vec does not start with four elements.
    assert!(
        size_of::<T>() > 1 && T::BYTES <= 1024,
        "an element of another size class"
    );
    T::BYTES as u32
}

/// Bytes that one leaf of a `BTreeMap<String, V>` takes: room for 11 entries, the parent's address,
/// the position in the parent, the length.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "evaluated at compile time, and the assertion bounds it"
)]
pub(crate) const fn leaf<V: Sized64>() -> u32 {
    // Within 8 bytes of alignment, whatever the target's addresses have, the charge covers the padding.
    assert!(
        V::BYTES <= 1024 && align_of::<V>() <= ADDRESS_BYTES,
        "a map of large values"
    );
    let entries = MAP_NODE_ENTRIES * (String::BYTES + V::BYTES);
    (entries + ADDRESS_BYTES + 2 * size_of::<u16>()).next_multiple_of(ADDRESS_BYTES) as u32
}

/// The most heap that a byte of a payload which our encoder writes can take, its shared buffer
/// included: an event of nothing but an empty entry, four bytes of a batch, takes 952 and its bytes.
pub(crate) const HEAP_PER_BYTE_MAX: u64 = 300;

/// What a Vec that held `count` elements allocates when one more is pushed: nothing, or as much as it
/// had already; four elements at first.
#[inline(always)]
pub(crate) fn vec_growth(count: u32, unit: u32) -> u64 {
    match count {
        // A `Vec` starts with four elements of the sizes that `element` admits, and then doubles.
        0 => u64::from(unit).saturating_mul(4),
        4.. if count.is_power_of_two() => u64::from(count).saturating_mul(u64::from(unit)),
        _ => 0,
    }
}

/// An upper bound on what a map allocates when it goes from `count` to `count + 1` entries.
///
/// A full root leaf holds 11 entries. After that every leaf but the root has at least 5, with a
/// separator between two neighbours, so that `n` entries are at most `(n + 1) / 6` leaves; every
/// internal node but the root has at least 6 children, so that `l` leaves are under at most
/// `(l + 3) / 5` internal nodes. Each charge below is the growth of these bounds.
#[inline(always)]
pub(crate) fn map_growth(count: u32, leaf: u32) -> u64 {
    match count {
        0 => u64::from(leaf),
        1..=10 => 0,
        _ => tree_growth(count, leaf),
    }
}

fn tree_growth(count: u32, leaf: u32) -> u64 {
    let leaf = u64::from(leaf);
    let internal = leaf.saturating_add(MAP_NODE_EDGES_BYTES);
    // The twelfth entry splits the root: a second leaf, and an internal node above both.
    if count == 11 {
        return leaf.saturating_add(internal);
    }
    // With `n = count + 1` the bound `(n + 1) / 6` grows where `n + 1` is a multiple of 6.
    let entries = count.saturating_add(2);
    if !entries.is_multiple_of(6) {
        return 0;
    }
    let leaves = entries / 6;
    // The bound `(l + 3) / 5` grows where `l + 3` is a multiple of 5.
    if leaves % 5 == 2 {
        leaf.saturating_add(internal)
    } else {
        leaf
    }
}

/// Entries in a node of the standard library's B-tree.
const MAP_NODE_ENTRIES: usize = 11;

/// The children's addresses that make a leaf's layout an internal node's.
const MAP_NODE_EDGES_BYTES: u64 = 12 * ADDRESS_BYTES as u64;

/// An address on a 64-bit target; see [`Sized64`].
const ADDRESS_BYTES: usize = 8;
