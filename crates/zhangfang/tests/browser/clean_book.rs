//! A book from its readings to an issued bill.

use super::person::Visit;

/// XC-01: a person gets in by the login page and finds the menu of the post.
#[test]
fn a_person_gets_in() {
    let person = Visit::of("login").as_person("fuhe");
    person.picture("home");
    person.leaves();
}
