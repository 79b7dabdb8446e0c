//! Contracts from signing to the directory and the archive, on both engines.
#![allow(clippy::unwrap_used)]

mod desk;

use desk::*;
use identity::IdentityError;
use metering::contract::*;
use metering::parameter::*;

fn supply_contract(account_id: i64, number: &str, signed: &str) -> NewContract {
    let term = |field: &str, value: &str| (field.to_owned(), value.to_owned());
    NewContract {
        account_id,
        kind: "supply".into(),
        number: number.into(),
        signed_on: day(signed),
        valid_from: day(signed),
        valid_to: None,
        revises: None,
        terms: vec![
            term("multiplier", "60"),
            term("contract_demand", "400"),
            term("capacity_kva", "815.0"),
            term("basic", "contract_demand"),
            term("payment", "monthly"),
        ],
        note: String::new(),
    }
}

/// PARM-15, PARM-16: a contract of a dedicated-transformer customer is faxed within two working days of signing; a
/// late one is the station's.
#[test]
fn a_copy_is_faxed_within_two_working_days() {
    each_engine(|company| {
        let (org_id, calendar) = (company.org_id, calendar());
        let keep_it = |new: &NewContract, on: &str| {
            company.act(&company.enterer, on, |work| keep(work, &calendar, new))
        };
        // Friday the 27th of February, then Saturday 28 is worked: due on Monday the 2nd of March.
        let one = keep_it(&supply_contract(101, "HT-1", "2026-02-27"), "2026-02-27").unwrap();
        let clocks = company
            .store
            .read(|tx| workflow::clocks_of(tx, org_id, "contract", one.contract_id, day("2026-02-27")))
            .unwrap();
        assert_eq!(
            (clocks[0].clock.due_on, clocks[0].clock.answerable_unit_id),
            (day("2026-03-02"), company.station)
        );
        let send = |id, on: &str| {
            company.act(&company.enterer, on, |work| transfer(work, &calendar, id, company.centre))
        };
        let sent = send(one.contract_id, "2026-03-02").unwrap();
        assert_eq!(sent.late_days(), 0);
        assert!(matches!(send(one.contract_id, "2026-03-02"), Err(ParameterError::NotNow { .. })), "once");
        let messages = company
            .store
            .read(|tx| {
                workflow::messages_about(
                    tx,
                    org_id,
                    workflow::Subject { kind: "contract", id: one.contract_id },
                )
            })
            .unwrap();
        assert_eq!(messages[0].channel, workflow::Channel::Fax);

        let two = keep_it(&supply_contract(101, "HT-2", "2026-03-02"), "2026-03-02").unwrap();
        let late = |today: &str| {
            let days = (day("2026-02-01"), day("2026-03-31"));
            company.store.read(|tx| late_contracts(tx, &calendar, org_id, days, day(today))).unwrap()
        };
        assert!(late("2026-03-04").is_empty());
        assert_eq!(
            late("2026-03-06").iter().map(|one| (one.late_days, one.sent_on)).collect::<Vec<_>>(),
            [(2, None)]
        );
        assert_eq!(send(two.contract_id, "2026-03-09").unwrap().late_days(), 5);
        assert_eq!(late("2026-03-20")[0].late_days, 5);
        let answers = |account_id| {
            let (march, today) = (month(202603), day("2026-03-20"));
            company
                .store
                .read(|tx| answerable_for_contract(tx, &calendar, org_id, account_id, march, today))
                .unwrap()
        };
        assert_eq!(answers(101), Some((company.station, "HT-2".to_owned())));
        assert_eq!(answers(1), None);

        // A household's contract has no such limit.
        let home = keep_it(&supply_contract(1, "HT-3", "2026-03-02"), "2026-03-02").unwrap();
        assert!(
            company
                .store
                .read(|tx| workflow::clocks_of(tx, org_id, "contract", home.contract_id, day("2026-03-02")))
                .unwrap()
                .is_empty()
        );
        let twice = keep_it(&supply_contract(2, "HT-3", "2026-03-02"), "2026-03-02");
        assert!(matches!(twice, Err(ParameterError::Store(store::StoreError::Duplicate(_)))));
        let reviewer = company.act(&company.reviewer, "2026-03-02", |work| {
            keep(work, &calendar, &supply_contract(2, "HT-9", "2026-03-02"))
        });
        assert!(matches!(reviewer, Err(ParameterError::Identity(IdentityError::NotPermitted { .. }))));
    });
}

/// PARM-17: the directory lists the contracts transferred in the month, once, and both sides sign it.
#[test]
fn both_sides_sign_the_directory() {
    each_engine(|company| {
        let calendar = calendar();
        for (number, on) in [("HT-1", "2026-03-02"), ("HT-2", "2026-03-10"), ("HT-3", "2026-04-01")] {
            company
                .act(&company.enterer, on, |work| {
                    let kept = keep(work, &calendar, &supply_contract(101, number, on))?;
                    transfer(work, &calendar, kept.contract_id, company.centre)
                })
                .unwrap();
        }
        let compile = |who| {
            company.act(who, "2026-04-01", |work| {
                compile_directory(work, company.station, month(202603), company.centre)
            })
        };
        assert!(matches!(compile(&company.reviewer), Err(ParameterError::Identity(_))));
        let list = compile(&company.enterer).unwrap();
        let lines = company.store.read(|tx| workflow::list_lines(tx, company.org_id, list.id)).unwrap();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].text.starts_with("HT-1 3000000101 用户101 2026-03-02"), "{}", lines[0].text);
        let sign =
            |who, station| company.act(who, "2026-04-01", |work| sign_directory(work, list.id, station));
        assert!(sign(&company.enterer, false).is_err(), "the station cannot sign for the centre");
        assert!(!sign(&company.enterer, true).unwrap().is_complete());
        assert!(sign(&company.reviewer, false).unwrap().is_complete());
        let again = compile(&company.enterer).unwrap();
        assert!(
            company.store.read(|tx| workflow::list_lines(tx, company.org_id, again.id)).unwrap().is_empty()
        );
    });
}

/// PARM-02: the contract in force is compared with the system; figures are compared as figures, and the archive of a
/// change mends the difference.
#[test]
fn contract_and_system_are_compared() {
    each_engine(|company| {
        let (org_id, calendar, today) = (company.org_id, calendar(), day("2026-03-03"));
        company
            .act(&company.enterer, "2026-03-02", |work| {
                keep(work, &calendar, &supply_contract(101, "HT-1", "2026-03-02"))
            })
            .unwrap();
        let differences =
            || company.store.read(|tx| find_differences(tx, org_id, company.station, today)).unwrap();
        let found = differences();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].field, "multiplier");
        assert_eq!((found[0].contract_value.as_str(), found[0].account_id), ("60", 101));
        let shown = MeterShown { meter_seq: 1, registers: total("10") };
        let change = Change::Multiplier { shown, multiplier: "60".parse().unwrap() };
        company.change("2026-03-03", 101, vec![line("2026-03-03", change)]).unwrap();
        assert!(differences().is_empty());
    });
}

/// PARM-18: agreements are kept beside contracts, a revision names the one before, and the archive has everything.
#[test]
fn the_archive_of_a_customer_is_complete() {
    each_engine(|company| {
        let calendar = calendar();
        let keep_it = |new: &NewContract| {
            company.act(&company.enterer, "2026-03-02", |work| keep(work, &calendar, new))
        };
        let first = keep_it(&supply_contract(101, "HT-1", "2026-03-02")).unwrap();
        let agreement = NewContract {
            kind: "电费结算协议".into(),
            number: "XY-1".into(),
            ..supply_contract(101, "", "2026-03-02")
        };
        keep_it(&agreement).unwrap();
        let revised =
            NewContract { revises: Some(first.contract_id), ..supply_contract(101, "HT-1A", "2026-03-02") };
        keep_it(&revised).unwrap();
        let strange = NewContract { account_id: 1, number: "HT-2".into(), ..revised };
        assert!(matches!(keep_it(&strange), Err(ParameterError::NotNow { .. })), "another customer's");
        for wrong in [
            NewContract { kind: "lease".into(), ..supply_contract(101, "X", "2026-03-02") },
            NewContract { number: " ".into(), ..supply_contract(101, "X", "2026-03-02") },
            NewContract { signed_on: day("2026-03-03"), ..supply_contract(101, "X", "2026-03-02") },
            NewContract { valid_to: Some(day("2026-03-01")), ..supply_contract(101, "X", "2026-03-02") },
        ] {
            assert!(matches!(keep_it(&wrong), Err(ParameterError::Value { .. })), "{wrong:?}");
        }
        company
            .act(&company.enterer, "2026-03-02", |work| {
                transfer(work, &calendar, first.contract_id, company.centre)
            })
            .unwrap();
        let demand = Change::ContractDemand { contract_demand_kw: figure("500") };
        company.change("2026-03-20", 101, vec![line("2026-04-01", demand)]).unwrap();
        company
            .act(&company.enterer, "2026-04-01", |work| apply_due(work, &calendar, company.station))
            .unwrap();
        let archive = company.store.read(|tx| fee_archive(tx, company.org_id, 101)).unwrap();
        let numbers: Vec<&str> = archive.contracts.iter().map(|contract| contract.number.as_str()).collect();
        assert_eq!(numbers, ["HT-1", "XY-1", "HT-1A"]);
        assert_eq!((archive.transfers.len(), archive.tickets.len(), archive.changes.len()), (1, 1, 1));
    });
}
