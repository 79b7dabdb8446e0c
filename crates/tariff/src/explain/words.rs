//! The words of an explanation: periods, registers, rules and kinds of lines in both languages.

use kernel::Text;

use crate::model::{Line, LineKind, Period, Register, RuleId};

/// The name of a period of the day.
pub(crate) fn period(period: Period) -> Text {
    match period {
        Period::Total => Text::new("总", "total"),
        Period::Sharp => Text::new("尖峰", "sharp peak"),
        Period::Peak => Text::new("峰", "peak"),
        Period::Flat => Text::new("平", "flat"),
        Period::Valley => Text::new("谷", "valley"),
        Period::DeepValley => Text::new("深谷", "deep valley"),
    }
}

/// The name of a register.
pub(crate) fn register(register: Register) -> Text {
    match register {
        Register::Total => Text::new("有功总", "active, total"),
        Register::Sharp => Text::new("有功尖峰", "active, sharp peak"),
        Register::Peak => Text::new("有功峰", "active, peak"),
        Register::Flat => Text::new("有功平", "active, flat"),
        Register::Valley => Text::new("有功谷", "active, valley"),
        Register::DeepValley => Text::new("有功深谷", "active, deep valley"),
        Register::ReactiveForward => Text::new("正向无功", "reactive, forward"),
        Register::ReactiveReverse => Text::new("反向无功", "reactive, reverse"),
        Register::Demand => Text::new("最大需量", "maximum demand"),
    }
}

/// The kind of a line.
pub(crate) fn kind(kind: LineKind) -> Text {
    match kind {
        LineKind::Energy => Text::new("电度电费", "energy charge"),
        LineKind::TierAddOn => Text::new("阶梯加价", "tier addition"),
        LineKind::FreeEnergy => Text::new("免费电量", "free energy"),
        LineKind::Fund => Text::new("代征基金", "fund"),
        LineKind::BasicCapacity => Text::new("基本电费（容量）", "basic charge, capacity"),
        LineKind::BasicDemand => Text::new("基本电费（需量）", "basic charge, demand"),
        LineKind::BasicDemandExcess => Text::new("基本电费（超需量）", "basic charge, excess demand"),
        LineKind::PowerFactor => Text::new("力调电费", "power-factor adjustment"),
    }
}

/// Its key in data.
pub(crate) const fn kind_key(kind: LineKind) -> &'static str {
    match kind {
        LineKind::Energy => "energy",
        LineKind::TierAddOn => "tier_add_on",
        LineKind::FreeEnergy => "free_energy",
        LineKind::Fund => "fund",
        LineKind::BasicCapacity => "basic_capacity",
        LineKind::BasicDemand => "basic_demand",
        LineKind::BasicDemandExcess => "basic_demand_excess",
        LineKind::PowerFactor => "power_factor",
    }
}

/// The rule of a line, in a few words.
pub(crate) fn rule(line: &Line) -> Text {
    match line.rule {
        RuleId::FlatEnergy => Text::new("电量 × 电价", "kWh × price"),
        RuleId::TimeOfUse => Text::new("分时电量 × 分时电价", "kWh × price of the period"),
        RuleId::TierBase => Text::new("全部电量 × 第一档电价", "all kWh × price of tier 1"),
        RuleId::TierAddOn if line.period != Period::Total => Text::new(
            "该档电量按各时段电量分摊 × 加价",
            "kWh in the tier, shared by the kWh of the periods, × addition",
        ),
        RuleId::TierAddOn => Text::new("该档电量 × 加价", "kWh in the tier × addition"),
        RuleId::FreeEnergy => Text::new("免费电量按基价扣除", "free kWh taken off at the base price"),
        RuleId::Fund => Text::new("电量 × 基金标准", "kWh × fund"),
        RuleId::CapacityFull => Text::new("容量 × 容量电价", "kVA × price, whole month"),
        RuleId::CapacityDays => Text::new("容量 × 容量电价 × 天数", "kVA × price × days"),
        RuleId::CapacitySuspendedShare => Text::new("暂停容量按比例", "suspended capacity in part"),
        RuleId::CapacitySuspensionNotCounted => {
            Text::new("暂停不足或超过期限，照收", "suspension too short or too long: charged in full")
        }
        RuleId::DemandContract => {
            Text::new("未超允许需量，按合同需量", "not above the allowed demand: contract demand")
        }
        RuleId::DemandFloor => {
            Text::new("合同需量低于下限，按下限", "contract demand below the floor: the floor")
        }
        RuleId::DemandAllowanceReadingA => Text::new("允许需量", "allowed demand"),
        RuleId::DemandContractReadingB => Text::new("合同需量", "contract demand"),
        RuleId::DemandExcess => Text::new("超过允许需量的部分", "above the allowed demand"),
        RuleId::DemandActual => Text::new("按实际需量", "actual demand"),
        RuleId::PowerFactor => Text::new("计算基数 × 调整率", "base × percentage of the table"),
    }
}
