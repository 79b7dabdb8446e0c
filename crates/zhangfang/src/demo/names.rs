//! Names, addresses and telephone numbers of people who do not exist.

use fastrand::Rng;

use super::population::Kind;

const FAMILY: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭", "何",
    "林", "高", "罗", "郑", "梁", "谢", "宋", "唐", "许", "韩", "冯", "邓", "曹", "彭", "曾", "肖", "田",
    "董", "潘", "袁", "蔡", "蒋", "余",
];
const GIVEN: &[&str] = &[
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超",
    "霞", "平", "刚", "桂英", "建国", "志强", "秀兰", "玉梅", "海燕", "文博", "子涵", "雨桐", "俊杰", "晓东",
    "国栋", "春梅", "立新",
];
const STREETS: [&[&str]; 3] = [
    &["解放路", "建设街", "长江路", "珞瑜路", "江汉路", "友谊大道"],
    &["东风路", "人民路", "滨江大道", "车站路", "文化街", "中山路"],
    &["干将路", "人民路", "平江路", "观前街", "狮山路", "金鸡湖大道"],
];
const TOWNS: [&str; 3] = ["东城", "西城", "平江"];
const TRADES: &[&str] =
    &["便利店", "餐馆", "药房", "理发店", "五金店", "书店", "水果店", "修理部", "茶庄", "诊所"];
const WORKS: &[&str] = &["机械", "纺织", "化工", "电子", "水泥", "铸造", "食品", "包装", "汽配", "建材"];
const BRANDS: &[&str] = &["华兴", "宏达", "长江", "东方", "金阳", "新力", "瑞丰", "永固", "天成", "恒通"];

fn pick<'n>(from: &'n [&'n str], rng: &mut Rng) -> &'n str {
    from[rng.usize(..from.len())]
}

/// Name, address and telephone of a customer.
pub fn of(kind: Kind, station: usize, rng: &mut Rng) -> (String, String, String) {
    let station = station.min(2);
    let town = TOWNS[station];
    let street = pick(STREETS[station], rng);
    let person = format!("{}{}", pick(FAMILY, rng), pick(GIVEN, rng));
    let name = match kind {
        Kind::Household | Kind::HouseholdTimeOfUse | Kind::LargeHousehold | Kind::ReliefHousehold => person,
        Kind::ResidentialFlat => format!("{street}{}号宿舍", rng.u32(1..200)),
        Kind::Shop => format!("{person}{}", pick(TRADES, rng)),
        Kind::GroupMember => format!("通达银行{town}{street}支行"),
        Kind::Commerce => format!("{}{}商贸有限公司", town, pick(BRANDS, rng)),
        Kind::Farm => format!("{town}{}农业合作社", person),
        _ => format!("{}{}{}有限公司", town, pick(BRANDS, rng), pick(WORKS, rng)),
    };
    let address =
        format!("{town}区{street}{}号{}栋{}室", rng.u32(1..400), rng.u32(1..30), rng.u32(101..2600));
    let phone = format!("1390000{:04}", rng.u32(..10_000));
    (name, address, phone)
}
