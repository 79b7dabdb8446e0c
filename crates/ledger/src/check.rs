//! The proof that balances and entries agree, for `zhangfang check` and for closing.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use kernel::{Bilingual, Lang, Moment, Money, Month};
use store::{Tx, params};

use crate::sketch::{Sketch, Sketcher};
use crate::{AccountCode, ComponentId, LedgerError, Posting, VoucherHead, canonical, sql};

/// Findings reported at most; the count goes on.
const FINDINGS_MAX: usize = 100;

/// Something that does not agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A kept balance differs from the sum of its entries: debit and credit as kept, then as entered.
    Balance {
        /// Period.
        period: Month,
        /// Unit.
        unit_id: i64,
        /// Account.
        account: AccountCode,
        /// Component.
        component: ComponentId,
        /// As kept.
        kept: (Money, Money),
        /// As entered.
        entered: (Money, Money),
    },
    /// The balances of a period are not in balance.
    Unbalanced {
        /// Period.
        period: Month,
        /// Sum of debits.
        debit: Money,
        /// Sum of credits.
        credit: Money,
    },
    /// A voucher states another count or total than its postings have.
    Voucher {
        /// The voucher.
        voucher_id: i64,
    },
    /// A red voucher does not mirror the one it reverses.
    Reversal {
        /// The red voucher.
        voucher_id: i64,
    },
    /// A balance stands on an account that is not in the chart or takes no postings.
    Account {
        /// The account.
        account: AccountCode,
    },
    /// Numbers of a year are missing.
    Gap {
        /// The year.
        year: i64,
        /// Vouchers there are.
        vouchers: i64,
        /// The last number.
        last_number: i64,
    },
}

impl Bilingual for Finding {
    fn text(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, Finding::Balance { period, unit_id, account, component, kept, entered }) => format!(
                "{period} unit {unit_id} account {account} component {}: kept debit {} credit {}, entered debit {} credit {}",
                component.0, kept.0, kept.1, entered.0, entered.1
            ),
            (Lang::Zh, Finding::Balance { period, unit_id, account, component, kept, entered }) => format!(
                "{period} 单位 {unit_id} 科目 {account} 费用项 {}：余额表借 {} 贷 {}，分录借 {} 贷 {}",
                component.0, kept.0, kept.1, entered.0, entered.1
            ),
            (Lang::En, Finding::Unbalanced { period, debit, credit }) => {
                format!("{period}: debits {debit}, credits {credit}")
            }
            (Lang::Zh, Finding::Unbalanced { period, debit, credit }) => {
                format!("{period}：借方合计 {debit}，贷方合计 {credit}")
            }
            (Lang::En, Finding::Voucher { voucher_id }) => {
                format!("voucher {voucher_id} differs from its postings")
            }
            (Lang::Zh, Finding::Voucher { voucher_id }) => format!("凭证 {voucher_id} 与其分录不符"),
            (Lang::En, Finding::Reversal { voucher_id }) => {
                format!("voucher {voucher_id} does not mirror the one it reverses")
            }
            (Lang::Zh, Finding::Reversal { voucher_id }) => format!("红字凭证 {voucher_id} 与原凭证不是镜像"),
            (Lang::En, Finding::Account { account }) => format!("account {account} takes no postings"),
            (Lang::Zh, Finding::Account { account }) => format!("科目 {account} 不可记账"),
            (Lang::En, Finding::Gap { year, vouchers, last_number }) => {
                format!("{year}: {vouchers} vouchers, last number {last_number}")
            }
            (Lang::Zh, Finding::Gap { year, vouchers, last_number }) => {
                format!("{year} 年：凭证 {vouchers} 张，最后编号 {last_number}")
            }
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Lang::En))
    }
}

/// What [`check()`] looked at and found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CheckReport {
    /// Vouchers looked at.
    pub vouchers: i64,
    /// Postings looked at.
    pub postings: i64,
    /// Periods with entries looked at.
    pub periods: usize,
    /// What does not agree, at most a hundred; empty when all is well.
    pub findings: Vec<Finding>,
}

impl CheckReport {
    /// Nothing was found.
    pub fn is_good(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Compares every balance with its entries, every voucher with its postings, and the numbers with their count.
pub fn check(tx: &mut Tx<'_>, org_id: i64) -> Result<CheckReport, LedgerError> {
    Ok(check_with(tx, org_id, &Sketcher::new([1, 2]))?.0)
}

/// What a voucher comes to, for whoever compares it with the documents it was made from and with the log.
#[derive(Debug, Clone)]
pub struct VoucherFigures {
    /// Its header.
    pub head: VoucherHead,
    /// Its postings by accounts, customer and component.
    pub sketch: Sketch,
    /// The digest of its canonical bytes, as its act in the log has it.
    pub digest: vault::Digest,
    found: (i64, Money),
}

/// Vouchers by their key.
pub type Vouchers = HashMap<i64, VoucherFigures>;

/// As [`check()`], and what each voucher comes to by the factors of `sketcher`. Postings are read once, in the order of
/// their key.
pub fn check_with(
    tx: &mut Tx<'_>,
    org_id: i64,
    sketcher: &Sketcher,
) -> Result<(CheckReport, Vouchers), LedgerError> {
    let (mut report, vouchers) = look(tx, org_id, None, sketcher)?;
    tx.each(
        "SELECT v.year, COUNT(*), MAX(v.number), COALESCE(MAX(c.last_number), 0) FROM voucher v
         LEFT JOIN voucher_counter c ON c.org_id = v.org_id AND c.year = v.year WHERE v.org_id = ?1
         GROUP BY v.year ORDER BY v.year",
        params![org_id],
        |row| {
            let (year, vouchers, last_number, counter) = (row.int(0)?, row.int(1)?, row.int(2)?, row.int(3)?);
            if vouchers != last_number || counter != last_number {
                report.findings.push(Finding::Gap { year, vouchers, last_number: last_number.max(counter) });
            }
            Ok::<_, LedgerError>(())
        },
    )?;
    for (voucher_id, voucher) in &vouchers {
        let original = voucher.head.reverses.map(|reversed| vouchers.get(&reversed));
        let mirrors = original.is_none_or(|original| {
            original.is_some_and(|original| original.sketch == voucher.sketch.reversed())
        });
        if !mirrors {
            report.findings.push(Finding::Reversal { voucher_id: *voucher_id });
        }
    }
    each_stranger(tx, org_id, &mut report)?;
    report.findings.truncate(FINDINGS_MAX);
    Ok((report, vouchers))
}

/// Who adopted the older vouchers of an organisation, and when.
pub fn adoption(tx: &mut Tx<'_>, org_id: i64) -> Result<Option<(i64, Moment)>, LedgerError> {
    tx.one("SELECT adopted_by, adopted_at FROM voucher_adoption WHERE org_id = ?1", params![org_id], |row| {
        Ok((row.int(0)?, row.moment(1)?))
    })
}

/// An accounting period with who opened and closed it, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodMade {
    /// The month.
    pub month: Month,
    /// Who opened it first, and when.
    pub opened: (i64, Moment),
    /// Who closed it, and when; nothing while it is open.
    pub closed: (Option<i64>, Option<Moment>),
}

/// Every period, for whoever compares it with the log.
pub fn periods_made(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<PeriodMade>, LedgerError> {
    tx.list(
        "SELECT period, opened_by, opened_at, closed_by, closed_at FROM accounting_period WHERE org_id = ?1",
        params![org_id],
        |row| {
            Ok(PeriodMade {
                month: row.month(0)?,
                opened: (row.int(1)?, row.moment(2)?),
                closed: (row.int_or_null(3)?, row.moment_or_null(4)?),
            })
        },
    )
}

/// Postings without a voucher, drafts left behind, accounts that are not in the chart.
fn each_stranger(tx: &mut Tx<'_>, org_id: i64, report: &mut CheckReport) -> Result<(), LedgerError> {
    tx.each("SELECT voucher_id FROM voucher_draft WHERE org_id = ?1 LIMIT 100", params![org_id], |row| {
        report.findings.push(Finding::Voucher { voucher_id: row.int(0)? });
        Ok::<_, LedgerError>(())
    })?;
    tx.each(
        "SELECT code FROM chart_account WHERE org_id = ?1 AND postable NOT IN (0, 1) LIMIT 100",
        params![org_id],
        |row| {
            report.findings.push(Finding::Account { account: AccountCode(row.int(0)?) });
            Ok::<_, LedgerError>(())
        },
    )?;
    tx.each(
        "SELECT c.year, c.last_number FROM voucher_counter c WHERE c.org_id = ?1 AND NOT EXISTS (
           SELECT 1 FROM voucher v WHERE v.org_id = c.org_id AND v.year = c.year) LIMIT 100",
        params![org_id],
        |row| {
            let (year, last_number) = (row.int(0)?, row.int(1)?);
            report.findings.push(Finding::Gap { year, vouchers: 0, last_number });
            Ok::<_, LedgerError>(())
        },
    )?;
    tx.each(
        "SELECT DISTINCT b.code FROM period_balance b WHERE b.org_id = ?1 AND NOT EXISTS (
           SELECT 1 FROM chart_account a WHERE a.org_id = b.org_id AND a.code = b.code AND a.postable = 1) LIMIT 100",
        params![org_id],
        |row| {
            report.findings.push(Finding::Account { account: AccountCode(row.int(0)?) });
            Ok::<_, LedgerError>(())
        },
    )
}

type Key = (i64, AccountCode, ComponentId);
type Sums = BTreeMap<(Month, Key), [(Money, Money); 2]>;

/// Reads vouchers, postings and balances of one period or of all of them.
fn look(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Option<Month>,
    sketcher: &Sketcher,
) -> Result<(CheckReport, Vouchers), LedgerError> {
    let mut report = CheckReport::default();
    let mut vouchers = vouchers_of(tx, org_id, month)?;
    let mut sums = Sums::new();
    // The period as a parameter that matches everything keeps one text for both.
    let (first, last) = month.map_or((0, i64::MAX), |month| (month.number(), month.number()));
    tx.each(
        "SELECT period, unit_id, code, component, debit, credit FROM period_balance
         WHERE org_id = ?1 AND period BETWEEN ?2 AND ?3",
        params![org_id, first, last],
        |row| {
            let key = (row.int(1)?, AccountCode(row.int(2)?), sql::component(row.int(3)?)?);
            sums.entry((row.month(0)?, key)).or_default()[0] = (row.money(4)?, row.money(5)?);
            Ok::<_, LedgerError>(())
        },
    )?;
    let text = match month {
        None => {
            "SELECT voucher_id, line, debit, credit, amount, account_id, component FROM posting
             WHERE org_id = ?1 AND ?2 <= ?3 ORDER BY voucher_id, line"
        }
        Some(_) => {
            "SELECT p.voucher_id, p.line, p.debit, p.credit, p.amount, p.account_id, p.component
             FROM voucher v JOIN posting p ON p.org_id = v.org_id AND p.voucher_id = v.voucher_id
             WHERE v.org_id = ?1 AND v.period BETWEEN ?2 AND ?3 ORDER BY p.voucher_id, p.line"
        }
    };
    let mut open: Option<(i64, VoucherFigures)> = None;
    // A handful of account pairs in a voucher: added up there and then once into the whole.
    let mut bytes = Vec::new();
    let mut pairs: Vec<((AccountCode, AccountCode, ComponentId), Money)> = Vec::new();
    tx.each(text, params![org_id, first, last], |row| {
        report.postings += 1;
        let voucher_id = row.int(0)?;
        if open.as_ref().is_none_or(|(open, _)| *open != voucher_id) {
            end_voucher(open.take(), &mut pairs, &mut bytes, &mut sums, &mut vouchers)?;
            match vouchers.remove(&voucher_id) {
                Some(voucher) => {
                    canonical::write_head(&voucher.head, &mut bytes);
                    open = Some((voucher_id, voucher));
                }
                None => {
                    if report.findings.last() != Some(&Finding::Voucher { voucher_id })
                        && report.findings.len() < FINDINGS_MAX
                    {
                        report.findings.push(Finding::Voucher { voucher_id });
                    }
                    return Ok(());
                }
            }
        }
        let Some((_, voucher)) = &mut open else { return Ok(()) };
        let (debit, credit) = (AccountCode(row.int(2)?), AccountCode(row.int(3)?));
        let (amount, component) = (row.money(4)?, sql::component(row.int(6)?)?);
        let customer = row.int_or_null(5)?;
        canonical::write_posting(&Posting { debit, credit, amount, customer, component }, &mut bytes);
        let sketch = sketcher.of((debit, credit), customer, component, amount);
        voucher.sketch = voucher.sketch.plus(sketch);
        // A missing or repeated line shows in the count as soon as lines are not 1, 2, 3.
        let in_order = row.int(1)? == voucher.found.0 + 1;
        voucher.found.0 += if in_order { 1 } else { i64::from(u32::MAX) };
        voucher.found.1 = voucher.found.1.plus(amount)?;
        let key = (debit, credit, component);
        match pairs.iter_mut().find(|(known, _)| *known == key) {
            Some((_, sum)) => *sum = sum.plus(amount)?,
            None => pairs.push((key, amount)),
        }
        Ok::<_, LedgerError>(())
    })?;
    end_voucher(open.take(), &mut pairs, &mut bytes, &mut sums, &mut vouchers)?;
    report.vouchers = vouchers.len() as i64;
    let mut wrong: Vec<i64> = vouchers
        .iter()
        .filter(|(_, voucher)| (voucher.head.count, voucher.head.total) != voucher.found)
        .map(|(id, _)| *id)
        .collect();
    wrong.sort_unstable();
    report.findings.extend(wrong.into_iter().map(|voucher_id| Finding::Voucher { voucher_id }));
    compare(sums, &mut report)?;
    report.findings.truncate(FINDINGS_MAX);
    Ok((report, vouchers))
}

fn vouchers_of(tx: &mut Tx<'_>, org_id: i64, month: Option<Month>) -> Result<Vouchers, LedgerError> {
    let (first, last) = month.map_or((0, i64::MAX), |month| (month.number(), month.number()));
    let mut vouchers = Vouchers::new();
    tx.each(
        "SELECT voucher_id, year, number, period, posted_on, effective_on, unit_id, event, source, summary, person_id, made_at,
           reverses, total, postings FROM voucher WHERE org_id = ?1 AND period BETWEEN ?2 AND ?3",
        params![org_id, first, last],
        |row| {
            let head = VoucherHead {
                org_id,
                voucher_id: row.int(0)?,
                year: row.int(1)?,
                number: row.int(2)?,
                period: row.month(3)?,
                posted_on: row.date(4)?,
                effective_on: row.date(5)?,
                unit_id: row.int(6)?,
                event: row.text(7)?,
                source: row.text(8)?,
                summary: row.text(9)?,
                person_id: row.int(10)?,
                made_at: row.moment(11)?,
                reverses: row.int_or_null(12)?,
                total: row.money(13)?,
                count: row.int(14)?,
            };
            let (sketch, digest, found) = (Sketch::default(), [0; 32], (0, Money::ZERO));
            vouchers.insert(head.voucher_id, VoucherFigures { head, sketch, digest, found });
            Ok::<_, LedgerError>(())
        },
    )?;
    Ok(vouchers)
}

fn end_voucher(
    ended: Option<(i64, VoucherFigures)>,
    pairs: &mut Vec<((AccountCode, AccountCode, ComponentId), Money)>,
    bytes: &mut Vec<u8>,
    sums: &mut Sums,
    vouchers: &mut Vouchers,
) -> Result<(), LedgerError> {
    let Some((voucher_id, mut voucher)) = ended else { return Ok(()) };
    voucher.digest = vault::leaf_hash(bytes);
    bytes.clear();
    for ((debit, credit, component), amount) in pairs.drain(..) {
        let debited =
            &mut sums.entry((voucher.head.period, (voucher.head.unit_id, debit, component))).or_default()[1];
        debited.0 = debited.0.plus(amount)?;
        let credited =
            &mut sums.entry((voucher.head.period, (voucher.head.unit_id, credit, component))).or_default()[1];
        credited.1 = credited.1.plus(amount)?;
    }
    vouchers.insert(voucher_id, voucher);
    Ok(())
}

/// Every balance kept against the one entered, and each period's debits against its credits.
fn compare(sums: Sums, report: &mut CheckReport) -> Result<(), LedgerError> {
    let mut totals: BTreeMap<Month, (Money, Money)> = BTreeMap::new();
    for ((period, (unit_id, account, component)), [kept, entered]) in sums {
        let total = totals.entry(period).or_default();
        *total = (total.0.plus(kept.0)?, total.1.plus(kept.1)?);
        if kept != entered {
            report.findings.push(Finding::Balance { period, unit_id, account, component, kept, entered });
        }
    }
    report.periods = totals.len();
    for (period, (debit, credit)) in totals {
        if debit != credit {
            report.findings.push(Finding::Unbalanced { period, debit, credit });
        }
    }
    Ok(())
}

/// The findings of one period.
pub(crate) fn check_period(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<Finding>, LedgerError> {
    Ok(look(tx, org_id, Some(month), &Sketcher::new([1, 2]))?.0.findings)
}

/// What the vouchers of one period come to, and what does not agree in it.
pub fn period_with(
    tx: &mut Tx<'_>,
    org_id: i64,
    month: Month,
    sketcher: &Sketcher,
) -> Result<(CheckReport, Vouchers), LedgerError> {
    look(tx, org_id, Some(month), sketcher)
}
