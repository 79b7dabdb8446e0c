//! What change tickets do to meters, customers and their readings, on both engines.
#![allow(clippy::unwrap_used)]

mod desk;

use desk::*;
use metering::account::*;
use metering::entry::lines_of_book;
use metering::parameter::*;
use metering::reading::{ReadingFlags, ReadingStatus, Register};

fn persons(from: &str, persons: u8) -> Line {
    line(from, Change::Persons { persons })
}

/// PARM-01: a meter changed within an opened month leaves a final line, and the new meter a first one; a multiplier
/// change cuts the readings the same way.
#[test]
fn meters_change_with_final_and_first_readings() {
    each_engine(|company| {
        company.open_batch(202603, &[1]);
        let shown = || MeterShown { meter_seq: 1, registers: total("100") };
        let wrong = Change::Multiplier { shown: shown(), multiplier: "40".parse().unwrap() };
        let same = company.start("2026-03-03", 101, vec![line("2026-03-03", wrong)]).unwrap_err();
        assert_eq!(fault(same), Fault::Same { field: "multiplier" });
        let change = Change::Multiplier { shown: shown(), multiplier: "60".parse().unwrap() };
        company.change("2026-03-03", 101, vec![line("2026-03-03", change)]).unwrap();
        let lines = company.store.read(|tx| lines_of_book(tx, company.org_id, month(202603), 1)).unwrap();
        let of: Vec<_> = lines.iter().filter(|line| line.account_id == 101).collect();
        assert_eq!(of.len(), 2);
        assert!(of[0].flags.has(ReadingFlags::FINAL) && of[0].status == ReadingStatus::Read);
        assert_eq!(of[0].registers.of(Register::Total).unwrap().current, figure("100"));
        assert_eq!(of[0].multiplier, "40".parse().unwrap());
        assert!(of[1].flags.has(ReadingFlags::FIRST));
        assert_eq!(of[1].registers.of(Register::Total).unwrap().previous, figure("100"));
        assert_eq!(of[1].multiplier, "60".parse().unwrap());

        // What cannot be: a register too many, a reading beyond the digits, below the last one, a day ahead.
        let off = |registers| {
            vec![line("2026-03-04", Change::MeterOff { off: MeterShown { meter_seq: 2, registers } })]
        };
        let mut two = total("120");
        two.push(RegisterShown { register: Register::Peak, value: figure("1") });
        let refusal = |registers| fault(company.start("2026-03-04", 101, off(registers)).unwrap_err());
        assert!(matches!(refusal(two), Fault::Registers { register: Register::Peak, .. }));
        assert!(matches!(refusal(total("1000000")), Fault::Shown { .. }));
        let ahead = vec![line(
            "2026-03-09",
            Change::MeterOff { off: MeterShown { meter_seq: 2, registers: total("120") } },
        )];
        assert!(matches!(fault(company.start("2026-03-04", 101, ahead).unwrap_err()), Fault::Day { .. }));
    });
}

/// PARM-01: a new customer with transformers, points and meters; transfer; closing.
#[test]
fn customers_come_change_hands_and_go() {
    each_engine(|company| {
        let new = NewAccount {
            number: "3000000900".into(),
            name: "新厂".into(),
            address: "工业路9号".into(),
            phone: String::new(),
            book_id: 1,
            route_sequence: 9,
            category: Category::TwoPart,
            voltage: VoltageLevel::From1To10kv,
            price_class: "industry".into(),
            persons: 0,
            due_day: 0,
            dedicated: true,
            time_of_use: true,
            low_side_metering: false,
            temporary: false,
            collection: CollectionMethod::Entrusted,
            tax: TaxStatus::General,
            basic: BasicMethod::Capacity,
            contract_demand_kw: None,
            power_factor: Some(PowerFactorStandard::P90),
            transformer_loss: TransformerLossMethod::None,
            loss_formula: None,
            transformers: vec![NewTransformer { model: "S13-400".into(), capacity_kva: figure("400") }],
            points: vec![],
            meters: vec![NewMeter {
                number: "N900".into(),
                point_seq: 1,
                digits: 6,
                decimals: 2,
                multiplier: "80".parse().unwrap(),
                registers: total("3"),
            }],
        };
        let open = |account: NewAccount| {
            let lines = vec![line("2026-03-02", Change::Open { account: Box::new(account) })];
            let new =
                NewChange { account_id: None, applied_on: day("2026-03-02"), reason: "新装".into(), lines };
            company.act(&company.enterer, "2026-03-02", |work| start(work, &calendar(), &new))
        };
        let small = NewAccount {
            transformers: vec![NewTransformer { model: "S13-80".into(), capacity_kva: figure("80") }],
            ..new.clone()
        };
        assert!(matches!(fault(open(small).unwrap_err()), Fault::Value { field: "category", .. }));
        let ticket = open(new.clone()).unwrap();
        assert!(ticket.opens && ticket.account_id == 102, "{}", ticket.account_id);
        assert!(
            company.store.read(|tx| supply_of(tx, company.org_id, 102, day("2026-03-02"))).unwrap().is_none()
        );
        company.finish("2026-03-02", &ticket).unwrap();
        let supply = company.supply(102);
        assert_eq!(supply.details.number, "3000000900");
        assert_eq!(
            metering::parameter::rules::in_service_kva(&supply, day("2026-03-02")).unwrap(),
            figure("400")
        );
        assert!(supply.details.account.options.has(Options::HAS_TERMS.with(Options::HAS_TRANSFORMERS, true)));

        let transfer = Change::Transfer {
            name: "新主人".into(),
            phone: "110".into(),
            tax: TaxStatus::Consumer,
            collection: CollectionMethod::Counter,
        };
        company.change("2026-03-10", 1, vec![line("2026-03-10", transfer)]).unwrap();
        let account = company.supply(1).details;
        assert_eq!((account.name.as_str(), account.account.tier_start), ("新主人", Some(month(202603))));
        assert!(account.account.options.has(Options::TRANSFERRED));

        let bare = company.start("2026-03-11", 2, vec![line("2026-03-11", Change::Close { shown: vec![] })]);
        assert!(matches!(fault(bare.unwrap_err()), Fault::Value { field: "meter", .. }));
        let shown = vec![MeterShown { meter_seq: 1, registers: total("777") }];
        company.change("2026-03-11", 2, vec![line("2026-03-11", Change::Close { shown })]).unwrap();
        let gone = company.supply(2);
        assert_eq!(gone.details.account.closed_on, Some(day("2026-03-11")));
        let lines = company.store.read(|tx| lines_of_book(tx, company.org_id, month(202603), 1)).unwrap();
        let last = lines.iter().find(|line| line.account_id == 2).unwrap();
        assert_eq!(last.registers.of(Register::Total).unwrap().current, figure("777"));
        let after = company.start("2026-03-12", 2, vec![persons("2026-03-12", 4)]).unwrap_err();
        assert_eq!(fault(after), Fault::Closed);
    });
}

/// PARM-01: what waits for its day is applied on that day and not before.
#[test]
fn a_change_ahead_waits_for_its_day() {
    each_engine(|company| {
        let line = line("2026-04-01", Change::ContractDemand { contract_demand_kw: figure("500") });
        let done = company.change("2026-03-20", 101, vec![line]).unwrap();
        assert_eq!((done.changed, done.waiting), (0, 1));
        let due = |on: &str| {
            company.act(&company.enterer, on, |work| apply_due(work, &calendar(), company.station)).unwrap()
        };
        assert_eq!(due("2026-03-31").0, 0);
        assert_eq!(company.supply(101).terms.unwrap().contract_demand_kw, Some(figure("400")));
        assert_eq!(due("2026-04-01").0, 1);
        assert_eq!(company.supply(101).terms.unwrap().contract_demand_kw, Some(figure("500")));
        assert_eq!(due("2026-04-01").0, 0);
    });
}

/// PARM-01, READ-09: a meter taken off after the month's book was submitted has its final line in the next month; the
/// locked month stays as it is.
#[test]
fn a_meter_taken_off_after_submission_is_settled_next_month() {
    use metering::book::{Entered, self_check, submit};
    use metering::entry::enter_readings;
    each_engine(|company| {
        let march = month(202603);
        company.open_batch(202603, &[1]);
        let read = |account_id| Entered {
            account_id,
            meter_seq: 1,
            status: None,
            read_on: day("2026-03-05"),
            shown: vec![(Register::Total, figure("100"))],
            rolled_over: vec![],
            estimated: false,
            version: None,
        };
        let entered = [read(1), read(2), read(101)];
        company
            .act(&company.enterer, "2026-03-05", |work| {
                enter_readings(work, march, 1, &entered, "")?;
                self_check(work, march, 1, "")?;
                Ok(submit(work, &calendar(), march, 1)?)
            })
            .unwrap();
        let swap = |last: &str| {
            let on = NewMeter {
                number: "N2".into(),
                point_seq: 1,
                digits: 6,
                decimals: 2,
                multiplier: kernel::Rate::ONE,
                registers: total("5"),
            };
            let off = MeterShown { meter_seq: 1, registers: total(last) };
            company.change("2026-03-20", 1, vec![line("2026-03-20", Change::MeterSwap { off, on })])
        };
        assert!(matches!(fault(swap("99.99").unwrap_err()), Fault::Shown { .. }), "below the last reading");
        swap("150").unwrap();
        let lines_of = |of| company.store.read(|tx| lines_of_book(tx, company.org_id, of, 1)).unwrap();
        assert_eq!(lines_of(march).len(), 3);
        company.open_batch(202604, &[1]);
        let april: Vec<_> = lines_of(month(202604)).into_iter().filter(|line| line.account_id == 1).collect();
        let span = |at: usize| april[at].registers.of(Register::Total).unwrap();
        assert_eq!(april.len(), 2);
        assert!(april[0].flags.has(ReadingFlags::FINAL));
        assert_eq!((span(0).previous, span(0).current), (figure("100"), figure("150")));
        assert_eq!(span(1).previous, figure("5"));
    });
}

/// PARM-10: a suspension archived with a wrong day is revoked and entered again by the second modification; both stay
/// in the history.
#[test]
fn a_wrong_suspension_is_revoked() {
    each_engine(|company| {
        let calendar = calendar();
        let suspend = |from: &str| capacity(from, CapacityAct::Suspend { seq: 1, until: None });
        let new = NewChange {
            account_id: Some(101),
            applied_on: day("2026-03-02"),
            reason: "暂停".into(),
            lines: vec![suspend("2026-03-10")],
        };
        let ticket =
            company.act(&company.enterer, "2026-03-10", |work| start(work, &calendar, &new)).unwrap();
        company.finish("2026-03-10", &ticket).unwrap();
        assert_eq!(company.supply(101).events.len(), 1);
        let list = company
            .act(&company.reviewer, "2026-03-11", |work| {
                raise_error_list(
                    work,
                    &calendar,
                    company.centre,
                    ticket.ticket_id,
                    "封停日期不符",
                    "应为3月11日",
                )
            })
            .unwrap();
        let lines = [capacity("2026-03-10", CapacityAct::Revoke { seq: 1 }), suspend("2026-03-11")];
        company
            .act(&company.enterer, "2026-03-11", |work| {
                second_modify(work, &calendar, list.error_list_id, &lines, "已更正")
            })
            .unwrap();
        let events = company.supply(101).events;
        assert_eq!(events.iter().map(|event| event.on).collect::<Vec<_>>(), [day("2026-03-11")]);
        let kept = company.store.read(|tx| history(tx, company.org_id, 101)).unwrap();
        let steps: Vec<_> =
            kept.iter().map(|one| (one.change.old.as_deref(), one.change.new.as_deref())).collect();
        assert_eq!(
            steps,
            [
                (Some("in_service"), Some("suspend")),
                (Some("suspend"), None),
                (Some("in_service"), Some("suspend"))
            ]
        );
        let document = vault::Document { kind: "account".into(), number: "3000000101".into() };
        let found =
            company.store.read(|tx| vault::by_document(tx, company.org_id, &document, None, 10)).unwrap();
        assert_eq!(found.acts.len(), 2, "the log has both");
    });
}

fn household(number: &str, meter: &str) -> NewAccount {
    NewAccount {
        number: number.into(),
        name: "新户".into(),
        address: "人民路3号".into(),
        phone: String::new(),
        book_id: 1,
        route_sequence: 3,
        category: Category::Residential,
        voltage: VoltageLevel::Below1kv,
        price_class: "residential".into(),
        persons: 3,
        due_day: 0,
        dedicated: false,
        time_of_use: false,
        low_side_metering: false,
        temporary: false,
        collection: CollectionMethod::Counter,
        tax: TaxStatus::Consumer,
        basic: BasicMethod::None,
        contract_demand_kw: None,
        power_factor: None,
        transformer_loss: TransformerLossMethod::None,
        loss_formula: None,
        transformers: vec![],
        points: vec![],
        meters: vec![NewMeter {
            number: meter.into(),
            point_seq: 1,
            digits: 6,
            decimals: 2,
            multiplier: kernel::Rate::ONE,
            registers: total("3"),
        }],
    }
}

fn open_account(company: &Company, on: &str, account: NewAccount) -> i64 {
    let lines = vec![line(on, Change::Open { account: Box::new(account) })];
    let new = NewChange { account_id: None, applied_on: day(on), reason: "新装".into(), lines };
    let ticket = company.act(&company.enterer, on, |work| start(work, &calendar(), &new)).unwrap();
    company.finish(on, &ticket).unwrap().account_id
}

/// READ-14, READ-16: a ticket of a new account archived after the month was opened puts it in the queue; it is issued
/// before the next month begins. A meter removed after its month was locked has its final line written ahead; opening
/// that month then still finds every meter in use: the other accounts', and the new account's.
#[test]
fn a_final_line_written_ahead_takes_nobodys_place() {
    use metering::book::{Entered, create_batch, self_check, submit};
    use metering::entry::enter_readings;
    use metering::yearly::{issue_new_accounts, waiting_accounts};
    each_engine(|company| {
        let march = month(202603);
        let before = open_account(company, "2026-02-20", household("3000000777", "N7"));
        assert_eq!(
            company.supply(before).details.account.status,
            AccountStatus::Active,
            "nothing was closed yet"
        );
        company.open_batch(202603, &[1]);
        let read = |account_id| Entered {
            account_id,
            meter_seq: 1,
            status: None,
            read_on: day("2026-03-05"),
            shown: vec![(Register::Total, figure("100"))],
            rolled_over: vec![],
            estimated: false,
            version: None,
        };
        let entered = [read(1), read(2), read(101), read(before)];
        company
            .act(&company.enterer, "2026-03-05", |work| {
                enter_readings(work, march, 1, &entered, "")?;
                self_check(work, march, 1, "")?;
                Ok(submit(work, &calendar(), march, 1)?)
            })
            .unwrap();
        let off = MeterShown { meter_seq: 1, registers: total("150") };
        company.change("2026-03-20", 1, vec![line("2026-03-20", Change::MeterOff { off })]).unwrap();
        let opened = open_account(company, "2026-03-21", household("3000000888", "N8"));
        assert_eq!(company.supply(opened).details.account.status, AccountStatus::Pending);
        let waiting =
            || company.store.read(|tx| waiting_accounts(tx, company.org_id, company.station)).unwrap();
        assert_eq!(waiting().iter().map(|one| one.account_id).collect::<Vec<_>>(), [opened]);
        let april = month(202604);
        let early = company.act(&company.enterer, "2026-04-01", |work| {
            Ok(create_batch(work, &calendar(), company.station, april, &[1])?)
        });
        assert!(early.is_err(), "reading does not begin while an account waits");
        company
            .act(&company.enterer, "2026-04-01", |work| {
                Ok(issue_new_accounts(work, company.station, april, 51)?)
            })
            .unwrap();
        company.open_batch(202604, &[1]);
        let lines = company.store.read(|tx| lines_of_book(tx, company.org_id, april, 1)).unwrap();
        let mut found: Vec<_> =
            lines.iter().map(|line| (line.account_id, line.flags.has(ReadingFlags::FINAL))).collect();
        found.sort_unstable();
        let mut expected = vec![(1, true), (2, false), (101, false), (before, false), (opened, false)];
        expected.sort_unstable();
        assert_eq!(found, expected);
        assert_eq!(waiting(), vec![]);
    });
}

/// PARM-01, XC-15: particulars of a customer change by ticket like every parameter, with their history.
#[test]
fn particulars_change_by_ticket() {
    each_engine(|company| {
        let detail = |field, value: &str| {
            company.change(
                "2026-03-02",
                1,
                vec![line("2026-03-02", Change::Detail { field, value: value.into() })],
            )
        };
        for (field, value) in [
            (AccountField::Name, " "),
            (AccountField::Tax, "没有的身份"),
            (AccountField::DueDay, "32"),
            (AccountField::Important, "也许"),
        ] {
            assert!(matches!(fault(detail(field, value).unwrap_err()), Fault::Value { .. }), "{field:?}");
        }
        assert!(matches!(fault(detail(AccountField::DueDay, "20").unwrap_err()), Fault::Same { .. }));
        detail(AccountField::Address, "人民路2号").unwrap();
        detail(AccountField::DueDay, "15").unwrap();
        detail(AccountField::Important, "是").unwrap();
        detail(AccountField::Collection, "代扣").unwrap();
        let details = company.supply(1).details;
        assert_eq!((details.address.as_str(), details.account.due_day), ("人民路2号", 15));
        assert_eq!(details.collection, CollectionMethod::BankDebit);
        assert!(details.account.options.has(Options::IMPORTANT));
        assert_eq!(details.account.tier_start, None, "the same customer: the tiers go on");
        let kept = company.store.read(|tx| history(tx, company.org_id, 1)).unwrap();
        let kept: Vec<_> = kept
            .iter()
            .map(|one| (one.change.field.as_str(), one.change.old.as_deref(), one.change.new.as_deref()))
            .collect();
        assert_eq!(
            kept,
            [
                ("address", Some("人民路1号"), Some("人民路2号")),
                ("due_day", Some("20"), Some("15")),
                ("important", Some("no"), Some("yes")),
                ("collection", Some("counter"), Some("bank_debit")),
            ]
        );
        let text = r#"{"kind":"detail","field":"address","value":"x"}"#;
        let read: Change = serde_json::from_str(text).unwrap();
        assert_eq!(read, Change::Detail { field: AccountField::Address, value: "x".into() });
    });
}

/// PARM-01: transformer loss by formula is agreed by ticket with its figures, in JSON as the command line gives them.
#[test]
fn loss_by_formula_is_agreed_by_ticket() {
    each_engine(|company| {
        let loss = |rest: &str| {
            let text = format!(r#"{{"kind":"transformer_loss","method":"formula"{rest}}}"#);
            let change: Change = serde_json::from_str(&text).unwrap();
            company.change("2026-03-02", 101, vec![line("2026-03-02", change)])
        };
        assert!(matches!(fault(loss("").unwrap_err()), Fault::Value { .. }), "its figures are missing");
        let figures = |current: &str| {
            format!(
                r#","formula":{{"by":"load_square","no_load_kw":"0.48","load_loss_kw":"2.6","no_load_current":"{current}","impedance":"0.04","shape":"1.05"}}"#
            )
        };
        assert!(
            matches!(fault(loss(&figures("1.3")).unwrap_err()), Fault::Value { .. }),
            "percent for a share"
        );
        loss(&figures("0.013")).unwrap();
        let terms = company.supply(101).terms.unwrap();
        let rate = |text: &str| text.parse().unwrap();
        assert_eq!(
            terms.loss_formula,
            Some(LossFormula::LoadSquare {
                no_load_kw: figure("0.48"),
                load_loss_kw: figure("2.6"),
                no_load_current: rate("0.013"),
                impedance: rate("0.04"),
                shape: rate("1.05"),
            })
        );
        let kept = company.store.read(|tx| history(tx, company.org_id, 101)).unwrap();
        let new = kept[0].change.new.as_deref().unwrap();
        assert!(new.starts_with("formula P0 0.48") && new.contains("Pk 2.6"), "{new}");
        let none = Change::TransformerLoss {
            method: TransformerLossMethod::None,
            kwh: None,
            kvarh: None,
            formula: terms.loss_formula,
        };
        let refused = company.change("2026-03-03", 101, vec![line("2026-03-03", none)]);
        assert!(matches!(fault(refused.unwrap_err()), Fault::Value { .. }), "no other method has figures");
    });
}

/// PARM-01, READ-14: a meter changed before the month's batch exists has its closing line when the batch is created, from
/// where the last month ended; the new meter begins with what it showed.
#[test]
fn a_meter_changed_before_the_batch_is_closed_in_it() {
    use metering::book::{Entered, create_batch, self_check, submit};
    use metering::entry::enter_readings;
    each_engine(|company| {
        let march = month(202603);
        company.open_batch(202603, &[1]);
        let read = |account_id| Entered {
            account_id,
            meter_seq: 1,
            status: None,
            read_on: day("2026-03-05"),
            shown: vec![(Register::Total, figure("50"))],
            rolled_over: vec![],
            estimated: false,
            version: None,
        };
        let entered = [read(1), read(2), read(101)];
        company
            .act(&company.enterer, "2026-03-05", |work| {
                enter_readings(work, march, 1, &entered, "")?;
                self_check(work, march, 1, "")?;
                Ok(submit(work, &calendar(), march, 1)?)
            })
            .unwrap();
        let on = NewMeter {
            number: "N9".into(),
            point_seq: 1,
            digits: 5,
            decimals: 0,
            multiplier: "2".parse().unwrap(),
            registers: total("3"),
        };
        let off = MeterShown { meter_seq: 1, registers: total("62") };
        company.change("2026-04-01", 1, vec![line("2026-04-01", Change::MeterSwap { off, on })]).unwrap();
        let april = month(202604);
        let (_, lines) = company
            .act(&company.enterer, "2026-04-02", |work| {
                Ok(create_batch(work, &calendar(), company.station, april, &[1])?)
            })
            .unwrap();
        assert_eq!(lines, 4);
        let lines = company.store.read(|tx| lines_of_book(tx, company.org_id, april, 1)).unwrap();
        let own: Vec<_> = lines.iter().filter(|line| line.account_id == 1).collect();
        assert_eq!(own[0].consumption(Register::Total).unwrap(), Some(figure("12")));
        assert_eq!((own[0].status, own[1].status), (ReadingStatus::Read, ReadingStatus::Unread));
        assert_eq!(own[1].registers.of(Register::Total).unwrap().previous, figure("3"));
        assert!(own[0].flags.has(ReadingFlags::FINAL) && own[1].flags.has(ReadingFlags::FIRST));
    });
}
