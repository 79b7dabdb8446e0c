//! A company from nothing to its first issued bills, by commands alone.
#![allow(clippy::unwrap_used)]

mod counter;

use counter::{Counter, line, words};

const CUSTOMERS: &str = "\
户号,户名,用电地址,抄本编号,用电类别,电压等级,电价代码,立户日期
4200000001,张三,人民路1号,0001,居民,220V,湖北:residential,2020-01-01
4200000002,李四,人民路2号,0001,居民生活,不满1千伏,湖北:residential,2020/1/1
42000003,王五,人民路3号,0001,居民,220V,湖北:residential,2020-01-01
4200000004,赵六,人民路4号,0009,居民,220V,湖北:residential,2020-01-01
4200000005,钱七,人民路5号,0001,居民,220V,湖北:residential,2020-02-30
";

const METERS: &str = "\
户号,表号,整数位,小数位,倍率,示数类型,装表日期,装表示数
4200000001,A001,5,2,1,总,2020-01-01,100
4200000002,A002,5,2,1,总,2020-01-01,
";

fn gbk(text: &str) -> Vec<u8> {
    encoding_rs::GBK.encode(text).0.into_owned()
}

/// The company, its units, its people in their posts, prices, chart of accounts.
fn founded() -> Counter {
    let counter = Counter::empty("JH");
    let day = "2026-01-05";
    counter.done(
        day,
        "boss",
        &["init", "JH", "--name", "江河供电公司", "--login", "boss", "--person", "管理员"],
    );
    for (code, kind, parent, name) in [
        ("BC", "billing_centre", "JH", "电费管理中心"),
        ("MD", "marketing_department", "JH", "营销部"),
        ("FD", "finance_department", "JH", "财务部"),
        ("SD", "supply_department", "JH", "供电部"),
        ("S1", "supply_station", "SD", "河东供电所"),
    ] {
        counter.done(
            day,
            "boss",
            &["people", "add-unit", code, "--kind", kind, "--parent", parent, "--name", name],
        );
    }
    for (login, name, unit, post) in [
        ("fuhe", "周复核", "BC", "reviewer"),
        ("yingxiao", "冯营销", "MD", "marketing_officer"),
        ("kuaiji", "褚会计", "FD", "accountant"),
        ("gongdian", "沈供电", "SD", "supply_department_officer"),
        ("chaobiao", "蒋抄表", "S1", "meter_reader"),
        ("feiguan", "韩电费", "S1", "station_fee_administrator"),
    ] {
        counter.done(day, "boss", &["people", "add", login, name, "--unit", unit]);
        counter.done(day, "boss", &["people", "assign", login, post]);
    }
    counter.done(day, "yingxiao", &["prices", "load", "hubei-2026-01"]);
    counter.done(day, "kuaiji", &["ledger", "chart"]);
    counter.done(day, "kuaiji", &["ledger", "open", "2026-01"]);
    counter.done(day, "kuaiji", &["ledger", "open", "2026-02"]);
    counter
}

/// READ-12, READ-13: the book's reading day is proposed, reviewed, and in force only then.
fn book_with_reading_day(counter: &Counter) {
    let day = "2026-01-06";
    counter.done(
        day,
        "feiguan",
        &["book", "new", "0001", "--name", "一册", "--unit", "S1", "--reader", "chaobiao"],
    );
    let refusal = counter.refused(day, "feiguan", &["book", "open", "2026-01", "--unit", "S1", "0001"]);
    assert!(refusal.contains("例日"), "{refusal}");
    counter.done(day, "gongdian", &["book", "propose-day", "0001", "28"]);
    let open = counter.done(day, "yingxiao", &["book", "days"]);
    let proposal = words(line(&open, "0001"))[0];
    counter.done(day, "yingxiao", &["book", "review-day", proposal]);
}

/// READ-04 to READ-08, READ-14, BILL-01, BILL-09 to BILL-11, BILL-14, BILL-15, BILL-20, BILL-22, BILL-23,
/// XC-01, XC-08, XC-15: customers and meters from files, a month read, calculated, its exceptions answered, issued, and in the ledger.
#[test]
fn a_company_issues_its_first_bills() {
    let counter = founded();
    book_with_reading_day(&counter);

    let customers = counter.file("用户.csv", gbk(CUSTOMERS));
    let said = counter.say("2026-01-07", "feiguan", &["import", "accounts", &customers]);
    assert!(
        !said.done && said.text.contains("新增 2 行，未变 0 行，退回 3 行"),
        "{} {}",
        said.text,
        said.refusal
    );
    let rejects = std::fs::read_to_string(counter.path("用户.csv.rejects.csv")).unwrap();
    for (number, why) in [("42000003", "10 至 13 位"), ("4200000004", "0009"), ("4200000005", "2020-02-30")]
    {
        assert!(line(&rejects, number).contains(why), "{rejects}");
    }
    let again = counter.say("2026-01-07", "feiguan", &["import", "accounts", &customers]);
    assert!(
        again.text.contains("此前已导入过") && again.text.contains("新增 0 行，未变 2 行，退回 3 行"),
        "{}",
        again.text
    );
    let meters = counter.file("电表.csv", gbk(METERS));
    assert!(counter.done("2026-01-07", "feiguan", &["import", "meters", &meters]).contains("新增 2 行"));

    counter.done("2026-01-28", "feiguan", &["book", "open", "2026-01", "--unit", "S1"]);
    let lines = counter.done("2026-01-28", "chaobiao", &["book", "lines", "0001", "2026-01"]);
    assert!(
        line(&lines, "张三").contains("100.00"),
        "the meter's first reading is its previous one: {lines}"
    );
    let early = counter.refused("2026-01-28", "feiguan", &["book", "submit", "0001", "2026-01"]);
    assert!(!early.is_empty());
    let readings = counter.file(
        "表码.csv",
        gbk("表号,抄表日期,本次示数\nA001,2026-01-28,250\nA002,2026-01-28,0\nA009,2026-01-28,1\n"),
    );
    let taken =
        counter.say("2026-01-28", "chaobiao", &["import", "readings", &readings, "--month", "2026-01"]);
    assert!(taken.text.contains("新增 2 行，未变 0 行，退回 1 行"), "{} {}", taken.text, taken.refusal);
    counter.done(
        "2026-01-28",
        "chaobiao",
        &["book", "enter", "4200000002", "2026-01", "80", "--reason", "看错"],
    );
    let history = counter.done("2026-01-28", "chaobiao", &["book", "history", "4200000002", "2026-01"]);
    assert!(history.contains("看错"), "{history}");

    counter.done("2026-01-29", "feiguan", &["book", "check", "0001", "2026-01", "--note", "已核对"]);
    let refusal = counter.refused("2026-01-29", "fuhe", &["book", "submit", "0001", "2026-01"]);
    assert!(refusal.contains("metering.submit_book"), "the centre does not submit: {refusal}");
    let early = counter.refused("2026-01-29", "fuhe", &["run", "calculate", "0001", "2026-01"]);
    assert!(early.contains("录入中"), "what is not submitted is not calculated: {early}");
    counter.done("2026-01-29", "feiguan", &["book", "submit", "0001", "2026-01"]);
    counter.refused("2026-01-29", "feiguan", &["run", "calculate", "0001", "2026-01"]);

    let calculated = counter.done("2026-01-30", "fuhe", &["run", "calculate", "0001", "2026-01"]);
    assert!(calculated.contains("计算 2 户，正常 0 户，电量 230 千瓦时"), "{calculated}");
    counter.done("2026-01-30", "fuhe", &["run", "review", "0001", "2026-01"]);
    let none = counter.refused("2026-01-30", "fuhe", &["run", "issue", "0001", "2026-01"]);
    assert!(
        none.contains("没有可发行的电费"),
        "new customers have no history, so they are exceptions: {none}"
    );
    assert!(counter.done("2026-01-30", "fuhe", &["exception", "send", "2026-01", "S1"]).contains("2 户"));
    // Sent on a Friday, two working days: late from Wednesday on, and the delay is the station's. (BILL-15, XC-08)
    assert!(counter.done("2026-02-03", "feiguan", &["work", "late"]).contains("没有记录"));
    let late = counter.done("2026-02-05", "feiguan", &["work", "late"]);
    assert!(line(&late, "4200000001").contains("逾期 2 天"), "{late}");
    for account in ["4200000001", "4200000002"] {
        let words = ["exception", "answer", account, "2026-01", "新装用户，表码无误"];
        assert!(counter.done("2026-02-05", "feiguan", &words).contains("逾期 2 个工作日"));
        counter.refused("2026-02-05", "feiguan", &["exception", "in-order", account, "2026-01"]);
        counter.done("2026-02-05", "fuhe", &["exception", "in-order", account, "2026-01"]);
    }
    let issued = counter.done("2026-02-05", "fuhe", &["run", "issue", "0001", "2026-01"]);
    assert!(issued.contains("发行 2 户") && issued.contains("待处理 0 户"), "{issued}");

    // 230 kWh at the first tier of 0.558 yuan, from the published table.
    let bills = counter.done("2026-02-05", "fuhe", &["run", "list", "2026-01"]);
    assert_eq!(words(line(&bills, "合计")), ["合计", "230", "128.34"], "{bills}");
    let explained = counter.done("2026-02-05", "fuhe", &["bill", "explain", "4200000001", "2026-01"]);
    assert!(explained.contains("83.70"), "150 kWh × 0.558: {explained}");
    let balance = counter.done("2026-02-05", "kuaiji", &["ledger", "trial-balance", "2026-02"]);
    assert!(words(line(&balance, "应收电费")).contains(&"128.34"), "{balance}");
    assert!(balance.contains("借贷平衡"), "{balance}");
    let steps = counter.done("2026-02-05", "fuhe", &["book", "steps", "0001", "2026-01"]);
    assert!(line(&steps, "已发行").contains("周复核"), "{steps}");
}

/// XC-02: nobody reads meters and reviews; XC-01: who holds no post for an act is refused with the act's name.
#[test]
fn posts_decide_what_a_person_may_do() {
    let counter = founded();
    let day = "2026-01-08";
    let refusal = counter.refused(day, "boss", &["people", "assign", "chaobiao", "reviewer", "--unit", "BC"]);
    assert!(refusal.contains("蒋抄表"), "{refusal}");
    let refusal = counter.refused(day, "chaobiao", &["people", "add", "x", "某人", "--unit", "S1"]);
    assert!(refusal.contains("identity.manage_persons"), "{refusal}");
    counter.done(day, "boss", &["people", "end", "chaobiao", "meter_reader", "--last", "2026-01-31"]);
    let people = counter.done(day, "boss", &["people", "list", "--unit", "S1"]);
    assert!(line(&people, "chaobiao").ends_with("2026-01-31"), "{people}");
    let changes = counter.done(day, "boss", &["people", "changes"]);
    assert!(line(&changes, "open").contains("2026-01-31"), "{changes}");
}

/// XC-15: the same request under the same key is answered again and done once.
#[test]
fn a_request_key_makes_a_command_happen_once() {
    let counter = founded();
    let add = ["people", "add", "qian", "钱会计", "--unit", "FD", "--request-key", "k-1"];
    let first = counter.done("2026-01-08", "boss", &add);
    assert_eq!(counter.done("2026-01-08", "boss", &add), first);
    let people = counter.done("2026-01-08", "boss", &["people", "list", "--unit", "FD"]);
    assert_eq!(people.matches("qian").count(), 1, "{people}");
    let other = ["people", "add", "qian2", "钱会计", "--unit", "FD", "--request-key", "k-1"];
    counter.refused("2026-01-08", "boss", &other);
}

/// An empty sheet with the headings is what the importer itself reads.
#[test]
fn templates_carry_the_headings() {
    let counter = founded();
    let csv = counter.path("模板.csv").display().to_string();
    counter.done("2026-01-08", "feiguan", &["import", "accounts", &csv, "--template"]);
    let text = std::fs::read_to_string(&csv).unwrap();
    assert!(text.contains("户号*,户名*,用电地址*,联系电话"), "a star for what must be filled in: {text}");
    let said = counter.done("2026-01-08", "feiguan", &["import", "accounts", &csv]);
    assert!(said.contains("新增 0 行，未变 0 行，退回 0 行"), "{said}");
    let xlsx = counter.path("表码.xlsx").display().to_string();
    counter.done("2026-01-08", "feiguan", &["import", "readings", &xlsx, "--template"]);
    let said = counter.done("2026-01-08", "chaobiao", &["import", "readings", &xlsx, "--month", "2026-01"]);
    assert!(said.contains("新增 0 行"), "{said}");
}
