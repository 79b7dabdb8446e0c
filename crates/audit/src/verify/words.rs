//! What a verification found, in words of both languages.

use kernel::{Bilingual, Date, Lang, Moment, Money, Month, Text};
use proof::policy::Trusted;

/// What holds, what the file cannot prove, and figures.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// What is proved.
    pub proved: Vec<Text>,
    /// What is not.
    pub not_proved: Vec<Text>,
    /// The text of the checkpoint, to be kept for the next time.
    pub checkpoint: String,
    /// Explanations and statements rebuilt from the proved bytes.
    pub statements: Vec<Text>,
    /// Acts that were verified.
    pub acts: u64,
    /// Vouchers that were verified.
    pub vouchers: u64,
    /// Bills that were verified.
    pub bills: u64,
}

impl Report {
    pub(crate) fn proves(&mut self, zh: impl Into<String>, en: impl Into<String>) {
        self.proved.push(Text::new(zh, en));
    }
    pub(crate) fn leaves_open(&mut self, zh: impl Into<String>, en: impl Into<String>) {
        self.not_proved.push(Text::new(zh, en));
    }
    pub(crate) fn states(&mut self, zh: impl Into<String>, en: impl Into<String>) {
        self.statements.push(Text::new(zh, en));
    }

    /// The whole report for a person.
    pub fn text(&self, lang: Lang) -> String {
        let mut out = String::new();
        let mut part = |title: Text, lines: &[Text], mark: &str| {
            if !lines.is_empty() {
                out.push_str(&format!("{}\n", title.text(lang)));
                lines.iter().for_each(|line| out.push_str(&format!("{mark}{}\n", line.text(lang))));
            }
        };
        part(Text::new("由已证明的内容重新得出：", "Rebuilt from what is proved:"), &self.statements, "");
        part(Text::new("已证明：", "Proved:"), &self.proved, "  ✓ ");
        part(Text::new("未证明：", "NOT proved:"), &self.not_proved, "  – ");
        out
    }

    /// Says who vouches for the checkpoint, and what no log proves.
    pub(crate) fn checkpoint(&mut self, trusted: &Trusted, body: String) {
        let checkpoint = &trusted.checkpoint;
        let (origin, size) = (checkpoint.origin(), checkpoint.size());
        self.checkpoint = body;
        self.proves(
            format!("检查点由日志 {origin} 签名（密钥取自审计方自己的策略文件），含 {size} 条记录"),
            format!("the checkpoint over {size} acts is signed by the log {origin}, by a key of the auditor's own policy"),
        );
        for one in &trusted.cosigned {
            let seconds = i64::try_from(one.seconds).unwrap_or(i64::MAX / 1000);
            let at = Moment::from_millis(seconds.saturating_mul(1000));
            self.proves(
                format!("见证人 {} 于 {at} 会签：此后之前的记录无人能改而不被发现", one.witness),
                format!(
                    "the witness {} cosigned it at {at}: nothing before can be changed since, unnoticed",
                    one.witness
                ),
            );
        }
        if trusted.cosigned.is_empty() {
            self.leaves_open(
                "没有见证人会签：经营者可能向不同的人出示不同的日志",
                "no witness cosigned: the operator could show other people another log",
            );
        }
        self.leaves_open(
            "内容是否真实、应记的事是否都已记录：日志只证明所记未被改动",
            "that what was recorded is true, or that everything that happened was recorded: a log proves that nothing \
             was altered",
        );
        self.leaves_open(format!("第 {size} 条之后发生的事"), format!("anything after act {size}"));
    }
}

pub(crate) fn month_and_days(month: Month, from: Option<Date>, to: Option<Date>) -> String {
    match (from, to) {
        (Some(from), Some(to)) => format!("{month} ({from} – {to})"),
        _ => month.to_string(),
    }
}

pub(crate) fn yuan(amount: Money) -> String {
    documents::page::yuan(amount)
}
