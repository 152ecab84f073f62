//! Just enough protobuf and zstd, written by hand, to put hostile bytes into a topic.
//!
//! Nothing here goes through the codec: bytes made by the encoder under test could only show that
//! it agrees with itself.

/// Protobuf fields, appended one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proto(Vec<u8>);

impl Proto {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A field of wire type 0.
    pub(crate) fn number(mut self, field: u32, value: u64) -> Self {
        self.varint(u64::from(field) << 3);
        self.varint(value);
        self
    }

    /// A field of wire type 2.
    pub(crate) fn bytes(self, field: u32, value: impl AsRef<[u8]>) -> Self {
        let value = value.as_ref();
        let mut out = self.head(field, value.len() as u64);
        out.0.extend_from_slice(value);
        out
    }

    /// The key and the length of a field of wire type 2 whose content comes from elsewhere.
    pub(crate) fn head(mut self, field: u32, length: u64) -> Self {
        self.varint((u64::from(field) << 3) | 2);
        self.varint(length);
        self
    }

    /// A nested message.
    pub(crate) fn message(self, field: u32, value: Self) -> Self {
        self.bytes(field, value.0)
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push((value & 0x7f) as u8);
    }
}

/// Puts the transport frame's tag in front: 0 says plain protobuf, 1 says one zstd frame.
pub(crate) fn framed(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len().saturating_add(1));
    out.push(tag);
    out.extend_from_slice(body);
    out
}

/// One block of a zstd frame.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Block<'a> {
    /// Stored as it is.
    Raw(&'a [u8]),
    /// One byte, `times` times, in four bytes of wire.
    Rle(u8, u32),
    /// Four bytes over and over until the block holds [`BLOCK_BYTES_MAX`], in sixteen bytes of wire.
    Repeated([u8; 4]),
}

/// A zstd frame; `declared` is the content size its header claims, if it claims any.
pub(crate) fn zstd_frame(declared: Option<u32>, blocks: &[Block<'_>]) -> Vec<u8> {
    let mut out = ZSTD_MAGIC.to_vec();
    match declared {
        // One segment, four bytes of content size.
        Some(size) => {
            out.push(0xa0);
            out.extend_from_slice(&size.to_le_bytes());
        }
        // No content size, a window of 128 KiB.
        None => out.extend_from_slice(&[0x00, 0x38]),
    }
    for (index, block) in blocks.iter().enumerate() {
        let last = u32::from(index.saturating_add(1) == blocks.len());
        let (kind, size, body) = match *block {
            Block::Raw(bytes) => (
                0,
                u32::try_from(bytes.len()).unwrap_or(u32::MAX),
                bytes.to_vec(),
            ),
            Block::Rle(byte, times) => (1, times, vec![byte]),
            Block::Repeated(four) => {
                let body = repeated(four);
                (2, u32::try_from(body.len()).unwrap_or(u32::MAX), body)
            }
        };
        let [a, b, c, _] = (last | (kind << 1) | (size << 3)).to_le_bytes();
        out.extend_from_slice(&[a, b, c]);
        out.extend_from_slice(&body);
    }
    out
}

/// A skippable frame around `content`.
pub(crate) fn skippable_frame(content: &[u8]) -> Vec<u8> {
    let mut out = vec![0x50, 0x2a, 0x4d, 0x18];
    out.extend_from_slice(
        &u32::try_from(content.len())
            .unwrap_or(u32::MAX)
            .to_le_bytes(),
    );
    out.extend_from_slice(content);
    out
}

/// The most that one zstd block may hold (RFC 8878 section 3.1.1.2.4).
pub(crate) const BLOCK_BYTES_MAX: u32 = 128 * 1024;

const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The body of a compressed block: four raw literals, then one match of distance four up to the
/// block's limit. Each of the three code tables is a single symbol (RLE mode), so the bit stream
/// holds nothing but the extra bits, read from its end: a stop bit, the offset's two bits (code 2,
/// value 7, which is distance 4 plus 3), and the match length's sixteen (code 52, from 65,539).
fn repeated(four: [u8; 4]) -> Vec<u8> {
    let extra = BLOCK_BYTES_MAX.saturating_sub(4).saturating_sub(65_539);
    let [low, middle, high, _] = ((1_u32 << 18) | (3 << 16) | extra).to_le_bytes();
    let mut body = vec![0x20]; // raw literals, four of them
    body.extend_from_slice(&four);
    body.extend_from_slice(&[0x01, 0x54]); // one sequence, all three tables RLE
    body.extend_from_slice(&[4, 2, 52]); // literal length 4, offset code 2, match length code 52
    body.extend_from_slice(&[low, middle, high]);
    body
}
