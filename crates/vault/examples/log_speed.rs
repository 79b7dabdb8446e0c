//! How fast acts go into the log, one by one and in bulk: figures, not a test.
//!
//! `cargo run --release -p vault --example log_speed -- [database URL or file] [acts]`

use std::time::Instant;

use identity::{Actor, Assignment, Desk, NewOrganisation, Permission};
use kernel::{Date, Moment, Text};
use store::Store;
use vault::{
    Act, KeyRole, SCHEMA, Signers, VaultError, add_key, check, checkpoint, leaf_hash, merkle_root, name_log,
    permission, record, record_batch,
};

const VERB: Permission = Permission("billing.release_book");

fn report(what: &str, count: usize, started: Instant) {
    let micros = started.elapsed().as_micros().max(1);
    println!("{what}: {count} in {} ms, {} ns each", micros / 1000, micros * 1000 / count.max(1) as u128);
}

fn main() -> Result<(), VaultError> {
    let mut arguments = std::env::args().skip(1);
    let file = std::env::temp_dir().join(format!("log-speed-{}.db", std::process::id()));
    let url = arguments.next().unwrap_or_else(|| file.display().to_string());
    let count: usize = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(200_000);
    let store = Store::open(&url)?;
    store.migrate(&[identity::SCHEMA, SCHEMA])?;
    println!("{}", store.engine_version()?);
    let post = Assignment {
        post: "clerk".into(),
        unit_id: 1,
        units: vec![],
        all_units: true,
        permissions: permission::ALL.iter().chain([&VERB]).map(|right| right.0.to_owned()).collect(),
        for_person: None,
        lent_to: vec![],
    };
    let now = Moment::on(Date::new(2026, 1, 5).map_err(store::StoreError::from)?, 9, 0);
    let company = NewOrganisation {
        code: "ORG",
        name: Text::new("公司", "company"),
        administrator_login: "wang",
        administrator_name: "王芳",
    };
    let founded = store.write(|tx| identity::found_organisation(tx, &company, now))?;
    let actor = Actor {
        org_id: founded.org_id,
        person_id: founded.administrator_id,
        name: "王芳".into(),
        assignments: vec![post],
    };
    let desk = Desk::new(&store, &actor);
    let signers = desk.act(now, |work| {
        let signers = Signers::generate(&name_log(work, "log")?)?;
        for key in signers.keys() {
            add_key(work, KeyRole::Log, key.verifier())?;
        }
        Ok::<_, VaultError>(signers)
    })?;
    let acts: Vec<Act> = (0..count)
        .map(|number| {
            Act::new(VERB, 1, "reading_book", format!("B{number}")).change("state", "entered", "released")
        })
        .collect();

    let started = Instant::now();
    let mut bytes = Vec::new();
    for number in 0..count {
        bytes.clear();
        bytes.extend_from_slice(&number.to_be_bytes());
        bytes.resize(200, 0);
        std::hint::black_box(leaf_hash(&bytes));
    }
    report("bare hashes of 200 bytes", count, started);

    let started = Instant::now();
    std::hint::black_box(merkle_root((0..count).map(|number| leaf_hash(&number.to_be_bytes()))));
    report("root over lines", count, started);

    let started = Instant::now();
    for part in acts.chunks(10_000) {
        desk.act(now, |work| record_batch(work, part))?;
    }
    report("recorded in bulk", count, started);

    let single = &acts[..count.min(2_000)];
    let started = Instant::now();
    for act in single {
        desk.act(now, |work| record(work, act))?;
    }
    report("recorded one by one, each made durable", single.len(), started);

    let words: Vec<Act> = (0..count / 10)
        .map(|number| {
            Act::new(VERB, 1, "account", format!("A{number}")).change_personal("name", "张三", "李四")
        })
        .collect();
    let started = Instant::now();
    for part in words.chunks(10_000) {
        desk.act(now, |work| record_batch(work, part))?;
    }
    report("recorded in bulk, with two personal values each", words.len(), started);

    let signed = count / 1_000;
    let started = Instant::now();
    for act in acts.iter().take(signed) {
        desk.act(now, |work| {
            record(work, act)?;
            checkpoint(work, &signers)
        })?;
    }
    report("recorded and signed with two keys, each made durable", signed, started);

    let started = Instant::now();
    let found = desk.look(|tx| check(tx, founded.org_id))?;
    println!("{} findings, {} signatures", found.findings.len(), found.signatures);
    report("checked", usize::try_from(found.size).unwrap_or(0), started);
    if file.exists() {
        // A leftover in the temporary folder harms nobody.
        let _ = std::fs::remove_file(file);
    }
    Ok(())
}
