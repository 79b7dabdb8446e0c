//! Looking up single accounts, for pages, papers and commands.

use std::ops::RangeInclusive;

use store::{Row, Tx, params};

use super::{AccountDetails, CollectionMethod, TaxStatus};
use crate::Result;
use crate::stream::sql::{account_fields, empty_account, read_account};

macro_rules! details_query {
    ($where:literal) => {
        concat!(
            "SELECT ",
            account_fields!(),
            ", number, name, address, phone, route_sequence, collection, tax, version FROM account WHERE ",
            $where
        )
    };
}

fn read_details(row: &Row<'_>) -> Result<AccountDetails> {
    let mut account = empty_account();
    read_account(row, &mut account)?;
    Ok(AccountDetails {
        account,
        number: row.text(14)?,
        name: row.text(15)?,
        address: row.text(16)?,
        phone: row.text(17)?,
        route_sequence: row.int(18)?,
        collection: CollectionMethod::from_code(row.int(19)?)?,
        tax: TaxStatus::from_code(row.int(20)?)?,
        version: row.int(21)?,
    })
}

/// The account with this number (户号), if there is one.
pub fn account_by_number(tx: &mut Tx<'_>, org_id: i64, number: &str) -> Result<Option<AccountDetails>> {
    tx.one(details_query!("org_id = ?1 AND number = ?2"), params![org_id, number], read_details)
}

/// The account with this key, if there is one.
pub fn account_by_id(tx: &mut Tx<'_>, org_id: i64, account_id: i64) -> Result<Option<AccountDetails>> {
    tx.one(details_query!("org_id = ?1 AND account_id = ?2"), params![org_id, account_id], read_details)
}

/// Gives every account whose key lies in `keys` to `take`, in order of key, without keeping them.
pub fn each_account<E: From<crate::MeteringError>>(
    tx: &mut Tx<'_>,
    org_id: i64,
    keys: RangeInclusive<i64>,
    mut take: impl FnMut(AccountDetails) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    let mut failed = None;
    let read = tx.each(
        details_query!("org_id = ?1 AND account_id BETWEEN ?2 AND ?3 ORDER BY org_id, account_id"),
        params![org_id, *keys.start(), *keys.end()],
        |row| {
            let details = read_details(row)?;
            if let Err(error) = take(details) {
                failed = Some(error);
                return Err(crate::MeteringError::Store(store::StoreError::Busy));
            }
            Ok(())
        },
    );
    match failed {
        Some(error) => Err(error),
        None => Ok(read?),
    }
}
