//! The demo's supply company: its units, its people, its prices, its chart of accounts.

use identity::{Actor, Desk, NewAssignment, NewOrganisation, NewPerson, NewUnit};
use kernel::{Date, Moment, Month, Text};
use ledger::{Chart, PostingRules};
use store::Store;
use tariff::table::PriceTable;

use crate::failure::{Done, Failure};
use crate::house;

/// Codes of the stations.
pub const STATIONS: [(&str, &str, &str); 3] = [
    ("DC", "东城供电所", "Dongcheng supply station"),
    ("XC", "西城供电所", "Xicheng supply station"),
    ("PJ", "平江供电所", "Pingjiang supply station"),
];

/// The people of the demo: login, name, unit code, post.
const PEOPLE: &[(&str, &str, &str, &str)] = &[
    ("fuhe", "周复核", "BC", "reviewer"),
    ("hesuan", "吴核算", "BC", "reviewer"),
    ("zhuren", "郑主任", "BC", "billing_centre_head"),
    ("yingxiao", "冯营销", "MD", "marketing_officer"),
    ("lingdao", "陈分管", "CO", "leader_in_charge"),
    ("kuaiji", "褚会计", "FD", "accountant"),
    ("shenji", "卫审计", "CO", "auditor"),
    ("jiliang", "蒋计量", "MI", "metering_institute_clerk"),
    ("jilsuo", "沈所长", "MI", "metering_institute_head"),
    ("jicha", "韩稽查", "ID", "inspection_clerk"),
    ("jichazhang", "杨处长", "ID", "inspection_head"),
    ("gongdian", "朱专责", "SD", "supply_department_officer"),
    ("chuandan", "秦传单", "BC", "slip_clerk"),
    ("zhangben", "尤发放", "LR", "ledger_issuer"),
];

/// The company once founded.
pub struct Company {
    /// The organisation.
    pub org_id: i64,
    /// Keys of the stations.
    pub units: [i64; 3],
    /// The administrator.
    pub administrator: Actor,
}

impl Company {
    /// A person of the company by login.
    pub fn person(&self, store: &Store, login: &str, day: Date) -> Done<Actor> {
        house::actor(store, self.org_id, login, day)
    }
}

/// Founds the company on `day`: units, people, posts, chart of accounts, accounting periods from `first` to `last`.
pub fn found(store: &Store, day: Date, first: Month, last: Month) -> Done<Company> {
    let now = Moment::on(day, 8, 0);
    let founded = store.write(|tx| {
        let new = NewOrganisation {
            code: "DEMO",
            name: Text::new("江汉供电公司（演示）", "Jianghan Electricity Supply (demo)"),
            administrator_login: "guanli",
            administrator_name: "管理员",
        };
        identity::found_organisation(tx, &new, now)
    })?;
    let org_id = founded.org_id;
    let administrator = house::actor(store, org_id, "guanli", day)?;
    let desk = Desk::new(store, &administrator);
    let units = desk.act(now, |work| -> Result<[i64; 3], identity::IdentityError> {
        let root = founded.unit_id;
        let mut unit = |parent_id, kind: &str, code: &str, zh: &str, en: &str| {
            identity::create_unit(work, &NewUnit { parent_id, kind, code, name: Text::new(zh, en) })
        };
        let centre = unit(root, "billing_centre", "BC", "电费管理中心", "Billing centre")?;
        let marketing = unit(root, "marketing_department", "MD", "营销部", "Marketing department")?;
        let finance = unit(root, "finance_department", "FD", "财务部", "Finance department")?;
        let metering = unit(root, "metering_institute", "MI", "计量所", "Metering institute")?;
        let inspection = unit(root, "inspection_department", "ID", "稽查部", "Inspection department")?;
        let supply = unit(root, "supply_department", "SD", "供电部", "Supply department")?;
        let ledgers = unit(root, "ledger_room", "LR", "帐本发放室", "Ledger-issue room")?;
        let mut stations = [0; 3];
        for (slot, (code, zh, en)) in stations.iter_mut().zip(STATIONS) {
            *slot = unit(supply, "supply_station", code, zh, en)?;
        }
        let unit_of = |code: &str| match code {
            "BC" => centre,
            "MD" => marketing,
            "FD" => finance,
            "MI" => metering,
            "ID" => inspection,
            "SD" => supply,
            "LR" => ledgers,
            _ => root,
        };
        for (login, name, code, post) in PEOPLE {
            // The ledger-issue room hands out what belongs to the stations.
            let serves = if *code == "LR" { &stations[..] } else { &[] };
            employ(work, (login, name), (unit_of(code), serves), post, day)?;
        }
        for (unit_id, (code, ..)) in stations.into_iter().zip(STATIONS) {
            let code = code.to_lowercase();
            let place = (unit_id, &[][..]);
            employ(work, (&format!("{code}-chaobiao"), "抄表员"), place, "meter_reader", day)?;
            // Two of them: what one enters on a ticket of parameters, the other checks.
            for login in ["guanli", "guanli2"] {
                let login = format!("{code}-{login}");
                employ(work, (&login, "电费管理员"), place, "station_fee_administrator", day)?;
            }
            employ(work, (&format!("{code}-suozhang"), "所长"), place, "station_head", day)?;
            employ(work, (&format!("{code}-zixun"), "咨询员"), place, "inquiry_clerk", day)?;
        }
        Ok(stations)
    })?;
    let company = Company { org_id, units, administrator };
    let accountant = company.person(store, "kuaiji", day)?;
    Desk::new(store, &accountant).act(now, |work| -> Result<(), ledger::LedgerError> {
        ledger::install_chart(work, &Chart::standard()?, &PostingRules::standard()?)?;
        let mut month = first;
        while month <= last {
            ledger::open_period(work, month)?;
            month = month.next();
        }
        Ok(())
    })?;
    Ok(company)
}

fn employ(
    work: &mut identity::Work<'_, '_>,
    (login, name): (&str, &str),
    (unit_id, serves): (i64, &[i64]),
    post: &str,
    from: Date,
) -> Result<(), identity::IdentityError> {
    let person_id = identity::create_person(work, &NewPerson { unit_id, login, name })?;
    identity::assign(work, &NewAssignment { person_id, unit_id, post, from, until: None, serves })?;
    Ok(())
}

/// Loads the price tables: Hubei's of January 2026, the same prices as an assumption for the year before, Jiangsu's.
pub fn load_prices(store: &Store, company: &Company, day: Date) -> Done<Vec<PriceTable>> {
    let missing = |id: &str| Failure::new(format!("缺少电价表 {id}"), format!("price table {id} is missing"));
    let text = |id: &str| {
        let found = tariff::table::SHIPPED.iter().find(|table| table.id == id);
        found.map(|table| table.text).ok_or_else(|| missing(id))
    };
    let hubei = text("hubei-2026-01")?;
    // History needs prices too. The tables of 2025 are not at hand, so the same prices stand in, under their own name.
    let before = hubei
        .replace("id = \"hubei-2026-01\"", "id = \"hubei-2025-demo\"")
        .replace("from = \"2026-01-01\"", "from = \"2024-12-01\"\nto = \"2026-01-01\"")
        .replace("湖北省电价表 2026 年 1 月", "湖北省电价表 2025 年（演示：沿用 2026 年 1 月价格）")
        .replace("Hubei price table, January 2026", "Hubei price table 2025 (demo: prices of January 2026)");
    let jiangsu = text("jiangsu-2021-10")?;
    let marketing = company.person(store, "yingxiao", day)?;
    let now = Moment::on(day, 9, 0);
    let tables =
        [("hubei-2025-demo", before.as_str()), ("hubei-2026-01", hubei), ("jiangsu-2021-10", jiangsu)];
    let mut loaded = Vec::new();
    for (name, content) in tables {
        let desk = Desk::new(store, &marketing);
        loaded.push(desk.act(now, |work| billing::load_price_table(work, name, content))?);
    }
    Ok(loaded)
}
