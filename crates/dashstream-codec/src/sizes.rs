//! The sizes that heap is charged by: those of 64-bit targets, whatever the target, so that a record is
//! accepted by all of them or by none.

use alloc::string::String;

use bytes::Bytes;

use crate::v1;

/// What a list or a map holds.
pub(crate) trait Sized64: Sized {
    /// Bytes of the type on a 64-bit target, and no fewer than on this one.
    const BYTES: usize;
}

macro_rules! sized_64 {
    ($($ty:ty = $bytes:literal;)*) => {
        $(
            impl Sized64 for $ty {
                const BYTES: usize = {
                    // The compiler lays out fields as it likes.
                    assert!(size_of::<Self>() <= $bytes, "a larger type than is charged");
                    $bytes
                };
            }
        )*

        #[cfg(all(test, target_pointer_width = "64"))]
        #[test]
        fn types_are_charged_by_their_size_on_64_bits() {
            $(assert_eq!(size_of::<$ty>(), $bytes, stringify!($ty));)*
        }
    };
}

sized_64! {
    u32 = 4;
    f32 = 4;
    String = 24;
    Bytes = 32;
    v1::AttributeValue = 40;
    v1::DiffOperation = 88;
    v1::ErrorRecord = 128;
    v1::Event = 232;
    v1::MetricValue = 72;
    v1::NodeExecutionRecord = 200;
}
