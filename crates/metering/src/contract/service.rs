//! The commands about contracts.

use identity::Work;
use kernel::{Bilingual, Date, Lang, Month, WorkingCalendar};
use store::Tx;
use workflow::{Channel, ListLine, ListSide, NewClock, NewList, NewMessage, SignedList, Subject};

use super::model::{Contract, ContractKind, FeeArchive, LateContract, NewContract, Transfer};
use super::rules::{self, Difference};
use super::{COMPILE_DIRECTORY, KEEP, TRANSFER, sql};
use crate::parameter::{self, ParameterError, Result, Supply};
use crate::trace;

const SUBJECT: &str = "contract";
const CLOCK: &str = "contract_fax";

fn account(tx: &mut Tx<'_>, org_id: i64, account_id: i64, today: Date) -> Result<Supply> {
    parameter::supply_of(tx, org_id, account_id, today)?
        .ok_or_else(|| ParameterError::not_found("用户", "account", account_id))
}

fn loaded(work: &mut Work<'_, '_>, contract_id: i64) -> Result<Contract> {
    let org_id = work.org_id();
    sql::contract(work.tx, org_id, contract_id)?
        .ok_or_else(|| ParameterError::not_found("合同", "contract", contract_id))
}

/// The station keeps a signed contract or agreement with its parameters. The limit for the copy to the centre begins
/// with the day of signing for a supply contract of a dedicated-transformer customer. Source: PARM-15, PARM-18.
pub fn keep(work: &mut Work<'_, '_>, calendar: &WorkingCalendar, new: &NewContract) -> Result<Contract> {
    let (org_id, today, now) = (work.org_id(), work.today(), work.now());
    let customer = account(work.tx, org_id, new.account_id, today)?;
    let unit_id = customer.details.account.unit_id;
    work.require(KEEP, unit_id)?;
    let kind = rules::check(new, today)?;
    if let Some(before) = new.revises {
        let before = loaded(work, before)?;
        if before.account_id != new.account_id || before.kind != kind {
            let (zh, en) =
                ("被修订的合同应为同一用户的同类合同", "a revision is of the same customer and kind");
            return Err(ParameterError::not_now(&before.number, zh, en));
        }
    }
    let mut terms: Vec<(String, String)> =
        new.terms.iter().map(|(field, value)| (field.trim().to_owned(), value.trim().to_owned())).collect();
    terms.sort();
    let contract = Contract {
        contract_id: work.next_key(),
        account_id: new.account_id,
        unit_id,
        kind,
        number: new.number.trim().to_owned(),
        signed_on: new.signed_on,
        valid_from: new.valid_from,
        valid_to: new.valid_to,
        revises: new.revises,
        note: new.note.trim().chars().take(500).collect(),
        terms,
    };
    let by = work.actor().person_id;
    sql::insert(work.tx, org_id, &contract, by, now)?;
    if kind == ContractKind::Supply && customer.details.account.is_dedicated() {
        let clock = NewClock {
            code: CLOCK,
            ticket_id: None,
            subject: Subject { kind: SUBJECT, id: contract.contract_id },
            account_id: Some(contract.account_id),
            started_on: contract.signed_on,
            answerable_unit_id: unit_id,
            answerable_post: "station_fee_administrator",
        };
        workflow::start_clocks(work, calendar, &[clock])?;
    }
    trace::record(
        work,
        KEEP,
        unit_id,
        ("contract", &contract.number),
        &format!("account {}", contract.account_id),
    )?;
    Ok(contract)
}

/// The station sends the copy to the centre by fax; the message is logged and the limit met. Source: PARM-15, XC-16.
pub fn transfer(
    work: &mut Work<'_, '_>,
    calendar: &WorkingCalendar,
    contract_id: i64,
    centre_unit_id: i64,
) -> Result<Transfer> {
    let contract = loaded(work, contract_id)?;
    work.require(TRANSFER, contract.unit_id)?;
    let (org_id, now) = (work.org_id(), work.now());
    if sql::transfer(work.tx, org_id, contract_id)?.is_some() {
        let (zh, en) = ("已经传真", "its copy was sent already");
        return Err(ParameterError::not_now(&contract.number, zh, en));
    }
    let message = workflow::log_message(
        work,
        &NewMessage {
            channel: Channel::Fax,
            from_unit_id: contract.unit_id,
            to_unit_id: centre_unit_id,
            to_person_id: None,
            subject: Subject { kind: SUBJECT, id: contract_id },
            text: &format!("{} {}", contract.kind.text(Lang::Zh), contract.number),
            sent_at: now,
        },
    )?;
    workflow::meet_clocks(work, CLOCK, SUBJECT, contract_id)?;
    let sent = Transfer {
        contract_id,
        unit_id: contract.unit_id,
        centre_unit_id,
        month: now.date().month(),
        sent_at: now,
        due_on: workflow::rules::due_by_code(calendar, CLOCK, contract.signed_on)?,
        message_id: message.id,
        directory_id: None,
    };
    sql::insert_transfer(work.tx, org_id, &sent)?;
    let detail = format!("to unit {centre_unit_id}, {} days late", sent.late_days());
    trace::record(work, TRANSFER, contract.unit_id, ("contract", &contract.number), &detail)?;
    Ok(sent)
}

/// A contract.
pub fn contract(tx: &mut Tx<'_>, org_id: i64, contract_id: i64) -> Result<Option<Contract>> {
    sql::contract(tx, org_id, contract_id)
}
/// The contracts of an account, the oldest first.
pub fn contracts_of(tx: &mut Tx<'_>, org_id: i64, account_id: i64) -> Result<Vec<Contract>> {
    sql::of_account(tx, org_id, account_id)
}
/// Contracts of some stations whose number contains `number`, the latest first, without their terms; from `offset` on at
/// most `limit`, with how many there are.
pub fn contracts_page(
    tx: &mut Tx<'_>,
    org_id: i64,
    units: &[i64],
    number: &str,
    (offset, limit): (usize, usize),
) -> Result<(Vec<Contract>, usize)> {
    sql::page(tx, org_id, units, number, (offset, limit))
}
/// The copy of a contract that was sent, if it was.
pub fn transfer_of(tx: &mut Tx<'_>, org_id: i64, contract_id: i64) -> Result<Option<Transfer>> {
    sql::transfer(tx, org_id, contract_id)
}
/// The copies a station sent in a month.
pub fn transfers_of(tx: &mut Tx<'_>, org_id: i64, unit_id: i64, month: Month) -> Result<Vec<Transfer>> {
    sql::transfers(tx, org_id, unit_id, month)
}

/// Supply contracts of dedicated-transformer customers signed from `first` to `last` whose copy came after its limit, or
/// has not come by `today` although the limit has run out. What follows is the station's. Source: PARM-16.
pub fn late_contracts(
    tx: &mut Tx<'_>,
    calendar: &WorkingCalendar,
    org_id: i64,
    days: (Date, Date),
    today: Date,
) -> Result<Vec<LateContract>> {
    let mut late = Vec::new();
    for contract in sql::signed_between(tx, org_id, days)? {
        if !account(tx, org_id, contract.account_id, today)?.details.account.is_dedicated() {
            continue;
        }
        let due_on = workflow::rules::due_by_code(calendar, CLOCK, contract.signed_on)?;
        let sent_on = sql::transfer(tx, org_id, contract.contract_id)?.map(|sent| sent.sent_at.date());
        let late_days = due_on.days_until(sent_on.unwrap_or(today));
        if late_days > 0 {
            late.push(LateContract { contract, due_on, sent_on, late_days });
        }
    }
    Ok(late)
}

/// The unit that answers for a marketing or service incident about the bill of `month` because a contract came late:
/// the station, when a contract signed by the end of that month came after its limit or has not come. Source: PARM-16.
pub fn answerable_for_contract(
    tx: &mut Tx<'_>,
    calendar: &WorkingCalendar,
    org_id: i64,
    account_id: i64,
    month: Month,
    today: Date,
) -> Result<Option<(i64, String)>> {
    let days = (month.previous().first_day(), month.last_day());
    let late = late_contracts(tx, calendar, org_id, days, today)?;
    let found = late.into_iter().find(|late| late.contract.account_id == account_id);
    Ok(found.map(|late| (late.contract.unit_id, late.contract.number)))
}

/// At month end the station compiles the directory of contracts it transferred, which both sides sign. Contracts that
/// stand in an earlier directory are not listed again. Source: PARM-17.
pub fn compile_directory(
    work: &mut Work<'_, '_>,
    unit_id: i64,
    month: Month,
    centre_unit_id: i64,
) -> Result<SignedList> {
    work.require(COMPILE_DIRECTORY, unit_id)?;
    let org_id = work.org_id();
    let mut transfers = sql::transfers(work.tx, org_id, unit_id, month)?;
    transfers.retain(|sent| sent.directory_id.is_none() && sent.centre_unit_id == centre_unit_id);
    let mut lines = Vec::with_capacity(transfers.len());
    for sent in &transfers {
        let contract = loaded(work, sent.contract_id)?;
        let customer = account(work.tx, org_id, contract.account_id, work.today())?.details;
        lines.push(ListLine {
            subject_kind: SUBJECT.into(),
            subject_id: contract.contract_id,
            text: format!(
                "{} {} {} {} {}",
                contract.number,
                customer.number,
                customer.name,
                contract.signed_on,
                sent.sent_at.date()
            ),
        });
    }
    let list = workflow::make_list(
        work,
        &NewList {
            kind: "contract_directory",
            month,
            first_unit_id: unit_id,
            second_unit_id: centre_unit_id,
            lines: &lines,
        },
    )?;
    for sent in &transfers {
        sql::put_in_directory(work.tx, org_id, sent.contract_id, list.id)?;
    }
    trace::record(
        work,
        COMPILE_DIRECTORY,
        unit_id,
        ("contract_directory", &list.number),
        &format!("{month}: {} contracts", lines.len()),
    )?;
    Ok(list)
}

/// Signs the directory for the station or for the centre; complete with both. Source: PARM-17, XC-04.
pub fn sign_directory(work: &mut Work<'_, '_>, list_id: i64, for_station: bool) -> Result<SignedList> {
    let side = if for_station { ListSide::First } else { ListSide::Second };
    Ok(workflow::sign_list(work, list_id, side)?)
}

/// How the contract in force of an account differs from the system. Source: PARM-02.
pub fn compare_with_system(
    tx: &mut Tx<'_>,
    org_id: i64,
    account_id: i64,
    today: Date,
) -> Result<Vec<Difference>> {
    let contracts = sql::of_account(tx, org_id, account_id)?;
    let Some(contract) = rules::in_force(&contracts, today) else { return Ok(Vec::new()) };
    Ok(rules::compare(contract, &account(tx, org_id, account_id, today)?, today))
}

/// The differences of the dedicated-transformer customers of a station, at most 10,000 customers; the centre feeds each
/// back with [`parameter::report_inconsistency`]. Source: PARM-02.
pub fn find_differences(tx: &mut Tx<'_>, org_id: i64, unit_id: i64, today: Date) -> Result<Vec<Difference>> {
    let mut found = Vec::new();
    let with_contract = sql::accounts_with(tx, org_id)?;
    for account_id in parameter::dedicated_accounts(tx, org_id, unit_id)? {
        if !with_contract.contains(&account_id) {
            continue;
        }
        found.extend(compare_with_system(tx, org_id, account_id, today)?);
    }
    Ok(found)
}

/// Everything kept about a customer's fees on this floor. Source: PARM-18.
pub fn fee_archive(tx: &mut Tx<'_>, org_id: i64, account_id: i64) -> Result<FeeArchive> {
    let contracts = sql::of_account(tx, org_id, account_id)?;
    let mut transfers = Vec::new();
    for contract in &contracts {
        transfers.extend(sql::transfer(tx, org_id, contract.contract_id)?);
    }
    Ok(FeeArchive {
        account_id,
        contracts,
        transfers,
        tickets: parameter::tickets_of_account(tx, org_id, account_id)?,
        changes: parameter::history(tx, org_id, account_id)?,
    })
}
