//! Clients and what was sent to them.

use core::time::Duration;

use dashstream_metrics::AlertCoverage::{Alert, Waived};
use dashstream_metrics::{Counter, Label, Registration, Tally, TallyOptions, level};

use crate::catalogue::of;
use crate::labels::{DROP_REASON, LagSeverity, SendOutcome};
use crate::snapshot::Snapshot;

/// What counts clients and what was sent to them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Clients {
    pub(crate) sends: Tally<SendOutcome>,
    pub(crate) drops: Tally<()>,
    pub(crate) lag_events: Counter<LagSeverity>,
    pub(crate) lag_messages: Counter<LagSeverity>,
    /// Clients that were disconnected because they lost too many messages.
    pub slow_disconnects: Counter<()>,
    /// Connections that were refused.
    pub rejected: Counter<()>,
    /// Control messages that were too large.
    pub oversized: Counter<()>,
    /// Control messages that could not be read.
    pub unreadable: Counter<()>,
    /// Batches with messages of several threads that were sent.
    pub multi_thread_batches: Counter<()>,
}

pub(super) fn declare(c: &mut Registration<Snapshot>) -> Clients {
    c.group("clients");
    let (sent, dropped) = (SendOutcome::LABEL, DROP_REASON);
    let sends = c.tally(
        "sends",
        sent,
        sent,
        |outcome| outcome,
        TallyOptions::default(),
    );
    let drops = c.tally("drops", dropped, dropped, |()| (), TallyOptions::default());
    families! { c:
        gauges[Label::NONE] "websocket_connected_clients"
            "Clients that are connected."
            Waived("no client is a state like any other") shown as "metrics.connected_clients",
            |s, ()| level(s.observed.connected_clients);
        counts[SendOutcome::LABEL] "dashstream_client_sends_total"
            "Messages for clients, by how sending ended."
            Alert("DashstreamSendFailures"), |s, outcome| of(s.totals.sends.as_ref(), outcome);
        counts[Label::NONE] "websocket_send_failed_total"
            "Messages that a client's connection refused."
            Alert("DashstreamSendFailures") shown as "metrics.send_failed",
            |s, ()| of(s.totals.sends.as_ref(), SendOutcome::Failed);
        counts[Label::NONE] "websocket_send_timeout_total"
            "Messages that a client did not take in time."
            Alert("DashstreamSendFailures") shown as "metrics.send_timeout",
            |s, ()| of(s.totals.sends.as_ref(), SendOutcome::TimedOut);
        counts[DROP_REASON] "websocket_dropped_messages_total"
            "Messages dropped for clients: each client counts."
            Alert("DashstreamMessagesDropped") shown as "metrics.dropped_messages",
            |s, ()| s.totals.drops.unwrap_or(0);
    }
    instruments! { c: Clients { sends, drops }
        lag_events: counter[LagSeverity::LABEL] "websocket_client_lag_events_total"
            "Times that a client fell behind, by how far."
            Waived("what the clients lost is watched");
        lag_messages: counter[LagSeverity::LABEL] "websocket_client_lag_messages_total"
            "Messages that clients lost by falling behind, by how far."
            Waived("the same messages as websocket_dropped_messages_total, which is watched");
        slow_disconnects: counter[Label::NONE] "websocket_slow_client_disconnects_total"
            "Clients disconnected for losing too much."
            Waived("what the clients lost is watched");
        rejected: counter[Label::NONE] "websocket_rejected_connections_total"
            "Connections that were refused."
            Alert("DashstreamConnectionsRejected");
        oversized: counter[Label::NONE] "websocket_control_oversized_total"
            "Control messages that were too large."
            Waived("a client's mistake, answered to the client");
        unreadable: counter[Label::NONE] "websocket_control_parse_failures_total"
            "Control messages that could not be read."
            Waived("a client's mistake, answered to the client");
        multi_thread_batches: counter[Label::NONE] "websocket_multi_thread_batches_total"
            "Batches with messages of several threads."
            Waived("a property of the producers, and no fault");
    }
}

impl Clients {
    /// Records what happened to one message for one client.
    pub fn sent(&self, now: Duration, outcome: SendOutcome) {
        self.sends.record(now, outcome, 1);
    }

    /// Records that one client lost `messages` at once, because it was too slow.
    pub fn lagged(&self, now: Duration, messages: u64) {
        let severity = LagSeverity::of(messages);
        self.lag_events.add(severity, 1);
        self.lag_messages.add(severity, messages);
        self.drops.record(now, (), messages);
    }
}
