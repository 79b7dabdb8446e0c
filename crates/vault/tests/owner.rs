//! PostgreSQL under a role without special rights, as it should be run: everything works, nothing can be rewritten.
#![allow(clippy::unwrap_used)]

mod house;

use house::{CHANGE, ORG, make_keys, now, person, prepare};
use identity::{Desk, NewPerson};
use store::{Store, StoreError};
use vault::{Act, Document, Erased, VaultError, check, checkpoint, erase, record_batch};

/// XC-15: the owner of the tables has given away the right to change them; triggers switched off do not help.
#[test]
fn an_owner_without_special_rights_writes_and_cannot_rewrite() {
    let Some(database) = testbed::postgres_database() else { return };
    let role = format!("vault_owner_{}", std::process::id());
    let master = Store::open(&database.url).unwrap();
    let order = |text: String| master.write(|tx| tx.execute(&text, &[])).unwrap();
    order(format!("CREATE ROLE {role} LOGIN NOSUPERUSER"));
    order(format!("GRANT ALL ON SCHEMA public TO {role}"));
    // What the store of the master made when it opened.
    order(format!("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}"));
    let (_, place) = database.url.rsplit_once('@').unwrap();
    let store = Store::open(&format!("postgres://{role}@{place}")).unwrap();
    prepare(&store);
    let wang = person(ORG, 11, "王芳");
    let desk = Desk::new(&store, &wang);
    let signers = make_keys(&store);
    desk.act(now(), |work| {
        identity::create_person(work, &NewPerson { unit_id: 3, login: "li", name: "李强" })
    })
    .unwrap();
    let acts =
        ["1", "2"].map(|number| Act::new(CHANGE, 3, "account", number).change_personal("name", "", "张三"));
    desk.act(now(), |work| record_batch(work, &acts)).unwrap();
    let document = Document { kind: "account".into(), number: "1".into() };
    desk.act(now(), |work| erase(work, &Erased::Document(document), "x")).unwrap();
    desk.act(now(), |work| checkpoint(work, &signers)).unwrap();
    let report = store.read(|tx| check(tx, ORG)).unwrap();
    assert_eq!(report.findings, []);
    for (table, only_erased) in [
        ("leaf", false),
        ("tlog_hash", false),
        ("checkpoint", false),
        ("leaf_document", false),
        ("leaf_person", false),
        ("leaf_day", false),
        ("leaf_private", true),
        ("leaf_erased", false),
        ("leaf_identity", false),
        ("log_origin", false),
        ("log_key", false),
        ("cosignature", false),
        ("identity_change", false),
    ] {
        store.write(|tx| tx.execute(&format!("ALTER TABLE {table} DISABLE TRIGGER USER"), &[])).unwrap();
        let mut tricks = vec![format!("UPDATE {table} SET org_id = 9"), format!("TRUNCATE {table}")];
        if !only_erased {
            tricks.push(format!("DELETE FROM {table}"));
        }
        for trick in tricks {
            let tried = store.write(|tx| tx.execute(&trick, &[]));
            assert!(tried.is_err(), "{trick}: {tried:?}");
        }
        store.write(|tx| tx.execute(&format!("ALTER TABLE {table} ENABLE TRIGGER USER"), &[])).unwrap();
    }
    let kept = store.write(|tx| tx.execute("DELETE FROM leaf_private", &[]));
    assert!(matches!(kept, Err(StoreError::Refused(_))), "{kept:?}");
    assert_eq!(store.read(|tx| check(tx, ORG)).map(|report| report.findings), Ok::<_, VaultError>(vec![]));
    drop(store);
    order(format!("REASSIGN OWNED BY {role} TO CURRENT_USER"));
    order(format!("DROP OWNED BY {role}"));
    order(format!("DROP ROLE {role}"));
}
