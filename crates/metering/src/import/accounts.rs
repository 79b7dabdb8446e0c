//! Customers from a file.

use std::io::Write;

use identity::{Desk, Work};
use interchange::TypedRow;
use kernel::{Quantity, Rate};

use super::portions::{Fate, refused, take_in};
use super::{FileKind, Incoming, Outcome, sheets, sql};
use crate::account::{
    Account, AccountBulk, AccountDetails, AccountStatus, BasicMethod, Category, CollectionMethod,
    LineLossMethod, LossFigures, LossFormula, Options, PowerFactorStandard, TaxStatus, Terms, Transformer,
    TransformerLossMethod, VoltageLevel,
};
use crate::{Result, permissions, trace};

/// Takes in customers. An account whose number is there already counts as unchanged when it is the same, and is refused
/// when it differs: parameters change by ticket only. Refused rows are written to `rejects` with their reasons.
pub fn import_accounts<W: Write>(desk: &Desk<'_>, incoming: Incoming, rejects: W) -> Result<(Outcome, W)> {
    let sheet = sheets::accounts_sheet()?;
    take_in(desk, incoming, FileKind::Accounts, &sheet, rejects, take)
}

fn take(work: &mut Work<'_, '_>, rows: &[TypedRow]) -> Result<Vec<Fate>> {
    let org_id = work.org_id();
    let (mut numbers, mut books) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for row in rows {
        numbers.push(row.need::<String>("number")?);
        books.push(row.need::<String>("book")?);
    }
    let known = sql::accounts_by_number(work.tx, org_id, &strs(&numbers))?;
    let mut wanted = strs(&books);
    wanted.sort_unstable();
    wanted.dedup();
    let places = sql::books_by_number(work.tx, org_id, &wanted)?;
    let mut next_id = sql::last_account(work.tx, org_id)?;
    let mut bulk = AccountBulk::new(org_id);
    let mut fates = Vec::with_capacity(rows.len());
    let mut added_in_units: Vec<(i64, i64)> = Vec::new();
    for (row, (number, book)) in rows.iter().zip(numbers.iter().zip(&books)) {
        let Some((book_id, unit_id)) = places.get(book) else {
            fates.push(refused(
                Some("book"),
                format!("没有编号为 {book} 的抄本，请先建抄本"),
                format!("there is no book {book}; create it first"),
            ));
            continue;
        };
        if work.require(permissions::MANAGE_ACCOUNTS, *unit_id).is_err() {
            fates.push(refused(
                Some("book"),
                "无权维护该抄本所属单位的用户",
                "you may not maintain accounts of the station of this book",
            ));
            continue;
        }
        let fate = match checked(row, number) {
            Err(fate) => fate,
            Ok(mut read) => {
                read.details.account.book_id = *book_id;
                read.details.account.unit_id = *unit_id;
                match known.get(number) {
                    Some(there) if same(there, &read.details) => Fate::Unchanged,
                    Some(_) => refused(
                        Some("number"),
                        "该户号已存在且内容不同，请走参数变更工单",
                        "this account is there already and differs; use a change ticket",
                    ),
                    None => {
                        next_id += 1;
                        read.add(&mut bulk, next_id)?;
                        match added_in_units.iter_mut().find(|(unit, _)| unit == unit_id) {
                            Some((_, count)) => *count += 1,
                            None => added_in_units.push((*unit_id, 1)),
                        }
                        Fate::Added
                    }
                }
            }
        };
        fates.push(fate);
    }
    bulk.load(work.tx)?;
    for (unit_id, count) in added_in_units {
        let what = format!("{count} accounts up to {next_id}");
        trace::record(work, permissions::MANAGE_ACCOUNTS, unit_id, ("import", "accounts"), &what)?;
    }
    Ok(fates)
}

pub(super) fn strs(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

fn same(there: &sql::Known, new: &AccountDetails) -> bool {
    let account = &new.account;
    there.book_id == account.book_id
        && there.same.0 == new.name
        && there.same.1 == new.address
        && there.same.2 == account.price_class
        && there.same.3 == account.category.code()
        && there.same.4 == account.voltage.code()
}

/// A row that could be read as an account.
struct Read {
    details: AccountDetails,
    terms: Option<Terms>,
    transformer: Option<Transformer>,
}

impl Read {
    fn add(mut self, bulk: &mut AccountBulk, account_id: i64) -> Result<()> {
        self.details.account.account_id = account_id;
        self.details.route_sequence =
            if self.details.route_sequence == 0 { account_id } else { self.details.route_sequence };
        bulk.account(&self.details)?;
        if let Some(terms) = self.terms {
            bulk.terms(&Terms { account_id, ..terms })?;
        }
        if let Some(transformer) = self.transformer {
            bulk.transformer(&Transformer { account_id, ..transformer })?;
        }
        Ok(())
    }
}

/// What cannot be told by one column alone.
fn checked(row: &TypedRow, number: &str) -> std::result::Result<Read, Fate> {
    let wrong = |error: interchange::Error| refused(None, error.to_string(), error.to_string());
    let text = |key: &str| row.get::<String>(key).map(Option::unwrap_or_default).map_err(wrong);
    let flag = |key: &str| text(key).map(|value| value == "1");
    let quantity = |key: &str| row.get::<Quantity>(key).map_err(wrong);
    let unreadable = |column: &'static str| refused(Some(column), "无法识别", "not known");
    if !(10..=13).contains(&number.len()) || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(refused(
            Some("number"),
            "户号应为 10 至 13 位数字",
            "an account number has 10 to 13 digits",
        ));
    }
    let category = Category::from_words(&text("category")?).ok_or_else(|| unreadable("category"))?;
    let basic = match row.get::<String>("basic").map_err(wrong)? {
        Some(words) => BasicMethod::from_words(&words).ok_or_else(|| unreadable("basic"))?,
        None => BasicMethod::None,
    };
    if basic != BasicMethod::None && category != Category::TwoPart {
        return Err(refused(
            Some("basic"),
            "只有两部制用户计收基本电费",
            "only two-part customers have a basic charge",
        ));
    }
    let contract_demand_kw = quantity("contract_demand_kw")?;
    if basic == BasicMethod::ContractDemand && contract_demand_kw.is_none_or(|kw| kw <= Quantity::ZERO) {
        return Err(refused(
            Some("contract_demand_kw"),
            "按合同最大需量计费须填写需量",
            "contract demand needs its kW",
        ));
    }
    let capacity_kva = quantity("capacity_kva")?;
    if capacity_kva.is_some_and(|kva| kva <= Quantity::ZERO) {
        return Err(refused(Some("capacity_kva"), "容量应大于零", "capacity must be above zero"));
    }
    let power_factor = match row.get::<String>("power_factor").map_err(wrong)? {
        Some(words) => {
            Some(PowerFactorStandard::from_words(&words).ok_or_else(|| unreadable("power_factor"))?)
        }
        None => None,
    };
    let line_loss_rate = row.get::<Rate>("line_loss_rate").map_err(wrong)?;
    if line_loss_rate.is_some_and(|rate| rate.is_negative() || rate >= Rate::ONE) {
        return Err(refused(
            Some("line_loss_rate"),
            "线损率应在 0 与 1 之间",
            "a loss rate lies between 0 and 1",
        ));
    }
    let line_loss = match row.get::<String>("line_loss").map_err(wrong)? {
        Some(words) => LineLossMethod::from_words(&words).ok_or_else(|| unreadable("line_loss"))?,
        None if line_loss_rate.is_some() => LineLossMethod::Rate,
        None => LineLossMethod::None,
    };
    let loss = transformer_loss(row)?;
    let opened_on: kernel::Date = row.need("opened_on").map_err(wrong)?;
    let has_terms = basic != BasicMethod::None
        || power_factor.is_some()
        || line_loss != LineLossMethod::None
        || loss.method != TransformerLossMethod::None;
    let terms = has_terms.then_some(Terms {
        account_id: 0,
        basic,
        contract_demand_kw,
        power_factor,
        transformer_loss: loss.method,
        transformer_loss_kwh: loss.kwh,
        transformer_loss_kvarh: loss.kvarh,
        line_loss,
        line_loss_rate,
        line_loss_kwh: None,
        loss_formula: loss.formula,
    });
    let by_transformer = matches!(loss.method, TransformerLossMethod::Table | TransformerLossMethod::Formula);
    if by_transformer && capacity_kva.is_none() {
        return Err(refused(
            Some("capacity_kva"),
            "查表或公式计损须填写变压器容量",
            "loss by table or formula needs the capacity of the transformer",
        ));
    }
    let model = text("model")?;
    let transformer = capacity_kva.map(|capacity_kva| Transformer {
        account_id: 0,
        seq: 1,
        model,
        capacity_kva,
        connected_on: opened_on,
    });
    let options = Options::default()
        .with(Options::TIME_OF_USE, flag("tou")?)
        .with(Options::DEDICATED_TRANSFORMER, flag("dedicated")?)
        .with(Options::IMPORTANT, flag("important")?)
        .with(Options::TEMPORARY, flag("temporary")?)
        .with(Options::FREE_ENERGY, flag("free_energy")?)
        .with(Options::LOW_SIDE_METERING, flag("low_side")?)
        .with(Options::POWER_FACTOR, power_factor.is_some())
        .with(Options::HAS_TERMS, has_terms)
        .with(Options::HAS_TRANSFORMERS, transformer.is_some());
    let whole =
        |key: &str, otherwise: i64| row.get::<i64>(key).map(|v| v.unwrap_or(otherwise)).map_err(wrong);
    let details = AccountDetails {
        account: Account {
            account_id: 0,
            unit_id: 0,
            book_id: 0,
            category,
            voltage: VoltageLevel::from_words(&text("voltage")?).ok_or_else(|| unreadable("voltage"))?,
            price_class: text("price_class")?,
            options,
            persons: u8::try_from(whole("persons", 1)?).unwrap_or(1),
            tier_start: None,
            due_day: u8::try_from(whole("due_day", 0)?).unwrap_or(0),
            status: AccountStatus::Active,
            opened_on,
            closed_on: None,
            main_account_id: None,
        },
        number: number.to_owned(),
        name: text("name")?,
        address: text("address")?,
        phone: text("phone")?,
        route_sequence: whole("route", 0)?,
        collection: CollectionMethod::from_words(&text("collection")?).unwrap_or(CollectionMethod::Counter),
        tax: TaxStatus::from_words(&text("tax")?).unwrap_or(TaxStatus::Consumer),
        version: 1,
    };
    Ok(Read { details, terms, transformer })
}

/// How a row says transformer loss is found.
struct TransformerLoss {
    method: TransformerLossMethod,
    kwh: Option<Quantity>,
    kvarh: Option<Quantity>,
    formula: Option<LossFormula>,
}

/// The method as it is named, or as the figures tell when it is not.
fn transformer_loss(row: &TypedRow) -> std::result::Result<TransformerLoss, Fate> {
    let wrong = |error: interchange::Error| refused(None, error.to_string(), error.to_string());
    let quantity = |key: &str| row.get::<Quantity>(key).map_err(wrong);
    let rate = |key: &str| row.get::<Rate>(key).map_err(wrong);
    let (kwh, kvarh) = (quantity("loss_kwh")?, quantity("loss_kvarh")?);
    let figures = LossFigures {
        no_load_kw: quantity("no_load_kw")?,
        load_loss_kw: quantity("load_loss_kw")?,
        no_load_current: rate("no_load_current")?,
        impedance: rate("impedance")?,
        shape: rate("load_shape")?,
        no_load_kvar: quantity("no_load_kvar")?,
        copper_rate: rate("copper_rate")?,
        reactive_rate: rate("reactive_rate")?,
    };
    let has_figures = figures != LossFigures::default();
    let method = match row.get::<String>("transformer_loss").map_err(wrong)? {
        Some(words) => TransformerLossMethod::from_words(&words)
            .ok_or_else(|| refused(Some("transformer_loss"), "无法识别", "not known"))?,
        None if kwh.is_some() => TransformerLossMethod::Fixed,
        None if has_figures => TransformerLossMethod::Formula,
        None => TransformerLossMethod::None,
    };
    let fixed = method == TransformerLossMethod::Fixed;
    let negative = [kwh, kvarh].into_iter().flatten().any(Quantity::is_negative);
    if fixed != kwh.is_some() || (!fixed && kvarh.is_some()) || negative {
        return Err(refused(
            Some("loss_kwh"),
            "定量变损须填写不为负的电量，其他方式不填",
            "a fixed loss, and no other, needs its kWh, not negative",
        ));
    }
    let formula = LossFormula::from_figures(figures).filter(|formula| formula.is_possible());
    // Figures of the other formula would be lost: they are refused rather than passed over.
    let complete = formula.is_some_and(|formula| {
        let kept = formula.figures();
        (figures.copper_rate.is_some()
            || (kept.no_load_kvar == figures.no_load_kvar && kept.reactive_rate == figures.reactive_rate))
            && (figures.load_loss_kw.is_some()
                || (kept.no_load_current, kept.impedance, kept.shape)
                    == (figures.no_load_current, figures.impedance, figures.shape))
    });
    if has_figures != (method == TransformerLossMethod::Formula) || (has_figures && !complete) {
        return Err(refused(
            Some("no_load_kw"),
            "公式计损须填写空载损耗，以及短路损耗（可加空载电流、阻抗电压、负荷形状系数）或铜损率（可加空载无功、无功铜损率）；其他方式不填",
            "loss by formula, and no other, needs a no-load loss and either a load loss (with no-load current, impedance, shape) or a copper rate (with no-load kvar, reactive rate)",
        ));
    }
    Ok(TransformerLoss { method, kwh, kvarh, formula })
}
