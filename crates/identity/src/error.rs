//! Refusals about who may do what.

use kernel::{Bilingual, Date, FigureError, Lang, Text};
use store::StoreError;

use crate::credential::PasswordFault;
use crate::{Catalogue, Incompatible, LoginRefused};

/// Why a person may not act.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// None of the person's posts carries the permission for this unit.
    #[error("{person} may not do this: permission {permission} is missing for unit {unit_id}")]
    NotPermitted {
        /// Who asked.
        person: String,
        /// The permission asked for.
        permission: &'static str,
        /// The organisation unit concerned.
        unit_id: i64,
    },
    /// The same person made what must now be checked by another.
    #[error("{person} made {what} and may not check it: another person must")]
    MakerIsChecker {
        /// Who asked.
        person: String,
        /// The document.
        what: String,
    },
    /// Authority on the spot must come from another person of the same organisation.
    #[error("{person} cannot give this authority: it must come from another person of the same organisation")]
    OwnAuthority {
        /// Who was named.
        person: String,
    },
    /// Two duties that one person cannot have.
    #[error(
        "{person} holds {held} and cannot also hold {new}: {} and {} do not go together ({}); give the post to another person",
        pair.first, pair.second, pair.requirement
    )]
    IncompatibleDuties {
        /// Who.
        person: String,
        /// The post held.
        held: String,
        /// The post refused.
        new: String,
        /// The two duties, and the requirement.
        pair: &'static Incompatible,
    },
    /// The person holds the post there already.
    #[error("{person} already holds the post {post} there on some of these days")]
    AlreadyHeld {
        /// Who.
        person: String,
        /// The post.
        post: String,
    },
    /// No post has this code.
    #[error("there is no post {post:?}")]
    UnknownPost {
        /// The code given.
        post: String,
    },
    /// The post cannot be held at such a unit.
    #[error("the post {post} cannot be held at a unit of kind {kind}")]
    WrongUnitKind {
        /// The post.
        post: String,
        /// The kind of the unit.
        kind: String,
    },
    /// No kind of unit has this code.
    #[error("there is no kind of unit {kind:?}")]
    UnknownUnitKind {
        /// The code given.
        kind: String,
    },
    /// The unit does not exist in the organisation.
    #[error("unit {unit_id} does not exist in this organisation")]
    UnknownUnit {
        /// The key given.
        unit_id: i64,
    },
    /// The person does not exist in the organisation, or no longer works there.
    #[error("person {person_id} does not exist in this organisation or no longer works there")]
    UnknownPerson {
        /// The key given.
        person_id: i64,
    },
    /// The holding of a post does not exist or has ended.
    #[error("holding {assignment_id} does not exist, has ended, or ends before it begins")]
    UnknownAssignment {
        /// The key given.
        assignment_id: i64,
    },
    /// The last day lies before the first.
    #[error("the last day {until} lies before the first day {from}")]
    DaysInWrongOrder {
        /// The first day.
        from: Date,
        /// The last day.
        until: Date,
    },
    /// A code or name that cannot be used.
    #[error(
        "{text:?} cannot be used as {what}: it is empty, too long, or has characters that are not allowed"
    )]
    BadText {
        /// What it should be.
        what: &'static str,
        /// The text, shortened.
        text: String,
    },
    /// No alarm has this number.
    #[error("there is no alarm {number}; `zhangfang alarm list` shows them")]
    UnknownAlarm {
        /// The number given.
        number: i64,
    },
    /// The alarm is not in a state in which this can be done.
    #[error("alarm {number}: {}", why.en)]
    AlarmState {
        /// The alarm.
        number: i64,
        /// What is the matter and what to do.
        why: Text,
    },
    /// A password that cannot be used.
    #[error(transparent)]
    Password(#[from] PasswordFault),
    /// The credentials given were refused.
    #[error(transparent)]
    Login(#[from] LoginRefused),
    /// The account is locked already.
    #[error("the account of {person} is locked already")]
    AlreadyLocked {
        /// Whose.
        person: String,
    },
    /// The account is not locked.
    #[error("the account of {person} is not locked")]
    NotLocked {
        /// Whose.
        person: String,
    },
    /// Two persons who act for each other made and check the same thing.
    #[error(
        "{person} stands in for whoever made {what}, or the other way round, and may not check it: a third person must"
    )]
    OneHand {
        /// Who asked.
        person: String,
        /// The document.
        what: String,
    },
    /// Nobody acts for themselves.
    #[error("nobody can act for themselves: name another person")]
    OwnSubstitute,
    /// The days of a delegation cannot be.
    #[error(
        "acting from {from} until {until} is not possible: it begins today or later and lasts at most {days} days"
    )]
    DelegationDays {
        /// The first day.
        from: Date,
        /// The last day.
        until: Date,
        /// Most days.
        days: i64,
    },
    /// The delegation does not exist, has ended, or cannot end on that day.
    #[error("delegation {delegation_id} does not exist, has ended, or cannot end on that day")]
    UnknownDelegation {
        /// The key given.
        delegation_id: i64,
    },
    /// The delegation has begun: it can end, and no longer be withdrawn.
    #[error("delegation {delegation_id} began on {from}: it cannot be withdrawn any more; end it")]
    DelegationBegun {
        /// The key given.
        delegation_id: i64,
        /// Its first day.
        from: Date,
    },
    /// The passkey's answer does not fit, or there is none to ask.
    #[error("the passkey was not accepted: {}", why.en)]
    Passkey {
        /// What does not fit.
        why: Text,
    },
    /// The person proved who they are too long ago.
    #[error("this needs a fresh login: log out, log in again and repeat it")]
    NotFresh,
    /// The passkey does not exist or was removed.
    #[error("passkey {passkey_id} does not exist or was removed")]
    UnknownPasskey {
        /// The key given.
        passkey_id: i64,
    },
    /// A scope of a token that names no permission, or none or too many scopes.
    #[error("{scope:?} cannot be a scope: name a permission, `office.*` or `*.act`, at most 50 of them")]
    BadScopes {
        /// The scope, shortened.
        scope: String,
    },
    /// An administrator asks for a token that acts as a person.
    #[error(
        "{person} has a password: only that person makes tokens that act as them; make an account for the machine"
    )]
    TokenOfPerson {
        /// Who.
        person: String,
    },
    /// A token that ends too early or too late.
    #[error("a token cannot end with {last}: from today on at most {days} days are possible")]
    TokenDays {
        /// The last day asked for.
        last: Date,
        /// Most days.
        days: i64,
    },
    /// The token does not exist in the organisation or is revoked.
    #[error("token {token_id} does not exist or is revoked")]
    UnknownToken {
        /// The key given.
        token_id: i64,
    },
    /// A password could not be hashed.
    #[error("the password could not be hashed: {why}")]
    Hashing {
        /// What the library says.
        why: String,
    },
    /// The machine gives no random numbers.
    #[error("this machine gives no random numbers: {why}")]
    NoRandomness {
        /// What it says.
        why: String,
    },
    /// A day that is beyond the calendar.
    #[error(transparent)]
    Figure(#[from] FigureError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn post(code: &str) -> String {
    Catalogue::built_in().post(code).map_or(code.to_owned(), |post| post.text.zh.clone())
}

fn duty(code: &str) -> String {
    Catalogue::built_in().duty(code).map_or(code.to_owned(), |duty| duty.text.zh.clone())
}

impl Bilingual for IdentityError {
    fn text(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            IdentityError::Store(error) => error.text(lang),
            IdentityError::NotPermitted { person, permission, unit_id } => {
                let named = Catalogue::built_in().permission(permission);
                let named = named.map_or(*permission, |known| &known.text.zh);
                format!("{person} 无权操作：对单位 {unit_id} 缺少权限“{named}”（{permission}）")
            }
            IdentityError::MakerIsChecker { person, what } => {
                format!("{what} 由 {person} 经办，不得由本人审核，须换人")
            }
            IdentityError::OwnAuthority { person } => {
                format!("{person} 不能授权：须由同一组织的另一人授权")
            }
            IdentityError::IncompatibleDuties { person, held, new, pair } => format!(
                "{person} 已任 {}，不得兼任 {}：{}与{}为不兼容岗位（{}），请另派他人",
                post(held),
                post(new),
                duty(pair.first),
                duty(pair.second),
                pair.requirement
            ),
            IdentityError::AlreadyHeld { person, post: code } => {
                format!("{person} 在此期间已任该单位 {}", post(code))
            }
            IdentityError::UnknownPost { post } => format!("没有岗位 {post:?}"),
            IdentityError::WrongUnitKind { post: code, kind } => {
                let kind = Catalogue::built_in().unit_kind(kind).map_or(kind.as_str(), |kind| &kind.text.zh);
                format!("岗位 {} 不能设在 {kind}", post(code))
            }
            IdentityError::UnknownUnitKind { kind } => format!("没有单位类别 {kind:?}"),
            IdentityError::UnknownUnit { unit_id } => format!("本组织没有单位 {unit_id}"),
            IdentityError::UnknownPerson { person_id } => format!("本组织没有人员 {person_id}，或已离职"),
            IdentityError::UnknownAssignment { assignment_id } => {
                format!("任岗记录 {assignment_id} 不存在、已结束，或结束日早于开始日")
            }
            IdentityError::DaysInWrongOrder { from, until } => format!("截止日 {until} 早于开始日 {from}"),
            IdentityError::UnknownAlarm { number } => {
                format!("没有第 {number} 号警报；`zhangfang alarm list` 列出所有警报")
            }
            IdentityError::AlarmState { number, why } => format!("第 {number} 号警报：{}", why.zh),
            IdentityError::Password(fault) => fault.text(lang),
            IdentityError::Login(refused) => refused.text(lang),
            IdentityError::AlreadyLocked { person } => format!("{person} 的账号已经锁定"),
            IdentityError::NotLocked { person } => format!("{person} 的账号没有锁定"),
            IdentityError::OneHand { person, what } => {
                format!("{person} 与 {what} 的经办人互为代理，不得审核，须由第三人审核")
            }
            IdentityError::Figure(error) => error.text(lang),
            IdentityError::OwnSubstitute => "不能代理本人，请另选他人".to_owned(),
            IdentityError::DelegationDays { from, until, days } => {
                format!("代理期 {from} 至 {until} 不可用：须自今日或以后起，最长 {days} 天")
            }
            IdentityError::UnknownDelegation { delegation_id } => {
                format!("代理 {delegation_id} 不存在、已结束，或不能在该日结束")
            }
            IdentityError::DelegationBegun { delegation_id, from } => {
                format!("代理 {delegation_id} 已于 {from} 开始，不能撤回，只能结束")
            }
            IdentityError::Passkey { why } => format!("通行密钥未被接受：{}", why.zh),
            IdentityError::NotFresh => "此操作需要重新登录：请退出后重新登录再办理".to_owned(),
            IdentityError::UnknownPasskey { passkey_id } => format!("通行密钥 {passkey_id} 不存在或已删除"),
            IdentityError::BadScopes { scope } => {
                format!("{scope:?} 不能作为令牌范围：请写权限名、`office.*` 或 `*.act`，最多 50 个")
            }
            IdentityError::TokenOfPerson { person } => {
                format!("{person} 有登录密码：以其名义的令牌只能由本人建立；请为程序另建账号")
            }
            IdentityError::TokenDays { last, days } => {
                format!("令牌不能到 {last} 为止：自今日起最多 {days} 天")
            }
            IdentityError::UnknownToken { token_id } => format!("令牌 {token_id} 不存在或已吊销"),
            IdentityError::Hashing { why } => format!("密码散列失败：{why}"),
            IdentityError::NoRandomness { why } => format!("本机无法提供随机数：{why}"),
            IdentityError::BadText { what, text } => {
                format!("{text:?} 不能用作 {what}：为空、过长或含有不允许的字符")
            }
        }
    }
}
