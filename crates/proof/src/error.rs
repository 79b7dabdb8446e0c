//! What does not hold, and why.

use kernel::{Bilingual, Lang};

/// The text that could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A signed note.
    Note,
    /// The text of a checkpoint.
    Checkpoint,
    /// A key of a verifier.
    VerifierKey,
    /// A key of a signer. Its text is never repeated.
    SigningKey,
    /// A policy file.
    Policy,
    /// A proof file.
    ProofFile,
    /// A request to a witness.
    Request,
    /// The answer of a witness.
    Answer,
}

impl What {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            What::Note => ("签名文书", "the signed note"),
            What::Checkpoint => ("检查点", "the checkpoint"),
            What::VerifierKey => ("验证公钥", "the verifier key"),
            What::SigningKey => ("签名私钥", "the signing key"),
            What::Policy => ("信任策略文件", "the policy file"),
            What::ProofFile => ("证明文件", "the proof file"),
            What::Request => ("见证请求", "the request to the witness"),
            What::Answer => ("见证答复", "the answer of the witness"),
        }
    }
}

/// Why a text could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Longer than any honest text.
    TooLong,
    /// More lines of a kind than allowed.
    TooMany,
    /// Not UTF-8.
    NotUtf8,
    /// A control character other than a line break.
    ControlCharacter,
    /// The final line break is missing.
    NoFinalNewline,
    /// A line that has to be there is not.
    LineMissing,
    /// An empty line or part where something has to stand.
    Empty,
    /// No signature.
    NoSignature,
    /// A signature line is not dash, name and base64.
    NotASignatureLine,
    /// A name is empty, or has spaces or plus signs, or is too long.
    BadName,
    /// Not base64, or not its one canonical form, or not of the right length.
    NotBase64,
    /// Not a decimal number without leading zeros below 2^63.
    NotANumber,
    /// Not `name+id+key`.
    NotAKey,
    /// The number of the key is not that of its name and bytes.
    WrongKeyId,
    /// A kind of key that this program does not use here.
    WrongKeyKind,
    /// The bytes are no usable key: not on the curve, weak or zero.
    UnusableKey,
    /// Not one of the words that may stand here.
    UnknownWord,
    /// A name or key is given twice.
    GivenTwice,
    /// A name that no earlier line defines.
    UnknownName,
    /// A threshold that is zero or more than there are members.
    BadThreshold,
    /// The first line does not name the form.
    WrongForm,
}

impl Why {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Why::TooLong => ("过长", "is too long"),
            Why::TooMany => ("条目过多", "has too many entries"),
            Why::NotUtf8 => ("不是 UTF-8 文本", "is not UTF-8"),
            Why::ControlCharacter => ("含控制字符", "has a control character"),
            Why::NoFinalNewline => ("末尾缺少换行", "does not end with a line break"),
            Why::LineMissing => ("缺少一行", "lacks a line"),
            Why::Empty => ("此处不得为空", "is empty where something has to stand"),
            Why::NoSignature => ("没有签名", "has no signature"),
            Why::NotASignatureLine => {
                ("不是签名行", "has a line that is not a signature: dash, name, base64")
            }
            Why::BadName => (
                "名称为空、过长或含空格、加号",
                "has a name that is empty, too long, or with spaces or plus signs",
            ),
            Why::NotBase64 => (
                "不是规范的 Base64 或长度不符",
                "has base64 that is not canonical or not of the right length",
            ),
            Why::NotANumber => {
                ("不是规范的十进制数", "has a number that is not decimal without leading zeros, below 2^63")
            }
            Why::NotAKey => ("不是“名称+编号+密钥”格式", "is not of the form name+id+key"),
            Why::WrongKeyId => ("密钥编号与密钥不符", "has a key number that does not belong to the key"),
            Why::WrongKeyKind => ("密钥种类不适用", "has a key of a kind that cannot be used here"),
            Why::UnusableKey => ("密钥无效", "has bytes that are not a usable key"),
            Why::UnknownWord => ("有不认识的词", "has a word that cannot stand there"),
            Why::GivenTwice => ("重复给出", "gives a name or key twice"),
            Why::UnknownName => ("引用了未定义的名称", "uses a name that no earlier line defines"),
            Why::BadThreshold => {
                ("门限不在 1 至成员数之间", "has a threshold that is not between 1 and its members")
            }
            Why::WrongForm => ("首行不是所要求的格式", "does not begin with the line that names its form"),
        }
    }
}

/// A text that could not be read, or a statement that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// A text could not be read.
    #[error("{} {}, line {line}", what.words().1, why.words().1)]
    Malformed {
        /// Which text.
        what: What,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong.
        why: Why,
    },
    /// A proof for a leaf that the tree does not have.
    #[error("leaf {index} is not in a tree of {size} leaves; leaves count from 0")]
    BeyondEnd {
        /// The leaf asked for.
        index: u64,
        /// Leaves of the tree.
        size: u64,
    },
    /// A tree larger than any log.
    #[error("a tree of {0} leaves is larger than any log; the limit is 2^63 - 1")]
    TooLarge(u64),
    /// The later tree is smaller than the earlier one.
    #[error("the log cannot shrink: {old} leaves before, {new} after")]
    Shrunk {
        /// Leaves before.
        old: u64,
        /// Leaves after.
        new: u64,
    },
    /// The reader did not give one hash for each place.
    #[error("the store gave {given} hashes where {asked} were asked for")]
    ReaderShort {
        /// Hashes asked for.
        asked: usize,
        /// Hashes given.
        given: usize,
    },
    /// The path does not lead from the leaf to the root.
    #[error("the record is not proved to be leaf {index} of the {size} leaves under this root")]
    NotIncluded {
        /// The leaf.
        index: u64,
        /// Leaves of the tree.
        size: u64,
    },
    /// The path does not connect the two roots.
    #[error("the log of {new} leaves is not proved to continue the log of {old} leaves: history was altered")]
    NotConsistent {
        /// Leaves before.
        old: u64,
        /// Leaves after.
        new: u64,
    },
    /// A signature under a known key's name and number is not by that key.
    #[error("the signature of {0} is wrong: the text was altered after it was signed")]
    WrongSignature(String),
    /// No trusted key signed.
    #[error("no trusted key signed this; signatures found: {0:?}")]
    NotSigned(Vec<String>),
    /// A key that signs other things than asked for.
    #[error("the key of {0} cannot sign this: a log signs checkpoints, a witness cosigns them")]
    WrongUse(String),
    /// The key could not sign.
    #[error("the key of {0} could not sign")]
    CannotSign(String),
    /// The checkpoint is of another log.
    #[error("the checkpoint is of the log {found:?}, not of {expected:?}")]
    WrongOrigin {
        /// The log in question.
        expected: String,
        /// The log the checkpoint names.
        found: String,
    },
    /// None of the trusted logs has this origin.
    #[error("the log {0:?} is not one of the trusted logs")]
    UnknownLog(String),
    /// Too few of the trusted witnesses cosigned.
    #[error("the quorum {quorum:?} is not met; witnesses that cosigned: {cosigned:?}")]
    NoQuorum {
        /// The quorum's name in the policy.
        quorum: String,
        /// Witnesses that did cosign.
        cosigned: Vec<String>,
    },
}

impl ProofError {
    /// Shorthand for [`ProofError::Malformed`].
    pub(crate) fn malformed(what: What, line: usize, why: Why) -> ProofError {
        ProofError::Malformed { what, line, why }
    }
}

impl Bilingual for ProofError {
    fn text(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            ProofError::Malformed { what, line, why } => {
                format!("{}第 {line} 行：{}", what.words().0, why.words().0)
            }
            ProofError::BeyondEnd { index, size } => {
                format!("日志只有 {size} 条，没有第 {index} 条（从 0 起数）")
            }
            ProofError::TooLarge(size) => format!("日志不可能有 {size} 条，上限为 2^63 - 1"),
            ProofError::Shrunk { old, new } => format!("日志不得缩短：原有 {old} 条，现为 {new} 条"),
            ProofError::ReaderShort { asked, given } => format!("应读出 {asked} 个哈希，只读出 {given} 个"),
            ProofError::NotIncluded { index, size } => {
                format!("不能证明该记录是共 {size} 条的日志中的第 {index} 条（从 0 起数）")
            }
            ProofError::NotConsistent { old, new } => {
                format!("不能证明 {new} 条的日志是 {old} 条的日志的延续：历史已被改动")
            }
            ProofError::WrongSignature(name) => format!("{name} 的签名不符：内容在签名后被改动"),
            ProofError::NotSigned(found) => {
                format!("没有可信密钥的签名；现有签名：{}", found.join("、"))
            }
            ProofError::WrongUse(name) => {
                format!("{name} 的密钥不能签此内容：日志密钥签检查点，见证人密钥会签")
            }
            ProofError::CannotSign(name) => format!("{name} 的密钥未能完成签名"),
            ProofError::WrongOrigin { expected, found } => {
                format!("检查点属于日志 {found:?}，不是 {expected:?}")
            }
            ProofError::UnknownLog(origin) => format!("日志 {origin:?} 不在可信日志之列"),
            ProofError::NoQuorum { quorum, cosigned } => {
                format!("未达到会签要求 {quorum:?}；已会签的见证人：{}", cosigned.join("、"))
            }
        }
    }
}
