use super::*;

fn ended(seat: &Seat) -> bool {
    let there = seat.seats.taken().by_use.contains_key(&seat.last_use());
    !there
}

#[test]
fn the_last_place_is_given_and_the_next_ends_the_longest_unused() {
    let seats = Seats::default();
    let all: Vec<Seat> = (0..CONNECTIONS_MAX).map(|_| seats.take()).collect();
    assert!(!all.iter().any(ended));
    all[0].used();
    let next = seats.take();
    assert!(ended(&all[1]) && !ended(&all[0]) && !ended(&next));
    assert_eq!(seats.taken().by_use.len(), CONNECTIONS_MAX);
    all[1].used();
    assert!(ended(&all[1]), "what was evicted stays so");
    drop(next);
    assert_eq!(seats.taken().by_use.len(), CONNECTIONS_MAX - 1);
    let last = seats.take();
    assert!(!ended(&all[2]) && !ended(&last));
}
