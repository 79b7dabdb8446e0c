//! The books of a bundle, followed act by act: vouchers against digests, numbers, issues against vouchers, closes.

use std::collections::{BTreeMap, HashMap, VecDeque};

use kernel::{Date, Money, Month};
use ledger::{AccountCode, BalanceBuilder, ComponentId, Movement, Posting, Voucher};
use proof::{Edge, Hash};
use vault::Leaf;

use super::items::{Derived, Item};
use super::words::{Report, yuan};
use crate::AuditError;
use crate::bundle::numbered;
use crate::error::not_proved;

/// Vouchers of issues that wait for the act of the issue; a batch of a run has a few hundred.
const WAITING_MAX: usize = 100_000;

/// Sums by debit, credit and component.
type Sums = BTreeMap<(i64, i64, u16), Money>;

/// What the next frames must be.
enum Owed {
    Nothing,
    /// The voucher of an act: digest and number.
    Voucher(Hash, String),
    /// So many adopted vouchers under this root.
    Adopted {
        left: i64,
        edge: Edge,
        root: Hash,
    },
    /// So many bills under this root.
    Bills {
        left: i64,
        edge: Edge,
        root: Hash,
        issue: Box<Issuing>,
    },
}

/// An issue whose bills are being read.
struct Issuing {
    seq: i64,
    source: Option<String>,
    voucher: Option<Box<Voucher>>,
    at: usize,
    sums: Sums,
    says_owner: bool,
}

/// The state of the books after the acts so far.
pub(crate) struct Books {
    org_id: i64,
    period: Month,
    edge: Edge,
    owed: Owed,
    last_number: BTreeMap<i64, i64>,
    months: BTreeMap<Month, BalanceBuilder>,
    /// Vouchers of issues of the period, by the document they were made from.
    waiting: HashMap<String, VecDeque<Box<Voucher>>>,
    waiting_count: usize,
    /// Issues whose voucher was adopted later: sums without customers.
    owing: HashMap<String, VecDeque<Sums>>,
    closed: Option<i64>,
    pub(crate) acts: u64,
    pub(crate) vouchers: u64,
    pub(crate) bills: u64,
    pub(crate) bills_without_owner: u64,
    pub(crate) price_roots: Vec<Hash>,
}

impl Books {
    pub(crate) fn new(org_id: i64, period: Month) -> Books {
        Books {
            org_id,
            period,
            edge: Edge::empty(),
            owed: Owed::Nothing,
            last_number: BTreeMap::new(),
            months: BTreeMap::new(),
            waiting: HashMap::new(),
            waiting_count: 0,
            owing: HashMap::new(),
            closed: None,
            acts: 0,
            vouchers: 0,
            bills: 0,
            bills_without_owner: 0,
            price_roots: Vec::new(),
        }
    }

    /// The root over the acts so far.
    pub(crate) fn root(&self) -> Hash {
        self.edge.root()
    }

    /// Takes the next frame.
    pub(crate) fn take(&mut self, item: Item) -> Result<(), AuditError> {
        match item {
            Item::Act(hash, leaf) => self.act(hash, *leaf),
            Item::Voucher(hash, voucher, movements) => self.voucher(hash, voucher, &movements),
            Item::Bill { hash, postings, document, says_owner, org_id } => {
                if org_id.is_some_and(|org_id| org_id != self.org_id) {
                    return Err(self.refused("账单属于另一组织", "a bill of another organisation"));
                }
                self.bill(hash, &postings, document, says_owner)
            }
        }
    }

    fn refused(&self, zh: &str, en: &str) -> AuditError {
        not_proved(format!("act {}", self.acts.saturating_sub(1)), zh, en)
    }

    fn settled(&self) -> Result<(), AuditError> {
        match &self.owed {
            Owed::Nothing => Ok(()),
            Owed::Voucher(_, number) => Err(not_proved(
                format!("voucher {number}"),
                "文件中缺少该凭证",
                "the voucher is missing from the file",
            )),
            Owed::Adopted { left, .. } => Err(self.refused(
                &format!("缺少 {left} 张早期凭证"),
                &format!("{left} of the adopted vouchers are missing"),
            )),
            Owed::Bills { left, .. } => Err(self.refused(
                &format!("缺少该次发行的 {left} 张账单"),
                &format!("{left} bills of the issue are missing"),
            )),
        }
    }

    fn act(&mut self, hash: Hash, leaf: Leaf) -> Result<(), AuditError> {
        self.settled()?;
        let seq = self.acts;
        self.acts += 1;
        self.edge.append(hash, |_| ());
        if u64::try_from(leaf.seq).ok() != Some(seq) || leaf.org_id != self.org_id {
            return Err(self.refused("记录的序号或组织不符", "the act bears another number or organisation"));
        }
        if let Some(number) = numbered(&leaf) {
            self.next_number(number)?;
            if let Some(digest) = leaf.after {
                self.owed = Owed::Voucher(digest, leaf.document.number);
            }
        } else if leaf.document.kind == ledger::ADOPTED {
            if let Some(batch) = &leaf.batch {
                self.owed = Owed::Adopted { left: batch.lines, edge: Edge::empty(), root: batch.root };
            }
        } else if leaf.verb == billing::permission::ISSUE.0 {
            self.issue(&leaf)?;
        } else if leaf.verb == billing::permission::LOAD_PRICES.0 {
            self.price_roots.extend(leaf.batch.iter().map(|batch| batch.root));
        } else if leaf.document.kind == ledger::PERIOD {
            self.period_act(&leaf)?;
        }
        Ok(())
    }

    fn next_number(&mut self, (year, number): (i64, i64)) -> Result<(), AuditError> {
        let last = self.last_number.entry(year).or_default();
        if number != *last + 1 {
            let (zh, en) = (
                format!("{year} 年凭证号 {last} 之后是 {number}，编号有缺口"),
                format!("in {year} the voucher after {last} is {number}: the numbers have a gap"),
            );
            return Err(self.refused(&zh, &en));
        }
        *last = number;
        Ok(())
    }

    fn issue(&mut self, leaf: &Leaf) -> Result<(), AuditError> {
        let Some(batch) = leaf.batch.as_ref().filter(|_| leaf.at.date().month() == self.period) else {
            return Ok(());
        };
        if batch.lines < 1 {
            return Err(self.refused("发行中没有账单", "an issue without bills"));
        }
        // A book's issue, or a batch of adjustments; a single adjustment is found by its own number later.
        let batch_source = leaf.document.number.split_once(' ').map(|(_, slip)| format!("adjustment {slip}"));
        let source = match leaf.document.kind.as_str() {
            "book" => Some(format!("issue {}", leaf.document.number)),
            _ => batch_source.filter(|source| self.waiting.contains_key(source)),
        };
        let voucher = source.as_ref().and_then(|source| self.waiting_voucher(source));
        self.owed = Owed::Bills {
            left: batch.lines,
            edge: Edge::empty(),
            root: batch.root,
            issue: Box::new(Issuing {
                seq: leaf.seq,
                source,
                voucher,
                at: 0,
                sums: Sums::new(),
                says_owner: true,
            }),
        };
        Ok(())
    }

    fn waiting_voucher(&mut self, source: &str) -> Option<Box<Voucher>> {
        let found = self.waiting.get_mut(source)?.pop_front();
        self.waiting_count -= usize::from(found.is_some());
        if self.waiting.get(source).is_some_and(VecDeque::is_empty) {
            self.waiting.remove(source);
        }
        found
    }

    fn period_act(&mut self, leaf: &Leaf) -> Result<(), AuditError> {
        let Ok(month) = leaf.document.number.parse::<Month>() else {
            return Err(self.refused("会计期间有误", "no accounting period"));
        };
        if leaf.verb != ledger::permission::CLOSE_PERIOD.0 {
            if month == self.period {
                self.closed = None;
            }
            return Ok(());
        }
        let org_id = self.org_id;
        let built = self.months.entry(month).or_insert_with(|| BalanceBuilder::new(org_id, month)).finish();
        if leaf.after != Some(built.digest()) {
            let (zh, en) = (
                format!("{month} 结账记录的余额摘要与由凭证重建的余额不符"),
                format!("the close of {month} states other balances than its vouchers give"),
            );
            return Err(self.refused(&zh, &en));
        }
        if month == self.period {
            self.closed = Some(leaf.seq);
        }
        Ok(())
    }

    fn voucher(
        &mut self,
        hash: Hash,
        voucher: Box<Voucher>,
        movements: &[Movement],
    ) -> Result<(), AuditError> {
        let head = &voucher.head;
        match std::mem::replace(&mut self.owed, Owed::Nothing) {
            Owed::Voucher(digest, number) => {
                if digest != hash || head.document() != number {
                    return Err(not_proved(
                        format!("voucher {number}"),
                        "凭证与日志所载摘要或编号不符",
                        "the voucher is not the one whose digest the log has",
                    ));
                }
            }
            Owed::Adopted { left, mut edge, root } => {
                edge.append(hash, |_| ());
                self.next_number((head.year, head.number))?;
                if left > 1 {
                    self.owed = Owed::Adopted { left: left - 1, edge, root };
                } else if edge.root() != root {
                    return Err(self.refused(
                        "早期凭证与日志所载的根不符",
                        "the adopted vouchers do not have the root that the log has",
                    ));
                }
            }
            Owed::Nothing | Owed::Bills { .. } => {
                return Err(self.refused("多余的凭证", "a voucher that no act calls for"));
            }
        }
        if head.org_id != self.org_id {
            return Err(self.refused("凭证属于另一组织", "a voucher of another organisation"));
        }
        self.vouchers += 1;
        let (org_id, month) = (self.org_id, head.period);
        let balance = self.months.entry(month).or_insert_with(|| BalanceBuilder::new(org_id, month));
        balance.add(head, movements)?;
        let is_issue = head.event == billing::BILL_ISSUED && head.reverses.is_none() && month == self.period;
        if is_issue { self.issue_voucher(voucher) } else { Ok(()) }
    }

    /// A voucher of an issue waits for its bills, or the bills were there before.
    fn issue_voucher(&mut self, voucher: Box<Voucher>) -> Result<(), AuditError> {
        let source = voucher.head.source.clone();
        if let Some(sums) = self.owing.get_mut(&source).and_then(VecDeque::pop_front) {
            if self.owing.get(&source).is_some_and(VecDeque::is_empty) {
                self.owing.remove(&source);
            }
            return self.same_sums(&source, &sums, &voucher);
        }
        self.waiting_count += 1;
        if self.waiting_count > WAITING_MAX {
            return Err(self.refused("等待发行记录的凭证过多", "too many vouchers wait for their issue"));
        }
        self.waiting.entry(source).or_default().push_back(voucher);
        Ok(())
    }

    fn bill(
        &mut self,
        hash: Hash,
        postings: &[Derived],
        document: Option<String>,
        says_owner: bool,
    ) -> Result<(), AuditError> {
        let Owed::Bills { left, mut edge, root, mut issue } =
            std::mem::replace(&mut self.owed, Owed::Nothing)
        else {
            return Err(self.refused("多余的账单", "a bill that no act calls for"));
        };
        edge.append(hash, |_| ());
        self.bills += 1;
        self.bills_without_owner += u64::from(!says_owner);
        issue.says_owner &= says_owner;
        if issue.source.is_none()
            && let Some(document) = document
        {
            let source = format!("adjustment {document}");
            issue.voucher = self.waiting_voucher(&source);
            issue.source = Some(source);
        }
        for derived in postings {
            issue.derive(derived)?;
        }
        if left > 1 {
            self.owed = Owed::Bills { left: left - 1, edge, root, issue };
            return Ok(());
        }
        if edge.root() != root {
            return Err(self.refused(
                "账单与发行记录所载的根不符",
                "the bills do not have the root that the act of the issue has",
            ));
        }
        self.issued(*issue)
    }

    /// All bills of an issue are read.
    fn issued(&mut self, issue: Issuing) -> Result<(), AuditError> {
        let source = issue.source.unwrap_or_default();
        match issue.voucher {
            Some(voucher) if issue.says_owner => {
                if issue.at == voucher.postings.len() {
                    return Ok(());
                }
                Err(self.refused(
                    &format!("凭证 {} 的分录多于账单所生", voucher.head.document()),
                    &format!("voucher {} posts more than the bills", voucher.head.document()),
                ))
            }
            Some(voucher) => self.same_sums(&source, &issue.sums, &voucher),
            None if issue.sums.is_empty() => Ok(()),
            None => {
                self.owing.entry(source).or_default().push_back(issue.sums);
                Ok(())
            }
        }
    }

    fn same_sums(&self, source: &str, sums: &Sums, voucher: &Voucher) -> Result<(), AuditError> {
        let mut posted = Sums::new();
        for posting in &voucher.postings {
            add(&mut posted, posting.debit, posting.credit, posting.component, posting.amount)?;
        }
        if posted == *sums {
            return Ok(());
        }
        Err(not_proved(
            format!("voucher {} ({source})", voucher.head.document()),
            "凭证的分录与账单所生的分录不符",
            "the voucher's postings are not those of the bills",
        ))
    }

    /// Everything that was read belongs together; states the trial balance.
    pub(crate) fn finish(&mut self, report: &mut Report) -> Result<(), AuditError> {
        self.settled()?;
        if let Some(source) = self.waiting.keys().next() {
            return Err(not_proved(
                format!("voucher of {source}"),
                "发行凭证没有对应的账单",
                "a voucher of issued bills without the bills",
            ));
        }
        if let Some(source) = self.owing.keys().next() {
            return Err(not_proved(source.clone(), "发行的账单没有凭证", "issued bills without a voucher"));
        }
        let period = self.period;
        let org_id = self.org_id;
        let built = self.months.entry(period).or_insert_with(|| BalanceBuilder::new(org_id, period)).finish();
        let total = yuan(built.total);
        report.states(
            format!(
                "{period} 科目余额表（凭证 {} 张，分录 {} 条，发生额 {total} 元）",
                built.vouchers, built.postings
            ),
            format!(
                "Trial balance of {period} ({} vouchers, {} postings, {total} yuan)",
                built.vouchers, built.postings
            ),
        );
        self.trial_balance(report)?;
        match self.closed {
            Some(seq) => report.proves(
                format!("由凭证重建的 {period} 余额与第 {seq} 条结账记录的摘要相同"),
                format!("the balances of {period} rebuilt from the vouchers are those that the close in act {seq} states"),
            ),
            None => report.leaves_open(
                format!("{period} 尚未结账：之后还可以记账"),
                format!("the final balances of {period}: it is not closed, so more may be posted"),
            ),
        }
        Ok(())
    }

    fn trial_balance(&self, report: &mut Report) -> Result<(), AuditError> {
        let mut lines: BTreeMap<AccountCode, (Money, Money, Money)> = BTreeMap::new();
        for (month, builder) in self.months.range(..=self.period) {
            for moved in builder.finish().movements {
                let line = lines.entry(moved.account).or_default();
                if *month < self.period {
                    line.0 = sum(line.0, moved.debit, moved.credit)?;
                } else {
                    line.1 = sum(line.1, moved.debit, Money::ZERO)?;
                    line.2 = sum(line.2, moved.credit, Money::ZERO)?;
                }
            }
        }
        report.states("  科目　期初　借方　贷方　期末", "  account, opening, debit, credit, closing");
        for (account, (opening, debit, credit)) in lines {
            let closing = sum(sum(opening, debit, credit)?, Money::ZERO, Money::ZERO)?;
            let line = format!(
                "  {account}  {}  {}  {}  {}",
                yuan(opening),
                yuan(debit),
                yuan(credit),
                yuan(closing)
            );
            report.states(line.clone(), line);
        }
        Ok(())
    }

    /// The last day of the period, for words.
    pub(crate) fn last_day(&self) -> Date {
        self.period.last_day()
    }
}

impl Issuing {
    /// The next posting that the bills give: the voucher's next, where it is known; otherwise summed.
    fn derive(&mut self, derived: &Derived) -> Result<(), AuditError> {
        let Derived { debit, credit, amount, customer, component } = *derived;
        if let (Some(voucher), true) = (&self.voucher, self.says_owner) {
            let wanted = Posting { debit, credit, amount, customer, component };
            if voucher.postings.get(self.at) != Some(&wanted) {
                let line = self.at + 1;
                return Err(not_proved(
                    format!("voucher {}, line {line}", voucher.head.document()),
                    format!(
                        "第 {} 条发行记录的账单应生成另一分录（客户 {}，金额 {amount}）",
                        self.seq,
                        customer.unwrap_or_default()
                    ),
                    format!(
                        "the bills of act {} give another posting (customer {}, {amount})",
                        self.seq,
                        customer.unwrap_or_default()
                    ),
                ));
            }
            self.at += 1;
            return Ok(());
        }
        add(&mut self.sums, debit, credit, component, amount)
    }
}

fn add(
    sums: &mut Sums,
    debit: AccountCode,
    credit: AccountCode,
    component: ComponentId,
    amount: Money,
) -> Result<(), AuditError> {
    let place = sums.entry((debit.0, credit.0, component.0)).or_default();
    *place = sum(*place, amount, Money::ZERO)?;
    Ok(())
}

fn sum(base: Money, plus: Money, minus: Money) -> Result<Money, AuditError> {
    let beyond = |_| not_proved("balance", "金额超出范围", "an amount beyond 64 bits");
    base.plus(plus).map_err(beyond)?.minus(minus).map_err(beyond)
}
