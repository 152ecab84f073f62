use super::*;

#[test]
fn the_last_byte_of_a_signature_is_allowed_and_the_next_is_not() {
    let text = |len| "x".repeat(len);
    assert!(Operator::new(&text(255), "why").is_ok());
    assert!(Operator::new(&text(256), &text(256)).is_ok());
    assert_eq!(
        Operator::new("who", &text(257)),
        Err(InputError::OperatorTooLong {
            len: 257,
            limit: 256
        })
    );
    assert_eq!(Operator::new("", "why"), Err(InputError::OperatorEmpty));
}
