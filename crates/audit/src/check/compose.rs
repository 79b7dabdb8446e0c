//! The checks in their order, on one snapshot.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Instant;

use billing::check::IssueFigures;
use billing::{BillPostings, PriceBook};
use identity::check::{Checked, History};
use kernel::{Bilingual, Lang, Text};
use ledger::{PostingRules, Sketcher, Vouchers};
use store::{DefinitionFault, Definitions, Schema, Store, Tx, compare_definitions};
use workflow::WorkflowFigures;

use super::acts::{self, Told};
use super::{CheckError, Progress, Report, cross, rows};

/// How to check.
#[derive(Clone, Copy)]
pub struct Options<'o> {
    /// Calculate every issued bill again, from its stored inputs and against the stored readings.
    pub deep: bool,
    /// Every module's schema, for what guards the rows: triggers, keys, rights.
    pub schema: &'o [Schema],
    /// Have the engine verify its own pages and indexes.
    pub engine: bool,
    /// Threads beside the one that reads.
    pub workers: usize,
}

impl<'o> Options<'o> {
    /// Everything but the recalculation.
    pub fn new(schema: &'o [Schema]) -> Options<'o> {
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        Options { deep: false, schema, engine: true, workers }
    }
}

/// Factors that nobody knows beforehand.
pub(crate) fn sketcher() -> Sketcher {
    Sketcher::new([(); 2].map(|()| RandomState::new().build_hasher().finish()))
}

/// Proves the books of an organisation; everything but the second half of a deep check is read in one snapshot, while
/// others go on reading and writing. Answers what was looked at and found; an error only when the database itself does
/// not answer, or when `progress`, told before each part and within the long ones, answers that it is to stop. Memory: about 50 bytes for each bill of one month, the same for each act and voucher.
pub fn check(
    store: &Store,
    org_id: i64,
    options: &Options<'_>,
    progress: &mut dyn FnMut(&Progress) -> bool,
) -> Result<Report, CheckError> {
    let started = Instant::now();
    let mut report = Report::default();
    let fresh = store.fresh_definitions(options.schema);
    let prices = store.read(|tx| {
        let mut run = Run { tx, org_id, options, progress, stopped: false, report: &mut report };
        run.database(fresh);
        let prices = run.books()?;
        if run.stopped { Err(CheckError::Stopped) } else { Ok(prices) }
    })?;
    if let (true, Some(prices)) = (options.deep, prices) {
        let since = Instant::now();
        let mut tell = |looked_at| {
            progress(&Progress {
                name: Text::new("表码与账单输入", "readings against bills"), looked_at
            })
        };
        let compared = billing::check::compare_inputs(store, org_id, &prices, options.workers, &mut tell);
        let compared = match compared {
            Err(billing::BillingError::Stopped) => return Err(CheckError::Stopped),
            other => other?,
        };
        report.changed_since = compared.changed_since;
        report.add([compared.checked], since.elapsed());
    }
    report.elapsed = started.elapsed();
    Ok(report)
}

struct Run<'r, 't> {
    tx: &'r mut Tx<'t>,
    org_id: i64,
    options: &'r Options<'r>,
    progress: &'r mut dyn FnMut(&Progress) -> bool,
    stopped: bool,
    report: &'r mut Report,
}

impl Run<'_, '_> {
    /// Runs one part. What it cannot read is a finding: stored data that do not read are not as they were written.
    fn part<T>(
        &mut self,
        code: &'static str,
        name: Text,
        part: impl FnOnce(&mut Tx<'_>, i64, &mut dyn FnMut(i64) -> bool) -> Result<(Vec<Checked>, T), CheckError>,
    ) -> Option<T> {
        let since = Instant::now();
        let (org_id, progress) = (self.org_id, &mut *self.progress);
        // Whoever is told to stop once is not asked again.
        let mut goes_on = !self.stopped;
        let mut tell = |looked_at| {
            goes_on = goes_on && progress(&Progress { name: name.clone(), looked_at });
            goes_on
        };
        if !tell(0) {
            self.stopped = true;
            return None;
        }
        let outcome = self.tx.attempt(|tx| part(tx, org_id, &mut tell));
        self.stopped = !goes_on;
        if self.stopped {
            return None;
        }
        match outcome {
            Ok((checked, value)) => {
                self.report.add(checked, since.elapsed());
                Some(value)
            }
            Err(error) => {
                let mut broken = Checked::new(code, &name.zh, &name.en);
                let (zh, en) = (error.text(Lang::Zh), error.text(Lang::En));
                broken.find(code, format!("无法核对：{zh}"), format!("it could not be checked: {en}"));
                self.report.add([broken], since.elapsed());
                None
            }
        }
    }

    fn database(&mut self, fresh: Result<Definitions, store::StoreError>) {
        match fresh {
            Ok(fresh) => {
                self.part(
                    "database.guards",
                    Text::new("触发器与约束", "triggers and constraints"),
                    |tx, _, _| Ok((vec![guards(&tx.definitions()?, &fresh)], ())),
                );
            }
            Err(error) => {
                let why = Text::new(error.text(Lang::Zh), error.text(Lang::En));
                self.report.skipped.push(("database.guards", why));
            }
        }
        let schema = self.options.schema;
        self.part("database.rows", Text::new("行的归属", "whose rows they are"), |tx, _, _| {
            Ok((vec![rows::strangers(tx, schema)?], ()))
        });
        self.part(
            "database.kept",
            Text::new("行与所存指纹", "rows against their fingerprints"),
            |tx, org_id, tell| Ok((vec![rows::as_left(tx, org_id, schema, tell)?], ())),
        );
        if self.options.engine {
            self.part(
                "database.engine",
                Text::new("数据库页与索引", "pages and indexes"),
                |tx, _, _| {
                    let mut checked = Checked::new(
                        "database.engine",
                        "数据库引擎自检：页、索引、外键",
                        "the engine's own proof of pages, indexes and references",
                    );
                    checked.look(1);
                    for fault in tx.engine_faults()? {
                        checked.find("database", format!("引擎报告：{fault}"), fault);
                    }
                    Ok((vec![checked], ()))
                },
            );
        }
    }

    fn books(&mut self) -> Result<Option<PriceBook>, CheckError> {
        let sketcher = sketcher();
        let org_id = self.org_id;
        let history = History::load(self.tx, org_id)?;
        self.part("identity", Text::new("人员与岗位", "persons and posts"), |tx, org_id, _| {
            Ok((identity::check::check(tx, org_id)?, ()))
        });
        let log = self.part("vault.log", Text::new("操作日志", "the log of acts"), |tx, org_id, _| {
            let found = vault::check(tx, org_id)?;
            let mut checked = Checked::new(
                "vault.log",
                "操作日志的字节、哈希、默克尔树、检查点、索引重算一致",
                "bytes, hashes, tree, checkpoints and indexes of the log, recomputed",
            );
            checked.look(found.size);
            for finding in &found.findings {
                checked.find("log", finding.text(Lang::Zh), finding.text(Lang::En));
            }
            Ok((vec![checked], (found.size, found.root)))
        });
        self.report.log = log;
        let told = self.part(
            "log.rights",
            Text::new("日志中的行为人", "who did what in the log"),
            |tx, org_id, tell| {
                let (checked, told) = acts::read(tx, org_id, &history, tell)?;
                Ok((vec![checked], told))
            },
        );
        let vouchers = self.part("ledger.balances", Text::new("总账", "the ledger"), |tx, org_id, _| {
            let (found, vouchers) = ledger::check_with(tx, org_id, &sketcher)?;
            let mut checked = Checked::new(
                "ledger.balances",
                "借贷平衡，余额等于分录，凭证号连续",
                "entries balance, balances equal their entries, voucher numbers have no gaps",
            );
            checked.look(found.postings);
            for finding in &found.findings {
                checked.find("ledger", finding.text(Lang::Zh), finding.text(Lang::En));
            }
            Ok((vec![checked], vouchers))
        });
        let (deep, workers) = (self.options.deep, self.options.workers);
        let prices = self.part("billing.prices", Text::new("电价", "prices"), |tx, org_id, _| {
            let prices = PriceBook::load(tx, org_id)?;
            Ok((vec![billing::check::plans(tx, org_id, &prices)?], prices))
        });
        let issues = prices.as_ref().and_then(|prices| {
            self.part("billing.bills", Text::new("账单", "bills"), |tx, org_id, tell| {
                let postings = BillPostings::new(prices.plans(), &PostingRules::standard()?)?;
                let options = billing::check::Options { sketcher: &sketcher, deep, workers, month: None };
                let found = billing::check::bills(tx, org_id, prices, &postings, &options, tell)?;
                Ok((found.checked, found.issues))
            })
        });
        self.part(
            "billing.desks",
            Text::new("异常、暂缓、退补", "exceptions, holds, adjustments"),
            |tx, org_id, _| {
                let mut checked = billing::check::desks(tx, org_id)?;
                if deep {
                    checked.push(billing::check::kept(tx, org_id)?);
                }
                Ok((checked, ()))
            },
        );
        let books = self.part("metering", Text::new("抄表", "metering"), |tx, org_id, _| {
            let found = metering::check::check(tx, org_id, &history)?;
            Ok((found.checked, found.books))
        });
        let workflow = self.part(
            "workflow",
            Text::new("工作票与审批", "tickets and approvals"),
            |tx, org_id, _| {
                let mut found = workflow::check(tx, org_id, &history)?;
                Ok((std::mem::take(&mut found.checked), found))
            },
        );
        let found = Found { told, vouchers, issues, books, workflow };
        self.crossing(found, &history);
        Ok(prices)
    }

    /// What crosses modules, as far as both sides could be read.
    fn crossing(&mut self, found: Found, history: &History) {
        let Found { mut told, vouchers, issues, books, workflow } = found;
        let name = || Text::new("模块之间", "between modules");
        if let (Some(issues), Some(vouchers)) = (&issues, &vouchers) {
            self.part("cross.postings", name(), |_, _, _| {
                Ok((vec![cross::bills_and_postings(issues, vouchers)], ()))
            });
        }
        if let (Some(issues), Some(workflow)) = (&issues, &workflow) {
            self.part("documents.series", name(), |tx, org_id, _| {
                Ok((cross::numbers(tx, org_id, issues, workflow, history)?, ()))
            });
        }
        if let Some(workflow) = &workflow {
            self.part("cross.tickets", name(), |tx, org_id, _| {
                Ok((vec![cross::standings(tx, org_id, workflow)?], ()))
            });
        }
        if let Some(books) = &books {
            self.part("cross.exceptions", name(), |tx, org_id, _| {
                Ok((vec![rows::exception_stations(tx, org_id, books)?], ()))
            });
        }
        let Some(told) = &mut told else { return };
        self.part("log.cover", name(), |tx, org_id, _| {
            let mut checked = Vec::new();
            if let Some(issues) = &issues {
                checked.push(cross::issues_in_log(issues, told, true));
            }
            if let Some(vouchers) = &vouchers {
                checked.push(cross::ledger_in_log(tx, org_id, vouchers, told)?);
            }
            if let Some(books) = &books {
                checked.push(cross::books_in_log(books, told));
            }
            if let Some(workflow) = &workflow {
                checked.push(cross::tickets_in_log(workflow, told));
            }
            checked.push(rows::rows_in_log(tx, org_id, told, workflow.as_ref())?);
            checked.push(cross::data_in_log(tx, org_id, told)?);
            checked.push(cross::alarms_in_log(tx, org_id, told)?);
            Ok((checked, ()))
        });
    }
}

/// What the parts found out, for what compares them.
struct Found {
    told: Option<Told>,
    vouchers: Option<Vouchers>,
    issues: Option<Vec<IssueFigures>>,
    books: Option<Vec<metering::check::BookFigures>>,
    workflow: Option<WorkflowFigures>,
}

fn guards(found: &Definitions, fresh: &Definitions) -> Checked {
    let mut checked = Checked::new(
        "database.guards",
        "表、索引、触发器、约束、权限与全新安装一致",
        "tables, indexes, triggers, constraints and rights are those of a fresh installation",
    );
    checked.look(fresh.len() as i64);
    for (name, fault) in compare_definitions(found, fresh) {
        let (zh, en) = match fault {
            DefinitionFault::Missing => ("缺失；请恢复后再使用", "it is missing; restore it before going on"),
            DefinitionFault::Altered => ("被改动", "it was altered"),
            DefinitionFault::Unknown => ("不属于本程序", "this program did not make it"),
        };
        checked.find(name, zh, en);
    }
    checked
}
