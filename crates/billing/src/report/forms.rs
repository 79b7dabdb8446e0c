//! The columns of each report. The forms of collection (received, bank) are complete and empty until there is a
//! collection office to fill them. (RPT-06)

use documents::sheet::Kind;
use kernel::{Month, Text};

use super::model::{Report, ReportColumn};

pub(super) fn column(zh: &str, en: &str, kind: Kind) -> ReportColumn {
    ReportColumn::new(zh, en, kind)
}
pub(super) fn summed(zh: &str, en: &str, kind: Kind) -> ReportColumn {
    ReportColumn::summed(zh, en, kind)
}

pub(super) const KWH: Kind = Kind::Quantity(0);

pub(super) fn form(
    code: &'static str,
    zh: &str,
    en: &str,
    month: Month,
    columns: Vec<ReportColumn>,
) -> Report {
    Report {
        code,
        title: Text::new(zh, en),
        period: month.to_string(),
        notes: Vec::new(),
        columns,
        rows: Vec::new(),
    }
}

fn nothing_received(mut report: Report) -> Report {
    report.notes.push(Text::new(
        "收费部门尚未启用：实收为零，不代表客户未缴费",
        "The collection office is not open yet: received is zero and says nothing about what customers paid",
    ));
    report
}

/// Exception work sheet (异常处理工作单).
pub fn exception_work_sheet(month: Month) -> Report {
    let columns = vec![
        column("户号", "Account", Kind::Text),
        column("户名", "Name", Kind::Text),
        column("单位", "Unit", Kind::Integer),
        column("异常原因", "Reasons", Kind::Text),
        summed("电量(千瓦时)", "kWh", KWH),
        summed("电费(元)", "Fee (yuan)", Kind::Money),
        column("前三月平均电量", "Average kWh of three months", Kind::Quantity(2)),
        column("前三月平均电费", "Average fee of three months", Kind::Money),
        column("电量波动率", "Quantity volatility", Kind::Percent(2)),
        column("电费波动率", "Fee volatility", Kind::Percent(2)),
        column("状态", "State", Kind::Text),
        column("反馈期限", "Answer by", Kind::Date),
        column("反馈意见", "Answer", Kind::Text),
        column("逾期工作日", "Working days late", Kind::Integer),
    ];
    form("exception_work_sheet", "异常处理工作单", "Exception work sheet", month, columns)
}

/// Electricity sales detail (电力销售情况明细表).
pub fn sales_detail(month: Month) -> Report {
    let columns = vec![
        column("用电类别", "Class", Kind::Text),
        summed("户次", "Bills", Kind::Integer),
        summed("售电量(千瓦时)", "kWh sold", KWH),
        summed("尖", "Sharp", KWH),
        summed("峰", "Peak", KWH),
        summed("平", "Flat", KWH),
        summed("谷", "Valley", KWH),
        summed("深谷", "Deep valley", KWH),
        summed("应收电费(元)", "Receivable (yuan)", Kind::Money),
        column("平均单价(元/千瓦时)", "Average price (yuan/kWh)", Kind::Price(6)),
    ];
    form("sales_detail", "电力销售情况明细表", "Electricity sales detail", month, columns)
}

/// Receivable summary (应收电费汇总表); component columns are added by who fills it.
pub fn receivable_summary(month: Month) -> Report {
    let columns = vec![
        column("单位", "Unit", Kind::Integer),
        summed("户次", "Bills", Kind::Integer),
        summed("应收电量(千瓦时)", "Receivable kWh", KWH),
        summed("电费总额(元)", "Total fee (yuan)", Kind::Money),
        summed("目录电费(元)", "Catalogue fee (yuan)", Kind::Money),
        summed("代收费用(元)", "Collected for the state (yuan)", Kind::Money),
    ];
    form("receivable_summary", "应收电费汇总表", "Receivable summary", month, columns)
}

/// Monthly reading error-rate report (抄表差错率月报表).
pub fn reading_error_rate(month: Month) -> Report {
    let columns = vec![
        column("单位", "Unit", Kind::Integer),
        summed("应抄户数", "Meters to be read", Kind::Integer),
        summed("实抄户数", "Meters read", Kind::Integer),
        column("实抄率", "Actual reading rate", Kind::Percent(2)),
        summed("差错户数", "Households in error", Kind::Integer),
        column("抄表差错率", "Reading error rate", Kind::Percent(2)),
    ];
    form("reading_error_rate", "抄表差错率月报表", "Monthly reading error-rate report", month, columns)
}

/// Collection statistics (电费回收情况统计表).
pub fn collection_statistics(month: Month) -> Report {
    let columns = vec![
        column("单位", "Unit", Kind::Integer),
        summed("应收电费(元)", "Receivable (yuan)", Kind::Money),
        summed("实收电费(元)", "Received (yuan)", Kind::Money),
        summed("欠费(元)", "Arrears (yuan)", Kind::Money),
        column("电费回收率", "Collection rate", Kind::Percent(2)),
    ];
    nothing_received(form(
        "collection_statistics",
        "电费回收情况统计表",
        "Collection statistics",
        month,
        columns,
    ))
}

/// Receivable vouchers (应收电费凭证).
pub fn receivable_vouchers(month: Month) -> Report {
    let columns = vec![
        column("发行日期", "Issued on", Kind::Date),
        column("抄本", "Book", Kind::Integer),
        column("单位", "Unit", Kind::Integer),
        column("凭证", "Voucher", Kind::Text),
        summed("户次", "Bills", Kind::Integer),
        summed("电量(千瓦时)", "kWh", KWH),
        summed("应收电费(元)", "Receivable (yuan)", Kind::Money),
    ];
    form("receivable_voucher", "应收电费凭证", "Receivable vouchers", month, columns)
}

/// Received vouchers (实收电费凭证), empty.
pub fn received_vouchers(month: Month) -> Report {
    let columns = vec![
        column("收费日期", "Received on", Kind::Date),
        column("单位", "Unit", Kind::Integer),
        column("凭证", "Voucher", Kind::Text),
        column("收费方式", "Channel", Kind::Text),
        summed("笔数", "Payments", Kind::Integer),
        summed("实收电费(元)", "Received (yuan)", Kind::Money),
        summed("违约金(元)", "Late fees (yuan)", Kind::Money),
    ];
    nothing_received(form("received_voucher", "实收电费凭证", "Received vouchers", month, columns))
}

/// Bank vouchers (银行凭证), empty.
pub fn bank_vouchers(month: Month) -> Report {
    let columns = vec![
        column("日期", "Date", Kind::Date),
        column("开户银行", "Bank", Kind::Text),
        column("帐号", "Account number", Kind::Text),
        column("凭证种类", "Kind", Kind::Text),
        column("凭证号码", "Number", Kind::Text),
        summed("收入(元)", "In (yuan)", Kind::Money),
        summed("支出(元)", "Out (yuan)", Kind::Money),
    ];
    nothing_received(form("bank_voucher", "银行凭证", "Bank vouchers", month, columns))
}

/// Bank statement (银行对账单), empty.
pub fn bank_statement(month: Month) -> Report {
    let columns = vec![
        column("日期", "Date", Kind::Date),
        column("摘要", "Summary", Kind::Text),
        column("结算号", "Settlement number", Kind::Text),
        summed("借方(元)", "Debit (yuan)", Kind::Money),
        summed("贷方(元)", "Credit (yuan)", Kind::Money),
        column("余额(元)", "Balance (yuan)", Kind::Money),
    ];
    nothing_received(form("bank_statement", "银行对账单", "Bank statement", month, columns))
}

/// Bank reconciliation statement (银行余额调节表), empty: both balances plus and minus the items in transit must meet.
pub fn bank_reconciliation(month: Month) -> Report {
    let columns = vec![
        column("项目", "Item", Kind::Text),
        column("单位日记账(元)", "Own journal (yuan)", Kind::Money),
        column("银行对账单(元)", "Bank statement (yuan)", Kind::Money),
        column("凭证号码", "Number", Kind::Text),
        column("日期", "Date", Kind::Date),
        column("说明", "Note", Kind::Text),
    ];
    nothing_received(form(
        "bank_reconciliation",
        "银行余额调节表",
        "Bank reconciliation statement",
        month,
        columns,
    ))
}

/// Every form, empty, in the order of the requirement. (RPT-06)
pub fn all(month: Month) -> Vec<Report> {
    vec![
        exception_work_sheet(month),
        sales_detail(month),
        receivable_summary(month),
        reading_error_rate(month),
        collection_statistics(month),
        receivable_vouchers(month),
        received_vouchers(month),
        bank_vouchers(month),
        bank_statement(month),
        bank_reconciliation(month),
    ]
}
