//! The chart of accounts (会计科目表) as data.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Text;

use crate::{AccountCode, LedgerError};

const FILE: &str = "chart.csv";
/// More accounts than any organisation needs; a longer file is refused.
const ACCOUNTS_MAX: usize = 20_000;
const NAME_BYTES_MAX: usize = 200;

/// What an account holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccountKind {
    /// 资产.
    Asset,
    /// 负债.
    Liability,
    /// 所有者权益.
    Equity,
    /// 收入.
    Revenue,
    /// 费用.
    Expense,
}

impl AccountKind {
    /// The name in the data file and the database.
    pub const fn name(self) -> &'static str {
        match self {
            AccountKind::Asset => "asset",
            AccountKind::Liability => "liability",
            AccountKind::Equity => "equity",
            AccountKind::Revenue => "revenue",
            AccountKind::Expense => "expense",
        }
    }
    pub(crate) fn parse(text: &str) -> Option<AccountKind> {
        use AccountKind::{Asset, Equity, Expense, Liability, Revenue};
        [Asset, Liability, Equity, Revenue, Expense].into_iter().find(|kind| kind.name() == text)
    }
}

/// The side on which an account grows (余额方向).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// 借.
    Debit,
    /// 贷.
    Credit,
}

impl Side {
    /// The name in the data file and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Side::Debit => "debit",
            Side::Credit => "credit",
        }
    }
    pub(crate) fn parse(text: &str) -> Option<Side> {
        [Side::Debit, Side::Credit].into_iter().find(|side| side.name() == text)
    }
}

/// An account (会计科目).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its code.
    pub code: AccountCode,
    /// The account it is part of.
    pub parent: Option<AccountCode>,
    /// What it holds.
    pub kind: AccountKind,
    /// Its normal side.
    pub side: Side,
    /// Its name.
    pub name: Text,
    /// Takes postings: it has no sub-accounts.
    pub postable: bool,
}

/// All accounts, by code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    accounts: BTreeMap<AccountCode, Account>,
}

impl Chart {
    /// The chart for electricity supply that comes with the program.
    pub fn standard() -> Result<Chart, LedgerError> {
        Chart::read(include_str!("../data/chart.csv"))
    }

    /// Reads a chart: `code,parent,kind,side,name_zh,name_en`. A parent must stand before its sub-accounts.
    pub fn read(text: &str) -> Result<Chart, LedgerError> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        let mut accounts: BTreeMap<AccountCode, Account> = BTreeMap::new();
        let mut parents = BTreeSet::new();
        for record in reader.records() {
            let record = record.map_err(|error| bad(&error))?;
            let line = record.position().map_or(0, csv::Position::line);
            let wrong = |why: String| LedgerError::BadData { file: FILE, line, why };
            let [code, parent, kind, side, zh, en] =
                [0, 1, 2, 3, 4, 5].map(|at| record.get(at).unwrap_or(""));
            let code = read_code(code).ok_or_else(|| wrong(format!("{code:?} is not an account code")))?;
            let parent = match parent {
                "" => None,
                parent => Some(
                    read_code(parent)
                        .filter(|parent| accounts.contains_key(parent))
                        .ok_or_else(|| wrong(format!("the parent {parent:?} does not stand before it")))?,
                ),
            };
            let kind = AccountKind::parse(kind).ok_or_else(|| wrong(format!("unknown kind {kind:?}")))?;
            let side = Side::parse(side).ok_or_else(|| wrong(format!("unknown side {side:?}")))?;
            for name in [zh, en] {
                if name.is_empty() || name.len() > NAME_BYTES_MAX || name.contains(['\n', '\t', ';', ':']) {
                    return Err(wrong(format!(
                        "a name of {code} is empty, too long or has ; : or a line break"
                    )));
                }
            }
            if accounts.len() >= ACCOUNTS_MAX {
                return Err(wrong(format!("more than {ACCOUNTS_MAX} accounts")));
            }
            parents.extend(parent);
            let name = Text::new(zh, en);
            let account = Account { code, parent, kind, side, name, postable: true };
            if accounts.insert(code, account).is_some() {
                return Err(wrong(format!("account {code} stands twice")));
            }
        }
        for parent in parents {
            if let Some(account) = accounts.get_mut(&parent) {
                account.postable = false;
            }
        }
        Ok(Chart { accounts })
    }

    pub(crate) fn of(accounts: impl IntoIterator<Item = Account>) -> Chart {
        Chart { accounts: accounts.into_iter().map(|account| (account.code, account)).collect() }
    }

    /// The account with this code.
    pub fn account(&self, code: AccountCode) -> Option<&Account> {
        self.accounts.get(&code)
    }
    /// All accounts in order of code.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }
    /// The account when it takes postings.
    pub fn postable(&self, code: AccountCode) -> Result<&Account, LedgerError> {
        self.account(code).filter(|account| account.postable).ok_or(LedgerError::UnknownAccount(code))
    }
}

fn bad(error: &csv::Error) -> LedgerError {
    let line = error.position().map_or(0, csv::Position::line);
    LedgerError::BadData { file: FILE, line, why: error.to_string() }
}

/// Account codes have 4 to 12 digits.
pub(crate) fn read_code(text: &str) -> Option<AccountCode> {
    let digits = (4..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).map(AccountCode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_chart_reads() {
        let chart = Chart::standard().unwrap();
        assert!(chart.postable(AccountCode(600104)).is_ok());
        assert_eq!(
            chart.postable(AccountCode(6001)),
            Err(LedgerError::UnknownAccount(AccountCode(6001))),
            "an account with sub-accounts takes no postings"
        );
        assert!(chart.accounts().count() > 50);
        for account in chart.accounts() {
            if let Some(parent) = account.parent {
                assert_eq!(
                    chart.account(parent).map(|parent| parent.kind),
                    Some(account.kind),
                    "{}",
                    account.code
                );
                assert!(account.code.to_string().starts_with(&parent.to_string()), "{}", account.code);
            }
        }
    }

    #[test]
    fn codes_have_4_to_12_digits() {
        for (text, code) in [
            ("1001", Some(1001)),
            ("0101", Some(101)),
            ("999999999999", Some(999_999_999_999)),
            ("101", None),
            ("1000000000000", None),
            ("+1001", None),
            ("-1001", None),
            ("10 01", None),
            ("1001a", None),
            ("", None),
        ] {
            assert_eq!(read_code(text), code.map(AccountCode), "{text:?}");
        }
    }

    #[test]
    fn names_are_short_and_without_marks_of_the_journal() {
        let chart = |zh: &str, en: &str| {
            Chart::read(&format!(
                "code,parent,kind,side,name_zh,name_en\n1001,,asset,debit,\"{zh}\",\"{en}\"\n"
            ))
        };
        for (zh, en, good) in [
            ("现金", "Cash", true),
            ("现金", &"x".repeat(200), true),
            (&"x".repeat(200), "Cash", true),
            ("现金", &"x".repeat(201), false),
            (&"x".repeat(202), "Cash", false),
            ("现;金", "Cash", false),
            ("现金", "Cash: on hand", false),
            ("现\t金", "Cash", false),
            ("现金", "Cash\non hand", false),
        ] {
            assert_eq!(chart(zh, en).is_ok(), good, "{zh:?} {en:?}");
        }
    }

    #[test]
    fn a_wrong_chart_is_refused_with_its_line() {
        const HEAD: &str = "code,parent,kind,side,name_zh,name_en\n";
        for (text, line) in [
            ("1001,,asset,debit,现金,Cash\n1001,,asset,debit,现金,Cash\n", 3),
            ("100101,1001,asset,debit,现金,Cash\n", 2),
            ("x,,asset,debit,现金,Cash\n", 2),
            ("1001,,money,debit,现金,Cash\n", 2),
            ("1001,,asset,left,现金,Cash\n", 2),
            ("1001,,asset,debit,,Cash\n", 2),
            ("1001,,asset\n", 2),
        ] {
            match Chart::read(&format!("{HEAD}{text}")) {
                Err(LedgerError::BadData { line: found, .. }) => assert_eq!(found, line, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }
}
