//! Passwords, locks, tokens, passkeys, signatures and delegations against the list of changes.

use std::collections::{HashMap, HashSet};

use store::Tx;

use super::{Checked, History};
use crate::credential::sql as credentials;
use crate::{Catalogue, HeldPost, IdentityError, KeptChange, delegation, passkey, rules, sql, token};

/// The changes of each subject, in order.
type Told<'c> = HashMap<(&'c str, i64), Vec<&'c KeptChange>>;

/// Proves that nobody came to a password, a token, a passkey or a substitute's post, and no lock was opened, but by a
/// change that is kept.
pub(super) fn check(
    tx: &mut Tx<'_>,
    org_id: i64,
    history: &History,
    changes: &[KeptChange],
) -> Result<Vec<Checked>, IdentityError> {
    let mut told: Told<'_> = HashMap::new();
    for change in changes {
        told.entry((change.subject.as_str(), change.subject_id)).or_default().push(change);
    }
    Ok(vec![
        accounts(tx, org_id, history, &told)?,
        tokens(tx, org_id, history, &told)?,
        passkeys(tx, org_id, history, &told)?,
        delegations(tx, org_id, history, &told)?,
    ])
}

fn last_words<'c>(told: &Told<'c>, subject: &'static str, id: i64) -> Option<&'c str> {
    told.get(&(subject, id)).and_then(|changes| changes.last()).map(|change| change.new.as_str())
}

fn first_words<'c>(told: &Told<'c>, subject: &'static str, id: i64) -> Option<&'c str> {
    told.get(&(subject, id)).and_then(|changes| changes.first()).map(|change| change.new.as_str())
}

/// What the changes speak of must be there: `seen` are the rows.
fn none_missing(checked: &mut Checked, told: &Told<'_>, subject: &'static str, seen: &HashSet<i64>) {
    let mut missing: Vec<i64> =
        told.keys().filter(|(of, id)| *of == subject && !seen.contains(id)).map(|(_, id)| *id).collect();
    missing.sort_unstable();
    for id in missing {
        checked.find(
            format!("{subject} {id}"),
            "变更记录中有，数据中没有".to_owned(),
            "the changes speak of it, and it is not there".to_owned(),
        );
    }
}

fn accounts(
    tx: &mut Tx<'_>,
    org_id: i64,
    history: &History,
    told: &Told<'_>,
) -> Result<Checked, IdentityError> {
    let mut checked = Checked::new(
        "identity.accounts",
        "密码、锁定与第二因素与变更记录一致",
        "passwords, locks and second factors are as their changes say",
    );
    let mut seen = HashSet::new();
    for (person_id, must_change, set_by, set_at) in credentials::all_passwords(tx, org_id)? {
        checked.look(1);
        seen.insert(person_id);
        let place = || format!("password of {}", history.name(person_id));
        let last = told.get(&("password", person_id)).and_then(|changes| changes.last());
        let as_told = last.is_some_and(|change| {
            change.at == set_at
                && change.by_person_id == set_by
                && (change.new == "set, to be changed") == must_change
        });
        checked.must(
            as_told && history.login(person_id).is_some(),
            place,
            "与设置记录不符",
            "it differs from the record of how it was set",
        );
    }
    none_missing(&mut checked, told, "password", &seen);
    seen.clear();
    for (person_id, account) in credentials::all_accounts(tx, org_id)? {
        checked.look(1);
        seen.insert(person_id);
        let place = || format!("account of {}", history.name(person_id));
        let last = told.get(&("lock", person_id)).and_then(|changes| changes.last());
        let locked = last.filter(|change| change.new.starts_with("locked"));
        let as_told = match locked {
            None => !account.locked,
            Some(change) => {
                account.locked
                    && account.locked_at == Some(change.at)
                    && account.locked_by == Some(change.by_person_id)
                    && change.new == format!("locked: {}", account.lock_reason)
            }
        };
        checked.must(as_told, place, "锁定与变更记录不符", "its lock differs from the recorded change");
        let asked = last_words(told, "second_factor", person_id) == Some("asked");
        checked.must(
            asked == account.second_factor,
            place,
            "第二因素与变更记录不符",
            "its second factor differs from the recorded change",
        );
    }
    none_missing(&mut checked, told, "lock", &seen);
    none_missing(&mut checked, told, "second_factor", &seen);
    Ok(checked)
}

fn tokens(
    tx: &mut Tx<'_>,
    org_id: i64,
    history: &History,
    told: &Told<'_>,
) -> Result<Checked, IdentityError> {
    let mut checked =
        Checked::new("identity.tokens", "接口令牌与变更记录一致", "tokens are as their changes say");
    let mut seen = HashSet::new();
    for token in token::sql::all(tx, org_id)? {
        checked.look(1);
        seen.insert(token.id);
        let place = || format!("token {} of {}", token.id, history.name(token.person_id));
        let made = told.get(&("token", token.id)).and_then(|changes| changes.first());
        let as_made = made.is_some_and(|change| {
            change.new == token::words(&token)
                && change.at == token.made_at
                && change.by_person_id == token.made_by
        });
        checked.must(as_made, place, "与建立记录不符", "it differs from the record of how it was made");
        let last = told.get(&("token", token.id)).and_then(|changes| changes.last());
        let revoked =
            last.filter(|change| change.new == "revoked").map(|change| (change.at, change.by_person_id));
        checked.must(
            revoked == token.revoked,
            place,
            "吊销与变更记录不符",
            "its end differs from the recorded change",
        );
    }
    none_missing(&mut checked, told, "token", &seen);
    Ok(checked)
}

fn passkeys(
    tx: &mut Tx<'_>,
    org_id: i64,
    history: &History,
    told: &Told<'_>,
) -> Result<Checked, IdentityError> {
    let mut checked = Checked::new(
        "identity.passkeys",
        "通行密钥与签名与变更记录一致",
        "passkeys and signatures are as their changes say",
    );
    let mut seen = HashSet::new();
    for (passkey, removed) in passkey::sql::all(tx, org_id)? {
        checked.look(1);
        seen.insert(passkey.id);
        let place = || format!("passkey {} of {}", passkey.id, history.name(passkey.person_id));
        checked.must(
            first_words(told, "passkey", passkey.id) == Some(&passkey::words(&passkey)),
            place,
            "与登记记录不符",
            "it differs from the record of how it was added",
        );
        let gone = last_words(told, "passkey", passkey.id) == Some("removed");
        checked.must(
            gone == removed,
            place,
            "删除与变更记录不符",
            "its end differs from the recorded change",
        );
    }
    none_missing(&mut checked, told, "passkey", &seen);
    seen.clear();
    for signature in passkey::sql::signatures(tx, org_id)? {
        checked.look(1);
        seen.insert(signature.id);
        let place = || format!("signature {} of {}", signature.id, history.name(signature.person_id));
        let said = told.get(&("signature", signature.id)).and_then(|changes| changes.first());
        let as_said = said.is_some_and(|change| {
            change.new == passkey::signature_words(&signature)
                && change.at == signature.at
                && change.by_person_id == signature.person_id
        });
        checked.must(as_said, place, "与签名记录不符", "it differs from the record of how it was given");
    }
    none_missing(&mut checked, told, "signature", &seen);
    Ok(checked)
}

fn delegations(
    tx: &mut Tx<'_>,
    org_id: i64,
    history: &History,
    told: &Told<'_>,
) -> Result<Checked, IdentityError> {
    let mut checked = Checked::new(
        "identity.delegations",
        "代理与变更记录一致，无不兼容岗位，无人自荐",
        "delegations are as their changes say, none incompatible, none arranged by the substitute",
    );
    let mut seen = HashSet::new();
    for one in delegation::sql::all(tx, org_id)? {
        checked.look(1);
        seen.insert(one.id);
        let place = || format!("delegation {} to {}", one.id, history.name(one.substitute_id));
        let made = told.get(&("delegation", one.id)).and_then(|changes| changes.first());
        let as_made = made.is_some_and(|change| {
            change.new == delegation::words(&one)
                && change.at == one.made_at
                && change.by_person_id == one.made_by
        });
        checked.must(as_made, place, "与安排记录不符", "it differs from the record of how it was arranged");
        checked.must(
            one.made_by != one.substitute_id,
            place,
            "由代理人自行安排",
            "it was arranged by the substitute",
        );
        let later = told.get(&("delegation", one.id)).into_iter().flatten().skip(1);
        let withdrawn = later.clone().find(|change| change.new == delegation::WITHDRAWN_WORDS);
        let in_time = |at: kernel::Moment| at.date() < one.from;
        checked.must(
            withdrawn.map(|change| change.at) == one.withdrawn_at && one.withdrawn_at.is_none_or(in_time),
            place,
            "与撤回记录不符，或开始后才撤回",
            "it differs from the record of its withdrawal, or was withdrawn after it had begun",
        );
        let end = later.filter(|change| change.new != delegation::WITHDRAWN_WORDS).last();
        if let Some(end) = end {
            checked.must(
                one.until.to_string() == end.new,
                place,
                "结束日与变更记录不符",
                "its last day differs from the recorded change",
            );
        }
        if one.withdrawn_at.is_some() {
            continue;
        }
        let of_absent = sql::held_posts(tx, org_id, one.absent_id)?;
        let Some(post) = of_absent.into_iter().find(|held| held.id == one.assignment_id) else {
            checked.find(place(), "所代岗位不存在".to_owned(), "the post does not exist".to_owned());
            continue;
        };
        let unit = history.units().iter().find(|unit| unit.id == post.unit_id);
        let wanted =
            HeldPost { person_id: one.substitute_id, from: one.from, until: Some(one.until), ..post };
        let own = sql::held_posts(tx, org_id, one.substitute_id)?;
        let refused = unit.and_then(|unit| {
            let name = history.name(one.substitute_id);
            // The same post that the substitute was given later is no fault of the delegation.
            match rules::check_assignment(Catalogue::built_in(), &name, &own, &wanted, &unit.kind) {
                Err(refused @ IdentityError::IncompatibleDuties { .. }) => Some(refused),
                _ => None,
            }
        });
        if let Some(refused) = refused {
            use kernel::{Bilingual, Lang};
            checked.find(place(), refused.text(Lang::Zh), refused.text(Lang::En));
        }
    }
    none_missing(&mut checked, told, "delegation", &seen);
    Ok(checked)
}
