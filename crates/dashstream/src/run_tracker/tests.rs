use super::*;

#[test]
fn runs_and_metrics_name_the_same_reasons() {
    let codes = dashstream_reducer::ResyncReason::CODES;
    assert_eq!(ResyncReason::LABEL.texts(), codes);
}
