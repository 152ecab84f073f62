//! Connections: few enough for the process's descriptors, and never so many that a probe has no room.
//!
//! At the limit the connection that has gone without a request for the longest time gives its place
//! to the new one. So whoever holds connections open without asking anything cannot keep anybody
//! else out: the newest connection always has a place, and asks at once.

use core::future::Future;
use core::net::IpAddr;
use core::pin::pin;
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::LocalAddress;
use crate::lock::lock;

/// Serves `pages` until `stop` is ready; requests that are under way are answered.
pub(super) async fn serve(listener: TcpListener, pages: Router, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop);
    let (stop_connections, stopped) = watch::channel(false);
    let seats = Seats::default();
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.as_mut() => break,
            accepted = listener.accept() => accepted,
        };
        // A `JoinSet` keeps the tasks that have ended until they are joined.
        while connections.try_join_next().is_some() {}
        match accepted.and_then(|(stream, _)| Ok((stream.local_addr()?.ip(), stream))) {
            Ok((local, stream)) => {
                let seat = seats.take();
                let stop = stopped.clone();
                let answered = answer(stream, local, pages.clone(), seat, USE_WITHIN, stop);
                connections.spawn(answered);
            }
            Err(error) => {
                // Out of descriptors, as a rule: ending a connection frees one, and the wait keeps the loop
                // from spinning.
                tracing::debug!("connection not accepted: {error}");
                seats.taken().make_room();
                sleep(RETRY_ACCEPT).await;
            }
        }
    }
    stop_connections.send_replace(true);
    // This ends: a connection that does not finish is closed by `USE_WITHIN`.
    while connections.join_next().await.is_some() {}
}

async fn answer(
    stream: TcpStream,
    local: IpAddr,
    pages: Router,
    seat: Seat,
    use_within: Duration,
    mut stop: watch::Receiver<bool>,
) {
    let pages = TowerToHyperService::new(pages);
    let service = service_fn(|mut request: Request<Incoming>| {
        seat.used();
        request.extensions_mut().insert(LocalAddress(local));
        pages.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_WITHIN)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let mut stopping = false;
    loop {
        let idle = use_within.saturating_sub(seat.last_use().at.elapsed());
        tokio::select! {
            // An error of a connection concerns nobody else, and is not reported.
            _ended = connection.as_mut() => return,
            () = seat.evicted.notified() => return,
            // It may have been used meanwhile, and then has the rest of its time.
            () = sleep(idle) => if seat.last_use().at.elapsed() >= use_within { return },
            // Waited for once: afterwards it is ready at every turn, and the loop would spin.
            _ = stop.wait_for(|stop| *stop), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Places for connections, in the order of their last use.
#[derive(Clone, Debug, Default)]
struct Seats(Arc<Mutex<Taken>>);

#[derive(Debug, Default)]
struct Taken {
    // A number for each use and no clock: no two uses are equal, so that each has an entry of its own.
    uses: u64,
    by_use: BTreeMap<u64, Arc<Notify>>,
}

/// The number of a use, and when it was.
#[derive(Clone, Copy, Debug)]
struct Use {
    number: u64,
    at: Instant,
}

/// One place. It is free again when this is dropped.
#[derive(Debug)]
struct Seat {
    seats: Seats,
    last_use: Mutex<Use>,
    evicted: Arc<Notify>,
}

impl Seats {
    fn take(&self) -> Seat {
        let evicted = Arc::new(Notify::new());
        let mut taken = self.taken();
        if taken.by_use.len() >= CONNECTIONS_MAX {
            taken.make_room();
        }
        let last_use = taken.put(Arc::clone(&evicted));
        Seat {
            seats: self.clone(),
            last_use: Mutex::new(last_use),
            evicted,
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        lock(&self.0)
    }
}

impl Taken {
    /// Ends the connection that was used the longest time ago.
    fn make_room(&mut self) {
        if let Some((_, evicted)) = self.by_use.pop_first() {
            // Leaves a permit, unlike `notify_waiters`: a connection that is not waiting at this moment still
            // learns of it.
            evicted.notify_one();
        }
    }

    fn put(&mut self, evicted: Arc<Notify>) -> Use {
        self.uses = self.uses.saturating_add(1);
        self.by_use.insert(self.uses, evicted);
        Use {
            number: self.uses,
            at: Instant::now(),
        }
    }
}

impl Seat {
    fn used(&self) {
        // This lock first and the other within: nobody takes them the other way round.
        let mut last_use = lock(&self.last_use);
        let mut taken = self.seats.taken();
        // One that has been evicted gets no new place.
        if let Some(evicted) = taken.by_use.remove(&last_use.number) {
            *last_use = taken.put(evicted);
        }
    }

    fn last_use(&self) -> Use {
        *lock(&self.last_use)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let last_use = self.last_use().number;
        self.seats.taken().by_use.remove(&last_use);
    }
}

/// A quarter of the 256 descriptors that some systems give a process; the Kafka clients take about
/// ten for each broker.
const CONNECTIONS_MAX: usize = 64;

/// A request's head fits into one packet: whoever takes longer is not asking. A connection that is kept
/// open is closed after the same time without a request.
const HEADER_WITHIN: Duration = Duration::from_secs(5);

/// How long a connection may go without a new request: one that does not take its answer ends.
const USE_WITHIN: Duration = Duration::from_secs(30);

const RETRY_ACCEPT: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests;
