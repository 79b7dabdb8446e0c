//! `zhangfang backup`: a copy of the database while people work.

use std::path::Path;

use super::office::Office;
use crate::failure::{Done, Failure};

/// Writes a consistent copy of the whole database to a file that is not there yet.
pub fn run(file: &Path, office: &Office) -> Done {
    office.require("system.parameters")?;
    if file.exists() {
        return Err(Failure::file(
            file.display(),
            "已存在，不覆盖 / is there already and is not overwritten",
        ));
    }
    office.store.backup_to(&file.display().to_string())?;
    let bytes = std::fs::metadata(file).map_err(|error| Failure::file(file.display(), error))?.len();
    println!(
        "{}",
        office.say(format!("{}：{bytes} 字节", file.display()), format!("{}: {bytes} bytes", file.display()))
    );
    Ok(())
}
