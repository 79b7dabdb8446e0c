//! `zhangfang verify`: checks an exported bill, document or period, without any database and with the auditor's own keys.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use audit::verify::Auditor;
use clap::Args;
use kernel::Lang;
use proof::{Checkpoint, Note, Policy};

use crate::failure::{Done, Failure};

/// Keys and checkpoints are small files.
const SMALL_FILE_BYTES_MAX: u64 = 1 << 20;

/// What is verified, and by whose keys.
#[derive(Debug, Args)]
pub struct Verify {
    /// The exported file / 导出的存证文件
    file: PathBuf,
    /// Your own policy: the logs and witnesses you trust (C2SP tlog-policy) / 审计方自己的策略文件
    #[arg(long)]
    policy: PathBuf,
    /// The checkpoint kept last time: the log must continue it / 上次保存的检查点
    #[arg(long)]
    previous: Option<PathBuf>,
    /// Write the checkpoint that was verified, to be kept for the next time / 保存本次检查点
    #[arg(long)]
    keep: Option<PathBuf>,
}

fn read(path: &Path) -> Done<Vec<u8>> {
    let failed = |error: std::io::Error| Failure::file(path.display(), error);
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(SMALL_FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// A checkpoint kept earlier: a signed note, or its text alone.
fn previous(policy: &Policy, path: &Path) -> Done<Checkpoint> {
    let bytes = read(path)?;
    if let Ok(note) = Note::parse(&bytes)
        && !note.signatures().is_empty()
    {
        return Ok(proof::open(&bytes, policy.logs())?.0);
    }
    Ok(Checkpoint::parse(&String::from_utf8_lossy(&bytes))?)
}

/// Runs the command.
pub fn run(command: &Verify, lang: Lang) -> Done {
    let policy = Policy::parse(&read(&command.policy)?)?;
    let previous = command.previous.as_ref().map(|path| previous(&policy, path)).transpose()?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let auditor = Auditor { policy: &policy, previous: previous.as_ref(), threads };
    let file = File::open(&command.file).map_err(|error| Failure::file(command.file.display(), error))?;
    let report = audit::verify::verify(&auditor, BufReader::with_capacity(1 << 20, file))?;
    print!("{}", report.text(lang));
    if let Some(keep) = &command.keep {
        super::bill::write_file(keep, report.checkpoint.as_bytes())?;
    }
    Ok(())
}
