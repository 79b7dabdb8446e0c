//! The ledger's statements; no other module names its tables.

use kernel::{Date, Month, Text};
use store::{Bulk, Kind, StoreError, Tx, Value, params};

use crate::canonical::{Movement, VoucherHead};
use crate::chart::{AccountKind, Side};
use crate::periods::Period;
use crate::rules::Component;
use crate::{Account, AccountCode, Chart, ComponentId, LedgerError, Posted, Posting, VoucherHeader};

const VOUCHER_COLUMNS: &[store::Column] = &[
    ("org_id", Kind::Int),
    ("voucher_id", Kind::Int),
    ("year", Kind::Int),
    ("number", Kind::Int),
    ("period", Kind::Int),
    ("posted_on", Kind::Int),
    ("effective_on", Kind::Int),
    ("unit_id", Kind::Int),
    ("event", Kind::Text),
    ("source", Kind::Text),
    ("summary", Kind::Text),
    ("person_id", Kind::Int),
    ("made_at", Kind::Int),
    ("reverses", Kind::Int),
    ("total", Kind::Int),
    ("postings", Kind::Int),
];

/// A balance to be added to: period, unit, account and component.
pub(crate) type BalanceKey = (Month, i64, AccountCode, ComponentId);

pub(crate) struct Maker {
    pub org_id: i64,
    pub person_id: i64,
    pub made_at: kernel::Moment,
}

pub(crate) fn insert_account(tx: &mut Tx<'_>, org_id: i64, account: &Account) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO chart_account (org_id, code, parent, kind, side, name_zh, name_en, postable)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (org_id, code) DO UPDATE SET name_zh = excluded.name_zh, name_en = excluded.name_en",
        params![
            org_id,
            account.code.0,
            account.parent.map(|parent| parent.0),
            account.kind.name(),
            account.side.name(),
            &account.name.zh,
            &account.name.en,
            account.postable,
        ],
    )?;
    Ok(())
}

pub(crate) fn insert_component(
    tx: &mut Tx<'_>,
    org_id: i64,
    component: &Component,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO ledger_component (org_id, number, code, name_zh, name_en) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (org_id, number) DO UPDATE SET name_zh = excluded.name_zh, name_en = excluded.name_en",
        params![org_id, i64::from(component.id.0), &component.code, &component.name.zh, &component.name.en],
    )?;
    Ok(())
}

pub(crate) fn components(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<(ComponentId, String)>, LedgerError> {
    tx.list(
        "SELECT number, code FROM ledger_component WHERE org_id = ?1 ORDER BY number",
        params![org_id],
        |row| Ok((component(row.int(0)?)?, row.text(1)?)),
    )
}

pub(crate) fn component(number: i64) -> Result<ComponentId, StoreError> {
    u16::try_from(number)
        .map(ComponentId)
        .map_err(|_| StoreError::Sql(format!("the stored component number {number} is out of range")))
}

pub(crate) fn chart(tx: &mut Tx<'_>, org_id: i64) -> Result<Chart, LedgerError> {
    let broken = |what: &str| StoreError::Sql(format!("the stored chart of accounts is broken: {what}"));
    let accounts = tx.list(
        "SELECT code, parent, kind, side, name_zh, name_en, postable FROM chart_account WHERE org_id = ?1 ORDER BY code",
        params![org_id],
        |row| {
            Ok::<_, LedgerError>(Account {
                code: AccountCode(row.int(0)?),
                parent: row.int_or_null(1)?.map(AccountCode),
                kind: AccountKind::parse(&row.text(2)?).ok_or_else(|| broken("kind"))?,
                side: Side::parse(&row.text(3)?).ok_or_else(|| broken("side"))?,
                name: Text::new(row.text(4)?, row.text(5)?),
                postable: row.flag(6)?,
            })
        },
    )?;
    Ok(Chart::of(accounts))
}

/// The codes that take postings, in order.
pub(crate) fn postable(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<AccountCode>, LedgerError> {
    tx.list(
        "SELECT code FROM chart_account WHERE org_id = ?1 AND postable = 1 ORDER BY code",
        params![org_id],
        |row| Ok(AccountCode(row.int(0)?)),
    )
}

pub(crate) fn periods(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<Period>, LedgerError> {
    tx.list(
        "SELECT period, is_open FROM accounting_period WHERE org_id = ?1 ORDER BY period",
        params![org_id],
        |row| Ok(Period { month: row.month(0)?, open: row.flag(1)? }),
    )
}

pub(crate) fn is_open(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<bool, LedgerError> {
    let found = tx.one(
        "SELECT is_open FROM accounting_period WHERE org_id = ?1 AND period = ?2",
        params![org_id, month],
        |row| row.flag(0),
    )?;
    Ok(found.unwrap_or(false))
}

pub(crate) fn insert_period(tx: &mut Tx<'_>, month: Month, maker: &Maker) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO accounting_period (org_id, period, is_open, opened_at, opened_by) VALUES (?1, ?2, 1, ?3, ?4)",
        params![maker.org_id, month, maker.made_at, maker.person_id],
    )?;
    Ok(())
}

pub(crate) fn set_open(tx: &mut Tx<'_>, month: Month, open: bool, maker: &Maker) -> Result<(), StoreError> {
    let (closed_at, closed_by) =
        if open { (None, None) } else { (Some(maker.made_at), Some(maker.person_id)) };
    tx.execute_one(
        &format!("accounting period {month}"),
        "UPDATE accounting_period SET is_open = ?3, closed_at = ?4, closed_by = ?5
         WHERE org_id = ?1 AND period = ?2 AND is_open <> ?3",
        params![maker.org_id, month, open, closed_at, closed_by],
    )
}

/// Takes the next `count` numbers of the year; answers the first. Other writers of the same year wait until the end.
pub(crate) fn take_numbers(tx: &mut Tx<'_>, org_id: i64, year: i64, count: i64) -> Result<i64, LedgerError> {
    let last = tx.one(
        "INSERT INTO voucher_counter (org_id, year, last_number) VALUES (?1, ?2, ?3)
         ON CONFLICT (org_id, year) DO UPDATE SET last_number = voucher_counter.last_number + excluded.last_number
         RETURNING last_number",
        params![org_id, year, count],
        |row| row.int(0),
    )?;
    let last = last.ok_or_else(|| StoreError::Sql("the voucher counter gave no number".into()))?;
    Ok(last - count + 1)
}

/// Opens the drafts that postings are written under; the vouchers end them.
pub(crate) fn load_drafts(tx: &mut Tx<'_>, org_id: i64, headers: &[VoucherHeader]) -> Result<(), StoreError> {
    let mut rows = Bulk::new("voucher_draft", &[("org_id", Kind::Int), ("voucher_id", Kind::Int)]);
    for header in headers {
        rows.row(params![org_id, header.voucher_id])?;
    }
    tx.load(&mut rows)?;
    Ok(())
}

pub(crate) fn load_vouchers<'h>(
    tx: &mut Tx<'_>,
    maker: &Maker,
    vouchers: impl Iterator<Item = (&'h VoucherHeader, &'h Posted, Option<i64>)>,
) -> Result<(), StoreError> {
    let mut rows = Bulk::new("voucher", VOUCHER_COLUMNS);
    for (header, posted, reverses) in vouchers {
        rows.row(params![
            maker.org_id,
            header.voucher_id,
            posted.year,
            posted.number,
            header.period(),
            header.posted_on,
            header.effective_on,
            header.unit_id,
            &header.event,
            &header.source,
            &header.text,
            maker.person_id,
            maker.made_at,
            reverses,
            posted.total,
            posted.postings,
        ])?;
    }
    tx.load(&mut rows)?;
    Ok(())
}

pub(crate) fn add_balance(
    tx: &mut Tx<'_>,
    org_id: i64,
    (period, unit_id, code, component): BalanceKey,
    debit: kernel::Money,
    credit: kernel::Money,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO period_balance (org_id, period, unit_id, code, component, debit, credit)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (org_id, period, unit_id, code, component) DO UPDATE
         SET debit = period_balance.debit + excluded.debit, credit = period_balance.credit + excluded.credit",
        params![org_id, period, unit_id, code.0, i64::from(component.0), debit, credit],
    )?;
    Ok(())
}

/// A voucher as stored, as far as its reversal needs it.
pub(crate) struct Original {
    pub number: i64,
    pub posted_on: Date,
    pub effective_on: Date,
    pub unit_id: i64,
    pub event: String,
    pub source: String,
}

pub(crate) fn voucher(
    tx: &mut Tx<'_>,
    org_id: i64,
    voucher_id: i64,
) -> Result<Option<Original>, LedgerError> {
    tx.one(
        "SELECT number, posted_on, effective_on, unit_id, event, source FROM voucher
         WHERE org_id = ?1 AND voucher_id = ?2",
        params![org_id, voucher_id],
        |row| {
            Ok(Original {
                number: row.int(0)?,
                posted_on: row.date(1)?,
                effective_on: row.date(2)?,
                unit_id: row.int(3)?,
                event: row.text(4)?,
                source: row.text(5)?,
            })
        },
    )
}

pub(crate) fn is_reversed(tx: &mut Tx<'_>, org_id: i64, voucher_id: i64) -> Result<bool, LedgerError> {
    let found = tx.one(
        "SELECT voucher_id FROM voucher WHERE org_id = ?1 AND reverses = ?2",
        params![org_id, voucher_id],
        |row| row.int(0),
    )?;
    Ok(found.is_some())
}

pub(crate) fn each_posting(
    tx: &mut Tx<'_>,
    org_id: i64,
    voucher_id: i64,
    mut take: impl FnMut(Posting) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    tx.each(
        "SELECT debit, credit, amount, account_id, component FROM posting
         WHERE org_id = ?1 AND voucher_id = ?2 ORDER BY line",
        &[Value::Int(org_id), Value::Int(voucher_id)],
        |row| {
            take(Posting {
                debit: AccountCode(row.int(0)?),
                credit: AccountCode(row.int(1)?),
                amount: row.money(2)?,
                customer: row.int_or_null(3)?,
                component: component(row.int(4)?)?,
            })
        },
    )
}

/// Were the organisation's older vouchers brought into the log?
pub(crate) fn is_adopted(tx: &mut Tx<'_>, org_id: i64) -> Result<bool, LedgerError> {
    let found =
        tx.one("SELECT 1 FROM voucher_adoption WHERE org_id = ?1", params![org_id], |row| row.int(0))?;
    Ok(found.is_some())
}

/// Takes it upon this transaction to bring them in; no when another one did.
pub(crate) fn claim_adoption(tx: &mut Tx<'_>, maker: &Maker) -> Result<bool, StoreError> {
    let rows = tx.execute(
        "INSERT INTO voucher_adoption (org_id, adopted_at, adopted_by) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        params![maker.org_id, maker.made_at, maker.person_id],
    )?;
    Ok(rows == 1)
}

/// The last number of each year.
pub(crate) fn voucher_years(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<(i64, i64)>, LedgerError> {
    tx.list(
        "SELECT year, MAX(number) FROM voucher WHERE org_id = ?1 GROUP BY year ORDER BY year",
        params![org_id],
        |row| Ok((row.int(0)?, row.int(1)?)),
    )
}

/// The headers of the vouchers of `year` numbered `first..=last`, in order.
pub(crate) fn voucher_heads(
    tx: &mut Tx<'_>,
    org_id: i64,
    year: i64,
    first: i64,
    last: i64,
) -> Result<Vec<VoucherHead>, LedgerError> {
    tx.list(
        "SELECT voucher_id, number, period, posted_on, effective_on, unit_id, event, source, summary, person_id,
           made_at, reverses, total, postings
         FROM voucher WHERE org_id = ?1 AND year = ?2 AND number BETWEEN ?3 AND ?4 ORDER BY number",
        params![org_id, year, first, last],
        |row| {
            Ok(VoucherHead {
                org_id,
                voucher_id: row.int(0)?,
                year,
                number: row.int(1)?,
                period: row.month(2)?,
                posted_on: row.date(3)?,
                effective_on: row.date(4)?,
                unit_id: row.int(5)?,
                event: row.text(6)?,
                source: row.text(7)?,
                summary: row.text(8)?,
                person_id: row.int(9)?,
                made_at: row.moment(10)?,
                reverses: row.int_or_null(11)?,
                total: row.money(12)?,
                count: row.int(13)?,
            })
        },
    )
}

/// Gives the postings of the vouchers of `year` numbered `first..=last` to `take`, by number and line.
pub(crate) fn each_posting_between<E: From<LedgerError>>(
    tx: &mut Tx<'_>,
    org_id: i64,
    year: i64,
    first: i64,
    last: i64,
    mut take: impl FnMut(i64, Posting) -> Result<(), E>,
) -> Result<(), E> {
    let mut outcome = Ok(());
    let read = tx.each(
        "SELECT v.number, p.debit, p.credit, p.amount, p.account_id, p.component
         FROM voucher v JOIN posting p ON p.org_id = v.org_id AND p.voucher_id = v.voucher_id
         WHERE v.org_id = ?1 AND v.year = ?2 AND v.number BETWEEN ?3 AND ?4 ORDER BY v.number, p.line",
        params![org_id, year, first, last],
        |row| {
            let posting = Posting {
                debit: AccountCode(row.int(1)?),
                credit: AccountCode(row.int(2)?),
                amount: row.money(3)?,
                customer: row.int_or_null(4)?,
                component: component(row.int(5)?)?,
            };
            if let Err(error) = take(row.int(0)?, posting) {
                outcome = Err(error);
                return Err(LedgerError::NoVoucher);
            }
            Ok(())
        },
    );
    outcome?;
    Ok(read?)
}

/// Vouchers and postings of a period.
pub(crate) fn period_counts(tx: &mut Tx<'_>, org_id: i64, period: Month) -> Result<(i64, i64), LedgerError> {
    let found = tx.one(
        "SELECT COUNT(*), CAST(COALESCE(SUM(postings), 0) AS BIGINT) FROM voucher WHERE org_id = ?1 AND period = ?2",
        params![org_id, period],
        |row| Ok::<_, StoreError>((row.int(0)?, row.int(1)?)),
    )?;
    Ok(found.unwrap_or_default())
}

/// The kept balances of a period, by unit, account and component.
pub(crate) fn movements(tx: &mut Tx<'_>, org_id: i64, period: Month) -> Result<Vec<Movement>, LedgerError> {
    tx.list(
        "SELECT unit_id, code, component, debit, credit FROM period_balance WHERE org_id = ?1 AND period = ?2
         ORDER BY unit_id, code, component",
        params![org_id, period],
        |row| {
            Ok(Movement {
                unit_id: row.int(0)?,
                account: AccountCode(row.int(1)?),
                component: component(row.int(2)?)?,
                debit: row.money(3)?,
                credit: row.money(4)?,
            })
        },
    )
}

/// Number, code and names of the components.
pub(crate) fn named_components(
    tx: &mut Tx<'_>,
    org_id: i64,
) -> Result<Vec<(ComponentId, String, String, String)>, LedgerError> {
    tx.list(
        "SELECT number, code, name_zh, name_en FROM ledger_component WHERE org_id = ?1 ORDER BY number",
        params![org_id],
        |row| Ok((component(row.int(0)?)?, row.text(1)?, row.text(2)?, row.text(3)?)),
    )
}

/// Keeps up to which number the vouchers of `year` were adopted.
pub(crate) fn insert_adopted_year(
    tx: &mut Tx<'_>,
    org_id: i64,
    year: i64,
    last_number: i64,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO voucher_adopted_year (org_id, year, last_number) VALUES (?1, ?2, ?3)",
        params![org_id, year, last_number],
    )?;
    Ok(())
}

/// The last number of each adopted year.
pub(crate) fn adopted_years(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<(i64, i64)>, LedgerError> {
    tx.list(
        "SELECT year, last_number FROM voucher_adopted_year WHERE org_id = ?1 ORDER BY year",
        params![org_id],
        |row| Ok((row.int(0)?, row.int(1)?)),
    )
}
