//! Months under other prices, and the adjustment that follows, on both databases.
#![allow(clippy::unwrap_used)]

mod company;
mod house;

use billing::adjustment::{self, BatchLine, CaseState, NewBatch, stored_adjustment};
use billing::canonical::{Figures, read_bill, read_figures};
use billing::whatif::{
    Outcome, PlanRule, Selection, Trial, WhatIf, batch_lines, compare_months, explained, read_and_decode,
};
use billing::{BillKey, stored_bill};
use company::*;
use house::*;
use kernel::{Lang, Money, Month, Text};
use tariff::table::PriceTable;

fn hubei() -> &'static str {
    tariff::table::SHIPPED.iter().find(|table| table.id == "hubei-2026-01").unwrap().text
}

/// The prices in force with some words changed; the published figures, which would not fit any more, left out.
fn changed(changes: &[(&str, &str)]) -> String {
    let mut text: String = hubei()
        .lines()
        .filter(|line| !line.starts_with("published"))
        .map(|line| format!("{line}\n"))
        .collect();
    for (old, new) in changes {
        assert!(text.contains(old), "{old}");
        text = text.replace(old, new);
    }
    text
}

/// One class taken out of the prices.
fn without_class(code: &str) -> String {
    let text = changed(&[]);
    let blocks: Vec<&str> = text.split("[[class]]\n").collect();
    let kept: Vec<&str> =
        blocks.iter().copied().filter(|block| !block.starts_with(&format!("code = {code:?}\n"))).collect();
    assert_eq!(kept.len() + 1, blocks.len());
    kept.join("[[class]]\n")
}

fn trial(company: &Company<'_, '_>, text: &str, rules: &[&str]) -> Trial {
    let rules: Vec<PlanRule> = rules.iter().map(|rule| PlanRule::parse(rule).unwrap()).collect();
    Trial::new(&company.prices, &[PriceTable::parse("trial", text).unwrap()], &rules).unwrap()
}

fn months(first: &str, last: &str) -> Selection {
    let (mut next, last) = (month(first), month(last));
    let mut months: Vec<Month> = Vec::new();
    while next <= last {
        months.push(next);
        next = next.next();
    }
    Selection { months, ..Selection::month(last) }
}

/// Compares with chunks of every size, down to a few bills, and demands one answer.
fn compare(company: &Company<'_, '_>, trial: &Trial, selection: &Selection, lines_max: usize) -> Outcome {
    let outcomes: Vec<Outcome> = [(4_000, 1), (3, 2), (7, 3)]
        .map(|(chunk_bills, workers)| {
            let how = WhatIf { top: 10, workers, chunk_bills, lines_max };
            let org_id = company.house.org_id();
            let store = company.house.store;
            let mut found =
                compare_months(store, org_id, &company.prices, trial, selection, &how, |_| true).unwrap();
            found.elapsed = std::time::Duration::ZERO;
            found
        })
        .into();
    assert_eq!(outcomes[0], outcomes[1]);
    assert_eq!(outcomes[0], outcomes[2]);
    sums_agree(&outcomes[0]);
    outcomes.into_iter().next().unwrap()
}

/// Classes, stations, components and both kinds of tenths come to the total.
fn sums_agree(outcome: &Outcome) {
    let total = outcome.total.difference().unwrap();
    let sum = |values: Vec<Money>| Money::sum(values).unwrap();
    assert_eq!(sum(outcome.by_class.iter().map(|(_, change)| change.difference().unwrap()).collect()), total);
    assert_eq!(sum(outcome.by_unit.iter().map(|(_, change)| change.difference().unwrap()).collect()), total);
    assert_eq!(sum(outcome.by_plan.iter().map(|(_, change)| change.difference().unwrap()).collect()), total);
    let of = &outcome.by_component;
    assert_eq!(sum(of.iter().map(|(_, change)| change.difference().unwrap()).collect()), total);
    for tenths in [&outcome.by_fee, &outcome.by_energy] {
        assert_eq!(tenths.len(), 10);
        assert_eq!(sum(tenths.iter().map(|tenth| tenth.difference).collect()), total);
        assert_eq!(sum(tenths.iter().map(|tenth| tenth.before).collect()), outcome.total.before);
        let count = |of: fn(&billing::whatif::Tenth) -> i64| tenths.iter().map(of).sum::<i64>();
        assert_eq!(count(|tenth| tenth.accounts), outcome.accounts);
        assert_eq!(count(|tenth| tenth.dearer), outcome.dearer);
        assert_eq!(count(|tenth| tenth.cheaper), outcome.cheaper);
    }
}

fn class(outcome: &Outcome, code: &str) -> Money {
    let found = outcome.by_class.iter().find(|(class, _)| class == &format!("湖北:{code}"));
    found.map_or(Money::ZERO, |(_, change)| change.difference().unwrap())
}

/// Every table's content, to see that nothing was written.
fn digests(house: &House<'_>) -> Vec<(String, String)> {
    let tables = if house.is_postgres() {
        "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
    } else {
        "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
    };
    house
        .store
        .read(|tx| {
            let names = tx.list(tables, &[], |row| row.text(0))?;
            let mut found = Vec::new();
            for name in names {
                let sql = if house.is_postgres() {
                    format!("SELECT COALESCE(md5(string_agg(CAST(t AS TEXT), ';' ORDER BY CAST(t AS TEXT))), '') FROM {name} t")
                } else {
                    let columns = tx.list(&format!("SELECT name FROM pragma_table_info('{name}')"), &[], |row| {
                        row.text(0)
                    })?;
                    let quoted: Vec<String> =
                        columns.iter().map(|column| format!("quote(\"{column}\")")).collect();
                    format!("SELECT COALESCE(group_concat({}, ';'), '') FROM {name}", quoted.join(" || '|' || "))
                };
                let digest = tx.one(&sql, &[], |row| row.text(0))?.unwrap();
                found.push((name, digest));
            }
            Ok::<_, store::StoreError>(found)
        })
        .unwrap()
}

/// Households of March by account: kWh.
const HOUSEHOLDS: i64 = 150 + 700 + 180 + 120 + 90 + 160 + 210 + 130;

/// BILL-18: a comparison hears between two chunks that it is to stop, and then reads no further.
#[test]
fn a_comparison_stops_between_two_chunks() {
    each_engine(|house| {
        let company = Company::new(house, "2026-06");
        let (march, same) = (Selection::month(month("2026-03")), trial(&company, hubei(), &[]));
        for workers in [1, 3] {
            let how = WhatIf { workers, chunk_bills: 3, ..WhatIf::default() };
            for stop_at in 1..=3 {
                let mut heard = 0;
                let tell = |_| {
                    heard += 1;
                    heard < stop_at
                };
                let prices = &company.prices;
                let stopped = compare_months(house.store, house.org_id(), prices, &same, &march, &how, tell);
                assert!(matches!(stopped, Err(billing::BillingError::Stopped)));
                assert_eq!(heard, stop_at);
            }
        }
    });
}

/// Small cases worked by hand on March, which was issued; and not a byte of the database changes.
#[test]
fn other_prices_make_the_differences_of_the_hand() {
    each_engine(|house| {
        let company = Company::new(house, "2026-06");
        let before = digests(house);
        assert!(before.len() > 30 && before.iter().any(|(_, digest)| !digest.is_empty()));
        let march = Selection::month(month("2026-03"));

        // The same prices: nothing differs, nobody is left out.
        let same = compare(&company, &trial(&company, hubei(), &[]), &march, 100);
        assert_eq!((same.total.bills, same.accounts), (15, 15));
        assert_eq!((same.total.before, same.dearer, same.cheaper), (same.total.after, 0, 0));
        assert!(same.missing.is_empty() && same.refused.is_empty() && same.lines.is_empty());
        assert!(same.increases.is_empty() && same.decreases.is_empty());
        assert!(same.by_component.iter().all(|(_, change)| change.before == change.after));
        let all = months("2026-01", "2026-03");
        let quarter = compare(&company, &trial(&company, hubei(), &[]), &all, 100);
        assert_eq!((quarter.total.bills, quarter.accounts), (45, 15));
        assert_eq!((quarter.total.before, quarter.lines.len()), (quarter.total.after, 0));

        // A cent more a kWh for households: 17.40 over 1,740 kWh; 12.40 at the first station, 5.00 at the second.
        let cent = [("catalogue = \"0.558\"", "catalogue = \"0.568\"")];
        let dearer = trial(&company, &changed(&cent), &[]);
        let found = compare(&company, &dearer, &march, 100);
        assert_eq!(HOUSEHOLDS, 1_740);
        assert_eq!(
            (class(&found, "residential"), class(&found, "agricultural")),
            (yuan("17.40"), Money::ZERO)
        );
        let by_unit: Vec<_> =
            found.by_unit.iter().map(|(unit, change)| (*unit, change.difference().unwrap())).collect();
        assert_eq!(by_unit, [(house.station, yuan("12.40")), (house.other_station, yuan("5.00"))]);
        assert_eq!((found.dearer, found.cheaper, found.lines.len()), (8, 0, 8));
        let moved: Vec<_> =
            found.by_component.iter().filter(|(_, change)| change.before != change.after).collect();
        let code = |id| dearer.plans().component(id).unwrap().code.clone();
        assert_eq!(moved.len(), 1);
        assert_eq!((code(moved[0].0), moved[0].1.difference().unwrap()), ("catalogue".into(), yuan("17.40")));
        let top: Vec<_> =
            found.increases.iter().map(|one| (one.account_id, one.difference().unwrap())).collect();
        assert_eq!(top[..3], [(1002, yuan("7.00")), (1202, yuan("2.10")), (1003, yuan("1.80"))]);
        let why = explained(&dearer, &found.increases[0].bills[0]).unwrap();
        assert_eq!((why.before, why.after), (yuan("390.60"), yuan("397.60")));
        assert_eq!(why.lines[0].difference, yuan("7.00"));
        assert_eq!(why.lines[0].prices.len(), 1);
        assert!(why.in_words(Lang::En).contains("0.558 → 0.568"), "{}", why.in_words(Lang::En));
        // One station, one book.
        let only = Selection { unit_id: Some(house.other_station), ..march.clone() };
        assert_eq!(compare(&company, &dearer, &only, 0).total.difference().unwrap(), yuan("5.00"));
        let only = Selection { book_id: Some(PUBLIC_BOOK), issued_only: true, ..march.clone() };
        assert_eq!(compare(&company, &dearer, &only, 0).total.difference().unwrap(), yuan("12.40"));

        // The second tier begins at 2,000: of 2,100 kWh since January 100 pay 0.05 more.
        let tier =
            trial(&company, &changed(&[("thresholds = [2160, 4800]", "thresholds = [2000, 4800]")]), &[]);
        let found = compare(&company, &tier, &march, 100);
        assert_eq!(
            (found.total.difference().unwrap(), found.dearer, found.tiers_unknown),
            (yuan("5.00"), 1, 0)
        );
        assert_eq!(found.lines[0].tiers, [(1, kwh(-100)), (2, kwh(100))]);
        // At 1,000 over three months: 400 in February, 700 in March.
        let tier =
            trial(&company, &changed(&[("thresholds = [2160, 4800]", "thresholds = [1000, 4800]")]), &[]);
        let found = compare(&company, &tier, &all, 0);
        assert_eq!((found.total.difference().unwrap(), found.dearer), (yuan("55.00"), 1));
        assert_eq!(found.increases[0].bills.len(), 3);

        // A fund falls away: 0.02 on 3,100 and 900 kWh of single-part customers.
        let fund = trial(&company, &changed(&[("\"rural_grid_fund\", ", "")]), &[]);
        let found = compare(&company, &fund, &march, 0);
        assert_eq!(class(&found, "single_part_flat"), yuan("-80.00"));
        let rural = found
            .by_component
            .iter()
            .find(|(id, _)| fund.plans().component(*id).unwrap().code == "rural_grid_fund");
        assert_eq!(rural.unwrap().1.after, Money::ZERO);
        assert_eq!(found.decreases[0].account_id, 1101);

        // A class without a counterpart is named with its bills; a rule gives it one: 940 kWh at 0.02 more.
        let text = without_class("agricultural");
        let found = compare(&company, &trial(&company, &text, &[]), &march, 0);
        assert_eq!((found.total.bills, found.missing.len(), found.missing[0].bills), (13, 1, 2));
        let mapped = trial(&company, &text, &["agricultural=residential_flat"]);
        let found = compare(&company, &mapped, &march, 0);
        assert_eq!((found.total.bills, found.missing.len()), (15, 0));
        assert_eq!(found.total.difference().unwrap(), yuan("18.80"));
        let rule = |text: &str| [PlanRule::parse(text).unwrap()];
        let table = [PriceTable::parse("trial", &text).unwrap()];
        assert!(Trial::new(&company.prices, &table, &rule("nonsense=residential")).is_err());
        assert!(Trial::new(&company.prices, &table, &rule("agricultural=nonsense")).is_err());
        assert!(PlanRule::parse("agricultural").is_none() && PlanRule::parse("a@5kv=b").is_none());
        // What cannot be calculated is said: a shared meter has no tiers.
        let impossible = trial(&company, hubei(), &["residential_flat=residential"]);
        let found = compare(&company, &impossible, &march, 0);
        assert_eq!((found.refused.len(), found.refused[0].bills, found.refused[0].account_id), (1, 1, 1006));

        let (bills, bytes, _) =
            read_and_decode(house.store, house.org_id(), &march, &WhatIf::default(), true).unwrap();
        assert_eq!((bills, bytes), (15, same.bytes));
        assert_eq!(digests(house), before, "nothing was written");
    });
}

/// Tiers by month become tiers by year: what the earlier months used is carried into the later ones.
#[test]
fn tiers_are_carried_from_month_to_month() {
    each_engine(|house| {
        let monthly = "period = \"month\"\nthresholds = [180, 400]";
        let prices = changed(&[("period = \"year\"\nthresholds = [2160, 4800]", monthly)]);
        let company = Company::with_prices(house, "2026-06", &prices);
        let yearly =
            trial(&company, &changed(&[("thresholds = [2160, 4800]", "thresholds = [2000, 4800]")]), &[]);
        // By month 700 kWh pay 220 × 0.05 + 300 × 0.30 = 101.00 and 210 kWh 1.50; by year only 100 kWh of March 5.00.
        let found = compare(&company, &yearly, &months("2026-01", "2026-03"), 0);
        assert_eq!(found.total.difference().unwrap(), yuan("-302.50"));
        assert_eq!((found.tiers_unknown, found.cheaper), (0, 2));
        let why = explained(&yearly, &found.decreases[0].bills[2]).unwrap();
        assert_eq!(why.after.minus(why.before).unwrap(), yuan("-96.00"));
        // March alone does not know what January used, and says so for every household.
        let found = compare(&company, &yearly, &Selection::month(month("2026-03")), 0);
        assert_eq!(found.total.difference().unwrap(), yuan("-102.50"));
        assert_eq!(found.tiers_unknown, 8);
    });
}

/// The figures read past the lines are those of the whole bill; cut or damaged bytes are refused and never panic.
#[test]
fn figures_are_those_of_the_bill() {
    each_engine(|house| {
        let company = Company::new(house, "2026-06");
        company.run(&company.plan(april(), "2026-04-08")).unwrap();
        let mut figures = Figures::default();
        let mut compared = 0;
        for one in &CUSTOMERS {
            for number in 1..=4 {
                let month = Month::new(2026, number).unwrap();
                let key = BillKey { org_id: house.org_id(), month, account_id: one.account_id, sequence: 0 };
                let stored = house.store.read(|tx| stored_bill(tx, key)).unwrap().unwrap();
                let input = read_figures(&stored.detail, &mut figures).unwrap();
                let (whole, bill) = read_bill(&stored.detail).unwrap();
                assert_eq!(input, whole);
                assert_eq!(
                    (&figures.sums, figures.total, figures.vat, figures.energy_kwh, figures.tiers),
                    (&bill.sums, bill.total, bill.vat, bill.energy_kwh, bill.tiers)
                );
                for cut in 0..stored.detail.len() {
                    assert!(read_figures(&stored.detail[..cut], &mut figures).is_err(), "cut at {cut}");
                    let mut damaged = stored.detail.clone();
                    damaged[cut] ^= 0xff;
                    let _ = read_figures(&damaged, &mut figures);
                    let _ = read_bill(&damaged);
                }
                compared += 1;
            }
        }
        assert_eq!(compared, 60);
    });
}

fn new_batch(house: &House<'_>, basis: &str, lines: Vec<BatchLine>) -> NewBatch {
    NewBatch {
        unit_id: house.station,
        month: month("2026-03"),
        reason: "省价格〔2026〕3 号，居民电价自三月起调整".into(),
        basis: basis.into(),
        centre_unit_id: house.centre,
        lines,
    }
}

/// ADJ-01, ADJ-02, ADJ-03, ADJ-16, ADJ-17, ADJ-18, BILL-20: from other prices to issued adjustments: one slip of the
/// station for all its customers, approved, operated, issued once; the books agree.
#[test]
fn a_change_of_prices_becomes_one_slip_for_many() {
    each_engine(|house| {
        let company = Company::new(house, "2026-06");
        let rules = &house.rules;
        let text = changed(&[("catalogue = \"0.558\"", "catalogue = \"0.568\"")]);
        let trial = trial(&company, &text, &[]);
        let selection = Selection {
            unit_id: Some(house.station),
            issued_only: true,
            ..Selection::month(month("2026-03"))
        };
        let found = compare(&company, &trial, &selection, 100);
        let lines = batch_lines(&trial, &found.lines).unwrap();
        assert_eq!(lines.len(), 5);
        let new = new_batch(house, &text, lines);
        let start = |login: &str, new: &NewBatch| {
            house.by(login, "2026-04-07", |work| {
                Ok(adjustment::start_batch(work, rules, &company.postings, new)?)
            })
        };
        assert!(not_permitted(&start("reviewer", &new)), "the centre cannot open it");
        assert!(not_permitted(&start("fee2", &new)), "nor another station");
        let mut wrong = new.clone();
        wrong.lines[0].after = wrong.lines[0].before;
        assert_eq!(rule(start("fee", &wrong)), "ADJ-18");
        wrong.lines.clear();
        assert_eq!(rule(start("fee", &wrong)), "ADJ-18");
        assert!(start("fee", &NewBatch { basis: String::new(), ..new.clone() }).is_err());

        let batch = start("fee", &new).unwrap();
        assert_eq!((batch.bills, batch.charged, batch.refunded), (5, yuan("12.40"), Money::ZERO));
        let id = batch.case.case_id;
        assert_eq!(house.held_by_adjustments(), (5, vec![1001, 1002, 1003, 1004, 1005]));
        // The same again, or a part of it, answers the batch that is there.
        let again = start("fee", &new).unwrap();
        assert_eq!((again.case.case_id, again.known), (id, true));
        let part = NewBatch { lines: new.lines[1..2].to_vec(), ..new.clone() };
        assert_eq!(start("fee", &part).unwrap().case.case_id, id);
        let other = NewBatch { basis: format!("{text}\n# 2"), ..new.clone() };
        assert_eq!(rule(start("fee", &other)), "ADJ-18");

        let issue = || {
            house.by("reviewer", "2026-04-09", |work| {
                Ok(adjustment::issue_batch(work, rules, &company.postings, id)?)
            })
        };
        assert!(issue().is_err(), "not approved");
        let approve =
            |login: &str| house.by(login, "2026-04-08", |work| adjustment::approve(work, rules, id, "同意"));
        assert!(approve("fee").is_err(), "the maker never approves");
        assert!(approve("head").unwrap());
        house.by("reviewer", "2026-04-08", |work| adjustment::operate(work, rules, id)).unwrap();
        house.by("reviewer", "2026-04-08", |work| adjustment::archive(work, rules, id)).unwrap();
        house.by("fee", "2026-04-08", |work| adjustment::finish_follow_up(work, rules, id)).unwrap();
        ties_out(house, "2026-04");
        let single = house
            .by("reviewer", "2026-04-09", |work| adjustment::issue_with(work, rules, &company.postings, id));
        assert_eq!(rule(single), "ADJ-16");
        let done = issue().unwrap();
        assert_eq!((done.bills, done.issues, done.amount), (5, 1, yuan("12.40")));
        ties_out(house, "2026-04");
        assert_eq!(house.held_by_adjustments(), (5, vec![]));
        assert_eq!(rule(issue()), "ADJ-03");
        assert!(start("fee", &new).unwrap().known, "also after the issue");

        // Each bill says what it is made of.
        let key = BillKey { org_id: house.org_id(), month: month("2026-03"), account_id: 1002, sequence: 1 };
        let stored = house.store.read(|tx| stored_adjustment(tx, key)).unwrap().unwrap();
        assert_eq!((stored.bill.amount, &stored.bill.document), (yuan("7.00"), &batch.case.number));
        assert!(stored.bill.reason.contains("0.558 → 0.568"), "{}", stored.bill.reason);
        assert!(stored.bill.reason.contains("390.60 → 397.60"), "{}", stored.bill.reason);
        assert_eq!(stored.issued.due_on, day("2026-04-20"));
        let mut explanations = Vec::new();
        house
            .store
            .read(|tx| {
                adjustment::each_line(tx, house.org_id(), id, |line| {
                    explanations.push(line.explanation.en);
                    Ok(())
                })
            })
            .unwrap();
        assert!(explanations.iter().all(|words| words.contains("energy charge")), "{explanations:?}");
        let changed = house.store.write(|tx| {
            tx.execute(
                "UPDATE adjustment_line SET amount = 0 WHERE org_id = ?1",
                store::params![house.org_id()],
            )
        });
        assert!(changed.is_err(), "the lines of a slip never change");
        // What was adjusted is not calculated again, and said to be there.
        let found = compare(&company, &trial, &selection, 100);
        assert_eq!((found.adjustments, found.total.difference().unwrap()), (5, yuan("12.40")));
        let lists = house
            .by("fee", "2026-04-09", |work| adjustment::give_running_list(work, house.station, house.centre));
        assert_eq!(lists.unwrap(), 0);
    });
}

/// ADJ-03, ADJ-17: the limits look at all that moves; a large refund needs a leader; a refused slip frees everybody.
#[test]
fn the_limits_look_at_all_that_moves() {
    each_engine(|house| {
        let company = Company::new(house, "2026-06");
        let rules = &house.rules;
        let line = |account_id, yuan_: &str| BatchLine {
            account_id,
            book_id: DEDICATED_BOOK,
            before: yuan("100000.00"),
            after: yuan("100000.00").plus(yuan(yuan_)).unwrap(),
            components: vec![("catalogue".into(), yuan(yuan_))],
            tiers: vec![],
            explanation: Text::new("试算", "trial"),
        };
        let new = new_batch(house, "prices", vec![line(1101, "-30000.00"), line(1102, "30000.00")]);
        let start = |new: &NewBatch| {
            house.by("fee", "2026-04-07", |work| {
                Ok(adjustment::start_batch(work, rules, &company.postings, new)?)
            })
        };
        let unknown = BatchLine { components: vec![("nonsense".into(), yuan("1.00"))], ..line(1101, "1.00") };
        assert!(start(&NewBatch { lines: vec![unknown], ..new.clone() }).is_err());
        let batch = start(&new).unwrap();
        assert_eq!((batch.case.amount, batch.refunded), (Money::ZERO, yuan("-30000.00")));
        let id = batch.case.case_id;
        let approve =
            |login: &str| house.by(login, "2026-04-08", |work| adjustment::approve(work, rules, id, "同意"));
        assert!(!approve("head").unwrap());
        assert!(!approve("marketing").unwrap());
        assert!(approve("leader").unwrap());
        let again = start(&new).unwrap();
        assert!(again.known);

        let other = NewBatch { month: month("2026-02"), ..new.clone() };
        let second = start(&other).unwrap();
        let refused = house.by("head", "2026-04-08", |work| {
            adjustment::refuse(work, rules, second.case.case_id, "文号不符")
        });
        refused.unwrap();
        let kept = house.look(|tx, org_id| adjustment::find(tx, org_id, second.case.case_id));
        assert_eq!(kept.state, CaseState::Refused);
        assert!(!start(&other).unwrap().known, "a refused slip does not stand in the way");
    });
}
