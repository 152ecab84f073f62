use super::*;

#[test]
fn a_slot_survives_packing_at_the_edges_of_both_fields() {
    for slot in [0, 1, SLOT_MAX] {
        for count in [0, 1, COUNT_MAX] {
            let word = SlotWord { slot, count };
            assert_eq!(SlotWord::unpack(word.pack()), word);
        }
    }
}

#[test]
fn the_last_event_fits_and_the_next_is_clipped() {
    let full = |count| SlotWord { slot: 7, count };
    for (held, clipped) in [(COUNT_MAX - 2, 0), (COUNT_MAX - 1, 0), (COUNT_MAX, 1)] {
        let next = full(COUNT_MAX.min(held + 1));
        assert_eq!(
            full(held).after(7, 1),
            After::Put {
                next,
                left: Left {
                    displaced: 0,
                    clipped
                }
            }
        );
    }
    assert_eq!(
        full(1).after(7, u64::MAX),
        After::Put {
            next: full(COUNT_MAX),
            left: Left {
                displaced: 0,
                clipped: u64::MAX - (COUNT_MAX - 1)
            }
        }
    );
}

#[test]
fn an_older_slot_is_displaced_and_a_newer_one_stays() {
    let word = SlotWord { slot: 5, count: 9 };
    assert_eq!(
        word.after(6, 2),
        After::Put {
            next: SlotWord { slot: 6, count: 2 },
            left: Left {
                displaced: 9,
                clipped: 0
            }
        }
    );
    assert_eq!(word.after(4, 2), After::Late);
}
