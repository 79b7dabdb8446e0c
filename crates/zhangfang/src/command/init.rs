//! `zhangfang init`: a new organisation with its first administrator.

use clap::Args;
use kernel::{Bilingual, Lang, Text};

use super::{Place, credential, seal};
use crate::failure::{Done, Failure};
use crate::house;

/// What founding needs.
#[derive(Debug, Args)]
pub struct Init {
    /// Short code of the organisation, such as JHGD / 组织代码
    code: String,
    /// Its Chinese name / 中文名称
    #[arg(long)]
    name: String,
    /// Its English name; by default the Chinese one / 英文名称
    #[arg(long)]
    english: Option<String>,
    /// Login of the first administrator / 管理员登录名
    #[arg(long)]
    login: String,
    /// Full name of the first administrator / 管理员姓名
    #[arg(long)]
    person: String,
    /// Read the administrator's password from standard input instead of making one / 从标准输入读取管理员密码
    #[arg(long)]
    password_stdin: bool,
}

/// Makes the data folder if there is none, and founds the organisation in its database.
pub fn run(init: &Init, place: &Place, lang: Lang) -> Done {
    if place.database.is_none() {
        std::fs::create_dir_all(&place.data).map_err(|error| Failure::file(place.data.display(), error))?;
    }
    let store = house::open(&place.url())?;
    if store.read(|tx| identity::find_organisation(tx, &init.code))?.is_some() {
        return Err(Failure::new(
            format!("组织 {} 已经存在", init.code),
            format!("the organisation {} is there already", init.code),
        ));
    }
    let typed = if init.password_stdin { Some(credential::line()?) } else { None };
    let english = init.english.as_deref().unwrap_or(&init.name);
    let new = identity::NewOrganisation {
        code: &init.code,
        name: Text::new(&init.name, english),
        administrator_login: &init.login,
        administrator_name: &init.person,
    };
    let now = place.now()?;
    // A password that cannot be used is refused before anything is founded.
    let rules = identity::AccessRules::on(now.date());
    if let Some(typed) = &typed {
        identity::credential::check_password(&rules, &init.login, &init.person, typed)
            .map_err(identity::IdentityError::from)?;
    }
    let password = match &typed {
        Some(typed) => typed.clone(),
        None => identity::credential::generate_password()?,
    };
    let administrator = store.write(|tx| -> Done<identity::Actor> {
        let founded = identity::found_organisation(tx, &new, now)?;
        let actor = identity::load_actor(tx, founded.org_id, founded.administrator_id, now.date())?;
        vault::absorb_identity(&mut identity::Work::new(tx, &actor, now))?;
        Ok(actor)
    })?;
    let desk = identity::Desk::new(&store, &administrator);
    let (org_id, person_id) = (administrator.org_id, administrator.person_id);
    let hashed =
        identity::credential::prepare_password(&store, rules.cost, org_id, person_id, &password, now)?;
    desk.act(now, |work| -> Done {
        identity::credential::first_password(work.tx, &hashed, typed.is_none(), now)?;
        vault::absorb_identity(work)?;
        Ok(())
    })?;
    seal::make_keys(&desk, now, &place.key_folder(), seal::LOG_NAME)?;
    let (code, login) = (&init.code, &init.login);
    let said = Text::new(
        format!(
            "已建立组织 {code}，管理员 {login}。\n下一步：zhangfang people add-unit … --org {code} --as {login}，再登记人员并派岗"
        ),
        format!(
            "founded {code} with the administrator {login}.\nNext: zhangfang people add-unit … --org {code} --as {login}, then add people and give them posts"
        ),
    );
    println!("{}", said.text(lang));
    if typed.is_none() {
        let said = Text::new(
            format!("管理员密码（只显示这一次，首次登录须修改）：{password}"),
            format!(
                "the administrator's password, shown this once, to be changed at the first login: {password}"
            ),
        );
        println!("{}", said.text(lang));
    }
    Ok(())
}
