//! Why an account cannot be billed, in whole sentences of both languages.

#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use kernel::{Bilingual, FigureError, Lang};
use tariff::{Refusal, RefusedToBill};

/// Every refusal says what is wrong and what to do; registers and periods are named in the language of the reader.
#[test]
fn refusals_in_both_languages() {
    use Refusal::*;
    let cases = [
        (
            PeriodEmpty,
            "结算期止日须晚于起日，请更正结算日期",
            "the period must end after it begins; correct the settlement dates",
        ),
        (
            PointCount(251),
            "户须有 1 至 250 个计量点，现有 251 个",
            "an account needs 1 to 250 metering points; it has 251",
        ),
        (
            NoPlan(7),
            "电价方案 7 不存在，请编译或另行指定",
            "the price plan 7 does not exist; compile it or assign another",
        ),
        (
            TableNotInForce("hubei".into()),
            "电价表 hubei 在本结算期未生效，请指定本期的电价表",
            "price table hubei is not in force in this period; assign the table of the period",
        ),
        (
            NoRegulation,
            "本期末日没有生效的规则，请先加载",
            "no regulation is in force on the last day of the period; load one",
        ),
        (
            RegisterBackwards { register: "peak", previous: kwh("9"), current: kwh("8.5") },
            "峰示数由 9 倒走到 8.5，请确认翻转或重新抄表",
            "the peak register went backwards, 9 to 8.5; confirm that it passed zero, or read again",
        ),
        (
            ReadingOutOfRange { reading: kwh("100000"), digits: 5 },
            "5 位表不能显示 100000，请重新抄表或更正表计档案",
            "100000 cannot be shown by a register of 5 digits; read again or correct the meter",
        ),
        (
            MeterRecord,
            "表计位数须为 1 至 12、倍率须大于零，请更正档案",
            "the meter needs 1 to 12 digits and a multiplier above zero; correct its record",
        ),
        (NoActiveEnergy, "没有有功示数，请录入总示数", "no active energy is read; enter the total register"),
        (
            NotDivided,
            "分时电价而表计没有分时示数，请补抄或改用其他电价",
            "the price differs by time of day, but the meter shows no periods; read them or assign another price",
        ),
        (
            PeriodsDiffer { periods: kwh("99"), total: kwh("101") },
            "各时段合计 99 千瓦时，总电量 101 千瓦时，请重新抄表",
            "the periods sum to 99 kWh, the total is 101 kWh; read again",
        ),
        (
            DeductedTooMuch { taken: kwh("12"), available: kwh("11.5") },
            "分表和定量共 12 千瓦时，大于总表的 11.5 千瓦时，请核对示数",
            "sub meters and fixed parts take 12 kWh, the point has only 11.5 kWh; check the readings",
        ),
        (
            WrongParent,
            "所属计量点不存在或本身是从属点，请更正关系",
            "the point refers to a parent that does not exist or is a part itself; correct the relation",
        ),
        (
            NoTierState,
            "阶梯电价而户没有阶梯累计，请录入本年已用电量",
            "the price has tiers, but the account has no tier state; enter the kWh used this year",
        ),
        (
            NoBasicPrice,
            "电价没有约定方式的基本电价，请更正合同或电价",
            "the price has no basic charge of the agreed kind; correct the agreement or the price",
        ),
        (
            NoBasicMethod,
            "两部制电价须约定基本电费计收方式，请补全合同",
            "a two-part price needs an agreed basis of the basic charge; complete the agreement",
        ),
        (NoDemand, "没有需量示数，请录入", "no demand is read; enter the demand register"),
        (
            WrongEvent(0),
            "第 1 条变压器变更无对应变压器、不在本期或次序不对，请更正",
            "transformer event 1 names no transformer, lies outside the period or is out of order; correct it",
        ),
        (
            NoLossModel(1),
            "第 2 台变压器没有损耗表型号，请指定或约定固定损耗",
            "transformer 2 has no entry in the loss tables; assign one or agree a fixed loss",
        ),
    ];
    for (refusal, zh, en) in cases {
        assert_eq!((refusal.text(Lang::Zh).as_str(), refusal.text(Lang::En).as_str()), (zh, en));
        let at = RefusedToBill { point: 2, reason: refusal };
        assert_eq!(at.text(Lang::Zh), format!("计量点 3：{zh}"));
        assert_eq!(at.text(Lang::En), format!("point 3: {en}"));
    }
    let figure = FigureError::Overflow("kWh");
    for lang in [Lang::Zh, Lang::En] {
        assert_eq!(Refusal::Figure(figure.clone()).text(lang), figure.text(lang));
    }
}

/// Registers, periods and quantities by their names.
#[test]
fn what_a_refusal_names() {
    let registers = [
        ("total", "总"),
        ("sharp", "尖峰"),
        ("peak", "峰"),
        ("flat", "平"),
        ("valley", "谷"),
        ("deep_valley", "深谷"),
        ("reactive_forward", "正向无功"),
        ("reactive_reverse", "反向无功"),
        ("demand", "需量"),
    ];
    for (key, name) in registers {
        assert_eq!(Refusal::RegisterTwice(key).text(Lang::Zh), format!("{name}示数重复，请删除其一"));
        let en = format!("the {key} register is read twice; remove one reading");
        assert_eq!(Refusal::RegisterTwice(key).text(Lang::En), en);
    }
    let period = Refusal::NoPriceForPeriod("deep_valley");
    assert_eq!(period.text(Lang::Zh), "深谷时段有电量而电价没有该时段，请更正示数或电价");
    let quantities = [
        ("capacity", "容量"),
        ("demand", "需量"),
        ("energy", "电量"),
        ("loss", "损耗"),
        ("ratio", "定比"),
        ("months", "月数"),
        ("period", "结算期天数"),
    ];
    for (key, name) in quantities {
        assert_eq!(Refusal::Negative(key).text(Lang::Zh), format!("{name}不得为负，请更正"));
        assert_eq!(Refusal::Negative(key).text(Lang::En), format!("{key} must not be negative; correct it"));
        assert_eq!(Refusal::OutOfRange(key).text(Lang::Zh), format!("{name}超出范围，请更正"));
        assert_eq!(Refusal::OutOfRange(key).text(Lang::En), format!("{key} is out of range; correct it"));
    }
}
