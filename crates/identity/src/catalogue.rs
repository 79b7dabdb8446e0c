//! Posts, permissions, duties and kinds of unit, as the data files give them.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use kernel::{Date, Text};

use crate::table::data_rows;

/// A permission as the data file names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionName {
    /// `office.act`.
    pub name: &'static str,
    /// What it allows.
    pub text: Text,
    /// The requirement it comes from.
    pub requirement: &'static str,
}

/// A kind of organisation unit, such as `supply_station` (基层供电单位).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitKind {
    /// Its code.
    pub code: &'static str,
    /// Its name.
    pub text: Text,
}

/// A post (岗位): what a person may be, with the permissions it carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Its code, such as `reviewer`.
    pub code: &'static str,
    /// Its name.
    pub text: Text,
    /// Kinds of unit where it can be held.
    pub unit_kinds: Vec<&'static str>,
    /// Acts on every unit of the organisation, not only on its own and those below it.
    pub all_units: bool,
    /// Permissions, groups such as `parameter.*` written out, in order.
    pub permissions: BTreeSet<&'static str>,
}

/// A duty (职责): acts that belong together, told by their permissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// Its code.
    pub code: &'static str,
    /// Its name.
    pub text: Text,
    /// Who holds any of these has the duty.
    pub permissions: BTreeSet<&'static str>,
}

/// Two duties that one person cannot have on the same day (不兼容岗位).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incompatible {
    /// One duty.
    pub first: &'static str,
    /// The other.
    pub second: &'static str,
    /// The first day of the rule.
    pub from: Date,
    /// The last day of the rule, if it has ended.
    pub until: Option<Date>,
    /// The requirement.
    pub requirement: &'static str,
}

/// A post whose holders must give a second factor at login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondFactorPost {
    /// The post's code.
    pub post: &'static str,
    /// The first day of the rule.
    pub from: Date,
    /// The last day of the rule, if it has ended.
    pub until: Option<Date>,
}

/// Everything the data files say about posts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    /// Permissions.
    pub permissions: Vec<PermissionName>,
    /// Kinds of unit.
    pub unit_kinds: Vec<UnitKind>,
    /// Posts.
    pub posts: Vec<Post>,
    /// Duties.
    pub duties: Vec<Duty>,
    /// Pairs that do not go together.
    pub incompatible: Vec<Incompatible>,
    /// Posts whose holders must give a second factor.
    pub second_factor: Vec<SecondFactorPost>,
}

static BUILT_IN: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::read().expect("the data files of this crate are checked by its tests"));

impl Catalogue {
    /// The catalogue embedded in this program.
    pub fn built_in() -> &'static Catalogue {
        &BUILT_IN
    }

    /// The post with `code`.
    pub fn post(&self, code: &str) -> Option<&Post> {
        self.posts.iter().find(|post| post.code == code)
    }

    /// The kind of unit with `code`.
    pub fn unit_kind(&self, code: &str) -> Option<&UnitKind> {
        self.unit_kinds.iter().find(|kind| kind.code == code)
    }

    /// The permission with `name`.
    pub fn permission(&self, name: &str) -> Option<&PermissionName> {
        self.permissions.iter().find(|permission| permission.name == name)
    }

    /// The duty with `code`.
    pub fn duty(&self, code: &str) -> Option<&Duty> {
        self.duties.iter().find(|duty| duty.code == code)
    }

    /// Must who holds `post` on `day` give a second factor at login?
    pub fn asks_second_factor(&self, post: &str, day: Date) -> bool {
        let in_force =
            |rule: &&SecondFactorPost| rule.from <= day && rule.until.is_none_or(|until| day <= until);
        self.second_factor.iter().filter(in_force).any(|rule| rule.post == post)
    }

    fn read() -> Result<Catalogue, String> {
        let permissions: Vec<PermissionName> =
            data_rows("permissions.csv", include_str!("../data/permissions.csv"))?
                .into_iter()
                .map(|[name, zh, en, requirement]| PermissionName {
                    name,
                    text: Text::new(zh, en),
                    requirement,
                })
                .collect();
        let unit_kinds: Vec<UnitKind> = data_rows("unit_kinds.csv", include_str!("../data/unit_kinds.csv"))?
            .into_iter()
            .map(|[code, zh, en]| UnitKind { code, text: Text::new(zh, en) })
            .collect();
        let posts: Vec<Post> = data_rows("posts.csv", include_str!("../data/posts.csv"))?
            .into_iter()
            .map(|[code, zh, en, kinds, acts_on, names]| {
                let all_units = match acts_on {
                    "all" => true,
                    "own" => false,
                    other => return Err(format!("posts.csv, {code}: acts_on {other}")),
                };
                let unit_kinds = kinds
                    .split('|')
                    .map(|kind| {
                        let known = unit_kinds.iter().find(|known| known.code == kind);
                        known.map(|known| known.code).ok_or(format!("posts.csv, {code}: unit kind {kind}"))
                    })
                    .collect::<Result<_, _>>()?;
                let permissions = written_out(&permissions, "posts.csv", code, names)?;
                Ok(Post { code, text: Text::new(zh, en), unit_kinds, all_units, permissions })
            })
            .collect::<Result<_, String>>()?;
        let duties: Vec<Duty> = data_rows("duties.csv", include_str!("../data/duties.csv"))?
            .into_iter()
            .map(|[code, zh, en, names]| {
                let permissions = written_out(&permissions, "duties.csv", code, names)?;
                Ok(Duty { code, text: Text::new(zh, en), permissions })
            })
            .collect::<Result<_, String>>()?;
        let file = "incompatible_duties.csv";
        let incompatible = data_rows(file, include_str!("../data/incompatible_duties.csv"))?
            .into_iter()
            .map(|[first, second, from, until, requirement]| {
                for code in [first, second] {
                    if !duties.iter().any(|duty| duty.code == code) {
                        return Err(format!("{file}: duty {code}"));
                    }
                }
                let day = |text: &str| text.parse::<Date>().map_err(|error| format!("{file}: {error}"));
                let until = if until.is_empty() { None } else { Some(day(until)?) };
                Ok(Incompatible { first, second, from: day(from)?, until, requirement })
            })
            .collect::<Result<_, String>>()?;
        let file = "second_factor_posts.csv";
        let second_factor = data_rows(file, include_str!("../data/second_factor_posts.csv"))?
            .into_iter()
            .map(|[post, from, until]| {
                let known = posts.iter().find(|known| known.code == post);
                let post = known.ok_or(format!("{file}: post {post}"))?.code;
                let day = |text: &str| text.parse::<Date>().map_err(|error| format!("{file}: {error}"));
                let until = if until.is_empty() { None } else { Some(day(until)?) };
                Ok(SecondFactorPost { post, from: day(from)?, until })
            })
            .collect::<Result<_, String>>()?;
        Ok(Catalogue { permissions, unit_kinds, posts, duties, incompatible, second_factor })
    }
}

/// The permissions that `names` stand for, each group `office.*` written out; a name that stands for none is refused.
fn written_out(
    known: &[PermissionName],
    file: &str,
    code: &str,
    names: &str,
) -> Result<BTreeSet<&'static str>, String> {
    let mut found = BTreeSet::new();
    for name in names.split_whitespace() {
        let before = found.len();
        match name.strip_suffix('*') {
            Some(group) => {
                found.extend(known.iter().map(|known| known.name).filter(|known| known.starts_with(group)))
            }
            None => found.extend(known.iter().map(|known| known.name).filter(|known| *known == name)),
        }
        if found.len() == before {
            return Err(format!("{file}, {code}: permission {name} is unknown or repeated"));
        }
    }
    Ok(found)
}
