use dashstream_policy::Input;
use dashstream_policy::trace::Trace;

use super::*;

#[test]
fn a_recording_that_could_not_be_written_or_was_cut_since_is_written_at_the_next_occasion() {
    let folder = std::env::temp_dir().join(format!("dashstream-recorded-{}", std::process::id()));
    let path = folder.join("trace");
    let file = TraceFile {
        path: path.clone(),
        calls_max: 2,
    };
    let mut engine = RecordedEngine::new(Config::default(), Some(file)).unwrap();
    let is_cut = || {
        let text = fs::read_to_string(&path).unwrap();
        Trace::parse(&text, 2).unwrap().is_cut()
    };
    for second in 0..2 {
        engine.handle(Duration::from_secs(second), Input::Tick);
    }
    // There is no such folder, and no call will be added.
    assert!(matches!(engine.write(), Some(Err(_))));
    fs::create_dir(&folder).unwrap();
    assert!(matches!(engine.write(), Some(Ok(()))));
    assert!(!is_cut());
    assert!(engine.write().is_none(), "the file has it all");
    engine.handle(Duration::from_secs(2), Input::Tick);
    assert!(matches!(engine.write(), Some(Ok(()))));
    assert!(is_cut());
    assert!(engine.write().is_none());
    fs::remove_dir_all(&folder).unwrap();
}
