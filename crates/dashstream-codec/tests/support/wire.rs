//! Protobuf written by hand, so that hostile payloads owe nothing to our encoder.

/// A varint.
pub(crate) fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push((value & 0x7F) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A field of wire type 0.
pub(crate) fn number(field: u32, value: u64) -> Vec<u8> {
    [varint(u64::from(field) << 3), varint(value)].concat()
}

/// A field of wire type 2.
pub(crate) fn len(field: u32, value: impl AsRef<[u8]>) -> Vec<u8> {
    let value = value.as_ref();
    [
        varint(u64::from(field) << 3 | 2),
        varint(value.len() as u64),
        value.to_vec(),
    ]
    .concat()
}

/// A raw record.
pub(crate) fn raw(payload: impl AsRef<[u8]>) -> Vec<u8> {
    [&[0], payload.as_ref()].concat()
}

/// A compressed record.
pub(crate) fn zstd(payload: impl AsRef<[u8]>) -> Vec<u8> {
    let frame = dashstream_zstd::Encoder::new(dashstream_zstd::Level::DEFAULT)
        .compress(payload.as_ref())
        .expect("there is memory");
    [vec![1], frame].concat()
}

/// A header with a thread.
pub(crate) fn header(thread: &str) -> Vec<u8> {
    len(1, len(4, thread))
}
