//! `zhangfang people`: units, persons and the posts they hold.

use clap::Subcommand;
use documents::sheet::Kind;
use identity::{Catalogue, NewAssignment, NewPerson, NewUnit};
use kernel::{Bilingual, Date, Text};

use super::credential::{self, Credential};
use super::office::{Office, both, date};
use crate::failure::Done;
use crate::table::{Shown, Table, row};

const READ: &str = "identity.read";

/// What can be done about people.
#[derive(Debug, Subcommand)]
pub enum People {
    /// List persons with their posts / 列出人员与岗位
    List {
        /// Only those who act on this unit's staff / 单位代码
        #[arg(long)]
        unit: Option<String>,
        #[command(flatten)]
        shown: Shown,
    },
    /// List units / 列出单位
    Units {
        #[command(flatten)]
        shown: Shown,
    },
    /// List the posts there are, with what they may do / 列出岗位及其权限
    Posts {
        #[command(flatten)]
        shown: Shown,
    },
    /// Make a unit / 新建单位
    AddUnit {
        /// Its short code, printed within document numbers / 单位代码
        code: String,
        /// Its kind, such as supply_station / 单位类型
        #[arg(long)]
        kind: String,
        /// Code of the unit above it / 上级单位代码
        #[arg(long)]
        parent: String,
        /// Chinese name / 中文名称
        #[arg(long)]
        name: String,
        /// English name; by default the Chinese one / 英文名称
        #[arg(long)]
        english: Option<String>,
    },
    /// Register a person / 登记人员
    Add {
        /// Login / 登录名
        login: String,
        /// Full name / 姓名
        name: String,
        /// Code of the unit the person belongs to / 所属单位代码
        #[arg(long)]
        unit: String,
    },
    /// Give a post to a person / 派岗
    Assign {
        /// Login / 登录名
        login: String,
        /// The post's code; `people posts` lists them / 岗位代码
        post: String,
        /// Where it is held; by default the person's own unit / 任岗单位代码
        #[arg(long)]
        unit: Option<String>,
        /// First day; by default today / 起始日
        #[arg(long, value_parser = date)]
        from: Option<Date>,
        /// Last day, if known / 终止日
        #[arg(long, value_parser = date)]
        until: Option<Date>,
        /// Other units it serves / 兼管单位代码
        #[arg(long)]
        serves: Vec<String>,
    },
    /// End a post; its last day still counts / 离岗
    End {
        /// Login / 登录名
        login: String,
        /// The post's code / 岗位代码
        post: String,
        /// Last day; by default today / 最后一日
        #[arg(long, value_parser = date)]
        last: Option<Date>,
    },
    /// A person leaves: every post ends / 人员离职
    Retire {
        /// Login / 登录名
        login: String,
        /// Last day; by default today / 最后一日
        #[arg(long, value_parser = date)]
        last: Option<Date>,
    },
    #[command(flatten)]
    Credential(Credential),
    /// Every change of units, persons and posts / 变更记录
    Changes {
        #[command(flatten)]
        shown: Shown,
    },
}

fn post_name(code: &str, office: &Office) -> String {
    Catalogue::built_in().post(code).map_or_else(|| code.to_owned(), |post| post.text.text(office.lang))
}

/// Runs the command.
pub fn run(command: &People, office: &Office) -> Done {
    let org_id = office.org_id();
    match command {
        People::List { unit, shown } => list(office, unit.as_ref(), shown),
        People::Units { shown } => {
            let units = office.look(|tx| Ok(identity::units(tx, org_id)?))?;
            let mut table = Table::new(office.lang)
                .text("代码", "code")
                .text("名称", "name")
                .text("类型", "kind")
                .text("上级", "parent");
            for unit in &units {
                let kind = Catalogue::built_in().unit_kind(&unit.kind);
                let kind = kind.map_or_else(|| unit.kind.clone(), |kind| kind.text.text(office.lang));
                let parent = units.iter().find(|above| Some(above.id) == unit.parent_id);
                table.push(row![
                    unit.code.as_str(),
                    unit.name.text(office.lang),
                    kind,
                    parent.map(|above| above.code.clone())
                ]);
            }
            table.show(shown)
        }
        People::Posts { shown } => {
            let mut table = Table::new(office.lang)
                .text("岗位代码", "post")
                .text("名称", "name")
                .text("任岗单位类型", "unit kinds")
                .text("权限", "permissions");
            for post in &Catalogue::built_in().posts {
                let permissions: Vec<&str> = post.permissions.iter().copied().collect();
                // A terminal is narrow: the table says how many, JSON and Excel say which.
                let permissions = if shown.json || shown.out.is_some() {
                    permissions.join(" ")
                } else {
                    permissions.len().to_string()
                };
                table.push(row![
                    post.code,
                    post.text.text(office.lang),
                    post.unit_kinds.join(" "),
                    permissions
                ]);
            }
            table.show(shown)
        }
        People::AddUnit { code, kind, parent, name, english } => {
            let parent_id = office.unit(parent)?.id;
            let name = Text::new(name, english.as_ref().unwrap_or(name));
            office.change("identity.create_unit", command, |work| {
                identity::create_unit(work, &NewUnit { parent_id, kind, code, name })?;
                both(format!("已建单位 {code}"), format!("made the unit {code}"))
            })
        }
        People::Add { login, name, unit } => {
            let unit_id = office.unit(unit)?.id;
            office.change("identity.create_person", command, |work| {
                identity::create_person(work, &NewPerson { unit_id, login, name })?;
                both(format!("已登记 {login} {name}"), format!("registered {login} {name}"))
            })
        }
        People::Assign { login, post, unit, from, until, serves } => {
            let person = office.person(login)?;
            let unit_id = office.unit_id(unit.as_ref())?.unwrap_or(person.unit_id);
            let serves = serves.iter().map(|code| Ok(office.unit(code)?.id)).collect::<Done<Vec<i64>>>()?;
            let from = from.unwrap_or(office.now.date());
            office.change("identity.assign", command, |work| {
                let new = NewAssignment {
                    person_id: person.id,
                    unit_id,
                    post,
                    from,
                    until: *until,
                    serves: &serves,
                };
                identity::assign(work, &new)?;
                both(
                    format!(
                        "{} 自 {from} 起任 {}",
                        person.name,
                        Catalogue::built_in().post(post).map_or(post.as_str(), |known| &known.text.zh)
                    ),
                    format!("{} holds the post {post} from {from}", person.name),
                )
            })
        }
        People::End { login, post, last } => {
            let person = office.person(login)?;
            let last = last.unwrap_or(office.now.date());
            let held = office.look(|tx| Ok(identity::held_posts(tx, org_id, person.id)?))?;
            // Of several holdings of the same post the one that is open on that day is meant.
            let found = held.iter().find(|held| held.post == *post && held.on(last));
            let assignment_id = found.map(|held| held.id).ok_or_else(|| {
                crate::failure::Failure::new(
                    format!("{login} 在 {last} 未任 {post}"),
                    format!("{login} does not hold the post {post} on {last}"),
                )
            })?;
            office.change("identity.end_assignment", command, |work| {
                identity::end_assignment(work, person.id, assignment_id, last)?;
                both(
                    format!("{login} 的 {post} 至 {last} 止"),
                    format!("the post {post} of {login} ends with {last}"),
                )
            })
        }
        People::Retire { login, last } => {
            let person = office.person(login)?;
            let last = last.unwrap_or(office.now.date());
            office.change("identity.retire_person", command, |work| {
                identity::retire_person(work, person.id, last)?;
                both(format!("{login} 自 {last} 后离职"), format!("{login} leaves after {last}"))
            })
        }
        People::Credential(command) => credential::run(command, office),
        People::Changes { shown } => {
            office.require(READ)?;
            let changes = office.look(|tx| Ok(identity::changes(tx, org_id)?))?;
            let mut table = Table::new(office.lang)
                .text("时间", "at")
                .text("变更人", "by")
                .text("对象", "subject")
                .col("编号", "id", Kind::Integer)
                .text("原值", "before")
                .text("新值", "after");
            for change in changes {
                let by = office.person_name(change.by_person_id)?;
                table.push(row![change.at, by, change.subject, change.subject_id, change.old, change.new]);
            }
            table.show(shown)
        }
    }
}

fn list(office: &Office, unit: Option<&String>, shown: &Shown) -> Done {
    let org_id = office.org_id();
    let only = office.unit_id(unit)?;
    let mut table = Table::new(office.lang)
        .text("登录名", "login")
        .text("姓名", "name")
        .text("单位", "unit")
        .text("岗位", "post")
        .text("任岗单位", "post unit")
        .col("起", "from", Kind::Date)
        .col("止", "until", Kind::Date);
    let persons = office.look(|tx| Ok(identity::persons(tx, org_id)?))?;
    for person in persons.iter().filter(|person| only.is_none_or(|unit_id| unit_id == person.unit_id)) {
        let held = office.look(|tx| Ok(identity::held_posts(tx, org_id, person.id)?))?;
        let name = if person.active {
            person.name.clone()
        } else {
            office.say(format!("{}（已离职）", person.name), format!("{} (left)", person.name))
        };
        let unit = office.unit_name(person.unit_id)?;
        if held.is_empty() {
            table.push(row![
                person.login.as_str(),
                name.as_str(),
                unit.as_str(),
                "",
                "",
                None::<Date>,
                None::<Date>
            ]);
        }
        for post in held {
            table.push(row![
                person.login.as_str(),
                name.as_str(),
                unit.as_str(),
                post_name(&post.post, office),
                office.unit_name(post.unit_id)?,
                post.from,
                post.until
            ]);
        }
    }
    table.show(shown)
}
