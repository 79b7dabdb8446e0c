//! What lists of bills and accounts show by any filter and order.

use billing::gates::Reasons;

use super::office::*;

/// Every page of a list, put together.
fn paged(
    office: &Office<'_>,
    name: &str,
    given: &[(&str, &str)],
    search: &str,
    sort: Option<(&'static str, bool)>,
) -> Rows {
    let mut whole = office.part("reviewer", name, given, (search, sort), (0, 4));
    while whole.rows.len() < whole.total {
        let next = office.part("reviewer", name, given, (search, sort), (whole.rows.len(), 4));
        assert_eq!(
            (next.total, &next.sums),
            (whole.total, &whole.sums),
            "sums are over all rows, whatever the page"
        );
        assert!(!next.rows.is_empty());
        whole.rows.extend(next.rows);
    }
    whole
}

fn number_of(account_id: i64) -> String {
    format!("42{account_id:08}")
}

/// BILL-02, BILL-08: what a list of bills shows by any filter and order is what a plain computation finds.
#[test]
fn pages_of_bills_are_what_a_plain_computation_finds() {
    each_engine(|office| {
        office.begin_april();
        let org_id = office.house.org_id;
        let mut all = Vec::new();
        office
            .house
            .store
            .read(|tx| {
                billing::each_bill(tx, org_id, april(), None, |bill| {
                    all.push(bill);
                    Ok(())
                })
            })
            .unwrap();
        assert_eq!(all.len(), 9);
        let sorts = [None, Some(("amount", true)), Some(("amount", false)), Some(("energy_kwh", true))];
        let filters: [(&[(&str, &str)], &dyn Fn(&billing::BillLine) -> bool); 6] = [
            (&[], &|_| true),
            (&[("flow", "clean")], &|bill| bill.flow == billing::gates::Flow::Clean),
            (&[("bill_state", "issued")], &|bill| bill.due_on.is_some()),
            (&[("bill_state", "open")], &|bill| bill.due_on.is_none()),
            (&[("reasons", "unread")], &|bill| bill.reasons.has(Reasons::UNREAD)),
            (&[("unit", "S2")], &|_| false),
        ];
        for (filter, fits) in filters {
            for sort in sorts {
                for search in ["", "客户100", "4200001003", "nobody"] {
                    let mut given = vec![APRIL];
                    given.extend_from_slice(filter);
                    let found = paged(office, "bills", &given, search, sort);
                    let mut plain: Vec<_> = all
                        .iter()
                        .filter(|bill| fits(bill))
                        .filter(|bill| {
                            let id = bill.key.account_id;
                            search.is_empty()
                                || number_of(id).contains(search)
                                || format!("客户{id}").contains(search)
                        })
                        .collect();
                    plain.sort_by(|one, two| {
                        let order = match sort {
                            Some(("amount", _)) => one.amount.cmp(&two.amount),
                            Some(_) => one.energy_kwh.cmp(&two.energy_kwh),
                            None => std::cmp::Ordering::Equal,
                        };
                        let order = order.then(one.key.cmp(&two.key));
                        if sort.is_some_and(|(_, down)| down) { order.reverse() } else { order }
                    });
                    let shown: Vec<String> = found.rows.iter().map(|row| texts(row)[0].clone()).collect();
                    let wanted: Vec<String> =
                        plain.iter().map(|bill| number_of(bill.key.account_id)).collect();
                    assert_eq!(shown, wanted, "{filter:?} {sort:?} {search:?}");
                    let amount = Money::sum(plain.iter().map(|bill| bill.amount)).unwrap();
                    let energy = Quantity::sum(plain.iter().map(|bill| bill.energy_kwh)).unwrap();
                    assert_eq!(
                        found.sums,
                        [("energy_kwh", Value::Quantity(energy)), ("amount", Value::Money(amount))]
                    );
                }
            }
        }
    });
}

/// INQ-04: accounts are found by number, name, address and meter, in pages that leave nothing out.
#[test]
fn accounts_are_found_by_what_people_know() {
    each_engine(|office| {
        let all: Vec<i64> = (1..=7).chain(CUSTOMERS.iter().map(|one| one.account_id)).collect();
        let found = paged(office, "accounts", &[], "", Some(("account", false)));
        assert_eq!(found.rows.len(), all.len());
        let shown: Vec<String> = found.rows.iter().map(|row| texts(row)[0].clone()).collect();
        assert!(shown.windows(2).all(|pair| pair[0] < pair[1]), "{shown:?}");
        let down = paged(office, "accounts", &[], "", Some(("account", true)));
        assert!(down.rows.iter().rev().map(|row| texts(row)[0].clone()).eq(shown));
        for (search, count) in
            [("4200001003", 1), ("客户1003", 1), ("m1003", 1), ("示范路", all.len()), ("100%", 0)]
        {
            assert_eq!(paged(office, "accounts", &[], search, None).total, count, "{search}");
        }
        for (filter, count) in [
            (("book", "B602"), 2),
            (("category", "two_part"), 2),
            (("transformer", "dedicated"), 3),
            (("unit", "S2"), 5),
            (("account_status", "closed"), 0),
        ] {
            assert_eq!(paged(office, "accounts", &[filter], "", None).total, count, "{filter:?}");
        }
        // A station sees its own.
        assert_eq!(office.list("fee2", "accounts", &[]).total, 5);
        assert_eq!(office.list("fee2", "accounts", &[("unit", "S1")]).total, 0);
        let sheet = office.view("reviewer", "account", &[("account", DOUBLED)]);
        let Block::Chart(chart) = block(&sheet, "energy_months") else { panic!() };
        assert_eq!(chart.along.len(), 12);
        assert_eq!(chart.along.last().map(String::as_str), Some("2026-04"));
        let kwh = |value: i64| Value::Quantity(Quantity::whole(value).unwrap());
        assert_eq!(chart.series[0].1[8..], [kwh(180), kwh(180), kwh(180), Value::Empty]);
    });
}
