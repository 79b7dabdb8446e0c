//! What the vault refuses, and why.

use kernel::{Bilingual, Lang};
use store::StoreError;

/// A refusal or failure of the vault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// A text of the act is too long, empty or has control characters.
    #[error("the act cannot be recorded: {field} {why}")]
    BadAct {
        /// Which part of the act.
        field: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Stored bytes are not an act in canonical form.
    #[error("the stored bytes are not an act: {0}")]
    NotCanonical(&'static str),
    /// The log has no such leaf, or not so many.
    #[error("the log has {size} acts; {asked} was asked for")]
    BeyondEnd {
        /// What was asked for.
        asked: i64,
        /// The size of the log.
        size: i64,
    },
    /// A stored hash is missing.
    #[error("the log is damaged: hash {0} is missing")]
    HashMissing(i64),
    /// The origin of a checkpoint is not acceptable.
    #[error("the origin {0:?} must be a name without spaces, plus signs and line breaks")]
    BadOrigin(String),
    /// The log has no name yet.
    #[error("the log has no name and no keys yet: run `zhangfang log keys new`")]
    NoOrigin,
    /// The log has another name already.
    #[error("the log is named {0} for ever")]
    OriginFixed(String),
    /// There is no key to sign with.
    #[error("there is no Ed25519 key to sign with: run `zhangfang log keys new`, or give --keys")]
    NoKeys,
    /// A key was not added to the log.
    #[error("the key {0} was not added to this log: run `zhangfang log keys new`, or give the right --keys")]
    UnknownKey(String),
    /// A key does not fit its use.
    #[error("the key {name} cannot be a {role} key of this log")]
    WrongKey {
        /// The key's name.
        name: String,
        /// `log` or `witness`.
        role: &'static str,
    },
    /// A file with a key cannot be used.
    #[error("key file {path}: {why}")]
    KeyFile {
        /// The file or folder.
        path: String,
        /// Why.
        why: String,
    },
    /// A file with a key can be read by others.
    #[error(
        "key file {0}: others can read or write it; `chmod 600` it, and make a new key if it may have been seen"
    )]
    KeyReadable(String),
    /// There is no such signed checkpoint.
    #[error("there is no signed checkpoint of {0} acts")]
    NoCheckpoint(i64),
    /// No signed checkpoint covers an act yet.
    #[error("no signed checkpoint covers act {seq} yet (the log has {size}): run `zhangfang log checkpoint`")]
    NotCovered {
        /// The act.
        seq: i64,
        /// The size of the log.
        size: i64,
    },
    /// No line is a cosignature of a checkpoint of this log by a known witness.
    #[error(
        "no line by {0:?} is a cosignature of this log's checkpoints by a known witness (`zhangfang log keys trust`)"
    )]
    NotCosigned(Vec<String>),
    /// There are no personal values of that kind.
    #[error("the log holds no personal values of {kind} {number}")]
    NothingToErase {
        /// The kind of document.
        kind: String,
        /// Its number.
        number: String,
    },
    /// The system gave no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
    /// A key, note or proof is not as it must be.
    #[error(transparent)]
    Proof(#[from] proof::ProofError),
    /// Not permitted.
    #[error(transparent)]
    Identity(#[from] identity::IdentityError),
    /// The database refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Bilingual for VaultError {
    fn text(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            VaultError::BadAct { field, why } => {
                let why = match *why {
                    "is too long" => "过长",
                    "is empty" => "为空",
                    _ => "不合要求",
                };
                format!("操作无法记入日志：{field} {why}")
            }
            VaultError::NotCanonical(why) => format!("存储的内容不是操作记录：{why}"),
            VaultError::BeyondEnd { asked, size } => format!("日志共有 {size} 条，要求的是 {asked}"),
            VaultError::HashMissing(index) => format!("日志已损坏：缺少第 {index} 个哈希"),
            VaultError::BadOrigin(origin) => format!("日志名称 {origin:?} 不得含空格、加号或换行"),
            VaultError::NoOrigin => "日志尚未命名，也没有密钥：请运行 `zhangfang log keys new`".into(),
            VaultError::OriginFixed(origin) => format!("日志名称已定为 {origin}，不能更改"),
            VaultError::NoKeys => {
                "没有可用于签名的 Ed25519 密钥：请运行 `zhangfang log keys new`，或用 --keys 指定".into()
            }
            VaultError::UnknownKey(key) => {
                format!(
                    "密钥 {key} 未登记到本日志：请运行 `zhangfang log keys new`，或用 --keys 指定正确目录"
                )
            }
            VaultError::WrongKey { name, role } => {
                let role = if *role == "log" { "日志" } else { "见证" };
                format!("密钥 {name} 不能用作本日志的{role}密钥")
            }
            VaultError::KeyFile { path, why } => format!("密钥文件 {path}：{why}"),
            VaultError::KeyReadable(path) => {
                format!("密钥文件 {path}：他人可以读写；请 chmod 600，若可能已泄露请更换密钥")
            }
            VaultError::NoCheckpoint(size) => format!("没有 {size} 条处的已签名检查点"),
            VaultError::NotCovered { seq, size } => {
                format!(
                    "第 {seq} 条尚未被已签名检查点覆盖（日志共 {size} 条）：请运行 `zhangfang log checkpoint`"
                )
            }
            VaultError::NotCosigned(names) => {
                format!(
                    "{names:?} 的签名行都不是已登记见证人对本日志检查点的会签（`zhangfang log keys trust`）"
                )
            }
            VaultError::NothingToErase { kind, number } => format!("日志中没有 {kind} {number} 的个人信息"),
            VaultError::Random(why) => format!("系统不能提供随机数：{why}"),
            VaultError::Proof(error) => error.text(lang),
            VaultError::Identity(error) => error.text(lang),
            VaultError::Store(error) => error.text(lang),
        }
    }
}
