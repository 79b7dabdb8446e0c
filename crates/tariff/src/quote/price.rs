//! Inline prices: what a file says about a price, gathered from its several places.

use kernel::{Exact, Price, Quantity, Rate};

use super::catalog::FUNDS;
use super::error::Quoted;
use super::fields::{Fields, amount_of, choice_of, figure_of};
use super::node::{Node, Source, Start, Value};
use crate::model::{Category, Period};

/// Words for the category of a customer.
pub(super) const CATEGORIES: [(&[&str], Category); 5] = [
    (
        &[
            "residential",
            "resident",
            "household",
            "domestic",
            "居民",
            "居民阶梯",
            "居民生活",
            "居民用户",
            "居民用电",
            "居民生活用电",
            "居民客户",
        ],
        Category::Residential,
    ),
    (
        &["residential_flat", "combined_meter", "合表", "居民合表", "非居民合表", "合表用户", "居民合表用户"],
        Category::ResidentialFlat,
    ),
    (
        &[
            "single_part",
            "single",
            "commercial",
            "general",
            "general_commercial",
            "non_resident",
            "other",
            "industrial",
            "单一制",
            "单一制工商业",
            "一般工商业",
            "工商业",
            "非居民",
            "工业",
            "普通工业",
            "一般工业",
            "非工业",
            "商业",
            "单一制用户",
            "工商业单一制",
            "industry",
            "business",
        ],
        Category::SinglePart,
    ),
    (
        &[
            "two_part",
            "large_industry",
            "large_industrial",
            "两部制",
            "两部制工商业",
            "大工业",
            "大工业用电",
            "两部制用户",
            "工商业两部制",
        ],
        Category::TwoPart,
    ),
    (
        &["agricultural", "agriculture", "farm", "农业", "农业生产", "农业用电", "农业生产用电"],
        Category::Agricultural,
    ),
];

/// A component of an inline price.
#[derive(Debug, Clone)]
pub(super) struct DraftComponent {
    pub name: String,
    pub price: Price,
    pub floats: bool,
    pub in_power_factor_base: bool,
}

/// Tiers of an inline price.
#[derive(Debug, Clone, Default)]
pub(super) struct DraftTiers {
    pub span: Start,
    /// Thresholds, kWh.
    pub until: Vec<Quantity>,
    /// Absolute prices by period slot, tier 1 first.
    pub prices: Vec<[Option<Price>; Period::COUNT]>,
    /// Additions by period slot, tier 2 first.
    pub add: Vec<[Option<Price>; Period::COUNT]>,
    pub by_year: Option<bool>,
    /// Months (1 to 12) with thresholds of their own.
    pub seasons: Vec<(Vec<i64>, Vec<Quantity>)>,
    pub persons_from: Option<i64>,
    pub allowance_kwh: Option<Quantity>,
    pub free_kwh: Option<Quantity>,
}

/// Everything a file can say about a price.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    pub name: Option<String>,
    pub category: Option<Category>,
    /// Price by period slot; slot `Total` for a price that does not differ by time.
    pub energy: [Option<Price>; Period::COUNT],
    pub factors: [Option<Rate>; Period::COUNT],
    pub components: Vec<DraftComponent>,
    pub funds: Option<Vec<(String, Price)>>,
    pub contained: Vec<(String, Price)>,
    pub tiers: Option<DraftTiers>,
    pub capacity: Option<Price>,
    pub demand: Option<Price>,
    pub actual_demand: Option<Price>,
    pub floor: Option<Rate>,
    pub allowance: Option<Rate>,
    pub reading_a: Option<bool>,
    pub excess_factor: Option<Rate>,
    /// kWh per kVA, and the factor.
    pub discount: Option<(Quantity, Rate)>,
    pub vat: Option<Rate>,
    pub round: Option<u32>,
    /// A table the program carries: its name, class and voltage.
    pub table: Option<(String, Start)>,
    pub class: Option<(String, Start)>,
    pub voltage: Option<(String, Start)>,
    pub left_market: Option<bool>,
    pub purchase_price: Option<Price>,
}

const ENERGY: [&[&str]; Period::COUNT] = [
    &["energy", "energy_price", "base", "base_price", "unit_price", "price_per_kwh", "total"],
    &["sharp", "sharp_price", "sharp_peak", "energy_price_sharp"],
    &["peak", "peak_price", "energy_price_peak"],
    &["flat", "flat_price", "energy_price_flat"],
    &["valley", "valley_price", "energy_price_valley"],
    &["deep_valley", "deep_valley_price", "energy_price_deep_valley"],
];
/// The same where other keys share the table with kWh and readings.
const ENERGY_BESIDE: [&[&str]; Period::COUNT] = [
    &["energy_price", "base_price", "unit_price", "price_per_kwh"],
    &["sharp_price", "energy_price_sharp"],
    &["peak_price", "energy_price_peak"],
    &["flat_price", "energy_price_flat"],
    &["valley_price", "energy_price_valley"],
    &["deep_valley_price", "energy_price_deep_valley"],
];
const FACTORS: [&[&str]; Period::COUNT] =
    [&[], &["sharp_factor"], &["peak_factor"], &["flat_factor"], &["valley_factor"], &["deep_valley_factor"]];
const FLOATS: [&[&str]; Period::COUNT] =
    [&[], &["sharp_float"], &["peak_float"], &["flat_float"], &["valley_float"], &["deep_valley_float"]];

/// Prices by period of a node: a number for all of them, or a table.
fn by_period(source: Source<'_>, node: &Node) -> Quoted<[Option<Price>; Period::COUNT]> {
    let mut prices = [None; Period::COUNT];
    if let Value::Table(_) = node.value {
        let fields = Fields::of(source, node)?;
        for period in Period::ALL {
            prices[period.index()] = fields.figure(ENERGY[period.index()])?;
        }
        fields.finish()?;
    } else {
        prices[0] = Some(figure_of(source, node)?);
    }
    Ok(prices)
}

/// Names with a price each: `{ "农网还贷" = 0.02 }` or a list of `{ name, price }`.
pub(super) fn named_prices(source: Source<'_>, node: &Node) -> Quoted<Vec<(String, Price)>> {
    let mut named = Vec::new();
    match &node.value {
        Value::Flag(false) => {}
        Value::Table(entries) => {
            for entry in entries.iter().filter(|entry| !matches!(entry.node.value, Value::Nothing)) {
                named.push((entry.key.clone(), figure_of(source, &entry.node)?));
            }
        }
        Value::List(list) => {
            for each in list {
                let fields = Fields::of(source, each)?;
                let name = fields.text(&["name"])?.unwrap_or_else(|| format!("fund {}", named.len() + 1));
                let Some(price) = fields.figure(&["price", "per_kwh"])? else {
                    return Err(fields.refuse("缺少 price", "`price` is missing"));
                };
                fields.finish()?;
                named.push((name, price));
            }
        }
        _ => named.push((FUNDS.to_owned(), figure_of(source, node)?)),
    }
    Ok(named)
}

impl Draft {
    /// Reads a price node: a number, a name of `[prices]` or of a table, or an inline table.
    pub fn read(&mut self, source: Source<'_>, node: &Node) -> Quoted<()> {
        match &node.value {
            Value::Table(_) => {
                let fields = Fields::of(source, node)?;
                self.fill(&fields, false)?;
                fields.finish()
            }
            Value::Text(text) if !text.trim().starts_with(|c: char| c.is_ascii_digit() || c == '.') => {
                self.table = Some((text.clone(), node.span));
                Ok(())
            }
            _ => {
                self.energy[0] = Some(figure_of(source, node)?);
                Ok(())
            }
        }
    }

    /// Fills what is still open from `fields`; `beside` when the table holds other things as well.
    pub fn fill(&mut self, fields: &Fields<'_>, beside: bool) -> Quoted<()> {
        let source = fields.source;
        let energy = if beside { &ENERGY_BESIDE } else { &ENERGY };
        for period in Period::ALL {
            let place = period.index();
            if let Some(node) = fields.node(energy[place])? {
                let found = by_period(source, node)?;
                if place == 0 {
                    for (slot, price) in self.energy.iter_mut().zip(found) {
                        *slot = slot.or(price);
                    }
                } else {
                    self.energy[place] = self.energy[place].or(found[0]);
                }
            }
            self.factors[place] = self.factors[place].or(fields.amount(FACTORS[place])?);
            if let Some(float) = fields.rate(FLOATS[place])? {
                let factor =
                    float.plus(Rate::ONE).map_err(|_| fields.refuse("浮动过大", "the float is too large"))?;
                self.factors[place] = self.factors[place].or(Some(factor));
            }
        }
        if let Some(factors) = fields.table(&["factors"])? {
            for period in Period::DIVIDED {
                let place = period.index();
                let own = [period.key()];
                self.factors[place] = self.factors[place].or(factors.amount(&own)?);
            }
            factors.finish()?;
        }
        for component in fields.tables(&["component", "components", "parts"])? {
            self.component(&component)?;
        }
        if let Some(node) = fields.node(&["funds", "fund", "surcharges", "funds_per_kwh"])? {
            self.funds.get_or_insert(named_prices(source, node)?);
        }
        if let Some(node) = fields.node(&["contained_funds"])? {
            self.contained = named_prices(source, node)?;
        }
        self.tiers(fields)?;
        self.basic(fields, beside)?;
        if self.category.is_none() {
            self.category = fields.choice(&["category", "用电类别"], &CATEGORIES)?;
        }
        self.vat = self.vat.or(fields.rate(&["vat", "vat_rate"])?);
        if let Some(round) = fields.count(&["round_prices", "price_decimals"], 0, 12)? {
            self.round = self.round.or(u32::try_from(round).ok());
        }
        let spanned = |names: &[&'static str]| -> Quoted<Option<(String, Start)>> {
            Ok(fields.text(names)?.map(|text| (text, fields.span_of(names))))
        };
        if let Some(table) = spanned(&["table", "price_table"])? {
            self.table = self.table.take().or(Some(table));
        }
        if let Some(class) = spanned(&["class"])? {
            self.class = self.class.take().or(Some(class));
        }
        if let Some(voltage) = spanned(&["voltage", "supply"])? {
            self.voltage = self.voltage.take().or(Some(voltage));
        }
        self.left_market = self.left_market.or(fields.flag(&["left_market", "market_leaver", "退市"])?);
        self.purchase_price =
            self.purchase_price.or(fields.figure(&["purchase_price", "own_purchase_price"])?);
        if !beside && self.name.is_none() {
            self.name = fields.text(&["name"])?;
        }
        Ok(())
    }

    fn component(&mut self, fields: &Fields<'_>) -> Quoted<()> {
        let name =
            fields.text(&["name"])?.unwrap_or_else(|| format!("component {}", self.components.len() + 1));
        let Some(price) = fields.figure::<Price>(&["price", "per_kwh"])? else {
            return Err(fields.refuse("缺少 price", "`price` is missing"));
        };
        let price = match fields.amount::<Rate>(&["multiple", "factor", "times"])? {
            Some(multiple) => times(price, multiple, None)
                .map_err(|error| super::fields::figure_error(fields.source, &fields.span, &error))?,
            None => price,
        };
        let floats = fields.flag(&["floats"])?.unwrap_or(false);
        let fund = fields.flag(&["fund"])?.unwrap_or(false);
        let in_power_factor_base = fields.flag(&["in_power_factor_base", "pf_base"])?.unwrap_or(true);
        fields.finish()?;
        if fund {
            self.funds.get_or_insert_default().push((name, price));
        } else {
            self.components.push(DraftComponent { name, price, floats, in_power_factor_base });
        }
        Ok(())
    }

    fn basic(&mut self, fields: &Fields<'_>, beside: bool) -> Quoted<()> {
        let (capacity, demand, actual): (&[&str], &[&str], &[&str]) = if beside {
            (&["capacity_price"], &["demand_price"], &["actual_demand_price"])
        } else {
            (
                &["capacity", "capacity_price", "per_kva"],
                &["demand", "demand_price", "per_kw"],
                &["actual_demand", "actual_demand_price"],
            )
        };
        self.capacity = self.capacity.or(fields.amount(capacity)?);
        self.demand = self.demand.or(fields.amount(demand)?);
        self.actual_demand = self.actual_demand.or(fields.amount(actual)?);
        self.floor = self.floor.or(fields.rate(&["demand_floor", "floor"])?);
        self.allowance = self.allowance.or(fields.rate(&["demand_allowance", "allowance"])?);
        self.excess_factor = self.excess_factor.or(fields.amount(&["excess_factor"])?);
        let reading =
            fields.choice(&["demand_reading", "excess_reading"], &[(&["a"], true), (&["b"], false)])?;
        self.reading_a = self.reading_a.or(reading);
        if let Some(node) = fields.node(&["load_discount"])? {
            let mut discount = (default_quantity(260), default_rate("0.9"));
            match &node.value {
                Value::Flag(false) => return Ok(()),
                Value::Flag(true) => {}
                _ => {
                    let inner = Fields::of(fields.source, node)?;
                    discount.0 = inner.amount(&["from_kwh_per_kva", "from"])?.unwrap_or(discount.0);
                    discount.1 = inner.amount(&["factor"])?.unwrap_or(discount.1);
                    inner.finish()?;
                }
            }
            self.discount.get_or_insert(discount);
        }
        Ok(())
    }

    fn tiers(&mut self, fields: &Fields<'_>) -> Quoted<()> {
        let source = fields.source;
        let mut tiers = DraftTiers { span: fields.span_of(&["tiers", "tier"]), ..DraftTiers::default() };
        let mut found = false;
        match fields.node(&["tiers", "tier"])? {
            Some(Node { value: Value::List(list), .. }) => {
                found = true;
                for (index, each) in list.iter().enumerate() {
                    let tier = Fields::of(source, each)?;
                    if let Some(until) = tier.amount(&["until", "until_kwh", "to"])? {
                        tiers.until.push(until);
                    }
                    if let Some(price) = tier.node(&["price"])? {
                        tiers.prices.push(by_period(source, price)?);
                    }
                    if let Some(add) = tier.node(&["add", "add_on"])? {
                        let add = by_period(source, add)?;
                        if index > 0 {
                            tiers.add.push(add);
                        }
                    }
                    tier.finish()?;
                }
            }
            Some(node) => {
                found = true;
                let inner = Fields::of(source, node)?;
                tiers.table(&inner)?;
                inner.finish()?;
            }
            None => {}
        }
        let flat: [(&[&'static str], usize); 2] = [
            (&["tier1_until", "annual_t1", "monthly_t1", "t1"], 0),
            (&["tier2_until", "annual_t2", "monthly_t2", "t2"], 1),
        ];
        let monthly = fields.has(&["monthly_t1", "monthly_t2"]);
        let yearly = fields.has(&["annual_t1", "annual_t2"]);
        for (names, _) in flat {
            if let Some(until) = fields.amount(names)? {
                tiers.until.push(until);
                found = true;
            }
        }
        if monthly || yearly {
            tiers.by_year = tiers.by_year.or(Some(yearly));
        }
        let adds: [&[&'static str]; 2] = [&["tier2_add", "add2"], &["tier3_add", "add3"]];
        for names in adds {
            if let Some(node) = fields.node(names)? {
                tiers.add.push(by_period(source, node)?);
                found = true;
            }
        }
        let prices: [&[&'static str]; 3] = [&["tier1_price"], &["tier2_price"], &["tier3_price"]];
        for names in prices {
            if let Some(node) = fields.node(names)? {
                tiers.prices.push(by_period(source, node)?);
                found = true;
            }
        }
        if let Some(by_year) = tier_span(fields, &["tier_period", "tiers_by"])? {
            tiers.by_year = Some(by_year);
        }
        tiers.persons_from = tiers.persons_from.or(fields.count(&["persons_from"], 1, 255)?);
        tiers.allowance_kwh = tiers.allowance_kwh.or(fields.amount(&[
            "allowance_kwh",
            "extra_per_month",
            "person_allowance_kwh",
        ])?);
        tiers.free_kwh = tiers.free_kwh.or(fields.amount(&["free_kwh_per_month"])?);
        if found && self.tiers.is_none() {
            self.tiers = Some(tiers);
        }
        Ok(())
    }
}

fn tier_span(fields: &Fields<'_>, names: &[&'static str]) -> Quoted<Option<bool>> {
    let Some(node) = fields.node(names)? else { return Ok(None) };
    let words: [(&[&str], bool); 2] = [
        (&["year", "yearly", "annual", "年"], true),
        (&["month", "monthly", "seasonal", "season", "月"], false),
    ];
    choice_of(fields.source, node, &words).map(Some)
}

impl DraftTiers {
    fn table(&mut self, fields: &Fields<'_>) -> Quoted<()> {
        let source = fields.source;
        if let Some(node) = fields.node(&["until", "until_kwh", "thresholds"])? {
            self.until = quantities(source, node)?;
        }
        let each = |node: &Node| -> Quoted<Vec<[Option<Price>; Period::COUNT]>> {
            match &node.value {
                Value::List(list) => list.iter().map(|one| by_period(source, one)).collect(),
                _ => Ok(vec![by_period(source, node)?]),
            }
        };
        if let Some(node) = fields.node(&["prices", "price"])? {
            self.prices = each(node)?;
        }
        if let Some(node) = fields.node(&["add", "adds", "add_on", "add_ons"])? {
            self.add = each(node)?;
        }
        self.by_year = tier_span(fields, &["period", "by", "counted"])?;
        for season in fields.tables(&["season", "seasons"])? {
            let months = match season.node(&["months"])? {
                Some(Node { value: Value::List(list), .. }) => {
                    let mut months = Vec::new();
                    for month in list {
                        months.extend(months_of(source, month)?);
                    }
                    months
                }
                Some(node) => months_of(source, node)?,
                None => {
                    return Err(season.refuse(
                        "缺少 months，例如 [5, 6, 7] 或 \"5-10\"",
                        "`months` is missing, for example [5, 6, 7] or \"5-10\"",
                    ));
                }
            };
            let Some(until) = season.node(&["until", "until_kwh", "thresholds"])? else {
                return Err(season.refuse("缺少 until", "`until` is missing"));
            };
            let until = quantities(source, until)?;
            season.finish()?;
            self.seasons.push((months, until));
        }
        self.persons_from = fields.count(&["persons_from"], 1, 255)?;
        self.allowance_kwh = fields.amount(&["allowance_kwh", "extra_per_month"])?;
        self.free_kwh = fields.amount(&["free_kwh", "free_kwh_per_month"])?;
        Ok(())
    }
}

/// A month of the year, or several such as `"5-10"` and `"11-4"`.
fn months_of(source: Source<'_>, node: &Node) -> Quoted<Vec<i64>> {
    let month = |text: &str| {
        let number = text.trim().trim_end_matches('月').trim().parse::<i64>().ok();
        number.filter(|number| (1..=12).contains(number))
    };
    let text = super::fields::text_of(source, node)?;
    let found = match text.split_once(['-', '~', '–', '至', '到']) {
        None => month(&text).map(|month| vec![month]),
        Some((from, to)) => month(from).zip(month(to)).map(|(from, to)| {
            let last = if to < from { to + 12 } else { to };
            (from..=last).map(|month| (month - 1) % 12 + 1).collect()
        }),
    };
    found.ok_or_else(|| {
        source.refuse(
            &node.span,
            "月份须为 1 到 12，例如 5 或 \"5-10\"",
            "a month is 1 to 12: 5, or \"5-10\" for several",
        )
    })
}

/// One quantity or a list of them.
pub(super) fn quantities(source: Source<'_>, node: &Node) -> Quoted<Vec<Quantity>> {
    match &node.value {
        Value::List(list) => list.iter().map(|each| amount_of(source, each)).collect(),
        _ => Ok(vec![amount_of(source, node)?]),
    }
}

/// A default that is a whole number of units.
pub(super) fn default_quantity(value: i64) -> Quantity {
    Quantity::whole(value).unwrap_or_default()
}
/// A default written as a decimal.
pub(super) fn default_rate(text: &str) -> Rate {
    text.parse().unwrap_or_default()
}
/// A price times a factor, exact to 12 places.
pub(super) fn times(price: Price, factor: Rate, places: Option<u32>) -> Result<Price, kernel::FigureError> {
    let exact: Exact = price.exact().times(factor.exact())?;
    exact.to_price(places.unwrap_or(Price::PLACES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_of_the_year_are_one_or_several() {
        let source = Source { file: "a.toml", text: "" };
        let months = |text: &str| {
            let node = Node { span: 0, value: Value::Text(text.to_owned()) };
            months_of(source, &node).ok()
        };
        let cases: [(&str, &[i64]); 7] = [
            ("7", &[7]),
            ("12月", &[12]),
            ("5-10", &[5, 6, 7, 8, 9, 10]),
            ("11-4", &[11, 12, 1, 2, 3, 4]),
            ("12 至 1月", &[12, 1]),
            ("6~6", &[6]),
            ("1-12", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
        ];
        for (text, expected) in cases {
            assert_eq!(months(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["0", "13", "0-5", "5-13", "May", "5-", ""] {
            assert_eq!(months(text), None, "{text}");
        }
    }
}
