//! Faults of machine, disk and network, in the counts of every commit. More by `zhangfang-torture HARNESS --count N`.
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use store::{Store, StoreError, params};
use torture::report::{Asked, Report};
use torture::storm::backup::backup;
use torture::storm::connection::connection_loss;
use torture::storm::failpoints::failpoints;
use torture::storm::kill::{Sabotage, kill};
use torture::storm::power::power_loss;
use torture::storm::{Phase, Site};
use torture::vfs::{Call, Disk, Fault, Plan, Trace};

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_zhangfang-torture"))
}

/// Runs a harness and prints what it did also when all is well; nothing when it needs a server and there is none.
fn told<E: std::fmt::Debug>(harness: impl FnOnce() -> Result<Option<Report>, E>) -> Option<Report> {
    let begun = Instant::now();
    let report = harness().unwrap()?;
    // Past the test runner, which keeps what a passing test prints.
    let _ = writeln!(std::io::stderr(), "\n{report} ({} ms)", begun.elapsed().as_millis());
    assert!(report.is_as_expected(), "{report}");
    Some(report)
}

/// P2: after a power loss at any moment the database opens, holds everything acknowledged, has no half of a command, and
/// the same commands with the same keys complete the month.
#[test]
fn a_power_loss_loses_nothing_acknowledged() {
    let report = told(|| power_loss(&Asked::new(500, 20_260_408)).map(Some)).unwrap();
    assert_eq!(report.counted("images"), 500);
    for loss in ["dropped", "kept", "prefix", "mixed", "torn"] {
        assert!(report.counted(loss) > 50, "{loss}");
    }
    assert!(report.counted("acknowledgements") > 5_000);
}

/// The harness above can fail: on a disk that ignores every second sync it does.
#[test]
fn a_disk_that_lies_about_syncs_is_found_out() {
    let report = told(|| power_loss(&Asked::new(60, 7).sabotaged()).map(Some)).unwrap();
    assert!(report.failures.len() > 5, "{report}");
}

/// P9: an error of the disk at any call loses nothing acknowledged and keeps nothing refused; the process goes on.
#[test]
fn an_error_of_the_disk_is_a_refusal_and_no_more() {
    let report = told(|| failpoints(&Asked::new(400, 1)).map(Some)).unwrap();
    assert_eq!(report.counted("acts tried"), 400);
    assert!(report.counted("struck") > 350, "{report}");
}

/// The harness above can fail: a program that swallows errors is found out.
#[test]
fn a_program_that_swallows_errors_is_found_out() {
    told(|| failpoints(&Asked::new(40, 1).sabotaged()).map(Some)).unwrap();
}

/// P9, as found by the harness above: when the sync of a commit fails, the commit may stand in the log. The process goes
/// on without it; a process that dies first leaves it. So the program must not say that nothing was kept.
#[test]
fn a_sync_that_fails_at_the_commit_leaves_it_unknown() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let disk = Disk::watch(folder.path());
    let open = |folder: &Path| Store::open(folder.join("a.db").to_str().unwrap()).unwrap();
    let store = open(folder.path());
    let add = |id: i64| store.write(|tx| tx.execute("INSERT INTO thing (id) VALUES (?1)", params![id]));
    let rows = |store: &Store| {
        store.read(|tx| tx.list("SELECT id FROM thing ORDER BY id", &[], |row| row.int(0))).unwrap()
    };
    store.write(|tx| tx.define("CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY) STRICT;")).unwrap();
    disk.arm(Some(Plan { call: Call::Sync, at: 1, fault: Fault::Error, lasting: false }));
    let told = add(1);
    assert!(matches!(told, Err(StoreError::CommitUnknown(_))), "{told:?}");
    Trace::put(&disk.files().unwrap(), other.path()).unwrap();
    assert_eq!(rows(&open(other.path())), [1], "a process that died here left it");
    assert_eq!(rows(&store), [] as [i64; 0], "this process goes on without it");
    add(2).unwrap();
    assert_eq!(rows(&store), [2]);
    assert_eq!(rows(&open(folder.path())), [2]);
}

/// P2, P3: killed at any moment of import, calculation, issue, posting and the run of all books, nothing acknowledged is
/// lost and nothing happens twice.
#[test]
fn a_kill_at_any_moment_loses_and_doubles_nothing() {
    let asked = Asked::new(200, 3);
    let report = told(|| kill(&asked, program(), Site::Sqlite, Sabotage::Early)).unwrap();
    assert!(report.counted("kills") >= 200, "{report}");
    for phase in Phase::ALL {
        let name = report.counts.iter().find(|(name, _)| name.contains(phase.name()));
        assert!(name.is_some_and(|(_, kills)| *kills >= 35), "{} in {report}", phase.name());
    }
    assert!(report.counted("committed but unacknowledged") > 0, "{report}");
}

/// The harness above can fail: a program that answers before its commit is found out.
#[test]
fn an_answer_before_the_commit_is_found_out() {
    told(|| kill(&Asked::new(20, 5).sabotaged(), program(), Site::Sqlite, Sabotage::Early)).unwrap();
}

/// The harness above can fail: a client without request keys is found out by its double vouchers.
#[test]
fn commands_without_keys_are_found_out() {
    told(|| kill(&Asked::new(20, 5).sabotaged(), program(), Site::Sqlite, Sabotage::Keyless)).unwrap();
}

/// P2, P3 on PostgreSQL: the client is killed, the server decides.
#[test]
fn a_killed_client_of_the_server_loses_and_doubles_nothing() {
    told(|| kill(&Asked::new(30, 11), program(), Site::Postgres, Sabotage::Early));
}

/// P3, P9 on PostgreSQL: a connection lost before or after any request, commits above all, leaves each command done once.
#[test]
fn a_lost_connection_leaves_each_command_done_once() {
    if let Some(report) = told(|| connection_loss(&Asked::new(60, 2))) {
        assert!(report.counted("unknown and kept") > 0, "{report}");
    }
}

/// The harness above can fail: a client that asks again without keys is found out.
#[test]
fn a_retry_without_keys_is_found_out() {
    told(|| connection_loss(&Asked::new(6, 2).sabotaged()));
}

/// P7: a backup taken while commands run is one moment of the books, on either engine.
#[test]
fn a_backup_under_load_is_restored_whole() {
    told(|| backup(&Asked::new(4, 1), Site::Sqlite));
    told(|| backup(&Asked::new(2, 1), Site::Postgres));
}

/// The harness above can fail: a backup older than it claims is found out.
#[test]
fn a_backup_older_than_it_claims_is_found_out() {
    told(|| backup(&Asked::new(2, 1).sabotaged(), Site::Sqlite));
}
