use super::*;

#[test]
fn the_shares_add_up_to_what_all_may_take() {
    let all = RunsLimits::default();
    let one = share(&all, 1);
    assert_eq!(one, all);
    let three = share(&all, 3);
    assert_eq!(three.runs, 342);
    assert!(three.bytes * 3 >= all.bytes && three.bytes * 3 < all.bytes + 3);
    assert_eq!(three.run_bytes, all.run_bytes, "a share has room for one");
    let many = share(&all, 8);
    assert_eq!(
        many.run_bytes, many.bytes,
        "no run takes more than its worker has"
    );
}
