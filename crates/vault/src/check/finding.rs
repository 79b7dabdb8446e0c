//! What can be wrong with a log.

use std::fmt;

use kernel::{Bilingual, Lang};

/// Something in the log that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A number is missing before this one.
    Gap(i64),
    /// The bytes of the act do not give its hash, or do not read, or belong elsewhere.
    Leaf(i64),
    /// A stored hash of the tree is not what its leaves give.
    Hash(i64),
    /// The root of the checkpoint of this size is not the log's, its text or signatures are not right, or one before
    /// it was taken away. That the last one was taken away only those know who have it.
    Checkpoint(i64),
    /// An act is not found by its document, person or day.
    Index(i64),
    /// A personal value of this act was exchanged, or destroyed without an act of erasure.
    Private(i64),
    /// The change of units, persons or posts with this key is not in the log as it is in its table.
    Identity(i64),
    /// The key added by this act is not the one in the table of keys.
    Key(i64),
    /// What rows were, as this act bound it, was altered.
    Rows(i64),
    /// A cosignature of the checkpoint of this size does not hold.
    Cosignature(i64),
}

impl Bilingual for Finding {
    fn text(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, Finding::Gap(seq)) => format!("acts are missing before number {seq}"),
            (Lang::Zh, Finding::Gap(seq)) => format!("第 {seq} 条之前缺少记录"),
            (Lang::En, Finding::Leaf(seq)) => format!("act {seq} was altered"),
            (Lang::Zh, Finding::Leaf(seq)) => format!("第 {seq} 条记录被改动"),
            (Lang::En, Finding::Hash(index)) => format!("hash {index} of the tree was altered"),
            (Lang::Zh, Finding::Hash(index)) => format!("第 {index} 个哈希被改动"),
            (Lang::En, Finding::Checkpoint(size)) => {
                format!("the checkpoint at {size} does not belong to this log, or is not signed by its keys")
            }
            (Lang::Zh, Finding::Checkpoint(size)) => {
                format!("第 {size} 条处的检查点与日志不符，或签名不是本日志密钥所签")
            }
            (Lang::En, Finding::Index(seq)) => {
                format!("act {seq} is not found by its document, person or day")
            }
            (Lang::Zh, Finding::Index(seq)) => format!("第 {seq} 条记录不能按单据、人员或日期查到"),
            (Lang::En, Finding::Private(seq)) => {
                format!("a personal value of act {seq} was exchanged, or destroyed without an act of erasure")
            }
            (Lang::Zh, Finding::Private(seq)) => {
                format!("第 {seq} 条记录的个人信息被调换，或未经销毁手续而缺失")
            }
            (Lang::En, Finding::Identity(change)) => {
                format!("change {change} of units, persons or posts is not what the log says")
            }
            (Lang::Zh, Finding::Identity(change)) => format!("单位、人员、岗位变更 {change} 与日志不符"),
            (Lang::En, Finding::Key(seq)) => format!("the key added by act {seq} was altered"),
            (Lang::Zh, Finding::Key(seq)) => format!("第 {seq} 条登记的密钥被改动"),
            (Lang::En, Finding::Rows(seq)) => format!("what rows were was altered after act {seq} bound it"),
            (Lang::Zh, Finding::Rows(seq)) => format!("第 {seq} 条所存证的行指纹被改动"),
            (Lang::En, Finding::Cosignature(size)) => {
                format!("a cosignature of the checkpoint at {size} does not hold")
            }
            (Lang::Zh, Finding::Cosignature(size)) => format!("第 {size} 条处检查点的会签无效"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Lang::En))
    }
}
