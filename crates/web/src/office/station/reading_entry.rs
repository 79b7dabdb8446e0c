//! Entering lines of a book: many at once, each saved or refused by itself, or one with a field for each register.

use std::collections::{BTreeMap, HashMap, HashSet};

use identity::Work;
use kernel::{Bilingual, Date, Lang, Month, Quantity, Text};
use metering::book::{self, Book, Entered};
use metering::entry::{self, SheetLine};
use metering::reading::{Reading, ReadingFlags, ReadingStatus, Register};
use serde_json::{Value as Json, json};

use super::book_acts::METER;
use super::readings::{KINDS, Mark, kind_of, mark};
use super::{ACCOUNT, BOOK, MONTH, account_in, book_in, book_path};
use crate::catalogue::{Act, Done, Field, Given, House, Refusal, Run, Takes, Why};

/// Characters of the lines of one request: a book of 2,000 registers fits.
const LINES_CHARS_MAX: usize = 400_000;
/// Lines of one request.
const LINES_MAX: usize = 5_000;
/// Up to so many accounts are looked up one by one: a reader at the grid sends one line at a time.
const FEW: usize = 20;

/// Enters many lines; each is saved or refused by itself.
pub const ENTER: Act = Act {
    name: "readings.enter",
    path: "/books/{month}/{book}/readings",
    permission: "metering.enter_reading",
    fields: &[
        MONTH,
        BOOK,
        Field::new("lines", Takes::LongText(LINES_CHARS_MAX)),
        Field::maybe("reason", Takes::Text(500)),
        Field::maybe("check_only", Takes::Flag),
    ],
    run: Run::Command(enter),
    ..Act::PLAIN
};

/// Enters one meter with every field of its own: for forms without a script, and for programs.
pub const ENTER_ONE: Act = Act {
    name: "readings.enter_one",
    path: "/readings/{month}/{account}/{meter}",
    permission: "metering.enter_reading",
    fields: &[
        MONTH,
        ACCOUNT,
        METER,
        Field::maybe("reading_kind", Takes::Choice(KINDS)),
        Field::maybe("total", Takes::Quantity),
        Field::maybe("sharp", Takes::Quantity),
        Field::maybe("peak", Takes::Quantity),
        Field::maybe("flat", Takes::Quantity),
        Field::maybe("valley", Takes::Quantity),
        Field::maybe("deep_valley", Takes::Quantity),
        Field::maybe("reactive_forward", Takes::Quantity),
        Field::maybe("reactive_reverse", Takes::Quantity),
        Field::maybe("demand", Takes::Quantity),
        Field::maybe("rolled_over", Takes::Flag),
        Field::maybe("read_on", Takes::Date),
        Field::maybe("reason", Takes::Text(500)),
    ],
    run: Run::Command(enter_one),
    view: Some("reading"),
    ..Act::PLAIN
};

/// A line as it was sent.
#[derive(Debug, Clone, Default)]
struct Sent {
    account: String,
    meter: i64,
    kind: String,
    shown: BTreeMap<String, String>,
    rolled_over: Vec<String>,
    read_on: String,
    version: Option<i64>,
}

fn broken(zh: impl Into<String>, en: impl Into<String>) -> Refusal {
    Refusal::fields(vec![("lines".into(), Text::new(zh, en))])
}

/// Lines as JSON objects, or as tab-separated text: account, meter, register, figure, kind; one register a line.
fn sent_lines(text: &str) -> Result<Vec<Sent>, Refusal> {
    let sent = if text.trim_start().starts_with('[') { json_lines(text)? } else { tab_lines(text)? };
    if sent.is_empty() || sent.len() > LINES_MAX {
        return Err(broken(
            format!("一次录入 1 至 {LINES_MAX} 行"),
            format!("1 to {LINES_MAX} lines at a time"),
        ));
    }
    Ok(sent)
}

fn json_lines(text: &str) -> Result<Vec<Sent>, Refusal> {
    let lines: Vec<Json> = serde_json::from_str(text)
        .map_err(|error| broken(format!("不是 JSON 数组：{error}"), format!("not a JSON array: {error}")))?;
    let mut sent = Vec::with_capacity(lines.len());
    for (at, line) in lines.iter().enumerate() {
        let word = |name: &str| line.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
        let Some(shown) =
            line.get("shown").map_or(Some(serde_json::Map::new()), |shown| shown.as_object().cloned())
        else {
            return Err(broken(
                format!("第 {} 行：shown 应为对象", at + 1),
                format!("line {}: shown must be an object", at + 1),
            ));
        };
        let shown = shown
            .into_iter()
            .filter_map(|(register, figure)| match figure {
                Json::String(figure) => Some((register, figure)),
                Json::Number(figure) if figure.is_i64() => Some((register, figure.to_string())),
                _ => None,
            })
            .collect();
        let rolled_over = line.get("rolled_over").and_then(Json::as_array).map(|registers| {
            registers.iter().filter_map(|register| register.as_str().map(str::to_owned)).collect()
        });
        sent.push(Sent {
            account: word("account"),
            meter: line.get("meter").and_then(Json::as_i64).unwrap_or(1),
            kind: word("kind"),
            shown,
            rolled_over: rolled_over.unwrap_or_default(),
            read_on: word("read_on"),
            version: line.get("version").and_then(Json::as_i64),
        });
    }
    Ok(sent)
}

fn tab_lines(text: &str) -> Result<Vec<Sent>, Refusal> {
    let mut sent: Vec<Sent> = Vec::new();
    let mut at: HashMap<(String, i64), usize> = HashMap::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
        let cell = |at: usize| cells.get(at).copied().unwrap_or_default();
        let wrong =
            |zh: &str, en: &str| broken(format!("第 {number} 行：{zh}"), format!("line {number}: {en}"));
        let meter: i64 = match cell(1) {
            "" => 1,
            text => text.parse().map_err(|_| wrong("表序号应为整数", "the meter is a whole number"))?,
        };
        if cell(0).is_empty() {
            return Err(wrong("缺少户号", "the account is missing"));
        }
        let key = (cell(0).to_owned(), meter);
        if cell(3).is_empty() && cell(4).is_empty() {
            // A line of the form that nobody filled in.
            continue;
        }
        let index = *at.entry(key).or_insert_with(|| {
            sent.push(Sent { account: cell(0).to_owned(), meter, ..Sent::default() });
            sent.len() - 1
        });
        let one = &mut sent[index];
        if !cell(3).is_empty() {
            let register = if cell(2).is_empty() { "total" } else { cell(2) };
            one.shown.insert(register.to_owned(), cell(3).to_owned());
        }
        if !cell(4).is_empty() {
            one.kind = cell(4).to_owned();
        }
    }
    Ok(sent)
}

fn register_of(word: &str) -> Result<Register, Text> {
    Register::from_words(word).ok_or_else(|| {
        let short: String = word.chars().take(20).collect();
        Text::new(format!("没有计度器 {short}"), format!("there is no register {short}"))
    })
}

/// A figure as people write and paste it: grouping commas and full-width digits are understood.
fn figure(text: &str) -> Result<Quantity, Text> {
    let raw = crate::catalogue::Raw {
        texts: BTreeMap::from([("figure".to_owned(), text.to_owned())]),
        files: BTreeMap::new(),
    };
    let field = [Field::new("figure", Takes::Quantity)];
    match Given::understand(&field, &raw, false) {
        Ok(given) => given.quantity("figure").map_err(|refusal| refusal.said),
        Err(refusal) => Err(refusal.fields.into_iter().next().map_or(refusal.said, |(_, why)| why)),
    }
}

/// What was sent for a line, as the office understands it. Registers that were not sent keep what was entered before.
fn understood(sent: &Sent, line: &SheetLine, today: Date) -> Result<Entered, Text> {
    let reading = &line.reading;
    let (status, estimated) = match sent.kind.as_str() {
        "" | "actual" | "实抄" | "已抄" => (None, false),
        "estimated" | "估抄" => (None, true),
        "zero" | "抄零" => (Some(ReadingStatus::Zero), false),
        "unread" | "未抄" => (Some(ReadingStatus::Unread), false),
        other => {
            let short: String = other.chars().take(20).collect();
            return Err(Text::new(
                format!("没有抄表方式 {short}；应为实抄、估抄、抄零或未抄"),
                format!("{short:?} is not a way of reading: actual, estimated, zero or unread"),
            ));
        }
    };
    let mut shown: Vec<(Register, Quantity)> = Vec::new();
    for (register, value) in &sent.shown {
        shown.push((register_of(register)?, figure(value)?));
    }
    if status.is_none() && reading.entered_by != 0 {
        for (register, span) in reading.registers.iter() {
            if shown.iter().all(|(given, _)| *given != register) {
                shown.push((register, span.current));
            }
        }
    }
    let mut rolled_over = Vec::new();
    for register in &sent.rolled_over {
        rolled_over.push(register_of(register)?);
    }
    let read_on = match sent.read_on.as_str() {
        "" => today,
        text => text
            .parse()
            .map_err(|error: kernel::FigureError| Text::new(error.text(Lang::Zh), error.text(Lang::En)))?,
    };
    Ok(Entered {
        account_id: reading.account_id,
        meter_seq: reading.meter_seq,
        status,
        read_on,
        shown,
        rolled_over,
        estimated,
        version: sent.version,
    })
}

/// What is told of a line: what it holds now, or why it was refused.
fn told(line: &SheetLine, reading: &Reading) -> Result<serde_json::Map<String, Json>, Refusal> {
    let mut told = serde_json::Map::new();
    let mut registers = serde_json::Map::new();
    for (register, span) in reading.registers.iter() {
        let used = reading.consumption(register)?.map(|used| used.to_string());
        let mark = mark(line, reading, register)?.map(Mark::code);
        registers.insert(
            register.key().to_owned(),
            json!({ "previous": span.previous.to_string(), "current": span.current.to_string(),
                    "used": used, "mark": mark, "rolled_over": reading.flags.rolled_over(register) }),
        );
    }
    told.insert("account".into(), json!(line.account_number));
    told.insert("meter".into(), json!(reading.meter_seq));
    told.insert("kind".into(), json!(kind_of(reading)));
    told.insert("version".into(), json!(reading.version));
    told.insert("registers".into(), Json::Object(registers));
    Ok(told)
}

/// What a line becomes, or why not.
fn decide(sent: &Sent, line: Option<&SheetLine>, today: Date) -> Result<(Entered, Reading), Text> {
    let line = line.ok_or_else(|| {
        Text::new(
            format!("抄本中没有户号 {} 的第 {} 只表", sent.account, sent.meter),
            format!("the book has no meter {} of account {}", sent.meter, sent.account),
        )
    })?;
    let entered = understood(sent, line, today)?;
    if entered.version.is_some_and(|version| version != line.reading.version) {
        return Err(Text::new(
            "此行在您查看之后已被他人录入，请核对现值后重新录入",
            "somebody has entered this line since you looked; compare with what it shows now",
        ));
    }
    if line.reading.flags.has(ReadingFlags::FINAL) {
        return Err(Text::new(
            "拆表止码，已随换表工单登记，不能在此录入",
            "the last reading of a meter taken off, entered with its ticket: not to be changed here",
        ));
    }
    match book::rules::enter(&line.reading, &entered) {
        Ok(next) => Ok((entered, next)),
        Err(fault) => Err(Text::new(fault.text(Lang::Zh), fault.text(Lang::En))),
    }
}

/// The lines that are concerned: those of the accounts, when they are few, else those of the whole book.
fn sheet_for(
    work: &mut Work<'_, '_>,
    month: Month,
    book: &Book,
    sent: &[Sent],
) -> Result<Vec<SheetLine>, Refusal> {
    let org_id = work.org_id();
    let numbers: HashSet<&str> = sent.iter().map(|one| one.account.as_str()).collect();
    if numbers.len() > FEW {
        return Ok(entry::entry_sheet(work.tx, org_id, month, book.book_id)?);
    }
    let mut accounts = Vec::with_capacity(numbers.len());
    for number in numbers {
        accounts.extend(metering::account::account_by_number(work.tx, org_id, number)?);
    }
    let accounts: Vec<_> = accounts.iter().collect();
    Ok(entry::entry_sheet_of(work.tx, org_id, month, book.book_id, &accounts)?)
}

fn enter(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let (month, book) = (given.month("month")?, book_in(work, given.text("book"))?);
    work.require(metering::permissions::ENTER_READING, book.unit_id)?;
    let org_id = work.org_id();
    let (today, by, now) = (work.today(), work.actor().person_id, work.now());
    let sent = sent_lines(given.text("lines"))?;
    let sheet = sheet_for(work, month, &book, &sent)?;
    let at: HashMap<(&str, i64), usize> = sheet
        .iter()
        .enumerate()
        .map(|(at, line)| ((line.account_number.as_str(), line.reading.meter_seq), at))
        .collect();
    let mut good = Vec::new();
    let mut rows = Vec::with_capacity(sent.len());
    let mut refused = Vec::new();
    let mut taken = HashSet::new();
    for (number, one) in sent.iter().enumerate() {
        let index = at.get(&(one.account.as_str(), one.meter)).copied();
        let line = index.map(|at| &sheet[at]);
        let decided = match index {
            Some(at) if !taken.insert(at) => Err(Text::new("同一只表重复", "the same meter stands twice")),
            _ => decide(one, line, today),
        };
        match (decided, line) {
            (Ok((entered, mut next)), Some(line)) => {
                (next.entered_by, next.entered_at) = (by, now);
                next.version = line.reading.version + 1;
                let mut row = told(line, &next)?;
                row.insert("saved".into(), json!(true));
                rows.push(Json::Object(row));
                good.push(Entered { version: Some(line.reading.version), ..entered });
            }
            (decided, line) => {
                let why = decided.err().unwrap_or_else(|| Text::new("", ""));
                let mut row = match line {
                    Some(line) => told(line, &line.reading)?,
                    None => serde_json::Map::new(),
                };
                row.insert("account".into(), json!(one.account));
                row.insert("meter".into(), json!(one.meter));
                row.insert("saved".into(), json!(false));
                row.insert("refused".into(), json!({ "zh": why.zh, "en": why.en }));
                rows.push(Json::Object(row));
                refused.push((format!("lines.{number}"), why));
            }
        }
    }
    if good.is_empty() {
        // Nothing to save: every reason is told, and nothing is remembered under the request's key.
        let mut refusal = Refusal::fields(refused);
        refusal.why = Why::Refused;
        return Err(refusal);
    }
    let checked_only = given.flag("check_only");
    if checked_only {
        // What would be saved is what the book's state allows, too.
        let opened = book::book_month(work.tx, org_id, month, book.book_id)?;
        let opened =
            opened.ok_or_else(|| Refusal::not_found("该月抄本", "book of that month", &book.number))?;
        book::rules::step(&opened, book::rules::Act::Enter)?;
    } else {
        entry::enter_readings(work, month, book.book_id, &good, given.text("reason"))?;
    }
    let counts = book::line_counts(work.tx, org_id, month, book.book_id)?;
    let (saved, left) = (good.len(), refused.len());
    let said = match (checked_only, left) {
        (true, _) => Done::said(
            format!("可录入 {saved} 只表，{left} 只有误"),
            format!("{saved} meters can be entered, {left} are wrong"),
        ),
        (false, 0) => Done::said(format!("已录入 {saved} 只表"), format!("{saved} meters entered")),
        (false, _) => Done::said(
            format!("已录入 {saved} 只表，{left} 只未录入"),
            format!("{saved} meters entered, {left} refused"),
        ),
    };
    Ok(said
        .see(format!("{}/readings", book_path(month, &book.number)))
        .fact("saved", saved)
        .fact("refused", left)
        .fact("rows", rows)
        .fact("lines", counts.lines)
        .fact("missing", counts.untouched))
}

fn enter_one(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let month = given.month("month")?;
    let account = account_in(work, given.text("account"))?;
    let book_id = account.account.book_id;
    let org_id = work.org_id();
    let meter = given.maybe_number("meter").unwrap_or(1);
    let missing = || Refusal::not_found("该月抄表行", "line of that month", &account.number);
    let sheet = entry::entry_sheet_of(work.tx, org_id, month, book_id, &[&account])?;
    let line = sheet
        .iter()
        .find(|line| line.reading.account_id == account.account.account_id && line.reading.meter_seq == meter)
        .ok_or_else(missing)?;
    let mut sent = Sent {
        account: account.number.clone(),
        meter,
        kind: given.text("reading_kind").to_owned(),
        read_on: given.maybe_date("read_on").map(|day| day.to_string()).unwrap_or_default(),
        ..Sent::default()
    };
    for register in Register::ALL {
        if let Some(value) = given.maybe_quantity(register.key()) {
            sent.shown.insert(register.key().to_owned(), value.to_string());
            let before = line.reading.registers.of(*register).map(|span| span.previous);
            if given.flag("rolled_over") && before.is_some_and(|before| value < before) {
                sent.rolled_over.push(register.key().to_owned());
            }
        }
    }
    let (entered, next) =
        decide(&sent, Some(line), work.today()).map_err(|why| Refusal::refused(why.zh, why.en))?;
    entry::enter_readings(work, month, book_id, &[entered], given.text("reason"))?;
    let used = next.consumption(Register::Total)?.map(|used| used.to_string());
    Ok(Done::said(format!("已录入 {}", account.number), format!("entered {}", account.number))
        .see(format!("/readings/{month}/{}/{meter}", crate::frame::url::encode(&account.number)))
        .fact("used", used))
}
