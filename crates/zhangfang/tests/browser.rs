//! The office in a real browser: Debian's Chromium, driven by its own driver, walks whole stories as the people of the
//! demo do them. Every page that is visited leaves a screenshot in `$ZHANGFANG_SCREENSHOTS`, else `target/screenshots`.
#![allow(clippy::unwrap_used)]

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
    mod refused;
}
mod house;
