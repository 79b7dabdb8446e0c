//! The list of logins, failures and whatever ended them; it only grows.

use kernel::{Bilingual, Lang, Moment};
use store::{StoreError, Tx};

use super::sql;

/// Longest address, browser name or detail kept, in characters.
const TEXT_CHARS_MAX: usize = 200;

macro_rules! kinds {
    ($($name:ident $key:literal $zh:literal $en:literal,)*) => {
        /// What happened at the door.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum LoginEventKind {
            $(#[doc = $en] $name,)*
        }
        impl LoginEventKind {
            /// Every kind.
            pub const ALL: &'static [LoginEventKind] = &[$(LoginEventKind::$name),*];
            /// Its code, as kept.
            pub fn key(self) -> &'static str {
                match self { $(LoginEventKind::$name => $key),* }
            }
        }
        impl Bilingual for LoginEventKind {
            fn text(&self, lang: Lang) -> String {
                let (zh, en) = match self { $(LoginEventKind::$name => ($zh, $en)),* };
                if lang == Lang::Zh { zh.to_owned() } else { en.to_owned() }
            }
        }
    };
}
kinds! {
    Login "login" "登录" "logged in",
    Failed "failed" "登录失败" "failed",
    Throttled "throttled" "暂缓受理" "made to wait",
    Logout "logout" "退出" "logged out",
    Ended "ended" "会话被结束" "sessions ended",
    SecondFactor "second_factor" "第二因素通过" "gave the second factor",
    SecondFactorFailed "second_factor_failed" "第二因素失败" "failed the second factor",
    Confirmed "confirmed" "再次验证" "confirmed again",
    Authority "authority" "现场授权验证" "gave authority on the spot",
    PasswordSet "password_set" "管理员设置密码" "password set by an administrator",
    PasswordChanged "password_changed" "本人修改密码" "changed the password",
    Locked "locked" "账号锁定" "account locked",
    Unlocked "unlocked" "账号解锁" "account unlocked",
}

/// Something that happened at the door, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginEvent {
    /// Its key; keys grow with time.
    pub id: i64,
    /// When.
    pub at: Moment,
    /// What; none when a newer program wrote it.
    pub kind: Option<LoginEventKind>,
    /// Whose account, when the login is known.
    pub person_id: Option<i64>,
    /// The login; of an unknown one a fingerprint after `?`.
    pub login: String,
    /// From where.
    pub address: String,
    /// More words.
    pub detail: String,
}

/// Which events are listed.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Only of this person.
    pub person_id: Option<i64>,
    /// Only from this moment on.
    pub from: Option<Moment>,
    /// Only before this moment.
    pub until: Option<Moment>,
    /// Only those kept before the event with this key, for the next page.
    pub before: Option<i64>,
}

/// The events that `filter` lets through, newest first, at most `limit`.
pub fn login_events(
    tx: &mut Tx<'_>,
    org_id: i64,
    filter: &EventFilter,
    limit: u32,
) -> Result<Vec<LoginEvent>, StoreError> {
    sql::events(tx, org_id, filter, limit)
}

/// Keeps one event.
pub(crate) fn note(
    tx: &mut Tx<'_>,
    org_id: i64,
    now: Moment,
    event: &NewEvent<'_>,
) -> Result<(), StoreError> {
    let short = |text: &str| -> String {
        text.chars().filter(|char| !char.is_control()).take(TEXT_CHARS_MAX).collect()
    };
    let (address, detail) = (short(event.address), short(event.detail));
    let event = NewEvent { address: &address, detail: &detail, ..*event };
    sql::insert_event(tx, org_id, &event, now)
}

pub(crate) struct NewEvent<'a> {
    pub kind: LoginEventKind,
    pub person_id: Option<i64>,
    pub login: &'a str,
    pub address: &'a str,
    pub detail: &'a str,
}
