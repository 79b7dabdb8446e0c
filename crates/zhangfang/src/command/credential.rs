//! `zhangfang people password|lock|unlock|token|delegate|logins`: who comes in, and with what.

use std::io::BufRead;

use clap::Subcommand;
use documents::sheet::Kind;
use identity::delegation::{self, NewDelegation};
use identity::login::{EventFilter, login_events};
use identity::token::{self, NewToken};
use identity::{AccessRules, Catalogue, Work, credential};
use kernel::{Bilingual, Date, Text};
use vault::CheckpointPolicy;

use super::office::{Office, both, date};
use crate::failure::{Done, Failure};
use crate::table::{Shown, Table, row};

const READ: &str = "identity.read";
/// Lines of logins when no number is asked for.
const LOGINS_SHOWN: u32 = 100;

/// What can be done about getting in.
#[derive(Debug, Subcommand)]
pub enum Credential {
    /// Give a person a password, read from standard input / 设置密码（从标准输入读取）
    Password {
        /// Login / 登录名
        login: String,
        /// Make one instead, and print it once / 生成并显示一次
        #[arg(long)]
        generate: bool,
    },
    /// Lock an account: the person is out at once / 锁定账号
    Lock {
        /// Login / 登录名
        login: String,
        /// Why / 原因
        reason: String,
    },
    /// Unlock an account / 解锁账号
    Unlock {
        /// Login / 登录名
        login: String,
    },
    /// Tokens with which programs act as a person / 接口令牌
    #[command(subcommand)]
    Token(Token),
    /// Have a colleague act for an absent person, in all posts held then / 安排代理
    Delegate {
        /// Login of who is absent / 缺勤人登录名
        absent: String,
        /// Login of who acts / 代理人登录名
        substitute: String,
        /// First day; by default today / 起始日
        #[arg(long, value_parser = date)]
        from: Option<Date>,
        /// Last day / 终止日
        #[arg(long, value_parser = date)]
        until: Date,
        /// Only this post / 仅此岗位代码
        #[arg(long)]
        post: Option<String>,
        /// Why / 原因
        #[arg(long)]
        reason: String,
    },
    /// List who acts for whom / 列出代理
    Delegations {
        #[command(flatten)]
        shown: Shown,
    },
    /// End a delegation earlier / 提前结束代理
    EndDelegation {
        /// Its number / 代理编号
        delegation: i64,
        /// Last day; by default today / 最后一日
        #[arg(long, value_parser = date)]
        last: Option<Date>,
    },
    /// Withdraw a delegation before its first day / 撤回尚未开始的代理
    WithdrawDelegation {
        /// Its number / 代理编号
        delegation: i64,
    },
    /// Logins, failures and what ended them, latest first / 登录审计
    Logins {
        /// Only of this person / 登录名
        #[arg(long)]
        login: Option<String>,
        /// At most so many / 最多行数
        #[arg(long, default_value_t = LOGINS_SHOWN, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        most: u32,
        #[command(flatten)]
        shown: Shown,
    },
}

/// What can be done about tokens.
#[derive(Debug, Subcommand)]
pub enum Token {
    /// Make one; its secret is printed once / 建立令牌
    New {
        /// Login of the person it acts as / 登录名
        login: String,
        /// What it is for / 用途
        #[arg(long)]
        name: String,
        /// What it may do: a permission, office.* or *.read / 范围
        #[arg(long, required = true)]
        scope: Vec<String>,
        /// The last day on which it is valid / 最后一日
        #[arg(long, value_parser = date)]
        until: Date,
    },
    /// List tokens / 列出令牌
    List {
        #[command(flatten)]
        shown: Shown,
    },
    /// Revoke one / 吊销令牌
    Revoke {
        /// Its number / 令牌编号
        token: i64,
    },
}

/// Reads one line from standard input, without its end.
pub fn line() -> Done<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(|error| Failure::file("stdin", error))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Gives a command whose answer is shown once and kept nowhere, not even with a request key.
fn once<T>(office: &Office, command: impl FnOnce(&mut Work<'_, '_>) -> Done<T>) -> Done<T> {
    let (signers, place) = (office.signers()?, &office.place);
    let policy = CheckpointPolicy { acts: place.checkpoint_acts, millis: place.checkpoint_seconds * 1_000 };
    office.desk().act(office.now, |work| -> Done<T> {
        let done = command(work)?;
        vault::absorb_identity(work)?;
        vault::checkpoint_if_due(work, signers, policy)?;
        Ok(done)
    })
}

/// Runs the command.
pub fn run(command: &Credential, office: &Office) -> Done {
    let org_id = office.org_id();
    match command {
        Credential::Password { login, generate } => password(office, login, *generate),
        Credential::Lock { login, reason } => {
            let person = office.person(login)?;
            office.change("identity.lock_person", command, |work| {
                credential::lock_person(work, person.id, reason)?;
                both(format!("已锁定 {login}"), format!("locked {login}"))
            })
        }
        Credential::Unlock { login } => {
            let person = office.person(login)?;
            office.change("identity.unlock_person", command, |work| {
                credential::unlock_person(work, person.id)?;
                both(format!("已解锁 {login}"), format!("unlocked {login}"))
            })
        }
        Credential::Token(token) => tokens(token, office),
        Credential::Delegate { absent, substitute, from, until, post, reason } => {
            let (absent, substitute) = (office.person(absent)?, office.person(substitute)?);
            let from = from.unwrap_or(office.now.date());
            let held = office.look(|tx| Ok(identity::held_posts(tx, org_id, absent.id)?))?;
            let meant = |held: &&identity::HeldPost| {
                post.as_ref().is_none_or(|post| *post == held.post)
                    && held.from <= *until
                    && held.until.is_none_or(|last| from <= last)
            };
            let assignments: Vec<i64> = held.iter().filter(meant).map(|held| held.id).collect();
            office.change("identity.delegate", command, |work| {
                let new = NewDelegation {
                    absent_id: absent.id,
                    substitute_id: substitute.id,
                    assignments: &assignments,
                    from,
                    until: *until,
                    reason,
                };
                let posts = delegation::delegate(work, &new)?.len();
                both(
                    format!(
                        "{} 自 {from} 至 {until} 代理 {} 的 {posts} 个岗位",
                        substitute.name, absent.name
                    ),
                    format!(
                        "{} acts for {} in {posts} posts from {from} until {until}",
                        substitute.name, absent.name
                    ),
                )
            })
        }
        Credential::Delegations { shown } => delegations(office, shown),
        Credential::EndDelegation { delegation: id, last } => {
            let last = last.unwrap_or(office.now.date());
            office.change("identity.end_delegation", command, |work| {
                delegation::end_delegation(work, *id, last)?;
                both(format!("代理 {id} 至 {last} 止"), format!("delegation {id} ends with {last}"))
            })
        }
        Credential::WithdrawDelegation { delegation: id } => {
            office.change("identity.withdraw_delegation", command, |work| {
                delegation::withdraw_delegation(work, *id)?;
                both(format!("代理 {id} 已撤回"), format!("delegation {id} is withdrawn"))
            })
        }
        Credential::Logins { login, most, shown } => logins(office, login.as_ref(), *most, shown),
    }
}

fn password(office: &Office, login: &str, generate: bool) -> Done {
    let person = office.person(login)?;
    let password = if generate { credential::generate_password()? } else { line()? };
    let cost = AccessRules::on(office.now.date()).cost;
    let org_id = office.org_id();
    let new = credential::prepare_password(&office.store, cost, org_id, person.id, &password, office.now)?;
    let own = person.id == office.actor.person_id;
    once(office, |work| {
        // Whoever works on the machine itself may set their own without the old one.
        if own {
            return Ok(credential::first_password(work.tx, &new, generate, office.now)?);
        }
        Ok(credential::set_password(work, &new, true)?)
    })?;
    let said = match (generate, own) {
        (false, true) => Text::new(format!("已设置 {login} 的密码"), format!("set the password of {login}")),
        (false, false) => Text::new(
            format!("已设置 {login} 的密码；下次登录须修改"),
            format!("set the password of {login}; the next login asks for another"),
        ),
        (true, _) => Text::new(
            format!("{login} 的密码（只显示这一次，下次登录须修改）：{password}"),
            format!("password of {login}, shown this once, to be changed at the next login: {password}"),
        ),
    };
    println!("{}", said.text(office.lang));
    Ok(())
}

fn tokens(command: &Token, office: &Office) -> Done {
    let org_id = office.org_id();
    match command {
        Token::New { login, name, scope, until } => {
            let person = office.person(login)?;
            let scopes: Vec<&str> = scope.iter().map(String::as_str).collect();
            let new = NewToken { person_id: person.id, name, scopes: &scopes, last_day: *until };
            let made = once(office, |work| Ok(token::create_token(work, &new)?))?;
            println!(
                "{}",
                office.say(
                    format!("令牌 {}（只显示这一次）：{}", made.id, made.secret),
                    format!("token {}, shown this once: {}", made.id, made.secret)
                )
            );
            Ok(())
        }
        Token::List { shown } => {
            office.require(READ)?;
            let found = office.look(|tx| Ok(token::tokens(tx, org_id, None)?))?;
            let mut table = Table::new(office.lang)
                .text("编号", "token")
                .text("人员", "person")
                .text("用途", "name")
                .text("范围", "scopes")
                .text("建立", "made at")
                .text("最近使用", "last used")
                .text("失效", "expires")
                .text("状态", "state");
            for token in found {
                let state = match (&token.revoked, token.is_valid(office.now)) {
                    (Some(_), _) => office.say("已吊销", "revoked"),
                    (None, true) => office.say("有效", "valid"),
                    (None, false) => office.say("已过期", "expired"),
                };
                table.push(row![
                    token.id.to_string(),
                    office.person_name(token.person_id)?,
                    token.name,
                    token.scopes.join(" "),
                    token.made_at,
                    token.last_used_at,
                    token.expires_at,
                    state
                ]);
            }
            table.show(shown)
        }
        Token::Revoke { token: id } => office.change("identity.revoke_token", command, |work| {
            token::revoke_token(work, *id)?;
            both(format!("已吊销令牌 {id}"), format!("revoked token {id}"))
        }),
    }
}

fn delegations(office: &Office, shown: &Shown) -> Done {
    office.require(READ)?;
    let org_id = office.org_id();
    let found = office.look(|tx| Ok(delegation::delegations(tx, org_id, None)?))?;
    let mut table = Table::new(office.lang)
        .text("编号", "delegation")
        .text("缺勤人", "absent")
        .text("代理人", "substitute")
        .text("岗位", "post")
        .col("起", "from", Kind::Date)
        .col("止", "until", Kind::Date)
        .text("原因", "reason")
        .text("安排人", "by")
        .col("撤回", "withdrawn", Kind::Date);
    for one in found {
        let held = office.look(|tx| Ok(identity::held_posts(tx, org_id, one.absent_id)?))?;
        let post = held.iter().find(|held| held.id == one.assignment_id).map(|held| held.post.clone());
        let post = post.unwrap_or_default();
        let name = Catalogue::built_in().post(&post).map(|known| known.text.text(office.lang));
        table.push(row![
            one.id.to_string(),
            office.person_name(one.absent_id)?,
            office.person_name(one.substitute_id)?,
            name.unwrap_or(post),
            one.from,
            one.until,
            one.reason,
            office.person_name(one.made_by)?,
            one.withdrawn_at.map(kernel::Moment::date)
        ]);
    }
    table.show(shown)
}

fn logins(office: &Office, login: Option<&String>, most: u32, shown: &Shown) -> Done {
    office.require(READ)?;
    let org_id = office.org_id();
    let person_id = login.map(|login| office.person(login).map(|person| person.id)).transpose()?;
    let filter = EventFilter { person_id, ..EventFilter::default() };
    let found = office.look(|tx| Ok(login_events(tx, org_id, &filter, most)?))?;
    let mut table = Table::new(office.lang)
        .text("时间", "at")
        .text("登录名", "login")
        .text("事件", "event")
        .text("来源", "from")
        .text("说明", "detail");
    for event in found {
        let kind = event.kind.map(|kind| kind.text(office.lang));
        table.push(row![event.at, event.login, kind.unwrap_or_default(), event.address, event.detail]);
    }
    table.show(shown)
}
