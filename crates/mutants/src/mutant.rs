//! The mutants, as `cargo mutants` names them.

use std::process::Command;

use serde::Deserialize;

use crate::program::Trouble;

/// A place in a file: line and column, both from 1, columns in characters.
pub type Place = (usize, usize);

/// One small change of the program.
#[derive(Debug, Clone, Deserialize)]
pub struct Mutant {
    /// Place and change in words; together different for every mutant.
    pub name: String,
    /// The file, from the root of the workspace.
    pub file: String,
    /// What is changed.
    pub genre: Genre,
    /// What stands there instead; empty when it is left out.
    pub replacement: String,
    span: Span,
}

impl Mutant {
    /// Where the changed text begins.
    pub fn start(&self) -> Place {
        (self.span.start.line, self.span.start.column)
    }
}

/// What is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub enum Genre {
    /// The whole body of a function.
    FnValue,
    /// An operator between two operands.
    BinaryOperator,
    /// An operator before its operand.
    UnaryOperator,
    /// The condition of an arm.
    MatchArmGuard,
    /// A whole arm.
    MatchArm,
    /// A field of a struct that is filled up from another.
    StructField,
}

#[derive(Debug, Clone, Deserialize)]
struct Span {
    start: LineColumn,
}

#[derive(Debug, Clone, Deserialize)]
struct LineColumn {
    line: usize,
    column: usize,
}

/// Every mutant of a package.
pub fn list(package: &str) -> Result<Vec<Mutant>, Trouble> {
    let listed = Command::new("cargo")
        .args(["mutants", "--list", "--json", "-p", package])
        .output()
        .map_err(|error| Trouble::Program("cargo mutants".to_owned(), error.to_string()))?;
    let failed =
        || Trouble::Program("cargo mutants".to_owned(), String::from_utf8_lossy(&listed.stderr).into_owned());
    if !listed.status.success() {
        return Err(failed());
    }
    let mutants: Vec<Mutant> = serde_json::from_slice(&listed.stdout).map_err(|_| failed())?;
    if mutants.is_empty() { Err(Trouble::NoMutants(package.to_owned())) } else { Ok(mutants) }
}
