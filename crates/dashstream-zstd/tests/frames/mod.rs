//! Builds frames, honest and lying, without any encoder: tests, fuzz targets and benches share it.

#![allow(dead_code, reason = "each of its users needs a part")]
#![allow(
    unreachable_pub,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    reason = "test support: it may panic, and its numbers are its own"
)]

pub mod forms;

/// A frame, field by field. Nothing is checked: that is the point.
#[derive(Clone, Debug)]
pub struct Frame {
    pub magic: u32,
    /// A window descriptor; `None` makes a single segment.
    pub window: Option<u8>,
    /// The dictionary id and the width of its field in bytes: 0, 1, 2 or 4.
    pub dictionary: (u32, u8),
    /// The declared size and the flag, 0 to 3, that gives its field's width.
    pub declared: Option<(u64, u8)>,
    pub reserved_bit: bool,
    pub unused_bit: bool,
    pub checksum: Option<[u8; 4]>,
    pub blocks: Vec<Block>,
    /// Whether the last block says that it is the last.
    pub ends: bool,
}

/// A block of a frame.
#[derive(Clone, Debug)]
pub enum Block {
    /// Content as it is.
    Raw(Vec<u8>),
    /// A run of one byte, whose length may be anything up to 2,097,151.
    Run(u8, u32),
    /// A compressed block: one literal, and one sequence that repeats it; 4 to 131,075 bytes of
    /// content in 13 bytes. 131,072 is the largest that a frame may contain.
    Repeat(u8, u32),
    /// A compressed block of literals only.
    Literals(Vec<u8>),
    /// A header of this type and size field, followed by these bytes.
    Lie(u8, u32, Vec<u8>),
}

impl Frame {
    /// A frame of no block yet, without a content size, with a window of 128 KiB.
    pub fn undeclared() -> Self {
        Self {
            magic: 0xFD2F_B528,
            window: Some(WINDOW_128_KIB),
            dictionary: (0, 0),
            declared: None,
            reserved_bit: false,
            unused_bit: false,
            checksum: None,
            blocks: Vec::new(),
            ends: true,
        }
    }

    /// A single segment that declares `size` bytes in the shortest field.
    pub fn declaring(size: u64) -> Self {
        Self {
            window: None,
            declared: Some((size, shortest(size, true))),
            ..Self::undeclared()
        }
    }

    /// As [`Frame::declaring`], with a window descriptor.
    pub fn declaring_with_window(size: u64, window: u8) -> Self {
        Self {
            window: Some(window),
            declared: Some((size, shortest(size, false))),
            ..Self::undeclared()
        }
    }

    pub fn block(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }

    pub fn blocks(mut self, blocks: impl IntoIterator<Item = Block>) -> Self {
        self.blocks.extend(blocks);
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    pub fn write(&self, out: &mut Vec<u8>) {
        let (size, size_flag) = self.declared.unwrap_or((0, 0));
        let (id, id_width) = self.dictionary;
        let id_flag = match id_width {
            0..=2 => id_width,
            _ => 3,
        };
        let descriptor = size_flag << 6
            | u8::from(self.window.is_none()) << 5
            | u8::from(self.unused_bit) << 4
            | u8::from(self.reserved_bit) << 3
            | u8::from(self.checksum.is_some()) << 2
            | id_flag;
        out.extend(self.magic.to_le_bytes());
        out.push(descriptor);
        out.extend(self.window);
        out.extend(&id.to_le_bytes()[..usize::from(id_width)]);
        match (size_flag, self.window) {
            (0, Some(_)) => {}
            (0, None) => out.push(size as u8),
            (1, _) => out.extend((size.wrapping_sub(256) as u16).to_le_bytes()),
            (2, _) => out.extend((size as u32).to_le_bytes()),
            (_, _) => out.extend(size.to_le_bytes()),
        }
        for (at, block) in self.blocks.iter().enumerate() {
            block.write(self.ends && at + 1 == self.blocks.len(), out);
        }
        out.extend(self.checksum.into_iter().flatten());
    }

    /// Where the header and each block end, and where the frame does.
    pub fn ends_of_parts(&self) -> Vec<usize> {
        let upto = |blocks: &[Block]| {
            let (blocks, checksum) = (blocks.to_vec(), None);
            let part = Self {
                blocks,
                checksum,
                ..self.clone()
            };
            part.bytes().len()
        };
        let mut ends: Vec<_> = (0..=self.blocks.len())
            .map(|count| upto(&self.blocks[..count]))
            .collect();
        ends.push(self.bytes().len());
        ends
    }

    /// The content, as long as every block is what it says.
    pub fn content(&self) -> Vec<u8> {
        let mut content = Vec::new();
        for block in &self.blocks {
            match block {
                Block::Raw(bytes) | Block::Literals(bytes) => content.extend_from_slice(bytes),
                Block::Run(byte, size) | Block::Repeat(byte, size) => {
                    content.resize(content.len() + *size as usize, *byte);
                }
                Block::Lie(..) => {}
            }
        }
        content
    }
}

impl Block {
    /// Raw blocks of at most 128 KiB each.
    pub fn raw(content: &[u8]) -> Vec<Self> {
        content
            .chunks(BLOCK_MAX as usize)
            .map(|part| Self::Raw(part.to_vec()))
            .collect()
    }

    /// Runs of at most 128 KiB each that together make `size` bytes.
    pub fn runs(byte: u8, size: u64) -> Vec<Self> {
        pieces(size).map(|size| Self::Run(byte, size)).collect()
    }

    /// Compressed blocks of at most 128 KiB each that together make `size` bytes, a multiple of 4.
    pub fn repeats(byte: u8, size: u64) -> Vec<Self> {
        pieces(size).map(|size| Self::Repeat(byte, size)).collect()
    }

    fn write(&self, last: bool, out: &mut Vec<u8>) {
        match self {
            Self::Raw(content) => {
                header(last, 0, content.len() as u32, out);
                out.extend(content);
            }
            Self::Run(byte, size) => {
                header(last, 1, *size, out);
                out.push(*byte);
            }
            Self::Repeat(byte, size) => {
                let content = repeat(*byte, *size);
                header(last, 2, content.len() as u32, out);
                out.extend(content);
            }
            Self::Literals(content) => {
                let size = content.len() as u32;
                header(last, 2, size + 4, out);
                // Raw literals with a size of 20 bits, then a count of no sequences.
                let field = (size << 4 | 0x0C).to_le_bytes();
                out.extend(&field[..3]);
                out.extend(content);
                out.push(0);
            }
            Self::Lie(kind, size, content) => {
                header(last, *kind, *size, out);
                out.extend(content);
            }
        }
    }
}

/// A compressed block of `literals` and one sequence of three bytes more, from the offset before the last: its
/// three distributions of 512, 256 and 512 entries are its own, and give the first symbol all but one.
pub fn tables(literals: &[u8]) -> Block {
    let field = (literals.len() as u32) << 4 | 0x0C;
    let mut content = field.to_le_bytes()[..3].to_vec();
    content.extend(literals);
    content.extend([1, 0b1010_1000]);
    // The accuracy less 5 in four bits, then two counts plus one: RFC 8878 section 4.1.1.
    let of_512 = 4_u16 | 1022 << 4 | 3 << 14;
    let of_256 = 3_u16 | 510 << 4 | 3 << 13;
    for table in [of_512, of_256, of_512] {
        content.extend(table.to_le_bytes());
    }
    // States of 9, 8 and 9 bits, all 0, below the bit that ends them.
    content.extend((1_u32 << 26).to_le_bytes());
    Block::Lie(2, content.len() as u32, content)
}

/// A skippable frame of `len` zeros.
pub fn skippable(len: u32) -> Vec<u8> {
    let mut out = 0x184D_2A53_u32.to_le_bytes().to_vec();
    out.extend(len.to_le_bytes());
    out.resize(8 + len as usize, 0);
    out
}

/// The content of a compressed block that repeats `byte` to `size` bytes, 4 to 131,075.
///
/// One raw literal; one sequence, all three codes in run mode: literal length 1, the first repeated
/// offset (which is 1 at the start of a frame, and stays so), match length `size - 1`.
fn repeat(byte: u8, size: u32) -> Vec<u8> {
    let copied = size.clamp(4, 131_075) - 1;
    let (code, base, bits) = MATCH_CODES
        .iter()
        .copied()
        .rev()
        .find(|(_, base, _)| *base <= copied)
        .expect("the shortest is 3");
    let mut out = vec![1 << 3, byte, 1, 0b0101_0100, 1, 0, code];
    // The extra bits are read from the end, where a stop bit stands above them.
    let word = 1_u32 << bits | (copied - base);
    out.extend(&word.to_le_bytes()[..bits as usize / 8 + 1]);
    out
}

fn header(last: bool, kind: u8, size: u32, out: &mut Vec<u8>) {
    let word = size << 3 | u32::from(kind) << 1 | u32::from(last);
    out.extend(&word.to_le_bytes()[..3]);
}

fn pieces(size: u64) -> impl Iterator<Item = u32> {
    let mut left = size;
    core::iter::from_fn(move || {
        let piece = left.min(u64::from(BLOCK_MAX));
        left -= piece;
        (piece > 0).then_some(piece as u32)
    })
}

/// The flag of the shortest field that can hold `size`.
pub fn shortest(size: u64, single_segment: bool) -> u8 {
    match size {
        0..=255 if single_segment => 0,
        256..=65_791 => 1,
        0..=0xFFFF_FFFF => 2,
        _ => 3,
    }
}

/// Code, shortest length, extra bits: RFC 8878 section 3.1.1.3.2.1.1.
const MATCH_CODES: [(u8, u32, u32); 53] = {
    let mut codes = [(0, 0, 0); 53];
    let mut code = 0;
    let mut base = 3;
    while code < 53 {
        let bits = match code {
            0..=31 => 0,
            32..=35 => 1,
            36..=37 => 2,
            38..=39 => 3,
            40..=41 => 4,
            42 => 5,
            _ => code as u32 - 36,
        };
        codes[code] = (code as u8, base, bits);
        base += 1 << bits;
        code += 1;
    }
    codes
};

/// The descriptor of a window of 128 KiB.
pub const WINDOW_128_KIB: u8 = 7 << 3;

/// The largest block: 128 KiB.
pub const BLOCK_MAX: u32 = 128 * 1024;
