//! The office in a real browser: Debian's Chromium, driven by its own driver, walks whole stories as the people of the
//! demo do them. Every page that is visited leaves a screenshot in `$ZHANGFANG_SCREENSHOTS`, else `target/screenshots`.
#![allow(clippy::unwrap_used)]
#![allow(clippy::zombie_processes, reason = "the keeper ends the driver with the test program")]
#![allow(dead_code, reason = "each story uses its own part of the harness")]

mod browser {
    pub mod book;
    pub mod command;
    pub mod driver;
    pub mod form;
    pub mod person;

    mod accessible;
    mod adjustments;
    mod clean_book;
    mod english;
    mod exception;
    mod month_end;
    mod narrow;
    mod parameter;
    mod passkey;
    mod refused;
}
mod house;
