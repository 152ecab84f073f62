//! Every attack of the corpus ends as it has to, within the memory it is allowed.

mod attack;
mod frames;

use std::process::Command;

use attack::blocks::sealed;
use attack::{Attack, bounded, corpus};
use dashstream_testkit::{alloc, stack};
use dashstream_zstd::{Decoder, DecompressError, Limits};
use frames::{Block, Frame, WINDOW_128_KIB};

tests_by_name!(ends_within_its_memory);

/// The code of what a fresh decoder makes of an attack.
fn outcome(attack: &Attack) -> &'static str {
    match Decoder::new(attack.limits.clone()).decompress(&attack.input) {
        Ok(_) => "accepted",
        Err(error) => error.code(),
    }
}

fn ends_within_its_memory(attack: &Attack) {
    let (code, usage) = alloc::measure(|| outcome(attack));
    assert_eq!(code, attack.code, "{}", attack.name);
    assert!(usage.peak <= attack.peak, "{}: {usage:?}", attack.name);
    if attack.is_refused_by_plan() {
        assert_eq!(usage, alloc::Usage::default(), "{}", attack.name);
    }
}

#[test]
fn every_attack_ends_with_its_code_within_its_memory_on_a_small_stack() {
    let corpus = corpus();
    assert!(corpus.len() > 90, "{} attacks", corpus.len());
    stack::small(move || corpus.iter().for_each(ends_within_its_memory));
}

#[test]
fn the_message_whose_damage_is_found_is_sound_without_it() {
    let sealed = sealed();
    let content = Decoder::new(Limits::new()).decompress(&sealed.bytes());
    assert_eq!(content, Ok(sealed.content()));
}

#[test]
fn a_compressed_message_over_the_limit_is_refused_before_its_output_is_allocated() {
    let bombs: Vec<&Attack> = corpus().iter().filter(|attack| attack.bomb).collect();
    assert!(bombs.len() >= 20, "{} bombs", bombs.len());
    for bomb in bombs {
        // A buffer that is reused, and empty: growing it would be seen.
        let mut output = Vec::new();
        let mut decoder = Decoder::new(bomb.limits.clone());
        let (result, usage) = alloc::measure(|| decoder.decompress_into(&bomb.input, &mut output));
        let Err(DecompressError::Refused(refusal)) = result else {
            panic!("{}: {result:?}", bomb.name);
        };
        assert_eq!(refusal.code(), bomb.code, "{}", bomb.name);
        assert_eq!(
            (usage.requested, output.capacity()),
            (0, 0),
            "{}",
            bomb.name
        );
    }
}

#[test]
fn a_bomb_that_nothing_proves_stays_within_the_reused_buffer() {
    let bomb = Frame::undeclared()
        .blocks(Block::repeats(b'x', 100 << 20))
        .bytes();
    let mut decoder = Decoder::new(bounded());
    let mut output = Vec::with_capacity(10 << 20);
    let limit = decoder.limits().output_bytes();
    let too_large = Err(DecompressError::OutputTooLarge { limit });
    assert_eq!(decoder.decompress_into(&bomb, &mut output), too_large);
    let (result, usage) = alloc::measure(|| decoder.decompress_into(&bomb, &mut output));
    assert_eq!(result, too_large);
    assert_eq!(usage, alloc::Usage::default());
    assert_eq!((output.len(), output.capacity()), (0, 10 << 20));
}

#[test]
fn content_of_undeclared_size_keeps_its_size_and_the_decoder_no_more_than_twice_the_largest() {
    const FIRST: u64 = 128 * 1024;
    let small = Frame::undeclared()
        .blocks(Block::repeats(b'x', 131_076))
        .bytes();
    for size in [4, 69, 1000, 131_072, 131_076, 300_000, 3 << 20, 10 << 20] {
        let frame = Frame::undeclared()
            .blocks(Block::repeats(b'x', size))
            .bytes();
        let mut decoder = Decoder::new(bounded());
        let limit = decoder.limits().output_bytes();
        // The context, which is made once.
        let first = decoder.decompress(&small).map(|content| content.len());
        assert_eq!(first, Ok(131_076));
        let mut decode = || decoder.decompress(&frame).expect("a message");
        let (content, usage) = alloc::measure(&mut decode);
        let kept = (content.len() as u64, content.capacity() as u64);
        assert_eq!(kept, (size, size));
        // At its peak: the content, and the buffer that the decoder keeps.
        let most = size + FIRST.max(2 * size).min(limit);
        assert!(usage.peak <= most, "{size}: {usage:?}");
        // With that buffer a message costs its content, and nothing else.
        let (content, usage) = alloc::measure(&mut decode);
        let costs = (content.len() as u64, usage.peak, usage.calls);
        assert_eq!(costs, (size, size, 1));
    }
}

/// libzstd's one-shot decoder looks at the whole only: these come out right in sum.
#[test]
fn a_compressed_block_larger_than_the_largest_is_found_among_smaller_ones() {
    let decode = |frame: &[u8]| {
        let mut decoder = Decoder::new(bounded().with_frames(2));
        let content = decoder.decompress(frame).map(|content| content.len());
        content.map_err(|error| error.code())
    };
    // Blocks of 128 KiB at most, and a frame that declares them.
    for (first, second, expected) in [
        (131_072, 131_072, Ok(262_144)),
        (131_073, 131_071, Err("corrupt")),
        (131_071, 131_073, Err("corrupt")),
    ] {
        let frame = Frame::declaring_with_window(262_144, WINDOW_128_KIB)
            .block(Block::Repeat(b'x', first))
            .block(Block::Repeat(b'x', second));
        assert_eq!(decode(&frame.bytes()), expected, "{first} and {second}");
    }
    // Two frames with blocks of 1 KiB at most, neither declared.
    let frame = |size| {
        let small = Frame {
            window: Some(0),
            ..Frame::undeclared()
        };
        small.block(Block::Repeat(b'x', size)).bytes()
    };
    for (first, second, expected) in [
        (1_024, 100, Ok(1_124)),
        (1_500, 100, Err("corrupt")),
        (100, 1_500, Err("corrupt")),
    ] {
        let input = [frame(first), frame(second)].concat();
        assert_eq!(decode(&input), expected, "{first} and {second}");
    }
}

#[test]
fn after_each_attack_the_decoder_is_as_good_as_new() {
    let text = b"a message that is neither the first nor the last".repeat(100);
    let one_block = Frame::declaring(text.len() as u64)
        .blocks(Block::raw(&text))
        .bytes();
    let repeated = Frame::undeclared()
        .blocks(Block::repeats(b'x', 300_000))
        .bytes();
    for limits in [Limits::new(), bounded()] {
        let mut decoder = Decoder::new(limits.clone());
        let mut output = Vec::new();
        for attack in corpus() {
            // Under these limits some of them are legal; that is not the question here.
            let _ = decoder.decompress_into(&attack.input, &mut output);
            assert_eq!(
                decoder.decompress_into(&one_block, &mut output),
                Ok(text.len())
            );
            assert_eq!(output, text, "after {}", attack.name);
            if limits != Limits::new() {
                assert_eq!(decoder.decompress_into(&repeated, &mut output), Ok(300_000));
                assert!(
                    output.iter().all(|byte| *byte == b'x'),
                    "after {}",
                    attack.name
                );
            }
        }
    }
}

/// Runs the corpus again, in a child process whose address space is too small for the memory that
/// the attacks ask for.
#[cfg(target_os = "linux")]
#[test]
fn the_corpus_ends_the_same_in_a_small_address_space() {
    let this = std::env::current_exe().expect("a test has an executable");
    let output = Command::new("/bin/sh")
        .args([
            "-c",
            "ulimit -v \"$1\" && exec \"$0\" --ignored --exact --test-threads=1 \"$2\"",
        ])
        .arg(this)
        .args([ADDRESS_SPACE_KIB, "in_a_small_address_space"])
        .output()
        .expect("a shell");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && printed.contains("1 passed; 0 failed; 0 ignored"),
        "{printed}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Room for the process, its threads, the corpus and one output, and not for a window of 128 MiB.
#[cfg(target_os = "linux")]
const ADDRESS_SPACE_KIB: &str = "131072";

#[test]
#[ignore = "run by the_corpus_ends_the_same_in_a_small_address_space, under a limit"]
fn in_a_small_address_space() {
    // The limit has to be there, or this shows nothing.
    assert!(
        Vec::<u8>::new().try_reserve_exact(128 << 20).is_err(),
        "no limit is set"
    );
    for attack in corpus() {
        assert_eq!(outcome(attack), attack.code, "{}", attack.name);
    }
    let legal = Frame::declaring(10 << 20)
        .blocks(Block::runs(b'x', 10 << 20))
        .bytes();
    let content = Decoder::new(Limits::new())
        .decompress(&legal)
        .expect("within the limits");
    assert_eq!(content.len(), 10 << 20);
}
