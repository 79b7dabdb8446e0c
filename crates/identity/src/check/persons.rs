//! Units, persons, posts and authorities against the list of their changes and the rules.

use std::collections::{BTreeMap, HashMap};

use store::Tx;

use super::{Checked, History};
use crate::{Catalogue, IdentityError, KeptChange, rules, sql};

/// Proves that units form one tree, that every unit, person and post is as its changes say, that nobody gave a post to
/// themselves, that no two incompatible duties meet, and that whoever lent an authority held it.
pub fn check(tx: &mut Tx<'_>, org_id: i64) -> Result<Vec<Checked>, IdentityError> {
    let history = History::load(tx, org_id)?;
    let changes = sql::changes_after(tx, org_id, i64::MIN)?;
    let last = last_words(&changes);
    let mut all = vec![
        units(&history, &last),
        persons(tx, org_id, &last)?,
        posts(&history, &last),
        authorities(tx, org_id, &history)?,
    ];
    all.extend(super::access::check(tx, org_id, &history, &changes)?);
    Ok(all)
}

/// The first and the last value that the changes give to each subject.
type Words<'c> = HashMap<(&'c str, i64), (&'c str, &'c str)>;

fn last_words(changes: &[KeptChange]) -> Words<'_> {
    let mut last: Words<'_> = HashMap::new();
    for change in changes {
        let words = last.entry((change.subject.as_str(), change.subject_id)).or_insert((&change.new, ""));
        words.1 = &change.new;
    }
    last
}

fn units(history: &History, last: &Words<'_>) -> Checked {
    let mut checked = Checked::new(
        "identity.units",
        "单位成一棵树，与变更记录一致",
        "units form one tree, as their changes say",
    );
    let units = history.units();
    let known: HashMap<i64, &crate::Unit> = units.iter().map(|unit| (unit.id, unit)).collect();
    checked.look(units.len() as i64);
    let mut roots = 0;
    for unit in units {
        let place = || format!("unit {}", unit.code);
        match unit.parent_id {
            None => roots += 1,
            Some(parent) => {
                checked.must(
                    known.contains_key(&parent),
                    place,
                    "上级单位不存在",
                    "the unit above it does not exist",
                );
                let said = last.get(&("unit", unit.id)).map(|(first, _)| *first);
                let is = format!("{} {}", unit.kind, unit.code);
                checked.must(
                    said == Some(&is),
                    place,
                    "类别或编码与变更记录不符",
                    "kind or code differ from its recorded change",
                );
            }
        }
        checked.must(
            Catalogue::built_in().unit_kind(&unit.kind).is_some(),
            place,
            "单位类别未知",
            "its kind is unknown",
        );
    }
    if roots != 1 {
        checked.find(
            "identity_unit",
            format!("根单位应为 1 个，现有 {roots} 个"),
            format!("{roots} units have nothing above them instead of 1"),
        );
    }
    let from_root = units.iter().find(|unit| unit.parent_id.is_none());
    let reached = from_root.map_or(0, |root| rules::with_all_below(units, root.id).len());
    if reached != units.len() {
        let lost = units.len() - reached;
        checked.find(
            "identity_unit",
            format!("{lost} 个单位不在树中"),
            format!("{lost} units cannot be reached from the root"),
        );
    }
    checked
}

fn persons(tx: &mut Tx<'_>, org_id: i64, last: &Words<'_>) -> Result<Checked, IdentityError> {
    let mut checked =
        Checked::new("identity.persons", "人员与变更记录一致", "persons are as their changes say");
    let founder = sql::founder(tx, org_id)?;
    for person in sql::persons(tx, org_id)? {
        checked.look(1);
        let place = || format!("person {}", person.login);
        let words = last.get(&("person", person.id));
        let registered = format!("{} {} unit {}", person.login, person.name, person.unit_id);
        let is_founder = founder == Some(person.id);
        let as_registered = is_founder || words.is_some_and(|(first, _)| *first == registered);
        checked.must(
            as_registered,
            place,
            "登录名、姓名或单位与登记不符",
            "login, name or unit differ from the registration",
        );
        let retired = words.is_some_and(|(_, last)| last.starts_with("retired"));
        checked.must(
            person.active != retired,
            place,
            "在职状态与变更记录不符",
            "active or not differs from the recorded changes",
        );
    }
    checked.must(
        sql::oddly_active(tx, org_id)? == 0,
        || "person".to_owned(),
        "在职标志不是 0 或 1",
        "someone is neither active nor retired",
    );
    Ok(checked)
}

fn posts(history: &History, last: &Words<'_>) -> Checked {
    let mut checked = Checked::new(
        "identity.posts",
        "任岗与变更记录一致，无不兼容岗位，无人自授",
        "posts are as their changes say, none incompatible, none given to oneself",
    );
    let mut by_person: BTreeMap<i64, Vec<&super::Held>> = BTreeMap::new();
    for held in history.posts() {
        by_person.entry(held.post.person_id).or_default().push(held);
    }
    for (person_id, mut held) in by_person {
        held.sort_by_key(|held| held.post.id);
        let mut before = Vec::new();
        for held in held {
            checked.look(1);
            let post = &held.post;
            let place = || format!("{} {} #{}", history.name(person_id), post.post, post.id);
            let unit = history.units().iter().find(|unit| unit.id == post.unit_id);
            checked.must(
                unit.is_some() && history.login(person_id).is_some(),
                place,
                "人员或单位不存在",
                "the person or the unit does not exist",
            );
            let words = last.get(&("assignment", post.id));
            let given = format!("{} person {} unit {}", post.post, post.person_id, post.unit_id);
            // Founding gives the first administrator its post without a change of its own.
            let founded = words.is_none() && post.post == "administrator" && held.made_by == person_id;
            checked.must(
                founded || words.is_some_and(|(first, _)| *first == given),
                place,
                "与授岗记录不符",
                "it differs from the record of how it was given",
            );
            checked.must(
                founded || held.made_by != person_id,
                place,
                "自己授予自己",
                "it was given by the person to themselves",
            );
            if let Some((first, end)) = words
                && first != end
            {
                let until = post.until.map_or("open".to_owned(), |day| day.to_string());
                let left =
                    last.get(&("person", person_id)).is_some_and(|(_, end)| end.starts_with("retired"));
                checked.must(
                    left || until == *end,
                    place,
                    "结束日与变更记录不符",
                    "its last day differs from the recorded change",
                );
            }
            if let Some(unit) = unit
                && let Err(refused) = rules::check_assignment(
                    Catalogue::built_in(),
                    &history.name(person_id),
                    &before,
                    post,
                    &unit.kind,
                )
            {
                use kernel::{Bilingual, Lang};
                checked.find(place(), refused.text(Lang::Zh), refused.text(Lang::En));
            }
            before.push(post.clone());
        }
    }
    checked
}

fn authorities(tx: &mut Tx<'_>, org_id: i64, history: &History) -> Result<Checked, IdentityError> {
    let mut checked = Checked::new(
        "identity.authorities",
        "现场授权人当时确有该权限",
        "whoever lent an authority held it then",
    );
    for given in sql::authorities(tx, org_id)? {
        checked.look(1);
        let place = || format!("{} {}", history.name(given.authority_id), given.what);
        checked.must(
            given.person_id != given.authority_id,
            place,
            "授权人与经办人为同一人",
            "it was lent to oneself",
        );
        checked.must(
            history.might_anywhere(given.authority_id, &given.permission, given.at),
            place,
            "授权人当时没有该权限",
            "who lent it did not hold the right then",
        );
    }
    Ok(checked)
}

/// Every organisation there is, by its key.
pub fn organisations(tx: &mut Tx<'_>) -> Result<Vec<i64>, IdentityError> {
    tx.list("SELECT org_id FROM identity_organisation ORDER BY org_id", &[], |row| Ok(row.int(0)?))
}
