//! Changes of the account itself, of its terms and of its points.

use kernel::{Date, Month, Quantity, Rate, Text};

use super::{Circumstances, Drafting, capacity, meter, no_terms};
use crate::account::rules;
use crate::account::{
    Account, AccountDetails, AccountField, AccountStatus, BasicMethod, Category, CollectionMethod,
    LineLossMethod, LossFormula, Options, Point, PointRelation, PowerFactorStandard, TaxStatus,
    TransformerLossMethod, VoltageLevel,
};
use crate::parameter::change::{NewAccount, NewPoint};
use crate::parameter::fault::Fault;
use crate::parameter::supply::Supply;

/// Persons of a household at most.
const PERSONS_MAX: u8 = 50;
/// Points of an account at most.
const POINTS_MAX: usize = 50;
const NAME_CHARS_MAX: usize = 100;
const ADDRESS_CHARS_MAX: usize = 200;

pub(super) fn text(field: &'static str, value: &str, most: usize, needed: bool) -> Result<String, Fault> {
    let value = value.trim();
    let chars = value.chars().count();
    if chars > most || value.chars().any(char::is_control) || (needed && chars == 0) {
        let why = Text::new(
            format!("应为{}不超过 {most} 字的文字", if needed { "非空且" } else { "" }),
            format!("it is a text of at most {most} characters{}", if needed { ", not empty" } else { "" }),
        );
        return Err(Fault::Value { field, why });
    }
    Ok(value.to_owned())
}

fn value<T>(field: &'static str, zh: &str, en: &str) -> Result<T, Fault> {
    Err(Fault::Value { field, why: Text::new(zh, en) })
}

pub(super) fn price_class(drafting: &mut Drafting<'_>, class: &str, from: Date) -> Result<(), Fault> {
    let class = text("price_class", class, 64, true)?;
    let old = drafting.supply.details.account.price_class.clone();
    drafting.note("price_class", Some(old), Some(class.clone()), from)?;
    drafting.supply.details.account.price_class = class;
    Ok(())
}

/// Another kind of customer. The capacity decides who may or must be two-part. Source: rules 3, NDRC 2023 no. 526.
pub(super) fn category(
    drafting: &mut Drafting<'_>,
    category: Category,
    class: &str,
    from: Date,
) -> Result<(), Fault> {
    let old = drafting.supply.details.account.category;
    drafting.note("category", Some(old.key().into()), Some(category.key().into()), from)?;
    check_part(drafting, category, from)?;
    drafting.supply.details.account.category = category;
    if drafting.supply.details.account.price_class != class.trim() {
        price_class(drafting, class, from)?;
    }
    Ok(())
}

fn check_part(drafting: &Drafting<'_>, category: Category, from: Date) -> Result<(), Fault> {
    let rules = drafting.now.rules;
    let installed = capacity::installed_kva(&drafting.supply, from)?;
    let limit = |name: &str| rules.value(name, from).map(Quantity::whole).transpose();
    match category {
        Category::TwoPart if limit("two_part_above")?.is_some_and(|kva| installed <= kva) => {
            value("category", "容量过小，应执行单一制", "the capacity is too small for two-part prices")
        }
        Category::SinglePart if limit("two_part_from")?.is_some_and(|kva| installed >= kva) => {
            value("category", "该容量应执行两部制", "a capacity like this has two-part prices")
        }
        _ => Ok(()),
    }
}

pub(super) fn voltage(drafting: &mut Drafting<'_>, voltage: VoltageLevel, from: Date) -> Result<(), Fault> {
    let old = drafting.supply.details.account.voltage;
    drafting.note("voltage", Some(old.key().into()), Some(voltage.key().into()), from)?;
    drafting.supply.details.account.voltage = voltage;
    Ok(())
}

pub(super) fn persons(drafting: &mut Drafting<'_>, persons: u8, from: Date) -> Result<(), Fault> {
    let account = &drafting.supply.details.account;
    if account.category != Category::Residential {
        return value("persons", "只有居民生活用户有家庭人口", "only a household has persons");
    }
    if !(1..=PERSONS_MAX).contains(&persons) {
        return value("persons", "应为 1 至 50 人", "1 to 50 persons");
    }
    let old = account.persons;
    drafting.note("persons", Some(old.to_string()), Some(persons.to_string()), from)?;
    drafting.supply.details.account.persons = persons;
    Ok(())
}

pub(super) fn option(
    drafting: &mut Drafting<'_>,
    field: &'static str,
    option: Options,
    yes: bool,
    from: Date,
) -> Result<(), Fault> {
    let options = drafting.supply.details.account.options;
    if option == Options::FREE_ENERGY && drafting.supply.details.account.category != Category::Residential {
        return value(field, "只有居民生活用户可以享受低保减免", "only a household is entitled to it");
    }
    let word = |yes: bool| Some(if yes { "yes" } else { "no" }.to_owned());
    drafting.note(field, word(options.has(option)), word(yes), from)?;
    drafting.supply.details.account.options = options.with(option, yes);
    Ok(())
}

/// Another particular of the same customer.
pub(super) fn detail(
    drafting: &mut Drafting<'_>,
    field: AccountField,
    value: &str,
    from: Date,
) -> Result<(), Fault> {
    let key = field.key();
    let (old, new) = rules::change(&mut drafting.supply.details, field, value)
        .map_err(|why| Fault::Value { field: key, why })?;
    drafting.note(key, Some(old), Some(new), from)
}

/// Another customer; the tiers of a household count from the month of the transfer. Source: decisions, tier thresholds.
pub(super) fn transfer(
    drafting: &mut Drafting<'_>,
    name: &str,
    phone: &str,
    (tax, collection): (TaxStatus, CollectionMethod),
    from: Date,
) -> Result<(), Fault> {
    let name = text("name", name, NAME_CHARS_MAX, true)?;
    let phone = text("phone", phone, 40, false)?;
    let details = &drafting.supply.details;
    let (old_name, old_phone, old_tax, old_collection) =
        (details.name.clone(), details.phone.clone(), details.tax, details.collection);
    let old_start = details.account.tier_start;
    drafting.note("name", Some(old_name), Some(name.clone()), from)?;
    if old_phone != phone {
        drafting.note("phone", Some(old_phone), Some(phone.clone()), from)?;
    }
    if old_tax != tax {
        drafting.note("tax", Some(old_tax.key().into()), Some(tax.key().into()), from)?;
    }
    if old_collection != collection {
        drafting.note(
            "collection",
            Some(old_collection.key().into()),
            Some(collection.key().into()),
            from,
        )?;
    }
    if drafting.supply.details.account.category == Category::Residential {
        let month = |month: Month| month.to_string();
        if old_start != Some(from.month()) {
            drafting.note("tier_start", old_start.map(month), Some(month(from.month())), from)?;
        }
        let account = &mut drafting.supply.details.account;
        account.tier_start = Some(from.month());
        account.options = account.options.with(Options::TRANSFERRED, true);
    }
    let details = &mut drafting.supply.details;
    (details.name, details.phone, details.tax, details.collection) = (name, phone, tax, collection);
    Ok(())
}

/// Refuses a day that does not begin a period of so many months. Where a month begins with the reading day of the
/// book, that day is the first one.
fn check_period(now: Circumstances<'_>, name: &str, by_reading_day: bool, from: Date) -> Result<(), Fault> {
    let Some(months) = now.rules.value(name, from) else { return Ok(()) };
    let month = i64::from(from.month().month_of_year()) - 1;
    let first =
        from.day() == 1 || (by_reading_day && now.reading_day.is_some_and(|day| from.day() == day as i8));
    if !first || month % months.max(1) != 0 {
        return Err(Fault::NotAtPeriodStart { from, months });
    }
    Ok(())
}

/// Refuses a contract demand below its share of the capacity in service. Source: rules 3, "by demand".
fn check_floor(drafting: &Drafting<'_>, kw: Quantity, from: Date) -> Result<(), Fault> {
    let Some(percent) = drafting.now.rules.value("contract_demand_floor", from) else { return Ok(()) };
    let capacity = capacity::in_service_kva(&drafting.supply, from)?;
    if i128::from(kw.units()) * 100 < i128::from(capacity.units()) * i128::from(percent) {
        return Err(Fault::BelowFloor { given: kw, percent, capacity });
    }
    Ok(())
}

/// The method of basic charge changes by the quarter, applied for 15 working days ahead; the first choice of a new
/// two-part customer is free. Source: rules 3.
pub(super) fn basic(
    drafting: &mut Drafting<'_>,
    method: BasicMethod,
    kw: Option<Quantity>,
    from: Date,
) -> Result<(), Fault> {
    let now = drafting.now;
    let account_id = drafting.supply.account_id();
    let old = drafting.supply.terms.clone().unwrap_or_else(|| no_terms(account_id));
    drafting.note("basic", Some(old.basic.key().into()), Some(method.key().into()), from)?;
    if old.basic != BasicMethod::None && method != BasicMethod::None {
        check_period(now, "basic_method_months", false, from)?;
        now.rules.check_lead(now.calendar, "basic_method_lead", now.applied_on, from)?;
    }
    if let Some(kw) = kw {
        check_floor(drafting, kw, from)?;
    }
    let figure = |kw: Option<Quantity>| kw.map(|kw| kw.to_string());
    if old.contract_demand_kw != kw {
        drafting.note("contract_demand", figure(old.contract_demand_kw), figure(kw), from)?;
    }
    drafting.supply.terms = Some(crate::account::Terms { basic: method, contract_demand_kw: kw, ..old });
    Ok(())
}

/// Contract demand changes by the month, applied for 5 working days ahead. Source: rules 3.
pub(super) fn contract_demand(drafting: &mut Drafting<'_>, kw: Quantity, from: Date) -> Result<(), Fault> {
    let now = drafting.now;
    let Some(old) = drafting.supply.terms.clone().filter(|terms| terms.basic == BasicMethod::ContractDemand)
    else {
        return value(
            "contract_demand",
            "该户不按合同最大需量计收",
            "the account is not charged by contract demand",
        );
    };
    check_period(now, "contract_demand_months", true, from)?;
    now.rules.check_lead(now.calendar, "contract_demand_lead", now.applied_on, from)?;
    check_floor(drafting, kw, from)?;
    let figure = |kw: Quantity| kw.to_string();
    drafting.note("contract_demand", old.contract_demand_kw.map(figure), Some(figure(kw)), from)?;
    drafting.supply.terms = Some(crate::account::Terms { contract_demand_kw: Some(kw), ..old });
    Ok(())
}

pub(super) fn power_factor(
    drafting: &mut Drafting<'_>,
    standard: Option<PowerFactorStandard>,
    from: Date,
) -> Result<(), Fault> {
    let account_id = drafting.supply.account_id();
    let old = drafting.supply.terms.clone().unwrap_or_else(|| no_terms(account_id));
    let key = |standard: PowerFactorStandard| standard.key().to_owned();
    drafting.note("power_factor", old.power_factor.map(key), standard.map(key), from)?;
    drafting.supply.terms = Some(crate::account::Terms { power_factor: standard, ..old });
    let account = &mut drafting.supply.details.account;
    account.options = account.options.with(Options::POWER_FACTOR, standard.is_some());
    Ok(())
}

fn not_negative(field: &'static str, figure: Option<Quantity>) -> Result<(), Fault> {
    if figure.is_some_and(|figure| figure < Quantity::default()) {
        return value(field, "不能为负", "it cannot be negative");
    }
    Ok(())
}

pub(super) fn transformer_loss(
    drafting: &mut Drafting<'_>,
    method: TransformerLossMethod,
    (kwh, kvarh): (Option<Quantity>, Option<Quantity>),
    formula: Option<LossFormula>,
    from: Date,
) -> Result<(), Fault> {
    let field = "transformer_loss";
    not_negative(field, kwh)?;
    not_negative(field, kvarh)?;
    if (method == TransformerLossMethod::Fixed) != kwh.is_some() {
        return value(
            field,
            "定量变损应给出每月电量，其他方式不应给出",
            "a fixed loss, and no other, needs its kWh",
        );
    }
    let account_id = drafting.supply.account_id();
    let old = drafting.supply.terms.clone().unwrap_or_else(|| no_terms(account_id));
    check_formula(method, formula)?;
    let next = crate::account::Terms {
        transformer_loss: method,
        transformer_loss_kwh: kwh,
        transformer_loss_kvarh: kvarh,
        loss_formula: formula,
        ..old.clone()
    };
    drafting.note(field, Some(loss_in_words(&old)), Some(loss_in_words(&next)), from)?;
    drafting.supply.terms = Some(next);
    Ok(())
}

/// A loss by formula, and no other, has its figures.
fn check_formula(method: TransformerLossMethod, formula: Option<LossFormula>) -> Result<(), Fault> {
    let field = "transformer_loss";
    if (method == TransformerLossMethod::Formula) != formula.is_some() {
        return value(
            field,
            "公式计损应给出公式参数，其他方式不应给出",
            "a loss by formula, and no other, needs the figures of its formula",
        );
    }
    if formula.is_some_and(|formula| !formula.is_possible()) {
        return value(
            field,
            "公式参数不能为负，比例应小于 1，形状系数应大于 0 且不超过 10",
            "figures of a formula are not negative, shares lie below 1, the shape above 0 and up to 10",
        );
    }
    Ok(())
}

/// How transformer loss is found, with its figures, as the history keeps it.
fn loss_in_words(terms: &crate::account::Terms) -> String {
    let mut words = terms.transformer_loss.key().to_owned();
    for figure in [terms.transformer_loss_kwh, terms.transformer_loss_kvarh].into_iter().flatten() {
        words.push_str(&format!(" {figure}"));
    }
    match terms.loss_formula {
        Some(LossFormula::CopperRate { no_load_kw, no_load_kvar, copper_rate, reactive_rate }) => {
            words.push_str(&format!(
                " P0 {no_load_kw} kW, Q0 {no_load_kvar} kvar, copper {copper_rate}, reactive {reactive_rate}"
            ));
        }
        Some(LossFormula::LoadSquare { no_load_kw, load_loss_kw, no_load_current, impedance, shape }) => {
            words.push_str(&format!(
                " P0 {no_load_kw} kW, Pk {load_loss_kw} kW, I0 {no_load_current}, Uk {impedance}, K {shape}"
            ));
        }
        None => {}
    }
    words
}

pub(super) fn line_loss(
    drafting: &mut Drafting<'_>,
    method: LineLossMethod,
    rate: Option<Rate>,
    kwh: Option<Quantity>,
    from: Date,
) -> Result<(), Fault> {
    let field = "line_loss";
    not_negative(field, kwh)?;
    if rate.is_some_and(|rate| rate < Rate::default() || rate >= Rate::ONE) {
        return value(field, "定比应在 0 与 1 之间", "a rate lies between 0 and 1");
    }
    if (method == LineLossMethod::Rate) != rate.is_some()
        || (method == LineLossMethod::Quantity) != kwh.is_some()
    {
        return value(field, "定比应给出比率，定量应给出电量", "a rate needs its rate, a quantity its kWh");
    }
    let account_id = drafting.supply.account_id();
    let old = drafting.supply.terms.clone().unwrap_or_else(|| no_terms(account_id));
    let word = |method: LineLossMethod, rate: Option<Rate>, kwh: Option<Quantity>| {
        let rate = rate.map(|rate| format!(" {rate}")).unwrap_or_default();
        Some(format!("{}{rate}{}", method.key(), kwh.map(|kwh| format!(" {kwh}")).unwrap_or_default()))
    };
    let before = word(old.line_loss, old.line_loss_rate, old.line_loss_kwh);
    drafting.note(field, before, word(method, rate, kwh), from)?;
    drafting.supply.terms =
        Some(crate::account::Terms { line_loss: method, line_loss_rate: rate, line_loss_kwh: kwh, ..old });
    Ok(())
}

fn built_points(account_id: i64, points: &[NewPoint]) -> Result<Vec<Point>, Fault> {
    if points.len() > POINTS_MAX {
        return value("points", "计量点不超过 50 个", "at most 50 points");
    }
    let mut built = Vec::with_capacity(points.len());
    for (index, point) in points.iter().enumerate() {
        let point_seq = index as i64 + 1;
        not_negative("points", point.fixed_kwh)?;
        let whole = point.relation == PointRelation::Metered;
        // A parent stands before its children, so that there is no circle.
        if whole == point.parent_seq.is_some()
            || point.parent_seq.is_some_and(|parent| !(1..point_seq).contains(&parent))
        {
            return value(
                "points",
                "总分、定量、定比计量点应指明其前的上级计量点",
                "a dependent point, and no other, names an earlier point as its parent",
            );
        }
        let right = (point.relation == PointRelation::FixedQuantity) == point.fixed_kwh.is_some()
            && (point.relation == PointRelation::FixedRatio) == point.fixed_ratio.is_some()
            && point.fixed_ratio.is_none_or(|ratio| ratio > Rate::default() && ratio <= Rate::ONE);
        if !right {
            return value(
                "points",
                "定量应给出电量，定比应给出 0 至 1 的比例",
                "a fixed quantity needs its kWh, a fixed ratio a ratio of 0 to 1",
            );
        }
        let price_class =
            point.price_class.as_deref().map(|class| text("points", class, 64, true)).transpose()?;
        built.push(Point {
            account_id,
            point_seq,
            price_class,
            time_of_use: point.time_of_use,
            relation: point.relation,
            parent_seq: point.parent_seq,
            fixed_kwh: point.fixed_kwh,
            fixed_ratio: point.fixed_ratio,
            bears_transformer_loss: point.bears_transformer_loss,
            bears_line_loss: point.bears_line_loss,
            in_power_factor: point.in_power_factor,
        });
    }
    Ok(built)
}

fn describe(points: &[Point]) -> Option<String> {
    (!points.is_empty()).then(|| {
        let one = |point: &Point| {
            let parent = point.parent_seq.map(|seq| format!("<{seq}")).unwrap_or_default();
            let kwh = point.fixed_kwh.map(|kwh| format!(" {kwh}")).unwrap_or_default();
            let ratio = point.fixed_ratio.map(|ratio| format!(" {ratio}")).unwrap_or_default();
            let flags: String = [
                (point.time_of_use, 'T'),
                (point.bears_transformer_loss, 'B'),
                (point.bears_line_loss, 'L'),
                (point.in_power_factor, 'P'),
            ]
            .iter()
            .filter_map(|(yes, flag)| yes.then_some(*flag))
            .collect();
            let class = point.price_class.as_deref().unwrap_or("-");
            format!("{}{parent} {} {class}{kwh}{ratio} {flags}", point.point_seq, point.relation.key())
        };
        points.iter().map(one).collect::<Vec<_>>().join("; ")
    })
}

pub(super) fn points(drafting: &mut Drafting<'_>, points: &[NewPoint], from: Date) -> Result<(), Fault> {
    let built = built_points(drafting.supply.account_id(), points)?;
    drafting.note("points", describe(&drafting.supply.points), describe(&built), from)?;
    drafting.supply.points = built;
    Ok(())
}

/// A new customer with everything. Source: PARM-01.
pub(super) fn open<'a>(
    (account_id, unit_id): (i64, i64),
    new: &NewAccount,
    from: Date,
    now: Circumstances<'a>,
) -> Result<Drafting<'a>, Fault> {
    if from > now.today {
        let why = Text::new("现场操作日期不能晚于今天", "what is done on site cannot lie ahead");
        return Err(Fault::Day { from, why });
    }
    let digits = new.number.chars().count();
    if !(10..=13).contains(&digits) || !new.number.chars().all(|char| char.is_ascii_digit()) {
        return value("number", "户号应为 10 至 13 位数字", "an account number has 10 to 13 digits");
    }
    if new.due_day > 31 || new.persons > PERSONS_MAX {
        return value(
            "account",
            "缴费日不超过 31，人口不超过 50",
            "the due day is at most 31, persons at most 50",
        );
    }
    let options = Options::default()
        .with(Options::DEDICATED_TRANSFORMER, new.dedicated)
        .with(Options::TIME_OF_USE, new.time_of_use)
        .with(Options::LOW_SIDE_METERING, new.low_side_metering)
        .with(Options::TEMPORARY, new.temporary)
        .with(Options::POWER_FACTOR, new.power_factor.is_some());
    let details = AccountDetails {
        account: Account {
            account_id,
            unit_id,
            book_id: new.book_id,
            category: new.category,
            voltage: new.voltage,
            price_class: text("price_class", &new.price_class, 64, true)?,
            options,
            persons: new.persons,
            tier_start: (new.category == Category::Residential).then(|| from.month()),
            due_day: new.due_day,
            status: AccountStatus::Active,
            opened_on: from,
            closed_on: None,
            main_account_id: None,
        },
        number: new.number.clone(),
        name: text("name", &new.name, NAME_CHARS_MAX, true)?,
        address: text("address", &new.address, ADDRESS_CHARS_MAX, true)?,
        phone: text("phone", &new.phone, 40, false)?,
        route_sequence: new.route_sequence.max(0),
        collection: new.collection,
        tax: new.tax,
        version: 1,
    };
    let mut terms = no_terms(account_id);
    terms.basic = new.basic;
    terms.contract_demand_kw = new.contract_demand_kw;
    terms.power_factor = new.power_factor;
    terms.transformer_loss = new.transformer_loss;
    check_formula(new.transformer_loss, new.loss_formula)?;
    terms.loss_formula = new.loss_formula;
    let supply = Supply {
        details,
        terms: (terms != no_terms(account_id)).then_some(terms),
        transformers: Vec::new(),
        events: Vec::new(),
        points: built_points(account_id, &new.points)?,
        meters: Vec::new(),
        shown: Vec::new(),
        last_totals: Vec::new(),
    };
    let mut drafting = Drafting { supply, history: Vec::new(), now };
    drafting.note("account", None, Some(new.number.clone()), from)?;
    for transformer in &new.transformers {
        capacity::connect(&mut drafting, &transformer.model, transformer.capacity_kva, from)?;
    }
    if new.category == Category::TwoPart || new.category == Category::SinglePart {
        check_part(&drafting, new.category, from)?;
    }
    if let Some(kw) = new.contract_demand_kw {
        check_floor(&drafting, kw, from)?;
    }
    if new.meters.is_empty() && new.points.iter().all(|point| point.relation == PointRelation::Metered) {
        return value("meter", "新装用户应有电能表", "a new account needs a meter");
    }
    for new_meter in &new.meters {
        meter::put_on(&mut drafting, new_meter, from)?;
    }
    Ok(drafting)
}
