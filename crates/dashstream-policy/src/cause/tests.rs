use std::collections::BTreeSet;

use super::*;

#[test]
fn every_cause_is_listed_once_under_its_own_label() {
    let labels: BTreeSet<_> = Cause::ALL.iter().map(|cause| cause.label()).collect();
    assert_eq!(labels.len(), Cause::ALL.len());
}
