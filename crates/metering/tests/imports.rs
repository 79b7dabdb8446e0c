//! Customers, meters and readings from files, on both engines.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use identity::Desk;
use interchange::{Options as TableOptions, Table};
use kernel::Lang;
use metering::MeteringError;
use metering::account::{BasicMethod, Category, LossFormula, Options, TransformerLossMethod};
use metering::book::*;
use metering::entry::lines_of_book;
use metering::import::*;
use metering::reading::*;
use metering::stream::{Books, each_account_reading};
use store::Store;

const MARCH: i64 = 202603;

const CUSTOMERS: &str = "\
户号,户名,用电地址,抄本编号,用电类别,电压等级,电价代码,立户日期,变压器容量,基本电费计算方式,合同最大需量,功率因数标准,专变
3000000001,张三,人民路1号,0001,居民,220V,residential,2020-01-01,,,,,
3000000002,李四,人民路2号,0001,居民生活,不满1千伏,residential,2020/1/1,,,,,否
3000000003,钢厂,工业路9号,0001,大工业,10kV,two_part,2019-05-01,1000,按合同最大需量,800,0.90,是
30000004,王五,人民路3号,0001,居民,220V,residential,2020-01-01,,,,,
3000000005,赵六,人民路4号,0009,居民,220V,residential,2020-01-01,,,,,
3000000006,钱七,人民路5号,0001,居民,220V,residential,2020-02-30,,,,,
3000000007,商店,人民路6号,0001,单一制,380V,single_part,2020-01-01,,按容量,,,
";

const METERS: &str = "\
户号,表号,整数位,小数位,倍率,示数类型,装表日期,装表示数
3000000001,A001,5,2,1,总,2020-01-01,10
3000000002,A002,5,2,,总,2020-01-01,
3000000003,A003,4,4,3000,\"总,峰,平,谷,正向无功,需量\",2020-01-01,
3000000099,A004,5,2,1,总,2020-01-01,
3000000002,A005,5,2,0,总,2020-01-01,
3000000002,A006,5,2,1,总总,2020-01-01,
3000000001,A001,5,2,1,总,2020-01-01,10
";

fn table(name: &str, bytes: impl Into<Vec<u8>>) -> Table {
    Table::open_bytes(name, bytes, &TableOptions::default()).unwrap()
}
fn incoming(name: &str, bytes: impl Into<Vec<u8>>, now: i64) -> Incoming {
    Incoming { table: table(name, bytes), now: at(now), lang: Lang::Zh }
}
fn counts(outcome: &Outcome) -> (u64, u64, u64) {
    (outcome.added, outcome.unchanged, outcome.rejected)
}
fn text(rejects: Vec<u8>) -> String {
    String::from_utf8(rejects).unwrap()
}
fn gbk(text: &str) -> Vec<u8> {
    encoding_rs::GBK.encode(text).0.into_owned()
}

fn with_book(store: &Store) {
    opened_book(store, 0, month(202601));
}

fn load_customers_and_meters(store: &Store) {
    with_book(store);
    let station = station();
    let desk = Desk::new(store, &station);
    import_accounts(&desk, incoming("用户.csv", CUSTOMERS, 20260301), Vec::new()).unwrap();
    import_meters(&desk, incoming("电表.csv", METERS, 20260301), Vec::new()).unwrap();
}

/// Good rows are kept, bad ones come back with row, column and reason; the same file again changes nothing, in
/// whichever encoding; a corrected file adds only what is missing.
#[test]
fn customers_come_from_a_file() {
    each_engine(|store| {
        with_book(store);
        let station = station();
        let desk = Desk::new(store, &station);
        let (outcome, rejects) =
            import_accounts(&desk, incoming("用户.csv", gbk(CUSTOMERS), 20260301), Vec::new()).unwrap();
        assert_eq!((counts(&outcome), outcome.seen_before), ((3, 0, 4), false));
        let rejects = text(rejects);
        for (row, column, words) in [
            ("5", "户号", "10 至 13 位"),
            ("6", "抄本编号", "没有编号为 0009 的抄本"),
            ("7", "立户日期", "不是存在的日期"),
            ("8", "基本电费计算方式", "只有两部制用户"),
        ] {
            let line = rejects.lines().find(|line| line.contains(&format!(",{row},{column},"))).unwrap_or("");
            assert!(line.contains(words), "{row} {column}: {rejects}");
        }
        let (again, _) =
            import_accounts(&desk, incoming("用户.csv", gbk(CUSTOMERS), 20260302), Vec::new()).unwrap();
        assert_eq!((counts(&again), again.seen_before), ((0, 3, 4), true));

        let corrected = CUSTOMERS.replace("30000004,", "3000000004,").replace("钢厂", "钢铁厂");
        let (outcome, rejects) =
            import_accounts(&desk, incoming("用户.csv", corrected, 20260302), Vec::new()).unwrap();
        assert_eq!((counts(&outcome), outcome.seen_before), ((1, 2, 4), false));
        assert!(text(rejects).contains("参数变更工单"), "a difference is never overwritten");

        let mut found = Vec::new();
        store
            .read(|tx| {
                each_account_reading(tx, ORG, month(MARCH), Books::Range(1, 1), |row| {
                    found.push(row.clone());
                    Ok::<_, MeteringError>(())
                })
            })
            .unwrap();
        assert_eq!(found.len(), 4);
        let mill = &found[2];
        assert_eq!(
            (mill.account.category, mill.terms.as_ref().unwrap().basic),
            (Category::TwoPart, BasicMethod::ContractDemand)
        );
        assert_eq!(mill.transformers[0].capacity_kva, kwh("1000"));
        assert!(mill.account.options.has(Options::DEDICATED_TRANSFORMER.with(Options::POWER_FACTOR, true)));
        assert!(!found[1].account.options.has(Options::DEDICATED_TRANSFORMER));
    });
}

/// Loss by formula comes with its figures; figures that do not make a formula come back.
#[test]
fn agreements_of_loss_come_from_a_file() {
    let heading = "户号,户名,用电地址,抄本编号,用电类别,电压等级,电价代码,立户日期,变压器容量,变损计算方式,变损电量,空载损耗,短路损耗,空载电流,阻抗电压,负荷形状系数,铜损率";
    let row =
        |number: i64, rest: &str| format!("{number},厂,路,0001,单一制,10kV,single_part,2020-01-01,{rest}\n");
    let rows = [
        row(3000000001, "200,公式,,0.48,2.6,1.3%,4%,1.05,"),
        row(3000000002, "200,,,0.48,,,,,0.02"),
        row(3000000003, "200,,304,,,,,,"),
        row(3000000004, "200,查表,,,,,,,"),
        row(3000000005, "200,公式,,,,,,,"),
        row(3000000006, "200,,,0.48,2.6,,,,0.02"),
        row(3000000007, "200,,304,0.48,2.6,,,,"),
        row(3000000008, ",公式,,0.48,2.6,,,,"),
        row(3000000009, "200,,,0.48,2.6,,,-1,"),
        row(3000000010, "200,,,0.48,,1.3%,,,0.02"),
    ];
    each_engine(|store| {
        with_book(store);
        let station = station();
        let desk = Desk::new(store, &station);
        let file = format!("{heading}\n{}", rows.concat());
        let (outcome, rejects) =
            import_accounts(&desk, incoming("用户.csv", file, 20260301), Vec::new()).unwrap();
        assert_eq!(counts(&outcome), (4, 0, 6), "{}", text(rejects));
        let mut terms = Vec::new();
        store
            .read(|tx| {
                each_account_reading(tx, ORG, month(MARCH), Books::Range(1, 1), |row| {
                    terms.push(row.terms.clone().unwrap());
                    Ok::<_, MeteringError>(())
                })
            })
            .unwrap();
        let rate = |text: &str| text.parse().unwrap();
        assert_eq!(
            terms[0].loss_formula,
            Some(LossFormula::LoadSquare {
                no_load_kw: kwh("0.48"),
                load_loss_kw: kwh("2.6"),
                no_load_current: rate("0.013"),
                impedance: rate("0.04"),
                shape: rate("1.05"),
            })
        );
        assert_eq!(
            terms[1].loss_formula,
            Some(LossFormula::CopperRate {
                no_load_kw: kwh("0.48"),
                no_load_kvar: kwh("0"),
                copper_rate: rate("0.02"),
                reactive_rate: rate("0"),
            })
        );
        let methods: Vec<_> = terms.iter().map(|one| one.transformer_loss).collect();
        use TransformerLossMethod::{Fixed, Formula, Table};
        assert_eq!(methods, [Formula, Formula, Fixed, Table]);
        assert_eq!((terms[2].transformer_loss_kwh, terms[2].loss_formula), (Some(kwh("304")), None));
    });
}

/// The points of a customer come from a file before its first reading; later they change by ticket.
#[test]
fn points_come_from_a_file() {
    const POINTS: &str = "\
户号,计量点,电价代码,执行分时,计量点关系,上级计量点,定量电量,定比比例,承担变损,承担线损,参与力调
3000000003,1,two_part,是,实抄,,,,是,是,是
3000000003,2,single_part,,定比,1,,10%,,,否
3000000003,3,residential,,定量,1,300,,,,否
3000000003,5,residential,,定量,1,300,,,,否
3000000003,4,residential,,定量,9,300,,,,否
3000000003,4,residential,,定比,1,300,,,,否
3000000099,1,,,,,,,,,
";
    each_engine(|store| {
        load_customers_and_meters(store);
        let station = station();
        let desk = Desk::new(store, &station);
        let import = |rows: &str| {
            let (outcome, rejects) =
                import_points(&desk, incoming("计量点.csv", rows, 20260301), Vec::new()).unwrap();
            (counts(&outcome), text(rejects))
        };
        let (outcome, rejects) = import(POINTS);
        assert_eq!(outcome, (3, 0, 4), "{rejects}");
        for words in ["下一个为 4", "上级计量点", "没有户号 3000000099"] {
            assert!(rejects.contains(words), "{words}: {rejects}");
        }
        assert_eq!(import(POINTS).0, (0, 3, 4), "the same again changes nothing");
        let (outcome, rejects) = import(&POINTS.replace("10%", "20%"));
        assert_eq!(outcome, (0, 2, 5));
        assert!(rejects.contains("参数变更工单"), "{rejects}");
        let march = month(MARCH);
        act(store, &station, at(20260301), |work| create_batch(work, &calendar(), STATION, march, &[1]))
            .unwrap();
        let mut found = Vec::new();
        store
            .read(|tx| {
                each_account_reading(tx, ORG, march, Books::Range(1, 1), |row| {
                    found.push(row.points.clone());
                    Ok::<_, MeteringError>(())
                })
            })
            .unwrap();
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [0, 0, 3]);
        assert_eq!(found[2][1].fixed_ratio, Some("0.1".parse().unwrap()));
        assert_eq!((found[2][2].fixed_kwh, found[2][2].in_power_factor), (Some(kwh("300")), false));
        let (outcome, rejects) =
            import(&format!("{}3000000003,4,,,实抄,,,,,,\n", &POINTS[..POINTS.find('\n').unwrap() + 1]));
        assert_eq!(outcome, (0, 0, 1));
        assert!(rejects.contains("已抄表"), "{rejects}");
    });
}

/// A person without the right for the station takes nothing in.
#[test]
fn customers_of_other_stations_are_refused() {
    each_engine(|store| {
        with_book(store);
        let reader = person(51, "抄表员", &[metering::permissions::ENTER_READING]);
        let (outcome, rejects) =
            import_accounts(&Desk::new(store, &reader), incoming("a.csv", CUSTOMERS, 20260301), Vec::new())
                .unwrap();
        assert_eq!(outcome.added, 0);
        assert!(text(rejects).contains("无权"));
    });
}

/// Meters of known accounts only, each in use once.
#[test]
fn meters_come_from_a_file() {
    each_engine(|store| {
        with_book(store);
        let station = station();
        let desk = Desk::new(store, &station);
        import_accounts(&desk, incoming("用户.csv", CUSTOMERS, 20260301), Vec::new()).unwrap();
        let (outcome, rejects) =
            import_meters(&desk, incoming("电表.csv", METERS, 20260301), Vec::new()).unwrap();
        let rejects = text(rejects);
        assert_eq!(counts(&outcome), (3, 0, 4), "{rejects}");
        for words in ["没有户号 3000000099", "倍率应大于零", "不认识的示数类型", "与第 2 行重复"]
        {
            assert!(rejects.contains(words), "{words}: {rejects}");
        }
        let moved = METERS.replace("3000000002,A002", "3000000001,A002");
        let (outcome, rejects) =
            import_meters(&desk, incoming("电表2.csv", moved, 20260301), Vec::new()).unwrap();
        assert_eq!(counts(&outcome), (0, 2, 5));
        assert!(text(rejects).contains("该表号已在用"));
    });
}

/// READ-05, READ-14: readings go into open books; what cannot be right comes back, and the rest is kept.
#[test]
fn readings_come_from_a_file() {
    each_engine(|store| {
        load_customers_and_meters(store);
        let station = station();
        let desk = Desk::new(store, &station);
        let march = month(MARCH);
        let heading = "表号,抄表日期,抄表状态,总,峰,平,谷,无功,需量,翻转,月份\n";
        let rows = "\
A001,2026-03-05,,123.45,,,,,,,2026年3月
A002,2026-03-05,未抄,,,,,,,,
A003,2026-03-05,已抄,1.5,0.5,0.6,0.4,0.2,0.31,,202603
A009,2026-03-05,,5,,,,,,,
";
        let import = |rows: &str, now: i64| {
            let bytes = format!("{heading}{rows}");
            let (outcome, rejects) =
                import_readings(&desk, incoming("表码.csv", bytes, now), march, Vec::new()).unwrap();
            (counts(&outcome), text(rejects))
        };
        let (outcome, rejects) = import(rows, 20260305);
        assert_eq!(outcome, (0, 0, 4));
        assert!(rejects.contains("未建该表所在抄本的批次"), "{rejects}");
        act(store, &station, at(20260301), |work| create_batch(work, &calendar(), STATION, march, &[1]))
            .unwrap();
        let (outcome, rejects) = import(rows, 20260305);
        assert_eq!(outcome, (3, 0, 1), "{rejects}");
        assert!(rejects.contains("没有在用的电能表 A009"));
        assert_eq!(import(rows, 20260305).0, (0, 3, 1), "the same again changes nothing");
        let opened = store.read(|tx| book_month(tx, ORG, march, 1)).unwrap().unwrap();
        assert_eq!(opened.state, BookState::Entering);
        let lines = store.read(|tx| lines_of_book(tx, ORG, march, 1)).unwrap();
        let first = lines[0].registers.of(Register::Total).unwrap();
        assert_eq!((first.previous, first.current), (kwh("10"), kwh("123.45")));
        assert_eq!(lines[1].status, ReadingStatus::Unread);
        assert_eq!(lines[2].consumption(Register::Total).unwrap(), Some(kwh("4500")));
        assert_eq!(lines[2].consumption(Register::Demand).unwrap(), Some(kwh("930")));

        for (row, words) in [
            ("A001,2026-03-06,,9.99,,,,,,,", "未确认翻转"),
            ("A001,2026-03-06,,123456,,,,,,,", "5 位整数"),
            ("A001,2026-03-06,抄零,130,,,,,,,", "抄零"),
            ("A002,2026-03-06,未抄,7,,,,,,,", "未抄"),
            ("A001,2026-03-06,已抄,10,,,,,,,", "应为抄零"),
            ("A001,2026-03-06,,,,,,,,,", "缺少总示数"),
            ("A001,2026-03-06,,130,5,,,,,,", "没有峰示数"),
            ("A001,2026-03-06,,130,,,,,,是,", "翻转"),
            ("A001,2026-03-06,,130,,,,,,,2026-04", "2026-04"),
            ("A001,2026-03-06,,130,,,,,,,2026-13", "日期"),
            ("A001,2026-03-09,,130,,,,,,,", "晚于今天"),
            ("A001,2025-03-05,,130,,,,,,,", "不在 2026-03 前后"),
        ] {
            let (outcome, rejects) = import(&format!("{row}\n"), 20260306);
            assert_eq!(outcome, (0, 0, 1), "{row}");
            assert!(rejects.contains(words), "{row}: {rejects}");
        }
        let (outcome, _) = import("A001,2026-03-06,,9.99,,,,,,是,\nA001,2026-03-06,,9,,,,,,,\n", 20260306);
        assert_eq!(outcome, (1, 0, 1), "a confirmed roll-over; the same meter twice in a file");
        let lines = store.read(|tx| lines_of_book(tx, ORG, march, 1)).unwrap();
        assert_eq!(lines[0].consumption(Register::Total).unwrap(), Some(kwh("99999.99")));
        // Who submitted locks.
        act(store, &station, at(20260306), |work| {
            self_check(work, march, 1, "")?;
            submit(work, &calendar(), march, 1)
        })
        .unwrap();
        let (outcome, rejects) = import("A001,2026-03-06,,50,,,,,,,\n", 20260306);
        assert_eq!(outcome, (0, 0, 1));
        assert!(rejects.contains("锁定"));
    });
}
