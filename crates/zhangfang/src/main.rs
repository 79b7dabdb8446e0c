//! `zhangfang`, the counting house (账房): the command line.

mod command;
mod demo;
mod failure;
mod house;
mod price_file;
mod table;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use kernel::Lang;

use command::office::Office;
use command::{
    Place, adjust, alarm, backup, bench, bill, book, check, contract, custody, exception, generation, hold,
    import, init, inquiry, ledger, log, parameter, people, prices, progress, report, run, schedule, serve,
    slip, tariff, verify, witness, work, yearly,
};

/// Zhangfang (账房): bill, collect, keep custody, reconcile and pay.
#[derive(Debug, Parser)]
#[command(name = "zhangfang", version, about, propagate_version = true)]
struct Cli {
    /// Language of the output: zh or en / 输出语言
    #[arg(long, default_value = "zh", global = true, value_parser = parse_lang)]
    lang: Lang,
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// See a supply company's month happen, on real prices / 演示：一个供电公司的一个月
    Demo {
        /// Number of accounts / 户数
        #[arg(long, default_value_t = 20_000)]
        accounts: u64,
        /// Stop after the summary instead of serving the pages / 只演示，不开网页
        #[arg(long)]
        no_serve: bool,
        /// Address to serve the pages at / 网页地址
        #[arg(long, default_value = "127.0.0.1:7070")]
        listen: std::net::SocketAddr,
    },
    /// Open the office in the browser / 开启网页
    Serve(serve::Serve),
    /// Prices without a database / 电价与试算
    #[command(subcommand)]
    Tariff(tariff::Tariff),
    /// Single bills / 单户电费
    #[command(subcommand)]
    Bill(bill::Bill),
    /// Found a new organisation with its first administrator / 建立组织
    Init(init::Init),
    /// Units, persons, posts / 单位、人员、岗位
    #[command(subcommand)]
    People(people::People),
    /// Take in customers, meters or readings from CSV or Excel / 导入用户、电能表、表码
    #[command(subcommand)]
    Import(import::Import),
    /// Reading books of the station / 抄表：抄本、表码、例日
    #[command(subcommand)]
    Book(book::Book),
    /// Books through the billing centre: calculate, review, issue / 核算：计算、复核、发行
    #[command(subcommand)]
    Run(run::Run),
    /// Books that should have been issued, and urging them / 应发行未发行与督促
    #[command(subcommand)]
    Progress(progress::Progress),
    /// Bills that do not pass the gates / 复核异常
    #[command(subcommand)]
    Exception(exception::Exception),
    /// Changes of what a customer is billed by / 参数变更
    #[command(subcommand)]
    Parameter(parameter::Parameter),
    /// Reading plan and reading route / 抄表计划与路线
    #[command(subcommand)]
    Schedule(schedule::Schedule),
    /// Change slips of the reading teams / 异动传单
    #[command(subcommand)]
    Slip(slip::Slip),
    /// Cards, ledgers, handhelds: custody and requests / 抄本卡片、帐本、抄表机保管
    #[command(subcommand)]
    Custody(custody::Custody),
    /// New accounts before the month, carry-over at the year's end / 新户上帐、年度过帐
    #[command(subcommand)]
    Yearly(yearly::Yearly),
    /// Contracts and the directory of the month / 合同
    #[command(subcommand)]
    Contract(contract::Contract),
    /// Hold the issue while a change is under way / 暂缓发行
    #[command(subcommand)]
    Hold(hold::Hold),
    /// Refunds and supplementary charges / 退补
    #[command(subcommand)]
    Adjust(adjust::Adjust),
    /// Questions of customers / 客户咨询
    #[command(subcommand)]
    Inquiry(inquiry::Inquiry),
    /// Power bought from plants / 购电结算
    #[command(subcommand)]
    Generation(generation::Generation),
    /// Reports of a month / 报表
    #[command(subcommand)]
    Report(report::Report),
    /// Price tables in force / 电价表装载
    #[command(subcommand)]
    Prices(prices::Prices),
    /// Books of account / 总账
    #[command(subcommand)]
    Ledger(ledger::Ledger),
    /// Who did what, and the proof that nobody altered it / 操作日志与存证
    #[command(subcommand)]
    Log(log::Log),
    /// Prove that the books are as they must be; what is found stops them until it is decided / 核对账目
    Check(check::Check),
    /// What was found in the books, and deciding about it / 警报与处理
    #[command(subcommand)]
    Alarm(alarm::Alarm),
    /// See and cosign the checkpoints of logs, out of their operators' reach / 见证：会签日志检查点
    #[command(subcommand)]
    Witness(witness::Witness),
    /// What waits: tickets, deadlines, lists, closing / 待办：工单、时限、签字、结账检查
    #[command(subcommand)]
    Work(work::Work),
    /// Copy the database while people work / 备份数据库
    Backup {
        /// The file to write; must not exist / 备份文件
        file: std::path::PathBuf,
    },
    /// Bring a backup into an empty database, and prove it / 恢复备份
    Restore {
        /// The backup / 备份文件
        file: std::path::PathBuf,
        /// Only verify it and show what is in it / 只校验并查看
        #[arg(long)]
        look: bool,
        #[command(flatten)]
        shown: table::Shown,
    },
    /// Check an exported bill, document or period offline, with your own keys / 离线校验存证文件
    Verify(verify::Verify),
    /// Measurements / 性能测量
    #[command(subcommand)]
    Bench(bench::Bench),
}

fn parse_lang(text: &str) -> Result<Lang, String> {
    match text {
        "zh" => Ok(Lang::Zh),
        "en" => Ok(Lang::En),
        _ => Err("zh or en".into()),
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let office = || Office::enter(&cli.place, cli.lang);
    let done = match &cli.command {
        Command::Demo { accounts, no_serve, listen } => {
            demo::run(&cli.place, *accounts, (!no_serve).then_some(*listen), cli.lang)
        }
        Command::Serve(command) => serve::run(command, &cli.place, cli.lang),
        Command::Tariff(command) => tariff::run(command, cli.lang),
        Command::Bill(command) => bill::run(command, &cli.place, cli.lang),
        Command::Init(command) => init::run(command, &cli.place, cli.lang),
        Command::People(command) => office().and_then(|office| people::run(command, &office)),
        Command::Import(command) => office().and_then(|office| import::run(command, &office)),
        Command::Book(command) => office().and_then(|office| book::run(command, &office)),
        Command::Run(command) => office().and_then(|office| run::run(command, &office)),
        Command::Exception(command) => office().and_then(|office| exception::run(command, &office)),
        Command::Hold(command) => office().and_then(|office| hold::run(command, &office)),
        Command::Adjust(command) => office().and_then(|office| adjust::run(command, &office)),
        Command::Inquiry(command) => office().and_then(|office| inquiry::run(command, &office)),
        Command::Generation(command) => office().and_then(|office| generation::run(command, &office)),
        Command::Report(command) => office().and_then(|office| report::run(command, &office)),
        Command::Parameter(command) => office().and_then(|office| parameter::run(command, &office)),
        Command::Contract(command) => office().and_then(|office| contract::run(command, &office)),
        Command::Progress(command) => office().and_then(|office| progress::run(command, &office)),
        Command::Schedule(command) => office().and_then(|office| schedule::run(command, &office)),
        Command::Slip(command) => office().and_then(|office| slip::run(command, &office)),
        Command::Custody(command) => office().and_then(|office| custody::run(command, &office)),
        Command::Yearly(command) => office().and_then(|office| yearly::run(command, &office)),
        Command::Prices(command) => office().and_then(|office| prices::run(command, &office)),
        Command::Ledger(command) => office().and_then(|office| ledger::run(command, &office)),
        Command::Log(command) => office().and_then(|office| log::run(command, &office)),
        Command::Witness(command) => witness::run(command, cli.lang),
        Command::Check(command) => office().and_then(|office| check::run(command, &office)),
        Command::Alarm(command) => office().and_then(|office| alarm::run(command, &office)),
        Command::Work(command) => office().and_then(|office| work::run(command, &office)),
        Command::Backup { file } => office().and_then(|office| backup::write(file, &office)),
        Command::Restore { file, look: true, shown } => backup::look(file, cli.lang, shown),
        Command::Restore { file, .. } => backup::restore(file, &cli.place, cli.lang),
        Command::Verify(command) => verify::run(command, cli.lang),
        Command::Bench(command) => bench::run(command, &cli.place, cli.lang),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{}", failure.text(cli.lang));
            ExitCode::FAILURE
        }
    }
}
