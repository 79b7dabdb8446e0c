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

fn gives_password(person: &Person, login: &str) {
    person.open("/login");
    person.fill("login", login);
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
    auditor
        .asks("return document.querySelectorAll('table.data tbody tr').length;", &[])
        .as_u64()
        .unwrap_or_default() as usize
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
    gives_password(&person, LOGIN);
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
    person.until(
        "the file's table",
        "return !busy() && location.pathname.startsWith('/prices/shanghai-trial');",
        &[],
    );
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
    gives_password(&person, LOGIN);
    arrives(&person, "/");
    // Whoever has none is asked for the password alone.
    person.open_form("price.load", &[]);
    assert_eq!(person.asks("return !!document.querySelector('[data-passkey-sign]');", &[]), json!(false));
    person.leaves();
    auditor.leaves();
    // Passkeys and signatures are as the log says; a finding would end the command with an error.
    house.say("shenji", &["check", "--look", "--without-engine"]);
}

/// XC-03: a colleague who has a passkey lends authority with it, on the spot, in the browser of whoever asks; login and
/// password alone are refused, and the form says what is missing.
#[test]
fn a_colleague_lends_authority_with_the_passkey() {
    let house = House::open();
    let visit = Visit { house: Some(&house), by_name: true, ..Visit::of("authority") };
    // The lender's passkey, in the browser that both use.
    let person = visit.as_person("pj-guanli");
    pocket(&person);
    adds(&person, "值班手机");
    logs_out(&person);
    gives_password(&person, "dc-guanli");
    arrives(&person, "/");

    person.expects_refusals();
    let act = "closing.lay_out";
    let given = [("month", "2026-01"), ("unit", "PJ")];
    let refused = person.is_refused(act, &given, &[]);
    assert!(refused.contains("没有“登记结帐事项”的权限"), "{refused}");
    person.picture("needs-authority");
    let lends = |password: &str| {
        person.click(
            "the part for the authority",
            "const part = document.querySelector('[name=authority_login]').closest('details');
            return { element: part.open ? part.querySelector('[name=authority_login]') : part.querySelector('summary') };",
            &[],
        );
        person.fill("authority_login", "pj-guanli");
        person.fill("authority_password", password);
    };
    lends(PASSWORD);
    person.press("生成检查表");
    person.says("仅凭密码不能授权");
    person.picture("password-alone");
    lends("no such password");
    let confirm = |person: &Person| {
        person.click(
            "the button of whoever lends",
            "const found = document.querySelector('[data-passkey-lend]'); return shown(found) ? { element: found } : null;",
            &[],
        );
    };
    confirm(&person);
    assert!(said(&person).contains("不正确"), "{}", said(&person));
    lends(PASSWORD);
    confirm(&person);
    person.until("the list", "return !busy() && !document.querySelector('[name=authority_login]');", &[]);
    person.picture("done");
    person.leaves();

    let auditor = Visit { house: Some(&house), ..Visit::of("authority") }.as_person("shenji");
    auditor.open("/log?document_kind=signature");
    assert!(auditor.row(act)[0].parse::<u64>().is_ok());
    auditor.leaves();
    house.say("shenji", &["check", "--look", "--without-engine"]);
}

/// XC-01, XC-02: who will be away has a colleague act in the own browser, without an administrator, ends it again, and
/// withdraws another before it begins;
/// the colleague sees for whom; duties that do not go together are refused.
#[test]
fn a_head_arranges_who_acts_meanwhile() {
    let house = House::open();
    let visit = Visit { house: Some(&house), ..Visit::of("absence") };
    let arranges = |head: &Person, substitute: &str, from: &str| {
        head.open("/profile");
        head.fill("substitute", substitute);
        head.fill("first_day", from);
        head.fill("last_day", "2026-02-12");
        head.fill("why_absent", "外出培训");
        head.picture("asked");
        head.press("安排代理");
    };
    let head = visit.as_person("pj-suozhang");
    head.expects_refusals();
    arranges(&head, "fuhe", "2026-02-05");
    head.says("不得兼任");
    head.picture("refused");
    arranges(&head, "dc-suozhang", "2026-02-05");
    head.says("代理已安排");
    assert_eq!(head.row("代理我")[2..4], ["2026-02-05".to_owned(), "2026-02-12".to_owned()]);
    head.picture("arranged");

    let colleague = visit.as_person("dc-suozhang");
    colleague.open("/profile");
    colleague.says("我代理");
    colleague.picture("acts");
    colleague.leaves();

    head.press("提前结束");
    head.says("代理已提前结束");
    assert_eq!(head.row("代理我")[3], "2026-02-05");

    // What has not begun is withdrawn instead.
    arranges(&head, "xc-suozhang", "2026-02-09");
    head.says("代理已安排");
    head.picture("to_come");
    head.press("撤回");
    head.says("代理已撤回");
    head.picture("withdrawn");
    head.leaves();

    let auditor = visit.as_person("shenji");
    auditor.open("/log?document_kind=delegation");
    auditor.picture("log");
    assert_eq!(
        auditor.asks("return document.querySelectorAll('table.data tbody tr').length;", &[]),
        json!(4)
    );
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
    for (lang, hint) in
        [("zh-CN", "当前打开的地址上不能使用通行密钥"), ("en-GB", "do not work under the address")]
    {
        let visit = Visit { lang, ..Visit::of("passkey-number") };
        let person = visit.as_person(LOGIN);
        person.open("/profile");
        person.says(hint);
        let offered = person.asks("return shown(document.querySelector('#passkey-add'));", &[]);
        assert_eq!(offered, json!(false));
        let leads = person.asks("return document.querySelector('[data-passkey-elsewhere] a').href;", &[]);
        let port = House::shared().address.rsplit(':').next().unwrap();
        assert_eq!(leads, json!(format!("http://localhost:{port}/")));
        person.picture("profile");
        person.leaves();
    }
}
