//! Writes the examples of every target as files, for libFuzzer to start from: `cargo run -p fuzz --bin corpus fuzz/corpus`.

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("give the folder to write to");
        return ExitCode::FAILURE;
    };
    for target in fuzz::TARGETS {
        let folder = folder.join(target.name);
        let written = std::fs::create_dir_all(&folder).and_then(|()| {
            (target.examples)().iter().enumerate().try_for_each(|(number, example)| {
                std::fs::write(folder.join(format!("example-{number}")), example)
            })
        });
        if let Err(error) = written {
            eprintln!("{}: {error}", folder.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
