//! Accounts as lists show them: a page at a time, searched and sorted by the database.

use std::collections::BTreeMap;

use store::{Conditions, Engine, KeyPart, Tx, Value, Walk, containing};

use super::model::{AccountDetails, AccountStatus, Category};
use super::sql::{DETAILS, read_details};
use crate::{MeteringError, Result};

/// What a list of accounts is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AccountOrder {
    /// Book and place in it, as keys ascend.
    #[default]
    Book,
    /// Number.
    Number,
    /// Name.
    Name,
}

impl AccountOrder {
    /// The columns that give an account its place, together different for every account. Texts are compared by their
    /// characters on both engines.
    fn columns(self, engine: Engine) -> &'static [&'static str] {
        match (self, engine) {
            (AccountOrder::Book, _) => &["book_id", "account_id"],
            (AccountOrder::Number, Engine::Sqlite) => &["number", "account_id"],
            (AccountOrder::Number, Engine::Postgres) => &["number COLLATE \"C\"", "account_id"],
            (AccountOrder::Name, Engine::Sqlite) => &["name", "account_id"],
            (AccountOrder::Name, Engine::Postgres) => &["name COLLATE \"C\"", "account_id"],
        }
    }
    /// The place of an account in this order, to go on from there.
    pub fn place(self, one: &AccountDetails) -> Vec<KeyPart> {
        let first = match self {
            AccountOrder::Book => KeyPart::from(one.account.book_id),
            AccountOrder::Number => KeyPart::from(one.number.as_str()),
            AccountOrder::Name => KeyPart::from(one.name.as_str()),
        };
        vec![first, KeyPart::from(one.account.account_id)]
    }
    /// Does such a place begin with a text?
    pub fn is_text(self) -> bool {
        self != AccountOrder::Book
    }
}

/// Which accounts a page shows.
#[derive(Debug, Clone, Default)]
pub struct AccountQuery<'q> {
    /// Only of these stations; nothing means all.
    pub units: Option<&'q [i64]>,
    /// Only of this book.
    pub book_id: Option<i64>,
    /// Only of this kind of customer.
    pub category: Option<Category>,
    /// Only of this price class.
    pub price_class: Option<&'q str>,
    /// Only supplied by their own transformer, or only others.
    pub dedicated: Option<bool>,
    /// Only those that stand so.
    pub status: Option<AccountStatus>,
    /// Part of number, name or address, or the beginning of a meter's number.
    pub search: &'q str,
    /// Sorted by.
    pub order: AccountOrder,
    /// The largest first.
    pub descending: bool,
    /// Where to go on.
    pub walk: Walk,
    /// Rows left out.
    pub offset: usize,
    /// Rows at most.
    pub limit: usize,
}

/// Part of number, name or address, or the beginning of a meter's number. SQLite compares letters without their case.
const SEARCH_SQLITE: &str = "number LIKE ? ESCAPE '!' OR name LIKE ? ESCAPE '!' OR address LIKE ? ESCAPE '!'
 OR account_id IN (SELECT account_id FROM meter WHERE org_id = ? AND number LIKE ? ESCAPE '!')";
const SEARCH_POSTGRES: &str =
    "number LIKE ? ESCAPE '!' OR LOWER(name) LIKE ? ESCAPE '!' OR LOWER(address) LIKE ? ESCAPE '!'
 OR account_id IN (SELECT account_id FROM meter WHERE org_id = ? AND LOWER(number) LIKE ? ESCAPE '!')";

fn conditions<'v>(
    engine: Engine,
    org_id: i64,
    query: &AccountQuery<'v>,
    patterns: &'v (String, String),
) -> Conditions<'v> {
    let mut wanted = Conditions::new("org_id = ?", &[Value::Int(org_id)]);
    if let Some(units) = query.units {
        wanted.and_one_of("unit_id", units);
    }
    if let Some(book_id) = query.book_id {
        wanted.and("book_id = ?", &[Value::Int(book_id)]);
    }
    if let Some(category) = query.category {
        wanted.and("category = ?", &[category.into()]);
    }
    if let Some(class) = query.price_class {
        wanted.and("price_class = ?", &[class.into()]);
    }
    if let Some(dedicated) = query.dedicated {
        // Bit 2 of the options.
        wanted.and("(options / 4) % 2 = ?", &[dedicated.into()]);
    }
    if let Some(status) = query.status {
        wanted.and("status = ?", &[status.into()]);
    }
    if !query.search.is_empty() {
        let (within, beginning) = (Value::from(&patterns.0), Value::from(&patterns.1));
        let search = if engine == Engine::Postgres { SEARCH_POSTGRES } else { SEARCH_SQLITE };
        wanted.and(search, &[within, within, within, Value::Int(org_id), beginning]);
    }
    wanted
}

fn patterns(search: &str) -> (String, String) {
    let within = containing(search);
    let beginning = within.strip_prefix('%').unwrap_or_default().to_owned();
    (within, beginning)
}

/// The accounts of a page, and how many there are in all.
pub fn accounts_page(
    tx: &mut Tx<'_>,
    org_id: i64,
    query: &AccountQuery<'_>,
) -> Result<(Vec<AccountDetails>, usize)> {
    let patterns = patterns(query.search);
    let wanted = conditions(tx.engine(), org_id, query, &patterns);
    let columns = query.order.columns(tx.engine());
    let order = query.walk.order(columns, query.descending);
    let mut walked = wanted.clone();
    walked.and_walked(&query.walk, columns, query.descending);
    let sql = format!("{DETAILS}{}{order} LIMIT {} OFFSET {}", walked.text(), query.limit, query.offset);
    let rows = query.walk.in_order(tx.list(&sql, walked.values(), read_details)?);
    // A page that is not full is the last one: its end says how many there are.
    let counts = query.walk == Walk::START;
    if counts && rows.len() < query.limit && (!rows.is_empty() || query.offset == 0) {
        let total = query.offset + rows.len();
        return Ok((rows, total));
    }
    let count = format!("SELECT COUNT(*) FROM account WHERE {}", wanted.text());
    let total = tx.one(&count, wanted.values(), |row| Ok::<_, MeteringError>(row.int(0)?))?;
    Ok((rows, usize::try_from(total.unwrap_or(0)).unwrap_or(0)))
}

/// The keys of accounts found by `search`, in order, `most` at most.
pub fn account_keys(tx: &mut Tx<'_>, org_id: i64, search: &str, most: usize) -> Result<Vec<i64>> {
    let patterns = patterns(search);
    let wanted =
        conditions(tx.engine(), org_id, &AccountQuery { search, ..AccountQuery::default() }, &patterns);
    let sql =
        format!("SELECT account_id FROM account WHERE {} ORDER BY account_id LIMIT {most}", wanted.text());
    tx.list(&sql, wanted.values(), |row| Ok(row.int(0)?))
}

/// Number and name of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountName {
    /// Its number.
    pub number: String,
    /// The customer's name.
    pub name: String,
    /// Its station.
    pub unit_id: i64,
    /// Its book.
    pub book_id: i64,
}

/// Numbers and names of some accounts, by key; those that do not exist are left out.
pub fn account_names(tx: &mut Tx<'_>, org_id: i64, keys: &[i64]) -> Result<BTreeMap<i64, AccountName>> {
    let mut found = BTreeMap::new();
    for some in keys.chunks(2_000) {
        let mut wanted = Conditions::new("org_id = ?", &[Value::Int(org_id)]);
        wanted.and_one_of("account_id", some);
        let sql =
            format!("SELECT account_id, number, name, unit_id, book_id FROM account WHERE {}", wanted.text());
        tx.each(&sql, wanted.values(), |row| {
            let (unit_id, book_id) = (row.int(3)?, row.int(4)?);
            found.insert(
                row.int(0)?,
                AccountName { number: row.text(1)?, name: row.text(2)?, unit_id, book_id },
            );
            Ok::<_, MeteringError>(())
        })?;
    }
    Ok(found)
}

/// The price classes in use, in order.
pub fn price_classes(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<String>> {
    tx.list(
        "SELECT DISTINCT price_class FROM account WHERE org_id = ?1 ORDER BY price_class",
        store::params![org_id],
        |row| Ok(row.text(0)?),
    )
}
