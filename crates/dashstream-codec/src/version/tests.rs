use super::*;

#[test]
fn versions_0_1_and_2_under_each_policy() {
    let admitted = |policy: SchemaPolicy| [0, 1, 2].map(|version| policy.admits(version));
    assert_eq!(admitted(SchemaPolicy::Exact), [true, true, false]);
    assert_eq!(admitted(SchemaPolicy::AcceptNewer), [true, true, true]);
    assert_eq!(admitted(SchemaPolicy::AcceptOlder), [true, true, false]);
}
