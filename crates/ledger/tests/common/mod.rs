//! A small organisation with two open periods, on each engine.
#![allow(dead_code, clippy::unwrap_used, missing_docs)]

use identity::{Actor, Assignment, Desk};
use kernel::{Date, Moment, Money, Month};
use ledger::{
    AccountCode, Chart, ComponentId, Posting, PostingRules, SCHEMA, VoucherHeader, install_chart,
    open_period, permission,
};
use store::Store;

pub const ORG: i64 = 1;
pub const UNIT: i64 = 3;

pub fn yuan(text: &str) -> Money {
    text.parse().unwrap()
}
pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}
pub fn month(text: &str) -> Month {
    text.parse().unwrap()
}
pub fn now() -> Moment {
    Moment::on(day("2026-02-10"), 9, 0)
}

pub fn person(permissions: &[identity::Permission]) -> Actor {
    Actor {
        org_id: ORG,
        person_id: 11,
        name: "王会计".into(),
        assignments: vec![Assignment {
            post: "accountant".into(),
            unit_id: UNIT,
            units: vec![],
            all_units: true,
            permissions: permissions.iter().map(|permission| permission.0.to_owned()).collect(),
            for_person: None,
            lent_to: vec![],
        }],
    }
}

pub fn header(voucher_id: i64, date: &str) -> VoucherHeader {
    VoucherHeader {
        voucher_id,
        unit_id: UNIT,
        posted_on: day(date),
        effective_on: day(date),
        event: "bill_issued".into(),
        source: "book 12".into(),
        text: "一月电费".into(),
    }
}

/// A receivable against energy revenue.
pub fn receivable(amount: &str, customer: i64) -> Posting {
    Posting {
        debit: AccountCode(1122),
        credit: AccountCode(600101),
        amount: yuan(amount),
        customer: Some(customer),
        component: ComponentId(1),
    }
}

/// Cash against the receivable.
pub fn cash(amount: &str, customer: i64) -> Posting {
    Posting {
        debit: AccountCode(1001),
        credit: AccountCode(1122),
        component: ComponentId::NONE,
        ..receivable(amount, customer)
    }
}

pub fn each_engine(test: impl Fn(&Desk<'_>)) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.db");
    on(&Store::open(file.to_str().unwrap()).unwrap(), &test);
    if let Some(database) = testbed::postgres_database() {
        on(&Store::open(&database.url).unwrap(), &test);
    }
}

fn on(store: &Store, test: &impl Fn(&Desk<'_>)) {
    store.migrate(&[identity::SCHEMA, vault::SCHEMA, SCHEMA]).unwrap();
    let actor = person(permission::ALL);
    let desk = Desk::new(store, &actor);
    desk.act(now(), |work| {
        install_chart(work, &Chart::standard()?, &PostingRules::standard()?)?;
        open_period(work, month("2026-01"))?;
        open_period(work, month("2026-02"))
    })
    .unwrap();
    test(&desk);
}
