//! What can go wrong at the door.

use kernel::{Bilingual, FigureError, Lang, Text};

use crate::BackupFault;

/// A failure of the database or of its use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database could not be opened or reached.
    #[error("cannot open the database {what}: {why}")]
    Open {
        /// The file or server, without any password.
        what: String,
        /// What the engine said.
        why: String,
    },
    /// The engine is too old to be trusted with money.
    #[error("{engine} {found} is too old; at least {needed} is required")]
    TooOld {
        /// The engine's name.
        engine: &'static str,
        /// The version found.
        found: String,
        /// The least version that works.
        needed: &'static str,
    },
    /// The engine refused a statement.
    #[error("database: {0}")]
    Sql(String),
    /// A row that must be unique exists already.
    #[error("already there: {0}")]
    Duplicate(String),
    /// A rule kept by the database itself (a reference, a check, a trigger) refused the row.
    #[error("refused by the database: {0}")]
    Refused(String),
    /// Somebody else holds what this command needs; trying again is safe.
    #[error("the database is busy; try again")]
    Busy,
    /// The document moved meanwhile; load it again and decide anew.
    #[error("{0} was changed by somebody else meanwhile; load it again")]
    Stale(String),
    /// The same request key was used before with another content.
    #[error("the request key {0:?} was used before with another content")]
    KeyReused(String),
    /// A value in the database is not of the expected type.
    #[error("column {column}: expected {expected}")]
    WrongType {
        /// Position of the column, from 0.
        column: usize,
        /// The type asked for.
        expected: &'static str,
    },
    /// The database was written by a newer program.
    #[error(
        "the database has step {number} of the schema of {module}, and this program knows {} (version {}): use the newer program that wrote it; nothing was changed",
        steps(*known, Lang::En), env!("CARGO_PKG_VERSION")
    )]
    Newer {
        /// The module whose schema is ahead.
        module: String,
        /// The newest step of the database.
        number: i64,
        /// The newest step of this program; 0 when it does not know the module.
        known: i64,
    },
    /// A step of the schema reads otherwise than when it was taken.
    #[error(
        "step {number} of the schema of {module} was taken from another text than this program (version {}) has; a released step never changes: use the program that wrote the database; nothing was changed",
        env!("CARGO_PKG_VERSION")
    )]
    OtherMigration {
        /// The module.
        module: String,
        /// The step.
        number: i64,
    },
    /// A shared commit failed; nothing of it was kept.
    #[error("the commit failed, nothing was kept: {0}")]
    CommitFailed(String),
    /// The connection or the disk broke during the commit: everything may have been kept, or nothing.
    #[error(
        "it is not known whether the commit was kept ({0}); ask again with the same request key to learn it"
    )]
    CommitUnknown(String),
    /// A backup could not be made or brought back.
    #[error("backup {file}, {place}: {fault}")]
    Backup {
        /// The file.
        file: String,
        /// Where in it, or in which table.
        place: String,
        /// What is wrong.
        fault: BackupFault,
    },
    /// A command was begun inside another one of the same store.
    #[error("a command cannot run inside another command; use the transaction that is open")]
    Nested,
    /// A statement failed and the command went on as if it had not; nothing was kept.
    #[error("nothing was kept, because a statement of the command had failed: {0}")]
    FailedBefore(String),
    /// Something is wrong with the books and a person has to decide first; looking goes on. The text names the alarm.
    #[error("{}", .0.en)]
    Stopped(Box<Text>),
    /// The engine does not offer this.
    #[error("not offered by this engine: {0}")]
    NotOffered(&'static str),
    /// A stored figure does not fit.
    #[error(transparent)]
    Figure(#[from] FigureError),
}

/// How far the program knows a module's steps.
fn steps(known: i64, lang: Lang) -> String {
    match (known, lang) {
        (0, Lang::En) => "no such module".into(),
        (0, Lang::Zh) => "没有该模块".into(),
        (known, Lang::En) => format!("only up to step {known}"),
        (known, Lang::Zh) => format!("只认识到第 {known} 步"),
    }
}

impl Bilingual for StoreError {
    fn text(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            StoreError::Open { what, why } => format!("无法打开数据库 {what}：{why}"),
            StoreError::TooOld { engine, found, needed } => {
                format!("{engine} {found} 版本过旧，至少需要 {needed}")
            }
            StoreError::Sql(why) => format!("数据库：{why}"),
            StoreError::Duplicate(what) => format!("已经存在：{what}"),
            StoreError::Refused(why) => format!("数据库拒绝：{why}"),
            StoreError::Busy => "数据库正忙，请重试".into(),
            StoreError::Stale(what) => format!("{what} 已被他人修改，请重新载入"),
            StoreError::KeyReused(key) => format!("请求键 {key:?} 已用于另一内容"),
            StoreError::WrongType { column, expected } => format!("第 {column} 列应为 {expected}"),
            StoreError::Newer { module, number, known } => format!(
                "数据库结构中 {module} 已到第 {number} 步，本程序（版本 {}）{}，请使用写入它的较新程序；数据库未作任何改动",
                env!("CARGO_PKG_VERSION"),
                steps(*known, lang)
            ),
            StoreError::OtherMigration { module, number } => format!(
                "数据库结构中 {module} 的第 {number} 步与本程序（版本 {}）的内容不同；已发布的步骤不得更改，请使用写入它的程序；数据库未作任何改动",
                env!("CARGO_PKG_VERSION")
            ),
            StoreError::CommitFailed(why) => format!("提交失败，未保留任何内容：{why}"),
            StoreError::CommitUnknown(why) => {
                format!("不能确定提交是否已保留（{why}），请用同一请求键再次提交，以确认是否已保留")
            }
            StoreError::Backup { file, place, fault } => {
                format!("备份 {file}，{place}：{}", fault.text(lang))
            }
            StoreError::Nested => "命令之内不能再执行另一命令，请使用已打开的事务".into(),
            StoreError::FailedBefore(why) => format!("命令中曾有语句失败，未保留任何内容：{why}"),
            StoreError::Stopped(text) => text.zh.clone(),
            StoreError::NotOffered(what) => format!("该数据库引擎不提供：{what}"),
            StoreError::Figure(error) => error.text(lang),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        use rusqlite::ffi::{
            SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID, SQLITE_CONSTRAINT_UNIQUE,
        };
        let rusqlite::Error::SqliteFailure(failure, message) = &error else {
            return StoreError::Sql(error.to_string());
        };
        let text = message.clone().unwrap_or_else(|| error.to_string());
        match failure.code {
            rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked => StoreError::Busy,
            rusqlite::ErrorCode::ConstraintViolation => match failure.extended_code {
                SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_ROWID | SQLITE_CONSTRAINT_UNIQUE => {
                    StoreError::Duplicate(text)
                }
                _ => StoreError::Refused(text),
            },
            _ => StoreError::Sql(text),
        }
    }
}

impl From<postgres::Error> for StoreError {
    fn from(error: postgres::Error) -> StoreError {
        use postgres::error::SqlState;
        let Some(server) = error.as_db_error() else {
            return StoreError::Sql(whole_story(&error));
        };
        let text = match server.detail() {
            Some(detail) => format!("{} ({detail})", server.message()),
            None => server.message().to_owned(),
        };
        let code = server.code();
        if *code == SqlState::UNIQUE_VIOLATION {
            StoreError::Duplicate(text)
        } else if [
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::LOCK_NOT_AVAILABLE,
        ]
        .contains(code)
        {
            StoreError::Busy
        } else if code.code().starts_with("23") || code.code() == "P0001" {
            StoreError::Refused(text)
        } else {
            StoreError::Sql(text)
        }
    }
}

/// An error with what caused it: the PostgreSQL driver alone says only "error connecting to server".
pub(crate) fn whole_story(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::ffi;

    /// What SQLite refuses is told apart: to be tried again, there already, against a rule, and wrong.
    #[test]
    fn refusals_of_sqlite_are_told_apart() {
        let of = |code| {
            let failure = rusqlite::Error::SqliteFailure(ffi::Error::new(code), Some("why".into()));
            StoreError::from(failure)
        };
        let (duplicate, refused) = (StoreError::Duplicate("why".into()), StoreError::Refused("why".into()));
        for (code, expected) in [
            (ffi::SQLITE_BUSY, StoreError::Busy),
            (ffi::SQLITE_BUSY_SNAPSHOT, StoreError::Busy),
            (ffi::SQLITE_LOCKED, StoreError::Busy),
            (ffi::SQLITE_CONSTRAINT_PRIMARYKEY, duplicate.clone()),
            (ffi::SQLITE_CONSTRAINT_UNIQUE, duplicate.clone()),
            (ffi::SQLITE_CONSTRAINT_ROWID, duplicate),
            (ffi::SQLITE_CONSTRAINT_FOREIGNKEY, refused.clone()),
            (ffi::SQLITE_CONSTRAINT_NOTNULL, refused.clone()),
            (ffi::SQLITE_CONSTRAINT_TRIGGER, refused),
            (ffi::SQLITE_FULL, StoreError::Sql("why".into())),
            (ffi::SQLITE_CORRUPT, StoreError::Sql("why".into())),
        ] {
            assert_eq!(of(code), expected, "{code}");
        }
    }
}
