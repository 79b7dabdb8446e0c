//! Commands about inquiries, with their rows.

use identity::Work;
use kernel::{Money, Month, Quantity};
use store::{StoreError, Tx, params};
use workflow::{NewTicket, Subject};

use crate::office::record::{record, record_words, require_at};
use crate::office::{OfficeError, OfficeRules, Result, checked_text, flow, permission};

pub(crate) const TABLES: &str = "
CREATE TABLE inquiry (
  org_id INTEGER NOT NULL, inquiry_id INTEGER NOT NULL, unit_id INTEGER NOT NULL, account_id INTEGER NOT NULL,
  question TEXT NOT NULL, state INTEGER NOT NULL, ticket_id INTEGER, centre_answer TEXT, told TEXT,
  received_by INTEGER NOT NULL, received_at INTEGER NOT NULL, told_by INTEGER, told_at INTEGER, version INTEGER NOT NULL,
  PRIMARY KEY (org_id, inquiry_id)) STRICT, WITHOUT ROWID;
CREATE INDEX inquiry_of_account ON inquiry (org_id, account_id);";

/// Where an inquiry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InquiryState {
    /// Received by the station.
    Received,
    /// Forwarded to the centre.
    Forwarded,
    /// Answered by the centre to the station.
    Answered,
    /// The customer was told.
    Closed,
}

/// An inquiry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inquiry {
    /// Its key.
    pub inquiry_id: i64,
    /// The station.
    pub unit_id: i64,
    /// The account.
    pub account_id: i64,
    /// The question.
    pub question: String,
    /// Where it stands.
    pub state: InquiryState,
    /// The ticket by which it was forwarded.
    pub ticket_id: Option<i64>,
    /// What the centre answered the station.
    pub centre_answer: Option<String>,
    /// What the customer was told.
    pub told: Option<String>,
    version: i64,
}

impl InquiryState {
    /// The state with a stored number.
    pub fn from_number(number: i64) -> InquiryState {
        match number {
            0 => InquiryState::Received,
            1 => InquiryState::Forwarded,
            2 => InquiryState::Answered,
            _ => InquiryState::Closed,
        }
    }
}

pub(crate) fn read_inquiry(row: &store::Row<'_>) -> std::result::Result<Inquiry, StoreError> {
    Ok(Inquiry {
        inquiry_id: row.int(0)?,
        unit_id: row.int(1)?,
        account_id: row.int(2)?,
        question: row.text(3)?,
        state: InquiryState::from_number(row.int(4)?),
        ticket_id: row.int_or_null(5)?,
        centre_answer: row.text_or_null(6)?,
        told: row.text_or_null(7)?,
        version: row.int(8)?,
    })
}

/// One inquiry.
pub fn find(tx: &mut Tx<'_>, org_id: i64, inquiry_id: i64) -> Result<Inquiry> {
    let found = tx.one(
        "SELECT inquiry_id, unit_id, account_id, question, state, ticket_id, centre_answer, told, version
         FROM inquiry WHERE org_id = ?1 AND inquiry_id = ?2",
        params![org_id, inquiry_id],
        read_inquiry,
    )?;
    found.ok_or(OfficeError::NotFound { what: "inquiry", id: inquiry_id })
}

/// Words for a customer must not send the customer to the centre, nor name a telephone of its reviewers. `telephones`
/// are the centre's numbers as its units keep them; spaces and dashes do not hide one. (INQ-03)
pub fn check_customer_words(words: &str, centre_names: &[&str], telephones: &[&str]) -> Result<()> {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let packed = digits(words);
    let named = centre_names.iter().any(|name| !name.is_empty() && words.contains(name));
    let called = telephones.iter().any(|number| {
        let number = digits(number);
        number.len() >= 5 && packed.contains(&number)
    });
    if !named && !called {
        return Ok(());
    }
    Err(OfficeError::refused(
        "INQ-03",
        "答复客户不得指引其联系电费管理中心，也不得公布复核电话；请由基层单位答复",
        "an answer to a customer neither refers to the billing centre nor gives its telephone: the station answers itself",
    ))
}

/// The station receives a customer's inquiry. (INQ-01)
pub fn receive(work: &mut Work<'_, '_>, account_id: i64, question: &str) -> Result<i64> {
    let place = flow::place_of(work, account_id)?;
    require_at(work, permission::RECEIVE_INQUIRY, place.unit_id)?;
    let question = checked_text("question", question, 1000)?;
    let (org_id, key, by, now) = (work.org_id(), work.next_key(), work.actor().person_id, work.now());
    work.tx.execute(
        "INSERT INTO inquiry (org_id, inquiry_id, unit_id, account_id, question, state, received_by, received_at, version)
         VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7, 1)",
        params![org_id, key, place.unit_id, account_id, question, by, now],
    )?;
    record_words(
        work,
        permission::RECEIVE_INQUIRY,
        place.unit_id,
        "inquiry",
        &key.to_string(),
        "",
        question,
    )?;
    Ok(key)
}

fn in_state(inquiry: &Inquiry, states: &[InquiryState]) -> Result<()> {
    if states.contains(&inquiry.state) {
        return Ok(());
    }
    Err(OfficeError::refused(
        "INQ-01",
        format!("咨询 {} 目前状态不能进行此操作", inquiry.inquiry_id),
        format!("inquiry {} is {:?}: this cannot be done now", inquiry.inquiry_id, inquiry.state),
    ))
}

/// The station forwards what it does not know to the centre. (INQ-01)
pub fn forward(
    work: &mut Work<'_, '_>,
    rules: &OfficeRules,
    inquiry_id: i64,
    centre_unit_id: i64,
) -> Result<()> {
    let org_id = work.org_id();
    let inquiry = find(work.tx, org_id, inquiry_id)?;
    require_at(work, permission::RECEIVE_INQUIRY, inquiry.unit_id)?;
    in_state(&inquiry, &[InquiryState::Received])?;
    let ticket = flow::raise(
        work,
        rules,
        &NewTicket {
            kind: "inquiry",
            subject: Subject { kind: "inquiry", id: inquiry_id },
            account_id: Some(inquiry.account_id),
            book_id: None,
            month: None,
            raised_unit_id: inquiry.unit_id,
            addressed_unit_id: centre_unit_id,
            addressed_post: "reviewer",
            third_unit_id: None,
            text: &inquiry.question,
        },
    )?;
    work.tx.execute_one(
        "inquiry",
        "UPDATE inquiry SET state = 1, ticket_id = ?4, version = version + 1
         WHERE org_id = ?1 AND inquiry_id = ?2 AND version = ?3",
        params![org_id, inquiry_id, inquiry.version, ticket.id],
    )?;
    let number = inquiry_id.to_string();
    record(work, permission::RECEIVE_INQUIRY, inquiry.unit_id, "inquiry", &number, "received", &ticket.number)
}

/// The centre answers the station's inquiry staff; never the customer. (INQ-02)
pub fn answer_to_station(
    work: &mut Work<'_, '_>,
    rules: &OfficeRules,
    inquiry_id: i64,
    text: &str,
) -> Result<()> {
    let org_id = work.org_id();
    let inquiry = find(work.tx, org_id, inquiry_id)?;
    work.require(permission::ANSWER_STATION, inquiry.unit_id)?;
    in_state(&inquiry, &[InquiryState::Forwarded])?;
    let text = checked_text("answer", text, 1000)?;
    let ticket_id =
        inquiry.ticket_id.ok_or(OfficeError::NotFound { what: "ticket of inquiry", id: inquiry_id })?;
    flow::act(work, rules, ticket_id, "answer", text)?;
    work.tx.execute_one(
        "inquiry",
        "UPDATE inquiry SET state = 2, centre_answer = ?4, version = version + 1
         WHERE org_id = ?1 AND inquiry_id = ?2 AND version = ?3",
        params![org_id, inquiry_id, inquiry.version, text],
    )?;
    let number = inquiry_id.to_string();
    record_words(work, permission::ANSWER_STATION, inquiry.unit_id, "inquiry", &number, "forwarded", text)
}

/// The station tells the customer, on the spot or after the centre's answer. The names of the centre's units must not
/// stand in it. (INQ-01, INQ-03)
pub fn tell_customer(
    work: &mut Work<'_, '_>,
    rules: &OfficeRules,
    inquiry_id: i64,
    words: &str,
    centre_telephones: &[&str],
) -> Result<()> {
    let org_id = work.org_id();
    let inquiry = find(work.tx, org_id, inquiry_id)?;
    require_at(work, permission::RECEIVE_INQUIRY, inquiry.unit_id)?;
    in_state(&inquiry, &[InquiryState::Received, InquiryState::Answered])?;
    let words = checked_text("answer", words, 1000)?;
    let units = identity::units(work.tx, org_id)?;
    let mut names = vec!["电费管理中心"];
    let centres = units.iter().filter(|unit| unit.kind == "billing_centre");
    names.extend(centres.flat_map(|unit| [unit.name.zh.as_str(), unit.name.en.as_str()]));
    check_customer_words(words, &names, centre_telephones)?;
    if let (InquiryState::Answered, Some(ticket_id)) = (inquiry.state, inquiry.ticket_id) {
        flow::act(work, rules, ticket_id, "tell_customer", words)?;
    }
    let (by, now) = (work.actor().person_id, work.now());
    work.tx.execute_one(
        "inquiry",
        "UPDATE inquiry SET state = 3, told = ?4, told_by = ?5, told_at = ?6, version = version + 1
         WHERE org_id = ?1 AND inquiry_id = ?2 AND version = ?3",
        params![org_id, inquiry_id, inquiry.version, words, by, now],
    )?;
    record_words(
        work,
        permission::RECEIVE_INQUIRY,
        inquiry.unit_id,
        "inquiry",
        &inquiry_id.to_string(),
        "",
        words,
    )
}

/// A month of a customer's fees as offered channels show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeeMonth {
    /// The billing month.
    pub month: Month,
    /// kWh, adjustments included.
    pub energy_kwh: Quantity,
    /// Fee, adjustments included.
    pub amount: Money,
    /// Paid; zero until there is a collection office.
    pub paid: Money,
}

/// A customer's fees from `from` to `to`, by month. (INQ-04)
pub fn fee_information(
    tx: &mut Tx<'_>,
    org_id: i64,
    account_id: i64,
    from: Month,
    to: Month,
) -> Result<Vec<FeeMonth>> {
    let mut found = Vec::new();
    let mut take = |row: &store::Row<'_>| {
        let (month, energy_kwh, amount) = (row.month(0)?, row.quantity(1)?, row.money(2)?);
        found.push(FeeMonth { month, energy_kwh, amount, paid: Money::ZERO });
        Ok::<_, StoreError>(())
    };
    // The month comes before the account in the key: each is asked for by itself, many years of them together.
    if !(0..MONTHS_EACH).contains(&from.months_until(to)) {
        tx.each(
            "SELECT month, CAST(SUM(energy_kwh) AS BIGINT), CAST(SUM(amount) AS BIGINT) FROM quantity_ledger
             WHERE org_id = ?1 AND account_id = ?2 AND month BETWEEN ?3 AND ?4 GROUP BY month ORDER BY month",
            params![org_id, account_id, from, to],
            take,
        )?;
        return Ok(found);
    }
    let mut month = from;
    while month <= to {
        tx.each(
            "SELECT month, CAST(SUM(energy_kwh) AS BIGINT), CAST(SUM(amount) AS BIGINT) FROM quantity_ledger
             WHERE org_id = ?1 AND month = ?2 AND account_id = ?3 GROUP BY month",
            params![org_id, month, account_id],
            &mut take,
        )?;
        month = month.next();
    }
    Ok(found)
}

/// Months that are asked for one by one.
const MONTHS_EACH: i32 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    /// INQ-03
    #[test]
    fn a_customer_is_never_sent_to_the_centre() {
        let check = |words| check_customer_words(words, &["电费管理中心"], &["027-8888 6666"]);
        assert!(check("本月电量 120 千瓦时，电费 66.00 元").is_ok());
        assert_eq!(check("请咨询电费管理中心").unwrap_err().rule(), Some("INQ-03"));
        assert!(check("复核电话 (027) 88886666").is_err());
    }
}
