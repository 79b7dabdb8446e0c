//! `zhangfang log keys|checkpoint|checkpoints|proof|witness-request|cosign|submit|erase`: what makes the log provable
//! to people outside the house.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use documents::sheet::Kind;
use identity::{Desk, Work};
use kernel::Moment;
use proof::VerifierKey;
use vault::{Document, Erased, KeyRole, Signers, VaultError};

use super::office::{Office, both};
use crate::failure::{Done, Failure};
use crate::table::{Shown, Table, row};

/// The name of a log within its organisation when none is given.
pub const LOG_NAME: &str = "log";

const READ: &str = "vault.read";
/// A witness answers with a few lines.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;
const WITNESS_SECONDS: u64 = 30;

/// The keys of the log and of its witnesses.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Make new signing keys (Ed25519 and SM2); with keys there already, they sign together until the old files are
    /// taken away / 生成签名密钥，已有密钥时为更换
    New {
        /// The name of this log within the organisation, fixed by the first keys / 日志名称，一经确定不再更改
        #[arg(long, default_value = LOG_NAME)]
        name: String,
    },
    /// Show the public keys, to be given to auditors and witnesses / 列出公钥
    Show {
        #[command(flatten)]
        shown: Shown,
    },
    /// Take cosignatures of this witness from now on / 登记见证人公钥
    Trust {
        /// The public key, or a file that holds it / 见证人公钥或公钥文件
        key: String,
    },
}

/// What is erased.
#[derive(Debug, Args)]
pub struct Erase {
    /// Kind of the document whose personal values go, such as account / 单据类型
    #[arg(long, requires = "number", conflicts_with = "person")]
    kind: Option<String>,
    /// Its number / 单据编号
    #[arg(long, requires = "kind")]
    number: Option<String>,
    /// Login of the person of the organisation whose name goes / 人员登录名
    #[arg(long, required_unless_present = "kind")]
    person: Option<String>,
    /// Why; must not name the person / 事由（不得写入个人信息）
    #[arg(long)]
    reason: String,
}

fn new_keys(work: &mut Work<'_, '_>, folder: &Path, name: &str, more: bool) -> Done<(String, Signers)> {
    let org_id = work.org_id();
    let origin = vault::name_log(work, name)?;
    let code = origin.split('/').next().unwrap_or_default().to_owned();
    let mut signers = Signers::read(folder, &code)?;
    let known = vault::log_keys(work.tx, org_id)?;
    let all_known = signers.keys().iter().all(|key| known.iter().any(|known| known.key == *key.verifier()));
    // Keys that are in the folder and not in the log are left from an attempt that was not committed.
    if signers.is_empty() || (more && all_known) {
        Signers::generate(&origin)?.write(folder, &code)?;
        signers = Signers::read(folder, &code)?;
    }
    for key in signers.keys() {
        vault::add_key(work, KeyRole::Log, key.verifier())?;
    }
    Ok((origin, signers))
}

/// Names the log and gives it keys if it has none; keys in the folder are used again. Makes the first checkpoint.
pub fn make_keys(desk: &Desk<'_>, now: Moment, folder: &Path, name: &str) -> Done<Signers> {
    desk.act(now, |work| {
        let (_, signers) = new_keys(work, folder, name, false)?;
        vault::checkpoint(work, &signers)?;
        Ok(signers)
    })
}

/// Runs `log keys`.
pub fn keys(command: &Keys, office: &Office) -> Done {
    let (org_id, folder) = (office.org_id(), office.place.key_folder());
    match command {
        Keys::New { name } => office.change("vault.keys", command, |work| {
            let (origin, signers) = new_keys(work, &folder, name, true)?;
            vault::checkpoint(work, &signers)?;
            let keys: Vec<String> = signers.keys().iter().map(|key| key.verifier().text()).collect();
            let (keys, folder) = (keys.join("\n"), folder.display());
            both(
                format!("日志 {origin} 的密钥在 {folder}（只有所有者可读，请另行备份，勿随数据库备份）\n公钥：\n{keys}"),
                format!(
                    "the keys of {origin} are in {folder} (readable by their owner only; back them up elsewhere than the database)\npublic keys:\n{keys}"
                ),
            )
        }),
        Keys::Show { shown } => {
            office.require(READ)?;
            let signers = office.signers()?;
            let mut table = Table::new(office.lang)
                .col("登记序号", "act", Kind::Integer)
                .text("用途", "role")
                .text("本机签名", "signs here")
                .text("公钥", "public key");
            for known in office.look(|tx| Ok(vault::log_keys(tx, org_id)?))? {
                let here = signers.keys().iter().any(|key| *key.verifier() == known.key);
                let role = match known.role {
                    KeyRole::Log => office.say("日志", "log"),
                    KeyRole::Witness => office.say("见证", "witness"),
                };
                let here = if here { office.say("是", "yes") } else { String::new() };
                table.push(row![known.seq, role, here, known.key.text()]);
            }
            table.show(shown)
        }
        Keys::Trust { key } => {
            let text = if Path::new(key).exists() { read(Path::new(key))? } else { key.clone().into_bytes() };
            let text = String::from_utf8_lossy(&text).trim().to_owned();
            let key = VerifierKey::parse(&text)?;
            office.change("vault.trust", command, |work| {
                let seq = vault::add_key(work, KeyRole::Witness, &key)?;
                let name = key.name();
                both(format!("第 {seq} 条：登记见证人 {name}"), format!("act {seq}: the witness {name} is known"))
            })
        }
    }
}

/// Makes a signed checkpoint now; the first one with keys if there are none.
pub fn checkpoint(origin: Option<&String>, office: &Office) -> Done {
    let (org_id, folder) = (office.org_id(), office.place.key_folder());
    office.change("vault.checkpoint", &origin, |work| {
        work.require(vault::permission::CHECKPOINT, 0)?;
        let have = vault::origin(work.tx, org_id)?;
        let made = match (have, origin) {
            (Some(have), Some(wanted)) if have != *wanted => return Err(VaultError::OriginFixed(have).into()),
            (Some(_), _) => vault::checkpoint(work, office.signers()?)?,
            (None, wanted) => {
                let code = format!("{}/", office.place.org);
                let name = wanted.map_or(Ok(LOG_NAME), |wanted| {
                    wanted.strip_prefix(&code).ok_or_else(|| VaultError::BadOrigin(wanted.clone()))
                })?;
                let (_, signers) = new_keys(work, &folder, name, false)?;
                vault::checkpoint(work, &signers)?
            }
        };
        both(made.note.clone(), made.note)
    })
}

/// Lists checkpoints, the newest first.
pub fn checkpoints(below: Option<i64>, limit: usize, shown: &Shown, office: &Office) -> Done {
    office.require(READ)?;
    let org_id = office.org_id();
    let mut table = Table::new(office.lang)
        .col("条数", "acts", Kind::Integer)
        .text("时间", "made at")
        .text("根哈希", "root")
        .col("签名", "signatures", Kind::Integer)
        .text("会签", "cosigned by");
    for kept in office.look(|tx| Ok(vault::checkpoints(tx, org_id, below, limit)?))? {
        let made = kept.checkpoint;
        let signatures = made.note.matches("\n\u{2014} ").count() as i64;
        let witnesses: Vec<&str> = kept.cosignatures.iter().map(|one| one.witness.as_str()).collect();
        let root: String = made.root.iter().map(|byte| format!("{byte:02x}")).collect();
        table.push(row![made.size, made.made_at, root, signatures, witnesses.join(" ")]);
    }
    table.show(shown)
}

/// Writes the proof of one act, and its bytes when asked for.
pub fn proof(seq: i64, out: &Path, record: Option<&PathBuf>, office: &Office) -> Done {
    office.require(READ)?;
    office.sign_log()?;
    let org_id = office.org_id();
    let (made, bytes) = office.look(|tx| {
        let mut bytes = Vec::new();
        vault::each_canonical(tx, org_id, seq, seq.saturating_add(1), |_, canonical| {
            bytes.extend_from_slice(canonical);
            Ok::<_, VaultError>(())
        })?;
        Ok((vault::proof_of(tx, org_id, seq)?, bytes))
    })?;
    write(out, made.print().as_bytes())?;
    if let Some(record) = record {
        write(record, &bytes)?;
    }
    let size = made.checkpoint().size();
    let out = out.display();
    println!(
        "{}",
        office.say(
            format!("{out}：第 {seq} 条在 {size} 条的日志中的证明"),
            format!("{out}: proof of act {seq} in the log of {size} acts"),
        )
    );
    Ok(())
}

/// Writes what a witness is asked to cosign; carried to it by hand where there is no network.
pub fn witness_request(out: &Path, old: Option<i64>, witness: Option<&String>, office: &Office) -> Done {
    office.require(READ)?;
    office.sign_log()?;
    let org_id = office.org_id();
    let request = office.look(|tx| {
        let known = || vault::last_cosigned(tx, org_id, witness.map(String::as_str));
        let old = old.map_or_else(known, Ok)?;
        Ok(vault::witness_request(tx, org_id, old)?)
    })?;
    write(out, request.print().as_bytes())?;
    let (from, size, out) = (request.old(), request.checkpoint().size(), out.display());
    println!(
        "{}",
        office.say(
            format!("{out}：请见证人会签 {size} 条处的检查点（上次会签于 {from} 条）"),
            format!("{out}: asks for a cosignature at {size} acts (last one at {from})"),
        )
    );
    Ok(())
}

/// Takes in what a witness answered.
pub fn cosign(file: &Path, office: &Office) -> Done {
    let answer = read(file)?;
    take(&answer, office)
}

fn take(answer: &[u8], office: &Office) -> Done {
    office.change("vault.cosign", &answer, |work| {
        let taken = vault::cosign(work, answer)?;
        let (size, witnesses) = (taken.size, taken.witnesses.join(" "));
        both(
            format!("{size} 条处的检查点已由 {witnesses} 会签"),
            format!("the checkpoint at {size} acts is cosigned by {witnesses}"),
        )
    })
}

/// Asks a witness over HTTP to cosign the last checkpoint, and takes its answer in.
pub fn submit(url: &str, office: &Office) -> Done {
    office.require("vault.checkpoint")?;
    office.sign_log()?;
    if !url.starts_with("http://") {
        return Err(Failure::new(
            "请给出 http:// 地址；需要加密时在前面设代理，签名本身不怕改动",
            "give an http:// address; put a proxy in front of it for encryption, the signatures themselves cannot be altered unnoticed",
        ));
    }
    let org_id = office.org_id();
    let address = format!("{}/add-checkpoint", url.trim_end_matches('/'));
    let ask = |old: i64| -> Done<(u16, Vec<u8>)> {
        let request = office.look(|tx| Ok(vault::witness_request(tx, org_id, old)?))?;
        post(&address, &request.print())
    };
    let (status, answer) = ask(office.look(|tx| Ok(vault::last_cosigned(tx, org_id, None)?))?)?;
    // 409 tells the size that this witness cosigned last.
    let told = std::str::from_utf8(&answer).ok().and_then(|text| text.trim().parse::<i64>().ok());
    let (status, answer) = match (status, told) {
        (409, Some(old)) => ask(old)?,
        _ => (status, answer),
    };
    if status != 200 {
        let said: String = String::from_utf8_lossy(&answer).chars().take(400).collect();
        return Err(Failure::new(
            format!("见证人拒绝会签（{status}）：{said}"),
            format!("the witness does not cosign ({status}): {said}"),
        ));
    }
    take(&answer, office)
}

fn post(address: &str, body: &str) -> Done<(u16, Vec<u8>)> {
    let failed = |error: ureq::Error| {
        Failure::new(format!("{address} 无法访问：{error}"), format!("{address} cannot be reached: {error}"))
    };
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(std::time::Duration::from_secs(WITNESS_SECONDS)))
        .build()
        .into();
    let mut response =
        agent.post(address).content_type("text/plain; charset=utf-8").send(body).map_err(failed)?;
    let bytes = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec().map_err(failed)?;
    Ok((response.status().as_u16(), bytes))
}

/// Destroys personal values.
pub fn erase(command: &Erase, office: &Office) -> Done {
    let what = match (&command.kind, &command.number, &command.person) {
        (Some(kind), Some(number), _) => {
            Erased::Document(Document { kind: kind.clone(), number: number.clone() })
        }
        (_, _, Some(login)) => Erased::Person(office.person(login)?.id),
        _ => return Err(Failure::new("请给出单据或人员", "name a document or a person")),
    };
    office.change("vault.erase", command, |work| {
        let count = vault::erase(work, &what, &command.reason)?;
        both(
            format!("已销毁 {count} 项个人信息；日志仍可校验。以前的备份中仍有这些信息，须按规定处置"),
            format!(
                "{count} personal values are destroyed, the log stays whole; backups made earlier still hold them"
            ),
        )
    })
}

fn read(path: &Path) -> Done<Vec<u8>> {
    use std::io::Read as _;
    let failed = |error| Failure::file(path.display(), error);
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(ANSWER_BYTES_MAX).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

fn write(path: &Path, bytes: &[u8]) -> Done {
    std::fs::write(path, bytes).map_err(|error| Failure::file(path.display(), error))
}
