//! What a record may ask of its decoder.

use dashstream_zstd::UnknownSize;

/// What a record may ask of its decoder; every value has a default that suits telemetry.
///
/// | limit | default | source |
/// |---|---|---|
/// | record | 10 MiB + 1 | a payload stored raw, and its frame byte |
/// | payload | 10 MiB | what existing consumers accept after decompression |
/// | heap | 64 MiB | six times the largest payload; a batch of realistic events takes four times its size |
/// | depth | 100 | where prost stops; no larger value is possible |
/// | elements | 1,048,576 | one each 10 bytes of the largest payload |
/// | fields | 2,097,152 | one each 5 bytes of the largest payload; realistic events have one in 10 |
/// | window | 8 MiB | RFC 9659: what a decoder of web content has to support |
/// | unknown size | bounded | existing consumers accept a payload that does not declare its size |
///
/// The heap is what the decoded message and the buffer that its byte fields share will take, worked
/// out before any of it is allocated.
///
/// Record, heap, elements and fields follow the payload limit until they are set by name: raised to
/// 64 MiB it takes records of 64 MiB and a byte, and 410 MiB of heap. Lowered, it lowers none of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct DecodeLimits {
    payload_bytes: usize,
    record_bytes: Following<usize>,
    heap_bytes: Following<u64>,
    elements: Following<u32>,
    fields: Following<u32>,
    depth: u32,
    zstd: dashstream_zstd::Limits,
}

/// A limit that follows the payload limit until it is set by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Following<N> {
    limit: N,
    named: bool,
}

impl<N: Copy> Following<N> {
    const fn named(limit: N) -> Self {
        Self { limit, named: true }
    }

    const fn follow(self, limit: N) -> Self {
        match self.named {
            true => self,
            false => Self { limit, ..self },
        }
    }
}

impl DecodeLimits {
    /// The deepest nesting that [`with_depth`](Self::with_depth) takes: prost's own limit.
    pub const DEPTH_MAX: u32 = 100;

    /// The largest value that [`with_payload_bytes`](Self::with_payload_bytes) takes, 1 GiB: counts of
    /// elements then fit into 32 bits.
    pub const PAYLOAD_BYTES_MAX: usize = 1 << 30;

    /// The defaults of the table above.
    pub const fn new() -> Self {
        // Zeros until `with_payload_bytes` derives them, so that the proportions stand in one place.
        let (limit, named) = (0, false);
        Self {
            payload_bytes: 0,
            record_bytes: Following { limit: 0, named },
            heap_bytes: Following { limit: 0, named },
            elements: Following { limit, named },
            fields: Following { limit, named },
            depth: Self::DEPTH_MAX,
            zstd: dashstream_zstd::Limits::new().with_unknown_size(UnknownSize::Bounded),
        }
        .with_payload_bytes(PAYLOAD_BYTES)
    }

    /// Sets the largest record in bytes, frame byte included.
    pub const fn with_record_bytes(mut self, bytes: usize) -> Self {
        self.record_bytes = Following::named(bytes);
        self
    }

    /// Sets the largest protobuf payload in bytes, whether it was stored raw or compressed, and raises the
    /// limits that follow it. Values above [`PAYLOAD_BYTES_MAX`](Self::PAYLOAD_BYTES_MAX) mean that maximum.
    pub const fn with_payload_bytes(mut self, bytes: usize) -> Self {
        let bytes = if bytes > Self::PAYLOAD_BYTES_MAX {
            Self::PAYLOAD_BYTES_MAX
        } else {
            bytes
        };
        self.payload_bytes = bytes;
        self.zstd = self.zstd.with_output_bytes(bytes as u64);
        // Small records take relatively more: a limit below the default leaves the others there.
        let largest = if bytes > PAYLOAD_BYTES {
            bytes
        } else {
            PAYLOAD_BYTES
        };
        let heap = (largest as u64).saturating_mul(HEAP_BYTES_PER_5) / 5;
        self.record_bytes = self.record_bytes.follow(largest.saturating_add(1));
        self.heap_bytes = self.heap_bytes.follow(heap);
        self.elements = self.elements.follow(count(largest / BYTES_PER_ELEMENT));
        self.fields = self.fields.follow(count(largest / BYTES_PER_FIELD));
        self
    }

    /// Sets the most heap, in bytes, that a decoded message may take.
    pub const fn with_heap_bytes(mut self, bytes: u64) -> Self {
        self.heap_bytes = Following::named(bytes);
        self
    }

    /// Sets how many messages may be nested below the outermost one; the entry of a map counts as one,
    /// and so does a group. Values above [`DEPTH_MAX`](Self::DEPTH_MAX) mean that maximum.
    pub const fn with_depth(mut self, depth: u32) -> Self {
        self.depth = if depth > Self::DEPTH_MAX {
            Self::DEPTH_MAX
        } else {
            depth
        };
        self
    }

    /// Sets how many messages and strings in lists, and entries of maps, a payload may have.
    pub const fn with_elements(mut self, elements: u32) -> Self {
        self.elements = Following::named(elements);
        self
    }

    /// Sets how many fields a payload may have, known or not. Numbers in a packed list are one field.
    pub const fn with_fields(mut self, fields: u32) -> Self {
        self.fields = Following::named(fields);
        self
    }

    /// Sets what a compressed payload may ask of the decompressor. Its output limit is replaced by the
    /// payload limit, and by the heap limit where that is lower.
    ///
    /// All else is taken as it is: start from [`zstd`](Self::zstd), whose default accepts a payload that
    /// does not declare its size, where [`dashstream_zstd::Limits::new`] refuses it.
    pub const fn with_zstd(mut self, limits: dashstream_zstd::Limits) -> Self {
        self.zstd = limits.with_output_bytes(self.payload_bytes as u64);
        self
    }

    /// The largest record in bytes.
    #[must_use]
    pub const fn record_bytes(&self) -> usize {
        self.record_bytes.limit
    }

    /// The largest payload in bytes.
    #[must_use]
    pub const fn payload_bytes(&self) -> usize {
        self.payload_bytes
    }

    /// The most heap in bytes.
    #[must_use]
    pub const fn heap_bytes(&self) -> u64 {
        self.heap_bytes.limit
    }

    /// The deepest nesting.
    #[must_use]
    pub const fn depth(&self) -> u32 {
        self.depth
    }

    /// The most elements.
    #[must_use]
    pub const fn elements(&self) -> u32 {
        self.elements.limit
    }

    /// The most fields.
    #[must_use]
    pub const fn fields(&self) -> u32 {
        self.fields.limit
    }

    /// What a compressed payload may ask of the decompressor.
    pub const fn zstd(&self) -> &dashstream_zstd::Limits {
        &self.zstd
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a payload has at most 2^30 bytes"
)]
const fn count(of: usize) -> u32 {
    of as u32
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self::new()
    }
}

/// Existing consumers refuse larger payloads, so that no producer can rely on them.
const PAYLOAD_BYTES: usize = 10 * 1024 * 1024;

/// Bytes of heap for 5 bytes of the largest payload. An event with six attributes takes 1.5 KB for 350
/// bytes, so that the largest payload of such events takes 44 MiB of 64.
const HEAP_BYTES_PER_5: u64 = 32;

/// The heap limit stops empty events after a quarter of these; they bound the work on smaller elements.
const BYTES_PER_ELEMENT: usize = 10;

/// Twice as many fields as the largest payload of realistic events has. They bound the work on unknown
/// fields, which take no heap.
const BYTES_PER_FIELD: usize = 5;
