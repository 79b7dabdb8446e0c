//! The columns of the files.

use interchange::{Choice, Column, Kind, Sheet};
use kernel::{Bilingual, Lang, Text};

use crate::account::{
    BasicMethod, Category, CollectionMethod, LineLossMethod, PointRelation, PowerFactorStandard, TaxStatus,
    TransformerLossMethod, VoltageLevel,
};
use crate::reading::ReadingStatus;
use crate::{MeteringError, Result};

fn choice<T: Copy + Bilingual>(all: &[T], key: impl Fn(T) -> &'static str, more: &[(&str, &str)]) -> Kind {
    let choices = all.iter().map(|one| {
        let (key, chinese) = (key(*one), one.text(Lang::Zh));
        let mut names = vec![chinese.as_str()];
        names.extend(more.iter().filter(|(of, _)| *of == key).map(|(_, name)| *name));
        Choice::new(key, &names)
    });
    Kind::Choice(choices.collect())
}

fn yes_no() -> Kind {
    Kind::Choice(vec![
        Choice::new("1", &["是", "有", "Y", "yes"]),
        Choice::new("0", &["否", "无", "N", "no"]),
    ])
}

fn built(name: Text, columns: Vec<Column>, unique: &[&str]) -> Result<Sheet> {
    Sheet::new(name, columns).and_then(|sheet| sheet.unique_by(unique)).map_err(MeteringError::from)
}

/// Customers (用户档案).
pub fn accounts_sheet() -> Result<Sheet> {
    let text = |chars_max| Kind::Text { chars_max };
    let code = |chars_max| Kind::Code { chars_max };
    let whole = |least, most| Kind::Integer { least, most };
    let columns = vec![
        Column::required("number", code(13), &["户号", "用户编号", "客户编号"]),
        Column::required("name", text(100), &["户名", "用户名称", "客户名称"]),
        Column::required("address", text(200), &["用电地址", "地址"]),
        Column::optional("phone", code(30), &["联系电话", "电话"]),
        Column::required("book", code(20), &["抄本编号", "抄表册", "表本编号", "抄表段编号"]),
        Column::optional("route", whole(0, 9_999_999), &["抄表顺序", "抄表序号"]),
        Column::required(
            "category",
            choice(
                Category::ALL,
                Category::key,
                &[
                    ("residential", "居民"),
                    ("residential", "城镇居民生活用电"),
                    ("single_part", "一般工商业"),
                    ("two_part", "大工业"),
                    ("agricultural", "农业"),
                ],
            ),
            &["用电类别"],
        ),
        Column::required(
            "voltage",
            choice(
                VoltageLevel::ALL,
                VoltageLevel::key,
                &[
                    ("below_1kv", "220V"),
                    ("below_1kv", "380V"),
                    ("below_1kv", "交流220V"),
                    ("below_1kv", "交流380V"),
                    ("1_10kv", "10kV"),
                    ("1_10kv", "交流10kV"),
                    ("20_35kv", "20kV"),
                    ("35_110kv", "35kV"),
                    ("110_220kv", "110kV"),
                    ("from_220kv", "220kV"),
                ],
            ),
            &["电压等级", "供电电压"],
        ),
        Column::required("price_class", code(40), &["电价代码", "电价码", "执行电价"]),
        Column::optional("tou", yes_no(), &["执行分时", "是否分时", "分时标志"]),
        Column::optional("dedicated", yes_no(), &["专变", "是否专变"]),
        Column::optional("important", yes_no(), &["重要用户", "是否重要用户"]),
        Column::optional("temporary", yes_no(), &["临时用电", "是否临时用电"]),
        Column::optional("free_energy", yes_no(), &["低保", "免费电量", "低保特困"]),
        Column::optional("persons", whole(1, 200), &["人口数", "家庭人口"]),
        Column::optional("due_day", whole(1, 31), &["缴费日", "缴费期限日"]),
        Column::required("opened_on", Kind::Date, &["立户日期", "开户日期"]),
        Column::optional(
            "collection",
            choice(CollectionMethod::ALL, CollectionMethod::key, &[]),
            &["收费方式", "缴费方式"],
        ),
        Column::optional("tax", choice(TaxStatus::ALL, TaxStatus::key, &[]), &["纳税人类型", "纳税人资格"]),
        Column::optional("model", code(40), &["变压器型号"]),
        Column::optional("capacity_kva", Kind::Quantity, &["变压器容量", "运行容量", "合同容量"]),
        Column::optional(
            "basic",
            choice(BasicMethod::ALL, BasicMethod::key, &[]),
            &["基本电费计算方式", "基本电费方式"],
        ),
        Column::optional("contract_demand_kw", Kind::Quantity, &["合同最大需量", "核定需量"]),
        Column::optional(
            "power_factor",
            choice(PowerFactorStandard::ALL, PowerFactorStandard::key, &[("0.85", "0.85")]),
            &["功率因数标准", "力率标准"],
        ),
        Column::optional(
            "line_loss",
            choice(LineLossMethod::ALL, LineLossMethod::key, &[]),
            &["线损计算方式"],
        ),
        Column::optional("line_loss_rate", Kind::Rate, &["线损率"]),
        Column::optional("low_side", yes_no(), &["高供低计"]),
        Column::optional(
            "transformer_loss",
            choice(TransformerLossMethod::ALL, TransformerLossMethod::key, &[]),
            &["变损计算方式"],
        ),
        Column::optional("loss_kwh", Kind::Quantity, &["变损电量", "变损定量"]),
        Column::optional("loss_kvarh", Kind::Quantity, &["变损无功电量"]),
        Column::optional("no_load_kw", Kind::Quantity, &["空载损耗"]),
        Column::optional("load_loss_kw", Kind::Quantity, &["短路损耗", "负载损耗"]),
        Column::optional("no_load_current", Kind::Rate, &["空载电流"]),
        Column::optional("impedance", Kind::Rate, &["阻抗电压", "短路阻抗"]),
        Column::optional("load_shape", Kind::Rate, &["负荷形状系数", "变损修正系数"]),
        Column::optional("no_load_kvar", Kind::Quantity, &["空载无功"]),
        Column::optional("copper_rate", Kind::Rate, &["铜损率"]),
        Column::optional("reactive_rate", Kind::Rate, &["无功铜损率"]),
    ];
    built(Text::new("用户档案", "Customers"), columns, &["number"])
}

/// Meters (电能表).
pub fn meters_sheet() -> Result<Sheet> {
    let columns = vec![
        Column::required("number", Kind::Code { chars_max: 13 }, &["户号", "用户编号", "客户编号"]),
        Column::required("meter", Kind::Code { chars_max: 30 }, &["表号", "电能表编号", "资产编号"]),
        Column::optional("point", Kind::Integer { least: 1, most: 250 }, &["计量点", "计量点序号"]),
        Column::required("digits", Kind::Integer { least: 1, most: 12 }, &["整数位", "表位数", "示数整数位"]),
        Column::optional("decimals", Kind::Integer { least: 0, most: 6 }, &["小数位", "示数小数位"]),
        Column::optional("multiplier", Kind::Rate, &["倍率", "综合倍率"]),
        Column::optional("registers", Kind::Text { chars_max: 60 }, &["示数类型", "计度器"]),
        Column::required("installed_on", Kind::Date, &["装表日期", "安装日期"]),
        Column::optional("initial", Kind::Quantity, &["装表示数", "起码", "起度"]),
    ];
    built(Text::new("电能表", "Meters"), columns, &["meter"])
}

/// Metering points (计量点) of customers that have several.
pub fn points_sheet() -> Result<Sheet> {
    let place = || Kind::Integer { least: 1, most: 50 };
    let columns = vec![
        Column::required("number", Kind::Code { chars_max: 13 }, &["户号", "用户编号", "客户编号"]),
        Column::required("point", place(), &["计量点", "计量点序号"]),
        Column::optional("price_class", Kind::Code { chars_max: 40 }, &["电价代码", "电价码", "执行电价"]),
        Column::optional("tou", yes_no(), &["执行分时", "是否分时", "分时标志"]),
        Column::optional(
            "relation",
            choice(PointRelation::ALL, PointRelation::key, &[]),
            &["计量点关系", "定量定比方式"],
        ),
        Column::optional("parent", place(), &["上级计量点", "主计量点"]),
        Column::optional("fixed_kwh", Kind::Quantity, &["定量电量", "定量值"]),
        Column::optional("fixed_ratio", Kind::Rate, &["定比比例", "定比值"]),
        Column::optional("bears_transformer_loss", yes_no(), &["承担变损", "变损分摊"]),
        Column::optional("bears_line_loss", yes_no(), &["承担线损", "线损分摊"]),
        Column::optional("in_power_factor", yes_no(), &["参与力调", "力调计算"]),
    ];
    built(Text::new("计量点", "Metering points"), columns, &["number", "point"])
}

/// Readings of a month (表码).
pub fn readings_sheet() -> Result<Sheet> {
    let quantity = |key, headings| Column::optional(key, Kind::Quantity, headings);
    let columns = vec![
        Column::required("meter", Kind::Code { chars_max: 30 }, &["表号", "电能表编号", "资产编号"]),
        Column::optional("month", Kind::Month, &["电费年月", "月份"]),
        Column::required("read_on", Kind::Date, &["抄表日期"]),
        Column::optional("status", choice(ReadingStatus::ALL, ReadingStatus::key, &[]), &["抄表状态"]),
        quantity("total", &["本次示数", "总", "有功总", "总示数"]),
        quantity("sharp", &["尖", "有功尖", "尖示数"]),
        quantity("peak", &["峰", "有功峰", "峰示数"]),
        quantity("flat", &["平", "有功平", "平示数"]),
        quantity("valley", &["谷", "有功谷", "谷示数"]),
        quantity("deep_valley", &["深谷", "有功深谷", "深谷示数"]),
        quantity("reactive_forward", &["正向无功", "无功总", "无功"]),
        quantity("reactive_reverse", &["反向无功"]),
        quantity("demand", &["需量", "最大需量"]),
        Column::optional("rolled_over", yes_no(), &["翻转", "过零", "是否翻转"]),
        Column::optional("estimated", yes_no(), &["估抄", "是否估抄"]),
    ];
    built(Text::new("表码", "Readings"), columns, &["meter"])
}
