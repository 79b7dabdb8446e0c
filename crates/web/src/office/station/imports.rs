//! Customers, meters and readings from CSV or Excel files, as jobs; rows that cannot be taken come back with their reasons.

use std::io::{Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use interchange::{Options, Table};
use kernel::{Lang, Month, Text};
use metering::import::{Incoming, Outcome};

use crate::catalogue::{
    Act, Area, Column, Done, Download, Field, FileMade, Given, Kind, List, Look, Query, Refusal, Row, Rows,
    Run, Takes, Weight,
};
use crate::cells;
use crate::job::JobRun;

/// The most bytes of a file; larger ones go through the command line.
const FILE_BYTES_MAX: usize = 30 * 1024 * 1024;
const OFFERED: &str = ".csv,.txt,.xlsx,.xls";
const FILE: Field = Field::new("file", Takes::File(FILE_BYTES_MAX, OFFERED));
const WORKSHEET: Field = Field::maybe("worksheet", Takes::Text(60));
/// How often it is looked whether the job is to stop.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kinds {
    Accounts,
    Points,
    Meters,
    Readings(Month),
}

const fn import(name: &'static str, path: &'static str, run: Run) -> Act {
    Act {
        name,
        path,
        permission: "metering.manage_accounts",
        fields: &[FILE, WORKSHEET],
        run,
        weight: Weight::Plain,
        ..Act::PLAIN
    }
}

/// The area.
pub const AREA: Area = Area {
    name: "imports",
    lists: &[List {
        name: "imports",
        path: "/imports",
        permission: "metering.read",
        filters: &[],
        columns: &[
            Column::new("import_kind", Kind::Text),
            Column::new("columns", Kind::Text),
            Column::new("template", Kind::Text),
        ],
        rows: kinds,
        menu: true,
        acts: &["import.readings", "import.accounts", "import.meters", "import.points"],
    }],
    views: &[],
    acts: &[
        Act {
            name: "import.readings",
            path: "/imports/readings",
            permission: "metering.enter_reading",
            fields: &[super::MONTH, FILE, WORKSHEET],
            run: Run::Job(readings),
            weight: Weight::Main,
            ..Act::PLAIN
        },
        import("import.accounts", "/imports/accounts", Run::Job(accounts)),
        import("import.points", "/imports/points", Run::Job(points)),
        import("import.meters", "/imports/meters", Run::Job(meters)),
    ],
    pages: &[],
};

const CSV: &str = "text/csv; charset=utf-8";

/// Files to take away.
pub const DOWNLOADS: &[Download] = &[
    Download {
        name: "import_rejects",
        path: "/imports/{job}/rejects",
        permission: "metering.read",
        params: &[Field::new("job", Takes::Id)],
        types: &[CSV],
        make: rejects,
    },
    Download {
        name: "import_template",
        path: "/import-templates/{import_kind}",
        permission: "metering.read",
        params: &[Field::new("import_kind", Takes::Choice(KINDS))],
        types: &[CSV],
        make: template,
    },
];
const KINDS: &[&str] = &["readings", "accounts", "meters", "points"];

fn sheet_of(kind: &str) -> Result<interchange::Sheet, Refusal> {
    use metering::import::{accounts_sheet, meters_sheet, points_sheet, readings_sheet};
    Ok(match kind {
        "accounts" => accounts_sheet()?,
        "points" => points_sheet()?,
        "meters" => meters_sheet()?,
        _ => readings_sheet()?,
    })
}

fn kinds(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let lang = look.lang();
    let mut rows = Vec::new();
    for kind in KINDS {
        let sheet = sheet_of(kind)?;
        let name: Text = sheet.name().clone();
        let template =
            crate::catalogue::Cell::said("空白模板", "empty sheet").to(format!("/import-templates/{kind}"));
        rows.push(Row::from(cells![name, sheet.template().join("、"), template]));
    }
    Ok(Rows::of(AREA.lists[0].columns, rows, query, lang))
}

fn template(_: &mut Look<'_, '_>, given: &Given) -> Result<FileMade, Refusal> {
    let kind = given.text("import_kind");
    let line = format!("\u{feff}{}\r\n", sheet_of(kind)?.template().join(","));
    Ok(FileMade { name: format!("{kind}.csv"), content_type: CSV, bytes: line.into_bytes() })
}

/// The rows that came back, for the person who sent the file.
fn rejects(look: &mut Look<'_, '_>, given: &Given) -> Result<FileMade, Refusal> {
    let (org_id, id) = (look.org_id(), given.number("job")?);
    let missing = || Refusal::not_found("退回行文件", "file of rejected rows", &id.to_string());
    let job = jobs::find(look.tx, org_id, id)?.ok_or_else(missing)?;
    if job.person_id != look.caller.actor.person_id {
        return Err(missing());
    }
    let file = jobs::made(look.tx, org_id, id, "rejects")?.ok_or_else(missing)?;
    Ok(FileMade { name: file.name, content_type: CSV, bytes: file.bytes })
}

/// How far a file is read, and whether to go on.
#[derive(Debug, Default)]
struct Watch {
    at: AtomicU64,
    stop: AtomicBool,
}

/// A file that tells how far it is read, and ends early when it is to stop.
struct Watched {
    content: Cursor<Vec<u8>>,
    watch: Arc<Watch>,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.watch.stop.load(Ordering::Acquire) {
            return Err(std::io::Error::other("stopped"));
        }
        let read = self.content.read(buffer)?;
        self.watch.at.store(self.content.position(), Ordering::Release);
        Ok(read)
    }
}

impl Seek for Watched {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.content.seek(to)
    }
}

fn readings(run: &JobRun<'_>, given: &Given) -> Result<Done, Refusal> {
    take(run, given, Kinds::Readings(given.month("month")?))
}
fn accounts(run: &JobRun<'_>, given: &Given) -> Result<Done, Refusal> {
    take(run, given, Kinds::Accounts)
}
fn points(run: &JobRun<'_>, given: &Given) -> Result<Done, Refusal> {
    take(run, given, Kinds::Points)
}
fn meters(run: &JobRun<'_>, given: &Given) -> Result<Done, Refusal> {
    take(run, given, Kinds::Meters)
}

/// Takes a file in. What is taken in twice is unchanged the second time, so a job may begin anew.
fn take(run: &JobRun<'_>, given: &Given, kind: Kinds) -> Result<Done, Refusal> {
    let Some(sent) = given.file("file") else {
        return Err(Refusal::fields(vec![("file".into(), Text::new("请选择文件", "choose a file"))]));
    };
    let total = i64::try_from(sent.bytes.len()).unwrap_or(i64::MAX);
    let watch = Arc::new(Watch::default());
    let content = Watched { content: Cursor::new(sent.bytes.clone()), watch: Arc::clone(&watch) };
    let options = Options {
        worksheet: given.maybe_text("worksheet").map(str::to_owned),
        encoding: None,
        rows_max: None,
    };
    let desk = run.desk();
    let now = run.now;
    let work = || -> Result<(Outcome, Vec<u8>), Refusal> {
        use metering::import::{import_accounts, import_meters, import_points, import_readings};
        let table = Table::open(&sent.name, content, &options)?;
        let ready = Incoming { table, now, lang: Lang::Zh };
        Ok(match kind {
            Kinds::Accounts => import_accounts(&desk, ready, Vec::new())?,
            Kinds::Points => import_points(&desk, ready, Vec::new())?,
            Kinds::Meters => import_meters(&desk, ready, Vec::new())?,
            Kinds::Readings(month) => import_readings(&desk, ready, month, Vec::new())?,
        })
    };
    // The file is read in a thread of its own, so that progress and the wish to stop are looked at beside it.
    let (taken, stopped) = std::thread::scope(|scope| {
        let reading = scope.spawn(work);
        let mut stopped = None;
        while !reading.is_finished() {
            std::thread::sleep(LOOK_EVERY);
            let at = i64::try_from(watch.at.load(Ordering::Acquire)).unwrap_or(total);
            if let Err(refusal) = run.progress(at.min(total), total.max(1)) {
                watch.stop.store(true, Ordering::Release);
                stopped = Some(refusal);
            }
        }
        (reading.join(), stopped)
    });
    let taken = taken.map_err(|_| Refusal::refused("导入中断", "the import broke off"))?;
    let (outcome, rejects) = match (taken, stopped) {
        (Err(_), Some(stopped)) => return Err(stopped),
        (taken, _) => taken?,
    };
    told(run, &sent.name, &outcome, rejects)
}

fn told(run: &JobRun<'_>, name: &str, outcome: &Outcome, rejects: Vec<u8>) -> Result<Done, Refusal> {
    let Outcome { added, unchanged, rejected, .. } = outcome;
    let before = if outcome.seen_before {
        ("该文件此前已导入过；", "this file was taken in before; ")
    } else {
        ("", "")
    };
    let mut done = Done::said(
        format!("{}新增 {added} 行，未变 {unchanged} 行，退回 {rejected} 行", before.0),
        format!("{}{added} rows added, {unchanged} unchanged, {rejected} rejected", before.1),
    )
    .fact("added", *added)
    .fact("unchanged", *unchanged)
    .fact("rejected", *rejected);
    if *rejected > 0 {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        run.keep("rejects", &format!("{stem}.rejects.csv"), rejects)?;
        let path = format!("/imports/{}/rejects", run.id());
        done.said.zh.push_str("；退回的行及原因可下载，更正后再次导入");
        done.said
            .en
            .push_str("; the rejected rows can be downloaded with their reasons, corrected and sent again");
        done = done.see(path.clone()).fact("rejects", path);
    }
    Ok(done)
}
