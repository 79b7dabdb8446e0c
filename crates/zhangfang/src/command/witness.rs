//! `zhangfang witness`: the role that sees every checkpoint of a log and cosigns what continues the last one. It runs
//! where the operator's administrators cannot reach, and needs no database.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, Subcommand};
use documents::sheet::Kind;
use kernel::{Bilingual, Lang, Moment, Text};
use witness::Serving;

use crate::failure::{Done, Failure};
use crate::table::{Shown, Table, row};

/// What a witness does.
#[derive(Debug, Subcommand)]
pub enum Witness {
    /// Make the witness's key; prints the key that others check it with / 生成见证人密钥
    NewKey {
        /// Name of the witness, such as auditor.example/w1: no spaces, no plus signs / 见证名称
        #[arg(long)]
        name: String,
        /// File for the private key; must not exist / 私钥文件
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Answer logs over HTTP until told to stop / 通过 HTTP 会签
    Serve {
        /// Address to listen at / 监听地址
        #[arg(long, default_value = "127.0.0.1:7071")]
        listen: SocketAddr,
        #[command(flatten)]
        role: Role,
    },
    /// Answer one request that came as a file / 通过文件会签
    Cosign {
        /// The request / 请求文件
        #[arg(long, value_name = "FILE")]
        request: PathBuf,
        /// File for the answer / 答复文件
        #[arg(long, value_name = "FILE")]
        answer: PathBuf,
        #[command(flatten)]
        role: Role,
    },
    /// What the witness has cosigned last / 查看已会签的检查点
    Show {
        /// Folder of its state / 状态目录
        #[arg(long, value_name = "DIR")]
        state: PathBuf,
        #[command(flatten)]
        shown: Shown,
    },
}

/// Who the witness is and whom it trusts.
#[derive(Debug, Args)]
pub struct Role {
    /// Folder of its state; never restore it from a backup / 状态目录，不得从备份恢复
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// Its private key / 私钥文件
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// File with the verifier keys of the logs it trusts; may be given more than once / 所信任日志的验证公钥文件
    #[arg(long, value_name = "VKEY-FILE", required = true)]
    log: Vec<PathBuf>,
}

impl Role {
    fn open(&self) -> Done<witness::Witness> {
        let key = witness::read_signing_key(&self.key)?;
        let mut logs = Vec::new();
        for file in &self.log {
            logs.extend(witness::read_keys(file)?);
        }
        Ok(witness::Witness::open(key, logs, &self.state)?)
    }
}

/// Runs the command.
pub fn run(command: &Witness, lang: Lang) -> Done {
    match command {
        Witness::NewKey { name, out } => {
            println!("{}", witness::new_key(name, out)?.text());
            Ok(())
        }
        Witness::Serve { listen, role } => {
            let witness = role.open()?;
            let name = witness.verifier().name().to_owned();
            Ok(witness::serve(*listen, witness, witness::until_told, move |said| tell(&name, &said, lang))?)
        }
        Witness::Cosign { request, answer, role } => cosign(request, answer, role, lang),
        Witness::Show { state, shown } => show(state, shown, lang),
    }
}

/// Says on the error stream what the server does; nothing depends on whether anyone reads it.
fn tell(name: &str, said: &Serving<'_>, lang: Lang) {
    let mut errors = std::io::stderr().lock();
    let _ = match said {
        Serving::Ready(address) => {
            let ready = Text::new(
                format!("见证人 {name} 已在 http://{address}/add-checkpoint 开始会签"),
                format!("witness {name} answers at http://{address}/add-checkpoint"),
            );
            writeln!(errors, "{}", ready.text(lang))
        }
        Serving::Answered(line) => writeln!(errors, "{line}"),
    };
}

fn cosign(request: &Path, answer: &Path, role: &Role, lang: Lang) -> Done {
    let body = witness::read_request(request)?;
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let answered = role.open()?.answer(&body, seconds);
    eprintln!("{}", answered.log_line);
    if answered.status != 200 {
        let (status, why) = (answered.status, answered.body.trim_end());
        return Err(match status {
            409 => Failure::new(
                format!(
                    "未会签：本见证人上次会签到 {why} 条；请从该处重新生成请求。若条数相同，说明日志有两份不同的历史"
                ),
                format!(
                    "not cosigned: this witness last cosigned {why} leaves; make the request from there. If that is the size asked for, the log has two different histories"
                ),
            ),
            _ => {
                Failure::new(format!("未会签（{status}）：{why}"), format!("not cosigned ({status}): {why}"))
            }
        });
    }
    std::fs::write(answer, &answered.body).map_err(|error| Failure::file(answer.display(), error))?;
    let done = Text::new(
        format!("已会签，答复在 {}", answer.display()),
        format!("cosigned; the answer is in {}", answer.display()),
    );
    println!("{}", done.text(lang));
    Ok(())
}

fn show(state: &Path, shown: &Shown, lang: Lang) -> Done {
    let kept = witness::seen_in(state)?;
    let mut table = Table::new(lang)
        .text("日志", "log")
        .col("条数", "size", Kind::Integer)
        .text("根哈希", "root")
        .text("会签时间", "cosigned at")
        .text("相矛盾的检查点", "evidence");
    let forked = kept.iter().filter(|one| one.evidence.is_some()).count();
    for one in kept {
        let root: String = one.checkpoint.root().iter().map(|byte| format!("{byte:02x}")).collect();
        let at = one.kept_at.and_then(|seconds| i64::try_from(seconds).ok()?.checked_mul(1000));
        table.push(row![
            one.checkpoint.origin(),
            one.checkpoint.size(),
            root,
            at.map(Moment::from_millis),
            one.evidence.map(|path| path.display().to_string()),
        ]);
    }
    if forked > 0 {
        let note = Text::new(
            format!("有 {forked} 个日志签过相矛盾的检查点，请保存证据并查明原因"),
            format!(
                "{forked} logs signed checkpoints that contradict each other; keep the evidence and find out why"
            ),
        );
        table.note(note.text(lang));
    }
    table.show(shown)
}
