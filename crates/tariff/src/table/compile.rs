//! From a table to a plan: final unit prices, exact or refused.

use std::collections::BTreeMap;
use std::ops::Range;

use kernel::{Date, Exact, Price, Rate};
use smallvec::SmallVec;
use toml::Spanned;

use super::PriceTable;
use super::parts::{basic_plan, tier_plan};
use super::schedule::months;
use super::schema::{Class, Component, ComponentKind, Factor, OneOrByPeriod, TimeOfUse, Voltage};
use crate::engine::{Plan, PlanFund, PlanPart, PlanRequest, Plans, PriceSet};
use crate::error::TableError;
use crate::model::{Category, ComponentId, Period, PlanId};

type Factors = BTreeMap<Period, Rate>;

/// One component of a class with its price and the cell it stands in.
struct Priced<'t> {
    component: &'t Component,
    price: OneOrByPeriod<Price>,
    at: Range<usize>,
}

impl Plans {
    /// Compiles a class at a voltage out of `table`, once: the same request gives the same number.
    pub fn compile(&mut self, table: &PriceTable, request: &PlanRequest) -> Result<PlanId, TableError> {
        let key = (table.id().to_owned(), table.version(), request.clone());
        if let Some(id) = self.known.get(&key) {
            return Ok(*id);
        }
        let plan = Compiler { table, request }.plan(self)?;
        let id = PlanId(u32::try_from(self.plans.len()).unwrap_or(u32::MAX));
        self.plans.push(plan);
        self.known.insert(key, id);
        Ok(id)
    }

    /// Compiles a class at a voltage out of a table that is not in force, for a trial: whatever is known under the
    /// table's name stays as it is, and the plan applies on every day. The components keep the numbers they have.
    pub fn compile_trial(&mut self, table: &PriceTable, request: &PlanRequest) -> Result<PlanId, TableError> {
        let plan = Compiler { table, request }.plan(self)?;
        let id = PlanId(u32::try_from(self.plans.len()).unwrap_or(u32::MAX));
        let from = Date::new(1, 1, 1).unwrap_or(plan.from);
        self.plans.push(Plan { from, to: None, ..plan });
        Ok(id)
    }
}

struct Compiler<'t> {
    table: &'t PriceTable,
    request: &'t PlanRequest,
}

impl<'t> Compiler<'t> {
    fn error<T>(&self, at: Range<usize>, zh: String, en: String) -> Result<T, TableError> {
        Err(self.table.source().error(at, zh, en))
    }

    fn class(&self) -> Result<(&'t Class, &'t Voltage), TableError> {
        let code = &self.request.class;
        let Some(class) = self.table.raw.class.iter().find(|class| class.code.as_ref() == code) else {
            let at = self.table.raw.id.span();
            return self.error(
                at,
                format!("本表没有类别“{code}”"),
                format!("the table has no class {code:?}"),
            );
        };
        let level = self.request.voltage;
        let found = class.voltage.iter().find(|voltage| voltage.as_ref().level.as_ref().0 == level);
        match found {
            Some(voltage) => Ok((class, voltage.as_ref())),
            None => self.error(
                class.code.span(),
                format!("类别“{code}”没有电压等级 {}", level.key()),
                format!("class {code:?} has no voltage level {}", level.key()),
            ),
        }
    }

    /// The price of each component: the voltage's own, else the component's; options of the customer applied.
    fn priced(&self, class: &'t Class, voltage: &'t Voltage) -> Result<Vec<Priced<'t>>, TableError> {
        for (code, cell) in &voltage.price {
            if !class.components.iter().any(|listed| listed.as_ref() == code) {
                return self.error(
                    cell.span(),
                    format!("本类别没有电价组成“{code}”"),
                    format!("the class has no component {code:?}"),
                );
            }
        }
        let mut all = Vec::new();
        for code in &class.components {
            let component = self.table.raw.component.iter().find(|one| one.code.as_ref() == code.as_ref());
            let Some(component) = component else {
                let code_text = code.as_ref();
                return self.error(
                    code.span(),
                    format!("本表没有电价组成“{code_text}”"),
                    format!("the table has no component {code_text:?}"),
                );
            };
            let Some(cell) = voltage.price.get(code.as_ref()).or(component.price.as_ref()) else {
                let (code_text, level) = (code.as_ref(), self.request.voltage.key());
                return self.error(
                    voltage.level.span(),
                    format!("{level} 没有“{code_text}”的价格"),
                    format!("no price for {code_text:?} at {level}"),
                );
            };
            let price = self.optional(component, cell)?;
            all.push(Priced { component, price, at: cell.span() });
        }
        Ok(all)
    }

    /// The multiple of those who left the market, or the price of a market contract.
    fn optional(
        &self,
        component: &Component,
        cell: &Spanned<OneOrByPeriod<Price>>,
    ) -> Result<OneOrByPeriod<Price>, TableError> {
        let mut price = cell.as_ref().clone();
        if !component.market {
            return Ok(price);
        }
        if let Some(own) = self.request.own_purchase_price {
            price = OneOrByPeriod::One(own);
        }
        if self.request.left_market {
            let Some(multiple) = self.table.raw.market_leaver_multiple else {
                return self.error(
                    self.table.raw.id.span(),
                    "本表没有退出市场的倍数 market_leaver_multiple".into(),
                    "the table has no market_leaver_multiple".into(),
                );
            };
            let raise = |one: Price| self.exact(one.exact().times(multiple.exact()), cell.span());
            price = match price {
                OneOrByPeriod::One(one) => OneOrByPeriod::One(raise(one)?),
                OneOrByPeriod::ByPeriod(of) => OneOrByPeriod::ByPeriod(
                    of.into_iter()
                        .map(|(at, one)| Ok((at, raise(one)?)))
                        .collect::<Result<_, TableError>>()?,
                ),
            };
        }
        Ok(price)
    }

    fn exact(&self, figure: kernel::Result<Exact>, at: Range<usize>) -> Result<Price, TableError> {
        match figure.map(Exact::as_price) {
            Ok(Some(price)) => Ok(price),
            _ => self.error(
                at,
                "价格在 12 位小数内不能精确表示，请写明 round_places".into(),
                "the price is not exact within 12 decimals; name round_places".into(),
            ),
        }
    }

    /// Factors on the flat price; flat itself is 1 unless named.
    fn factors(
        &self,
        common: &BTreeMap<Period, Spanned<Factor>>,
        own: &BTreeMap<Period, Spanned<Factor>>,
    ) -> Result<Factors, TableError> {
        let mut merged: BTreeMap<Period, &Spanned<Factor>> =
            common.iter().map(|(period, cell)| (*period, cell)).collect();
        merged.extend(own.iter().map(|(period, cell)| (*period, cell)));
        let mut factors = Factors::new();
        if merged.is_empty() {
            return Ok(factors);
        }
        factors.insert(Period::Flat, Rate::ONE);
        for (period, cell) in &merged {
            let of_flat = |period: &Period| match merged.get(period).map(|cell| cell.as_ref()) {
                Some(Factor::OfFlat(rate)) => Some(*rate),
                _ => None,
            };
            let found = match cell.as_ref() {
                Factor::OfFlat(rate) => Some(*rate),
                Factor::Of { of, times } => of_flat(of).and_then(|base| {
                    let product = base.exact().times(times.exact()).ok()?;
                    let rate = product.to_rate(Rate::PLACES).ok()?;
                    (rate.exact() == product).then_some(rate)
                }),
            };
            match found {
                Some(rate) if !rate.is_negative() && *period != Period::Total => {
                    factors.insert(*period, rate)
                }
                _ => {
                    return self.error(
                        cell.span(),
                        "系数须属于某一时段且不为负，或为以平段为基准的时段的倍数".into(),
                        "a factor belongs to a period of the day and is not negative, or is a multiple of a period \
                         that is itself a multiple of flat"
                            .into(),
                    );
                }
            };
        }
        Ok(factors)
    }

    /// The price of one component in one period.
    fn in_period(
        &self,
        priced: &Priced<'_>,
        period: Period,
        factors: &Factors,
        rounds: bool,
    ) -> Result<(Exact, Price), TableError> {
        let (base, factor) = match &priced.price {
            OneOrByPeriod::One(price) if priced.component.floats && period != Period::Total => {
                match factors.get(&period) {
                    Some(factor) => (*price, *factor),
                    None => {
                        return self.error(
                            priced.at.clone(),
                            format!("浮动的组成在 {} 时段没有系数", period.key()),
                            format!("the component floats, but the {} period has no factor", period.key()),
                        );
                    }
                }
            }
            OneOrByPeriod::One(price) => (*price, Rate::ONE),
            OneOrByPeriod::ByPeriod(of) => match of.get(&period) {
                Some(price) => (*price, Rate::ONE),
                None => {
                    return self.error(
                        priced.at.clone(),
                        format!("没有 {} 时段的价格", period.key()),
                        format!("no price for the {} period", period.key()),
                    );
                }
            },
        };
        let figure = base.exact().times(factor.exact());
        if !rounds {
            let price = self.exact(figure, priced.at.clone())?;
            return Ok((price.exact(), price));
        }
        match figure.and_then(|exact| Ok((exact, exact.to_price(Price::PLACES)?))) {
            Ok(found) => Ok(found),
            Err(error) => self.exact(Err(error), priced.at.clone()).map(|price| (price.exact(), price)),
        }
    }

    fn price_set(
        &self,
        parts: &[Priced<'_>],
        periods: &[Period],
        factors: &Factors,
        round_places: Option<u32>,
    ) -> Result<PriceSet, TableError> {
        let mut set = PriceSet::default();
        set.parts.resize(parts.len(), [Price::ZERO; Period::COUNT]);
        for period in periods {
            let mut sum = Exact::ZERO;
            let mut at = 0..0;
            for (place, part) in parts.iter().enumerate() {
                let (exact, price) = self.in_period(part, *period, factors, round_places.is_some())?;
                set.parts[place][period.index()] = price;
                at = part.at.clone();
                sum = match sum.plus(exact) {
                    Ok(sum) => sum,
                    Err(error) => return self.exact(Err(error), at).map(|_| PriceSet::default()),
                };
            }
            let price = match round_places {
                Some(places) => self.exact(sum.to_price(places).map(Price::exact), at)?,
                None => self.exact(Ok(sum), at)?,
            };
            if price.is_negative() {
                return self.error(
                    parts.first().map_or(0..0, |part| part.at.clone()),
                    format!("{} 时段的各组成之和为负", period.key()),
                    format!("the components of the {} period sum to less than zero", period.key()),
                );
            }
            set.energy[period.index()] = Some(price);
        }
        Ok(set)
    }

    /// The periods a plan has prices for.
    fn periods(&self, parts: &[Priced<'_>], factors: &Factors) -> Vec<Period> {
        if !factors.is_empty() {
            return factors.keys().copied().collect();
        }
        let by_period = parts.iter().find_map(|part| match &part.price {
            OneOrByPeriod::ByPeriod(of) => Some(of.keys().copied().collect()),
            OneOrByPeriod::One(_) => None,
        });
        by_period.unwrap_or_default()
    }

    fn seasons(
        &self,
        parts: &[Priced<'_>],
        tou: &TimeOfUse,
    ) -> Result<(SmallVec<[PriceSet; 1]>, [u8; 12]), TableError> {
        let (mut sets, mut of_month) = (SmallVec::new(), [0_u8; 12]);
        let schedule = self.table.schedule(tou.code.as_ref());
        for (place, season) in tou.season.iter().enumerate() {
            let factors = self.factors(&tou.factor, &season.as_ref().factor)?;
            let periods = self.periods(parts, &factors);
            let set = self.price_set(parts, &periods, &factors, tou.round_places)?;
            let marked = months(&self.table.source(), &season.as_ref().months)?;
            for (slot, _) in of_month.iter_mut().zip(marked).filter(|(_, marked)| *marked) {
                *slot = u8::try_from(place).unwrap_or(u8::MAX);
            }
            let priced = |period: Period| set.energy[period.index()].is_some();
            let month = marked.iter().position(|marked| *marked);
            if let (Some(schedule), Some(month)) = (schedule, month)
                && let Some(missing) = schedule.periods_of(month).find(|period| !priced(*period))
            {
                return self.error(
                    season.span(),
                    format!("{} 时段有时间而没有价格", missing.key()),
                    format!("the {} period has hours but no price", missing.key()),
                );
            }
            sets.push(set);
        }
        Ok((sets, of_month))
    }

    fn verify(&self, voltage: &Voltage, plan: &Plan) -> Result<(), TableError> {
        let beside = plan.funds.iter().filter(|fund| !fund.contained);
        let funds = Price::sum(beside.map(|fund| fund.price)).unwrap_or_default();
        let computed = |period: Period| {
            let sets = plan.seasons.iter();
            let price = sets.filter_map(|set| set.energy[period.index()]).next()?;
            price.plus(funds).ok()
        };
        for (period, cell) in &voltage.published {
            let found = computed(*period);
            if found != Some(*cell.as_ref()) {
                let shown = found.map_or("—".to_owned(), |price| price.to_string());
                return self.error(
                    cell.span(),
                    format!("公布价 {} 与各组成之和 {shown} 不符", cell.as_ref()),
                    format!(
                        "the published price {} is not the sum of its components, {shown}",
                        cell.as_ref()
                    ),
                );
            }
        }
        let (Some(cell), Some(tiers)) = (&voltage.published_tiers, &plan.tiers) else { return Ok(()) };
        let base = computed(Period::Total).unwrap_or_default();
        let add = |tier: usize| base.plus(tiers.add_on[tier][0]).unwrap_or_default();
        let found = [base, add(0), add(1)];
        if *cell.as_ref() != found {
            return self.error(
                cell.span(),
                format!("公布的阶梯价与基价加加价 {}/{}/{} 不符", found[0], found[1], found[2]),
                format!(
                    "the published tier prices are not base plus additions, {}/{}/{}",
                    found[0], found[1], found[2]
                ),
            );
        }
        Ok(())
    }

    fn plan(&self, plans: &mut Plans) -> Result<Plan, TableError> {
        let (class, voltage) = self.class()?;
        let priced = self.priced(class, voltage)?;
        let vat_of = |component: &Component| {
            let due = component.vat.unwrap_or(component.kind == ComponentKind::Energy);
            if due { *self.table.raw.vat.as_ref() } else { Rate::ZERO }
        };
        let (mut parts, mut funds) = (SmallVec::new(), SmallVec::new());
        let mut energy = Vec::new();
        for one in priced {
            let id = self.component(plans, one.component)?;
            if one.component.kind == ComponentKind::Energy {
                parts.push(PlanPart {
                    component: id,
                    in_power_factor_base: one.component.in_power_factor_base,
                    floats: one.component.floats,
                    vat: vat_of(one.component),
                });
                energy.push(one);
            } else if let OneOrByPeriod::One(price) = one.price {
                if price.is_negative() {
                    return self.error(one.at, "基金不得为负".into(), "a fund must not be negative".into());
                }
                let contained = one.component.contained;
                funds.push(PlanFund { component: id, price, contained, vat: vat_of(one.component) });
            } else {
                return self.error(one.at, "基金不分时段".into(), "a fund has no periods".into());
            }
        }
        if energy.is_empty() {
            return self.error(
                class.code.span(),
                "类别没有电能组成".into(),
                "the class has no energy component".into(),
            );
        }
        let tou = self.named(class.time_of_use.as_ref(), &self.table.raw.time_of_use, |tou| &tou.code)?;
        let (seasons, season_of_month) = match tou {
            Some(tou) => self.seasons(&energy, tou)?,
            None => {
                let set = self.price_set(&energy, &[Period::Total], &Factors::new(), None)?;
                (SmallVec::from_iter([set]), [0; 12])
            }
        };
        let rest_period = match seasons.first() {
            _ if tou.is_none() => Period::Total,
            Some(set) if set.energy[Period::Flat.index()].is_some() => Period::Flat,
            _ => Period::Peak,
        };
        let tiers = self.named(class.tiers.as_ref(), &self.table.raw.tiers, |tiers| &tiers.code)?;
        if tiers.is_some() != (class.category == Category::Residential) {
            return self.error(
                class.code.span(),
                "居民阶梯类别须有 tiers，其他类别不得有".into(),
                "a residential class needs tiers, and no other class may have them".into(),
            );
        }
        let tiers = tiers.map(|tiers| tier_plan(self.table, tiers, &seasons)).transpose()?;
        let plan = Plan {
            table: self.table.id().to_owned(),
            version: self.table.version(),
            from: self.table.from(),
            to: self.table.to(),
            request: self.request.clone(),
            name: class.name.clone(),
            category: class.category,
            seasons,
            season_of_month,
            parts,
            funds,
            time_of_use: tou.map(|tou| tou.code.as_ref().clone()),
            rest_period,
            tiers,
            basic: basic_plan(self.table, class.category, voltage)?,
            power_factor_vat: *self.table.raw.vat.as_ref(),
        };
        if !self.request.left_market && self.request.own_purchase_price.is_none() {
            self.verify(voltage, &plan)?;
        }
        Ok(plan)
    }

    /// What the class refers to by code.
    fn named<'n, T>(
        &self,
        code: Option<&Spanned<String>>,
        all: &'n [T],
        code_of: impl Fn(&T) -> &Spanned<String>,
    ) -> Result<Option<&'n T>, TableError> {
        let Some(code) = code else { return Ok(None) };
        match all.iter().find(|one| code_of(one).as_ref() == code.as_ref()) {
            Some(found) => Ok(Some(found)),
            None => {
                let text = code.as_ref();
                self.error(code.span(), format!("本表没有“{text}”"), format!("the table has no {text:?}"))
            }
        }
    }

    fn component(&self, plans: &mut Plans, component: &Component) -> Result<ComponentId, TableError> {
        let fund = component.kind == ComponentKind::Fund;
        match plans.intern(component.code.as_ref(), &component.name, fund) {
            Some(id) => Ok(id),
            None => self.error(
                component.code.span(),
                "另一电价表中同名的组成种类不同".into(),
                "a component of this code is of another kind in another table".into(),
            ),
        }
    }
}
