//! `cargo run -p tariff --example quote -- [--json] [--zh] FILE…`: prices quote files on a screen.

use std::process::ExitCode;

use kernel::{Bilingual, Lang};

fn main() -> ExitCode {
    let (flags, files): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|arg| arg.starts_with("--"));
    let lang = if flags.iter().any(|flag| flag == "--zh") { Lang::Zh } else { Lang::En };
    let mut code = ExitCode::SUCCESS;
    for file in files {
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) => {
                eprintln!("{file}: {error}");
                code = ExitCode::FAILURE;
                continue;
            }
        };
        match tariff::quote::quote(&text, &file) {
            Ok(answer) => {
                if flags.iter().any(|flag| flag == "--json") {
                    println!("{:#}", answer.json());
                } else {
                    println!("{}", answer.text(lang));
                }
                if !answer.passed() {
                    code = ExitCode::FAILURE;
                }
            }
            Err(error) => {
                eprintln!("{}", error.text(lang));
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}
