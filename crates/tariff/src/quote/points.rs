//! Metering points of a quote: kWh given directly, readings of one or several meters, or a part of another point.

use kernel::{Quantity, Rate};
use smallvec::SmallVec;

use super::error::Quoted;
use super::fields::{Fields, amount_of, figure_of};
use super::node::{Node, Source as File, Start, Value};
use super::price::Draft;
use crate::model::{MeterSegment, Period, PeriodEnergy, Reading, Register, Source};

/// A point as the file describes it.
#[derive(Debug, Clone)]
pub(super) struct DraftPoint {
    pub span: Start,
    /// Where its energy stands, and where its price does.
    pub energy_span: Start,
    pub price_span: Start,
    pub name: String,
    pub price: Draft,
    /// It has a price of its own; otherwise it takes that at the top of the file.
    pub priced: bool,
    pub energy: Energy,
    pub kvarh: Option<Quantity>,
    pub demand_kw: Option<Quantity>,
    pub sub_meter_of: Option<(String, Start)>,
    pub transformer_loss: Option<bool>,
    pub line_loss: Option<bool>,
    pub in_power_factor: Option<bool>,
    pub in_power_factor_base: Option<bool>,
    pub contract_kw: Option<Quantity>,
}

/// Where the energy comes from.
#[derive(Debug, Clone)]
pub(super) enum Energy {
    /// Nothing said.
    None,
    /// kWh; slot `Total` is the whole when others are given too.
    Given([Option<Quantity>; Period::COUNT]),
    /// Meters.
    Meters(SmallVec<[MeterSegment; 1]>),
    /// A fixed quantity of another point.
    Fixed(Quantity, Option<(String, Start)>),
    /// A fixed share of another point.
    Ratio(Rate, Option<(String, Start)>),
}

/// Registers of reactive energy.
pub(super) const REACTIVE: [Register; 2] = [Register::ReactiveForward, Register::ReactiveReverse];

impl Energy {
    /// Is one of these registers read?
    pub fn reads(&self, registers: &[Register]) -> bool {
        let known = |reading: &Reading| registers.contains(&reading.register);
        matches!(self, Energy::Meters(meters) if meters.iter().any(|meter| meter.readings.iter().any(known)))
    }
}

const KWH: [&[&str]; Period::COUNT] = [
    &["total", "total_kwh", "all"],
    &["sharp", "sharp_kwh"],
    &["peak", "peak_kwh"],
    &["flat", "flat_kwh"],
    &["valley", "valley_kwh"],
    &["deep_valley", "deep_valley_kwh"],
];
const KWH_BESIDE: [&[&str]; Period::COUNT] = [
    &["kwh", "energy_kwh", "active_kwh", "energy", "total_kwh", "电量"],
    &["sharp_kwh"],
    &["peak_kwh"],
    &["flat_kwh"],
    &["valley_kwh"],
    &["deep_valley_kwh"],
];
const ENERGY_KEYS: [&str; 9] =
    ["readings", "meter", "meters", "reading", "kwh", "energy_kwh", "active_kwh", "energy", "demand_kw"];
const PRICE_KEYS: [&str; 2] = ["price", "tariff"];
const KVARH: [&[&str]; 3] = [
    &["kvarh", "reactive_kvarh", "reactive"],
    &["reactive_forward_kvarh", "forward_kvarh"],
    &["reactive_reverse_kvarh", "reverse_kvarh"],
];
const DEMAND: [&str; 4] = ["demand_kw", "max_demand_kw", "actual_kw", "maximum_demand_kw"];
const METERS: [&str; 4] = ["readings", "meter", "meters", "reading"];

impl DraftPoint {
    /// Reads the keys of a `[[point]]`, which is called `name` where it has no name of its own.
    pub fn read(fields: &Fields<'_>, name: &str) -> Quoted<DraftPoint> {
        let point = DraftPoint::read_top(fields)?;
        let price = &point.price;
        let priced = fields.has(&PRICE_KEYS)
            || price.energy.iter().any(Option::is_some)
            || !price.components.is_empty()
            || price.tiers.is_some()
            || price.table.is_some();
        Ok(DraftPoint {
            priced,
            name: fields.text(&["name"])?.unwrap_or_else(|| name.to_owned()),
            sub_meter_of: parent(fields, &["sub_meter_of", "deducted_from"])?,
            transformer_loss: fields.flag(&["transformer_loss", "bears_transformer_loss", "bears_loss"])?,
            line_loss: fields.flag(&["line_loss", "bears_line_loss"])?,
            in_power_factor: fields.flag(&["in_power_factor", "in_pf"])?,
            in_power_factor_base: fields.flag(&["in_power_factor_base", "pf_base", "in_pf_base"])?,
            contract_kw: fields.amount(&["contract_kw", "contract_demand_kw"])?,
            ..point
        })
    }

    /// The main point, whose keys stand at the top of the file beside others.
    pub fn read_top(fields: &Fields<'_>) -> Quoted<DraftPoint> {
        let mut price = Draft::default();
        if let Some(node) = fields.node(&PRICE_KEYS)? {
            price.read(fields.source, node)?;
        }
        price.fill(fields, true)?;
        let energy = energy(fields)?;
        let part = matches!(energy, Energy::Fixed(..) | Energy::Ratio(..));
        let reactive = KVARH.map(|names| (names, &REACTIVE[..]));
        for (names, registers) in reactive.into_iter().chain([(&DEMAND[..], &[Register::Demand][..])]) {
            if fields.has(names) && (part || energy.reads(registers)) {
                return Err(fields.refuse_at(
                    names,
                    "这一项已由示数给出，或属定量、定比，不能另给",
                    "this is read by a register already, or the point is a fixed part: leave it out",
                ));
            }
        }
        Ok(DraftPoint {
            span: fields.span,
            energy_span: fields.span_of(&ENERGY_KEYS),
            price_span: fields.span_of(&["price", "tariff", "energy_price"]),
            name: "main".into(),
            priced: true,
            price,
            energy,
            kvarh: kvarh(fields)?,
            demand_kw: fields.amount(&DEMAND)?,
            sub_meter_of: None,
            transformer_loss: None,
            line_loss: None,
            in_power_factor: None,
            in_power_factor_base: None,
            contract_kw: None,
        })
    }

    /// Anything said about energy, readings or demand?
    pub fn has_energy(&self) -> bool {
        !matches!(self.energy, Energy::None) || self.kvarh.is_some() || self.demand_kw.is_some()
    }

    /// Is its energy known only as a whole, and not by period?
    pub fn total_only(&self) -> bool {
        match &self.energy {
            Energy::Given(kwh) => kwh[1..].iter().all(Option::is_none) && kwh[0].is_some(),
            Energy::Meters(meters) => meters
                .iter()
                .flat_map(|meter| &meter.readings)
                .all(|reading| matches!(reading.register.period(), None | Some(Period::Total))),
            _ => false,
        }
    }

    /// What the engine reads, for a plan divided by time or not.
    ///
    /// A total alone is all flat when `flat` says that the plan has a price for it.
    pub fn source(
        &self,
        file: File<'_>,
        divided: bool,
        flat: bool,
        rest: Period,
        parent: u8,
    ) -> Quoted<Source> {
        let error = |error: &kernel::FigureError| super::fields::figure_error(file, &self.span, error);
        Ok(match &self.energy {
            Energy::Meters(meters) => {
                let mut meters = meters.clone();
                if flat && self.total_only() {
                    for reading in meters.iter_mut().flat_map(|meter| &mut meter.readings) {
                        if reading.register == Register::Total {
                            reading.register = Register::Flat;
                        }
                    }
                }
                if self.kvarh.is_some() || self.demand_kw.is_some() {
                    meters.push(self.beside_meters(divided));
                }
                Source::Meters(meters)
            }
            Energy::Fixed(kwh, _) => Source::FixedQuantity { parent, kwh: *kwh },
            Energy::Ratio(ratio, _) => Source::FixedRatio { parent, ratio: *ratio },
            Energy::None => Source::Given {
                active: PeriodEnergy::default(),
                reactive: self.kvarh.unwrap_or_default(),
                demand_kw: self.demand_kw,
            },
            Energy::Given(kwh) => {
                let parts = Quantity::sum(kwh[1..].iter().flatten().copied()).map_err(|e| error(&e))?;
                let mut active = PeriodEnergy::default();
                // A sub meter read by period is deducted by period, whatever its own price.
                let by_period = self.sub_meter_of.is_some() && kwh[1..].iter().any(Option::is_some);
                if divided || by_period {
                    let rest = if divided { rest } else { Period::Flat };
                    for (slot, part) in active.0.iter_mut().zip(kwh).skip(1) {
                        *slot = part.unwrap_or_default();
                    }
                    if let Some(total) = kwh[0] {
                        let left = total.minus(parts).map_err(|e| error(&e))?;
                        let place = rest.index();
                        if left.is_negative() || !left.is_zero() && kwh[place].is_some() {
                            return Err(file.refuse(
                                &self.energy_span,
                                format!("各时段合计 {parts} 与总电量 {total} 不符"),
                                format!("the periods sum to {parts}, the total is {total}"),
                            ));
                        }
                        // All undivided and no flat price: the engine says that the price needs periods.
                        if self.total_only() && !flat {
                            active = PeriodEnergy::undivided(total);
                        } else if kwh[place].is_none() {
                            active.0[place] = left;
                        }
                    }
                } else {
                    active = PeriodEnergy::undivided(kwh[0].unwrap_or(parts));
                }
                Source::Given { active, reactive: self.kvarh.unwrap_or_default(), demand_kw: self.demand_kw }
            }
        })
    }
}

impl DraftPoint {
    /// kvarh and demand that stand beside the readings, as a meter of their own.
    fn beside_meters(&self, divided: bool) -> MeterSegment {
        let read = |register: Register, current: Quantity| Reading {
            register,
            previous: Quantity::ZERO,
            current,
            rolled_over: false,
        };
        let active = if divided { Register::Flat } else { Register::Total };
        let mut readings = SmallVec::from_iter([read(active, Quantity::ZERO)]);
        readings.extend(self.kvarh.map(|kvarh| read(Register::ReactiveForward, kvarh)));
        readings.extend(self.demand_kw.map(|kw| read(Register::Demand, kw)));
        MeterSegment { digits: 12, multiplier: Rate::ONE, readings }
    }
}

fn parent(fields: &Fields<'_>, names: &[&'static str]) -> Quoted<Option<(String, Start)>> {
    Ok(fields.text(names)?.map(|text| (text, fields.span_of(names))))
}

fn energy(fields: &Fields<'_>) -> Quoted<Energy> {
    let file = fields.source;
    let of = parent(fields, &["of", "parent", "part_of", "taken_from"])?;
    if let Some(kwh) = fields.amount(&["fixed_kwh", "fixed_quantity_kwh"])? {
        return Ok(Energy::Fixed(kwh, of));
    }
    if let Some(ratio) = fields.rate(&["fixed_ratio", "ratio", "share"])? {
        return Ok(Energy::Ratio(ratio, of));
    }
    let meters = meters(fields)?;
    let mut kwh = [None; Period::COUNT];
    for period in Period::ALL {
        let place = period.index();
        match fields.node(KWH_BESIDE[place])? {
            Some(node) if place == 0 && matches!(node.value, Value::Table(_)) => {
                let inner = Fields::of(file, node)?;
                for period in Period::ALL {
                    kwh[period.index()] = inner.amount(KWH[period.index()])?;
                }
                inner.finish()?;
            }
            Some(node) => kwh[place] = kwh[place].or(Some(amount_of(file, node)?)),
            None => {}
        }
    }
    match (meters.is_empty(), kwh.iter().any(Option::is_some)) {
        (false, true) => Err(fields.refuse_at(
            &["kwh", "energy_kwh", "active_kwh", "energy"],
            "电量与示数只能给其一",
            "give either kWh or readings, not both",
        )),
        (false, false) => Ok(Energy::Meters(meters)),
        (true, true) => Ok(Energy::Given(kwh)),
        (true, false) => Ok(Energy::None),
    }
}

/// |forward| + |reverse|.
fn kvarh(fields: &Fields<'_>) -> Quoted<Option<Quantity>> {
    let mut sum: Option<Quantity> = None;
    for names in KVARH {
        if let Some(each) = fields.figure::<Quantity>(names)? {
            let size = each.abs().and_then(|each| each.plus(sum.unwrap_or_default()));
            sum = Some(size.map_err(|_| fields.refuse_at(names, "数值过大", "the figure is too large"))?);
        }
    }
    Ok(sum)
}

const REGISTERS: [(&[&str], Register); 9] = [
    (&["total", "active", "kwh", "总"], Register::Total),
    (&["sharp"], Register::Sharp),
    (&["peak"], Register::Peak),
    (&["flat"], Register::Flat),
    (&["valley"], Register::Valley),
    (&["deep_valley"], Register::DeepValley),
    (&["reactive", "reactive_forward", "kvarh"], Register::ReactiveForward),
    (&["reactive_reverse"], Register::ReactiveReverse),
    (&["demand", "max_demand"], Register::Demand),
];

fn meters(fields: &Fields<'_>) -> Quoted<SmallVec<[MeterSegment; 1]>> {
    let file = fields.source;
    let ratios = multiplier(fields)?;
    let digits = fields.count(&["digits"], 1, 12)?;
    let rolled = fields.flag(&["rolled_over", "rollover"])?.unwrap_or(false);
    let mut segments = SmallVec::new();
    let Some(node) = fields.node(&METERS)? else { return Ok(segments) };
    let of_total =
        |list: &[Node]| list.len() == 2 && !list.iter().any(|each| matches!(each.value, Value::Table(_)));
    match &node.value {
        // readings = [1000, 1200]
        Value::List(list) if of_total(list) => {
            let (previous, current) = (amount_of(file, &list[0])?, amount_of(file, &list[1])?);
            let rolled_over = rolled && current < previous;
            let reading = Reading { register: Register::Total, previous, current, rolled_over };
            segments.push(segment(ratios.unwrap_or(Rate::ONE), digits, vec![reading]));
        }
        Value::List(list) if list.iter().any(|each| !matches!(each.value, Value::Table(_))) => {
            return Err(file.refuse(
                &node.span,
                "示数应为 [上次, 本次]",
                "readings are given as [previous, current]",
            ));
        }
        Value::List(list) => {
            for each in list {
                segments.push(meter(&Fields::of(file, each)?, ratios, digits, rolled)?);
            }
        }
        _ => segments.push(meter(&Fields::of(file, node)?, ratios, digits, rolled)?),
    }
    Ok(segments)
}

fn multiplier(fields: &Fields<'_>) -> Quoted<Option<Rate>> {
    let given = fields.ratio(&["multiplier", "倍率"])?;
    let pt = fields.ratio(&["pt", "vt", "pt_ratio"])?;
    let ct = fields.ratio(&["ct", "ct_ratio"])?;
    let product =
        match (pt, ct) {
            (None, None) => None,
            (pt, ct) => {
                let (pt, ct) = (pt.unwrap_or(Rate::ONE), ct.unwrap_or(Rate::ONE));
                let product = pt.exact().times(ct.exact()).and_then(|product| product.to_rate(Rate::PLACES));
                Some(product.map_err(|_| {
                    fields.refuse_at(&["ct", "pt"], "倍率过大", "the multiplier is too large")
                })?)
            }
        };
    match (given, product) {
        (Some(given), Some(product)) if given != product => Err(fields.refuse_at(
            &["multiplier"],
            format!("倍率 {given} 与 PT × CT = {product} 不符"),
            format!("the multiplier {given} is not PT × CT = {product}"),
        )),
        (given, product) => Ok(given.or(product)),
    }
}

fn meter(
    fields: &Fields<'_>,
    outer: Option<Rate>,
    digits: Option<i64>,
    rolled: bool,
) -> Quoted<MeterSegment> {
    let ratios = multiplier(fields)?.or(outer).unwrap_or(Rate::ONE);
    let digits = fields.count(&["digits"], 1, 12)?.or(digits);
    let rolled = fields.flag(&["rolled_over", "rollover", "翻转"])?.unwrap_or(rolled);
    fields.text(&["name", "number", "from", "to", "asset"])?;
    let mut readings = Vec::new();
    for (names, register) in REGISTERS {
        if let Some(node) = fields.node(names)? {
            readings.push(reading(fields.source, node, register, rolled)?);
        }
    }
    fields.finish()?;
    Ok(segment(ratios, digits, readings))
}

fn segment(multiplier: Rate, digits: Option<i64>, readings: Vec<Reading>) -> MeterSegment {
    let widest =
        readings.iter().map(|reading| reading.previous.max(reading.current)).max().unwrap_or_default();
    let mut whole = 1;
    let mut rest = widest.units() / Quantity::SCALE / 10;
    while rest > 0 {
        whole += 1;
        rest /= 10;
    }
    // A register that passed zero has just as many digits as its last reading shows; otherwise six or more.
    let digits =
        digits.unwrap_or(if readings.iter().any(|each| each.rolled_over) { whole } else { whole.max(6) });
    MeterSegment {
        digits: u8::try_from(digits).unwrap_or(12).min(12),
        multiplier,
        readings: readings.into_iter().collect(),
    }
}

fn reading(file: File<'_>, node: &Node, register: Register, rolled: bool) -> Quoted<Reading> {
    let made = |previous: Quantity, current: Quantity, confirmed: bool| Reading {
        register,
        previous,
        current,
        rolled_over: confirmed && current < previous && register != Register::Demand,
    };
    match &node.value {
        Value::List(list) if list.len() == 2 => {
            Ok(made(amount_of(file, &list[0])?, amount_of(file, &list[1])?, rolled))
        }
        Value::Table(_) => {
            let fields = Fields::of(file, node)?;
            let previous =
                fields.amount(&["previous", "before", "from", "start", "last"])?.unwrap_or_default();
            let Some(current) = fields.amount(&["current", "now", "to", "end"])? else {
                return Err(
                    fields.refuse("缺少 current（本次示数）", "`current` is missing, the reading now")
                );
            };
            let own = fields.flag(&["rolled_over", "rollover"])?.unwrap_or(rolled);
            fields.finish()?;
            Ok(made(previous, current, own))
        }
        Value::Number(_) | Value::Text(_) if register == Register::Demand => {
            Ok(made(Quantity::ZERO, figure_of(file, node)?, false))
        }
        _ => Err(file.refuse(
            &node.span,
            "示数应为 [上次, 本次]",
            "a register is given as [previous, current]",
        )),
    }
}
