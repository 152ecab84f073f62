//! What other threads tell the driver: verdicts, answers, orders.

use core::time::Duration;

use dashstream_policy::{Cause, Input};

use crate::archive_finding::ArchiveFinding;
use crate::consumer_event::ConsumerEvent;
use crate::delivery_queue::DeliveryId;
use crate::driver::{Client, Driver, LINGER_WITHOUT_ROOM, Phase};
use crate::driver_message::DriverMessage;
use crate::inbox::Receiver;

impl Driver {
    /// Tells the engine all messages, and carries out what follows from them together.
    pub(super) fn on_messages(&mut self, client: &Client, messages: Vec<DriverMessage>) {
        if messages.is_empty() {
            return;
        }
        // The host accepted these before it gave the verdicts below. Told in the other order, a hold would
        // give them up.
        self.on_accepted(true);
        let applied: Vec<_> = messages
            .into_iter()
            .filter_map(|message| self.on_message(client, message))
            .collect();
        self.perform(client);
        // `perform` has withdrawn what the engine gave up for these verdicts. Before that, the host could be
        // handed a record behind one that is held.
        for verdict in applied {
            self.wiring.queue.verdict_applied(verdict);
        }
    }

    /// How long what the host accepts waits for more of it: not at all where the host has nothing else to do
    /// until there is room.
    pub(crate) fn linger(&self, inbox: &Receiver, is_full: bool) -> Duration {
        match (is_full, self.wiring.queue.is_waiting()) {
            (true, true) => Duration::ZERO,
            (true, false) => inbox.linger().min(LINGER_WITHOUT_ROOM),
            (false, _) => inbox.linger(),
        }
    }

    /// Tells the engine what the host accepted, if it is due, and says whether that was anything.
    ///
    /// It is gathered: a record costs little here, and each partition that moves costs a store.
    pub(super) fn on_accepted(&mut self, is_due: bool) -> bool {
        // The queue swaps its full vector for this empty one, so that neither is allocated again.
        let mut accepted = core::mem::take(&mut self.accepted);
        self.wiring.queue.take_accepted(is_due, &mut accepted);
        let has_any = !accepted.is_empty();
        if has_any {
            let now = self.wiring.clock.now();
            self.accepted_at = now;
            for delivered in accepted.drain(..) {
                self.returned(&delivered);
                // Nearly always empty, so that accepting a record makes no name for it.
                if !self.deferred.is_empty() {
                    let verdict = DeliveryId::on(&delivered);
                    if self.deferred.remove(&verdict) {
                        self.wiring.queue.verdict_applied(verdict);
                    }
                }
                self.engine.accept(now, delivered);
            }
        }
        self.accepted = accepted;
        has_any
    }

    /// Tells the engine a message, and returns the verdict in it whose partition waits for it.
    fn on_message(&mut self, client: &Client, message: DriverMessage) -> Option<DeliveryId> {
        let now = self.wiring.clock.now();
        let forgotten = self.engine.engine().counters().forgotten;
        let mut heard = None;
        match message {
            DriverMessage::Rejected(delivered, cause, kept) => {
                let verdict = self.verdict(&delivered);
                // The engine is told before what waits behind is taken back: it then knows that the lane is
                // blocked, and keeps those records instead of handing them out at once.
                self.engine.reject(now, delivered, cause, kept);
                self.take_back(verdict, forgotten);
                heard = Some(verdict);
            }
            DriverMessage::RejectedUnseen(delivered, cause, kept) => {
                // `returned` would clear the record of the deaths that it is rejected for. It stays a suspect
                // until an offset passes it.
                self.left_queue(&delivered);
                let verdict = DeliveryId::on(&delivered);
                self.report(&ConsumerEvent::Rejected {
                    partition: delivered.partition(),
                    offset: delivered.offset().get(),
                    cause,
                    backlog: delivered.backlog(),
                });
                self.engine.reject(now, delivered, cause, kept);
                self.take_back(verdict, forgotten);
                heard = Some(verdict);
            }
            DriverMessage::Released(delivered, cause, kept) => {
                let verdict = self.verdict(&delivered);
                self.engine.release(now, delivered, cause, kept);
                self.take_back(verdict, forgotten);
                heard = Some(verdict);
            }
            DriverMessage::Dropped(delivered, kept) => {
                let verdict = self.verdict(&delivered);
                heard = Some(verdict);
                // What a shutdown drops is not the host's doing, and is read again by the next.
                if self.phase == Phase::Running {
                    self.report(&ConsumerEvent::Dropped {
                        partition: delivered.partition(),
                        offset: delivered.offset().get(),
                    });
                    self.engine.release(now, delivered, Cause::Dropped, kept);
                    self.take_back(verdict, forgotten);
                }
            }
            DriverMessage::Deferred(delivered, kept) => {
                self.returned(&delivered);
                let verdict = DeliveryId::on(&delivered);
                // The engine gives no answer to a deferral; its count says whether it took it.
                let before = self.engine.engine().counters().deferred;
                self.engine.defer(now, delivered, kept);
                self.take_back(verdict, forgotten);
                if self.engine.engine().counters().deferred == before {
                    // Its place is gone, so nothing waits for it.
                    heard = Some(verdict);
                } else {
                    self.deferred.insert(verdict);
                }
            }
            DriverMessage::Returned(delivered, kept) => {
                // This is no verdict, so that nothing waits for it to be applied.
                self.returned(&delivered);
                self.engine.queue(now, delivered, kept);
            }
            DriverMessage::Unread(records) => self.left_host(records),
            DriverMessage::Archived(sent, result) => self.archived(now, sent, result),
            DriverMessage::ClientFailed(client, code) => self.client_failed(client, code),
            DriverMessage::ArchiveFound(partitions, findings) => {
                self.archive_partitions = partitions;
                self.archive_found(findings);
            }
            DriverMessage::Order(order, reply) => self.ordered(client, now, order, reply),
            DriverMessage::Breaker(breaker) => self.engine.handle(now, Input::Breaker(breaker)),
            DriverMessage::Watermarks {
                asked,
                fresh,
                took,
                complete,
            } => {
                self.report(&ConsumerEvent::WatermarksPolled { took, complete });
                self.watermarks(client, now, asked, &fresh);
            }
            DriverMessage::Retention(times) => self.retention = times,
            DriverMessage::Drain => {
                // A second order to drain does not give the host more time.
                if self.phase == Phase::Running {
                    self.phase = Phase::Draining;
                    self.drain_until = Some(now.saturating_add(self.config.drain_timeout));
                    self.engine.handle(now, Input::Drain);
                    self.pause_all(client);
                    self.published = None;
                }
            }
            DriverMessage::Stop => self.phase = Phase::Closed,
        }
        heard
    }

    pub(super) fn archive_found(&mut self, findings: Vec<ArchiveFinding>) {
        for finding in &findings {
            self.report(&ConsumerEvent::Archive(*finding));
        }
        self.archive_findings = findings;
        self.published = None;
    }
}
