//! The words of the workbook in both languages: sheets, headings, and values that are chosen from a list.

use kernel::Lang;

use crate::model::Period;

/// A word with its spellings. The first of each language is the one that is written; all are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    /// Its key in the TOML form.
    pub key: &'static str,
    zh: &'static [&'static str],
    en: &'static [&'static str],
}

const fn word(key: &'static str, zh: &'static [&'static str], en: &'static [&'static str]) -> Word {
    Word { key, zh, en }
}

impl Word {
    /// As it is written in `lang`.
    pub fn in_lang(&self, lang: Lang) -> &'static str {
        let words = if lang == Lang::Zh { self.zh } else { self.en };
        words.first().copied().unwrap_or(self.key)
    }
    /// `text`, already made [`plain`], is one of its spellings.
    pub fn is(&self, text: &str) -> bool {
        let mut all = self.zh.iter().chain(self.en);
        plain(self.key) == text || all.any(|word| plain(word) == text)
    }
}

/// A heading or value for comparison: lower case, half-width brackets, one hyphen for blanks, underscores and dashes.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut gap = false;
    for c in text.trim().chars().flat_map(char::to_lowercase) {
        match c {
            '_' | '-' | '~' | '～' | '–' | '—' | '/' | '·' => gap = true,
            c if c.is_whitespace() => gap = true,
            c => {
                if gap && !out.is_empty() {
                    out.push('-');
                }
                gap = false;
                out.push(match c {
                    '（' => '(',
                    '）' => ')',
                    other => other,
                });
            }
        }
    }
    out
}

/// A heading without the unit in brackets at its end, when it has one.
pub(super) fn without_unit(plain_heading: &str) -> Option<&str> {
    let (head, _) = plain_heading.strip_suffix(')')?.rsplit_once('(')?;
    Some(head.trim_end_matches('-'))
}

pub(super) const INFO: Word = word("info", &["基本信息"], &["info"]);
pub(super) const COMPONENTS: Word = word("components", &["构成", "电价构成", "电价组成"], &["components"]);
pub(super) const HOURS: Word = word("hours", &["时段", "分时时段"], &["hours"]);
pub(super) const FACTORS: Word = word("factors", &["浮动系数", "系数"], &["factors"]);
pub(super) const TIERS: Word = word("tiers", &["阶梯"], &["tiers"]);
pub(super) const BASIC: Word = word("basic", &["基本电费"], &["basic"]);
pub(super) const PRICES: Word = word("prices", &["价格", "电价"], &["prices"]);
pub(super) const PUBLISHED: Word = word("published", &["公布价"], &["published"]);
/// The sheets in the order in which they are written.
pub(super) const SHEETS: [Word; 8] = [INFO, COMPONENTS, HOURS, FACTORS, TIERS, BASIC, PRICES, PUBLISHED];
/// Sheets for people only.
pub(super) const NOTES: Word = word("notes", &["说明", "备注"], &["notes", "readme"]);

/// A column for people only.
pub(super) const REMARK: Word = word("remark", &["备注", "说明"], &["remark", "note", "notes"]);
pub(super) const ITEM: Word = word("item", &["项目"], &["item"]);
pub(super) const VALUE: Word = word("value", &["内容", "值"], &["value"]);

pub(super) const ID: Word = word("id", &["编号"], &["id"]);
pub(super) const VERSION: Word = word("version", &["版本"], &["version"]);
pub(super) const REGION: Word = word("region", &["地区"], &["region"]);
pub(super) const NAME: Word = word("name", &["名称", "中文名称"], &["name in Chinese", "name zh"]);
pub(super) const NAME_EN: Word = word("name_en", &["英文名称"], &["name in English", "name en"]);
pub(super) const SOURCE: Word = word("source", &["出处", "来源"], &["source"]);
pub(super) const FROM: Word = word("from", &["生效日", "生效日期"], &["from"]);
pub(super) const TO: Word = word("to", &["失效日", "失效日期"], &["to"]);
pub(super) const VAT: Word = word("vat", &["增值税率"], &["vat", "vat rate"]);
pub(super) const LEAVER: Word =
    word("market_leaver_multiple", &["退出市场倍数"], &["market leaver multiple"]);

pub(super) const CODE: Word = word("code", &["代码"], &["code"]);
pub(super) const KIND: Word = word("kind", &["性质"], &["kind"]);
pub(super) const FLOATS: Word = word("floats", &["随时段浮动", "浮动"], &["floats"]);
pub(super) const IN_BASE: Word =
    word("in_power_factor_base", &["计入力调基数"], &["in power factor base", "in power-factor base"]);
pub(super) const TAXED: Word = word("vat", &["计增值税"], &["vat"]);
pub(super) const CONTAINED: Word = word("contained", &["含于电价"], &["contained"]);
pub(super) const MARKET: Word = word("market", &["市场购电"], &["market"]);
pub(super) const PRICE: Word = word("price", &["统一价格", "价格"], &["price"]);

pub(super) const TIME_OF_USE: Word = word("time_of_use", &["分时", "分时代码"], &["time of use"]);
pub(super) const DAY: Word = word("day", &["日别"], &["day"]);
pub(super) const CELSIUS: Word = word("from_celsius", &["高温起点"], &["from celsius"]);
pub(super) const MONTHS: Word = word("months", &["月份"], &["months"]);
pub(super) const PERIOD: Word = word("period", &["时段"], &["period"]);
pub(super) const BEGIN: Word = word("begin", &["起", "起时"], &["from", "begin"]);
pub(super) const END: Word = word("end", &["止", "止时"], &["to", "end"]);
pub(super) const ROUND: Word = word("round_places", &["保留小数位"], &["round places"]);

pub(super) const TIERS_CODE: Word = word("tiers", &["阶梯", "阶梯代码"], &["tiers"]);
pub(super) const CYCLE: Word = word("cycle", &["周期"], &["counted by", "period"]);
pub(super) const UNTIL_1: Word = word("until_1", &["一档上限"], &["tier 1 until"]);
pub(super) const UNTIL_2: Word = word("until_2", &["二档上限"], &["tier 2 until"]);
pub(super) const ADD_ON_2: Word = word("add_on_2", &["二档加价"], &["tier 2 addition"]);
pub(super) const ADD_ON_3: Word = word("add_on_3", &["三档加价"], &["tier 3 addition"]);
pub(super) const PERSONS: Word = word("persons_from", &["多人口起点"], &["persons from"]);
pub(super) const ALLOWANCE_KWH: Word = word("allowance_kwh", &["多人口加量"], &["allowance kwh"]);
pub(super) const FREE_KWH: Word = word("free_kwh", &["免费电量"], &["free kwh"]);
pub(super) const FREE_PRICE: Word = word("free_price", &["免费电量单价"], &["free price"]);

pub(super) const FLOOR: Word = word("floor", &["需量下限比例"], &["floor"]);
pub(super) const ALLOWANCE: Word = word("allowance", &["需量允许比例"], &["allowance"]);
pub(super) const EXCESS_READING: Word = word("excess_reading", &["超需量读法"], &["excess reading"]);
pub(super) const EXCESS_FACTOR: Word = word("excess_factor", &["超需量倍数"], &["excess factor"]);
pub(super) const DISCOUNT_KWH: Word =
    word("from_kwh_per_kva", &["负荷率优惠起点"], &["load discount from kwh per kva"]);
pub(super) const DISCOUNT_FACTOR: Word = word("factor", &["负荷率优惠系数"], &["load discount factor"]);
pub(super) const DISCOUNT_FROM: Word =
    word("load_discount_from", &["负荷率优惠生效日"], &["load discount in force from"]);
pub(super) const DISCOUNT_TO: Word =
    word("load_discount_to", &["负荷率优惠失效日"], &["load discount in force to"]);

pub(super) const CLASS: Word = word("class", &["类别", "类别代码", "用电类别"], &["class"]);
pub(super) const CATEGORY: Word = word("category", &["计价规则", "用电性质"], &["category"]);
pub(super) const CONSISTS_OF: Word = word("components", &["构成"], &["components"]);
pub(super) const LEVEL: Word = word("level", &["电压等级"], &["voltage level", "voltage", "level"]);
pub(super) const CAPACITY: Word = word("capacity", &["容量电价"], &["capacity price", "capacity"]);
pub(super) const DEMAND: Word = word("demand", &["需量电价"], &["demand price", "demand"]);
pub(super) const ACTUAL_DEMAND: Word =
    word("actual_demand", &["实际需量电价"], &["actual demand price", "actual demand"]);
pub(super) const TIER_1: Word = word("tier_1", &["一档"], &["tier 1"]);
pub(super) const TIER_2: Word = word("tier_2", &["二档"], &["tier 2"]);
pub(super) const TIER_3: Word = word("tier_3", &["三档"], &["tier 3"]);

/// Yes and no.
pub(super) const YES_NO: [Word; 2] =
    [word("true", &["是", "√"], &["yes", "1"]), word("false", &["否", "×"], &["no", "0"])];
pub(super) const KINDS: [Word; 2] =
    [word("energy", &["电能"], &["energy"]), word("fund", &["基金"], &["fund"])];
pub(super) const DAYS: [Word; 3] = [
    word("ordinary", &["平日"], &["ordinary"]),
    word("holiday", &["节假日"], &["holiday"]),
    word("hot", &["高温日", "高温"], &["hot"]),
];
pub(super) const CYCLES: [Word; 2] =
    [word("year", &["年", "按年"], &["year"]), word("month", &["月", "按月"], &["month"])];
pub(super) const READINGS: [Word; 2] = [word("A", &["A"], &["A"]), word("B", &["B"], &["B"])];
pub(super) const CATEGORIES: [Word; 5] = [
    word("residential", &["居民阶梯"], &["residential"]),
    word("residential_flat", &["居民合表"], &["residential flat"]),
    word("single_part", &["单一制"], &["single part", "single-part"]),
    word("two_part", &["两部制"], &["two part", "two-part"]),
    word("agricultural", &["农业生产", "农业"], &["agricultural"]),
];
pub(super) const LEVELS: [Word; 6] = [
    word("below_1kv", &["不满1千伏", "不满1kV"], &["below 1kV"]),
    word("1_10kv", &["1-10千伏", "1至10千伏", "1-10kV"], &["1-10kV"]),
    word("20_35kv", &["20-35千伏", "20至35千伏", "20-35kV"], &["20-35kV"]),
    word("35_110kv", &["35-110千伏", "35至110千伏", "35-110kV"], &["35-110kV"]),
    word("110_220kv", &["110-220千伏", "110至220千伏", "110-220kV"], &["110-220kV"]),
    word("from_220kv", &["220千伏及以上", "220kV及以上"], &["from 220kV", "220kV and above"]),
];
const PERIODS: [Word; Period::COUNT] = [
    word("total", &["不分时", "总"], &["total"]),
    word("sharp", &["尖峰", "尖"], &["sharp"]),
    word("peak", &["峰", "高峰"], &["peak"]),
    word("flat", &["平", "平段"], &["flat"]),
    word("valley", &["谷", "低谷"], &["valley"]),
    word("deep_valley", &["深谷"], &["deep valley"]),
];

/// The word of a period.
pub(super) fn period(period: Period) -> &'static Word {
    &PERIODS[period.index()]
}

/// The period that a text, already made [`plain`], names.
pub(super) fn period_of(text: &str) -> Option<Period> {
    Period::ALL.into_iter().find(|one| period(*one).is(text))
}

/// The words of periods, to choose from.
pub(super) const fn periods() -> &'static [Word] {
    &PERIODS
}

/// A heading such as `二档加价 峰`: what stands before the period, and the period.
pub(super) fn by_period(plain_heading: &str) -> Option<(&str, Period)> {
    Period::ALL.into_iter().find_map(|one| {
        let mut spellings = period(one).zh.iter().chain(period(one).en);
        let head =
            spellings.find_map(|word| plain_heading.strip_suffix(plain(word).as_str())?.strip_suffix('-'))?;
        Some((head, one))
    })
}

/// The line that stands above the headings of a sheet, for the person who fills it in.
pub(super) fn hint(sheet: &Word, lang: Lang) -> &'static str {
    let (zh, en) = match sheet.key {
        "info" => (
            "日期写作 2026-01-31；失效日为停止执行的第一天，可空；更正已发布的表时编号不变、版本加一",
            "Dates like 2026-01-31; the table ends before its `to` day, which may be left out; a corrected table keeps its id and takes the next version",
        ),
        "components" => (
            "每行一个组成；各类别相同的价格写在“统一价格”，不同的写在“价格”表；空的“是/否”取默认值",
            "One component a row; a price that all classes share stands here, others in the sheet of prices; yes/no left out takes its default",
        ),
        "hours" => (
            "每行一段时间；月份写作 7、8 或 1至6、9至12；未写明平段时，其余时间为平段",
            "One span of hours a row; months like 7, 8 or 1 to 6, 9 to 12; hours that are not named are flat where no flat hours are named",
        ),
        "factors" => (
            "浮动组成相对平段的系数；“峰×1.2”为峰段系数的 1.2 倍；月份为空表示各季共用",
            "Factors on the flat price; peak*1.2 is 1.2 times the peak factor; no months means all seasons",
        ),
        "tiers" => (
            "每行一个阶梯；分季时每季一行，只填月份和分界",
            "One row for each tiers, or one for each of its seasons with months and limits",
        ),
        "basic" => ("两部制基本电费的计收规则", "The rules of the basic charge of two-part classes"),
        "prices" => (
            "每行一个类别的一个电压等级；每个组成一列，分时的组成每个时段一列",
            "One voltage level of one class a row; a column for each component, or one for each of its periods",
        ),
        _ => (
            "公布的到户价，与各组成之和逐位核对；不参与计价",
            "The final prices as published: they must come out of the components to the last digit",
        ),
    };
    if lang == Lang::Zh { zh } else { en }
}
