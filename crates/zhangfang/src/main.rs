//! `zhangfang`, the counting house (账房): the command line.

mod demo;
mod failure;
mod house;

fn main() -> std::process::ExitCode {
    let accounts = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let path = std::env::args().nth(2).unwrap_or("/tmp/demo.db".into());
    match demo::run(&path, std::path::Path::new("/tmp"), accounts) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{}", failure.text(kernel::Lang::En));
            std::process::ExitCode::FAILURE
        }
    }
}
