//! Passkeys in a real browser, with the authenticator that Chromium's driver lends: added, asked for at login, signing an
//! act, failing, and taken away.

use serde_json::{Value as Json, json};

use super::command::Extra;
use super::person::{Person, Visit};
use crate::house::{House, PASSWORD};

const LOGIN: &str = "yingxiao";
/// Shown where a ceremony was cancelled or the device has no passkey.
const NOT_DONE: &str = "没有完成";

/// A passkey in this browser's pocket; answers its key.
fn pocket(person: &Person) -> String {
    let id = person.wait(person.client().issue_cmd(Extra::authenticator())).unwrap();
    id.as_str().unwrap().to_owned()
}

fn tells(person: &Person, command: Extra) -> Json {
    person.wait(person.client().issue_cmd(command)).unwrap()
}

/// What a ceremony that did not succeed says beside its button.
fn said(person: &Person) -> String {
    person.until(
        "what the ceremony says",
        "return [...document.querySelectorAll('[data-passkey-said]')].some(shown);",
        &[],
    );
    person
        .asks("return words([...document.querySelectorAll('[data-passkey-said]')].find(shown));", &[])
        .as_str()
        .unwrap()
        .to_owned()
}

/// Waits until the page is this one.
fn arrives(person: &Person, path: &str) {
    person.until(
        &format!("the page {path}"),
        "return !busy() && location.pathname === args[0];",
        &[json!(path)],
    );
}

fn adds(person: &Person, name: &str) {
    person.open("/profile");
    person.fill("name", name);
    person.press("添加通行密钥");
    person.says("通行密钥已添加");
    assert_eq!(person.row(name)[0], name);
}

fn logs_out(person: &Person) {
    person.open("/");
    person.press("退出");
    arrives(person, "/login");
}

fn gives_password(person: &Person) {
    person.open("/login");
    person.fill("login", LOGIN);
    person.fill("password", PASSWORD);
    person.click(
        "the button of the login page",
        "return { element: document.querySelector('main form button[type=submit]') };",
        &[],
    );
}

fn signs(person: &Person) {
    person.click(
        "the button that signs",
        "const found = document.querySelector('[data-passkey-sign]'); return shown(found) ? { element: found } : null;",
        &[],
    );
}

/// How many signatures and how many tables the log tells of.
fn signatures(auditor: &Person) -> usize {
    auditor.open("/log?document_kind=signature");
    auditor.asks("return document.querySelectorAll('table.data tbody tr').length;", &[]).as_u64().unwrap_or_default()
        as usize
}

/// XC-01, XC-04: a person adds a passkey, is asked for it after the password, signs an act with it so that the log says
/// so, and takes it away; a ceremony that fails says so and does nothing.
#[test]
fn a_passkey_lets_in_and_signs() {
    let house = House::open();
    let visit = Visit { house: Some(&house), by_name: true, ..Visit::of("passkey") };
    let person = visit.as_person(LOGIN);
    let device = pocket(&person);

    // Added; the same device a second time is told apart.
    adds(&person, "办公室电脑");
    person.picture("added");
    person.fill("name", "又一个");
    person.press("添加通行密钥");
    assert!(said(&person).contains("已经登记过"), "{}", said(&person));
    person.picture("known");

    // Asked for after the password.
    person.open("/profile");
    person.press("改为要求");
    person.says("每次登录都要求通行密钥");
    logs_out(&person);
    gives_password(&person);
    arrives(&person, "/second-factor");
    person.picture("asked");
    let kept = tells(&person, Extra::credentials(&device));
    tells(&person, Extra::forget(&device));
    person.press("使用通行密钥");
    assert!(said(&person).contains(NOT_DONE), "{}", said(&person));
    person.picture("refused");
    // Nothing else opens meanwhile.
    person.open("/prices");
    arrives(&person, "/second-factor");
    for credential in kept.as_array().unwrap() {
        tells(&person, Extra::put(&device, credential));
    }
    person.press("使用通行密钥");
    arrives(&person, "/prices");

    // An act is signed with it; first it fails, and nothing is done.
    let auditor = Visit { house: Some(&house), ..Visit::of("passkey") }.as_person("shenji");
    let before = signatures(&auditor);
    let tables = person.asks("return document.querySelectorAll('table.data tbody tr').length;", &[]);
    person.open_form("price.load", &[]);
    person.fill("shipped", "shanghai-residential");
    let kept = tells(&person, Extra::credentials(&device));
    tells(&person, Extra::forget(&device));
    signs(&person);
    assert!(said(&person).contains(NOT_DONE), "{}", said(&person));
    person.picture("unsigned");
    assert_eq!(signatures(&auditor), before);
    for credential in kept.as_array().unwrap() {
        tells(&person, Extra::put(&device, credential));
    }
    signs(&person);
    person.until("the table", "return !busy() && location.pathname.startsWith('/prices/shanghai');", &[]);
    person.picture("signed");
    assert_eq!(signatures(&auditor), before + 1);
    assert!(auditor.row("price.load")[0].parse::<u64>().is_ok());
    auditor.picture("log");

    // A file that is signed goes to the passkey with its digest.
    let text = tariff_text(&person);
    let file = house.folder().join("shanghai-trial.toml");
    std::fs::write(&file, text).unwrap();
    person.open_form("price.load", &[]);
    person.fill("prices", file.to_str().unwrap());
    signs(&person);
    person.until("the file's table", "return !busy() && location.pathname.startsWith('/prices/shanghai-trial');", &[]);
    assert_eq!(signatures(&auditor), before + 2);
    person.open("/prices");
    let now = person.asks("return document.querySelectorAll('table.data tbody tr').length;", &[]);
    assert_eq!(now.as_u64(), tables.as_u64().map(|count| count + 2));

    // The last one stays while every login asks for it.
    person.open("/profile");
    person.press("删除");
    person.says("请先改为不要求");
    person.picture("kept");
    person.press("改为不要求");
    person.says("登录时不要求通行密钥");
    person.press("删除");
    person.says("通行密钥已删除");
    person.picture("removed");
    logs_out(&person);
    gives_password(&person);
    arrives(&person, "/");
    // Whoever has none is asked for the password alone.
    person.open_form("price.load", &[]);
    assert_eq!(person.asks("return !!document.querySelector('[data-passkey-sign]');", &[]), json!(false));
    person.leaves();
    auditor.leaves();
}

/// The text of a loaded table under another name.
fn tariff_text(person: &Person) -> String {
    let path = person.at();
    let script = "const [path, done] = [arguments[0], arguments[arguments.length - 1]];
        fetch(`${path}/file.toml`).then(async (answer) => done(await answer.text()), (error) => done(String(error)));";
    let text = person.wait(person.client().execute_async(script, vec![json!(path)])).unwrap();
    let text = text.as_str().unwrap();
    assert!(text.contains("shanghai"), "{text}");
    text.replace("shanghai-residential", "shanghai-trial")
}

/// XC-01: where a page was opened by the machine's number no passkey can work: the page says so, in the reader's
/// language, and leads to the address where it can; no button is offered that could only fail.
#[test]
fn a_page_opened_by_number_leads_to_the_name() {
    for (lang, hint) in [("zh-CN", "当前打开的地址上不能使用通行密钥"), ("en-GB", "do not work under the address")] {
        let visit = Visit { lang, ..Visit::of("passkey-number") };
        let person = visit.as_person(LOGIN);
        person.open("/profile");
        person.says(hint);
        let offered = person.asks("return shown(document.querySelector('#passkey-add'));", &[]);
        assert_eq!(offered, json!(false));
        let leads = person.asks(
            "return document.querySelector('[data-passkey-elsewhere] a').href;",
            &[],
        );
        let port = House::shared().address.rsplit(':').next().unwrap();
        assert_eq!(leads, json!(format!("http://localhost:{port}/")));
        person.picture("profile");
        person.leaves();
    }
}
