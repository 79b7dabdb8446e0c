//! The nouns of logging in.

use kernel::{Bilingual, Lang, Text};
use store::StoreError;

use crate::{IdentityError, Session};

/// Somebody who says who they are.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// The organisation.
    pub org_id: i64,
    /// The login given.
    pub login: &'a str,
    /// The password given.
    pub password: &'a str,
    /// The address it comes from, without a port.
    pub address: &'a str,
    /// What the browser calls itself.
    pub agent: &'a str,
}

impl std::fmt::Debug for Attempt<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Attempt({} from {})", self.org_id, self.address)
    }
}

/// Somebody who is in.
#[derive(Clone, PartialEq, Eq)]
pub struct LoggedIn {
    /// The secret of the session, for the cookie; handed out here and never again.
    pub token: String,
    /// The session.
    pub session: Session,
}

impl std::fmt::Debug for LoggedIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoggedIn").field("session", &self.session).finish_non_exhaustive()
    }
}

/// Why nobody came in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoginRefused {
    /// Login and password do not go together, or there is no such login; which, is not said.
    #[error("login or password is wrong")]
    Wrong,
    /// Too many wrong tries of this login or from this address.
    #[error("too many wrong tries: wait {seconds} seconds and try again")]
    Wait {
        /// Seconds until the next try is looked at.
        seconds: i64,
    },
    /// The password is right, and the account is locked.
    #[error("the account is locked; an administrator can unlock it")]
    Locked,
    /// The passkey's answer does not fit.
    #[error("the passkey was not accepted: {}; try again", why.en)]
    Passkey {
        /// What does not fit.
        why: Text,
    },
    /// Something else failed.
    #[error("{0}")]
    Failed(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Bilingual for LoginRefused {
    fn text(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            LoginRefused::Wrong => "登录名或密码不正确".to_owned(),
            LoginRefused::Wait { seconds } => format!("错误次数过多：请等待 {seconds} 秒后再试"),
            LoginRefused::Locked => "账号已锁定；请管理员解锁".to_owned(),
            LoginRefused::Passkey { why } => format!("通行密钥未被接受（{}），请重试", why.zh),
            LoginRefused::Failed(why) => format!("登录未能完成：{why}"),
            LoginRefused::Store(error) => error.text(lang),
        }
    }
}

impl From<IdentityError> for LoginRefused {
    fn from(error: IdentityError) -> LoginRefused {
        match error {
            IdentityError::Login(refused) => refused,
            IdentityError::Store(error) => LoginRefused::Store(error),
            IdentityError::Passkey { why } => LoginRefused::Passkey { why },
            other => LoginRefused::Failed(other.to_string()),
        }
    }
}
