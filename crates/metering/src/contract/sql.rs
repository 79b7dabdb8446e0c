//! The tables of contracts.

use kernel::{Date, Moment, Month};
use store::{Conditions, Row, Tx, Value, params};

use super::model::{Contract, ContractKind, Transfer};
use crate::parameter::{ParameterError, Result};

const CONTRACT: &str =
    "SELECT contract_id, account_id, unit_id, kind, number, signed_on, valid_from, valid_to, revises,
  note FROM contract";

fn read_contract(row: &Row<'_>) -> Result<Contract> {
    Ok(Contract {
        contract_id: row.int(0)?,
        account_id: row.int(1)?,
        unit_id: row.int(2)?,
        kind: ContractKind::from_code(row.int(3)?)?,
        number: row.text(4)?,
        signed_on: row.date(5)?,
        valid_from: row.date(6)?,
        valid_to: row.date_or_null(7)?,
        revises: row.int_or_null(8)?,
        note: row.text(9)?,
        terms: Vec::new(),
    })
}

pub(super) fn insert(tx: &mut Tx<'_>, org_id: i64, contract: &Contract, by: i64, at: Moment) -> Result<()> {
    tx.execute(
        "INSERT INTO contract (org_id, contract_id, account_id, unit_id, kind, number, signed_on, valid_from, valid_to,
           revises, note, kept_by, kept_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        params![
            org_id,
            contract.contract_id,
            contract.account_id,
            contract.unit_id,
            contract.kind,
            &contract.number,
            contract.signed_on,
            contract.valid_from,
            contract.valid_to,
            contract.revises,
            &contract.note,
            by,
            at
        ],
    )?;
    for (field, value) in &contract.terms {
        tx.execute(
            "INSERT INTO contract_term (org_id, contract_id, field, value) VALUES (?1, ?2, ?3, ?4)",
            params![org_id, contract.contract_id, field, value],
        )?;
    }
    Ok(())
}

fn with_terms(tx: &mut Tx<'_>, org_id: i64, mut found: Vec<Contract>) -> Result<Vec<Contract>> {
    for contract in &mut found {
        contract.terms = tx.list(
            "SELECT field, value FROM contract_term WHERE org_id = ?1 AND contract_id = ?2 ORDER BY field",
            params![org_id, contract.contract_id],
            |row| Ok::<_, ParameterError>((row.text(0)?, row.text(1)?)),
        )?;
    }
    Ok(found)
}

pub(super) fn contract(tx: &mut Tx<'_>, org_id: i64, contract_id: i64) -> Result<Option<Contract>> {
    let sql = format!("{CONTRACT} WHERE org_id = ?1 AND contract_id = ?2");
    let found = tx.list(&sql, params![org_id, contract_id], read_contract)?;
    Ok(with_terms(tx, org_id, found)?.into_iter().next())
}

/// The part of all contracts that is asked for, the latest first, without terms, and how many there are.
pub(super) fn page(
    tx: &mut Tx<'_>,
    org_id: i64,
    units: &[i64],
    number: &str,
    (offset, limit): (usize, usize),
) -> Result<(Vec<Contract>, usize)> {
    let pattern = store::containing(number);
    let mut wanted = Conditions::new("org_id = ?", &[Value::Int(org_id)]);
    wanted.and_one_of("unit_id", units);
    if !number.trim().is_empty() {
        wanted.and("LOWER(number) LIKE ? ESCAPE '!'", &[Value::Text(&pattern)]);
    }
    let count = format!("SELECT COUNT(*) FROM contract WHERE {}", wanted.text());
    let total: Option<i64> = tx.one(&count, wanted.values(), |row| Ok::<_, ParameterError>(row.int(0)?))?;
    let sql =
        format!("{CONTRACT} WHERE {} ORDER BY contract_id DESC LIMIT {limit} OFFSET {offset}", wanted.text());
    let found = tx.list(&sql, wanted.values(), read_contract)?;
    Ok((found, usize::try_from(total.unwrap_or(0)).unwrap_or(0)))
}

/// The accounts that have a contract, whatever it says.
pub(super) fn accounts_with(tx: &mut Tx<'_>, org_id: i64) -> Result<std::collections::HashSet<i64>> {
    let sql = "SELECT DISTINCT account_id FROM contract WHERE org_id = ?1";
    Ok(tx.list(sql, params![org_id], |row| Ok::<_, ParameterError>(row.int(0)?))?.into_iter().collect())
}

pub(super) fn of_account(tx: &mut Tx<'_>, org_id: i64, account_id: i64) -> Result<Vec<Contract>> {
    let sql = format!("{CONTRACT} WHERE org_id = ?1 AND account_id = ?2 ORDER BY signed_on, contract_id");
    let found = tx.list(&sql, params![org_id, account_id], read_contract)?;
    with_terms(tx, org_id, found)
}

/// Supply contracts signed on the days from `first` to `last`, without their parameters.
pub(super) fn signed_between(
    tx: &mut Tx<'_>,
    org_id: i64,
    (first, last): (Date, Date),
) -> Result<Vec<Contract>> {
    let sql = format!(
        "{CONTRACT} WHERE org_id = ?1 AND kind = 1 AND signed_on BETWEEN ?2 AND ?3 ORDER BY contract_id"
    );
    tx.list(&sql, params![org_id, first, last], read_contract)
}

const TRANSFER: &str =
    "SELECT contract_id, unit_id, centre_unit_id, month, sent_at, due_on, message_id, directory_id
  FROM contract_transfer";

fn read_transfer(row: &Row<'_>) -> Result<Transfer> {
    Ok(Transfer {
        contract_id: row.int(0)?,
        unit_id: row.int(1)?,
        centre_unit_id: row.int(2)?,
        month: row.month(3)?,
        sent_at: row.moment(4)?,
        due_on: row.date(5)?,
        message_id: row.int(6)?,
        directory_id: row.int_or_null(7)?,
    })
}

pub(super) fn insert_transfer(tx: &mut Tx<'_>, org_id: i64, sent: &Transfer) -> Result<()> {
    tx.execute(
        "INSERT INTO contract_transfer (org_id, contract_id, unit_id, centre_unit_id, month, sent_at, due_on, message_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            org_id,
            sent.contract_id,
            sent.unit_id,
            sent.centre_unit_id,
            sent.month,
            sent.sent_at,
            sent.due_on,
            sent.message_id
        ],
    )?;
    Ok(())
}

pub(super) fn transfer(tx: &mut Tx<'_>, org_id: i64, contract_id: i64) -> Result<Option<Transfer>> {
    let sql = format!("{TRANSFER} WHERE org_id = ?1 AND contract_id = ?2");
    tx.one(&sql, params![org_id, contract_id], read_transfer)
}

/// Copies a station sent in a month, in order.
pub(super) fn transfers(tx: &mut Tx<'_>, org_id: i64, unit_id: i64, month: Month) -> Result<Vec<Transfer>> {
    let sql = format!("{TRANSFER} WHERE org_id = ?1 AND month = ?3 AND unit_id = ?2 ORDER BY contract_id");
    tx.list(&sql, params![org_id, unit_id, month], read_transfer)
}

pub(super) fn put_in_directory(
    tx: &mut Tx<'_>,
    org_id: i64,
    contract_id: i64,
    directory_id: i64,
) -> Result<()> {
    Ok(tx.execute_one(
        "transfer of a contract",
        "UPDATE contract_transfer SET directory_id = ?3
         WHERE org_id = ?1 AND contract_id = ?2 AND directory_id IS NULL",
        params![org_id, contract_id, directory_id],
    )?)
}
