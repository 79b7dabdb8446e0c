//! How fast acts go into the log, one by one and in bulk: figures, not a test.
//!
//! `cargo run --release -p vault --example log_speed -- [database URL or file] [acts]`

use std::time::Instant;

use identity::{Actor, Assignment, Desk, Permission};
use kernel::{Date, Moment};
use store::Store;
use vault::{Act, SCHEMA, VaultError, check, leaf_hash, merkle_root, record, record_batch};

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
        permissions: vec![VERB.0.into()],
    };
    let actor = Actor { org_id: 1, person_id: 1, name: "王芳".into(), assignments: vec![post] };
    let desk = Desk::new(&store, &actor);
    let now = Moment::on(Date::new(2026, 1, 5).map_err(store::StoreError::from)?, 9, 0);
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

    let started = Instant::now();
    let found = desk.look(|tx| check(tx, 1))?;
    println!("{} findings", found.findings.len());
    report("checked", count + single.len(), started);
    if file.exists() {
        // A leftover in the temporary folder harms nobody.
        let _ = std::fs::remove_file(file);
    }
    Ok(())
}
