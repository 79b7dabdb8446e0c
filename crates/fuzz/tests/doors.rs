//! Every door on mutated examples, with a seed of its own: a run is repeated by its seed.

use std::panic::catch_unwind;

use fuzz::{Mutator, TARGETS};

/// Inputs for each door; `ZHANGFANG_FUZZ_INPUTS` asks for more, `ZHANGFANG_FUZZ_SEED` for others.
const INPUTS: u64 = 400;

fn asked(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// XC-07: whatever comes in is taken or refused in words; nothing breaks.
#[test]
fn no_door_breaks() {
    let (inputs, seed) = (asked("ZHANGFANG_FUZZ_INPUTS", INPUTS), asked("ZHANGFANG_FUZZ_SEED", 1));
    for target in TARGETS {
        let mut mutator = Mutator::new(seed, (target.examples)());
        for number in 0..inputs {
            let input = mutator.input();
            let run = target.run;
            assert!(
                catch_unwind(move || run(&input)).is_ok(),
                "{} breaks on input {number} of seed {seed}: ZHANGFANG_FUZZ_SEED={seed} ZHANGFANG_FUZZ_INPUTS={} cargo test -p fuzz",
                target.name,
                number + 1
            );
        }
        println!("{}: {inputs} inputs", target.name);
    }
}

/// The examples themselves are taken: a corpus that is refused at the first byte would try nothing.
#[test]
fn examples_are_what_they_should_be() {
    for target in TARGETS {
        let examples = (target.examples)();
        assert!(!examples.is_empty(), "{} has no examples", target.name);
        examples.iter().for_each(|example| (target.run)(example));
        let taken: fn(&[u8]) -> bool = match target.name {
            "act_bytes" => |bytes| vault::decode(bytes).is_ok(),
            "bill_bytes" => |bytes| billing::canonical::read_bill(bytes).is_ok(),
            "proof_files" => |bytes| {
                proof::TlogProof::parse(bytes).is_ok() || proof::witness::Request::parse(bytes).is_ok()
            },
            _ => continue,
        };
        assert!(examples.iter().all(|example| taken(example)), "{}: an example is refused", target.name);
    }
}

/// The sabotage twin: a door that breaks on one word is found.
#[test]
fn a_broken_door_is_found() {
    let broken = |input: &[u8]| assert!(!input.windows(6).any(|word| word == b"[[line"), "broken");
    let mut mutator = Mutator::new(7, vec![b"a = 1\n[[lines]]\nb = 2\n".to_vec()]);
    let found = (0..2_000).any(|_| {
        let input = mutator.input();
        catch_unwind(move || broken(&input)).is_err()
    });
    assert!(found);
}

/// Every door has its file for libFuzzer, so that none is forgotten there.
#[test]
fn libfuzzer_knows_every_door() {
    let manifest = include_str!("../../../fuzz/Cargo.toml");
    for target in TARGETS {
        assert!(manifest.contains(&format!("fuzz_targets/{}.rs", target.name)), "{}", target.name);
    }
}
