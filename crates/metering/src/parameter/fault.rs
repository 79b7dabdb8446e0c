//! Why one line of a change cannot be, as pure rules find it.

use kernel::{Bilingual, Date, FigureError, Lang, Quantity, Text};

use crate::reading::Register;

/// What is wrong with a change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The value is the one that is there already.
    #[error("{field} is this already: nothing changes")]
    Same {
        /// The parameter.
        field: &'static str,
    },
    /// The value cannot be.
    #[error("{field}: {}", why.en)]
    Value {
        /// The parameter.
        field: &'static str,
        /// Why, and what to do.
        why: Text,
    },
    /// The day of the change cannot be.
    #[error("{from}: {}", why.en)]
    Day {
        /// The day given.
        from: Date,
        /// Why.
        why: Text,
    },
    /// Applied for too late.
    #[error(
        "applied for on {applied} for {from}: {given} {} ahead, at least {needed} are needed",
        if *working { "working days" } else { "days" }
    )]
    TooLate {
        /// The day of the application.
        applied: Date,
        /// The day of the change.
        from: Date,
        /// Days needed.
        needed: i64,
        /// Days given.
        given: i64,
        /// Working days?
        working: bool,
    },
    /// Such a change begins with a period only.
    #[error("{from} does not begin a period of {months} month(s): choose the first day of one")]
    NotAtPeriodStart {
        /// The day given.
        from: Date,
        /// Months of a period.
        months: i64,
    },
    /// Too short.
    #[error("from {from} to {until} is too short: at least {least} {}", if *months { "months" } else { "days" })]
    TooShort {
        /// First day.
        from: Date,
        /// The day it ends.
        until: Date,
        /// The least.
        least: i64,
        /// In months?
        months: bool,
    },
    /// Too long.
    #[error(
        "from {from} to {until} is too long: at most {most} months; apply for a new installation instead"
    )]
    TooLong {
        /// First day.
        from: Date,
        /// The day it ends.
        until: Date,
        /// The most.
        most: i64,
    },
    /// Too often in a calendar year.
    #[error("{count} suspensions in {year}: at most {most} are allowed")]
    TooOften {
        /// The year.
        year: i16,
        /// How many it would be.
        count: i64,
        /// The most.
        most: i64,
    },
    /// Too many days in a calendar year.
    #[error("{days} days suspended in {year}: at most {most}; apply for a reduction of capacity instead")]
    TooManyDays {
        /// The year.
        year: i16,
        /// How many it would be.
        days: i64,
        /// The most.
        most: i64,
    },
    /// A customer charged by demand suspends everything.
    #[error("a customer charged by demand suspends all transformers together")]
    NotWhole,
    /// The account has no such transformer.
    #[error("there is no transformer {seq}")]
    NoTransformer {
        /// Its place.
        seq: i64,
    },
    /// The transformer does not stand where this may happen.
    #[error("transformer {seq} is {} on that day: this cannot be done", standing.en)]
    WrongStanding {
        /// Its place.
        seq: i64,
        /// How it stands.
        standing: Text,
    },
    /// The contract demand lies below its floor.
    #[error("contract demand {given} kW lies below {percent} % of {capacity} kVA in service")]
    BelowFloor {
        /// kW given.
        given: Quantity,
        /// The floor.
        percent: i64,
        /// kVA in service.
        capacity: Quantity,
    },
    /// The account has no such meter in use.
    #[error("there is no meter {meter_seq} in use")]
    NoMeter {
        /// Its place.
        meter_seq: i64,
    },
    /// A reading of a register is missing, or is none of the meter's.
    #[error("meter {meter_seq}: the registers read must be exactly those of the meter; look at {}", register.text(Lang::En))]
    Registers {
        /// Its place.
        meter_seq: i64,
        /// The register.
        register: Register,
    },
    /// A reading that cannot be.
    #[error("meter {meter_seq}: {value} on {} cannot be: {}", register.text(Lang::En), why.en)]
    Shown {
        /// Its place.
        meter_seq: i64,
        /// The register.
        register: Register,
        /// What was read.
        value: Quantity,
        /// Why.
        why: Text,
    },
    /// What the account would be after the change does not fit together.
    #[error("after the change: {}", why.en)]
    Inconsistent {
        /// What does not fit.
        why: Text,
    },
    /// The account has ended.
    #[error("the account has ended")]
    Closed,
    /// A figure does not fit.
    #[error(transparent)]
    Figure(#[from] FigureError),
}

impl Bilingual for Fault {
    fn text(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            Fault::Same { field } => format!("{} 已是该值，没有变更", chinese(field)),
            Fault::Value { field, why } => format!("{}：{}", chinese(field), why.zh),
            Fault::Day { from, why } => format!("{from}：{}", why.zh),
            Fault::TooLate { applied, from, needed, given, working } => {
                let unit = if *working { "个工作日" } else { "天" };
                format!("{applied} 申请 {from} 起变更，提前 {given} {unit}，应至少提前 {needed} {unit}")
            }
            Fault::NotAtPeriodStart { from, months } => {
                format!("{from} 不是 {months} 个月周期的首日，请选择周期首日")
            }
            Fault::TooShort { from, until, least, months } => {
                let unit = if *months { "个月" } else { "天" };
                format!("{from} 至 {until} 时间过短，每次不少于 {least} {unit}")
            }
            Fault::TooLong { from, until, most } => {
                format!("{from} 至 {until} 超过 {most} 个月，应按新装办理")
            }
            Fault::TooOften { year, count, most } => {
                format!("{year} 年暂停 {count} 次，每一日历年不超过 {most} 次")
            }
            Fault::TooManyDays { year, days, most } => {
                format!("{year} 年累计暂停 {days} 天，不超过 {most} 天，可申请减容")
            }
            Fault::NotWhole => "按最大需量计费的用户应暂停全部容量".into(),
            Fault::NoTransformer { seq } => format!("没有第 {seq} 台变压器"),
            Fault::WrongStanding { seq, standing } => {
                format!("第 {seq} 台变压器当日为“{}”，不能这样操作", standing.zh)
            }
            Fault::BelowFloor { given, percent, capacity } => {
                format!("合同最大需量 {given} 千瓦低于在用容量 {capacity} 千伏安的 {percent}%")
            }
            Fault::NoMeter { meter_seq } => format!("没有在用的第 {meter_seq} 只电能表"),
            Fault::Registers { meter_seq, register } => {
                format!("第 {meter_seq} 只电能表的示数应与其示数类型一致，请核对“{}”", register.text(lang))
            }
            Fault::Shown { meter_seq, register, value, why } => {
                format!("第 {meter_seq} 只电能表“{}”示数 {value}：{}", register.text(lang), why.zh)
            }
            Fault::Inconsistent { why } => format!("变更后：{}", why.zh),
            Fault::Closed => "该户已销户".into(),
            Fault::Figure(error) => error.text(lang),
        }
    }
}

/// The Chinese name of a parameter, as kept in `account_change.field`; the part after the first dot names a row.
pub fn chinese(field: &str) -> &str {
    match field.split('.').next().unwrap_or(field) {
        "price_class" => "电价类别",
        "category" => "用电类别",
        "voltage" => "电压等级",
        "persons" => "家庭人口",
        "relief" => "低保减免",
        "time_of_use" => "分时电价",
        "name" => "户名",
        "phone" => "联系电话",
        "tax" => "纳税人类别",
        "collection" => "收费方式",
        "tier_start" => "阶梯起始月",
        "status" => "用户状态",
        "closed_on" => "销户日期",
        "account" => "新装用户",
        "basic" => "基本电费计收方式",
        "contract_demand" => "合同最大需量",
        "power_factor" => "功率因数标准",
        "transformer_loss" => "变损",
        "line_loss" => "线损",
        "transformer" => "变压器",
        "meter" => "电能表",
        "multiplier" => "倍率",
        "points" => "计量点",
        "book" => "抄本",
        "address" => "用电地址",
        "route_sequence" => "抄表顺序",
        "number" => "户号",
        other => other,
    }
}
