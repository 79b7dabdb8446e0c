//! The plans of one quote: compiled from inline prices, or taken from the tables the program carries.

use kernel::{Date, Text};

use super::error::Quoted;
use super::fields::nearest;
use super::node::{Source, Start};
use super::price::{CATEGORIES, Draft};
use crate::engine::{Plan, PlanRequest, Plans};
use crate::model::{Category, ComponentId, PlanId, VoltageLevel};
use crate::table::{PriceTable, SHIPPED, shipped_table};

/// The code of a price that is not made of components.
pub(super) const ENERGY: &str = "energy";

/// The code of a fund that has no name.
pub(super) const FUNDS: &str = "funds";

/// Plans and components under construction.
#[derive(Debug)]
pub(super) struct Catalog<'t> {
    pub plans: Plans,
    /// Tables beside those that the program carries.
    tables: &'t [PriceTable],
}

impl<'t> Catalog<'t> {
    /// With the two components every bill may have.
    pub fn new(tables: &'t [PriceTable]) -> Catalog<'t> {
        Catalog { plans: Plans::new(), tables }
    }
    /// The component of that code, made when it is new; a fund may have the name of a part of the price.
    pub fn component(&mut self, code: &str, fund: bool) -> ComponentId {
        let name = match code {
            ENERGY => Text::new("电度电费", "energy charge"),
            FUNDS => Text::new("基金及附加", "funds"),
            _ => Text::new(code, code),
        };
        let other = format!("{code} ({})", if fund { "fund" } else { "price" });
        self.plans
            .intern(code, &name, fund)
            .or_else(|| self.plans.intern(&other, &name, fund))
            .unwrap_or(ComponentId::BASIC)
    }
    /// Adds a plan.
    pub fn add(&mut self, plan: Plan) -> PlanId {
        self.plans.plans.push(plan);
        PlanId(u32::try_from(self.plans.plans.len() - 1).unwrap_or(u32::MAX))
    }

    /// The plan of a table, one that is known here or one that the program carries; `divided` when the energy is known by
    /// period.
    pub fn plan_of_table(
        &mut self,
        source: Source<'_>,
        id: &str,
        span: &Start,
        draft: &Draft,
        divided: bool,
    ) -> Quoted<PlanId> {
        let given = self.tables.iter().find(|table| table.id() == id.trim()).cloned();
        let table = match given.map(Ok).or_else(|| shipped_table(id.trim())) {
            Some(Ok(table)) => table,
            Some(Err(error)) => return Err(source.refuse(span, error.zh, error.en)),
            None => {
                let mut known: Vec<&str> = self.tables.iter().map(PriceTable::id).collect();
                known.extend(
                    SHIPPED.iter().map(|table| table.id).filter(|id| !known.contains(id)).collect::<Vec<_>>(),
                );
                let (zh, en) = match nearest(id, known.iter().copied()) {
                    Some(name) => (format!("，是否指“{name}”？"), format!("; did you mean `{name}`?")),
                    None => (
                        format!("；现有：{}", known.join("、")),
                        format!("; there are: {}", known.join(", ")),
                    ),
                };
                let id: String = id.chars().take(40).collect();
                return Err(source.refuse(
                    span,
                    format!("没有名为“{id}”的电价或电价表{zh}"),
                    format!("there is no price or price table `{id}`{en}"),
                ));
            }
        };
        let classes: Vec<&str> = table.classes().map(|class| class.code).collect();
        let of_category = |wanted: Category| {
            let classes = || table.classes().filter(|class| class.category == wanted);
            let timed = classes().find(|class| divided && class.code.ends_with("_tou"));
            timed.or_else(|| classes().next()).map(|class| class.code.to_owned())
        };
        let class = match &draft.class {
            Some((class, _)) if classes.contains(&class.trim()) => class.trim().to_owned(),
            Some((class, span)) => match category_of(class).and_then(of_category) {
                Some(class) => class,
                None => {
                    return Err(source.refuse(
                        span,
                        format!("该表没有此用电类别；现有：{}", classes.join("、")),
                        format!("the table has no such class; there are: {}", classes.join(", ")),
                    ));
                }
            },
            None => {
                // A table of one kind of customer is meant for it: its first class is the plain one.
                let one_kind = || {
                    let households = [Category::Residential, Category::ResidentialFlat];
                    table
                        .classes()
                        .all(|class| households.contains(&class.category))
                        .then(|| of_category(Category::Residential))
                        .flatten()
                };
                match draft.category.and_then(of_category).or_else(one_kind) {
                    Some(class) => class,
                    None => {
                        return Err(source.refuse(
                            span,
                            format!("请给出 class；现有：{}", classes.join("、")),
                            format!("`class` is missing; there are: {}", classes.join(", ")),
                        ));
                    }
                }
            }
        };
        let levels = table.voltages(&class);
        let named = || levels.iter().map(|level| level.key()).collect::<Vec<_>>().join(", ");
        let voltage = match &draft.voltage {
            Some((text, span)) => {
                let level = voltage(text).filter(|level| levels.contains(level));
                level.ok_or_else(|| {
                    source.refuse(
                        span,
                        format!("该类别没有此电压等级；现有：{}", named()),
                        format!("the class has no such voltage; there are: {}", named()),
                    )
                })?
            }
            None => match levels.first() {
                Some(level) => *level,
                None => {
                    return Err(source.refuse(span, "该类别没有电压等级", "the class has no voltage level"));
                }
            },
        };
        let mut request = PlanRequest::new(&class, voltage);
        request.left_market = draft.left_market.unwrap_or(false);
        request.own_purchase_price = draft.purchase_price;
        self.plans.compile(&table, &request).map_err(|error| source.refuse(span, error.zh, error.en))
    }
}

/// A class named by a word for a kind of customer.
fn category_of(word: &str) -> Option<Category> {
    let word = word.trim().to_lowercase().replace(['-', ' '], "_");
    CATEGORIES.iter().find(|(words, _)| words.contains(&word.as_str())).map(|(_, category)| *category)
}

/// A voltage as people write it: `10kV`, `<1kV`, `220V`, `1-10`, or a key of the tables.
fn voltage(text: &str) -> Option<VoltageLevel> {
    let plain = text.trim().to_lowercase().replace(' ', "");
    if let Some(level) = VoltageLevel::from_key(&plain) {
        return Some(level);
    }
    let plain = plain.replace("千伏", "kv").replace('伏', "v");
    if plain.starts_with(['<', '不']) || plain == "lv" {
        return Some(VoltageLevel::Below1kv);
    }
    if plain.starts_with(['≥', '>']) && plain.contains("220") {
        return Some(VoltageLevel::From220kv);
    }
    let (digits, volts) = match plain.strip_suffix("kv") {
        Some(digits) => (digits, 1000),
        None => match plain.strip_suffix('v') {
            Some(digits) => (digits, 1),
            None => (plain.as_str(), 1000),
        },
    };
    let last = digits.rsplit(['-', '~', '–']).next()?;
    let value: kernel::Quantity = last.parse().ok()?;
    let volts = value.units().checked_div(kernel::Quantity::SCALE / 1000)?.checked_mul(volts)? / 1000;
    Some(match volts {
        ..1_000 => VoltageLevel::Below1kv,
        1_000..20_000 => VoltageLevel::From1To10kv,
        20_000..35_000 => VoltageLevel::From20To35kv,
        35_000..110_000 => VoltageLevel::From35To110kv,
        110_000..220_000 => VoltageLevel::From110To220kv,
        _ => VoltageLevel::From220kv,
    })
}

/// The first day of all: inline prices are in force whenever the file says so.
pub(super) fn always() -> Date {
    Date::new(1, 1, 1).unwrap_or_else(|_| unreachable!("1 January of year 1 is a day of the calendar"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voltages_are_read_as_people_write_them() {
        let cases = [
            ("10kV", "1_10kv"),
            ("10 千伏", "1_10kv"),
            ("220V", "below_1kv"),
            ("0.4kV", "below_1kv"),
            ("<1kV", "below_1kv"),
            ("20kV", "20_35kv"),
            ("19.9kV", "1_10kv"),
            ("35", "35_110kv"),
            ("1-10kV", "1_10kv"),
            ("110kV", "110_220kv"),
            ("≥220kV", "from_220kv"),
            ("220kV", "from_220kv"),
        ];
        for (text, key) in cases {
            assert_eq!(voltage(text).map(VoltageLevel::key), Some(key), "{text}");
        }
        assert_eq!(voltage("ten"), None);
    }
}
