//! Why a witness cannot work.

use kernel::{Bilingual, Lang};
use proof::ProofError;

/// A failure of the witness itself; what it refuses to cosign is [`proof::witness::Refusal`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WitnessError {
    /// A file could not be read or written.
    #[error("{path}: {what}")]
    File {
        /// Which file.
        path: String,
        /// What the system said.
        what: String,
    },
    /// A private key that others can read.
    #[error("{0} can be read by others than its owner; run `chmod 600 {0}`")]
    KeyExposed(String),
    /// A key file whose text is none.
    #[error("{path}: {error}")]
    Key {
        /// Which file.
        path: String,
        /// What is wrong with it.
        error: ProofError,
    },
    /// The key is not that of a witness.
    #[error("the key {0} is not the key of a witness; make one with `zhangfang witness new-key`")]
    NotAWitnessKey(String),
    /// A trusted log whose key is that of a witness, or no log at all.
    #[error("name at least one log by its verifier key, and none by the key of a witness")]
    NoLogs,
    /// Another witness uses the state folder.
    #[error("{0} is in use by another witness; one state folder has one witness")]
    InUse(String),
    /// What was last cosigned cannot be read. Nothing is cosigned for this log until a person has looked.
    #[error(
        "the state file {path} is damaged: {why}; nothing is cosigned for this log until a person restores it"
    )]
    Damaged {
        /// Which file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// The system gave no random bytes.
    #[error("the system gave no random bytes: {0}")]
    NoRandomness(String),
    /// The address could not be listened on, or the server failed.
    #[error("the server could not run on {address}: {what}")]
    Server {
        /// Where.
        address: String,
        /// What the system said.
        what: String,
    },
    /// Something of the log or a key.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl WitnessError {
    pub(crate) fn file(path: &std::path::Path, what: impl std::fmt::Display) -> WitnessError {
        WitnessError::File { path: path.display().to_string(), what: what.to_string() }
    }
    pub(crate) fn damaged(path: &std::path::Path, why: impl std::fmt::Display) -> WitnessError {
        WitnessError::Damaged { path: path.display().to_string(), why: why.to_string() }
    }
}

impl Bilingual for WitnessError {
    fn text(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            WitnessError::File { path, what } => format!("文件 {path}：{what}"),
            WitnessError::KeyExposed(path) => {
                format!("私钥文件 {path} 可被他人读取，请先执行 chmod 600 {path}")
            }
            WitnessError::Key { path, error } => format!("文件 {path}：{}", error.text(lang)),
            WitnessError::NotAWitnessKey(name) => {
                format!("密钥 {name} 不是见证人密钥，请用 zhangfang witness new-key 生成")
            }
            WitnessError::NoLogs => "请至少给出一个日志的验证公钥，且不得是见证人的公钥".into(),
            WitnessError::InUse(path) => {
                format!("状态目录 {path} 正被另一个见证人使用，一个目录只能有一个见证人")
            }
            WitnessError::Damaged { path, why } => {
                format!("状态文件 {path} 已损坏：{why}；修复之前不再会签该日志")
            }
            WitnessError::NoRandomness(what) => format!("系统未能提供随机数：{what}"),
            WitnessError::Server { address, what } => format!("无法在 {address} 提供服务：{what}"),
            WitnessError::Proof(error) => error.text(lang),
        }
    }
}
