use super::*;

#[test]
fn strict_framing_knows_two_bytes() {
    for byte in 0..=u8::MAX {
        let record = [byte, 7];
        let expected = match byte {
            0 => Ok(Frame {
                encoding: Encoding::Raw,
                framed: true,
                payload: &record[1..],
            }),
            1 => Ok(Frame {
                encoding: Encoding::Zstd,
                framed: true,
                payload: &record[1..],
            }),
            _ => Err(DecodeError::UnknownFrameByte { byte }),
        };
        assert_eq!(Frame::parse(&record, false), expected);
    }
    assert_eq!(Frame::parse(&[], false), Err(DecodeError::Empty));
    assert_eq!(Frame::parse(&[], true), Err(DecodeError::Empty));
}

#[test]
fn compatible_framing_takes_each_older_form_by_its_first_bytes() {
    for byte in 2..=u8::MAX {
        let record = [byte, 7, 7, 7];
        let older = byte & 7 == 2 && (1..=9).contains(&(byte >> 3));
        let expected = if older {
            Ok(Frame {
                encoding: Encoding::Raw,
                framed: false,
                payload: &record,
            })
        } else {
            Err(DecodeError::UnknownFrameByte { byte })
        };
        assert_eq!(Frame::parse(&record, true), expected);
    }
    let zstd = [0x28, 0xB5, 0x2F, 0xFD];
    assert_eq!(
        Frame::parse(&zstd, true),
        Ok(Frame {
            encoding: Encoding::Zstd,
            framed: false,
            payload: &zstd
        })
    );
    assert_eq!(
        Frame::parse(&zstd[..3], true),
        Err(DecodeError::UnknownFrameByte { byte: 0x28 })
    );
}

#[test]
fn a_frame_byte_alone_frames_an_empty_payload() {
    let frame = |byte| Frame::parse(byte, false).map(|frame| frame.payload.len());
    assert_eq!(frame(&[0]), Ok(0));
    assert_eq!(frame(&[1]), Ok(0));
}
