use dashstream_metrics::{ExportGap, compare, lint};

use super::*;

#[test]
fn its_page_is_its_catalogue_and_says_what_is_wrong() {
    let (catalogue, own) = Catalogue::build(Duration::ZERO, declare).unwrap();
    let now = Duration::from_secs(1);
    own.record(now, Grade::Bad, 60);
    let page = catalogue.page(&snapshot(&catalogue, &own, now, 3), Format::Text);
    assert_eq!(compare(&page, catalogue.families(), &[]), []);
    for line in [
        "evaluator_grades_total{grade=\"bad\"} 60\n",
        "evaluator_health{reason=\"bad_answers\",level=\"fail\"} 1\n",
        "evaluator_health{reason=\"queue_full\",level=\"fail\"} 0\n",
    ] {
        assert!(page.contains(line), "{line}");
    }
}

#[test]
fn nothing_is_counted_unseen_and_its_files_pass_the_lint() {
    let (catalogue, own) = Catalogue::build(Duration::ZERO, declare).unwrap();
    let now = Duration::from_secs(1);
    let others = [snapshot(&catalogue, &own, now, 500)];
    let make = |reading: Reading| {
        let mut made = snapshot(&catalogue, &own, now, 0);
        made.grades = own.read(&reading);
        made.reading = reading;
        made
    };
    assert_eq!(
        catalogue.export_gaps(now, make, others),
        Vec::<ExportGap>::new()
    );
    let artefacts = Artefacts {
        job: "evaluator",
        title: "Evaluator",
        families: catalogue.families(),
        optional: &[],
        open: &[],
        note: "n",
    };
    for file in [artefacts.alerts(&alerts()), artefacts.dashboard()] {
        let all = lint::expressions(&file);
        assert!(all.len() >= 4);
        let findings = all
            .iter()
            .flat_map(|(line, text)| lint::check(catalogue.families(), *line, text));
        assert_eq!(findings.collect::<Vec<_>>(), []);
        assert_eq!(lint::unwatched(catalogue.families(), &all), []);
    }
}

#[test]
fn a_name_that_is_taken_leaves_no_handle() {
    let waived = AlertCoverage::Waived("planted by a test");
    let twice = MetricDesc::new("evaluator_waiting", "Again.", waived);
    let built = Catalogue::build(Duration::ZERO, |c| {
        (declare(c), c.counter(twice, Label::NONE))
    });
    let error = built.map(|_| ()).unwrap_err();
    assert_eq!(error.code(), "metric_name_taken");
}
