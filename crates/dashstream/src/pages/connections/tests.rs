use super::*;

fn ended(seat: &Seat) -> bool {
    let there = seat
        .seats
        .taken()
        .by_use
        .contains_key(&seat.last_use().number);
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

/// The time without a request is counted from the last one, and not from the end of the time before.
#[tokio::test]
async fn a_connection_ends_so_long_after_its_last_request() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    const WITHIN: Duration = Duration::from_secs(2);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = listener.local_addr().unwrap();
    let mut asking = TcpStream::connect(to).await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let (_stop, stopped) = watch::channel(false);
    let seat = Seats::default().take();
    let answered = answer(stream, to.ip(), Router::new(), seat, WITHIN, stopped);
    let answered = tokio::spawn(answered);
    sleep(Duration::from_millis(200)).await;
    let asked = Instant::now();
    let request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    asking.write_all(request).await.unwrap();
    asking.read_to_end(&mut Vec::new()).await.unwrap();
    answered.await.unwrap();
    let took = asked.elapsed();
    assert!(took >= WITHIN && took < WITHIN.mul_f32(1.5), "{took:?}");
}
