use super::*;

fn message(effect: Effect) -> Written {
    Written::Message {
        thread: "t".into(),
        effect,
    }
}

#[test]
fn books_that_agree_are_folded_away_in_either_order_of_arrival() {
    let ledger = Ledger::default();
    ledger.written(0, 0, message(Effect::Restores));
    ledger.decided(0, 1, Decision::Unprocessable(Cause::NullPayload));
    ledger.decided(0, 0, Decision::Processed);
    ledger.written(0, 1, Written::Hostile(Hostile::NullPayload));
    let state = ledger.state();
    assert!(state.partitions[&0].open.is_empty());
    drop(state);
    let compared = ledger.compare();
    assert!(compared.agrees());
    assert_eq!(
        (compared.written, compared.agreed, compared.undecided),
        (2, 2, 0)
    );
    assert_eq!(
        compared.hostile,
        BTreeMap::from([(Hostile::NullPayload.name(), 1)])
    );
    assert!(ledger.is_settled(|_| false));
}

#[test]
fn each_kind_of_difference_is_found() {
    let ledger = Ledger::default();
    ledger.written(0, 0, message(Effect::Follows));
    ledger.decided(0, 0, Decision::Unprocessable(Cause::BadFrame));
    ledger.written(0, 1, Written::Hostile(Hostile::NullPayload));
    ledger.decided(0, 1, Decision::Unprocessable(Cause::BadFrame));
    ledger.decided(1, 0, Decision::Processed);
    ledger.written(2, 0, message(Effect::Follows));
    let compared = ledger.compare();
    assert!(!compared.agrees());
    assert_eq!(
        (compared.differing, compared.unknown, compared.undecided),
        (2, 1, 1)
    );
    assert_eq!(compared.examples.len(), 3);
    assert!(!ledger.is_settled(|_| false));
    assert!(ledger.is_settled(|partition| partition == 2));
}

#[test]
fn a_second_decision_has_to_repeat_the_first() {
    let ledger = Ledger::default();
    ledger.decided(0, 0, Decision::Processed);
    ledger.decided(0, 0, Decision::Processed);
    ledger.decided(0, 1, Decision::Processed);
    ledger.decided(0, 1, Decision::Unprocessable(Cause::BadFrame));
    ledger.written(0, 0, message(Effect::Follows));
    ledger.written(0, 1, message(Effect::Follows));
    let compared = ledger.compare();
    assert_eq!(
        (compared.again, compared.agreed, compared.differing),
        (2, 1, 1)
    );
}

#[test]
fn a_run_is_out_of_step_from_the_bomb_to_the_next_full_state() {
    let ledger = Ledger::default();
    let step = |offset, effect| {
        ledger.written(0, offset, message(effect));
        ledger.decided(0, offset, Decision::Processed);
        ledger.runs().get("t").copied()
    };
    assert_eq!(step(0, Effect::Follows), None);
    assert_eq!(step(1, Effect::Restores), Some(true));
    assert_eq!(step(2, Effect::Breaks), Some(false));
    assert_eq!(step(3, Effect::Follows), Some(false));
    assert_eq!(step(4, Effect::Restores), Some(true));
    // Written and not decided yet: no consumer knows.
    ledger.written(0, 5, message(Effect::Breaks));
    assert_eq!(ledger.runs().get("t"), Some(&true));
}
