//! What pages ask of the books: one voucher, the vouchers of a month, the postings of an account part by part. Each
//! question reads the part it answers and no more than [`COUNT_MAX`] rows to count the rest.

use kernel::{Money, Month, Text};
use store::{StoreError, Tx, Value, Walk, params};

use crate::canonical::{Movement, VoucherHead};
use crate::{AccountCode, Chart, ComponentId, DetailLine, LedgerError, Posting, sql};

/// Rows are counted and summed up to this many; beyond it a look says "more than".
pub const COUNT_MAX: i64 = 200_000;

/// The chart of accounts as the organisation has it.
pub fn chart(tx: &mut Tx<'_>, org_id: i64) -> Result<Chart, LedgerError> {
    sql::chart(tx, org_id)
}

/// Number, code and names of the components of bills.
pub fn component_names(
    tx: &mut Tx<'_>,
    org_id: i64,
) -> Result<Vec<(ComponentId, String, Text)>, LedgerError> {
    let named = sql::named_components(tx, org_id)?;
    Ok(named.into_iter().map(|(id, code, zh, en)| (id, code, Text::new(zh, en))).collect())
}

/// Which part of rows in order is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The latest first.
    pub down: bool,
    /// Where to go on, by the keys of the rows: a voucher's, a line's number, or both.
    pub walk: Walk,
    /// Rows left out.
    pub offset: usize,
    /// Rows at most.
    pub limit: usize,
}

impl Part {
    /// The words that ask for the part of rows in the order of `keys`, and `given` with its two numbers.
    fn ask<'v>(&'v self, keys: &[&str], given: &[Value<'v>]) -> (String, Vec<Value<'v>>) {
        let whole = |number: usize| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
        let mut given = given.to_vec();
        let behind = self.walk.clause(keys, self.down, &mut given);
        given.extend([whole(self.limit), whole(self.offset)]);
        let (limit, offset) = (given.len() - 1, given.len());
        let order = self.walk.order(keys, self.down);
        (format!("{behind}{order} LIMIT ?{limit} OFFSET ?{offset}"), given)
    }
}

/// Which vouchers are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VoucherFilter {
    /// Only of this unit.
    pub unit_id: Option<i64>,
    /// Only this number of the year.
    pub number: Option<i64>,
    /// Only red ones, which reverse others.
    pub red: bool,
}

const HEAD: &str = "v.voucher_id, v.year, v.number, v.period, v.posted_on, v.effective_on, v.unit_id, v.event, \
v.source, v.summary, v.person_id, v.made_at, v.reverses, v.total, v.postings";

fn head(org_id: i64, row: &store::Row<'_>) -> Result<VoucherHead, LedgerError> {
    Ok(VoucherHead {
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
    })
}

/// The vouchers of a period that pass `filter`, the wanted part; how many there are and what they sum to. A count above
/// [`COUNT_MAX`] says that there are more than that, and the sum is not of all then.
pub fn vouchers_of(
    tx: &mut Tx<'_>,
    org_id: i64,
    period: Month,
    filter: &VoucherFilter,
    part: &Part,
) -> Result<(Vec<VoucherHead>, i64, Money), LedgerError> {
    let mut where_ = "FROM voucher v WHERE v.org_id = ?1 AND v.period = ?2".to_owned();
    let mut given = vec![Value::Int(org_id), Value::from(period)];
    for (column, value) in [("unit_id", filter.unit_id), ("number", filter.number)] {
        if let Some(value) = value {
            given.push(Value::Int(value));
            where_.push_str(&format!(" AND v.{column} = ?{}", given.len()));
        }
    }
    if filter.red {
        where_.push_str(" AND v.reverses IS NOT NULL");
    }
    let (asked, with_part) = part.ask(&["v.voucher_id"], &given);
    let found = tx.list(&format!("SELECT {HEAD} {where_} {asked}"), &with_part, |row| head(org_id, row))?;
    let text = format!(
        "SELECT COUNT(*), CAST(COALESCE(SUM(t.total), 0) AS BIGINT) FROM
           (SELECT v.total {where_} LIMIT {COUNT_MAX} + 1) t"
    );
    let sums = tx.one(&text, &given, |row| Ok::<_, StoreError>((row.int(0)?, row.money(1)?)))?;
    let (count, total) = sums.unwrap_or_default();
    Ok((part.walk.in_order(found), count, total))
}

/// The header of a voucher.
pub fn voucher_head(
    tx: &mut Tx<'_>,
    org_id: i64,
    voucher_id: i64,
) -> Result<Option<VoucherHead>, LedgerError> {
    let text = format!("SELECT {HEAD} FROM voucher v WHERE v.org_id = ?1 AND v.voucher_id = ?2");
    tx.one(&text, params![org_id, voucher_id], |row| head(org_id, row))
}

/// The red voucher that reverses `voucher_id`, if one does.
pub fn reversed_by(tx: &mut Tx<'_>, org_id: i64, voucher_id: i64) -> Result<Option<i64>, LedgerError> {
    tx.one(
        "SELECT voucher_id FROM voucher WHERE org_id = ?1 AND reverses = ?2",
        params![org_id, voucher_id],
        |row| Ok(row.int(0)?),
    )
}

/// Postings with the number of their line, how many there are in all, and the sum of all.
pub type PostingsPage = (Vec<(i64, Posting)>, i64, Money);

/// Postings of a voucher by line, the wanted part, of all or of one customer; how many there are and their sum.
pub fn voucher_postings(
    tx: &mut Tx<'_>,
    org_id: i64,
    voucher_id: i64,
    customer: Option<i64>,
    part: &Part,
) -> Result<PostingsPage, LedgerError> {
    let mut where_ = "FROM posting p WHERE p.org_id = ?1 AND p.voucher_id = ?2".to_owned();
    let mut given = vec![Value::Int(org_id), Value::Int(voucher_id)];
    if let Some(customer) = customer {
        given.push(Value::Int(customer));
        where_.push_str(" AND p.account_id = ?3");
    }
    let (asked, with_part) = part.ask(&["p.line"], &given);
    let text =
        format!("SELECT p.line, p.debit, p.credit, p.amount, p.account_id, p.component {where_} {asked}");
    let found = tx.list(&text, &with_part, |row| {
        let posting = Posting {
            debit: AccountCode(row.int(1)?),
            credit: AccountCode(row.int(2)?),
            amount: row.money(3)?,
            customer: row.int_or_null(4)?,
            component: sql::component(row.int(5)?)?,
        };
        Ok::<_, LedgerError>((row.int(0)?, posting))
    })?;
    let text = format!("SELECT COUNT(*), CAST(COALESCE(SUM(p.amount), 0) AS BIGINT) {where_}");
    let sums = tx.one(&text, &given, |row| Ok::<_, StoreError>((row.int(0)?, row.money(1)?)))?;
    let (count, total) = sums.unwrap_or_default();
    Ok((part.walk.in_order(found), count, total))
}

/// What a voucher moves, by account and component.
pub fn voucher_movements(
    tx: &mut Tx<'_>,
    org_id: i64,
    voucher_id: i64,
) -> Result<Vec<Movement>, LedgerError> {
    tx.list(
        "SELECT MAX(t.unit_id), t.code, t.component, CAST(SUM(t.debit) AS BIGINT), CAST(SUM(t.credit) AS BIGINT) FROM
           (SELECT v.unit_id, p.debit AS code, p.component, p.amount AS debit, 0 AS credit
              FROM voucher v JOIN posting p ON p.org_id = v.org_id AND p.voucher_id = v.voucher_id
              WHERE v.org_id = ?1 AND v.voucher_id = ?2
            UNION ALL
            SELECT v.unit_id, p.credit, p.component, 0, p.amount
              FROM voucher v JOIN posting p ON p.org_id = v.org_id AND p.voucher_id = v.voucher_id
              WHERE v.org_id = ?1 AND v.voucher_id = ?2) t
         GROUP BY t.code, t.component ORDER BY t.code, t.component",
        params![org_id, voucher_id],
        |row| {
            Ok(Movement {
                unit_id: row.int(0)?,
                account: AccountCode(row.int(1)?),
                component: sql::component(row.int(2)?)?,
                debit: row.money(3)?,
                credit: row.money(4)?,
            })
        },
    )
}

/// Which postings of an account are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineFilter {
    /// Only in the books of this unit.
    pub unit_id: Option<i64>,
    /// Only of this component.
    pub component: Option<ComponentId>,
    /// Only of this customer.
    pub customer: Option<Customer>,
}

impl LineFilter {
    /// Asks for everything.
    pub fn is_open(&self) -> bool {
        *self == LineFilter::default()
    }
}

/// A customer whose postings are asked for. Postings carry no index by customer, which would cost a billing run more
/// than it is worth: the office that made the bulk of them names the vouchers in which the customer stands, and of all
/// other vouchers there are few.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Customer {
    /// The customer.
    pub id: i64,
    /// The event whose vouchers are many.
    pub bulk_event: String,
    /// Of that event's vouchers those in which the customer stands.
    pub vouchers: Vec<i64>,
}

/// Vouchers of one customer and month asked for at once.
const VOUCHERS_MAX: usize = 200;

/// What stands in an account in a month.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountLines {
    /// The wanted part, in the order of vouchers and lines.
    pub lines: Vec<DetailLine>,
    /// How many there are; above [`COUNT_MAX`] there are more than that, and the sums are not of all.
    pub count: i64,
    /// Debits of those counted.
    pub debit: Money,
    /// Credits of those counted.
    pub credit: Money,
}

/// The postings of `account` in `month` that pass `filter`.
pub fn account_lines(
    tx: &mut Tx<'_>,
    org_id: i64,
    account: AccountCode,
    month: Month,
    filter: &LineFilter,
    part: &Part,
) -> Result<AccountLines, LedgerError> {
    let mut given = vec![Value::Int(org_id), Value::from(month), Value::Int(account.0)];
    let mut where_ = "FROM voucher v JOIN posting p ON p.org_id = v.org_id AND p.voucher_id = v.voucher_id
         WHERE v.org_id = ?1 AND v.period = ?2 AND (p.debit = ?3 OR p.credit = ?3)"
        .to_owned();
    if let Some(unit_id) = filter.unit_id {
        given.push(Value::Int(unit_id));
        where_.push_str(&format!(" AND v.unit_id = ?{}", given.len()));
    }
    if let Some(component) = filter.component {
        given.push(Value::Int(i64::from(component.0)));
        where_.push_str(&format!(" AND p.component = ?{}", given.len()));
    }
    if let Some(Customer { id, bulk_event, vouchers }) = &filter.customer {
        given.push(Value::Int(*id));
        where_.push_str(&format!(" AND p.account_id = ?{}", given.len()));
        given.push(Value::Text(bulk_event));
        where_.push_str(&format!(" AND (v.event <> ?{} OR v.reverses IS NOT NULL", given.len()));
        if !vouchers.is_empty() {
            let marks: Vec<String> = vouchers
                .iter()
                .take(VOUCHERS_MAX)
                .map(|voucher_id| {
                    given.push(Value::Int(*voucher_id));
                    format!("?{}", given.len())
                })
                .collect();
            where_.push_str(&format!(" OR v.voucher_id IN ({})", marks.join(", ")));
        }
        where_.push(')');
    }
    let (asked, with_part) = part.ask(&["v.voucher_id", "p.line"], &given);
    let text = format!(
        "SELECT v.voucher_id, p.line, v.number, v.posted_on, v.event, v.summary, p.debit, p.credit, p.amount,
           p.account_id, p.component {where_} {asked}"
    );
    let lines = tx.list(&text, &with_part, |row| {
        let (debit, credit, amount) = (AccountCode(row.int(6)?), AccountCode(row.int(7)?), row.money(8)?);
        let debited = debit == account;
        Ok::<_, LedgerError>(DetailLine {
            key: (row.int(0)?, row.int(1)?),
            number: row.int(2)?,
            posted_on: row.date(3)?,
            event: row.text(4)?,
            text: row.text(5)?,
            other: if debited { credit } else { debit },
            customer: row.int_or_null(9)?,
            component: sql::component(row.int(10)?)?,
            debit: if debited { amount } else { Money::ZERO },
            credit: if debited { Money::ZERO } else { amount },
        })
    })?;
    let text = format!(
        "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN t.debit = ?3 THEN t.amount ELSE 0 END), 0) AS BIGINT),
           CAST(COALESCE(SUM(CASE WHEN t.debit = ?3 THEN 0 ELSE t.amount END), 0) AS BIGINT)
         FROM (SELECT p.debit, p.amount {where_} LIMIT {COUNT_MAX} + 1) t"
    );
    let sums =
        tx.one(&text, &given, |row| Ok::<_, StoreError>((row.int(0)?, row.money(1)?, row.money(2)?)))?;
    let (count, debit, credit) = sums.unwrap_or_default();
    let lines = part.walk.in_order(lines);
    Ok(AccountLines { lines, count, debit, credit })
}
