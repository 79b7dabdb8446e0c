//! `zhangfang report`: the reports of a month, as tables or as Excel files, and the way of a report from the centre to the
//! station and up.

use std::path::{Path, PathBuf};

use billing::OfficeRules;
use billing::report::{self, ComponentTotal, MeteringDirectory, Report as Form, TargetKind};
use clap::{Subcommand, ValueEnum};
use documents::sheet::{Cell, Kind, Workbook};
use kernel::{Bilingual, Date, Lang, Money, Month, Text};
use store::Store;

use super::office::{Office, both, money, month};
use crate::failure::{Done, Failure};
use crate::table::{Shown, Table, row};

const READ: &str = "report.read";

/// What can be asked of reports.
#[derive(Debug, Subcommand)]
pub enum Report {
    /// Print a report, or write it with --out / 打印或导出报表
    Show {
        /// Which report / 报表
        #[arg(value_enum)]
        form: Name,
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// Only this station, where the report has one / 供电所代码
        #[arg(long)]
        unit: Option<String>,
        #[command(flatten)]
        shown: Shown,
    },
    /// Write every report and list of a month into one Excel file / 导出全部报表
    All {
        #[arg(value_parser = month)]
        month: Month,
        /// The file / 输出文件
        #[arg(long)]
        out: PathBuf,
    },
    /// The accounting error rate of a month / 核算差错率
    ErrorRate {
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
    },
    /// How the stations' reports stand / 各单位报表进度
    Status {
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        #[command(flatten)]
        shown: Shown,
    },
    /// The centre compiles a month / 编制应收报表
    Compile {
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
    },
    /// A station confirms what was compiled / 确认应收数据
    Confirm {
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// Code of the unit / 单位代码
        unit: String,
        /// The amount the station saw / 应收金额
        #[arg(value_parser = money)]
        amount: Money,
    },
    /// Marketing consents to a late confirmation / 同意延期确认
    Consent {
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// Code of the unit / 单位代码
        unit: String,
        /// What is said / 内容
        text: String,
    },
    /// A station submits its confirmed report / 上报
    Submit {
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// Code of the unit / 单位代码
        unit: String,
    },
    /// Roll submitted reports up to a unit / 汇总
    RollUp {
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        /// Code of the unit / 单位代码
        unit: String,
    },
    /// Marketing against finance, difference by difference / 营财核对
    Reconcile {
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        #[command(flatten)]
        shown: Shown,
    },
    /// Freeze the month-end receivable balance of every station / 冻结月末应收余额
    Freeze {
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
    },
    /// The targets of a month / 指标
    Targets {
        /// Month, such as 2026-02 / 年月
        #[arg(value_parser = month)]
        month: Month,
        #[command(flatten)]
        shown: Shown,
    },
}

/// The reports there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Name {
    /// Receivable summary / 应收电费汇总表
    Receivable,
    /// Sales by class of customer / 电力销售情况明细表
    Sales,
    /// Exception work sheet / 异常处理工作单
    Exceptions,
    /// Receivable vouchers / 应收凭证
    Vouchers,
    /// Collection statistics / 收费统计
    Collection,
}

/// Runs the command.
pub fn run(command: &Report, office: &Office) -> Done {
    let rules = OfficeRules::built_in()?;
    let org_id = office.org_id();
    match command {
        Report::Show { form, month, unit, shown } => {
            office.sign_log()?;
            show(office, *form, *month, unit.as_ref(), shown)
        }
        Report::All { month, out } => {
            office.require(READ)?;
            office.sign_log()?;
            let rows = workbook(&office.store, org_id, *month, office.now.date(), office.lang, out)?;
            println!(
                "{}",
                office.say(
                    format!("{}：{month} 全部报表，{rows} 行", out.display()),
                    format!("{}: every report of {month}, {rows} rows", out.display()),
                )
            );
            Ok(())
        }
        Report::ErrorRate { month } => {
            office.require(READ)?;
            let found = office.look(|tx| Ok(report::error_rate_of_month(tx, &rules, org_id, *month)?))?;
            let rate = found.rate.map_or_else(|| "—".into(), |rate| rate.to_string());
            let flag = if found.flagged {
                office.say("，超过考核标准", ", over the limit")
            } else {
                String::new()
            };
            let (errors, bills) = (found.errors, found.bills);
            println!(
                "{}",
                office.say(
                    format!("{month} 核算差错 {errors} 笔 / 发行 {bills} 笔 = {rate}{flag}"),
                    format!("{month}: {errors} errors / {bills} bills = {rate}{flag}"),
                )
            );
            Ok(())
        }
        Report::Status { month, shown } => status(office, &rules, *month, shown),
        Report::Compile { month } => {
            let components = components(office, *month)?;
            office.change("report.compile", command, |work| {
                let stations = report::compile(work, *month, &components)?;
                let amount = Money::sum(stations.iter().map(|station| station.amount))?;
                let count = stations.len();
                both(
                    format!("已编制 {month}：{count} 个单位，应收 {amount} 元"),
                    format!("compiled {month}: {count} units, {amount} yuan receivable"),
                )
            })
        }
        Report::Confirm { month, unit, amount } => {
            let unit_id = office.unit(unit)?.id;
            office.change("report.confirm", command, |work| {
                report::confirm(work, &rules, *month, unit_id, *amount)?;
                both(
                    format!("{unit} 已确认 {month} 应收 {amount} 元"),
                    format!("{unit} confirmed {amount} yuan of {month}"),
                )
            })
        }
        Report::Consent { month, unit, text } => {
            let unit_id = office.unit(unit)?.id;
            office.change("report.consent_late", command, |work| {
                report::consent_to_late(work, &rules, *month, unit_id, text)?;
                both(format!("同意 {unit} 延期确认 {month}"), format!("{unit} may confirm {month} late"))
            })
        }
        Report::Submit { month, unit } => {
            let unit_id = office.unit(unit)?.id;
            office.change("report.submit", command, |work| {
                report::submit(work, *month, unit_id)?;
                both(format!("{unit} 已上报 {month}"), format!("{unit} submitted {month}"))
            })
        }
        Report::RollUp { month, unit } => {
            let unit_id = office.unit(unit)?.id;
            office.change("report.roll_up", command, |work| {
                let total = report::roll_up(work, *month, unit_id)?;
                let (bills, amount) = (total.bills, total.amount);
                both(
                    format!("{unit} 汇总 {month}：{bills} 户次，{amount} 元"),
                    format!("rolled {month} up to {unit}: {bills} bills, {amount} yuan"),
                )
            })
        }
        Report::Reconcile { month, shown } => reconcile(office, *month, shown),
        Report::Freeze { month } => {
            let units = office.look(|tx| Ok(identity::units(tx, org_id)?))?;
            let stations: Vec<i64> =
                units.iter().filter(|unit| unit.kind == "supply_station").map(|unit| unit.id).collect();
            office.require_proved(*month, "month_close")?;
            office.change("report.freeze", command, |work| {
                let balance = report::freeze_month_end(work, *month, &stations)?;
                both(
                    format!("已冻结 {month} 应收余额 {balance} 元"),
                    format!("froze {balance} yuan receivable of {month}"),
                )
            })
        }
        Report::Targets { month, shown } => {
            office.require(READ)?;
            let targets = office.look(|tx| Ok(report::targets_of(tx, org_id, *month)?))?;
            let mut table = Table::new(office.lang)
                .text("指标", "target")
                .text("单位", "unit")
                .text("数值", "value")
                .text("下达人", "set by")
                .text("批准人", "approved by");
            for target in targets {
                let (name, value) = match target.kind {
                    TargetKind::ReadingRate => (office.say("实抄率", "reading rate"), percent(target.value)),
                    TargetKind::Receivable => {
                        (office.say("应收电费", "receivable"), Money::from_fen(target.value).to_string())
                    }
                    TargetKind::CollectionRate => {
                        (office.say("回收率", "collection rate"), percent(target.value))
                    }
                };
                table.push(row![
                    name,
                    office.unit_name(target.unit_id)?,
                    value,
                    office.person_name(target.set_by)?,
                    office.name_of(target.approved_by)?,
                ]);
            }
            table.show(shown)
        }
    }
}

fn percent(value: i64) -> String {
    let rate = kernel::Rate::from_units(value.saturating_mul(100));
    format!("{rate}%")
}

fn show(office: &Office, form: Name, month: Month, unit: Option<&String>, shown: &Shown) -> Done {
    office.require(READ)?;
    let (org_id, unit_id) = (office.org_id(), office.unit_id(unit)?);
    let parts = if form == Name::Receivable { components(office, month)? } else { Vec::new() };
    let made = office.look(|tx| {
        Ok(match form {
            Name::Receivable => report::receivable_summary(tx, org_id, month, &parts)?,
            Name::Sales => report::sales_detail(tx, org_id, month, unit_id, &MeteringDirectory)?,
            Name::Exceptions => report::exception_work_sheet(tx, org_id, month, unit_id, &MeteringDirectory)?,
            Name::Vouchers => report::receivable_vouchers(tx, org_id, month)?,
            Name::Collection => report::collection_statistics(tx, org_id, month)?,
        })
    })?;
    table(office, made)?.show(shown)
}

/// A report as a table; units are shown by code and name instead of by key.
fn table(office: &Office, form: Form) -> Done<Table> {
    let is_unit = |at: usize| form.columns.get(at).is_some_and(|column| column.title.zh == "单位");
    let units: Vec<usize> = (0..form.columns.len()).filter(|at| is_unit(*at)).collect();
    let mut table =
        Table::new(office.lang).titled(format!("{} {}", form.title.text(office.lang), form.period));
    for (at, column) in form.columns.iter().enumerate() {
        let kind = if units.contains(&at) { Kind::Text } else { column.kind };
        table = table.column(&column.title, kind, column.summed);
    }
    for mut cells in form.rows {
        for at in &units {
            if let Some(Cell::Integer(unit_id)) = cells.get(*at) {
                cells[*at] = Cell::Text(office.unit_name(*unit_id)?);
            }
        }
        table.push(cells);
    }
    for note in &form.notes {
        table.note(note.text(office.lang));
    }
    Ok(table)
}

/// What each component of the issued bills of a month sums to at each station.
fn components(office: &Office, month: Month) -> Done<Vec<ComponentTotal>> {
    let org_id = office.org_id();
    office.look(|tx| Ok(report::component_totals(tx, org_id, month)?))
}

/// Every report of the month as the sheets of one Excel file.
pub fn workbook(store: &Store, org_id: i64, month: Month, today: Date, lang: Lang, out: &Path) -> Done<u64> {
    let rules = OfficeRules::built_in()?;
    let (sheets, issuer) = store.read(|tx| {
        let units = identity::units(tx, org_id)?;
        let root = units.iter().find(|unit| unit.parent_id.is_none());
        let issuer = root.map(|unit| unit.name.text(lang)).unwrap_or_default();
        Ok::<_, Failure>((report::all(tx, &rules, org_id, month, today, lang)?, issuer))
    })?;
    let title = Text::new(format!("{month} 电费报表"), format!("Reports of {month}")).text(lang);
    let written = paper::xlsx_file(Workbook { lang, title, issuer, sheets }, out)?;
    Ok(written.rows)
}

fn status(office: &Office, rules: &OfficeRules, month: Month, shown: &Shown) -> Done {
    office.require(READ)?;
    let (org_id, today) = (office.org_id(), office.now.date());
    let stations = office.look(|tx| Ok(report::statuses(tx, rules, org_id, month, today)?))?;
    let mut table = Table::new(office.lang)
        .text("单位", "unit")
        .sum("户次", "bills", Kind::Integer)
        .sum("电量", "kWh", Kind::Quantity(0))
        .sum("应收", "amount", Kind::Money)
        .col("确认期限", "confirm by", Kind::Date)
        .col("确认日", "confirmed on", Kind::Date)
        .col("上报日", "submitted on", Kind::Date)
        .col("逾期工作日", "late days", Kind::Integer);
    for station in stations.iter().filter(|station| office.sees(READ, station.total.unit_id)) {
        table.push(row![
            office.unit_name(station.total.unit_id)?,
            station.total.bills,
            station.total.energy_kwh,
            station.total.amount,
            station.due_on,
            station.confirmed_on,
            station.submitted_on,
            station.late_days,
        ]);
    }
    table.show(shown)
}

fn reconcile(office: &Office, month: Month, shown: &Shown) -> Done {
    office.require(READ)?;
    let org_id = office.org_id();
    let found = office.look(|tx| Ok(report::marketing_against_finance(tx, org_id, month)?))?;
    let mut table = Table::new(office.lang)
        .titled(office.say(format!("{month} 营财核对"), format!("Marketing against finance, {month}")))
        .text("项目", "item")
        .col("金额", "amount", Kind::Money);
    table.push(row![office.say("营销口径应收", "receivable by marketing"), found.marketing]);
    table.push(row![office.say("财务应收电费科目", "receivable in the ledger"), found.finance]);
    for cause in found.causes {
        table.push(row![cause.text, cause.amount]);
    }
    table.push(row![office.say("未说明差异", "unexplained"), found.unexplained]);
    table.show(shown)
}
