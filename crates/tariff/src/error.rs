//! What can be refused, in words a person can act on.

use kernel::{Bilingual, FigureError, Lang};

/// A price table, regulation or loss table that cannot be used: where, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {en}")]
pub struct TableError {
    /// The file as it was named by the caller.
    pub file: String,
    /// Line, from 1; 0 when the whole file is meant.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong and what to do, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

impl Bilingual for TableError {
    fn text(&self, lang: Lang) -> String {
        match lang {
            Lang::En => self.to_string(),
            Lang::Zh => format!("{} 第 {} 行第 {} 列：{}", self.file, self.line, self.column, self.zh),
        }
    }
}

/// Why an account cannot be billed, and at which of its points.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("point {}: {reason}", .point + 1)]
pub struct RefusedToBill {
    /// Place of the point in the input, from 0; 0 also for the account as a whole.
    pub point: u8,
    /// Why.
    pub reason: Refusal,
}

/// Why an account cannot be billed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The period is empty or runs backwards.
    #[error("the period must end after it begins; correct the settlement dates")]
    PeriodEmpty,
    /// No metering point, or too many.
    #[error("an account needs 1 to 250 metering points; it has {0}")]
    PointCount(usize),
    /// The plan is not among those compiled.
    #[error("the price plan {0} does not exist; compile it or assign another")]
    NoPlan(u32),
    /// The price table is not in force in the period.
    #[error("price table {0} is not in force in this period; assign the table of the period")]
    TableNotInForce(String),
    /// No regulation is in force on the last day of the period.
    #[error("no regulation is in force on the last day of the period; load one")]
    NoRegulation,
    /// A register went backwards and nobody confirmed that it passed zero.
    #[error(
        "the {register} register went backwards, {previous} to {current}; confirm that it passed zero, or read again"
    )]
    RegisterBackwards {
        /// Which register.
        register: &'static str,
        /// Reading before.
        previous: kernel::Quantity,
        /// Reading now.
        current: kernel::Quantity,
    },
    /// A reading that the register cannot show.
    #[error("{reading} cannot be shown by a register of {digits} digits; read again or correct the meter")]
    ReadingOutOfRange {
        /// The reading.
        reading: kernel::Quantity,
        /// Whole digits.
        digits: u8,
    },
    /// A multiplier or number of digits that no meter has.
    #[error("the meter needs 1 to 12 digits and a multiplier above zero; correct its record")]
    MeterRecord,
    /// The same register twice in one meter.
    #[error("the {0} register is read twice; remove one reading")]
    RegisterTwice(&'static str),
    /// No active register at all.
    #[error("no active energy is read; enter the total register")]
    NoActiveEnergy,
    /// A plan with periods, and a meter that shows only the total.
    #[error(
        "the price differs by time of day, but the meter shows no periods; read them or assign another price"
    )]
    NotDivided,
    /// Periods that do not sum to the total, by more than the rounding of the registers.
    #[error("the periods sum to {periods} kWh, the total is {total} kWh; read again")]
    PeriodsDiffer {
        /// Sum of the periods.
        periods: kernel::Quantity,
        /// Total.
        total: kernel::Quantity,
    },
    /// Energy in a period that the plan has no price for.
    #[error(
        "there is energy in the {0} period, which the price does not know; correct the reading or the price"
    )]
    NoPriceForPeriod(&'static str),
    /// Sub meters or fixed parts take more than the point has.
    #[error(
        "sub meters and fixed parts take {taken} kWh, the point has only {available} kWh; check the readings"
    )]
    DeductedTooMuch {
        /// To be taken off.
        taken: kernel::Quantity,
        /// What there is.
        available: kernel::Quantity,
    },
    /// A point refers to a point that does not exist, to itself, or in a circle.
    #[error("the point refers to a parent that does not exist or is a part itself; correct the relation")]
    WrongParent,
    /// Negative energy, capacity or demand.
    #[error("{0} must not be negative; correct it")]
    Negative(&'static str),
    /// A ratio above 1 or a months count out of range.
    #[error("{0} is out of range; correct it")]
    OutOfRange(&'static str),
    /// A plan with tiers for an account without tier state.
    #[error("the price has tiers, but the account has no tier state; enter the kWh used this year")]
    NoTierState,
    /// A basic charge is agreed but the plan has no price for it.
    #[error("the price has no basic charge of the agreed kind; correct the agreement or the price")]
    NoBasicPrice,
    /// The plan wants a basic charge and the agreement has none.
    #[error("a two-part price needs an agreed basis of the basic charge; complete the agreement")]
    NoBasicMethod,
    /// Contract or actual demand without a demand reading.
    #[error("no demand is read; enter the demand register")]
    NoDemand,
    /// An event for a transformer that is not there, outside the period, or out of order.
    #[error(
        "transformer event {} names no transformer, lies outside the period or is out of order; correct it",
        .0 + 1
    )]
    WrongEvent(usize),
    /// A transformer without loss table entry where one is needed.
    #[error("transformer {} has no entry in the loss tables; assign one or agree a fixed loss", .0 + 1)]
    NoLossModel(usize),
    /// A figure did not fit.
    #[error("{0}")]
    Figure(#[from] FigureError),
}

impl Bilingual for RefusedToBill {
    fn text(&self, lang: Lang) -> String {
        match lang {
            Lang::En => self.to_string(),
            Lang::Zh => format!("计量点 {}：{}", self.point + 1, self.reason.text(lang)),
        }
    }
}

/// The Chinese name of a register or period by its key.
fn named(key: &str) -> &str {
    match key {
        "total" => "总",
        "sharp" => "尖峰",
        "peak" => "峰",
        "flat" => "平",
        "valley" => "谷",
        "deep_valley" => "深谷",
        "reactive_forward" => "正向无功",
        "reactive_reverse" => "反向无功",
        "demand" => "需量",
        "capacity" => "容量",
        "energy" => "电量",
        "loss" => "损耗",
        "ratio" => "定比",
        "months" => "月数",
        "period" => "结算期天数",
        other => other,
    }
}

impl Bilingual for Refusal {
    fn text(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            Refusal::PeriodEmpty => "结算期止日须晚于起日，请更正结算日期".into(),
            Refusal::PointCount(count) => format!("户须有 1 至 250 个计量点，现有 {count} 个"),
            Refusal::NoPlan(plan) => format!("电价方案 {plan} 不存在，请编译或另行指定"),
            Refusal::TableNotInForce(id) => format!("电价表 {id} 在本结算期未生效，请指定本期的电价表"),
            Refusal::NoRegulation => "本期末日没有生效的规则，请先加载".into(),
            Refusal::RegisterBackwards { register, previous, current } => {
                format!("{}示数由 {previous} 倒走到 {current}，请确认翻转或重新抄表", named(register))
            }
            Refusal::ReadingOutOfRange { reading, digits } => {
                format!("{digits} 位表不能显示 {reading}，请重新抄表或更正表计档案")
            }
            Refusal::MeterRecord => "表计位数须为 1 至 12、倍率须大于零，请更正档案".into(),
            Refusal::RegisterTwice(register) => format!("{}示数重复，请删除其一", named(register)),
            Refusal::NoActiveEnergy => "没有有功示数，请录入总示数".into(),
            Refusal::NotDivided => "分时电价而表计没有分时示数，请补抄或改用其他电价".into(),
            Refusal::PeriodsDiffer { periods, total } => {
                format!("各时段合计 {periods} 千瓦时，总电量 {total} 千瓦时，请重新抄表")
            }
            Refusal::NoPriceForPeriod(period) => {
                format!("{}时段有电量而电价没有该时段，请更正示数或电价", named(period))
            }
            Refusal::DeductedTooMuch { taken, available } => {
                format!("分表和定量共 {taken} 千瓦时，大于总表的 {available} 千瓦时，请核对示数")
            }
            Refusal::WrongParent => "所属计量点不存在或本身是从属点，请更正关系".into(),
            Refusal::Negative(what) => format!("{}不得为负，请更正", named(what)),
            Refusal::OutOfRange(what) => format!("{}超出范围，请更正", named(what)),
            Refusal::NoTierState => "阶梯电价而户没有阶梯累计，请录入本年已用电量".into(),
            Refusal::NoBasicPrice => "电价没有约定方式的基本电价，请更正合同或电价".into(),
            Refusal::NoBasicMethod => "两部制电价须约定基本电费计收方式，请补全合同".into(),
            Refusal::NoDemand => "没有需量示数，请录入".into(),
            Refusal::WrongEvent(index) => {
                format!("第 {} 条变压器变更无对应变压器、不在本期或次序不对，请更正", index + 1)
            }
            Refusal::NoLossModel(index) => {
                format!("第 {} 台变压器没有损耗表型号，请指定或约定固定损耗", index + 1)
            }
            Refusal::Figure(error) => error.text(lang),
        }
    }
}

/// Shorthand of the engine.
pub(crate) type Billed<T> = Result<T, Refusal>;

impl Refusal {
    /// At the point with this place.
    pub(crate) fn at(self, point: usize) -> RefusedToBill {
        RefusedToBill { point: u8::try_from(point).unwrap_or(u8::MAX), reason: self }
    }
}
