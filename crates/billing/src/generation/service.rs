//! Commands about purchased power, with their rows.

use identity::Work;
use kernel::{Money, Month, Price, Quantity};
use ledger::{ComponentId, PostingRules, VoucherHeader};
use store::{Row, StoreError, Tx, params};
use workflow::{ApprovalState, NewApproval, NewTicket, Subject};

use crate::office::record::{record, require_at};
use crate::office::{OfficeError, OfficeRules, Result, checked_text, flow, permission};

pub(crate) const TABLES: &str = "
CREATE TABLE generation_plant (
  org_id INTEGER NOT NULL, plant_id INTEGER NOT NULL, unit_id INTEGER NOT NULL, name TEXT NOT NULL,
  offgrid_account_id INTEGER, made_by INTEGER NOT NULL, made_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, plant_id)) STRICT, WITHOUT ROWID;
CREATE TABLE purchase_statement (
  org_id INTEGER NOT NULL, statement_id INTEGER NOT NULL, plant_id INTEGER NOT NULL, unit_id INTEGER NOT NULL,
  month INTEGER NOT NULL, energy_kwh INTEGER NOT NULL, price INTEGER NOT NULL, amount INTEGER NOT NULL,
  vat INTEGER NOT NULL, contract TEXT NOT NULL, state INTEGER NOT NULL, ticket_id INTEGER, approval_id INTEGER,
  voucher_id INTEGER, made_by INTEGER NOT NULL, made_at INTEGER NOT NULL, version INTEGER NOT NULL,
  PRIMARY KEY (org_id, statement_id)) STRICT, WITHOUT ROWID;
CREATE INDEX purchase_of_month ON purchase_statement (org_id, month, plant_id);
CREATE TABLE offgrid_settlement (
  org_id INTEGER NOT NULL, month INTEGER NOT NULL, plant_id INTEGER NOT NULL, account_id INTEGER NOT NULL,
  energy_kwh INTEGER NOT NULL, amount INTEGER NOT NULL, settled_by INTEGER NOT NULL, settled_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, month, plant_id)) STRICT, WITHOUT ROWID;";

/// A generating plant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plant {
    /// Its key.
    pub plant_id: i64,
    /// Its station.
    pub unit_id: i64,
    /// Its name.
    pub name: String,
    /// The account on which its off-grid quantity (下网电量) is billed.
    pub offgrid_account_id: Option<i64>,
}

/// Where a statement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PurchaseState {
    /// Settled by the station.
    Settled,
    /// Submitted for approval.
    Submitted,
    /// Approved.
    Approved,
    /// Paid and posted.
    Paid,
    /// Refused.
    Refused,
}

/// On-grid quantity to be settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPurchase<'p> {
    /// The plant.
    pub plant_id: i64,
    /// The month.
    pub month: Month,
    /// On-grid kWh (上网电量).
    pub energy_kwh: Quantity,
    /// Yuan per kWh without VAT.
    pub price: Price,
    /// Input VAT as invoiced.
    pub vat: Money,
    /// The contract the price stands in.
    pub contract: &'p str,
}

/// A purchase settlement statement (电费结算单).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurchaseStatement {
    /// Its key.
    pub statement_id: i64,
    /// The plant.
    pub plant_id: i64,
    /// The station.
    pub unit_id: i64,
    /// The month.
    pub month: Month,
    /// On-grid kWh.
    pub energy_kwh: Quantity,
    /// Yuan per kWh without VAT.
    pub price: Price,
    /// kWh × price, rounded half up to the fen.
    pub amount: Money,
    /// Input VAT.
    pub vat: Money,
    /// Where it stands.
    pub state: PurchaseState,
    /// Its ticket, which bears the statement's number.
    pub ticket_id: Option<i64>,
    /// Its approval.
    pub approval_id: Option<i64>,
    /// The voucher it was posted by.
    pub voucher_id: Option<i64>,
    /// Who settled it.
    pub made_by: i64,
    version: i64,
}

const STATEMENT: &str =
    "SELECT statement_id, plant_id, unit_id, month, energy_kwh, price, amount, vat, state, ticket_id,
  approval_id, voucher_id, made_by, version FROM purchase_statement WHERE org_id = ?1";

fn read(row: &Row<'_>) -> std::result::Result<PurchaseStatement, StoreError> {
    use PurchaseState::{Approved, Paid, Refused, Settled, Submitted};
    let state = row.int(8)?;
    Ok(PurchaseStatement {
        statement_id: row.int(0)?,
        plant_id: row.int(1)?,
        unit_id: row.int(2)?,
        month: row.month(3)?,
        energy_kwh: row.quantity(4)?,
        price: row.price(5)?,
        amount: row.money(6)?,
        vat: row.money(7)?,
        state: [Settled, Submitted, Approved, Paid, Refused]
            .into_iter()
            .find(|known| *known as i64 == state)
            .ok_or(StoreError::WrongType { column: 8, expected: "a state of statements" })?,
        ticket_id: row.int_or_null(9)?,
        approval_id: row.int_or_null(10)?,
        voucher_id: row.int_or_null(11)?,
        made_by: row.int(12)?,
        version: row.int(13)?,
    })
}

fn load(work: &mut Work<'_, '_>, statement_id: i64, state: PurchaseState) -> Result<PurchaseStatement> {
    let org_id = work.org_id();
    let sql = format!("{STATEMENT} AND statement_id = ?2");
    let found = work.tx.one(&sql, params![org_id, statement_id], read)?;
    let found = found.ok_or(OfficeError::NotFound { what: "purchase statement", id: statement_id })?;
    if found.state == state {
        return Ok(found);
    }
    Err(OfficeError::refused(
        "GEN-02",
        "购电结算单须先报批并经批准，才能付款和入账",
        format!(
            "the purchase statement is {:?}; this is done when it is {state:?}: only an approved one is paid",
            found.state
        ),
    ))
}

/// Adds a plant.
pub fn add_plant(
    work: &mut Work<'_, '_>,
    unit_id: i64,
    name: &str,
    offgrid_account_id: Option<i64>,
) -> Result<Plant> {
    require_at(work, permission::SETTLE_GENERATION, unit_id)?;
    let name = checked_text("name", name, 100)?;
    if let Some(account_id) = offgrid_account_id {
        flow::place_of(work, account_id)?;
    }
    let (org_id, plant_id, by, now) = (work.org_id(), work.next_key(), work.actor().person_id, work.now());
    work.tx.execute(
        "INSERT INTO generation_plant (org_id, plant_id, unit_id, name, offgrid_account_id, made_by, made_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![org_id, plant_id, unit_id, name, offgrid_account_id, by, now],
    )?;
    record(
        work,
        permission::SETTLE_GENERATION,
        unit_id,
        "generation_plant",
        &plant_id.to_string(),
        "",
        name,
    )?;
    Ok(Plant { plant_id, unit_id, name: name.to_owned(), offgrid_account_id })
}

/// One plant.
pub fn find_plant(tx: &mut Tx<'_>, org_id: i64, plant_id: i64) -> Result<Plant> {
    let found = tx.one(
        "SELECT plant_id, unit_id, name, offgrid_account_id FROM generation_plant WHERE org_id = ?1 AND plant_id = ?2",
        params![org_id, plant_id],
        read_plant,
    )?;
    found.ok_or(OfficeError::NotFound { what: "plant", id: plant_id })
}

pub(crate) fn read_plant(row: &Row<'_>) -> std::result::Result<Plant, StoreError> {
    Ok(Plant {
        plant_id: row.int(0)?,
        unit_id: row.int(1)?,
        name: row.text(2)?,
        offgrid_account_id: row.int_or_null(3)?,
    })
}

/// The statements of `tail`: a condition with what may follow one; the first value is the organisation.
pub(crate) fn statements_where(
    tx: &mut Tx<'_>,
    tail: &str,
    values: &[store::Value<'_>],
) -> Result<Vec<PurchaseStatement>> {
    Ok(tx.list(&format!("{STATEMENT} AND {tail}"), values, read)?)
}

/// One statement.
pub fn find_statement(tx: &mut Tx<'_>, org_id: i64, statement_id: i64) -> Result<PurchaseStatement> {
    let found = tx.one(&format!("{STATEMENT} AND statement_id = ?2"), params![org_id, statement_id], read)?;
    found.ok_or(OfficeError::NotFound { what: "purchase statement", id: statement_id })
}

/// The station accounts for a plant's on-grid quantity of a month. (GEN-01)
pub fn settle_ongrid(work: &mut Work<'_, '_>, new: &NewPurchase<'_>) -> Result<PurchaseStatement> {
    let org_id = work.org_id();
    let plant = find_plant(work.tx, org_id, new.plant_id)?;
    require_at(work, permission::SETTLE_GENERATION, plant.unit_id)?;
    let contract = checked_text("contract", new.contract, 100)?;
    if new.energy_kwh.is_negative() || new.price.is_negative() || new.vat.is_negative() {
        return Err(OfficeError::refused(
            "GEN-01",
            "上网电量、电价和税额不得为负",
            "on-grid kWh, price and VAT are not below zero",
        ));
    }
    let open = work.tx.one(
        "SELECT COUNT(*) FROM purchase_statement WHERE org_id = ?1 AND month = ?2 AND plant_id = ?3 AND state <> ?4",
        params![org_id, new.month, new.plant_id, PurchaseState::Refused as i64],
        |row| row.int(0),
    )?;
    if open.unwrap_or(0) > 0 {
        return Err(OfficeError::refused(
            "GEN-01",
            format!("{} {} 已有结算单", plant.name, new.month),
            format!("{} has a statement for {} already", plant.name, new.month),
        ));
    }
    let amount = new.energy_kwh.at(new.price).to_money()?;
    let (statement_id, by, now) = (work.next_key(), work.actor().person_id, work.now());
    work.tx.execute(
        "INSERT INTO purchase_statement (org_id, statement_id, plant_id, unit_id, month, energy_kwh, price, amount, vat,
           contract, state, made_by, made_at, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, ?11, ?12, 1)",
        params![
            org_id,
            statement_id,
            new.plant_id,
            plant.unit_id,
            new.month,
            new.energy_kwh,
            new.price,
            amount,
            new.vat,
            contract,
            by,
            now
        ],
    )?;
    let (number, text) =
        (statement_id.to_string(), format!("{} kWh × {} = {amount}", new.energy_kwh, new.price));
    record(work, permission::SETTLE_GENERATION, plant.unit_id, "purchase_statement", &number, "", &text)?;
    load(work, statement_id, PurchaseState::Settled)
}

fn save(
    work: &mut Work<'_, '_>,
    statement: &PurchaseStatement,
    state: PurchaseState,
    keys: (Option<i64>, Option<i64>, Option<i64>),
) -> Result<()> {
    let org_id = work.org_id();
    Ok(work.tx.execute_one(
        &format!("purchase statement {}", statement.statement_id),
        "UPDATE purchase_statement SET state = ?4, ticket_id = ?5, approval_id = ?6, voucher_id = ?7,
           version = version + 1 WHERE org_id = ?1 AND statement_id = ?2 AND version = ?3",
        params![org_id, statement.statement_id, statement.version, state as i64, keys.0, keys.1, keys.2],
    )?)
}

/// The station submits the statement to the marketing department for approval. (GEN-02)
pub fn submit(
    work: &mut Work<'_, '_>,
    rules: &OfficeRules,
    statement_id: i64,
    marketing_unit_id: i64,
) -> Result<String> {
    let statement = load(work, statement_id, PurchaseState::Settled)?;
    require_at(work, permission::SUBMIT_STATEMENT, statement.unit_id)?;
    let text =
        format!("{} 上网电量 {} 千瓦时，{} 元", statement.month, statement.energy_kwh, statement.amount);
    let ticket = flow::raise(
        work,
        rules,
        &NewTicket {
            kind: "purchase_statement",
            subject: Subject { kind: "purchase_statement", id: statement_id },
            account_id: None,
            book_id: None,
            month: Some(statement.month),
            raised_unit_id: statement.unit_id,
            addressed_unit_id: marketing_unit_id,
            addressed_post: "marketing_officer",
            third_unit_id: None,
            text: &text,
        },
    )?;
    let approval = flow::open_approval(
        work,
        &NewApproval {
            kind: "purchase_statement",
            subject: Subject { kind: "ticket", id: ticket.id },
            unit_id: statement.unit_id,
            amount: statement.amount,
            is_refund: false,
            maker_id: statement.made_by,
        },
    )?;
    save(work, &statement, PurchaseState::Submitted, (Some(ticket.id), Some(approval.id), None))?;
    let number = ticket.number.clone();
    record(
        work,
        permission::SUBMIT_STATEMENT,
        statement.unit_id,
        "purchase_statement",
        &number,
        "settled",
        &text,
    )?;
    Ok(number)
}

fn keys_of(statement: &PurchaseStatement) -> Result<(i64, i64)> {
    let missing = OfficeError::NotFound { what: "approval of statement", id: statement.statement_id };
    statement.ticket_id.zip(statement.approval_id).ok_or(missing)
}

/// Marketing approves a statement; not by who settled it. (GEN-02, GEN-04)
pub fn approve(work: &mut Work<'_, '_>, rules: &OfficeRules, statement_id: i64, text: &str) -> Result<()> {
    let statement = load(work, statement_id, PurchaseState::Submitted)?;
    work.require(permission::APPROVE_STATEMENT, statement.unit_id)?;
    let (ticket_id, approval_id) = keys_of(&statement)?;
    let approval = flow::decide(work, approval_id, true, text)?;
    if approval.state == ApprovalState::Approved {
        flow::act(work, rules, ticket_id, "approve", text)?;
        save(work, &statement, PurchaseState::Approved, (Some(ticket_id), Some(approval_id), None))?;
    }
    let number = statement_id.to_string();
    record(
        work,
        permission::APPROVE_STATEMENT,
        statement.unit_id,
        "purchase_statement",
        &number,
        "submitted",
        &approval.number,
    )
}

/// Marketing refuses a statement; the station settles the month anew. (GEN-02)
pub fn refuse(work: &mut Work<'_, '_>, rules: &OfficeRules, statement_id: i64, reason: &str) -> Result<()> {
    let statement = load(work, statement_id, PurchaseState::Submitted)?;
    work.require(permission::APPROVE_STATEMENT, statement.unit_id)?;
    let reason = checked_text("reason", reason, 500)?;
    let (ticket_id, approval_id) = keys_of(&statement)?;
    flow::decide(work, approval_id, false, reason)?;
    flow::act(work, rules, ticket_id, "refuse", reason)?;
    save(work, &statement, PurchaseState::Refused, (Some(ticket_id), Some(approval_id), None))?;
    let number = statement_id.to_string();
    record(
        work,
        permission::APPROVE_STATEMENT,
        statement.unit_id,
        "purchase_statement",
        &number,
        "submitted",
        reason,
    )
}

/// The station books an approved purchase: cost and input VAT against what is owed to the plant, and its payment from
/// the bank, in one voucher. (GEN-02)
pub fn pay(
    work: &mut Work<'_, '_>,
    rules: &OfficeRules,
    posting: &PostingRules,
    statement_id: i64,
) -> Result<i64> {
    let statement = load(work, statement_id, PurchaseState::Approved)?;
    require_at(work, permission::PAY_PURCHASE, statement.unit_id)?;
    let (ticket_id, approval_id) = keys_of(&statement)?;
    let ticket = flow::act(work, rules, ticket_id, "pay", "")?;
    let total = statement.amount.plus(statement.vat)?;
    let mut postings = Vec::new();
    for (event, amount) in [
        ("power_purchased", statement.amount),
        ("power_purchase_vat", statement.vat),
        ("power_purchase_paid", total),
    ] {
        if !amount.is_zero() {
            let of = posting.event(event).and_then(|rules| rules.posting(ComponentId::NONE, amount, None));
            postings.push(of.map_err(flow::below)?);
        }
    }
    let voucher_id = work.next_key();
    let header = VoucherHeader {
        voucher_id,
        unit_id: statement.unit_id,
        posted_on: work.today(),
        effective_on: work.today(),
        event: "power_purchased".into(),
        source: format!("purchase_statement {}", ticket.number),
        text: format!("{} 购电 {} 千瓦时", statement.month, statement.energy_kwh),
    };
    ledger::post(work, &header, &postings).map_err(flow::below)?;
    save(work, &statement, PurchaseState::Paid, (Some(ticket_id), Some(approval_id), Some(voucher_id)))?;
    let (number, new) = (ticket.number, format!("voucher {voucher_id}: {total}"));
    record(
        work,
        permission::PAY_PURCHASE,
        statement.unit_id,
        "purchase_statement",
        &number,
        "approved",
        &new,
    )?;
    Ok(voucher_id)
}

/// The centre settles a plant's off-grid quantity: the bill of its account, calculated from the readings the station
/// entered. Answers kWh and fee. (GEN-03)
pub fn settle_offgrid(work: &mut Work<'_, '_>, month: Month, plant_id: i64) -> Result<(Quantity, Money)> {
    let org_id = work.org_id();
    let plant = find_plant(work.tx, org_id, plant_id)?;
    work.require(permission::SETTLE_OFFGRID, plant.unit_id)?;
    let account_id = plant
        .offgrid_account_id
        .ok_or(OfficeError::NotFound { what: "off-grid account of plant", id: plant_id })?;
    let issued = work.tx.one(
        "SELECT COUNT(*), CAST(COALESCE(SUM(energy_kwh), 0) AS BIGINT), CAST(COALESCE(SUM(amount), 0) AS BIGINT)
         FROM quantity_ledger WHERE org_id = ?1 AND month = ?2 AND account_id = ?3",
        params![org_id, month, account_id],
        |row| Ok::<_, StoreError>((row.int(0)?, row.quantity(1)?, row.money(2)?)),
    )?;
    let Some((_, energy_kwh, amount)) = issued.filter(|(bills, _, _)| *bills > 0) else {
        return Err(OfficeError::refused(
            "GEN-03",
            format!("{} {month} 下网电量尚未发行", plant.name),
            format!("the off-grid bill of {} for {month} is not issued yet", plant.name),
        ));
    };
    let (by, now) = (work.actor().person_id, work.now());
    work.tx.execute(
        "INSERT INTO offgrid_settlement (org_id, month, plant_id, account_id, energy_kwh, amount, settled_by, settled_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![org_id, month, plant_id, account_id, energy_kwh, amount, by, now],
    )?;
    let (number, new) = (format!("{plant_id} {month}"), format!("{energy_kwh} kWh, {amount}"));
    record(work, permission::SETTLE_OFFGRID, plant.unit_id, "offgrid_settlement", &number, "", &new)?;
    Ok((energy_kwh, amount))
}

/// What was bought in a month, for marketing, which answers for it: all statements but refused ones. (GEN-04)
pub fn purchased_in(tx: &mut Tx<'_>, org_id: i64, month: Month) -> Result<Vec<PurchaseStatement>> {
    let sql = format!("{STATEMENT} AND month = ?2 AND state <> ?3 ORDER BY unit_id, plant_id");
    Ok(tx.list(&sql, params![org_id, month, PurchaseState::Refused as i64], read)?)
}
