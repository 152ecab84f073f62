use alloc::vec;
use alloc::vec::Vec;

use super::*;

fn varint(bytes: &[u8]) -> Result<u64, WireError> {
    Input::new(bytes).varint()
}

#[test]
fn a_varint_holds_64_bits_and_not_one_more() {
    let mut largest = vec![0xFF; 9];
    largest.push(0x01);
    assert_eq!(varint(&largest), Ok(u64::MAX));
    largest[9] = 0x02;
    assert_eq!(varint(&largest), Err(WireError::BadVarint));
    assert_eq!(varint(&[0x80; 11]), Err(WireError::BadVarint));
    assert_eq!(varint(&[0x80; 10]), Err(WireError::BadVarint));
    assert_eq!(
        varint(&[0x80; 9]),
        Err(WireError::Truncated { needed: 1, left: 0 })
    );
    assert_eq!(
        varint(&[]),
        Err(WireError::Truncated { needed: 1, left: 0 })
    );
}

#[test]
fn prost_reads_the_same_varints() {
    let mut rng = dashstream_testkit::rng::SplitMix64::new(7);
    for _ in 0..50_000 {
        let mut bytes = [0_u8; 12];
        rng.fill(&mut bytes);
        for byte in &mut bytes {
            if rng.chance(2, 3) {
                *byte |= 0x80;
            }
        }
        let len = rng.index(13);
        let mut theirs = &bytes[..len];
        let mut ours = Input::new(&bytes[..len]);
        let read = prost::encoding::decode_varint(&mut theirs).ok();
        assert_eq!(ours.varint().ok(), read);
        if read.is_some() {
            assert_eq!(ours.rest, theirs);
        }
    }
}

#[test]
fn a_string_is_ascii_when_none_of_its_bytes_is_above() {
    for len in 0..100 {
        let mut bytes = vec![b'a'; len];
        assert!(is_ascii(&bytes));
        for at in 0..len {
            bytes[at] = 0x80;
            assert!(!is_ascii(&bytes), "{at} of {len}");
            bytes[at] = b'a';
        }
    }
}

#[test]
fn keys_that_cannot_be_are_refused() {
    let key = |bytes: &[u8]| Input::new(bytes).key();
    assert_eq!(key(&[0x0A]), Ok(Some(Key(Key::of(1, LEN)))));
    assert_eq!(key(&[]), Ok(None));
    assert_eq!(key(&[0x02]), Err(WireError::BadKey { key: 2 }));
    for byte in [0x0E, 0x0F, 0x7E] {
        let wrong = WireError::BadKey { key: byte.into() };
        let read = key(&[byte]).expect("a number").expect("a key");
        assert_eq!(read.wrong(), wrong);
        let skipped = Input::new(&[0; 9]).skip(read, 9).map(drop);
        assert_eq!(skipped, Err(wrong));
    }
    let largest = Key(Key::of((1 << 29) - 1, VARINT));
    assert_eq!(key(&[0xF8, 0xFF, 0xFF, 0xFF, 0x0F]), Ok(Some(largest)));
    assert_eq!(
        key(&[0x80, 0x80, 0x80, 0x80, 0x10]),
        Err(WireError::BadKey { key: 1 << 32 })
    );
}

#[test]
fn groups_are_skipped_to_their_own_end_within_the_depth() {
    let group = Key(Key::of(3, START_GROUP));
    let nested = [0x23, 0x08, 0x01, 0x24, 0x1C, 0x55];
    let mut input = Input::new(&nested);
    assert_eq!(input.skip(group, 3), Ok(4));
    assert_eq!(input.rest, [0x55]);

    let skip = |bytes: &[u8], depth| Input::new(bytes).skip(group, depth).map(drop);
    assert_eq!(skip(&nested, 2), Err(WireError::GroupDepth));
    assert_eq!(
        skip(&[0x24], 9),
        Err(WireError::UnmatchedGroup { number: 4 })
    );
    assert_eq!(
        skip(&[0x08], 9),
        Err(WireError::Truncated { needed: 1, left: 0 })
    );
    let deep: Vec<u8> = vec![0x1B; 1 << 19];
    assert_eq!(skip(&deep, 100), Err(WireError::GroupDepth));
}
