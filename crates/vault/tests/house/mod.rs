//! A log to test with, on both engines. PostgreSQL is used when `ZHANGFANG_TEST_POSTGRES` names a server.
#![allow(dead_code, clippy::unwrap_used, reason = "each test file uses its own part")]

use identity::{Actor, Assignment, Desk, Permission};
use kernel::{Date, Moment};
use store::{Schema, Store, StoreError, Tx, params};
use vault::{KeyRole, SCHEMA, Signers, VaultError, add_key, name_log, permission};

pub const ORG: i64 = 1;
pub const CHANGE: Permission = Permission("meter.change");

pub fn now() -> Moment {
    Moment::on(Date::new(2026, 1, 5).unwrap(), 9, 30)
}

/// Somebody who may do everything here.
pub fn person(org_id: i64, person_id: i64, name: &str) -> Actor {
    let more = ["identity.manage_units", "identity.manage_persons", "identity.manage_posts"].map(Permission);
    let permissions =
        permission::ALL.iter().chain([&CHANGE]).chain(&more).map(|right| right.0.to_owned()).collect();
    let post = Assignment {
        post: "clerk".into(),
        unit_id: 3,
        units: vec![],
        all_units: true,
        permissions,
        for_person: None,
        lent_to: vec![],
    };
    Actor { org_id, person_id, name: name.into(), assignments: vec![post] }
}

/// Nothing is recorded row by row, so that a log holds what a test puts there and no more.
const NOTHING_RECORDED: Schema = Schema {
    module: "tests",
    unrecorded: &[
        "checkpoint",
        "cosignature",
        "idempotency",
        "identity_account",
        "identity_alarm",
        "identity_alarm_finding",
        "identity_assignment",
        "identity_assignment_unit",
        "identity_authority",
        "identity_change",
        "identity_delegation",
        "identity_login_event",
        "identity_organisation",
        "identity_passkey",
        "identity_password",
        "identity_password_old",
        "identity_person",
        "identity_signature",
        "identity_token",
        "identity_unit",
        "log_key",
        "log_origin",
    ],
    migrations: &[],
};

/// Two organisations with nothing in their logs.
pub fn prepare(store: &Store) {
    prepare_with(store, &[identity::SCHEMA, SCHEMA, NOTHING_RECORDED]);
}

/// The same with another schema.
pub fn prepare_with(store: &Store, schema: &[Schema]) {
    store.migrate(schema).unwrap();
    store
        .write(|tx| {
            for org_id in [1, 2] {
                tx.execute(
                    "INSERT INTO identity_organisation (org_id, code, name_zh, name_en, made_at) VALUES (?1, ?2, 'x', 'x', 0)",
                    params![org_id, &format!("ORG{org_id}")],
                )?;
                tx.execute(
                    "INSERT INTO identity_unit (org_id, id, parent_id, kind, code, name_zh, name_en)
                     VALUES (?1, 3, NULL, 'company', 'ORG', 'x', 'x')",
                    params![org_id],
                )?;
            }
            Ok::<_, store::StoreError>(())
        })
        .unwrap();
}

pub fn each_engine(test: impl Fn(&Store)) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("test.db").to_str().unwrap()).unwrap();
    prepare(&store);
    test(&store);
    if let Some(database) = testbed::postgres_database() {
        let store = Store::open(&database.url).unwrap();
        prepare(&store);
        test(&store);
    }
}

/// Names the log of the first organisation and gives it keys.
pub fn make_keys(store: &Store) -> Signers {
    let actor = person(ORG, 11, "王芳");
    Desk::new(store, &actor)
        .act(now(), |work| {
            let signers = Signers::generate(&name_log(work, "log")?)?;
            for key in signers.keys() {
                add_key(work, KeyRole::Log, key.verifier())?;
            }
            Ok::<_, VaultError>(signers)
        })
        .unwrap()
}

/// Tries raw SQL with the guards of `tables` off, as whoever owns the database can.
pub fn behind_the_guards(store: &Store, table: &str, sql: &str) {
    store.write(|tx| alter(tx, table, sql)).unwrap();
}

/// The same within a transaction, which may be taken back.
pub fn alter(tx: &mut Tx<'_>, table: &str, sql: &str) -> Result<(), StoreError> {
    if tx.engine() == store::Engine::Postgres {
        tx.execute(&format!("ALTER TABLE {table} DISABLE TRIGGER USER"), &[])?;
        tx.execute(&format!("GRANT ALL ON {table} TO CURRENT_USER"), &[])?;
    } else {
        let guards = tx.list(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1",
            params![table],
            |row| row.text(0),
        )?;
        for guard in guards {
            tx.execute(&format!("DROP TRIGGER {guard}"), &[])?;
        }
    }
    let touched = tx.execute(sql, &[])?;
    assert!(touched > 0, "{sql}");
    Ok(())
}
