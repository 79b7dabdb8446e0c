//! The office in a real browser: Debian's Chromium, driven by its own driver, walks whole stories as the people of the
//! demo do them. Every page that is visited leaves a screenshot in `$ZHANGFANG_SCREENSHOTS`, else `target/screenshots`.
#![allow(clippy::unwrap_used)]

mod browser {
    pub mod command;
    pub mod driver;
    pub mod form;
    pub mod person;

    mod clean_book;
}
mod house;
