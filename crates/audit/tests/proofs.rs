//! Exports and their verification, on both databases: what is exported is proved, and what is altered is refused.
#![allow(clippy::unwrap_used)]

#[path = "../../billing/tests/company/mod.rs"]
mod company;
#[path = "../../billing/tests/house/mod.rs"]
mod house;

use audit::AuditError;
use audit::bundle::{self, PeriodExported};
use audit::file::ProofFile;
use audit::frame::{Kind, Reader, Writer};
use audit::verify::{Auditor, Report, verify};
use billing::adjustment::{AdjustmentBill, issue_adjustment};
use billing::{BillCode, BillKey};
use company::*;
use house::*;
use identity::{Actor, Desk};
use kernel::Lang;
use ledger::LedgerError;
use proof::{Checkpoint, KeyKind, Policy, SigningKey};
use vault::{Document, KeyRole, Signers};

fn actor(house: &House<'_>, login: &str, date: &str) -> Actor {
    let org_id = house.org_id();
    house
        .store
        .read(|tx| {
            let person = identity::find_person(tx, org_id, login)?.unwrap();
            identity::load_actor(tx, org_id, person.id, day(date))
        })
        .unwrap()
}

/// Names the log and gives it keys; answers them and the policy of an auditor who was given the public key.
fn keys(house: &House<'_>) -> (Signers, Policy) {
    let administrator = actor(house, "root", "2026-04-01");
    let signers = Desk::new(house.store, &administrator)
        .act(at("2026-04-01"), |work| {
            let signers = Signers::generate(&vault::name_log(work, "log")?)?;
            for key in signers.keys() {
                vault::add_key(work, KeyRole::Log, key.verifier())?;
            }
            Ok::<_, vault::VaultError>(signers)
        })
        .unwrap();
    let policy = policy(&signers);
    (signers, policy)
}

fn policy(signers: &Signers) -> Policy {
    let logs: String = signers.keys().iter().map(|key| format!("log {}\n", key.verifier().text())).collect();
    Policy::parse(format!("{logs}quorum none\n").as_bytes()).unwrap()
}

fn check(policy: &Policy, previous: Option<&Checkpoint>, bytes: &[u8]) -> Result<Report, AuditError> {
    verify(&Auditor { policy, previous, threads: 2 }, bytes)
}

fn key(house: &House<'_>, account_id: i64) -> BillKey {
    BillKey { org_id: house.org_id(), month: april(), account_id, sequence: 0 }
}

fn export_bills(house: &House<'_>, signers: &Signers, keys: &[BillKey], date: &str) -> ProofFile {
    let reviewer = actor(house, "reviewer", date);
    let keys: Vec<_> = keys.iter().map(|key| (*key, key.account_id.to_string())).collect();
    bundle::bills(&Desk::new(house.store, &reviewer), at(date), signers, house.station, &keys, "test")
        .unwrap()
}

fn export_period(house: &House<'_>, signers: &Signers, date: &str) -> (Vec<u8>, PeriodExported) {
    let accountant = actor(house, "accountant", date);
    let mut out = Vec::new();
    let desk = Desk::new(house.store, &accountant);
    let done = bundle::period(&desk, at(date), signers, april(), "test", None, &mut out).unwrap();
    (out, done)
}

fn refund(house: &House<'_>) -> AdjustmentBill {
    AdjustmentBill {
        key: BillKey { sequence: 1, ..key(house, 1002) },
        unit_id: house.station,
        book_id: PUBLIC_BOOK,
        document: "TB-1".into(),
        reason: "表码录入错误".into(),
        energy_kwh: kwh(-100),
        tiers: vec![(2, kwh(-100))],
        components: vec![("energy".into(), yuan("-53.00")), ("vat".into(), yuan("-6.89"))],
        amount: yuan("-59.89"),
    }
}

/// The issued April of the company, with a refund.
fn april_issued<'h, 's>(house: &'h House<'s>) -> Company<'h, 's> {
    let company = Company::new(house, "2026-06");
    company.run(&company.plan(april(), "2026-04-08")).unwrap();
    act(house, "reviewer2", "2026-04-13", |work| {
        issue_adjustment(work, &company.postings, &refund(house), day("2026-05-20"))
    })
    .unwrap();
    company
}

/// XC-15: the bills of an issue are found beside any one of them exactly as one pass over the month finds them, also
/// when more strangers stand between them than are read at once.
#[test]
fn bills_of_an_issue_are_found_beside_one_of_them() {
    each_engine(|house| {
        april_issued(house);
        let org_id = house.org_id();
        let compared = || {
            let mut seen = 0;
            house
                .store
                .read(|tx| {
                    for issue in billing::issues_made_in(tx, org_id, april())? {
                        let mut whole = Vec::new();
                        billing::each_issued(tx, org_id, &[issue], |bill| {
                            whole.push(bill);
                            Ok::<_, billing::BillingError>(())
                        })?;
                        for bill in &whole {
                            assert_eq!(billing::issue_beside(tx, &issue, bill.key)?, whole);
                            seen += 1;
                        }
                    }
                    Ok::<_, billing::BillingError>(())
                })
                .unwrap();
            seen
        };
        let bills = compared();
        assert!(bills > 8, "{bills}");
        let strangers = "INSERT INTO receivable
             (org_id, month, account_id, sequence, issue_id, line, payer_id, amount, due_on)
             SELECT org_id, month, ?2, ?3, 1, ?3, payer_id, amount, due_on FROM receivable
             WHERE org_id = ?1 AND month = ?4 AND account_id = 1001 AND sequence = 0";
        house
            .store
            .write(|tx| {
                for account_id in 1001..1102_i64 {
                    for sequence in 200..208_i64 {
                        tx.execute(strangers, store::params![org_id, account_id, sequence, april()])?;
                    }
                }
                Ok::<_, store::StoreError>(())
            })
            .unwrap();
        assert_eq!(compared(), bills);
    });
}

/// XC-15, BILL-20: a bill leaves the house with its proof; offline it is the same to the last byte, adds up, and comes
/// out of its own inputs again.
#[test]
fn a_bill_is_proved_offline() {
    each_engine(|house| {
        april_issued(house);
        let (signers, policy) = keys(house);
        let file = export_bills(
            house,
            &signers,
            &[key(house, 1001), refund(house).key, key(house, 1101)],
            "2026-04-14",
        );
        let text = file.print().unwrap();
        let report = check(&policy, None, text.as_bytes()).unwrap();
        assert_eq!(report.bills, 3);
        let words = report.text(Lang::En);
        assert!(words.contains("calculated again from its own inputs"), "{words}");
        assert!(words.contains("no witness cosigned") && words.contains("adjustment TB-1"), "{words}");
        assert!(report.text(Lang::Zh).contains("逐字节"));

        // The code on the bill finds it; a wrong letter finds nothing.
        let code: BillCode = file.bills[0].code.parse().unwrap();
        let found = |code: &BillCode| house.store.read(|tx| bundle::bill_by_code(tx, house.org_id(), code));
        assert_eq!(found(&code).unwrap(), key(house, 1001));
        let other: BillCode = file.bills[0].code.replace("-1001-0-", "-1002-0-").parse().unwrap();
        assert!(matches!(found(&other), Err(AuditError::WrongCode(_))));
        let unissued: BillCode = file.bills[0].code.replace("-1001-0-", "-1005-0-").parse().unwrap();
        assert!(matches!(found(&unissued), Err(AuditError::NoSuchBill(_))));

        // Keys come from the auditor: a log that signs with another key proves nothing.
        let stranger = SigningKey::generate(KeyKind::Ed25519, "example/log", &[5; 32]).unwrap();
        let strange = self::policy(&Signers::new(vec![stranger]));
        assert!(check(&strange, None, text.as_bytes()).is_err());
    });
}

/// XC-15: whatever is altered in the file of a bill, it proves nothing any more.
#[test]
fn an_altered_bill_is_refused() {
    each_engine(|house| {
        april_issued(house);
        let (signers, policy) = keys(house);
        let file = export_bills(house, &signers, &[key(house, 1001), key(house, 1002)], "2026-04-14");
        let refused = |what: &str, change: &dyn Fn(&mut ProofFile)| {
            let mut file = file.clone();
            change(&mut file);
            let answer = check(&policy, None, file.print().unwrap().as_bytes());
            assert!(answer.is_err(), "{what}");
        };
        assert!(check(&policy, None, file.print().unwrap().as_bytes()).is_ok());
        refused("bytes", &|file| file.bills[0].bytes = file.bills[1].bytes.clone());
        refused("code", &|file| file.bills[0].code = file.bills[1].code.clone());
        refused("line", &|file| file.bills[0].line += 1);
        refused("path", &|file| {
            file.bills[0].path.pop();
        });
        refused("act", &|file| file.bills[0].act = 99);
        refused("leaf", &|file| {
            let last = file.acts.last().unwrap().leaf.clone();
            file.acts[0].leaf = last;
        });
        refused("proof", &|file| file.acts[0].proof = file.acts[0].proof.replacen("index ", "index 1", 1));
        refused("signature", &|file| {
            let proof = &mut file.acts[0].proof;
            let at = proof.trim_end().len() - 6;
            let other = if &proof[at..=at] == "A" { "B" } else { "A" };
            proof.replace_range(at..=at, other);
        });
        refused("prices", &|file| {
            let prices = file.prices.as_mut().unwrap();
            prices.acts[0] = Some(file.bills[0].act);
        });
        refused("format", &|file| file.format = "zhangfang-proof/2".into());
    });
}

/// XC-15, RPT-11: a whole period is verified offline: every act, every voucher, every bill, and the balances that the
/// close states; the log continues the checkpoint kept before.
#[test]
fn a_period_is_proved_offline() {
    each_engine(|house| {
        let company = april_issued(house);
        let (signers, policy) = keys(house);
        let (open, done) = export_period(house, &signers, "2026-04-14");
        assert!(done.vouchers >= 4 && done.bills == 11, "{done:?}");
        let report = check(&policy, None, &open).unwrap();
        assert_eq!((report.acts, report.bills), (done.acts.unsigned_abs(), 11));
        assert!(report.text(Lang::En).contains("it is not closed"));
        let kept = Checkpoint::parse(&report.checkpoint).unwrap();

        house.ledger_keeper("2026-05-02", |work| {
            for period in ["2026-01", "2026-02", "2026-03", "2026-04"] {
                ledger::close_period(work, month(period))?;
            }
            Ok::<_, LedgerError>(())
        });
        let (closed, _) = export_period(house, &signers, "2026-05-02");
        let report = check(&policy, Some(&kept), &closed).unwrap();
        let words = report.text(Lang::En);
        assert!(words.contains("are those that the close in act"), "{words}");
        assert!(words.contains("nothing in its"), "{words}");
        // The receivable of the rebuilt trial balance is that of the books.
        let receivable = house
            .store
            .read(|tx| ledger::balance_of(tx, house.org_id(), ledger::AccountCode(1122), april(), None))
            .unwrap();
        let line = words.lines().find(|line| line.trim_start().starts_with("1122 ")).unwrap();
        assert!(line.ends_with(&documents::page::yuan(receivable)), "{line} {receivable}");
        drop(company);

        // A checkpoint of another history, and one from the future.
        let other = Checkpoint::new(kept.origin(), kept.size(), [7; 32]).unwrap();
        assert!(matches!(check(&policy, Some(&other), &closed), Err(AuditError::NotProved { .. })));
        let later = Checkpoint::parse(&report.checkpoint).unwrap();
        assert!(check(&policy, Some(&later), &open).is_err());
    });
}

type Frame = (Kind, Vec<u8>);

fn frames(bytes: &[u8]) -> Vec<Frame> {
    let mut reader = Reader::new(bytes).unwrap();
    std::iter::from_fn(|| reader.frame().unwrap()).collect()
}

fn bytes(frames: &[Frame]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out).unwrap();
    for (kind, frame) in frames {
        writer.frame(*kind, frame).unwrap();
    }
    writer.end().unwrap();
    out
}

/// XC-15: a frame left out, moved, doubled or changed in one bit is found, whichever it is.
#[test]
fn an_altered_period_is_refused() {
    each_engine(|house| {
        april_issued(house);
        let (signers, policy) = keys(house);
        let (bundle, _) = export_period(house, &signers, "2026-04-14");
        let whole = frames(&bundle);
        assert_eq!(bytes(&whole), bundle);
        // The words in the head are nobody's proof; everything after them is.
        for place in 1..whole.len() {
            let mut without = whole.clone();
            without.remove(place);
            assert!(check(&policy, None, &bytes(&without)).is_err(), "frame {place} left out");
            let mut twice = whole.clone();
            twice.insert(place, whole[place].clone());
            assert!(check(&policy, None, &bytes(&twice)).is_err(), "frame {place} twice");
            // In the note, the body: a signature by a key that nobody knows is not looked at.
            let at = if place == 1 { 12 } else { (place * 7_919) % whole[place].1.len() };
            let mut changed = whole.clone();
            changed[place].1[at] ^= 1 << (place % 8);
            assert!(check(&policy, None, &bytes(&changed)).is_err(), "frame {place} changed at {at}");
        }
        for cut in (0..bundle.len()).step_by(997) {
            assert!(check(&policy, None, &bundle[..cut]).is_err(), "cut at {cut}");
        }
        let longer = [bundle.as_slice(), b"x"].concat();
        assert!(check(&policy, None, &longer).is_err());
    });
}

/// XC-15: the acts on one document, a voucher with its postings.
#[test]
fn a_document_is_proved_offline() {
    each_engine(|house| {
        april_issued(house);
        let (signers, policy) = keys(house);
        let auditor = {
            let accountant = actor(house, "accountant", "2026-04-14");
            // Reading the log is the auditor's right, not the accountant's.
            let document = Document { kind: "voucher".into(), number: "2026-1".into() };
            let desk = Desk::new(house.store, &accountant);
            let refused = bundle::document(&desk, at("2026-04-14"), &signers, &document, "test");
            assert!(matches!(refused, Err(AuditError::Identity(_))));
            let mut auditor = accountant.clone();
            auditor.assignments[0].permissions.push(vault::permission::READ.0.into());
            auditor
        };
        let document = Document { kind: "voucher".into(), number: "2026-1".into() };
        let desk = Desk::new(house.store, &auditor);
        let mut file = bundle::document(&desk, at("2026-04-14"), &signers, &document, "test").unwrap();
        let report = check(&policy, None, file.print().unwrap().as_bytes()).unwrap();
        assert_eq!((report.acts, report.vouchers), (1, 1));
        let nothing = Document { number: "2026-999".into(), ..document };
        let missing = bundle::document(&desk, at("2026-04-15"), &signers, &nothing, "test");
        assert!(matches!(missing, Err(AuditError::NoActs(_))));
        file.acts[0].voucher = Some(file.acts[0].leaf.clone());
        assert!(check(&policy, None, file.print().unwrap().as_bytes()).is_err());
    });
}

/// Without keys nothing is exported, and the refusal says what to do.
#[test]
fn an_export_needs_a_signed_log() {
    each_engine(|house| {
        april_issued(house);
        let reviewer = actor(house, "reviewer", "2026-04-14");
        let desk = Desk::new(house.store, &reviewer);
        let asked = [(key(house, 1001), String::new())];
        let answer = bundle::bills(&desk, at("2026-04-14"), &Signers::none(), house.station, &asked, "test");
        assert!(matches!(answer, Err(AuditError::Vault(_))), "{answer:?}");
    });
}
