use super::*;

#[test]
fn numbers_and_kinds_are_one_to_one() {
    for kind in Kind::ALL {
        assert_eq!(Kind::from_number(kind.number()), Some(kind));
    }
    assert_eq!(Kind::from_number(0), None);
    assert_eq!(Kind::from_number(10), None);
}
