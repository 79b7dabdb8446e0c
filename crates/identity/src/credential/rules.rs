//! What a password must be. There is no rule of composition: length and not being known are what counts.

use std::collections::HashSet;
use std::sync::LazyLock;

use kernel::{Bilingual, Lang};

use crate::AccessRules;

/// Why a password is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// Too few characters.
    #[error("the password is too short: it needs at least {min} characters")]
    TooShort {
        /// The least number.
        min: usize,
    },
    /// Too many characters.
    #[error("the password is too long: it may have at most {max} characters")]
    TooLong {
        /// The greatest number.
        max: usize,
    },
    /// It says the login or the name of the person.
    #[error("the password must not be made of the login or the name; choose another")]
    IsName,
    /// Everybody tries it first.
    #[error("the password is one of those that are tried first; choose another")]
    Common,
    /// The person used it lately.
    #[error("the password is one of the last {last}; choose another")]
    UsedBefore {
        /// How many are remembered.
        last: usize,
    },
}

impl Bilingual for PasswordFault {
    fn text(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            PasswordFault::TooShort { min } => format!("密码太短：至少 {min} 个字符"),
            PasswordFault::TooLong { max } => format!("密码太长：最多 {max} 个字符"),
            PasswordFault::IsName => "密码不得由登录名或姓名构成，请另选".to_owned(),
            PasswordFault::Common => "密码属于最先被试的常见密码，请另选".to_owned(),
            PasswordFault::UsedBefore { last } => format!("密码与最近 {last} 次之一相同，请另选"),
        }
    }
}

static COMMON: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    include_str!("../../data/common_passwords.csv").lines().skip(1).map(str::trim).collect()
});

/// Refuses a password that is too short or too long, is the login or the name (once or repeated, with nothing but
/// digits and signs around), or is commonly known. Whether it was used before only its hashes can tell.
pub fn check_password(
    rules: &AccessRules,
    login: &str,
    name: &str,
    password: &str,
) -> Result<(), PasswordFault> {
    let chars = password.chars().count();
    if chars < rules.password_chars_min {
        return Err(PasswordFault::TooShort { min: rules.password_chars_min });
    }
    if chars > rules.password_chars_max {
        return Err(PasswordFault::TooLong { max: rules.password_chars_max });
    }
    let plain = password.to_lowercase();
    let is_name = |name: &str| {
        let name = name.trim().to_lowercase();
        // One letter taken out of a sentence leaves a sentence; a name taken out of itself leaves nothing.
        !name.is_empty() && {
            let left = plain.replace(&name, "");
            left.len() < plain.len() && !left.chars().any(char::is_alphabetic)
        }
    };
    if is_name(login) || is_name(name) {
        return Err(PasswordFault::IsName);
    }
    if COMMON.contains(plain.as_str()) || is_monotonous(&plain) {
        return Err(PasswordFault::Common);
    }
    Ok(())
}

/// One or two characters over and over, or a run such as `abcdefghijkl`.
fn is_monotonous(plain: &str) -> bool {
    let codes: Vec<u32> = plain.chars().map(u32::from).collect();
    let different: HashSet<u32> = codes.iter().copied().collect();
    let runs = |step: i64| codes.windows(2).all(|pair| i64::from(pair[1]) - i64::from(pair[0]) == step);
    different.len() <= 2 || runs(1) || runs(-1)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// XC-01
    #[test]
    fn passwords_are_judged() {
        let rules = AccessRules::on("2026-03-02".parse().unwrap());
        let judge = |password: &str| check_password(&rules, "wangli", "王丽", password);
        let cases = [
            ("kurz", Err(PasswordFault::TooShort { min: 10 })),
            ("", Err(PasswordFault::TooShort { min: 10 })),
            ("电表读数九个字呀", Err(PasswordFault::TooShort { min: 10 })),
            ("Wangli2026!", Err(PasswordFault::IsName)),
            ("wangliwangli", Err(PasswordFault::IsName)),
            ("王丽1234567890", Err(PasswordFault::IsName)),
            ("Password123", Err(PasswordFault::Common)),
            ("1234567890", Err(PasswordFault::Common)),
            ("lmnopqrstuv", Err(PasswordFault::Common)),
            ("ababababab", Err(PasswordFault::Common)),
            ("一二三四五六七八九十电表", Ok(())),
            ("correct horse battery", Ok(())),
            ("gate of wangli 77", Ok(())),
            ("xk3v9-q1zt", Ok(())),
        ];
        for (password, expected) in cases {
            assert_eq!(judge(password), expected, "{password}");
        }
        assert_eq!(judge(&"ab c".repeat(32)), Ok(()));
        assert_eq!(judge(&"ab c ".repeat(26)), Err(PasswordFault::TooLong { max: 128 }));
    }

    #[test]
    fn common_passwords_are_long_enough_to_matter() {
        assert!(COMMON.len() > 80);
        assert!(COMMON.iter().all(|known| *known == known.to_lowercase() && !known.is_empty()));
    }
}
