//! Histograms, latencies and tallies: what is recorded is on the page, in its bucket and nowhere else.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test draws its input, and fails by panicking"
)]

use core::num::NonZeroUsize;
use core::time::Duration;

use dashstream_metrics::{
    AlertCoverage, Buckets, Catalogue, Counts, Format, Histogram, Label, LabelSpec, Latency,
    MetricDesc, MetricKind, Reading, Tally, TallyOptions, WindowShape,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Read,
    Write,
    Flush,
}

const STAGE: Label<Stage> = Label {
    name: "stage",
    values: &[Stage::Read, Stage::Write, Stage::Flush],
    text: |stage| match stage {
        Stage::Read => "read",
        Stage::Write => "write",
        Stage::Flush => "flush",
    },
    index: |stage| stage as usize,
};

const NOW: Duration = Duration::from_secs(1000);

const fn about(name: &'static str) -> MetricDesc {
    MetricDesc::new(name, "Help.", AlertCoverage::Waived("a test"))
}

fn page(catalogue: &Catalogue<Reading>, now: Duration) -> String {
    catalogue.page(&catalogue.read(now), Format::Text)
}

/// The number of a series on the page.
fn number(page: &str, series: &str) -> f64 {
    let line = page.lines().find_map(|line| line.strip_prefix(series));
    line.unwrap_or_else(|| panic!("no {series} in {page}"))
        .trim()
        .parse()
        .unwrap()
}

const EDGES: Buckets = Buckets {
    bounds: &[10, 20, 50],
    divisor: 10,
};

fn histogram() -> (Catalogue<Reading>, Histogram<Stage>) {
    Catalogue::build(NOW, |c| c.histogram(about("sizes"), STAGE, EDGES)).unwrap()
}

#[test]
fn a_counter_goes_up_and_a_gauge_goes_anywhere() {
    let (catalogue, (counter, level)) = Catalogue::<Reading>::build(NOW, |c| {
        let counter = c.counter(about("events_total"), STAGE);
        (counter, c.gauge(about("level"), STAGE))
    })
    .unwrap();
    counter.add(Stage::Write, 3);
    counter.clone().add(Stage::Write, 4);
    level.set(Stage::Flush, 2.5);
    level.set(Stage::Read, -1.0);
    level.set(Stage::Read, 0.25);
    let reading = catalogue.read(NOW);
    let counts = counter.read(&reading);
    assert_eq!(
        STAGE
            .values
            .iter()
            .map(|stage| counts.get(*stage))
            .collect::<Vec<_>>(),
        [0, 7, 0]
    );
    let page = page(&catalogue, NOW);
    for (stage, count, level) in [
        ("read", 0.0, 0.25),
        ("write", 7.0, 0.0),
        ("flush", 0.0, 2.5),
    ] {
        assert_eq!(
            number(&page, &format!("events_total{{stage=\"{stage}\"}}")),
            count
        );
        assert_eq!(number(&page, &format!("level{{stage=\"{stage}\"}}")), level);
    }
    assert_eq!(catalogue.export_gaps(NOW, |reading| reading, []), []);
    // Each cell was moved once more.
    let moved = self::page(&catalogue, NOW);
    for (stage, count) in [("read", 1.0), ("write", 8.0), ("flush", 1.0)] {
        assert_eq!(
            number(&moved, &format!("events_total{{stage=\"{stage}\"}}")),
            count
        );
        assert_ne!(number(&moved, &format!("level{{stage=\"{stage}\"}}")), 0.0);
    }
}

#[test]
fn an_observation_is_in_the_first_bucket_that_ends_at_it_or_later() {
    for (value, counts) in [
        (0_u32, [1, 1, 1]),
        (9, [1, 1, 1]),
        (10, [1, 1, 1]),
        (11, [0, 1, 1]),
        (20, [0, 1, 1]),
        (21, [0, 0, 1]),
        (50, [0, 0, 1]),
        (51, [0, 0, 0]),
    ] {
        let (catalogue, histogram) = histogram();
        histogram.observe(Stage::Write, value.into());
        let page = page(&catalogue, NOW);
        let bucket = |stage: &str, bound: &str| {
            number(
                &page,
                &format!("sizes_bucket{{stage=\"{stage}\",le=\"{bound}\"}}"),
            )
        };
        let found = ["1", "2", "5"].map(|bound| bucket("write", bound));
        assert_eq!(found, counts.map(f64::from), "{value}");
        assert_eq!(bucket("write", "+Inf"), 1.0);
        assert_eq!(number(&page, "sizes_count{stage=\"write\"}"), 1.0);
        let sum = number(&page, "sizes_sum{stage=\"write\"}");
        assert_eq!(sum, f64::from(value) / 10.0);
        for other in ["read", "flush"] {
            assert_eq!(bucket(other, "+Inf"), 0.0);
            assert_eq!(
                number(&page, &format!("sizes_sum{{stage=\"{other}\"}}")),
                0.0
            );
        }
    }
}

#[test]
fn every_cell_of_a_histogram_is_on_the_page() {
    let (catalogue, histogram) = histogram();
    assert_eq!(catalogue.export_gaps(NOW, |reading| reading, []), []);
    // Each of the four buckets of each stage was moved once, and the sum by what lies in it.
    let page = page(&catalogue, NOW);
    for stage in ["read", "write", "flush"] {
        assert_eq!(
            number(&page, &format!("sizes_count{{stage=\"{stage}\"}}")),
            4.0
        );
        let sum = number(&page, &format!("sizes_sum{{stage=\"{stage}\"}}"));
        assert_eq!(sum, 13.1);
    }
    histogram.observe(Stage::Read, 1);
}

fn latency(recorders: usize) -> (Catalogue<Reading>, Latency<Stage>) {
    let view = Buckets {
        bounds: &[1_000, 25_000],
        divisor: 1_000,
    };
    Catalogue::build(NOW, |c| {
        let views = [(about("took_ms"), view)];
        let (classic, quantiles) = (about("took_seconds"), about("took_quantiles"));
        c.latency(classic, quantiles, &views, STAGE, recorders)
    })
    .unwrap()
}

#[test]
fn all_recorders_are_one_histogram_and_one_set_of_quantiles() {
    let (catalogue, latency) = latency(2);
    let mut recorders = [latency.recorder().unwrap(), latency.recorder().unwrap()];
    assert!(latency.recorder().is_none(), "there was room for two");
    for (micros, times) in [(900, 50), (2_000, 40), (30_000, 9), (70_000_000, 1)] {
        for at in 0..times {
            match recorders.get_mut(at % 3) {
                Some(recorder) => recorder.record(NOW, Stage::Write, micros),
                None => latency.record(NOW, Stage::Write, micros),
            }
        }
    }
    let page = page(&catalogue, NOW);
    let bucket = |bound: &str| {
        number(
            &page,
            &format!("took_seconds_bucket{{stage=\"write\",le=\"{bound}\"}}"),
        )
    };
    let buckets = ["0.0005", "0.001", "0.002", "0.025", "0.05", "50", "+Inf"];
    assert_eq!(
        buckets.map(bucket),
        [0.0, 50.0, 90.0, 90.0, 99.0, 99.0, 100.0]
    );
    let sum = number(&page, "took_seconds_sum{stage=\"write\"}");
    assert!((sum - 70.395).abs() < 1e-9, "{sum}");
    let view = |bound: &str| {
        number(
            &page,
            &format!("took_ms_bucket{{stage=\"write\",le=\"{bound}\"}}"),
        )
    };
    assert_eq!(["1", "25", "+Inf"].map(view), [50.0, 90.0, 100.0]);
    for (quantile, seconds) in [("0.5", 0.000_9), ("0.9", 0.002), ("0.99", 0.03)] {
        let series = format!("took_quantiles{{stage=\"write\",quantile=\"{quantile}\"}}");
        let found = number(&page, &series);
        assert!(
            (found / seconds - 1.0).abs() <= 1.0 / 32.0,
            "{quantile}: {found}"
        );
    }
    for other in ["read", "flush"] {
        assert_eq!(
            number(&page, &format!("took_seconds_count{{stage=\"{other}\"}}")),
            0.0
        );
        let series = format!("took_quantiles{{stage=\"{other}\",quantile=\"0.5\"}}");
        assert!(number(&page, &series).is_nan(), "nothing was observed");
    }
}

#[test]
fn quantiles_are_of_two_minutes_and_the_histogram_is_of_all_time() {
    let (catalogue, latency) = latency(1);
    latency.record(NOW, Stage::Flush, 900);
    latency.recorder().unwrap().record(NOW, Stage::Flush, 900);
    let median = "took_quantiles{stage=\"flush\",quantile=\"0.5\"}";
    for (later, shown) in [(0, true), (100, true), (140, false)] {
        let page = page(&catalogue, NOW + Duration::from_secs(later));
        assert_eq!(number(&page, median).is_nan(), !shown, "after {later} s");
        assert_eq!(number(&page, "took_seconds_count{stage=\"flush\"}"), 2.0);
    }
}

#[test]
fn every_cell_of_a_latency_is_on_the_page() {
    let (catalogue, _latency) = latency(0);
    assert_eq!(catalogue.export_gaps(NOW, |reading| reading, []), []);
    let page = page(&catalogue, NOW);
    let counts = ["read", "write", "flush"]
        .map(|stage| number(&page, &format!("took_seconds_count{{stage=\"{stage}\"}}")));
    // Sixteen buckets for each of 23 doublings, each moved once.
    assert_eq!(counts, [368.0; 3]);
}

fn tally(shards: usize, recorders: usize, long: bool) -> (Catalogue<Reading>, Tally<Stage, ()>) {
    let mut options = TallyOptions::default();
    options.shards = NonZeroUsize::new(shards).unwrap();
    options.recorders = recorders;
    options.long = long;
    Catalogue::build(NOW, |c| {
        c.tally("events", STAGE, Label::NONE, |_| (), options)
    })
    .unwrap()
}

#[test]
fn a_tally_is_the_sum_of_its_threads_and_recorders() {
    let (catalogue, tally) = tally(4, 2, true);
    let mut first = tally.recorder().unwrap();
    let mut second = tally.recorder().unwrap();
    assert!(tally.recorder().is_none());
    let later = NOW + Duration::from_millis(1500);
    first.record(NOW, Stage::Read);
    second.record(later, Stage::Write);
    tally.record(NOW, Stage::Write, 5);
    let read = tally.read(&catalogue.read(later));
    assert_eq!(
        STAGE
            .values
            .iter()
            .map(|stage| read.totals.get(*stage))
            .collect::<Vec<_>>(),
        [1, 6, 0]
    );
    assert_eq!(
        (read.short.counts.get(()), read.long.counts.get(())),
        (7, 7)
    );
    assert_eq!(read.last(|stage| stage == Stage::Read), Some(NOW));
    assert_eq!(read.last(|stage| stage == Stage::Write), Some(later));
    assert_eq!(read.last(|_| true), Some(later));
    assert_eq!(read.last(|stage| stage == Stage::Flush), None);
    // A place that is given back counts on where it stood.
    drop(first);
    tally.recorder().unwrap().record(later, Stage::Read);
    assert_eq!(
        tally.read(&catalogue.read(later)).totals.get(Stage::Read),
        2
    );
}

#[test]
fn windows_of_a_tally_forget_and_totals_do_not() {
    let (catalogue, tally) = tally(1, 0, true);
    tally.record(NOW, Stage::Flush, 3);
    let at = |seconds| tally.read(&catalogue.read(NOW + Duration::from_secs(seconds)));
    for (seconds, short, long) in [(0, 3, 3), (119, 3, 3), (200, 0, 3), (4000, 0, 0)] {
        let read = at(seconds);
        let found = (read.short.counts.get(()), read.long.counts.get(()));
        assert_eq!(found, (short, long), "after {seconds} s");
        assert_eq!(read.totals.get(Stage::Flush), 3);
    }
}

#[test]
fn without_a_long_window_the_short_one_stands_for_it() {
    let (catalogue, tally) = tally(1, 0, false);
    tally.record(NOW, Stage::Flush, 3);
    let read = tally.read(&catalogue.read(NOW));
    assert_eq!(read.long, read.short);
    assert_eq!(read.long.counts.get(()), 3);
}

/// What a host reads from a tally and a window.
struct Snapshot {
    reading: Reading,
    totals: Counts<Stage>,
    recent: Counts<Stage>,
}

impl AsRef<Reading> for Snapshot {
    fn as_ref(&self) -> &Reading {
        &self.reading
    }
}

#[test]
fn every_cell_of_a_tally_and_of_a_window_is_in_what_is_read_from_them() {
    let (catalogue, (tally, window)) = Catalogue::<Snapshot>::build(NOW, |c| {
        c.counts(about("events_total"), STAGE, |s, stage| s.totals.get(stage));
        c.counts(about("recent_total"), STAGE, |s, stage| s.recent.get(stage));
        let options = TallyOptions::default();
        (
            c.tally("events", STAGE, STAGE, |stage| stage, options),
            c.window("recent", STAGE, WindowShape::SHORT, NonZeroUsize::MIN),
        )
    })
    .unwrap();
    let snapshot = |reading: Reading| Snapshot {
        totals: tally.read(&reading).totals,
        recent: window.read(&reading).unwrap().counts,
        reading,
    };
    assert_eq!(catalogue.export_gaps(NOW, snapshot, []), []);
    // Each cell was moved once.
    let moved = snapshot(catalogue.read(NOW));
    for stage in STAGE.values {
        assert_eq!((moved.totals.get(*stage), moved.recent.get(*stage)), (1, 1));
    }
    let (other, _) = histogram();
    assert!(
        window.read(&other.read(NOW)).is_none(),
        "of another catalogue"
    );
}

#[test]
fn texts_of_an_open_label_cannot_break_the_page() {
    let labels = || {
        vec![LabelSpec {
            name: "topic",
            values: None,
        }]
    };
    let (catalogue, ()) = Catalogue::<Reading>::build(NOW, |c| {
        c.derive(about("lag"), MetricKind::Gauge, labels(), |_, out| {
            out.gauge(&["a\"b\\c\nd"], 1.0);
        });
    })
    .unwrap();
    let page = page(&catalogue, NOW);
    assert_eq!(number(&page, r#"lag{topic="a\"b\\c\nd"}"#), 1.0);
}

/// In OpenMetrics a counter's family has the name of its samples without `_total`.
#[test]
fn a_gauge_cannot_have_the_name_of_a_counter_s_family() {
    for (gauge, is_taken) in [("calls", true), ("calls_total", true), ("calls_now", false)] {
        let built = Catalogue::<Reading>::build(NOW, |c| {
            (
                c.counter(about("calls_total"), Label::NONE),
                c.gauge(about(gauge), Label::NONE),
            )
        });
        assert_eq!(built.is_err(), is_taken, "{gauge}");
    }
}
