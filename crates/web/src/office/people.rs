//! The people of the house: units, persons, posts, who acts for whom, tokens of programs, the list of logins.

use identity::delegation::{self, NewDelegation};
use identity::login::{EventFilter, LoginEventKind, login_events};
use identity::{Catalogue, HeldPost, NewAssignment, NewPerson, NewUnit, Person, Work, credential, token};
use kernel::{Bilingual as _, Date, Lang, Text};

use crate::catalogue::{
    Act, Area, Block, Cell, Column, Done, Field, Given, House, Kind, List, Look, Offer, Query, Refusal, Row,
    Rows, Run, Sheet, Takes, Tone, View, Weight,
};
use crate::cells;
use crate::frame::url::encode;

const READ: &str = "identity.read";
const MANAGE_UNITS: &str = "identity.manage_units";
const MANAGE_PERSONS: &str = "identity.manage_persons";
const MANAGE_POSTS: &str = "identity.manage_posts";
/// Events shown beside a person.
const EVENTS_SHOWN: u32 = 20;
/// The most events that a list loads at once; older ones are found by day.
const EVENTS_MAX: u32 = 5_000;

const LOGIN: Field = Field::new("login", Takes::Text(32));
const LAST_DAY: Field = Field::maybe("last_day", Takes::Date);
const UNIT: Field = Field::new("staff_unit", Takes::Option(unit_options));

/// The desk.
pub const AREA: Area = Area {
    name: "people",
    lists: &[PEOPLE, UNITS, DELEGATIONS, TOKENS, LOGINS],
    views: &[PERSON],
    acts: ACTS,
    pages: &[],
};

const PEOPLE: List = List {
    name: "people",
    path: "/people",
    permission: READ,
    filters: &[],
    columns: &[
        Column::sorted("login", Kind::Text),
        Column::sorted("staff_name", Kind::Text),
        Column::sorted("staff_unit", Kind::Text),
        Column::new("staff_posts", Kind::Text),
        Column::sorted("account_state", Kind::Word),
    ],
    rows: people,
    menu: true,
    acts: &["identity.add_person"],
};

const UNITS: List = List {
    name: "units",
    path: "/units",
    permission: READ,
    filters: &[],
    columns: &[
        Column::sorted("unit_code", Kind::Text),
        Column::sorted("unit_title", Kind::Text),
        Column::sorted("unit_kind", Kind::Text),
        Column::sorted("unit_above", Kind::Text),
    ],
    rows: units,
    menu: true,
    acts: &["identity.add_unit"],
};

const DELEGATIONS: List = List {
    name: "delegations",
    path: "/delegations",
    permission: READ,
    filters: &[],
    columns: &[
        Column::sorted("delegation", Kind::Text),
        Column::sorted("absent", Kind::Text),
        Column::sorted("substitute", Kind::Text),
        Column::new("held_post", Kind::Text),
        Column::sorted("held_from", Kind::Date),
        Column::sorted("held_until", Kind::Date),
        Column::new("why_absent", Kind::Text),
        Column::sorted("arranged_by", Kind::Text),
        Column::sorted("delegation_state", Kind::Word),
    ],
    rows: delegations,
    menu: true,
    acts: &["identity.delegate"],
};

const TOKENS: List = List {
    name: "tokens",
    path: "/tokens",
    permission: READ,
    filters: &[],
    columns: &[
        Column::sorted("token", Kind::Text),
        Column::sorted("staff_name", Kind::Text),
        Column::sorted("token_name", Kind::Text),
        Column::new("scopes", Kind::Text),
        Column::sorted("added_at", Kind::Moment),
        Column::sorted("last_used_at", Kind::Moment),
        Column::sorted("expires_at", Kind::Moment),
        Column::sorted("token_state", Kind::Word),
    ],
    rows: tokens,
    menu: true,
    acts: &[],
};

const LOGINS: List = List {
    name: "logins",
    path: "/logins",
    permission: READ,
    filters: &[
        Field::maybe("login", Takes::Text(32)),
        Field::maybe("from_day", Takes::Date),
        Field::maybe("until_day", Takes::Date),
    ],
    columns: &[
        Column::sorted("event_at", Kind::Moment),
        Column::sorted("login", Kind::Text),
        Column::sorted("event", Kind::Text),
        Column::sorted("from_address", Kind::Text),
        Column::new("event_detail", Kind::Text),
    ],
    rows: logins,
    menu: true,
    acts: &[],
};

const PERSON: View = View {
    name: "person",
    path: "/people/{login}",
    permission: READ,
    params: &[LOGIN],
    show: person,
    menu: false,
};

const ACTS: &[Act] = &[
    Act {
        name: "identity.add_unit",
        path: "/units/add",
        permission: MANAGE_UNITS,
        fields: &[
            Field::new("unit_code", Takes::Text(32)),
            Field::new("unit_kind", Takes::Option(kind_options)),
            Field::new("unit_above", Takes::Option(unit_options)),
            Field::new("unit_title", Takes::Text(100)),
            Field::maybe("unit_title_en", Takes::Text(100)),
        ],
        run: Run::Command(add_unit),
        ..Act::PLAIN
    },
    Act {
        name: "identity.add_person",
        path: "/people/add",
        permission: MANAGE_PERSONS,
        fields: &[LOGIN, Field::new("staff_name", Takes::Text(100)), UNIT],
        run: Run::Command(add_person),
        ..Act::PLAIN
    },
    Act {
        name: "identity.assign",
        path: "/people/{login}/assign",
        permission: MANAGE_POSTS,
        fields: &[
            LOGIN,
            Field::new("post_code", Takes::Option(post_options)),
            UNIT,
            Field::maybe("first_day", Takes::Date),
            LAST_DAY,
        ],
        run: Run::Command(assign),
        ..Act::PLAIN
    },
    Act {
        name: "identity.end_post",
        path: "/people/{login}/posts/{assignment}/end",
        permission: MANAGE_POSTS,
        fields: &[LOGIN, Field::new("assignment", Takes::Id), LAST_DAY],
        run: Run::Command(end_post),
        weight: Weight::Grave,
        ..Act::PLAIN
    },
    Act {
        name: "identity.retire",
        path: "/people/{login}/retire",
        permission: MANAGE_PERSONS,
        fields: &[LOGIN, LAST_DAY],
        run: Run::Command(retire),
        weight: Weight::Grave,
        ..Act::PLAIN
    },
    Act {
        name: "identity.lock",
        path: "/people/{login}/lock",
        permission: MANAGE_PERSONS,
        fields: &[LOGIN, Field::new("lock_reason", Takes::Text(100))],
        run: Run::Command(lock),
        weight: Weight::Grave,
        ..Act::PLAIN
    },
    Act {
        name: "identity.unlock",
        path: "/people/{login}/unlock",
        permission: MANAGE_PERSONS,
        fields: &[LOGIN],
        run: Run::Command(unlock),
        ..Act::PLAIN
    },
    Act {
        name: "identity.delegate",
        path: "/delegations/add",
        permission: MANAGE_POSTS,
        fields: &[
            Field::new("absent", Takes::Text(32)),
            Field::new("substitute", Takes::Text(32)),
            Field::maybe("post_code", Takes::Option(post_options)),
            Field::maybe("first_day", Takes::Date),
            Field::new("last_day", Takes::Date),
            Field::new("why_absent", Takes::Text(100)),
        ],
        run: Run::Command(delegate),
        ..Act::PLAIN
    },
    Act {
        name: "identity.end_delegation",
        path: "/delegations/{delegation}/end",
        permission: MANAGE_POSTS,
        fields: &[Field::new("delegation", Takes::Id), LAST_DAY],
        run: Run::Command(end_delegation),
        weight: Weight::Grave,
        ..Act::PLAIN
    },
    Act {
        name: "identity.withdraw_delegation",
        path: "/delegations/{delegation}/withdraw",
        permission: MANAGE_POSTS,
        fields: &[Field::new("delegation", Takes::Id)],
        run: Run::Command(withdraw_delegation),
        weight: Weight::Grave,
        ..Act::PLAIN
    },
    Act {
        name: "identity.revoke_token",
        path: "/tokens/{token}/revoke",
        permission: MANAGE_PERSONS,
        fields: &[Field::new("token", Takes::Id)],
        run: Run::Command(revoke_token),
        weight: Weight::Grave,
        ..Act::PLAIN
    },
];

fn unit_options(look: &mut Look<'_, '_>) -> Result<Vec<(String, Text)>, Refusal> {
    let mut found: Vec<(String, Text)> =
        look.units()?.values().map(|unit| (unit.code.clone(), unit.name.clone())).collect();
    found.sort_by(|one, two| one.0.cmp(&two.0));
    Ok(found)
}

fn kind_options(_look: &mut Look<'_, '_>) -> Result<Vec<(String, Text)>, Refusal> {
    let kinds = &Catalogue::built_in().unit_kinds;
    Ok(kinds.iter().map(|kind| (kind.code.to_owned(), kind.text.clone())).collect())
}

fn post_options(_look: &mut Look<'_, '_>) -> Result<Vec<(String, Text)>, Refusal> {
    let posts = &Catalogue::built_in().posts;
    Ok(posts.iter().map(|post| (post.code.to_owned(), post.text.clone())).collect())
}

fn post_name(code: &str, lang: Lang) -> String {
    Catalogue::built_in().post(code).map_or_else(|| code.to_owned(), |post| post.text.text(lang))
}

fn person_path(login: &str) -> String {
    format!("/people/{}", encode(login))
}

fn people(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, today, lang) = (look.org_id(), look.today(), look.lang());
    let persons = identity::persons(look.tx, org_id)?;
    let mut held = identity::posts_on(look.tx, org_id, today)?;
    let locked = credential::locked_persons(look.tx, org_id)?;
    let mut rows = Vec::with_capacity(persons.len());
    for person in persons {
        let posts = held.remove(&person.id).unwrap_or_default();
        let names: Vec<String> = posts.iter().map(|held| post_name(&held.post, lang)).collect();
        let state = match (person.active, locked.contains(&person.id)) {
            (false, _) => Cell::word("state.account.left").toned(Tone::Quiet),
            (true, true) => Cell::word("state.account.locked").toned(Tone::Bad),
            (true, false) => Cell::word("state.account.active").toned(Tone::Good),
        };
        let unit = look.unit_name(person.unit_id)?;
        rows.push(Row::from(cells![
            Cell::from(person.login.as_str()).to(person_path(&person.login)),
            person.name,
            unit,
            names.join("、"),
            state,
        ]));
    }
    Ok(Rows::of(PEOPLE.columns, rows, query, lang))
}

fn units(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let lang = look.lang();
    let all = look.units()?.clone();
    let rows = all.values().map(|unit| {
        let kind = Catalogue::built_in().unit_kind(&unit.kind);
        let kind = kind.map_or_else(|| unit.kind.clone(), |kind| kind.text.text(lang));
        let above = unit.parent_id.and_then(|parent| all.get(&parent)).map(|above| above.name.text(lang));
        Row::from(cells![unit.code.as_str(), unit.name.text(lang), kind, above])
    });
    Ok(Rows::of(UNITS.columns, rows.collect(), query, lang))
}

fn delegations(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, today, lang) = (look.org_id(), look.today(), look.lang());
    let mut rows = Vec::new();
    for one in delegation::delegations(look.tx, org_id, None)? {
        let held = identity::held_posts(look.tx, org_id, one.absent_id)?;
        let post = held.iter().find(|held| held.id == one.assignment_id);
        let post = post.map(|held| post_name(&held.post, lang));
        let (absent, substitute) = (look.person_name(one.absent_id)?, look.person_name(one.substitute_id)?);
        let by = look.person_name(one.made_by)?;
        let state = match (one.withdrawn_at.is_some(), today < one.from, today <= one.until) {
            (true, ..) => Cell::word("state.delegation.withdrawn").toned(Tone::Quiet),
            (false, true, _) => Cell::word("state.delegation.to_come"),
            (false, false, true) => Cell::word("state.delegation.in_force").toned(Tone::Good),
            (false, false, false) => Cell::word("state.delegation.over").toned(Tone::Quiet),
        };
        let mut row = Row::from(cells![
            one.id.to_string(),
            absent,
            substitute,
            post,
            one.from,
            one.until,
            one.reason.as_str(),
            by,
            state,
        ]);
        if one.withdrawable(today) {
            row.offers.push(Offer::new("identity.withdraw_delegation", &[("delegation", &one.id)]));
        }
        if today < one.until && one.withdrawn_at.is_none() {
            row.offers.push(Offer::new("identity.end_delegation", &[("delegation", &one.id)]));
        }
        rows.push(row);
    }
    Ok(Rows::of(DELEGATIONS.columns, rows, query, lang))
}

fn tokens(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, now, lang) = (look.org_id(), look.now, look.lang());
    let mut rows = Vec::new();
    for one in token::tokens(look.tx, org_id, None)? {
        let person = look.person_name(one.person_id)?;
        let state = match (one.revoked.is_some(), one.is_valid(now)) {
            (true, _) => Cell::word("state.token.revoked").toned(Tone::Quiet),
            (false, true) => Cell::word("state.token.valid").toned(Tone::Good),
            (false, false) => Cell::word("state.token.expired").toned(Tone::Quiet),
        };
        let mut row = Row::from(cells![
            one.id.to_string(),
            person,
            one.name.as_str(),
            one.scopes.join(" "),
            one.made_at,
            one.last_used_at,
            one.expires_at,
            state,
        ]);
        if one.is_valid(now) {
            row.offers.push(Offer::new("identity.revoke_token", &[("token", &one.id)]));
        }
        rows.push(row);
    }
    Ok(Rows::of(TOKENS.columns, rows, query, lang))
}

fn logins(look: &mut Look<'_, '_>, query: &Query<'_>) -> Result<Rows, Refusal> {
    let (org_id, lang) = (look.org_id(), look.lang());
    let person_id = match query.given.maybe_text("login") {
        Some(login) => Some(find(look.tx, org_id, login)?.id),
        None => None,
    };
    let midnight = |day: Date| kernel::Moment::on(day, 0, 0);
    let filter = EventFilter {
        person_id,
        from: query.given.maybe_date("from_day").map(midnight),
        until: query.given.maybe_date("until_day").map(|day| kernel::Moment::on(day, 24, 0)),
        before: None,
    };
    let found = login_events(look.tx, org_id, &filter, EVENTS_MAX)?;
    let full = found.len() >= EVENTS_MAX as usize;
    let rows = found.into_iter().map(|event| {
        let tone = match event.kind {
            Some(LoginEventKind::Failed | LoginEventKind::SecondFactorFailed | LoginEventKind::Throttled) => {
                Tone::Bad
            }
            Some(LoginEventKind::Locked) => Tone::Warn,
            _ => Tone::Plain,
        };
        let kind = event.kind.map(|kind| kind.text(lang)).unwrap_or_default();
        let login = match event.person_id {
            Some(_) => Cell::from(event.login.as_str()).to(person_path(&event.login)),
            None => Cell::from(event.login.as_str()).toned(Tone::Quiet),
        };
        Row::from(cells![event.at, login, Cell::from(kind).toned(tone), event.address, event.detail])
    });
    let mut rows = Rows::of(LOGINS.columns, rows.collect(), query, lang);
    if full {
        rows.note = Some(Text::new(
            format!("只显示最近 {EVENTS_MAX} 条；更早的请按日期查找"),
            format!("only the latest {EVENTS_MAX} are shown; look for older ones by day"),
        ));
    }
    Ok(rows)
}

fn find(tx: &mut store::Tx<'_>, org_id: i64, login: &str) -> Result<Person, Refusal> {
    identity::find_person(tx, org_id, login)?.ok_or_else(|| Refusal::not_found("人员", "person", login))
}

fn person(look: &mut Look<'_, '_>, given: &Given) -> Result<Sheet, Refusal> {
    let (org_id, lang, today) = (look.org_id(), look.lang(), look.today());
    let person = find(look.tx, org_id, given.text("login"))?;
    let state = credential::account_state(look.tx, org_id, person.id)?;
    let held = identity::held_posts(look.tx, org_id, person.id)?;
    let filter = EventFilter { person_id: Some(person.id), ..EventFilter::default() };
    let events = login_events(look.tx, org_id, &filter, EVENTS_SHOWN)?;
    let unit = look.unit_name(person.unit_id)?;
    let login = person.login.as_str();
    let mut sheet = Sheet::new(person.name.clone());
    let badge = match (person.active, &state.locked) {
        (false, _) => Cell::word("state.account.left").toned(Tone::Quiet),
        (true, Some(_)) => Cell::word("state.account.locked").toned(Tone::Bad),
        (true, None) => Cell::word("state.account.active").toned(Tone::Good),
    };
    sheet.badges.push(badge);
    if person.active {
        sheet.offer("identity.assign", &[("login", &login)]);
        match state.locked {
            None => sheet.offer("identity.lock", &[("login", &login)]),
            Some(_) => sheet.offer("identity.unlock", &[("login", &login)]),
        };
        sheet.offer("identity.retire", &[("login", &login)]);
    }
    let locked = match &state.locked {
        Some((at, by, reason)) => Some(format!("{at} {} {reason}", look.person_name(*by)?)),
        None => None,
    };
    sheet.push(Block::Facts {
        name: "person",
        facts: vec![
            ("login", Kind::Text, login.into()),
            ("staff_unit", Kind::Text, unit.into()),
            ("password_since", Kind::Moment, state.password_set_at.into()),
            ("must_change", Kind::Flag, state.must_change_password.into()),
            ("second_factor", Kind::Flag, state.second_factor.into()),
            ("locked", Kind::Text, locked.into()),
        ],
    });
    if person.active && look.caller.holds(MANAGE_PERSONS) {
        let path = format!("{}/password", person_path(login));
        sheet.push(Block::Files {
            name: "person_more",
            files: vec![(crate::words::text("page.staff_password"), path)],
        });
    }
    let mut rows = Vec::new();
    for held in held {
        let unit = look.unit_name(held.unit_id)?;
        let mut row =
            Row::from(cells![post_name(&held.post, lang), unit, held.from, held.until.map(Cell::from)]);
        if held.until.is_none_or(|until| today < until) {
            let given: [(&'static str, &dyn std::fmt::Display); 2] =
                [("login", &login), ("assignment", &held.id)];
            row.offers.push(Offer::new("identity.end_post", &given));
        }
        rows.push(row);
    }
    sheet.push(Block::Table {
        name: "person_posts",
        columns: vec![
            Column::new("held_post", Kind::Text),
            Column::new("held_at", Kind::Text),
            Column::new("held_from", Kind::Date),
            Column::new("held_until", Kind::Date),
        ],
        rows,
    });
    let events = events.into_iter().map(|event| {
        let kind = event.kind;
        let said = |lang| kind.map(|kind| kind.text(lang)).unwrap_or_default();
        (event.at, event.address, Text::new(said(Lang::Zh), said(Lang::En)), event.detail)
    });
    sheet.push(Block::Timeline { name: "person_logins", events: events.collect() });
    Ok(sheet)
}

/// The unit with the code that a form gives.
fn unit_id(work: &mut Work<'_, '_>, code: &str) -> Result<i64, Refusal> {
    let org_id = work.org_id();
    let found = identity::units(work.tx, org_id)?.into_iter().find(|unit| unit.code == code);
    Ok(found.ok_or_else(|| Refusal::not_found("单位", "unit", code))?.id)
}

fn named(work: &mut Work<'_, '_>, login: &str) -> Result<Person, Refusal> {
    let org_id = work.org_id();
    find(work.tx, org_id, login)
}

fn add_unit(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let parent_id = unit_id(work, given.text("unit_above"))?;
    let (code, zh) = (given.text("unit_code"), given.text("unit_title"));
    let name = Text::new(zh, given.maybe_text("unit_title_en").unwrap_or(zh));
    let kind = given.text("unit_kind");
    identity::create_unit(work, &NewUnit { parent_id, kind, code, name })?;
    Ok(Done::said(format!("已建单位 {code}"), format!("made the unit {code}")).see("/units"))
}

fn add_person(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let unit_id = unit_id(work, given.text("staff_unit"))?;
    let (login, name) = (given.text("login"), given.text("staff_name"));
    identity::create_person(work, &NewPerson { unit_id, login, name })?;
    let said = Done::said(format!("已登记 {login} {name}"), format!("registered {login} {name}"));
    Ok(said.see(person_path(login)))
}

fn assign(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let unit_id = unit_id(work, given.text("staff_unit"))?;
    let person = named(work, given.text("login"))?;
    let (post, from) = (given.text("post_code"), given.maybe_date("first_day").unwrap_or(work.today()));
    let until = given.maybe_date("last_day");
    let new = NewAssignment { person_id: person.id, unit_id, post, from, until, serves: &[] };
    let id = identity::assign(work, &new)?;
    let said = Done::said(
        format!("{} 自 {from} 起任{}", person.name, post_name(post, Lang::Zh)),
        format!("{} is {} from {from}", person.name, post_name(post, Lang::En)),
    );
    Ok(said.see(person_path(&person.login)).fact("assignment", id))
}

fn end_post(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let person = named(work, given.text("login"))?;
    let last = given.maybe_date("last_day").unwrap_or(work.today());
    identity::end_assignment(work, person.id, given.number("assignment")?, last)?;
    let said =
        Done::said(format!("{} 的岗位至 {last} 止", person.name), format!("the post ends with {last}"));
    Ok(said.see(person_path(&person.login)))
}

fn retire(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let person = named(work, given.text("login"))?;
    let last = given.maybe_date("last_day").unwrap_or(work.today());
    identity::retire_person(work, person.id, last)?;
    let said = Done::said(
        format!("{} 自 {last} 后离职", person.name),
        format!("{} leaves after {last}", person.name),
    );
    Ok(said.see(person_path(&person.login)))
}

fn lock(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let person = named(work, given.text("login"))?;
    credential::lock_person(work, person.id, given.text("lock_reason"))?;
    let said = Done::said(format!("已锁定 {}", person.name), format!("locked {}", person.name));
    Ok(said.see(person_path(&person.login)))
}

fn unlock(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let person = named(work, given.text("login"))?;
    credential::unlock_person(work, person.id)?;
    let said = Done::said(format!("已解锁 {}", person.name), format!("unlocked {}", person.name));
    Ok(said.see(person_path(&person.login)))
}

fn delegate(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let absent = named(work, given.text("absent"))?;
    let substitute = named(work, given.text("substitute"))?;
    let from = given.maybe_date("first_day").unwrap_or(work.today());
    let until = given.date("last_day")?;
    let org_id = work.org_id();
    let meant = |held: &HeldPost| {
        given.maybe_text("post_code").is_none_or(|post| post == held.post)
            && held.from <= until
            && held.until.is_none_or(|last| from <= last)
    };
    let held = identity::held_posts(work.tx, org_id, absent.id)?;
    let assignments: Vec<i64> = held.into_iter().filter(meant).map(|held| held.id).collect();
    let new = NewDelegation {
        absent_id: absent.id,
        substitute_id: substitute.id,
        assignments: &assignments,
        from,
        until,
        reason: given.text("why_absent"),
    };
    delegation::delegate(work, &new)?;
    let said = Done::said(
        format!("{} 自 {from} 至 {until} 代理 {}", substitute.name, absent.name),
        format!("{} acts for {} from {from} until {until}", substitute.name, absent.name),
    );
    Ok(said.see("/delegations"))
}

fn end_delegation(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    let last = given.maybe_date("last_day").unwrap_or(work.today());
    delegation::end_delegation(work, given.number("delegation")?, last)?;
    Ok(Done::said(format!("代理至 {last} 止"), format!("the delegation ends with {last}"))
        .see("/delegations"))
}

fn withdraw_delegation(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    delegation::withdraw_delegation(work, given.number("delegation")?)?;
    Ok(Done::said("代理已撤回", "the delegation is withdrawn").see("/delegations"))
}

fn revoke_token(work: &mut Work<'_, '_>, given: &Given, _: &House) -> Result<Done, Refusal> {
    token::revoke_token(work, given.number("token")?)?;
    Ok(Done::said("令牌已吊销", "the token is revoked").see("/tokens"))
}
