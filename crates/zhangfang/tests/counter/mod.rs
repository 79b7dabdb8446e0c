//! The program at a counter of its own: a temporary data folder, and commands as a person types them.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

/// A data folder and the organisation that works in it.
pub struct Counter {
    folder: TempDir,
    org: &'static str,
}

/// What a command said.
pub struct Said {
    /// It did what it was asked.
    pub done: bool,
    /// On the screen.
    pub text: String,
    /// Why not.
    pub refusal: String,
}

impl Counter {
    /// The demo company with 600 customers: January 2026 is read, calculated and issued, its exceptions are answered.
    pub fn demo() -> Counter {
        let counter = Counter { folder: tempfile::tempdir().unwrap(), org: "DEMO" };
        assert!(counter.say("2026-02-01", "fuhe", &["demo", "--no-serve", "--accounts", "600"]).done);
        counter
    }
    /// Nothing at all yet.
    pub fn empty(org: &'static str) -> Counter {
        Counter { folder: tempfile::tempdir().unwrap(), org }
    }
    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
    /// Writes a file into the folder; answers its path as it is typed.
    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name).display().to_string()
    }
    /// Gives a command as `login` on `day`.
    pub fn say(&self, day: &str, login: &str, words: &[&str]) -> Said {
        let output = Command::new(env!("CARGO_BIN_EXE_zhangfang"))
            .args(["--data".as_ref(), self.folder.path().join("data").as_os_str()])
            .args(["--org", self.org, "--as", login, "--on", day])
            .args(words)
            .output()
            .unwrap();
        Said {
            done: output.status.success(),
            text: String::from_utf8(output.stdout).unwrap(),
            refusal: String::from_utf8(output.stderr).unwrap(),
        }
    }
    /// As [`Counter::say`]; it must be done.
    pub fn done(&self, day: &str, login: &str, words: &[&str]) -> String {
        let said = self.say(day, login, words);
        assert!(said.done, "{login} {words:?}: {}{}", said.text, said.refusal);
        said.text
    }
    /// As [`Counter::say`]; it must be refused. Answers why.
    pub fn refused(&self, day: &str, login: &str, words: &[&str]) -> String {
        let said = self.say(day, login, words);
        assert!(!said.done, "{login} {words:?} was done: {}", said.text);
        said.refusal
    }
}

/// The first line of `text` that has `word` in it.
pub fn line<'t>(text: &'t str, word: &str) -> &'t str {
    text.lines()
        .find(|line| line.contains(word))
        .unwrap_or_else(|| panic!("no line with {word:?} in:\n{text}"))
}

/// The words of a line.
pub fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}
