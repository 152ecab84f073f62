use super::*;

#[test]
fn the_last_offset_with_a_successor_is_allowed_and_the_next_is_not() {
    assert_eq!(
        Offset::new(i64::MAX - 1).map(|at| at.next().get()),
        Ok(i64::MAX)
    );
    assert_eq!(
        Offset::new(i64::MAX),
        Err(InputError::Offset { offset: i64::MAX })
    );
    assert_eq!(Offset::new(0), Ok(Offset::ZERO));
    assert_eq!(Offset::new(-1), Err(InputError::Offset { offset: -1 }));
}
