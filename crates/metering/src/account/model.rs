//! The nouns of an account.

use kernel::{Date, Month, Quantity, Rate};
use serde::{Deserialize, Serialize};

use crate::codes::codes;

codes! {
    /// The kind of customer by the rules that apply (用电类别).
    Category {
        /// A household with tiers.
        Residential = 1, "residential", "居民生活";
        /// Residential prices without tiers: shared meters, schools, welfare.
        ResidentialFlat = 2, "residential_flat", "居民合表";
        /// Commerce and industry, energy charge only.
        SinglePart = 3, "single_part", "单一制";
        /// Commerce and industry, basic and energy charge.
        TwoPart = 4, "two_part", "两部制";
        /// Agricultural production.
        Agricultural = 5, "agricultural", "农业生产";
    }
}

codes! {
    /// The voltage of supply as price tables band it (电压等级).
    VoltageLevel {
        /// Below 1 kV.
        Below1kv = 0, "below_1kv", "不满1千伏";
        /// 1 to 10 kV.
        From1To10kv = 1, "1_10kv", "1-10千伏";
        /// 20 kV up to but not including 35 kV.
        From20To35kv = 2, "20_35kv", "20千伏";
        /// 35 kV up to but not including 110 kV.
        From35To110kv = 3, "35_110kv", "35千伏";
        /// 110 kV up to but not including 220 kV.
        From110To220kv = 4, "110_220kv", "110千伏";
        /// 220 kV and above.
        From220kv = 5, "from_220kv", "220千伏及以上";
    }
}

codes! {
    /// Where an account stands.
    AccountStatus {
        /// Supplied.
        Active = 1, "active", "正常";
        /// Applied for, not yet supplied.
        Pending = 2, "pending", "新装在途";
        /// Disconnected, still a customer.
        Disconnected = 3, "disconnected", "停电";
        /// Ended (销户).
        Closed = 4, "closed", "销户";
    }
}

codes! {
    /// How the basic charge (基本电费) is found.
    BasicMethod {
        /// No basic charge.
        None = 0, "none", "不计";
        /// By capacity in kVA.
        Capacity = 1, "capacity", "按容量";
        /// By contract demand.
        ContractDemand = 2, "contract_demand", "按合同最大需量";
        /// By actual demand.
        ActualDemand = 3, "actual_demand", "按实际最大需量";
    }
}

codes! {
    /// How transformer loss is found.
    TransformerLossMethod {
        /// None: metered on the high side.
        None = 0, "none", "不计";
        /// An agreed quantity a month.
        Fixed = 1, "fixed", "定量";
        /// Looked up by the model of each transformer.
        Table = 2, "table", "查表";
        /// By the formula of each transformer model.
        Formula = 3, "formula", "公式";
    }
}

codes! {
    /// How line loss is found.
    LineLossMethod {
        /// None.
        None = 0, "none", "不计";
        /// A share of the metered energy.
        Rate = 1, "rate", "定比";
        /// An agreed quantity a month.
        Quantity = 2, "quantity", "定量";
    }
}

codes! {
    /// The average power factor the customer must reach.
    PowerFactorStandard {
        /// 0.90.
        P90 = 90, "0.90", "0.9";
        /// 0.85.
        P85 = 85, "0.85", "八五";
        /// 0.80.
        P80 = 80, "0.80", "0.8";
    }
}

codes! {
    /// How the customer pays (收费方式).
    CollectionMethod {
        /// At the counter.
        Counter = 1, "counter", "坐收";
        /// A collector walks there.
        Walk = 2, "walk", "走收";
        /// Debited by the bank from a file.
        BankDebit = 3, "bank_debit", "代扣";
        /// The bank collects in real time.
        BankRealTime = 4, "bank_real_time", "银行实时代收";
        /// Entrusted to the bank for acceptance.
        Entrusted = 5, "entrusted", "托收";
        /// Prepaid card meter.
        PrepaidCard = 6, "prepaid_card", "购电卡";
        /// In instalments by agreement.
        Instalments = 7, "instalments", "分次";
    }
}

codes! {
    /// What the customer is for value added tax.
    TaxStatus {
        /// A consumer.
        Consumer = 0, "consumer", "普通";
        /// A small-scale taxpayer.
        SmallScale = 1, "small_scale", "小规模纳税人";
        /// A general taxpayer, who receives special invoices.
        General = 2, "general", "一般纳税人";
    }
}

codes! {
    /// How a point's energy is found from its parent (计量点关系).
    PointRelation {
        /// Its own meters, independent of others.
        Metered = 1, "metered", "实抄";
        /// Its own meters behind the parent's: deducted there.
        SubMeter = 2, "sub_meter", "总分";
        /// A fixed quantity taken out of the parent.
        FixedQuantity = 3, "fixed_quantity", "定量";
        /// A fixed ratio taken out of the parent.
        FixedRatio = 4, "fixed_ratio", "定比";
    }
}

codes! {
    /// What happened to a transformer.
    TransformerChange {
        /// Installed or added (增容).
        Add = 1, "add", "投运";
        /// Removed for good (拆除).
        Remove = 2, "remove", "拆除";
        /// Sealed (暂停).
        Suspend = 3, "suspend", "暂停";
        /// Put back into service (恢复).
        Resume = 4, "resume", "恢复";
        /// Taken out by a reduction of capacity (减容).
        Reduce = 5, "reduce", "减容";
        /// Replaced by one of another capacity (暂换).
        Swap = 6, "swap", "暂换";
        /// Sealed cold standby (冷备用).
        ColdStandby = 7, "cold_standby", "冷备用";
        /// Hot standby (热备用).
        HotStandby = 8, "hot_standby", "热备用";
    }
}

/// Yes-or-no properties of an account in one whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Options(pub u32);

impl Options {
    /// Time-of-use prices chosen (执行分时).
    pub const TIME_OF_USE: Options = Options(1);
    /// Left the market without good reason (退市用户).
    pub const MARKET_LEAVER: Options = Options(1 << 1);
    /// Supplied by its own transformer (专变); without it, by a public one (公变).
    pub const DEDICATED_TRANSFORMER: Options = Options(1 << 2);
    /// Important customer (重要用户).
    pub const IMPORTANT: Options = Options(1 << 3);
    /// Temporary supply (临时用电).
    pub const TEMPORARY: Options = Options(1 << 4);
    /// Entitled to free kWh (低保、特困).
    pub const FREE_ENERGY: Options = Options(1 << 5);
    /// Assessed by power factor (力调考核).
    pub const POWER_FACTOR: Options = Options(1 << 6);
    /// Transferred within the tier year (过户): thresholds by the months used.
    pub const TRANSFERRED: Options = Options(1 << 7);
    /// Metered on the low side of its own transformer (高供低计).
    pub const LOW_SIDE_METERING: Options = Options(1 << 8);
    /// There is a row of [`Terms`].
    pub const HAS_TERMS: Options = Options(1 << 16);
    /// There are [`Point`] rows; without them the account has one point with its own price.
    pub const HAS_POINTS: Options = Options(1 << 17);
    /// There are [`Transformer`] rows.
    pub const HAS_TRANSFORMERS: Options = Options(1 << 18);

    /// Has all of `other`?
    pub const fn has(self, other: Options) -> bool {
        self.0 & other.0 == other.0
    }
    /// With `other` added when `yes`.
    pub const fn with(self, other: Options, yes: bool) -> Options {
        if yes { Options(self.0 | other.0) } else { Options(self.0 & !other.0) }
    }
}

/// What a bill depends on, of every account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its key, ascending in book order.
    pub account_id: i64,
    /// The supply station.
    pub unit_id: i64,
    /// The reading book.
    pub book_id: i64,
    /// The kind of customer.
    pub category: Category,
    /// The voltage of supply.
    pub voltage: VoltageLevel,
    /// The price class in the price tables.
    pub price_class: String,
    /// Yes-or-no properties.
    pub options: Options,
    /// Persons of the household.
    pub persons: u8,
    /// The month from which tiers count when the account began or changed hands within the tier year.
    pub tier_start: Option<Month>,
    /// The day of the month by which a bill is due; 0 leaves it to the organisation's rule.
    pub due_day: u8,
    /// Where it stands.
    pub status: AccountStatus,
    /// First day of supply.
    pub opened_on: Date,
    /// First day without supply.
    pub closed_on: Option<Date>,
    /// The main account of its group (集团主户).
    pub main_account_id: Option<i64>,
}

impl Account {
    /// Supplied by its own transformer (专变客户)?
    pub fn is_dedicated(&self) -> bool {
        self.options.has(Options::DEDICATED_TRANSFORMER)
    }
}

/// The rest of an account: what people read, and what a run does not need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountDetails {
    /// What a bill depends on.
    pub account: Account,
    /// Its number (户号), 10 to 13 digits, unique in the organisation.
    pub number: String,
    /// The customer's name (户名).
    pub name: String,
    /// The address of supply.
    pub address: String,
    /// Telephone.
    pub phone: String,
    /// Place in the book's route.
    pub route_sequence: i64,
    /// How the customer pays.
    pub collection: CollectionMethod,
    /// Value added tax status.
    pub tax: TaxStatus,
    /// Version of the row, from 1.
    pub version: i64,
}

/// How transformer loss is found by formula (公式计损), for each transformer in service; hours are those of the days in
/// service. Figures are agreed by contract from the plate of the transformer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum LossFormula {
    /// No-load loss by the hour, load loss as a rate of the kWh.
    CopperRate {
        /// No-load loss (空载损耗), kW.
        no_load_kw: Quantity,
        /// No-load reactive power (空载无功), kvar.
        no_load_kvar: Quantity,
        /// Copper loss as a share of the metered kWh (铜损率).
        copper_rate: Rate,
        /// Reactive copper loss as a share of the metered kWh.
        reactive_rate: Rate,
    },
    /// No-load loss by the hour, load loss by the square of the load.
    LoadSquare {
        /// No-load loss P0 (空载损耗), kW.
        no_load_kw: Quantity,
        /// Load loss Pk (短路损耗), kW at rated load.
        load_loss_kw: Quantity,
        /// No-load current I0 (空载电流), a share of rated.
        no_load_current: Rate,
        /// Impedance voltage Uk (阻抗电压), a share of rated.
        impedance: Rate,
        /// Correction for the shape of the load (负荷形状系数).
        shape: Rate,
    },
}

impl LossFormula {
    /// The formula whose figures are given: by the square of the load when there is a load loss, by a rate when there is
    /// a copper rate. What is left out of a formula is zero, its shape one; nothing without a no-load loss.
    pub fn from_figures(figures: LossFigures) -> Option<LossFormula> {
        let no_load_kw = figures.no_load_kw?;
        match (figures.load_loss_kw, figures.copper_rate) {
            (Some(load_loss_kw), None) => Some(LossFormula::LoadSquare {
                no_load_kw,
                load_loss_kw,
                no_load_current: figures.no_load_current.unwrap_or_default(),
                impedance: figures.impedance.unwrap_or_default(),
                shape: figures.shape.unwrap_or(Rate::ONE),
            }),
            (None, Some(copper_rate)) => Some(LossFormula::CopperRate {
                no_load_kw,
                no_load_kvar: figures.no_load_kvar.unwrap_or_default(),
                copper_rate,
                reactive_rate: figures.reactive_rate.unwrap_or_default(),
            }),
            _ => None,
        }
    }

    /// Its figures; those of the other formula are empty.
    pub fn figures(self) -> LossFigures {
        match self {
            LossFormula::CopperRate { no_load_kw, no_load_kvar, copper_rate, reactive_rate } => LossFigures {
                no_load_kw: Some(no_load_kw),
                no_load_kvar: Some(no_load_kvar),
                copper_rate: Some(copper_rate),
                reactive_rate: Some(reactive_rate),
                ..LossFigures::default()
            },
            LossFormula::LoadSquare { no_load_kw, load_loss_kw, no_load_current, impedance, shape } => {
                LossFigures {
                    no_load_kw: Some(no_load_kw),
                    load_loss_kw: Some(load_loss_kw),
                    no_load_current: Some(no_load_current),
                    impedance: Some(impedance),
                    shape: Some(shape),
                    ..LossFigures::default()
                }
            }
        }
    }

    /// Can these figures be? None is negative; shares of rated and of the kWh lie below one; the shape is above zero.
    pub fn is_possible(self) -> bool {
        let LossFigures {
            no_load_kw,
            load_loss_kw,
            no_load_current,
            impedance,
            shape,
            no_load_kvar,
            copper_rate,
            reactive_rate,
        } = self.figures();
        let powers = [no_load_kw, load_loss_kw, no_load_kvar];
        let shares = [no_load_current, impedance, copper_rate, reactive_rate];
        powers.into_iter().flatten().all(|power| !power.is_negative() && power <= LOSS_MAX)
            && shares.into_iter().flatten().all(|share| !share.is_negative() && share < Rate::ONE)
            && shape.is_none_or(|shape| shape > Rate::ZERO && shape.units() <= 10 * Rate::ONE.units())
    }
}

/// No transformer loses more: kW and kvar.
const LOSS_MAX: Quantity = Quantity::from_units(100_000 * Quantity::SCALE);

/// The figures of a [`LossFormula`] as they stand in columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LossFigures {
    /// No-load loss, kW.
    pub no_load_kw: Option<Quantity>,
    /// Load loss, kW at rated load.
    pub load_loss_kw: Option<Quantity>,
    /// No-load current, a share of rated.
    pub no_load_current: Option<Rate>,
    /// Impedance voltage, a share of rated.
    pub impedance: Option<Rate>,
    /// Correction for the shape of the load.
    pub shape: Option<Rate>,
    /// No-load reactive power, kvar.
    pub no_load_kvar: Option<Quantity>,
    /// Copper loss, a share of the kWh.
    pub copper_rate: Option<Rate>,
    /// Reactive copper loss, a share of the kWh.
    pub reactive_rate: Option<Rate>,
}

/// What only larger customers agree on; a row exists when [`Options::HAS_TERMS`] is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Whose.
    pub account_id: i64,
    /// How the basic charge is found.
    pub basic: BasicMethod,
    /// Agreed demand in kW, for contract demand.
    pub contract_demand_kw: Option<Quantity>,
    /// The standard, when assessed.
    pub power_factor: Option<PowerFactorStandard>,
    /// How transformer loss is found.
    pub transformer_loss: TransformerLossMethod,
    /// Agreed transformer loss, kWh a month.
    pub transformer_loss_kwh: Option<Quantity>,
    /// Agreed transformer loss, kvarh a month.
    pub transformer_loss_kvarh: Option<Quantity>,
    /// How line loss is found.
    pub line_loss: LineLossMethod,
    /// Share of metered energy.
    pub line_loss_rate: Option<Rate>,
    /// Agreed line loss, kWh a month.
    pub line_loss_kwh: Option<Quantity>,
    /// The formula of transformer loss with its figures, when loss is found by formula.
    pub loss_formula: Option<LossFormula>,
}

/// A transformer, or a high-voltage motor counted as one (1 kW as 1 kVA).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transformer {
    /// Whose.
    pub account_id: i64,
    /// Its place, from 1.
    pub seq: i64,
    /// Its model, the key of the loss table (such as `S9-200`).
    pub model: String,
    /// Rated kVA.
    pub capacity_kva: Quantity,
    /// The day it was connected.
    pub connected_on: Date,
}

/// A dated change of a transformer; its day is charged in the new state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransformerEvent {
    /// Whose.
    pub account_id: i64,
    /// Which transformer.
    pub seq: i64,
    /// The day.
    pub on: Date,
    /// Its place among the events of that day, from 1.
    pub event_no: i64,
    /// What happened.
    pub change: TransformerChange,
    /// The capacity from this day, for a swap.
    pub capacity_kva: Option<Quantity>,
}

/// A metering point (计量点) with terms of its own; rows exist when [`Options::HAS_POINTS`] is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// Whose.
    pub account_id: i64,
    /// Its place, from 1, the main point.
    pub point_seq: i64,
    /// Its price class; the account's when there is none.
    pub price_class: Option<String>,
    /// Time-of-use prices at this point.
    pub time_of_use: bool,
    /// How its energy is found.
    pub relation: PointRelation,
    /// The point it is deducted from or taken out of.
    pub parent_seq: Option<i64>,
    /// The fixed quantity, kWh a month.
    pub fixed_kwh: Option<Quantity>,
    /// The fixed ratio, 0 to 1.
    pub fixed_ratio: Option<Rate>,
    /// Bears its share of transformer loss.
    pub bears_transformer_loss: bool,
    /// Bears line loss.
    pub bears_line_loss: bool,
    /// Counts for the average power factor and its base.
    pub in_power_factor: bool,
}

/// An installed meter (电能表).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meter {
    /// Whose.
    pub account_id: i64,
    /// Its place among all meters the account ever had, from 1.
    pub meter_seq: i64,
    /// Its number (表号), unique among installed meters.
    pub number: String,
    /// The point it measures.
    pub point_seq: i64,
    /// Whole digits of its registers.
    pub digits: u8,
    /// Decimal digits of its registers.
    pub decimals: u8,
    /// Multiplier (倍率): PT ratio times CT ratio.
    pub multiplier: Rate,
    /// The registers it has, [`crate::reading::Register::bit`] each.
    pub registers: u16,
    /// First day in use.
    pub installed_on: Date,
    /// The day it was taken off.
    pub removed_on: Option<Date>,
}
