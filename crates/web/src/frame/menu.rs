//! The menu: first what a person's post does every day, then everything else the person may open, folded by subject.

use super::dispatch::may;
use crate::catalogue::{Area, Caller, Catalogue};
use crate::render::MenuGroup;
use crate::words;

/// What each post does every day, by the paths of its pages, in this order.
const DAILY: &[(&str, &[&str])] = &[
    ("meter_reader", &["/books", "/reading-tools"]),
    (
        "station_fee_administrator",
        &["/books", "/exceptions", "/tickets", "/parameters", "/adjustments", "/lists"],
    ),
    ("station_head", &["/approvals", "/books", "/exceptions", "/closing"]),
    ("inquiry_clerk", &["/inquiries", "/accounts", "/bills"]),
    ("reviewer", &["/review", "/exceptions", "/adjustments", "/inquiries", "/tickets", "/lists"]),
    ("billing_centre_head", &["/approvals", "/review", "/releases", "/closing"]),
    ("marketing_officer", &["/approvals", "/reports", "/prices", "/tickets"]),
    ("supply_department_officer", &["/books", "/reading-books", "/reading-days", "/reports"]),
    ("leader_in_charge", &["/approvals", "/reports", "/alarms"]),
    ("metering_institute_clerk", &["/parameters", "/adjustments", "/change-slips", "/tickets"]),
    ("metering_institute_head", &["/approvals", "/adjustments", "/parameters"]),
    ("inspection_clerk", &["/adjustments", "/tickets", "/accounts"]),
    ("inspection_head", &["/approvals", "/adjustments"]),
    ("ledger_issuer", &["/ledger-room"]),
    ("slip_clerk", &["/change-slips"]),
    ("accountant", &["/ledger/vouchers", "/ledger/balance", "/reports", "/closing"]),
    ("administrator", &["/people", "/units", "/delegations", "/logins"]),
    ("auditor", &["/log", "/checks", "/log/checkpoints", "/alarms", "/ledger/balance"]),
];
/// What everybody begins with.
const FIRST: &[&str] = &["/", "/deadlines"];

/// The subjects of the rest, with the areas that belong to each.
const SUBJECTS: &[(&str, &[&str])] = &[
    ("reading", &["reading", "custody", "yearly", "imports"]),
    ("changes", &["parameters", "contracts", "tickets", "slips", "lists", "evidence"]),
    (
        "billing",
        &[
            "approving",
            "review",
            "exceptions",
            "suspicion",
            "holds",
            "progress",
            "adjustments",
            "batches",
            "declining",
        ],
    ),
    ("customers", &["accounts", "bills", "inquiries", "generation"]),
    ("money", &["reports", "ledger", "prices"]),
    ("proof", &["audit"]),
    ("house", &["home", "people", "system"]),
];

/// A menu with no more entries than this needs no folds.
const PLAIN_MAX: usize = 12;

/// What this person may open.
pub fn menu(catalogue: &Catalogue, caller: &Caller) -> Vec<MenuGroup> {
    let areas: Vec<(&'static Area, Vec<(String, &'static str)>)> =
        catalogue.areas.iter().map(|area| (*area, entries(area, caller))).collect();
    let all: usize = areas.iter().map(|(_, entries)| entries.len()).sum();
    let posts = caller.actor.assignments.iter().map(|held| held.post.as_str());
    let mut wanted: Vec<&str> = FIRST.to_vec();
    for post in posts {
        let paths = DAILY.iter().find(|(known, _)| *known == post).map_or(&[][..], |(_, paths)| paths);
        wanted.extend(paths.iter().filter(|path| !wanted.contains(path)).copied().collect::<Vec<&str>>());
    }
    if all <= PLAIN_MAX {
        wanted = areas.iter().flat_map(|(_, entries)| entries.iter().map(|(_, path)| *path)).collect();
    }
    let found =
        |path: &str| areas.iter().flat_map(|(_, entries)| entries).find(|(_, known)| *known == path).cloned();
    let mut groups = vec![MenuGroup {
        title: words::say(caller.lang, "menu.daily"),
        entries: wanted.iter().filter_map(|path| found(path)).collect(),
        folded: false,
    }];
    for (subject, of) in SUBJECTS {
        let rest: Vec<(String, &'static str)> = areas
            .iter()
            .filter(|(area, _)| of.contains(&area.name))
            .flat_map(|(_, entries)| entries)
            .filter(|(_, path)| !wanted.contains(path))
            .cloned()
            .collect();
        if !rest.is_empty() {
            let title = words::say(caller.lang, &format!("menu.{subject}"));
            groups.push(MenuGroup { title, entries: rest, folded: true });
        }
    }
    groups.retain(|group| !group.entries.is_empty());
    groups
}

/// The pages, lists and views of an area that stand in the menu of this person.
fn entries(area: &'static Area, caller: &Caller) -> Vec<(String, &'static str)> {
    let mut entries = Vec::new();
    for page in area.pages.iter().filter(|page| page.menu && may(page.who, Some(caller))) {
        entries.push((words::say(caller.lang, &format!("page.{}", page.name)), page.path));
    }
    for list in area.lists.iter().filter(|list| list.menu && caller.holds(list.permission)) {
        entries.push((words::say(caller.lang, &format!("list.{}", list.name)), list.path));
    }
    for view in area.views.iter().filter(|view| view.menu && caller.holds(view.permission)) {
        entries.push((words::say(caller.lang, &format!("view.{}", view.name)), view.path));
    }
    entries
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use identity::{Actor, Assignment};
    use kernel::Lang;

    use super::*;

    fn holder(post: &identity::Post) -> Caller {
        let held = Assignment {
            post: post.code.to_owned(),
            unit_id: 1,
            units: Vec::new(),
            all_units: true,
            permissions: post.permissions.iter().map(|name| (*name).to_owned()).collect(),
            for_person: None,
            lent_to: Vec::new(),
        };
        let actor = Actor { org_id: 1, person_id: 1, name: "x".into(), assignments: vec![held] };
        Caller { actor, lang: Lang::En, csrf: String::new(), session_id: None, machine: false, held_at: None }
    }

    /// Every post finds everything it may open exactly once, its day's work first and short.
    #[test]
    fn every_post_finds_everything_once_and_its_days_work_first() {
        let catalogue = Catalogue::built_in();
        for post in &identity::Catalogue::built_in().posts {
            let caller = holder(post);
            let all: Vec<&str> = catalogue
                .areas
                .iter()
                .flat_map(|area| entries(area, &caller))
                .map(|(_, path)| path)
                .collect();
            let groups = menu(&catalogue, &caller);
            let shown: Vec<&str> =
                groups.iter().flat_map(|group| &group.entries).map(|(_, path)| *path).collect();
            assert_eq!(shown.len(), all.len(), "{}: {shown:?}", post.code);
            assert_eq!(
                shown.iter().collect::<BTreeSet<_>>(),
                all.iter().collect::<BTreeSet<_>>(),
                "{}",
                post.code
            );
            assert!(!groups[0].folded && groups[0].entries.len() <= PLAIN_MAX, "{}", post.code);
            let (_, daily) = DAILY.iter().find(|(known, _)| *known == post.code).expect(post.code);
            for path in *daily {
                assert!(groups[0].entries.iter().any(|(_, known)| known == path), "{}: {path}", post.code);
            }
        }
    }
}
