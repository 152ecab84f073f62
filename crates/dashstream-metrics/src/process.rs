//! What the operating system says about the process, and which build it is.

use std::fs;

use crate::catalogue::Registration;
use crate::family::{AlertCoverage, MetricDesc, MetricKind};
use crate::samples::level;

/// The process at one moment. What cannot be learned is not a number on the page.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Process {
    /// User and system time spent, in seconds.
    pub cpu_seconds: Option<f64>,
    /// Memory that is resident, in bytes.
    pub resident_bytes: Option<f64>,
    /// File descriptors that are open.
    pub open_fds: Option<f64>,
    /// When it began, in seconds since 1970.
    pub start_seconds: Option<f64>,
}

/// Ticks of the kernel's clock in `/proc`: `USER_HZ` is 100 on every architecture of Linux that this
/// builds for.
const TICKS: f64 = 100.0;

/// Bytes of a page of memory, as x86-64 and most of AArch64 have them.
const PAGE: f64 = 4096.0;

impl Process {
    /// Reads `/proc/self`; elsewhere than on Linux nothing is known. Costs four reads of small files and
    /// a listing of the open descriptors.
    #[must_use]
    pub fn read() -> Self {
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        // The second field is the name in parentheses, which may hold spaces and parentheses itself: only
        // behind the last one do fields begin that blanks divide, with the third.
        let fields: Vec<f64> = stat
            .rsplit_once(')')
            .map_or("", |(_, rest)| rest)
            .split_whitespace()
            // The third field is a letter, so that what is no number must keep its place in the list.
            .map(|field| field.parse().unwrap_or(f64::NAN))
            .collect();
        let field = |number: usize| fields.get(number.saturating_sub(3)).copied();
        // A process begins so many ticks after the boot; `btime` is the boot in seconds since 1970.
        let boot = fs::read_to_string("/proc/stat").unwrap_or_default();
        let boot = boot
            .lines()
            .find_map(|line| line.strip_prefix("btime ")?.parse::<f64>().ok());
        let fds = fs::read_dir("/proc/self/fd").map(Iterator::count).ok();
        Self {
            cpu_seconds: field(14)
                .zip(field(15))
                .map(|(user, system)| (user + system) / TICKS),
            resident_bytes: field(24).map(|pages| pages * PAGE),
            // The listing itself has one open.
            open_fds: fds
                .map(|fds| level(u64::try_from(fds).unwrap_or(u64::MAX).saturating_sub(1))),
            start_seconds: field(22)
                .zip(boot)
                .map(|(ticks, boot)| boot + ticks / TICKS),
        }
    }
}

impl<S: 'static> Registration<S> {
    /// The families that every process has: which build it is, when it began, and what it uses. `build`
    /// is the name of the build family, such as `evaluator_build_info`.
    pub fn process(
        &mut self,
        build: &'static str,
        version: &'static str,
        read: fn(&S) -> &Process,
    ) {
        let waived = AlertCoverage::Waived("a state of the process, for people who look");
        let desc = MetricDesc::new(build, "1, with the version that runs.", waived);
        let labels = vec![crate::family::LabelSpec {
            name: "version",
            values: Some(vec![version]),
        }];
        self.derive(desc, MetricKind::Gauge, labels, move |_, out| {
            out.gauge(&[version], 1.0)
        });
        let mut family = |kind, name, value: fn(&Process) -> Option<f64>, help| {
            let desc = MetricDesc::new(name, help, waived);
            self.derive(desc, kind, Vec::new(), move |snapshot, out| {
                // NaN keeps the series: an absent one would fire the alert on its absence wherever there is
                // no `/proc`.
                out.gauge(&[], value(read(snapshot)).unwrap_or(f64::NAN));
            });
        };
        let (gauge, counter) = (MetricKind::Gauge, MetricKind::Counter);
        let help = "When the process began, in seconds since 1970.";
        family(
            gauge,
            "process_start_time_seconds",
            |p| p.start_seconds,
            help,
        );
        let help = "User and system time spent, in seconds.";
        family(
            counter,
            "process_cpu_seconds_total",
            |p| p.cpu_seconds,
            help,
        );
        let help = "Memory that is resident, in bytes.";
        family(
            gauge,
            "process_resident_memory_bytes",
            |p| p.resident_bytes,
            help,
        );
        let help = "File descriptors that are open.";
        family(gauge, "process_open_fds", |p| p.open_fds, help);
    }
}
